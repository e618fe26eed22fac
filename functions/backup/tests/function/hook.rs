//! A service that holds still while its data is read.

use std::time::Duration;

use lifeboat_core::configuration::Place;
use serde_json::json;

use crate::{
    region::{Region, by_execution},
    service::{Fake, SECRET, TOKEN},
};

async fn home(service: &Fake) -> Region {
    let mut home = Region::home();
    home.users(Place::Folder, Some(service.hook()));
    home
}

fn create() -> serde_json::Value {
    json!({"action": "create"})
}

const HELD: [&str; 2] = [
    "pause \"us-east-1-1970-01-01T00:01:00Z\" for 60",
    "release \"us-east-1-1970-01-01T00:01:00Z\"",
];

#[tokio::test]
async fn it_holds_still_before_it_is_read_and_is_let_go_afterwards() {
    let service = Fake::start().await;
    service.inner().data = b"{}".to_vec();
    let mut home = home(&service).await;
    home.users(service.export(), Some(service.hook()));
    let manifest = home.create(60).await;
    assert_eq!(service.log(), [HELD[0], "export", HELD[1]]);
    assert!(manifest.warnings.is_empty(), "{:?}", manifest.warnings);
}

#[tokio::test]
async fn it_is_let_go_also_where_reading_failed() {
    let service = Fake::start().await;
    let home = home(&service).await;
    home.write("users", "{");
    let refused = home.ask(create(), 60).await.unwrap_err();
    assert_eq!(refused.name(), "Invalid");
    assert_eq!(service.log(), HELD);
}

/// One that is killed lets nobody go: that is why it says how long it may last.
#[tokio::test]
async fn it_is_let_go_also_where_nobody_waits_any_more_for_what_is_read() {
    let service = Fake::start().await;
    let home = home(&service).await;
    home.write("users", &format!("{:?}", "x".repeat(20 << 20)));
    let mut asked = Box::pin(home.ask(create(), 60));
    while service.log().is_empty() {
        let _ = tokio::time::timeout(Duration::from_millis(10), &mut asked).await;
    }
    drop(asked);
    while service.log().len() < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(service.log(), HELD);
}

#[tokio::test]
async fn a_service_that_does_not_answer_is_backed_up_with_a_warning_and_let_go_all_the_same() {
    let service = Fake::start().await;
    service.answers("pause", 503);
    let home = home(&service).await;
    let manifest = home.create(60).await;
    assert_eq!(service.log(), HELD);
    let [warning] = &manifest.warnings[..] else {
        panic!("{:?}", manifest.warnings)
    };
    assert!(
        warning.contains("users did not hold still while it was read"),
        "{warning}"
    );
    assert!(
        warning.contains("/hold in us-east-1: answered 503"),
        "{warning}"
    );
    assert!(!warning.contains("what a user wrote") && !warning.contains(TOKEN));
}

#[tokio::test]
async fn a_service_that_refuses_its_token_is_not_backed_up_and_the_token_is_printed_nowhere() {
    for (status, todo) in [
        (401, "takes the token"),
        (403, SECRET),
        (404, "has this endpoint"),
    ] {
        let service = Fake::start().await;
        service.answers("pause", status);
        let home = home(&service).await;
        let refused = home.ask(create(), 60).await.unwrap_err();
        assert_eq!(refused.name(), "Refused", "{refused}");
        let said = refused.to_string();
        assert!(
            said.contains(todo) && said.contains("pause http://127.0.0.1"),
            "{said}"
        );
        assert!(
            !said.contains(TOKEN) && !said.contains("what a user wrote"),
            "{said}"
        );
        assert!(home.backups.keys().is_empty());
    }
}

#[tokio::test]
async fn one_that_cannot_be_let_go_is_asked_three_times_and_it_is_said_when_it_goes_on_by_itself() {
    let service = Fake::start().await;
    service.answers("release", 500);
    let home = home(&service).await;
    let manifest = home.create(60).await;
    assert_eq!(service.log(), [HELD[0], HELD[1], HELD[1], HELD[1]]);
    let warning = &manifest.warnings[0];
    assert!(
        warning.contains("users was not let go, and goes on by itself 60 s after"),
        "{warning}"
    );
}

#[tokio::test]
async fn one_that_is_read_for_longer_than_it_holds_still_is_warned_of() {
    let service = Fake::start().await;
    let mut home = home(&service).await;
    service.inner().data = b"{}".to_vec();
    let mut hook = service.hook();
    hook.longest_seconds = 1;
    let Place::Http(mut export) = service.export() else {
        panic!("another place")
    };
    export.longest_seconds = 5;
    home.users(Place::Http(export), Some(hook));
    service.inner().takes = Duration::from_millis(1100);
    let manifest = home.create(60).await;
    assert!(manifest.warnings[0].contains("raise longest_seconds of its hook"));
}

#[tokio::test]
async fn a_token_is_not_carried_to_where_a_service_sends_us_on_to() {
    let (service, elsewhere) = (Fake::start().await, Fake::start().await);
    service.inner().sends_on = Some(elsewhere.address.clone());
    let home = home(&service).await;
    let refused = home.ask(create(), 60).await.unwrap_err();
    assert_eq!(refused.name(), "Refused");
    assert!(
        refused
            .to_string()
            .contains("name the right one in the configuration"),
        "{refused}"
    );
    assert!(elsewhere.log().is_empty());
}

#[tokio::test]
async fn whoever_is_restored_or_salvaged_is_not_asked_to_hold_still() {
    let service = Fake::start().await;
    let home = home(&service).await;
    let against = home.create(60).await.backup;
    let mut standby = Region::new("us-west-2").leased();
    standby.users(Place::Folder, Some(service.hook()));
    standby.write("users", r#"{"users":["before"]}"#);
    home.backups.copy_to(&standby.backups);
    standby.ask(by_execution("newest"), 120).await.unwrap();
    assert_eq!(standby.only("replaced/").services.len(), 1);
    let salvage = json!({"action": "salvage", "epoch": 1, "against": against});
    home.reply("a", salvage, 120).await.unwrap();
    assert_eq!(service.log(), HELD);
}
