use std::collections::BTreeSet;

use jiff::Timestamp;
use lifeboat_backup::{Kept, Outcome};
use lifeboat_core::backup::{
    Archive, Asked, BackupKey, Readable,
    keep::{Keep, KeptCopy},
};
use serde_json::json;

use crate::region::Region;

const DAY: i64 = 24 * 3600;

fn region(keep: Keep) -> Region {
    let mut home = Region::home();
    home.configuration.backup_keep = keep;
    home
}

const DAILY: Keep = Keep {
    daily: 2,
    weekly: 0,
    monthly: 0,
};

async fn keep(region: &Region, at: i64) -> Kept {
    match region.ask(json!({"action": "keep"}), at).await.unwrap() {
        Outcome::Kept(kept) => kept,
        other => panic!("{other:?}"),
    }
}

fn copies(region: &Region) -> BTreeSet<BackupKey> {
    let keys = region.backups.keys();
    let manifests = keys.iter().filter(|key| key.ends_with("manifest.json"));
    manifests
        .filter_map(|key| BackupKey::of_kept(key))
        .collect()
}

fn in_copies(region: &Region) -> usize {
    let keys = region.backups.keys();
    keys.iter().filter(|key| key.starts_with("kept/")).count()
}

#[tokio::test]
async fn of_each_day_the_first_backup_is_copied_with_all_its_packs_and_the_old_copies_go() {
    let home = region(DAILY);
    for day in 0..4 {
        let first = home.create(day * DAY + 3600).await;
        home.create(day * DAY + 7200).await;
        let kept = keep(&home, day * DAY + 9000).await;
        assert_eq!(kept.made, std::slice::from_ref(&first.backup));
        assert_eq!(kept.removed.len(), usize::from(day >= 2));
        assert!(copies(&home).contains(&first.backup));
        let again = keep(&home, day * DAY + 9060).await;
        assert_eq!(again, Kept::default(), "done twice is done once");
    }
    assert_eq!(copies(&home).len(), 2);
    assert_eq!(in_copies(&home), 4, "a manifest and a pack each");
}

#[tokio::test]
async fn a_copy_needs_nothing_else_is_told_as_a_copy_and_is_no_backup_that_a_prune_sees() {
    let home = region(DAILY);
    let backup = home.create(3600).await.backup;
    keep(&home, 7200).await;
    let original = home.backups.body(&backup.manifest());
    for key in home.backups.keys() {
        if !key.starts_with("kept/") {
            home.backups.remove(&key);
        }
    }
    let copy = format!("{}{}", backup.kept(), backup.manifest());
    assert_eq!(home.backups.body(&copy), original, "byte for byte");
    let listed = home.ask(json!({"action": "list"}), 7200).await.unwrap();
    let Outcome::Listed { backups, kept, .. } = listed else {
        panic!("{listed:?}")
    };
    assert_eq!(backups, []);
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].backup, backup);
    let before = in_copies(&home);
    home.ask(json!({"action": "prune"}), 90 * DAY)
        .await
        .unwrap();
    assert_eq!(in_copies(&home), before);
}

#[tokio::test]
async fn killed_anywhere_a_copy_is_gone_on_with_and_one_without_its_manifest_is_none() {
    for writes in 0..8 {
        let home = region(DAILY);
        for day in 0..3 {
            home.write("users", &format!(r#"{{"users":[{day}]}}"#));
            home.create(day * DAY + 3600).await;
            home.backups.writes_left.set(Some(writes));
            let _ = home.ask(json!({"action": "keep"}), day * DAY + 7200).await;
            home.backups.writes_left.set(None);
            for copy in copies(&home) {
                let manifest = home.manifest(&copy);
                for pack in &manifest.packs {
                    let key = format!("{}{}", copy.kept(), pack.id.key());
                    assert!(home.backups.body(&key).is_some(), "{key}");
                }
            }
        }
        keep(&home, 3 * DAY).await;
        let left = copies(&home);
        assert_eq!(left.len(), 2, "{writes}");
        let named = left.iter().map(|copy| 1 + home.manifest(copy).packs.len());
        assert_eq!(
            in_copies(&home),
            named.sum::<usize>(),
            "and nothing is left over"
        );
    }
}

#[tokio::test]
async fn one_that_is_not_whole_is_not_kept_and_another_of_its_day_is() {
    let home = region(DAILY);
    let damaged = home.create(3600).await.backup;
    home.write("users", r#"{"users":[2]}"#);
    home.write("posts", r#"{"posts":[2]}"#);
    let whole = home.create(7200).await.backup;
    home.backups.set(&damaged.manifest(), "{}");
    assert_eq!(keep(&home, 9000).await.made, [whole]);
}

/// A passive region with a copy of a backup that is among the others no more, and its objects.
async fn kept_only() -> (Region, BackupKey, Vec<String>) {
    let home = region(DAILY);
    let backup = home.create(3600).await.backup;
    keep(&home, 7200).await;
    home.write("users", r#"{"users":["later"]}"#);
    home.write("posts", r#"{"posts":["later"]}"#);
    for day in [20, 21, 23] {
        home.create(day * DAY).await;
        home.ask(json!({"action": "prune"}), day * DAY + 60)
            .await
            .unwrap();
    }
    assert_eq!(home.backups.body(&backup.manifest()), None);
    let standby = Region::new("us-west-2");
    home.backups.copy_to(&standby.backups);
    let mut objects = standby.backups.keys();
    objects.retain(|key| key.starts_with(&backup.kept()));
    (standby, backup, objects)
}

async fn list(region: &Region) -> Vec<KeptCopy> {
    let listed = region.ask(json!({"action": "list"}), 23 * DAY).await;
    let Ok(Outcome::Listed { kept, .. }) = listed else {
        panic!("{listed:?}")
    };
    kept
}

#[tokio::test]
async fn a_backup_that_is_only_kept_is_restored_previewed_and_verified_from_its_copy_by_its_name() {
    let (standby, backup, objects) = kept_only().await;
    let told = &list(&standby).await[0];
    assert_eq!(told.backup, backup);
    assert_eq!(told.readable, Readable::AtOnce);
    let bytes = objects.iter().map(|key| standby.backups.body(key).unwrap());
    assert_eq!(told.bytes, bytes.map(|body| body.len() as u64).sum::<u64>());
    let ask = async |action: &str| {
        let event = json!({"action": action, "backup": backup.name});
        standby.ask(event, 23 * DAY).await
    };
    let Outcome::Verified { verified } = ask("verify").await.unwrap() else {
        panic!("another outcome")
    };
    assert_eq!(verified.backup, backup);
    let Outcome::Previewed { preview } = ask("preview").await.unwrap() else {
        panic!("another outcome")
    };
    assert_eq!(preview.refused, Vec::<String>::new());
    assert_eq!(preview.services["users"].put.len(), 1);
    ask("restore").await.unwrap();
    let ada = r#"{"users":[{"id":"1","name":"ada"}]}"#;
    assert_eq!(standby.read("users"), ada);
    // A copy is no backup that has what a later restore replaces.
    let newest = json!({"action": "restore", "backup": "newest"});
    standby.ask(newest, 23 * DAY).await.unwrap();
    assert_eq!(standby.only("replaced/").services.len(), 2);
    let unknown = json!({"action": "verify", "backup": "backup-20200101-000000"});
    assert_eq!(
        standby.ask(unknown, 23 * DAY).await.unwrap_err().name(),
        "Invalid"
    );
}

#[tokio::test]
async fn a_copy_in_glacier_is_refused_with_what_asks_it_back_and_read_when_it_is_there() {
    let (standby, backup, objects) = kept_only().await;
    let events = ["restore", "verify"];
    let events = events.map(|action| json!({"action": action, "backup": backup.name}));
    let refused = async |says: &str| {
        for event in &events {
            let refused = standby.ask(event.clone(), 23 * DAY).await.unwrap_err();
            assert_eq!(refused.name(), "Refused", "{refused}");
            let said = refused.to_string();
            assert!(
                said.contains(says) && said.contains("3 to 5 hours"),
                "{said}"
            );
        }
        let event = json!({"action": "preview", "backup": backup.name});
        let Ok(Outcome::Previewed { preview }) = standby.ask(event, 23 * DAY).await else {
            panic!("it says why instead")
        };
        assert!(preview.refused[0].contains(says), "{preview:?}");
        assert!(!standby.data("users").exists());
    };
    let mut moved = objects.iter();
    // The lifecycle leaves what is small where it is.
    let pack = moved.find(|key| key.contains("/packs/")).unwrap();
    standby.backups.moved(pack, "GLACIER", None);
    let archive = Archive::Glacier;
    let told = &list(&standby).await[0];
    assert_eq!(told.readable, Readable::Archived { archive });
    assert_eq!(told.classes.len(), 2, "{told:?}");
    let command = format!("--bucket backups --prefix {} --query", backup.kept());
    refused(&command).await;
    refused("aws s3api restore-object --region us-west-2").await;
    standby.backups.moved(pack, "GLACIER", Some(Asked::Coming));
    refused("is on its way").await;
    let moment = Timestamp::from_second(30 * DAY).unwrap();
    let back = Some(Asked::Until(moment));
    standby.backups.moved(pack, "GLACIER", back);
    assert_eq!(list(&standby).await[0].readable, Readable::Until { moment });
    for event in events {
        standby.ask(event, 23 * DAY).await.unwrap();
    }
}

#[tokio::test]
async fn of_a_copy_that_is_damaged_nothing_is_restored_and_a_half_made_one_is_none() {
    let (standby, backup, objects) = kept_only().await;
    let event = json!({"action": "restore", "backup": backup.name});
    let pack = objects.iter().find(|key| key.contains("/packs/")).unwrap();
    standby.backups.set(pack, b"not what it was".to_vec());
    let refused = standby.ask(event.clone(), 23 * DAY).await.unwrap_err();
    assert_eq!(refused.name(), "NotVerified", "{refused}");
    assert!(!standby.data("users").exists());
    standby
        .backups
        .remove(&format!("{}{}", backup.kept(), backup.manifest()));
    assert_eq!(list(&standby).await, []);
    let unknown = standby.ask(event, 23 * DAY).await.unwrap_err();
    assert_eq!(unknown.name(), "Invalid", "{unknown}");
}

#[tokio::test]
async fn each_region_keeps_what_has_come_to_it() {
    let home = region(DAILY);
    let backup = home.create(3600).await.backup;
    let standby = region(DAILY);
    home.backups.copy_to(&standby.backups);
    assert_eq!(keep(&standby, 7200).await.made, [backup]);
}

#[tokio::test]
async fn out_of_time_it_fails_so_that_the_next_invocation_goes_on() {
    let home = region(DAILY);
    home.create(3600).await;
    home.until.set(Timestamp::MIN);
    let failure = home.ask(json!({"action": "keep"}), 7200).await.unwrap_err();
    assert_eq!(failure.name(), "Unfinished");
    home.until.set(Timestamp::MAX);
    assert_eq!(keep(&home, 7200).await.made.len(), 1);
}

#[tokio::test]
async fn out_of_time_no_copy_is_removed_and_the_next_invocation_removes_them() {
    let mut home = region(DAILY);
    for day in 0..2 {
        home.create(day * DAY + 3600).await;
        keep(&home, day * DAY + 7200).await;
    }
    home.configuration.backup_keep = Keep { daily: 1, ..DAILY };
    home.until.set(Timestamp::MIN);
    let event = json!({"action": "keep"});
    let failure = home.ask(event, 2 * DAY).await.unwrap_err();
    assert_eq!(failure.name(), "Unfinished");
    assert_eq!(copies(&home).len(), 2);
    home.until.set(Timestamp::MAX);
    assert_eq!(keep(&home, 2 * DAY).await.removed.len(), 1);
    assert_eq!(copies(&home).len(), 1);
}

#[tokio::test]
async fn nothing_is_kept_where_nobody_asks_for_it() {
    let home = region(Keep::default());
    home.create(3600).await;
    assert_eq!(keep(&home, 7200).await, Kept::default());
}
