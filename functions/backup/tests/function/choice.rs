//! Which backup a person restores, of which services, and in spite of what.

use std::fs;

use lifeboat_backup::Outcome;
use lifeboat_core::{
    Epoch, Failure,
    backup::{BackupKey, Manifest},
};
use serde_json::{Value, json};

use crate::region::Region;

/// A passive region in which nothing is at work.
async fn standby_of(home: &Region) -> Region {
    let standby = Region::new("us-west-2");
    home.backups.copy_to(&standby.backups);
    standby
}

async fn restore(region: &Region, backup: &str, more: Value) -> Result<Outcome, Failure> {
    let mut event = json!({"action": "restore", "backup": backup});
    let fields = event.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    region.ask(event, 600).await
}

#[tokio::test]
async fn the_newest_before_a_moment_is_restored() {
    let home = Region::home();
    let before = home.read("posts");
    home.create(60).await;
    home.write("posts", r#"{"posts":["garbled"]}"#);
    home.create(120).await;
    let standby = standby_of(&home).await;
    restore(&standby, "newest", json!({})).await.unwrap();
    assert_eq!(standby.read("posts"), home.read("posts"));
    restore(&standby, "before 1970-01-01T00:02:00Z", json!({}))
        .await
        .unwrap();
    assert_eq!(standby.read("posts"), before);
    let none = restore(&standby, "before 1970-01-01T00:01:00Z", json!({})).await;
    let none = none.unwrap_err().to_string();
    assert!(none.contains("backup-19700101-000100"), "{none}");
}

#[tokio::test]
async fn one_service_is_restored_and_the_others_are_left_alone() {
    let home = Region::home();
    home.create(60).await;
    let standby = standby_of(&home).await;
    standby.write("users", r#"{"users":["before"]}"#);
    let outcome = restore(&standby, "newest", json!({"services": ["posts"]})).await;
    let Ok(Outcome::Restored { restored, .. }) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(restored.services.keys().collect::<Vec<_>>(), ["posts"]);
    assert_eq!(standby.read("posts"), home.read("posts"));
    assert_eq!(standby.read("users"), r#"{"users":["before"]}"#);
}

#[tokio::test]
async fn what_two_restores_replace_in_one_second_is_kept_by_both() {
    let home = Region::home();
    home.create(60).await;
    let standby = standby_of(&home).await;
    for service in ["users", "posts"] {
        standby.write(service, &format!(r#"{{"{service}":["replaced"]}}"#));
        let only = json!({"services": [service]});
        restore(&standby, "newest", only).await.unwrap();
    }
    let keys = standby.backups.keys();
    let kept = keys.iter().filter(|key| key.starts_with("replaced/"));
    assert_eq!(kept.count(), 2, "{keys:?}");
}

#[tokio::test]
async fn an_unknown_service_or_none_at_all_is_refused_and_the_known_ones_are_named() {
    let home = Region::home();
    home.create(60).await;
    let standby = standby_of(&home).await;
    for services in [json!(["pots"]), json!(["users", "pots"]), json!([])] {
        let refused = restore(&standby, "newest", json!({"services": services})).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.name(), "Invalid");
        let said = refused.to_string();
        assert!(
            said.contains("services: expected some of users, posts"),
            "{said}"
        );
    }
    assert!(!standby.data("users").exists());
}

#[tokio::test]
async fn a_backup_that_lacks_a_service_or_its_pack_can_still_bring_back_another() {
    let home = Region::home();
    home.create(60).await;
    home.write("users", r#"{"users":["new"]}"#);
    let manifest = home.create(120).await;
    let users = manifest.needed(["users"]).next().unwrap().id.key();
    let name = manifest.backup.manifest();
    let mut lacking: Manifest = manifest.clone();
    lacking.services.remove("users");
    for damage in [Some(serde_json::to_vec(&lacking).unwrap()), None] {
        let standby = standby_of(&home).await;
        match damage {
            Some(manifest) => standby.backups.set(&name, manifest),
            None => standby.backups.remove(&users),
        }
        for all in [json!({}), json!({"services": ["users"]})] {
            let refused = restore(&standby, "newest", all).await.unwrap_err();
            assert_eq!(refused.name(), "NotVerified", "{refused}");
        }
        assert!(!standby.data("posts").exists());
        let only = json!({"services": ["posts"]});
        restore(&standby, "newest", only).await.unwrap();
        assert_eq!(standby.read("posts"), home.read("posts"));
    }
}

#[tokio::test]
async fn a_backup_of_a_lower_epoch_is_restored_only_with_a_reason_which_is_told() {
    let home = Region::home();
    let old = home.create(60).await.backup;
    let standby = standby_of(&home).await;
    let me = standby.configuration.region.clone();
    let newer = BackupKey {
        epoch: Epoch(1),
        region: me,
        name: "backup-19700101-000200".parse().unwrap(),
    };
    standby.backups.set(&newer.manifest(), "{}");
    let name = old.name.to_string();
    for choice in [name.as_str(), "before 1970-01-01T00:02:00Z"] {
        let refused = restore(&standby, choice, json!({})).await.unwrap_err();
        assert_eq!(refused.name(), "Refused");
        assert!(
            refused.to_string().contains("overrides.lower_epoch"),
            "{refused}"
        );
        assert!(!standby.data("posts").exists());
    }
    let because = json!({"overrides": {"lower_epoch": "the newer one is garbled"}});
    let outcome = restore(&standby, &name, because).await.unwrap();
    let Outcome::Restored { overridden, .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(overridden.lower_epoch.unwrap(), "the newer one is garbled");
    assert_eq!(standby.read("posts"), home.read("posts"));
}

#[tokio::test]
async fn nobody_overrides_a_newer_format_or_damage() {
    let home = Region::home();
    let manifest = home.create(60).await;
    let body = home.backups.body(&manifest.backup.manifest()).unwrap();
    let newer = String::from_utf8(body).unwrap();
    let newer = newer.replace("\"format\":1", "\"format\":9");
    for (body, says) in [(newer.as_str(), "a newer version"), ("{", "not a manifest")] {
        let standby = standby_of(&home).await;
        standby.backups.set(&manifest.backup.manifest(), body);
        let because = json!({"overrides": {"lower_epoch": "I know better"}});
        let refused = restore(&standby, "newest", because).await.unwrap_err();
        assert_eq!(refused.name(), "NotVerified");
        assert!(refused.to_string().contains(says), "{refused}");
    }
}

#[tokio::test]
async fn an_execution_takes_everything_and_overrides_nothing() {
    let home = Region::home();
    home.create(60).await;
    let standby = standby_of(&home).await.leased();
    let execution = json!({"arn": "a", "epoch": 1});
    for (field, value) in [
        ("services", json!(["posts"])),
        ("overrides", json!({"lower_epoch": "why not"})),
    ] {
        let more = json!({"execution": execution, field: value});
        let refused = restore(&standby, "newest", more).await.unwrap_err();
        let said = refused.to_string();
        assert!(
            said.starts_with(field) && said.contains("for an execution"),
            "{said}"
        );
    }
    assert!(!standby.data("posts").exists());
}

#[tokio::test]
async fn what_a_restore_replaced_is_brought_back_by_its_name() {
    let home = Region::home();
    home.create(60).await;
    let standby = standby_of(&home).await;
    standby.write("users", r#"{"users":["before"]}"#);
    fs::create_dir_all(standby.folder.path().join("posts")).unwrap();
    restore(&standby, "newest", json!({})).await.unwrap();
    let replaced = standby.only("replaced/").backup.name.to_string();
    let refused = restore(&standby, &replaced, json!({})).await.unwrap_err();
    assert!(
        refused.to_string().contains("nothing of posts"),
        "{refused}"
    );
    let users = json!({"services": ["users"]});
    restore(&standby, &replaced, users).await.unwrap();
    assert_eq!(standby.read("users"), r#"{"users":["before"]}"#);
    assert_eq!(standby.read("posts"), home.read("posts"));
}
