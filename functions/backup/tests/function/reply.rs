use jiff::Timestamp;
use lifeboat_backup::{Outcome, Reply, handle};
use lifeboat_core::Failure;
use serde_json::json;

use crate::region::Region;

fn create() -> serde_json::Value {
    json!({"action": "create"})
}

#[tokio::test]
async fn a_question_that_comes_twice_or_late_is_answered_once() {
    let home = Region::home();
    let first = home.reply("a", create(), 60).await.unwrap();
    let keys = home.backups.keys();
    let reply = home.control.bucket().body("replies/a.json");
    home.write("users", r#"{"users":[]}"#);
    assert_eq!(home.reply("a", create(), 120).await.unwrap(), first);
    assert_eq!(home.backups.keys(), keys);
    assert_eq!(home.control.bucket().body("replies/a.json"), reply);
    let other = home.reply("b", create(), 120).await.unwrap();
    assert_ne!(other, first, "another question has its own reply");
}

#[tokio::test]
async fn a_failure_is_replied_in_its_own_words_and_replaced_by_the_next_try() {
    let home = Region::home();
    home.write("posts", r#"{"posts":[{"id""#);
    let failed = home.reply("a", create(), 60).await.unwrap_err();
    // As whoever asked hears it: its input was not at fault.
    assert_eq!(failed.name(), "Refused");
    let said = failed.to_string();
    assert!(
        said.starts_with("forum-backup in us-east-1: data of posts"),
        "{said}"
    );
    home.write("posts", r#"{"posts":[]}"#);
    let outcome = home.reply("a", create(), 120).await.unwrap();
    assert!(matches!(outcome, Outcome::Created { .. }));
}

#[tokio::test]
async fn what_may_pass_is_told_so_that_it_is_asked_again() {
    let home = Region::home();
    home.backups.dead.set(true);
    let failed = home.reply("a", create(), 60).await.unwrap_err();
    assert_eq!(failed.name(), "Unavailable");
    assert!(failed.to_string().contains("forum-backup"), "{failed}");
}

#[tokio::test]
async fn of_two_that_are_at_it_at_once_the_first_that_succeeds_is_the_reply() {
    let home = Region::home();
    let bucket = home.control.bucket();
    let outcome = Outcome::Listed {
        backups: vec![],
        kept: vec![],
        notes: vec![],
    };
    let good = Reply::new(Timestamp::UNIX_EPOCH, Ok(outcome.clone()));
    let good = serde_json::to_vec(&good).unwrap();
    let failed = Err(Failure::Refused("no".into()));
    let failed = serde_json::to_vec(&Reply::new(Timestamp::UNIX_EPOCH, failed)).unwrap();
    for (meanwhile, comes) in [(good, true), (failed, false)] {
        let backup = home.backup();
        let id = if comes { "a" } else { "b" };
        let event = json!({"action": "reply", "id": id, "to": create()});
        let event = lifeboat_aws::parse_event(event).unwrap();
        // It is first asked what time it is when it has looked for a reply and begins.
        let clock = || {
            let key = format!("replies/{id}.json");
            if bucket.body(&key).is_none() {
                bucket.set(&key, meanwhile.clone());
            }
            Timestamp::UNIX_EPOCH
        };
        let replied = home.replied(handle(&backup, event, clock).await.unwrap());
        assert_eq!(replied == Ok(outcome.clone()), comes, "{replied:?}");
    }
}

#[tokio::test]
async fn one_that_cannot_write_its_reply_fails_and_is_tried_again() {
    let home = Region::home();
    home.control.bucket().writes_left.set(Some(0));
    let event = json!({"action": "reply", "id": "a", "to": create()});
    let failed = home.ask(event, 60).await.unwrap_err();
    assert_eq!(failed.name(), "Unavailable");
    home.control.bucket().writes_left.set(None);
    let outcome = home.reply("a", create(), 60).await.unwrap();
    assert!(matches!(outcome, Outcome::Created { .. }));
}

#[tokio::test]
async fn a_reply_carries_nothing_that_users_wrote() {
    let home = Region::home();
    let against = home.create(60).await.backup;
    home.write("posts", r#"{"posts":[{"id":"2","text":"private"}]}"#);
    let salvage = json!({"action": "salvage", "epoch": 1, "against": against});
    let questions = [create(), json!({"action": "contents"}), salvage];
    for (id, to) in ["a", "b", "c"].into_iter().zip(questions) {
        home.reply(id, to, 120).await.unwrap();
        let body = home.control.bucket().body(&format!("replies/{id}.json"));
        let text = String::from_utf8(body.unwrap()).unwrap();
        assert!(!text.contains("private") && !text.contains("ada"), "{text}");
    }
}
