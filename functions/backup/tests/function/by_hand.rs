//! Somebody deleted data, and a person brings it back where users are.

use jiff::{SignedDuration, Timestamp};
use lifeboat_backup::Outcome;
use lifeboat_core::{backup::Manifest, idle::Tasks, liveness, probe};
use serde_json::{Value, json};

use crate::{
    region::{Region, lease},
    service::Fake,
};

const DELETED: &str = r#"{"posts":[]}"#;

/// Home serves, and has a backup from before somebody deleted what posts had.
async fn deleted() -> (Region, Manifest) {
    let home = Region::home();
    let manifest = home.create(60).await;
    home.write("posts", DELETED);
    (home, manifest)
}

fn probed(region: &Region, tasks: Tasks, at: i64) {
    let me = &region.configuration.region;
    let mut report = probe::sample(me, me, liveness::Verdict::Serving);
    report.at = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(at);
    report.tasks = tasks;
    let json = serde_json::to_vec(&report).unwrap();
    region.control.bucket().set("status.json", json);
}

fn of(services: &[&str]) -> Tasks {
    Tasks::Of(services.iter().map(|name| (*name).to_owned()).collect())
}

fn posts() -> Value {
    json!({"action": "restore", "backup": "newest", "services": ["posts"]})
}

fn because(mut event: Value) -> Value {
    event["overrides"] = json!({"nothing_writes": "I stopped them"});
    event
}

#[tokio::test]
async fn what_was_deleted_is_brought_back_where_no_task_of_that_service_runs_and_is_kept_first() {
    let (home, manifest) = deleted().await;
    let users = home.read("users");
    for at in [1000, 1100] {
        probed(&home, of(&["users"]), at - 100);
        let outcome = home.ask(posts(), at).await.unwrap();
        let Outcome::Restored {
            restored,
            overridden,
        } = outcome
        else {
            panic!("{outcome:?}")
        };
        assert_eq!(restored.backup, manifest.backup);
        assert!(overridden.is_empty());
        assert!(home.read("posts").contains("hello"));
        assert_eq!(home.read("users"), users);
        let kept = home.only("replaced/");
        assert_eq!(kept.services.keys().collect::<Vec<_>>(), ["posts"]);
    }
}

#[tokio::test]
async fn beside_its_tasks_nothing_is_restored_and_the_commands_that_stop_them_are_told() {
    let (home, _) = deleted().await;
    probed(&home, of(&["posts", "users"]), 1000);
    for event in [posts(), because(posts())] {
        let refused = home.ask(event, 1030).await.unwrap_err();
        assert_eq!(refused.name(), "Refused");
        let said = refused.to_string();
        for command in [
            "--resource-id service/forum/forum-posts --min-capacity 0",
            "aws ecs update-service --region us-east-1 --cluster forum --service forum-posts --desired-count 0",
        ] {
            assert!(said.contains(command), "{said}");
        }
        assert!(!said.contains("forum-users"), "{said}");
    }
    assert_eq!(home.read("posts"), DELETED);
}

#[tokio::test]
async fn what_cannot_be_seen_is_refused_unless_a_person_says_how_it_is_known() {
    for (tasks, at, says) in [
        (None, 0, "recorded nothing yet"),
        (Some(of(&[])), 840, "s old"),
        (
            Some(Tasks::CannotTell("throttled".into())),
            1000,
            "throttled",
        ),
    ] {
        let (home, _) = deleted().await;
        if let Some(tasks) = tasks {
            probed(&home, tasks, at);
        }
        let refused = home.ask(posts(), 1000).await.unwrap_err();
        let said = refused.to_string();
        assert!(
            said.contains(says) && said.contains("overrides.nothing_writes"),
            "{said}"
        );
        assert_eq!(home.read("posts"), DELETED);
        let outcome = home.ask(because(posts()), 1000).await.unwrap();
        let Outcome::Restored { overridden, .. } = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(overridden.nothing_writes.unwrap(), "I stopped them");
        assert!(home.read("posts").contains("hello"));
    }
}

#[tokio::test]
async fn while_an_execution_acts_in_either_region_no_word_helps() {
    let (home, _) = deleted().await;
    probed(&home, Tasks::AtWork("the other one".into()), 990);
    let there = home.ask(because(posts()), 1000).await.unwrap_err();
    assert!(
        there.to_string().contains("the other one is at work"),
        "{there}"
    );
    probed(&home, of(&[]), 990);
    home.state(|state| state.lease = Some(lease()));
    let here = home.ask(because(posts()), 1000).await.unwrap_err();
    assert!(here.to_string().contains("a is at work"), "{here}");
    assert_eq!(home.read("posts"), DELETED);
}

#[tokio::test]
async fn tasks_that_come_back_half_way_end_it_before_anything_is_put_in_place() {
    for came in [of(&["posts"]), Tasks::AtWork("an execution".into())] {
        let (home, _) = deleted().await;
        probed(&home, of(&[]), 990);
        let seen = std::cell::Cell::new(false);
        let ended = home.meanwhile(posts(), 1000, |asked| {
            // After it was allowed to begin.
            if asked == 3 {
                probed(&home, came.clone(), 1000);
                seen.set(true);
            }
        });
        assert_eq!(ended.await.unwrap_err().name(), "Refused");
        assert!(seen.get());
        assert_eq!(home.read("posts"), DELETED);
        // And goes on when it may again.
        probed(&home, of(&[]), 1000);
        home.ask(posts(), 1010).await.unwrap();
        assert!(home.read("posts").contains("hello"));
    }
}

#[tokio::test]
async fn a_preview_says_why_it_would_be_refused_and_what_it_would_do() {
    let (home, _) = deleted().await;
    let preview = async || {
        let mut event = posts();
        event["action"] = "preview".into();
        match home.ask(event, 1000).await.unwrap() {
            Outcome::Previewed { preview } => preview,
            other => panic!("{other:?}"),
        }
    };
    probed(&home, of(&["posts"]), 990);
    let told = preview().await;
    assert!(told.refused[0].contains("tasks of posts run"), "{told:?}");
    assert_eq!(told.services["posts"].replaced.len(), 1);
    probed(&home, of(&[]), 990);
    assert_eq!(preview().await.refused, Vec::<String>::new());
}

#[tokio::test]
async fn what_users_write_to_is_imported_only_on_a_persons_word_that_they_do_not() {
    let service = Fake::start().await;
    service.inner().data = b"{}".to_vec();
    let mut home = Region::new("us-east-1");
    home.users(service.export(), None);
    home.write("posts", DELETED);
    home.create(60).await;
    service.inner().data = br#"{"users":["later"]}"#.to_vec();
    probed(&home, of(&["users"]), 990);
    let users = json!({"action": "restore", "backup": "newest", "services": ["users"]});
    let refused = home.ask(users.clone(), 1000).await.unwrap_err();
    assert!(
        refused.to_string().contains("to which users write"),
        "{refused}"
    );
    assert_eq!(service.inner().data, br#"{"users":["later"]}"#);
    home.ask(because(users), 1000).await.unwrap();
    assert_eq!(service.inner().data, b"{}");
    assert_eq!(home.only("replaced/").services.len(), 1);
}
