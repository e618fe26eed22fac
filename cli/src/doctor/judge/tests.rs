use jiff::Timestamp;
use lifeboat_aws::ecs::Deployed;
use lifeboat_core::{
    configuration::sample,
    image::{Record, ServiceImages},
};
use lifeboat_image_sync::ready::{Pin, Ready};

use super::{copying::COPIED, *};
use crate::doctor::{Copies, Group, Removes, Replication, Rule, Standing, Start};

fn ready() -> Ready {
    let region = |name| Region::new(name).unwrap();
    let (own, active) = (region("us-west-2"), region("us-east-1"));
    Ready {
        found: Record::new(Timestamp::UNIX_EPOCH, own, active),
        silent: None,
        repaired: vec![],
        lacking: vec![],
        pins: [].into(),
    }
}

fn passive(ready: Ready) -> Standing {
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
fn images_are_asked_for_in_a_passive_region_alone() {
    assert_eq!(
        found(Check::Images, |s| s.standing = Standing::Active),
        None
    );
    assert_eq!(found(Check::Tasks, |s| s.standing = Standing::Active), None);
    for check in [Check::Images, Check::Tasks] {
        let unknown = |seen: &mut Seen| seen.standing = Standing::Unknown("nobody".into());
        let (says, _) = cannot_tell(check, unknown);
        assert_eq!(says, "nobody");
    }
}

#[test]
fn an_image_that_is_lacking_damaged_or_not_pinned_is_wrong_and_one_that_nobody_can_name_is_a_doubt()
{
    let changed = |change: fn(&mut Ready)| {
        move |seen: &mut Seen| {
            let mut ready = ready();
            change(&mut ready);
            seen.standing = passive(ready);
        }
    };
    for (change, says) in [
        (
            (|ready| ready.lacking.push("users needs x: gone".into())) as fn(&mut Ready),
            "users needs x: gone",
        ),
        (
            |ready| ready.found.note("a@b", Some("torn")),
            "a@b is damaged: torn",
        ),
        (
            |ready| {
                let pin = Pin::Failed("throttled".into());
                ready.pins.insert("users".into(), pin);
            },
            "users is not pinned: throttled",
        ),
    ] {
        let (said, advice) = wrong(Check::Images, changed(change));
        assert_eq!(said, says);
        assert!(advice.contains("lifeboat images ready --in us-west-2"));
    }
    let (says, advice) = cannot_tell(
        Check::Images,
        changed(|ready| {
            ready.silent = Some("timed out".into());
            let doubt = Some("no task runs".into());
            let images = vec![];
            let users = ServiceImages { images, doubt };
            ready.found.services.insert("users".into(), users);
        }),
    );
    assert_eq!(
        says,
        "us-east-1 could not be asked what runs there: timed out\nwhat users runs: no task runs"
    );
    assert!(advice.contains("us-east-1"), "{advice}");
}

#[test]
fn an_execution_role_that_may_not_pull_or_log_is_wrong_and_so_is_none() {
    let check = Check::ExecutionRole;
    let denied = |seen: &mut Seen| seen.execution.push(allowed(&["ecr:BatchGetImage"]));
    let (says, advice) = wrong(check, denied);
    assert_eq!(
        says,
        "arn:aws:iam::1:role/a may not ecr:BatchGetImage on arn:aws:ecr:x"
    );
    assert!(advice.starts_with("Apply infra/standby"), "{advice}");
    let (says, _) = wrong(check, |seen| {
        seen.starts.insert("users".into(), Ok(Start::default()));
        seen.services.as_mut().unwrap().remove("posts");
    });
    assert!(says.contains("users: its task definition names no execution role"));
    assert!(says.contains("posts: forum-posts is not in cluster forum"));
    let (says, _) = wrong(check, |seen| drop(seen.starts.remove("users")));
    assert!(says.contains("users: ECS names no task definition"));
    cannot_tell(check, |seen| {
        seen.starts.insert("users".into(), Err(silence()));
    });
    cannot_tell(check, |seen| seen.execution[0].denied = Err(silence()));
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
fn logs_that_are_missing_or_kept_for_ever_are_wrong() {
    let group = |name: &str, group| {
        let name = name.to_owned();
        move |seen: &mut Seen| drop(seen.groups.insert(name, group))
    };
    let (says, advice) = wrong(Check::Logs, group("/ecs/a", Ok(Group::KeptForEver)));
    assert!(says.contains("/ecs/a is kept for ever"), "{says}");
    assert!(advice.contains("put-retention-policy --region us-west-2"));
    let (says, _) = wrong(Check::Logs, group("/ecs/a", Ok(Group::Missing)));
    assert!(says.contains("/ecs/a is not there"), "{says}");
    cannot_tell(Check::Logs, group("/ecs/a", Err(silence())));
    assert!(right(Check::Logs, |_| {}).starts_with("kept for 30 days; "));
    let says = right(Check::Logs, group("/ecs/a", Ok(Group::Kept { days: 7 })));
    assert!(says.starts_with("kept for 7 to 30 days; "), "{says}");
}

#[test]
fn every_prefix_is_copied_by_an_enabled_rule_to_the_other_regions_bucket() {
    let rules = |change: fn(&mut Vec<Copies>)| {
        move |seen: &mut Seen| change(&mut seen.replication.as_mut().unwrap().rules)
    };
    let (says, advice) = wrong(Check::Replication, rules(|rules| drop(rules.remove(1))));
    assert_eq!(says, "no rule copies packs/");
    assert!(advice.contains("Apply infra/join") && advice.contains("follow.json"));
    let (says, _) = wrong(Check::Replication, rules(|rules| rules[0].enabled = false));
    assert_eq!(
        says,
        "backups/ is not copied: rule backups-to-us-east-1 is disabled"
    );
    let elsewhere = rules(|rules| rules[0].to = "elsewhere".into());
    let (says, _) = wrong(Check::Replication, elsewhere);
    assert!(says.starts_with("backups/ goes to elsewhere"), "{says}");
    let some = rules(|rules| rules[0].prefix = None);
    assert_eq!(wrong(Check::Replication, some).0, "no rule copies backups/");
    right(
        Check::Replication,
        rules(|rules| {
            rules.truncate(1);
            rules[0].prefix = Some(String::new());
        }),
    );
}

#[test]
fn backups_that_are_to_stay_have_no_rule_and_it_is_said_what_that_means() {
    let mut configuration = sample("us-west-2");
    configuration.cross_region_backup = false;
    let mut seen = well();
    let judged = |seen: &Seen| {
        let found = judge(&configuration, Side::Standby, seen);
        assert!(found.iter().all(|one| one.check != Check::ReplicationRole));
        let mut found = found.into_iter();
        found.find(|one| one.check == Check::Replication).unwrap()
    };
    let Found::Wrong { says, .. } = judged(&seen).found else {
        panic!("rules that nobody wants are wrong");
    };
    assert!(says[0].contains("copies to"), "{says:?}");
    seen.replication = Ok(Replication::default());
    let Found::Right { says } = judged(&seen).found else {
        panic!("as it was configured is right");
    };
    assert!(
        says[0].contains("us-east-1 has none to restore"),
        "{says:?}"
    );
}

#[test]
fn a_role_that_may_not_copy_is_wrong_and_without_rules_nobody_knows_it() {
    let check = Check::ReplicationRole;
    let denied = |seen: &mut Seen| seen.copier.push(allowed(&["s3:ReplicateObject"]));
    let (says, _) = wrong(check, denied);
    assert!(says.contains("may not s3:ReplicateObject"), "{says}");
    cannot_tell(check, |seen| seen.replication = Ok(Replication::default()));
    cannot_tell(check, |seen| seen.copier[0].denied = Err(silence()));
}

#[test]
fn a_bucket_that_keeps_no_older_versions_is_wrong() {
    let (says, advice) = wrong(Check::Versioning, |seen| seen.versioned = Ok(false));
    assert!(says.contains("nothing is copied to us-east-1"), "{says}");
    let bucket = "--bucket 123456789012-forum-backups-us-west-2";
    assert!(advice.contains(bucket), "{advice}");
}

#[test]
fn tasks_of_a_passive_region_are_wrong_unless_an_execution_wants_them() {
    let up = |seen: &mut Seen| {
        let users = Deployed {
            desired: 2,
            ..Deployed::default()
        };
        let services = seen.services.as_mut().unwrap();
        services.insert("users".into(), users);
    };
    let (says, advice) = wrong(Check::Tasks, up);
    assert!(says.starts_with("users is set to 2 tasks, "), "{says}");
    assert!(advice.contains("--desired-count 0"), "{advice}");
    let says = right(Check::Tasks, |seen| {
        up(seen);
        seen.standing = Standing::Passive {
            lease: Some("forum-1".into()),
            ready: Ok(ready()),
        };
    });
    assert!(says.starts_with("forum-1 is at work there"), "{says}");
}

#[test]
fn a_lifecycle_that_lacks_a_rule_or_removes_by_age_is_wrong() {
    let rules = |change: fn(&mut Vec<Rule>)| {
        move |seen: &mut Seen| change(seen.lifecycle.as_mut().unwrap())
    };
    let (says, _) = wrong(Check::Lifecycle, rules(Vec::clear));
    assert_eq!(says.lines().count(), 3, "{says}");
    for (number, says) in [
        (0, "older versions are never removed"),
        (1, "uploads that were never finished stay"),
        (2, "kept copies never move into cheaper storage"),
    ] {
        let disabled = move |seen: &mut Seen| {
            seen.lifecycle.as_mut().unwrap()[number].enabled = false;
        };
        let (said, advice) = wrong(Check::Lifecycle, disabled);
        assert_eq!(said, says);
        assert!(advice.starts_with("Apply infra/standby"), "{advice}");
    }
    let ages = |rules: &mut Vec<Rule>| rules[2].removes.objects = true;
    let (says, _) = wrong(Check::Lifecycle, rules(ages));
    assert!(says.contains("rule of kept/ removes objects by their age"));
}

#[test]
fn what_is_to_be_copied_is_what_terraform_copies() {
    let terraform = include_str!("../../../../infra/modules/replication/main.tf");
    let all = COPIED.map(|word| format!("{word:?}")).join(", ");
    let line = format!("for_each = [{all}]");
    assert!(terraform.contains(&line), "{line}");
}

#[test]
fn a_finding_is_one_flat_object_for_scripts() {
    let finding = Finding {
        check: Check::ExecutionRole,
        looked_at: "x".into(),
        found: Found::CannotTell {
            says: vec!["timed out".into()],
            advice: vec!["ask again".into()],
        },
    };
    let expected = serde_json::json!({
        "check": "execution_role", "looked_at": "x", "found": "cannot_tell",
        "says": ["timed out"], "advice": ["ask again"],
    });
    assert_eq!(serde_json::to_value(finding).unwrap(), expected);
}
