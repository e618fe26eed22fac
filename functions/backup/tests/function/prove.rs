//! That a backup can be restored is proven by restoring one.

use std::fs;

use jiff::Timestamp;
use lifeboat_backup::Outcome;
use lifeboat_core::backup::Proof;
use serde_json::{Value, json};

use crate::region::Region;

fn prove() -> Value {
    json!({"action": "prove"})
}

fn standby_of(home: &Region) -> Region {
    let standby = Region::new("us-west-2");
    home.backups.copy_to(&standby.backups);
    standby
}

fn proof(region: &Region) -> Option<Proof> {
    let body = region.control.bucket().body(Proof::KEY)?;
    Some(serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn a_backup_is_restored_beside_the_data_read_back_and_removed() {
    let home = Region::home();
    let manifest = home.create(60).await;
    let standby = standby_of(&home);
    standby.write("users", r#"{"users":["before"]}"#);
    fs::create_dir_all(standby.folder.path().join(".lifeboat-killed/users")).unwrap();
    fs::write(
        standby.folder.path().join(".lifeboat-killed/users/db.json"),
        "half",
    )
    .unwrap();
    for at in [120, 180] {
        let outcome = standby.ask(prove(), at).await.unwrap();
        let Outcome::Proved { proof: told } = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(proof(&standby), Some(told.clone()));
        assert_eq!(told.backup, Some(manifest.backup.clone()));
        assert_eq!((told.bytes, told.failed), (manifest.bytes(), None));
        assert_eq!(told.good.unwrap().as_second(), at);
    }
    assert_eq!(standby.read("users"), r#"{"users":["before"]}"#);
    let left = fs::read_dir(standby.folder.path()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["users"]);
}

#[tokio::test]
async fn a_region_that_serves_or_in_which_an_execution_is_at_work_proves_nothing() {
    let home = Region::home();
    home.create(60).await;
    let outcome = home.ask(prove(), 120).await.unwrap();
    assert!(matches!(outcome, Outcome::Active { .. }), "{outcome:?}");
    let leased = standby_of(&home).leased();
    let outcome = leased.ask(prove(), 120).await.unwrap();
    assert!(matches!(outcome, Outcome::Busy { .. }), "{outcome:?}");
    assert_eq!((proof(&home), proof(&leased)), (None, None));
    let outcome = Region::new("us-west-2").ask(prove(), 120).await.unwrap();
    assert!(
        matches!(outcome, Outcome::Busy { .. }),
        "before the first backup"
    );
}

#[tokio::test]
async fn a_proof_that_fails_is_recorded_beside_the_last_good_one_and_is_an_error() {
    let home = Region::home();
    home.create(60).await;
    let standby = standby_of(&home);
    standby.ask(prove(), 120).await.unwrap();
    let pack = standby.packs().pop().unwrap();
    let whole = standby.backups.body(&pack).unwrap();
    let mut flipped = whole.clone();
    flipped[30] ^= 1;
    for (body, says) in [(Some(flipped), "packs/"), (None, "none of 1 backups")] {
        match body {
            Some(body) => standby.backups.set(&pack, body),
            None => standby.backups.remove(&pack),
        }
        let failed = standby.ask(prove(), 180).await.unwrap_err();
        assert_eq!(failed.name(), "NotVerified", "{failed}");
        let recorded = proof(&standby).unwrap();
        assert_eq!(
            recorded.failed.as_deref(),
            Some(failed.to_string().as_str())
        );
        assert!(failed.to_string().contains(says), "{failed}");
        assert_eq!(
            (recorded.bytes, recorded.good.unwrap().as_second()),
            (0, 120)
        );
    }
    standby.backups.set(&pack, whole);
    standby.ask(prove(), 240).await.unwrap();
    assert_eq!(proof(&standby).unwrap().good.unwrap().as_second(), 240);
    let left = fs::read_dir(standby.folder.path()).unwrap().count();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn one_that_takes_too_long_says_how_far_it_came_and_the_next_one_begins_anew() {
    let home = Region::home();
    let manifest = home.create(60).await;
    let standby = standby_of(&home);
    standby.ask(prove(), 120).await.unwrap();
    standby.backups.hangs.set(Some("packs/".into()));
    standby
        .until
        .set(Timestamp::from_millisecond(180_100).unwrap());
    let failed = standby.ask(prove(), 180).await.unwrap_err();
    assert_eq!(failed.name(), "TimedOut");
    let recorded = proof(&standby).unwrap();
    let said = recorded.failed.unwrap();
    let far = format!("did not finish: 0 of {} bytes", manifest.bytes());
    assert!(said.contains(&far), "{said}");
    assert_eq!(recorded.backup, Some(manifest.backup));
    assert_eq!(recorded.good.unwrap().as_second(), 120);
    standby.backups.hangs.set(None);
    standby.until.set(Timestamp::MAX);
    standby.ask(prove(), 240).await.unwrap();
    assert_eq!(proof(&standby).unwrap().good.unwrap().as_second(), 240);
    let left = fs::read_dir(standby.folder.path()).unwrap().count();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn one_that_cannot_be_recorded_fails_and_one_that_cannot_be_read_is_begun_anew() {
    let home = Region::home();
    home.create(60).await;
    let standby = standby_of(&home);
    let bucket = standby.control.bucket();
    bucket.writes_left.set(Some(0));
    assert_eq!(
        standby.ask(prove(), 120).await.unwrap_err().name(),
        "Unavailable"
    );
    bucket.writes_left.set(None);
    bucket.set(Proof::KEY, "{");
    standby.ask(prove(), 120).await.unwrap();
    assert_eq!(proof(&standby).unwrap().good.unwrap().as_second(), 120);
}

#[tokio::test]
async fn which_backup_is_proven_is_chance_and_one_that_is_not_whole_is_passed_over() {
    let home = Region::home();
    let mut all = vec![];
    for at in [60, 120, 180] {
        all.push(home.create(at).await.backup);
    }
    let standby = standby_of(&home);
    let proven = async |at| {
        standby.ask(prove(), at).await.unwrap();
        proof(&standby).unwrap().backup.unwrap()
    };
    // A second is so many nanoseconds that three of them take turns.
    let mut each = vec![proven(200).await, proven(201).await, proven(202).await];
    each.sort();
    assert_eq!(each, all);
    standby.backups.set(&all[0].manifest(), "{");
    for at in 203..206 {
        assert_ne!(proven(at).await, all[0]);
    }
}
