//! Each backup names the one before it, and what it was.

use lifeboat_backup::Outcome;
use lifeboat_core::{
    Failure,
    backup::{BackupKey, Chain, Damages, LONGEST_MANIFEST, Verified},
};
use serde_json::json;

use crate::region::Region;

const DAY: i64 = 24 * 3600;

async fn verify(region: &Region, backup: &str, at: i64) -> Result<Verified, Failure> {
    let event = json!({"action": "verify", "backup": backup});
    match region.ask(event, at).await? {
        Outcome::Verified { verified } => Ok(verified),
        other => panic!("{other:?}"),
    }
}

async fn broken(region: &Region, at: i64) -> Vec<String> {
    match region.ask(json!({"action": "prune"}), at).await.unwrap() {
        Outcome::Pruned(pruned) => pruned.broken,
        other => panic!("{other:?}"),
    }
}

fn noted(region: &Region) -> Vec<String> {
    let body = region.control.bucket().body(Damages::KEY);
    let damages: Option<Damages> = body.map(|body| serde_json::from_slice(&body).unwrap());
    let noted = damages.unwrap_or_default().objects;
    noted.into_keys().collect()
}

async fn three(home: &Region) -> [BackupKey; 3] {
    let mut all = vec![];
    for at in [60, 120, 180] {
        all.push(home.create(at).await.backup);
    }
    all.try_into().unwrap()
}

/// The same by what it says, and not by its bytes.
fn alter(region: &Region, backup: &BackupKey) {
    let manifest = serde_json::to_vec_pretty(&region.manifest(backup)).unwrap();
    region.backups.set(&backup.manifest(), manifest);
}

#[tokio::test]
async fn a_backup_is_verified_with_those_before_it() {
    let home = Region::home();
    let all = three(&home).await;
    for (holds, backup) in [(1, &all[0]), (2, &all[1]), (2, &all[2])] {
        let name = backup.name.to_string();
        let chain = verify(&home, &name, 240).await.unwrap().chain;
        let expected = Chain {
            holds,
            ..Chain::default()
        };
        assert_eq!(chain, expected, "{name}");
    }
    assert_eq!(broken(&home, 240).await, [""; 0]);
    assert!(noted(&home).is_empty());
}

#[tokio::test]
async fn one_that_was_altered_is_no_backup_any_more_and_is_no_fault_of_its_successors() {
    let home = Region::home();
    let all = three(&home).await;
    let standby = Region::new("us-west-2");
    home.backups.copy_to(&standby.backups);
    alter(&standby, &all[1]);
    let newest = verify(&standby, "newest", 240).await.unwrap();
    assert_eq!(newest.chain.holds, 1);
    let [said] = &newest.chain.broken[..] else {
        panic!("{:?}", newest.chain)
    };
    assert!(
        said.contains("was altered since") && said.contains("aws s3 cp --source-region us-east-1"),
        "{said}"
    );
    assert_eq!(noted(&standby), [all[1].manifest()]);
    let name = all[1].name.to_string();
    let refused = verify(&standby, &name, 300).await.unwrap_err();
    assert_eq!(refused.name(), "NotVerified");
    let restore = |backup: &str| json!({"action": "restore", "backup": backup});
    let refused = standby.ask(restore(&name), 300).await.unwrap_err();
    assert!(
        refused.to_string().contains("it is not what it was when"),
        "{refused}"
    );
    standby.ask(restore("newest"), 300).await.unwrap();
    // Brought back from the other region, as it says.
    home.backups.copy_to(&standby.backups);
    assert_eq!(broken(&standby, 360).await, [""; 0]);
    assert!(noted(&standby).is_empty());
    verify(&standby, &name, 420).await.unwrap();
}

#[tokio::test]
async fn one_that_was_taken_away_is_seen_by_the_daily_prune_until_it_is_back() {
    let home = Region::home();
    let all = three(&home).await;
    let body = home.backups.body(&all[1].manifest()).unwrap();
    home.backups.remove(&all[1].manifest());
    for at in [DAY, 2 * DAY] {
        let broken = broken(&home, at).await;
        assert_eq!(broken.len(), 1);
        assert!(broken[0].contains("is gone, though"), "{broken:?}");
        assert_eq!(noted(&home), [all[1].manifest()]);
    }
    let chain = verify(&home, "newest", 2 * DAY).await.unwrap().chain;
    assert_eq!((chain.holds, chain.broken.len()), (0, 1));
    home.backups.set(&all[1].manifest(), body);
    assert_eq!(broken(&home, 3 * DAY).await, [""; 0]);
    assert!(noted(&home).is_empty());
}

#[tokio::test]
async fn what_a_prune_took_is_known_to_be_gone_whether_its_record_can_be_read_or_not() {
    let home = Region::home();
    home.create(0).await;
    home.create(8 * DAY).await;
    assert_eq!(broken(&home, 9 * DAY).await, [""; 0]);
    let chain = verify(&home, "newest", 9 * DAY).await.unwrap().chain;
    assert_eq!((chain.pruned, chain.broken.len()), (1, 0));
    home.control.bucket().set("prune.json", "{");
    let chain = verify(&home, "newest", 9 * DAY).await.unwrap().chain;
    assert_eq!((chain.broken.len(), chain.unclear.len()), (0, 1));
    assert!(chain.unclear[0].contains("prune.json"), "{chain:?}");
    assert!(noted(&home).is_empty());
}

#[tokio::test]
async fn a_backup_after_one_whose_manifest_is_torn_names_it_all_the_same() {
    use sha2::Digest;
    let home = Region::home();
    let torn = home.create(60).await.backup;
    home.backups.set(&torn.manifest(), "{");
    let next = home.created(120).await;
    let previous = home.manifest(&next.backup).previous.unwrap();
    assert_eq!(previous.backup, torn);
    assert_eq!(previous.sha256, hex::encode(sha2::Sha256::digest("{")));
    assert_eq!(noted(&home), [torn.manifest()]);
}

#[tokio::test]
async fn a_backup_after_one_whose_manifest_is_longer_than_any_begins_a_chain_and_says_why() {
    let home = Region::home();
    let first = home.created(60).await;
    assert_eq!(first.warnings, [""; 0]);
    let long = vec![b' '; LONGEST_MANIFEST as usize + 1];
    home.backups.set(&first.backup.manifest(), long);
    let next = home.created(120).await;
    let [said] = &next.warnings[..] else {
        panic!("{:?}", next.warnings)
    };
    let name = first.backup.name;
    assert!(
        said.contains(&format!("a chain of its own, although {name}")) && said.contains("bytes"),
        "{said}"
    );
    let manifest = home.manifest(&next.backup);
    assert_eq!(
        (manifest.previous, manifest.warnings),
        (None, next.warnings)
    );
    assert_eq!(noted(&home), [first.backup.manifest()]);
}

#[tokio::test]
async fn in_the_other_region_what_has_not_come_yet_is_not_missing() {
    let home = Region::home();
    let all = three(&home).await;
    let standby = Region::new("us-west-2");
    home.backups.copy_to(&standby.backups);
    standby.backups.remove(&all[1].manifest());
    let chain = verify(&standby, "newest", 240).await.unwrap().chain;
    assert_eq!((chain.broken.len(), chain.unclear.len()), (0, 1));
    assert!(noted(&standby).is_empty());
    let chain = verify(&standby, "newest", 2 * DAY).await.unwrap().chain;
    assert_eq!((chain.broken.len(), chain.unclear.len()), (1, 0));
    assert_eq!(noted(&standby), [all[1].manifest()]);
}
