mod copying;
mod costs;
mod moving;
mod starting;

use ipnet::IpNet;
use jiff::Timestamp;
use lifeboat_aws::ecs::Deployed;
use lifeboat_core::{
    configuration::sample,
    image::{Record, ServiceImages},
};
use lifeboat_image_sync::ready::{Pin, Ready};

use super::{copying::COPIED, *};
use crate::doctor::{Copies, Group, Removes, Replication, Rule, Standing, Start, Told};

fn ready() -> Box<Ready> {
    let region = |name| Region::new(name).unwrap();
    let (own, active) = (region("us-west-2"), region("us-east-1"));
    Box::new(Ready {
        found: Record::new(Timestamp::UNIX_EPOCH, own, active),
        silent: None,
        repaired: vec![],
        lacking: vec![],
        pins: [].into(),
    })
}

fn passive(ready: Box<Ready>) -> Standing {
    Standing::Passive {
        lease: None,
        ready: Ok(ready),
    }
}

fn silence() -> Silence {
    Silence {
        because: "look at backups in us-west-2: timed out".into(),
        right: ("s3:GetBucketVersioning", "arn:aws:s3:::backups".into()),
    }
}

fn allowed(denied: &[&str]) -> Allowed {
    Allowed {
        role: "arn:aws:iam::1:role/a".into(),
        resource: "arn:aws:ecr:x".into(),
        denied: Ok(denied.iter().map(|action| (*action).to_owned()).collect()),
    }
}

fn copies(prefix: &str) -> Copies {
    Copies {
        id: format!("{prefix}-to-us-east-1"),
        enabled: true,
        prefix: Some(format!("{prefix}/")),
        to: "123456789012-forum-backups-us-east-1".into(),
    }
}

fn rule(prefix: &str, removes: Removes, moves: bool) -> Rule {
    Rule {
        id: format!("of {prefix}"),
        enabled: true,
        prefix: Some(prefix.into()),
        removes,
        moves,
    }
}

/// The passive standby, with nothing wrong.
fn well() -> Seen {
    let services = ["users", "posts"].map(|name| (name.to_owned(), Deployed::default()));
    let start = Start {
        role: Some("arn:aws:iam::1:role/a".into()),
        groups: ["/ecs/forum-users".to_owned()].into(),
    };
    let starts = ["users", "posts"].map(|name| (name.to_owned(), Ok(start.clone())));
    let groups = ["/aws/lambda/b", "/ecs/forum-users"];
    let rules = COPIED.map(copies).to_vec();
    let older = Removes {
        older_versions: true,
        ..Removes::default()
    };
    let uploads = Removes {
        unfinished_uploads: true,
        ..Removes::default()
    };
    Seen {
        standing: passive(ready()),
        services: Ok(services.into()),
        starts: starts.into(),
        execution: vec![allowed(&[])],
        groups: groups
            .map(|name| (name.to_owned(), Ok(Group::Kept { days: 30 })))
            .into(),
        versioned: Ok(true),
        replication: Ok(Replication {
            role: Some("arn:aws:iam::1:role/copier".into()),
            rules,
        }),
        copier: vec![allowed(&[])],
        readers: Ok(vec!["127.0.0.0/8".parse().unwrap()]),
        checkers: Ok(vec!["127.0.0.0/8".parse().unwrap()]),
        lifecycle: Ok(vec![
            rule("", older, false),
            rule("", uploads, false),
            rule("kept/", Removes::default(), true),
        ]),
    }
}

/// What is found of the standby when it is seen so.
fn found(check: Check, change: impl FnOnce(&mut Seen)) -> Option<Found> {
    let mut seen = well();
    change(&mut seen);
    let found = judge(&sample("us-west-2"), Side::Standby, &seen);
    let found = found.into_iter().find(|finding| finding.check == check);
    found.map(|finding| finding.found)
}

fn right(check: Check, change: impl FnOnce(&mut Seen)) -> String {
    match found(check, change) {
        Some(Found::Right { says }) => says.join("\n"),
        other => panic!("{check:?}: {other:?}"),
    }
}

/// What it says, and what to do.
fn wrong(check: Check, change: impl FnOnce(&mut Seen)) -> (String, String) {
    match found(check, change) {
        Some(Found::Wrong { says, advice }) => (says.join("\n"), advice.join("\n")),
        other => panic!("{check:?}: {other:?}"),
    }
}

fn cannot_tell(check: Check, change: impl FnOnce(&mut Seen)) -> (String, String) {
    match found(check, change) {
        Some(Found::CannotTell { says, advice }) => (says.join("\n"), advice.join("\n")),
        other => panic!("{check:?}: {other:?}"),
    }
}

#[test]
fn a_region_with_nothing_wrong_is_right_in_every_check() {
    for check in Check::ALL {
        assert!(!right(check, |_| {}).is_empty(), "{check:?}");
    }
}

#[test]
fn a_region_that_says_nothing_is_wrong_in_nothing_and_each_check_says_what_to_do() {
    for check in Check::ALL {
        let (says, advice) = cannot_tell(check, |seen| {
            seen.standing = Standing::Passive {
                lease: None,
                ready: Err(silence()),
            };
            seen.services = Err(silence());
            seen.starts.clear();
            seen.execution.clear();
            seen.groups.clear();
            seen.versioned = Err(silence());
            seen.replication = Err(silence());
            seen.copier.clear();
            seen.readers = Err(silence());
            seen.checkers = Err(silence());
            seen.lifecycle = Err(silence());
        });
        assert_eq!(says, "look at backups in us-west-2: timed out");
        assert!(advice.contains("lifeboat status"), "{advice}");
    }
}

#[test]
fn a_right_that_is_missing_is_named() {
    let (_, advice) = cannot_tell(Check::Versioning, |seen| {
        seen.versioned = Err(Silence {
            because: "look at backups: AccessDenied Access Denied".into(),
            ..silence()
        });
    });
    let lacks = "lack s3:GetBucketVersioning on arn:aws:s3:::backups. ";
    assert!(advice.contains(lacks), "{advice}");
}

#[test]
fn what_is_wrong_is_not_hidden_by_what_cannot_be_told() {
    let (says, advice) = wrong(Check::ExecutionRole, |seen| {
        seen.execution[0].denied = Err(silence());
        seen.execution.push(allowed(&["ecr:BatchGetImage"]));
    });
    assert!(says.ends_with("cannot tell: look at backups in us-west-2: timed out"));
    assert_eq!(advice.lines().count(), 2, "{advice}");
}

#[test]
fn a_finding_is_one_flat_object_for_scripts() {
    let finding = Finding {
        check: Check::ExecutionRole,
        of: "x".into(),
        found: Found::CannotTell {
            says: vec!["timed out".into()],
            advice: vec!["ask again".into()],
        },
    };
    let expected = serde_json::json!({
        "check": "execution_role", "of": "x", "found": "cannot_tell",
        "says": ["timed out"], "advice": ["ask again"],
    });
    assert_eq!(serde_json::to_value(finding).unwrap(), expected);
}
