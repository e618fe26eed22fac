use std::fs;

use lifeboat_backup::Outcome;
use lifeboat_core::{Epoch, backup::BackupKey};
use serde_json::json;

use crate::region::{Region, by_execution};

#[tokio::test]
async fn the_manifest_is_written_last_and_a_backup_killed_before_it_does_not_exist() {
    for writes in 0..2 {
        let home = Region::home();
        home.backups.writes_left.set(Some(writes));
        assert!(home.ask(json!({"action": "create"}), 60).await.is_err());
        let listed = home.ask(json!({"action": "list"}), 60).await.unwrap();
        assert_eq!(
            listed,
            Outcome::Listed {
                backups: vec![],
                kept: vec![],
                notes: vec![]
            }
        );
        home.backups.writes_left.set(None);
        home.create(60).await;
    }
}

#[tokio::test]
async fn two_in_the_same_second_are_one() {
    let home = Region::home();
    let first = home.create(60).await;
    let before = home.read("users");
    home.write("users", r#"{"users":[]}"#);
    assert_eq!(home.create(60).await, first);
    let standby = Region::new("us-west-2").leased();
    home.backups.copy_to(&standby.backups);
    standby.ask(by_execution("newest"), 120).await.unwrap();
    assert_eq!(standby.read("users"), before, "and it can be restored");
}

#[tokio::test]
async fn data_that_is_missing_or_not_json_is_refused_before_anything_is_written() {
    let missing = Region::home();
    fs::remove_file(missing.data("posts")).unwrap();
    let torn = Region::home();
    torn.write("posts", r#"{"posts":[{"id""#);
    let two = Region::home();
    two.write("posts", "{} {}");
    for region in [missing, torn, two] {
        let refused = region
            .ask(json!({"action": "create"}), 60)
            .await
            .unwrap_err();
        assert_eq!(refused.name(), "Invalid");
        let said = refused.to_string();
        assert!(
            said.contains("data of posts") && said.contains("/posts"),
            "{said}"
        );
        assert!(region.backups.keys().is_empty());
    }
}

#[tokio::test]
async fn a_region_that_is_not_active_answers_passive_and_writes_nothing() {
    let standby = Region::new("us-west-2");
    let answer = standby.ask(json!({"action": "create"}), 60).await.unwrap();
    assert!(matches!(answer, Outcome::Passive { .. }));
    let home = Region::home();
    let replica = BackupKey {
        epoch: Epoch(1),
        region: standby.configuration.region.clone(),
        name: "backup-20241123-120000".parse().unwrap(),
    };
    home.backups.set(&replica.manifest(), "{}");
    let answer = home.ask(json!({"action": "create"}), 60).await.unwrap();
    assert!(matches!(
        answer,
        Outcome::Passive {
            epoch: Epoch(1),
            ..
        }
    ));
    assert_eq!(home.backups.keys().len(), 1);
}

#[tokio::test]
async fn an_unchanged_source_costs_a_manifest_and_a_changed_one_what_changed() {
    let home = Region::home();
    let first = home.created(60).await;
    assert!(first.sent > 0);
    let packs = home.packs();
    let second = home.created(120).await;
    assert_eq!((second.sent, home.packs()), (0, packs.clone()));
    assert_eq!((second.files, second.bytes), (first.files, first.bytes));
    home.write("users", r#"{"users":[]}"#);
    let third = home.created(180).await;
    assert!(third.sent > 0);
    let third = home.manifest(&third.backup);
    assert_eq!(home.packs().len(), packs.len() + 1);
    assert_eq!(third.previous.unwrap().backup, second.backup);
}

#[tokio::test]
async fn a_backup_names_its_predecessor_and_what_it_was() {
    use sha2::Digest;
    let home = Region::home();
    let first = home.create(60).await;
    assert_eq!(first.previous, None);
    let second = home.create(120).await;
    let bytes = home.backups.body(&first.backup.manifest()).unwrap();
    let link = second.previous.unwrap();
    assert_eq!(link.backup, first.backup);
    assert_eq!(link.sha256, hex::encode(sha2::Sha256::digest(bytes)));
}

#[tokio::test]
async fn one_that_was_killed_is_gone_on_with() {
    let home = Region::home();
    home.backups.writes_left.set(Some(1));
    assert!(home.ask(json!({"action": "create"}), 60).await.is_err());
    let packs = home.packs();
    assert_eq!(packs.len(), 1);
    home.backups.writes_left.set(None);
    assert_eq!(home.created(120).await.sent, 0);
    assert_eq!(home.packs(), packs);
}

#[tokio::test]
async fn what_is_gone_from_the_bucket_is_stored_again() {
    let home = Region::home();
    home.create(60).await;
    let pack = home.packs().pop().unwrap();
    home.backups.remove(&pack);
    assert!(home.created(120).await.sent > 0);
    assert_eq!(home.packs(), [pack]);
}
