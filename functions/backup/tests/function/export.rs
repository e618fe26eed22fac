//! A service whose data is what it exports and imports.

use std::time::Duration;

use lifeboat_backup::Outcome;
use lifeboat_core::{Epoch, configuration::Place, state::Lease};
use serde_json::json;

use crate::{
    region::{Region, by_execution, import, lease},
    service::{Fake, TOKEN},
};

const DATA: &str = r#"{"users":[{"id":"1"}]}"#;

/// A region that does not serve, or one that does.
async fn region(name: &str, data: &str) -> (Region, Fake) {
    let service = Fake::start().await;
    service.inner().data = data.into();
    let mut region = Region::new(name);
    region.users(service.export(), None);
    region.write("posts", r#"{"posts":[]}"#);
    (region, service)
}

fn by_hand() -> serde_json::Value {
    json!({"action": "restore", "backup": "newest"})
}

#[tokio::test]
async fn what_was_exported_is_imported_by_hand_and_what_it_replaces_is_kept() {
    let (home, _service) = region("us-east-1", DATA).await;
    home.create(60).await;
    let (standby, service) = region("us-west-2", r#"{"users":["before"]}"#).await;
    home.backups.copy_to(&standby.backups);
    for at in [120, 180] {
        standby.ask(by_hand(), at).await.unwrap();
        assert_eq!(service.inner().data, DATA.as_bytes());
        let kept = standby.only("replaced/");
        assert_eq!(kept.services["users"].len(), 1);
    }
    let imports = service
        .log()
        .iter()
        .filter(|asked| *asked == "import")
        .count();
    assert_eq!(imports, 1, "twice is once");
}

/// A passive region with home's backup, whose lease an execution holds.
async fn standby_of(home: &Region, data: &str) -> (Region, Fake) {
    let (standby, service) = region("us-west-2", data).await;
    home.backups.copy_to(&standby.backups);
    (standby.leased(), service)
}

fn asked(service: &Fake, what: &str) -> usize {
    service.log().iter().filter(|asked| *asked == what).count()
}

#[tokio::test]
async fn an_execution_restores_the_rest_before_tasks_run_and_imports_when_they_do() {
    let (home, _service) = region("us-east-1", DATA).await;
    home.create(60).await;
    let (standby, service) = standby_of(&home, r#"{"users":["before"]}"#).await;
    let early = standby.ask(import("unplanned"), 110).await.unwrap_err();
    assert_eq!(early.name(), "Stale", "{early}");
    let outcome = standby.ask(by_execution("newest"), 120).await.unwrap();
    let Outcome::Restored { restored, .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(restored.services.keys().collect::<Vec<_>>(), ["posts"]);
    assert_eq!(standby.read("posts"), home.read("posts"));
    assert!(service.log().is_empty(), "no task runs yet");
    standby.filled();
    for at in [180, 240] {
        let outcome = standby.ask(import("unplanned"), at).await.unwrap();
        let Outcome::Imported { imported } = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(imported.services, restored.to_import);
        assert_eq!(imported.backup, restored.backup);
        assert_eq!(service.inner().data, DATA.as_bytes());
        assert_eq!(standby.only("replaced/").services.len(), 1);
    }
    assert_eq!(asked(&service, "import"), 1, "twice is once");
}

#[tokio::test]
async fn an_import_that_comes_late_replaces_nothing_that_users_wrote() {
    let (home, _service) = region("us-east-1", DATA).await;
    home.create(60).await;
    let (standby, service) = standby_of(&home, "{}").await;
    standby.filled();
    let me = standby.configuration.region.clone();
    let activated = || {
        standby.state(|state| {
            let filled = Lease {
                filled: true,
                ..lease()
            };
            (state.epoch, state.lease) = (Epoch(1), Some(filled));
            state.active = me.clone();
        });
    };
    // It was asked in time, and is kept waiting where it saves what it replaces.
    let slow = standby.meanwhile(import("planned"), 120, |asked| {
        if asked == 2 {
            activated();
        }
    });
    assert_eq!(slow.await.unwrap_err().name(), "Stale");
    let before = service.log();
    let late = standby.ask(import("planned"), 180).await.unwrap_err();
    assert_eq!(late.name(), "Stale");
    assert_eq!(service.log(), before, "not even asked");
    assert_eq!(service.inner().data, b"{}");
}

#[tokio::test]
async fn a_drill_imports_nothing_and_sees_that_it_could() {
    let (home, _service) = region("us-east-1", DATA).await;
    home.create(60).await;
    let (standby, service) = standby_of(&home, "{}").await;
    let mut rehearse = by_execution("newest");
    rehearse["scratch"] = true.into();
    let outcome = standby.ask(rehearse, 120).await.unwrap();
    let Outcome::Restored { restored, .. } = outcome else {
        panic!("{outcome:?}")
    };
    standby.filled();
    let Outcome::Imported { imported } = standby.ask(import("drill"), 180).await.unwrap() else {
        panic!("another outcome")
    };
    assert_eq!(imported.services, restored.to_import);
    assert_eq!(service.log(), ["export"]);
    assert_eq!(service.inner().data, b"{}");
    service.answers("export", 401);
    let refused = standby.ask(import("drill"), 240).await.unwrap_err();
    assert!(refused.to_string().contains("takes the token"), "{refused}");
    let plan = standby.ask(import("plan"), 240).await.unwrap_err();
    assert_eq!(plan.name(), "Invalid");
}

#[tokio::test]
async fn a_service_that_exports_something_else_than_it_was_given_has_imported_nothing() {
    let (home, _service) = region("us-east-1", DATA).await;
    home.create(60).await;
    let (standby, service) = standby_of(&home, "{}").await;
    standby.filled();
    service.inner().forgets = true;
    let failed = standby.ask(import("planned"), 120).await.unwrap_err();
    assert_eq!(failed.name(), "Unavailable", "worth another try");
    let said = failed.to_string();
    assert!(said.contains("does not export the same"), "{said}");
    assert!(!said.contains(TOKEN), "{said}");
    service.inner().forgets = false;
    standby.ask(import("planned"), 180).await.unwrap();
    assert_eq!(service.inner().data, DATA.as_bytes());
}

#[tokio::test]
async fn what_is_wrong_with_what_is_imported_later_is_found_before_a_task_starts() {
    let (home, exports) = region("us-east-1", DATA).await;
    home.create(60).await;
    exports.inner().data = br#"{"users":["new"]}"#.to_vec();
    let manifest = home.create(90).await;
    let (standby, service) = standby_of(&home, "{}").await;
    standby.write("posts", "before");
    let pack = manifest.needed(["users"]).next().unwrap().id.key();
    standby.backups.remove(&pack);
    let refused = standby.ask(by_execution("newest"), 120).await.unwrap_err();
    assert_eq!(refused.name(), "NotVerified", "{refused}");
    assert_eq!(standby.read("posts"), "before");
    assert!(service.log().is_empty());
}

#[tokio::test]
async fn an_import_that_failed_is_gone_on_with() {
    let (home, _service) = region("us-east-1", DATA).await;
    home.create(60).await;
    let (standby, service) = region("us-west-2", "{}").await;
    home.backups.copy_to(&standby.backups);
    service.answers("import", 500);
    let failed = standby.ask(by_hand(), 120).await.unwrap_err();
    assert_eq!(failed.name(), "Unavailable");
    assert!(
        failed.to_string().starts_with("import http://127.0.0.1"),
        "{failed}"
    );
    service.inner().answers.clear();
    standby.ask(by_hand(), 180).await.unwrap();
    assert_eq!(service.inner().data, DATA.as_bytes());
}

#[tokio::test]
async fn an_export_that_is_too_large_refused_or_no_json_makes_no_backup() {
    type Change = fn(&Fake);
    let cases: [(Change, &str, &str); 7] = [
        (
            |s| s.inner().data = vec![b' '; 1001],
            "Refused",
            "longer than longest_bytes, which is 1000",
        ),
        (
            |s| s.streams(vec![b' '; 1001]),
            "Refused",
            "longer than longest_bytes",
        ),
        (
            |s| s.answers("export", 401),
            "Refused",
            "see whether the service takes the token",
        ),
        (|s| s.answers("export", 502), "Unavailable", "answered 502"),
        (|s| s.answers("export", 404), "Refused", "has this endpoint"),
        (
            |s| s.inner().sends_on = Some("http://127.0.0.1:1".into()),
            "Refused",
            "name the right one",
        ),
        (
            |s| s.inner().data = b"<html>".to_vec(),
            "Invalid",
            "/export holding JSON",
        ),
    ];
    for (change, name, todo) in cases {
        let (home, service) = region("us-east-1", DATA).await;
        change(&service);
        let refused = home.ask(json!({"action": "create"}), 60).await.unwrap_err();
        let said = refused.to_string();
        assert_eq!(refused.name(), name, "{said}");
        assert!(said.contains(todo) && said.contains("127.0.0.1"), "{said}");
        assert!(
            !said.contains(TOKEN) && !said.contains("what a user wrote"),
            "{said}"
        );
        assert!(home.backups.keys().is_empty());
    }
}

#[tokio::test]
async fn an_export_that_is_too_slow_makes_no_backup() {
    let (mut home, service) = region("us-east-1", DATA).await;
    home.users(service.export_within(1), None);
    // It never answers, however slow this machine is.
    service.inner().takes = Duration::from_secs(3600);
    let failed = home.ask(json!({"action": "create"}), 60).await.unwrap_err();
    assert_eq!(failed.name(), "Unavailable", "{failed}");
    assert!(failed.to_string().contains("it took too long"), "{failed}");
    assert!(home.backups.keys().is_empty());
}

#[tokio::test]
async fn a_service_that_streams_its_export_is_read_to_its_end() {
    let (home, service) = region("us-east-1", "").await;
    let text = format!("{:?}", "x".repeat(900));
    service.streams(text.into());
    assert_eq!(
        home.create(60).await.services["users"][&"export.json".parse().unwrap()].bytes,
        902
    );
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_named() {
    let (mut home, service) = region("us-east-1", DATA).await;
    let Place::Http(mut export) = service.export() else {
        panic!("another place")
    };
    export.secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:gone".into();
    home.users(Place::Http(export), None);
    let failed = home.ask(json!({"action": "create"}), 60).await.unwrap_err();
    assert!(
        failed.to_string().contains("secret:gone in us-east-1"),
        "{failed}"
    );
    assert!(service.log().is_empty());
}

#[tokio::test]
async fn a_backup_of_files_is_not_imported() {
    let home = Region::home();
    home.create(60).await;
    let (standby, service) = region("us-west-2", DATA).await;
    home.backups.copy_to(&standby.backups);
    let refused = standby.ask(by_hand(), 120).await.unwrap_err();
    assert_eq!(refused.name(), "Refused");
    let said = refused.to_string();
    assert!(
        said.contains("takes export.json and the backup has db.json"),
        "{said}"
    );
    assert!(!service.log().contains(&"import".to_owned()));
}

#[tokio::test]
async fn what_is_exported_is_told_as_what_was_backed_up() {
    let (home, _service) = region("us-east-1", DATA).await;
    let manifest = home.create(60).await;
    let contents = home
        .reply("a", json!({"action": "contents"}), 120)
        .await
        .unwrap();
    let Outcome::Contents { services } = contents else {
        panic!("{contents:?}")
    };
    let file = &manifest.services["users"][&"export.json".parse().unwrap()];
    assert_eq!(
        (services["users"].files, services["users"].bytes),
        (1, file.bytes)
    );
}

#[tokio::test]
async fn what_a_replaced_region_could_only_export_cannot_be_told_and_the_rest_is_saved() {
    let (home, service) = region("us-east-1", DATA).await;
    let against = home.create(60).await.backup;
    let asked = service.log().len();
    let event = json!({"action": "salvage", "epoch": 1, "against": against});
    let first = home.reply("a", event.clone(), 120).await.unwrap();
    let Outcome::Salvaged { salvaged } = &first else {
        panic!("{first:?}")
    };
    let why = &salvaged.lost.unknown["users"];
    assert!(
        why.contains("/export by its own tasks, and none runs"),
        "{why}"
    );
    assert!(salvaged.lost.services["posts"].is_empty());
    assert_eq!(service.log().len(), asked);
    assert_eq!(home.reply("b", event, 180).await.unwrap(), first);
}
