//! What was found damaged is remembered, passed over, and stored anew.

use lifeboat_aws::backups::newest_whole;
use lifeboat_backup::Outcome;
use lifeboat_core::{
    Failure,
    backup::{BackupKey, Damages, Harm, Manifest},
};
use serde_json::{Value, json};

use crate::region::{Region, by_execution};

fn verify(backup: &str) -> Value {
    json!({"action": "verify", "backup": backup})
}

fn noted(region: &Region) -> Vec<String> {
    let body = region.control.bucket().body(Damages::KEY);
    let damages: Option<Damages> = body.map(|body| serde_json::from_slice(&body).unwrap());
    let noted = damages.unwrap_or_default().objects;
    noted.into_keys().collect()
}

fn flip(region: &Region, key: &str) {
    let mut body = region.backups.body(key).unwrap();
    body[30] ^= 1;
    region.backups.set(key, body);
}

async fn newest(region: &Region) -> Option<BackupKey> {
    let whole = newest_whole(&region.backups, &region.control, &region.configuration);
    whole.await.unwrap()
}

/// Two backups that have no pack in common.
async fn two(home: &Region) -> [Manifest; 2] {
    let first = home.create(60).await;
    home.write("users", r#"{"users":["new"]}"#);
    home.write("posts", r#"{"posts":["new"]}"#);
    [first, home.create(120).await]
}

fn standby_of(home: &Region) -> Region {
    let standby = Region::new("us-west-2");
    home.backups.copy_to(&standby.backups);
    standby
}

fn says_what_to_do(failure: &Failure, pack: &str) {
    assert_eq!(failure.name(), "NotVerified");
    let said = failure.to_string();
    let peer = "s3://123456789012-forum-backups-us-east-1/";
    assert!(
        said.contains("aws s3 cp --source-region us-east-1 --region us-west-2")
            && said.contains(&format!("{peer}{pack}")),
        "{said}"
    );
}

#[tokio::test]
async fn whatever_reads_a_damaged_pack_notes_it_and_an_older_backup_is_the_newest_whole_one() {
    let home = Region::home();
    let [old, new] = two(&home).await;
    let pack = new.packs[0].id.key();
    let execution = {
        let mut rehearse = by_execution("newest");
        rehearse["scratch"] = true.into();
        rehearse
    };
    let by_hand = json!({"action": "restore", "backup": "newest"});
    for (event, leased) in [
        (verify("newest"), false),
        (by_hand, false),
        (by_execution("newest"), true),
        (execution, true),
    ] {
        let mut standby = standby_of(&home);
        if leased {
            standby = standby.leased();
        }
        flip(&standby, &pack);
        assert_eq!(newest(&standby).await.as_ref(), Some(&new.backup));
        let failed = standby.ask(event.clone(), 180).await.unwrap_err();
        says_what_to_do(&failed, &pack);
        assert_eq!(noted(&standby), [pack.as_str()], "{event}");
        assert_eq!(newest(&standby).await.as_ref(), Some(&old.backup));
        let keys = standby.control.bucket().keys();
        let again = standby.ask(event, 240).await.unwrap_err();
        says_what_to_do(&again, &pack);
        assert_eq!(standby.control.bucket().keys(), keys);
        // As it says; and from then on nothing is known against it.
        standby
            .backups
            .set(&pack, home.backups.body(&pack).unwrap());
        assert_eq!(newest(&standby).await.as_ref(), Some(&new.backup));
        standby.ask(verify("newest"), 300).await.unwrap();
        assert!(noted(&standby).is_empty());
    }
}

#[tokio::test]
async fn a_proof_notes_what_it_finds_and_proves_another_backup_the_next_time() {
    let home = Region::home();
    let [old, new] = two(&home).await;
    home.create(130).await;
    let standby = standby_of(&home);
    let pack = new.packs[0].id.key();
    flip(&standby, &pack);
    let prove = json!({"action": "prove"});
    let mut failed = 0;
    // A second is so many nanoseconds that three of them take turns.
    for at in 180..186 {
        match standby.ask(prove.clone(), at).await {
            Ok(Outcome::Proved { proof }) => assert_eq!(proof.backup.as_ref(), Some(&old.backup)),
            Ok(other) => panic!("{other:?}"),
            Err(why) => {
                says_what_to_do(&why, &pack);
                failed += 1;
            }
        }
    }
    assert_eq!(failed, 1, "and people hear by the record");
    assert_eq!(noted(&standby), [pack]);
}

#[tokio::test]
async fn a_verification_reads_everything_and_names_all_that_is_wrong() {
    let home = Region::home();
    let numbers: Vec<u64> = (0..1000).map(|n| n * 7919 % 10_007).collect();
    home.write("posts", &serde_json::to_string(&numbers).unwrap());
    home.create(60).await;
    home.write("users", r#"{"users":["new"]}"#);
    let new = home.create(120).await;
    let packs: Vec<String> = new.packs.iter().map(|pack| pack.id.key()).collect();
    assert_eq!(packs.len(), 2);
    flip(&home, &packs[0]);
    home.backups.remove(&packs[1]);
    let failed = home.ask(verify("newest"), 180).await.unwrap_err();
    let said = failed.to_string();
    assert!(
        said.contains("2 of its 2 packs")
            && said.contains(&format!("{} is damaged", packs[0]))
            && said.contains(&format!("{} is gone", packs[1])),
        "{said}"
    );
    let mut packs = packs;
    packs.sort();
    assert_eq!(noted(&home), packs);
}

#[tokio::test]
async fn what_may_still_be_on_its_way_is_not_noted_as_gone() {
    let home = Region::home();
    let manifest = home.create(60).await;
    let standby = standby_of(&home);
    let pack = manifest.packs[0].id.key();
    standby.backups.remove(&pack);
    standby.ask(verify("newest"), 120).await.unwrap_err();
    assert!(noted(&standby).is_empty());
    standby
        .ask(verify("newest"), 2 * 24 * 3600)
        .await
        .unwrap_err();
    assert_eq!(noted(&standby), [pack]);
}

#[tokio::test]
async fn a_manifest_whose_chunks_make_another_file_is_noted() {
    let home = Region::home();
    let mut manifest = home.create(60).await;
    let key = manifest.backup.manifest();
    let files = manifest.services.get_mut("users").unwrap();
    let file = files.values_mut().next().unwrap();
    file.content = file
        .content
        .to_string()
        .replace(['0', '1', '2'], "3")
        .parse()
        .unwrap();
    let standby = standby_of(&home).leased();
    let body = serde_json::to_vec(&manifest).unwrap();
    standby.backups.set(&key, body);
    let failed = standby.ask(by_execution("newest"), 120).await.unwrap_err();
    says_what_to_do(&failed, &key);
    assert_eq!(noted(&standby), [key]);
}

#[tokio::test]
async fn the_next_backup_stores_anew_what_was_found_damaged_and_is_whole() {
    let home = Region::home();
    let first = home.create(60).await;
    let packs = home.packs();
    flip(&home, &packs[0]);
    assert_eq!(
        home.created(120).await.sent,
        0,
        "nobody has read it, so nobody knows"
    );
    home.ask(verify("newest"), 180).await.unwrap_err();
    assert_eq!(newest(&home).await, None);
    assert!(home.created(240).await.sent > 0);
    // The same chunks make the same pack, so the older backups are whole again as well.
    assert_eq!(home.packs(), packs);
    for backup in ["newest", &first.backup.name.to_string()] {
        home.ask(verify(backup), 300).await.unwrap();
    }
    assert!(noted(&home).is_empty());
}

#[tokio::test]
async fn a_pack_that_says_nothing_of_its_chunks_is_noted_and_not_built_on() {
    let home = Region::home();
    home.create(60).await;
    let stray = format!("packs/{}", "0".repeat(64));
    home.backups
        .now
        .set(jiff::Timestamp::from_second(90).unwrap());
    home.backups.set(&stray, "not a pack");
    home.create(120).await;
    assert_eq!(noted(&home), [stray]);
    // Nobody needs it, so it is nobody's damage.
    home.ask(json!({"action": "prune"}), 180).await.unwrap();
    assert!(noted(&home).is_empty());
}

#[tokio::test]
async fn what_was_noted_in_error_is_taken_off_when_it_is_read_and_right() {
    let home = Region::home();
    let manifest = home.create(60).await;
    let keys = [manifest.packs[0].id.key(), manifest.backup.manifest()];
    let mut damages = Damages::default();
    for key in &keys {
        let stands = lifeboat_aws::backups::version(&home.backups, key).await;
        damages.note(key, &Harm::Damaged("torn".into()), stands.unwrap());
    }
    home.control.write(Damages::KEY, &damages).await.unwrap();
    assert_eq!(newest(&home).await, None);
    home.ask(verify("newest"), 120).await.unwrap();
    assert!(noted(&home).is_empty());
    assert_eq!(newest(&home).await, Some(manifest.backup));
}

#[tokio::test]
async fn a_record_that_is_torn_or_cannot_be_written_keeps_nobody_from_anything() {
    let home = Region::home();
    let manifest = home.create(60).await;
    home.control.bucket().set(Damages::KEY, "{");
    assert_eq!(newest(&home).await, Some(manifest.backup.clone()));
    home.create(120).await;
    home.ask(verify("newest"), 180).await.unwrap();
    assert!(noted(&home).is_empty(), "it is begun anew");
    let pack = home.packs().pop().unwrap();
    flip(&home, &pack);
    home.control.bucket().writes_left.set(Some(0));
    let failed = home.ask(verify("newest"), 240).await.unwrap_err();
    assert!(failed.to_string().contains(&pack), "{failed}");
    home.control.bucket().writes_left.set(None);
    home.control.bucket().set(Damages::KEY, "{");
    home.ask(verify("newest"), 300).await.unwrap_err();
    assert_eq!(noted(&home), [pack]);
}

#[tokio::test]
async fn where_backups_stay_in_one_region_nobody_is_sent_to_the_other() {
    let mut home = Region::home();
    home.configuration.cross_region_backup = false;
    home.create(60).await;
    flip(&home, &home.packs()[0]);
    let failed = home.ask(verify("newest"), 120).await.unwrap_err();
    let said = failed.to_string();
    assert!(
        said.contains("enable_cross_region_backup is off") && !said.contains("aws s3"),
        "{said}"
    );
}

#[tokio::test]
async fn a_damaged_pack_is_neither_kept_longer_nor_spread() {
    let home = Region::home();
    let manifest = home.create(60).await;
    let pack = manifest.packs[0].id.key();
    flip(&home, &pack);
    home.ask(verify("newest"), 120).await.unwrap_err();
    let kept = home.ask(json!({"action": "keep"}), 180).await.unwrap();
    let Outcome::Kept(kept) = kept else {
        panic!("{kept:?}")
    };
    assert!(kept.made.is_empty(), "{kept:?}");
}
