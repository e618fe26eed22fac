use std::{cell::RefCell, future::pending};

use lifeboat_aws::ecs::Deployed;
use lifeboat_core::{
    Region, RegionState, configuration::sample, image::Record, request::Mode, state::Lease,
};

use super::*;
use crate::doctor::{Check, Diagnosis, Found};

/// A region as it is written down here.
#[derive(Debug, Default)]
struct Written {
    /// What is called so gets no answer, and never ends.
    hangs: Option<&'static str>,
    dead: bool,
    /// Log groups of each service beside its own.
    more_groups: usize,
    /// What was simulated.
    asked: RefCell<BTreeMap<(String, String), Vec<String>>>,
}

impl Written {
    async fn answer<T>(&self, called: &str, answer: T) -> Result<T, Failure> {
        if self.hangs == Some(called) {
            pending::<()>().await;
        }
        match self.dead {
            true => {
                let region = Region::new("us-west-2").unwrap();
                Err(Failure::unavailable("ask", called, &region, "timed out"))
            }
            false => Ok(answer),
        }
    }
}

impl Sight for Written {
    async fn services(&self) -> Result<Services, Failure> {
        let service = |name: &str| {
            let definition = Some(format!("arn:{name}"));
            let deployed = Deployed {
                definition,
                ..Deployed::default()
            };
            (name.to_owned(), deployed)
        };
        let services = ["users", "posts"].map(service);
        self.answer("services", services.into()).await
    }

    async fn start(&self, definition: &str) -> Result<Start, Failure> {
        let name = definition.trim_start_matches("arn:");
        let groups = (0..self.more_groups).map(|number| format!("/ecs/forum-{name}-{number}"));
        let start = Start {
            role: Some("arn:aws-cn:iam::1:role/execution".into()),
            groups: groups.chain([format!("/ecs/forum-{name}")]).collect(),
        };
        self.answer(definition, start).await
    }

    async fn denied(
        &self,
        role: &str,
        actions: &[&str],
        resource: &str,
    ) -> Result<Vec<String>, Failure> {
        let actions = actions.iter().map(|action| (*action).to_owned()).collect();
        let question = (role.to_owned(), resource.to_owned());
        self.asked.borrow_mut().insert(question, actions);
        self.answer("denied", vec![]).await
    }

    async fn group(&self, name: &str) -> Result<Group, Failure> {
        self.answer(name, Group::Kept { days: 30 }).await
    }

    async fn versioned(&self) -> Result<bool, Failure> {
        self.answer("versioned", true).await
    }

    async fn replication(&self) -> Result<Replication, Failure> {
        let found = Replication {
            role: Some("arn:aws:iam::1:role/copier".into()),
            rules: vec![],
        };
        self.answer("replication", found).await
    }

    async fn lifecycle(&self) -> Result<Vec<Rule>, Failure> {
        self.answer("lifecycle", vec![]).await
    }

    async fn readers(&self) -> Result<Vec<IpNet>, Failure> {
        self.answer("readers", vec![]).await
    }

    async fn checkers(&self) -> Result<Vec<IpNet>, Failure> {
        self.answer("checkers", vec![]).await
    }

    async fn ready(&self) -> Result<Ready, Failure> {
        let configuration = sample("us-west-2");
        let (own, active) = (configuration.standby, configuration.home);
        let ready = Ready {
            found: Record::new(jiff::Timestamp::UNIX_EPOCH, own, active),
            silent: None,
            repaired: vec![],
            lacking: vec![],
            pins: [].into(),
        };
        self.answer("ready", ready).await
    }
}

fn states() -> States {
    let state = || RegionState::genesis(&sample("us-west-2").pair().unwrap());
    States {
        home: Ok(state()),
        standby: Ok(state()),
    }
}

async fn seen(side: Side, sight: &Written) -> Seen {
    gather(&sample("us-west-2"), side, &states(), sight).await
}

#[tokio::test]
async fn each_role_is_asked_for_what_it_does_and_on_what() {
    let region = Written::default();
    let seen = seen(Side::Standby, &region).await;
    assert_eq!(seen.execution.len(), 5);
    let asked = region.asked.into_inner();
    let (execution, copier) = (
        "arn:aws-cn:iam::1:role/execution",
        "arn:aws:iam::1:role/copier",
    );
    let backups = "arn:aws:s3:::123456789012-forum-backups";
    let expected: [(&str, String, &[&str]); 8] = [
        (execution, "*".into(), &LOG_IN),
        (
            execution,
            "arn:aws-cn:ecr:us-west-2:123456789012:repository/forum/posts".into(),
            &PULL,
        ),
        (
            execution,
            "arn:aws-cn:ecr:us-west-2:123456789012:repository/forum/users".into(),
            &PULL,
        ),
        (
            execution,
            "arn:aws-cn:logs:us-west-2:123456789012:log-group:/ecs/forum-posts:log-stream:any"
                .into(),
            &LOG,
        ),
        (
            execution,
            "arn:aws-cn:logs:us-west-2:123456789012:log-group:/ecs/forum-users:log-stream:any"
                .into(),
            &LOG,
        ),
        (copier, format!("{backups}-us-west-2"), &READ_RULES),
        (copier, format!("{backups}-us-west-2/backups/any"), &READ),
        (copier, format!("{backups}-us-east-1/backups/any"), &COPY),
    ];
    assert_eq!(asked.len(), expected.len(), "{asked:?}");
    for (role, resource, actions) in expected {
        let question = (role.to_owned(), resource);
        assert_eq!(asked[&question], actions, "{question:?}");
    }
}

#[tokio::test]
async fn the_log_groups_are_those_of_the_functions_and_of_what_the_tasks_write_to() {
    let seen = seen(Side::Standby, &Written::default()).await;
    let names: Vec<&str> = seen.groups.keys().map(String::as_str).collect();
    let expected = [
        "/aws/lambda/b",
        "/aws/lambda/f",
        "/aws/lambda/h",
        "/aws/lambda/i",
        "/ecs/forum-posts",
        "/ecs/forum-users",
    ];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn a_dead_region_is_a_doubt_in_every_check_and_hides_nothing_of_the_other() {
    let (home, standby) = (Written::default(), Written::default());
    let dead = Written {
        dead: true,
        ..Written::default()
    };
    let configuration = sample("us-east-1");
    let diagnosis = async |home: &Written, standby: &Written| {
        let (home, standby) = (
            seen(Side::Home, home).await,
            seen(Side::Standby, standby).await,
        );
        Diagnosis::new(jiff::Timestamp::UNIX_EPOCH, &configuration, &home, &standby)
    };
    let alive = diagnosis(&home, &standby).await;
    let half = diagnosis(&dead, &standby).await;
    assert_eq!(half.standby, alive.standby);
    assert_ne!(half.home, alive.home);
    let mut findings = half.home.findings.iter();
    assert!(findings.all(|one| matches!(one.found, Found::CannotTell { .. })));
    assert!(!half.all_right());
}

#[tokio::test(start_paused = true)]
async fn what_never_answers_is_given_up_by_itself() {
    for (hangs, check) in [
        ("versioned", Check::Versioning),
        ("lifecycle", Check::Lifecycle),
        ("replication", Check::Replication),
        ("readers", Check::Markers),
        ("checkers", Check::Markers),
        ("ready", Check::Images),
        ("/aws/lambda/b", Check::Logs),
        ("denied", Check::ExecutionRole),
        ("services", Check::Tasks),
        ("arn:users", Check::ExecutionRole),
    ] {
        let region = Written {
            hangs: Some(hangs),
            ..Written::default()
        };
        let seen = seen(Side::Standby, &region).await;
        let findings = crate::doctor::judge(&sample("us-west-2"), Side::Standby, &seen);
        let finding = findings.iter().find(|one| one.check == check).unwrap();
        let Found::CannotTell { says, .. } = &finding.found else {
            panic!("{hangs}: {finding:?}");
        };
        assert!(says[0].contains("no answer within"), "{hangs}: {says:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn however_many_questions_get_no_answer_the_end_comes_in_time() {
    let region = Written {
        hangs: Some("denied"),
        more_groups: 100,
        ..Written::default()
    };
    let begun = Instant::now();
    let seen = seen(Side::Standby, &region).await;
    assert!(begun.elapsed() < IN_ALL + PATIENCE, "{:?}", begun.elapsed());
    assert_eq!(seen.execution.len(), 205);
    let mut silences = seen
        .execution
        .iter()
        .filter_map(|one| one.denied.as_ref().err());
    assert!(silences.any(|silence| silence.because.ends_with("took all the time")));
}

#[tokio::test]
async fn only_a_passive_region_is_asked_for_images_and_its_lease_is_known() {
    let mut states = states();
    let region = Written::default();
    let configuration = sample("us-west-2");
    let standing = async |side, states: &States| {
        let seen = gather(&configuration, side, states, &region).await;
        seen.standing
    };
    assert_eq!(standing(Side::Home, &states).await.active(), Some(true));
    let execution = "arn:aws:states:x:1:execution:forum:forum-1";
    let lease = Lease::new(execution, Mode::Drill, &BTreeMap::new());
    states.standby.as_mut().unwrap().lease = Some(lease);
    match standing(Side::Standby, &states).await {
        Standing::Passive { lease, ready } => {
            assert_eq!(lease.as_deref(), Some("forum-1"));
            assert!(ready.is_ok());
        }
        other => panic!("{other:?}"),
    }
    let silent = || {
        let region = Region::new("us-west-2").unwrap();
        Err(Failure::unavailable(
            "read",
            "state.json",
            &region,
            "timed out",
        ))
    };
    let silent = States {
        home: silent(),
        standby: silent(),
    };
    assert_eq!(standing(Side::Standby, &silent).await.active(), None);
}
