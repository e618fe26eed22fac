use std::fs;

use lifeboat_backup::Outcome;
use lifeboat_core::Epoch;
use serde_json::json;

use crate::region::{Region, by_execution, lease};

#[tokio::test]
async fn what_was_backed_up_in_one_region_is_restored_byte_for_byte_in_the_other() {
    let home = Region::home();
    home.create(60).await;
    let standby = Region::new("us-west-2").leased();
    home.backups.copy_to(&standby.backups);
    let outcome = standby.ask(by_execution("newest"), 120).await.unwrap();
    assert!(matches!(outcome, Outcome::Restored { .. }));
    for service in ["users", "posts"] {
        assert_eq!(standby.read(service), home.read(service));
    }
}

#[tokio::test]
async fn a_manifest_that_is_no_manifest_or_lacks_a_service_is_refused() {
    let home = Region::home();
    let manifest = home.create(60).await;
    let name = manifest.backup.manifest();
    let mut lacking = manifest.clone();
    lacking.services.remove("users");
    for body in [b"{}".to_vec(), serde_json::to_vec(&lacking).unwrap()] {
        let standby = Region::new("us-west-2").leased();
        home.backups.copy_to(&standby.backups);
        standby.backups.set(&name, body);
        let refused = standby.ask(by_execution("newest"), 120).await.unwrap_err();
        assert_eq!(refused.name(), "NotVerified", "{refused}");
    }
}

#[tokio::test]
async fn a_restore_keeps_what_it_replaces_as_a_backup_of_its_own_and_done_twice_is_done_once() {
    let home = Region::home();
    home.create(60).await;
    let standby = Region::new("us-west-2").leased();
    standby.write("users", r#"{"users":["before"#);
    fs::write(standby.data("users").with_file_name("old.txt"), "more").unwrap();
    home.backups.copy_to(&standby.backups);
    for at in [120, 180] {
        standby.ask(by_execution("newest"), at).await.unwrap();
        assert_eq!(standby.read("users"), home.read("users"));
        assert!(!standby.data("users").with_file_name("old.txt").exists());
        let kept = standby.only("replaced/");
        let files = &kept.services["users"];
        let names: Vec<&str> = files.keys().map(|path| path.as_str()).collect();
        assert_eq!(names, ["db.json", "old.txt"]);
        assert_eq!(kept.services.len(), 1, "posts were not there");
    }
    let left = fs::read_dir(standby.folder.path().join("users"))
        .unwrap()
        .count();
    assert_eq!(left, 1, "and nothing is left beside it");
}

#[tokio::test]
async fn a_restore_that_cannot_keep_what_it_replaces_replaces_nothing() {
    let home = Region::home();
    home.create(60).await;
    let standby = Region::new("us-west-2").leased();
    standby.write("users", r#"{"users":["before"]}"#);
    home.backups.copy_to(&standby.backups);
    for writes in 0..2 {
        standby.backups.writes_left.set(Some(writes));
        assert!(standby.ask(by_execution("newest"), 120).await.is_err());
        assert_eq!(standby.read("users"), r#"{"users":["before"]}"#);
        assert!(!standby.data("posts").exists());
    }
}

#[tokio::test]
async fn a_rehearsed_restore_touches_no_data_leaves_nothing_and_refuses_what_a_restore_would() {
    let home = Region::home();
    let manifest = home.create(60).await;
    let standby = Region::new("us-west-2").leased();
    standby.write("users", r#"{"users":["before"]}"#);
    let left = standby.folder.path().join(".lifeboat-scratch/users");
    fs::create_dir_all(&left).unwrap();
    home.backups.copy_to(&standby.backups);
    let mut rehearse = by_execution("newest");
    rehearse["scratch"] = true.into();
    let outcome = standby.ask(rehearse.clone(), 120).await.unwrap();
    let Outcome::Restored { restored, .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(restored.backup, manifest.backup);
    assert_eq!(standby.read("users"), r#"{"users":["before"]}"#);
    assert!(!standby.data("posts").exists() && !left.parent().unwrap().exists());
    let pack = standby.packs().pop().unwrap();
    standby.backups.set(&pack, b"not what it was".to_vec());
    let refused = standby.ask(rehearse.clone(), 120).await.unwrap_err();
    assert_eq!(refused.name(), "NotVerified");
    standby.state(|_| {});
    assert_eq!(
        standby.ask(rehearse, 120).await.unwrap_err().name(),
        "Stale"
    );
}

#[tokio::test]
async fn whoever_does_not_hold_the_lease_restores_nothing() {
    let home = Region::home();
    home.create(60).await;
    let standby = Region::new("us-west-2").leased();
    home.backups.copy_to(&standby.backups);
    for (arn, epoch) in [("b", 1), ("a", 3)] {
        let event = json!({"action": "restore", "backup": "newest", "execution": {"arn": arn, "epoch": epoch}});
        assert_eq!(standby.ask(event, 120).await.unwrap_err().name(), "Stale");
    }
    let by_hand = json!({"action": "restore", "backup": "newest"});
    let refused = standby.ask(by_hand.clone(), 120).await.unwrap_err();
    assert_eq!(refused.name(), "Refused");
    assert_eq!(
        home.ask(by_hand.clone(), 120).await.unwrap_err().name(),
        "Refused"
    );
    assert!(!standby.data("users").exists());
    standby.state(|_| {});
    assert!(standby.ask(by_hand, 120).await.is_ok());
}

#[tokio::test]
async fn a_restore_that_comes_after_the_region_was_activated_changes_nothing() {
    let home = Region::home();
    home.create(60).await;
    let standby = Region::new("us-west-2");
    home.backups.copy_to(&standby.backups);
    let me = standby.configuration.region.clone();
    standby.state(|state| {
        (state.epoch, state.lease) = (Epoch(1), Some(lease()));
        state.active = me.clone();
    });
    let late = standby.ask(by_execution("newest"), 120).await.unwrap_err();
    assert_eq!(late.name(), "Stale", "{late}");
    assert!(!standby.data("users").exists());
}

#[tokio::test]
async fn an_unknown_backup_is_refused_and_the_newest_is_named() {
    let home = Region::home();
    home.create(60).await;
    let standby = Region::new("us-west-2").leased();
    home.backups.copy_to(&standby.backups);
    let refused = standby
        .ask(by_execution("backup-20200101-000000"), 120)
        .await;
    let said = refused.unwrap_err().to_string();
    assert!(
        said.contains("the newest is backup-19700101-000100"),
        "{said}"
    );
}

#[tokio::test]
async fn a_restore_follows_no_link_out_of_the_services_data() {
    let home = Region::home();
    fs::create_dir(home.folder.path().join("users/pictures")).unwrap();
    fs::write(home.folder.path().join("users/pictures/1"), "picture").unwrap();
    home.create(60).await;
    let standby = Region::new("us-west-2").leased();
    home.backups.copy_to(&standby.backups);
    let elsewhere = tempfile::tempdir().unwrap();
    fs::create_dir(standby.folder.path().join("users")).unwrap();
    let link = standby.folder.path().join("users/pictures");
    std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
    let refused = standby.ask(by_execution("newest"), 120).await.unwrap_err();
    assert_eq!(refused.name(), "Refused");
    assert!(
        refused.to_string().contains("users/pictures is a link"),
        "{refused}"
    );
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    assert!(!standby.data("users").exists());
}
