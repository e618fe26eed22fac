use std::collections::BTreeSet;

use jiff::Timestamp;
use lifeboat_backup::{Following, Outcome};
use lifeboat_core::{
    Epoch,
    backup::{
        BackupKey, Damages, PackId,
        follow::{Followed, Status},
    },
};
use serde_json::json;

use crate::region::{Region, by_execution};

const REMEMBERED: &str = "replication.json";

async fn follow(region: &Region, at: i64) -> Following {
    match region.ask(json!({"action": "follow"}), at).await.unwrap() {
        Outcome::Followed(following) => following,
        other => panic!("{other:?}"),
    }
}

fn remembered(region: &Region) -> Followed {
    let body = region.control.bucket().body(REMEMBERED);
    serde_json::from_slice(&body.unwrap()).unwrap()
}

/// With its three backups, an hour apart, of which the second needs a pack more.
async fn home() -> (Region, Region) {
    let home = Region::home();
    home.create(0).await;
    home.write("users", r#"{"users":[]}"#);
    home.create(3600).await;
    home.create(7200).await;
    (home, Region::new("us-west-2"))
}

#[tokio::test]
async fn what_is_on_its_way_is_waited_for_and_its_age_is_the_lag() {
    let (home, standby) = home().await;
    let waits = follow(&home, 7260).await;
    assert_eq!((waits.waiting.len(), waits.lag_seconds), (3, 7260));
    assert_eq!(waits.complete, None);
    assert_eq!(remembered(&home).lag(waits.waiting[0].name.at).as_secs(), 0);
    home.backups.copy_to(&standby.backups);
    let there = follow(&home, 7320).await;
    assert_eq!((there.waiting, there.lag_seconds), (vec![], 0));
    assert_eq!(there.complete, waits.waiting.last().cloned());
    assert_eq!(there.written_again, 0);
}

#[tokio::test]
async fn a_quiet_bucket_is_not_asked_for_any_object_and_a_new_backup_only_for_what_is_new() {
    let (home, standby) = home().await;
    home.backups.copy_to(&standby.backups);
    follow(&home, 7260).await;
    let before = (
        home.backups.looked.get(),
        home.control.bucket().body(REMEMBERED),
    );
    follow(&home, 7560).await;
    let after = (
        home.backups.looked.get(),
        home.control.bucket().body(REMEMBERED),
    );
    assert_eq!(after, before);
    home.create(10_800).await;
    follow(&home, 10_860).await;
    let looked = home.backups.looked.get() - before.0;
    assert_eq!(
        looked, 2,
        "its manifest, first for whether anything is copied, and then for itself"
    );
}

#[tokio::test]
async fn what_the_storage_gave_up_is_written_again_with_the_same_bytes_and_then_comes() {
    let (home, standby) = home().await;
    home.backups.copy_to(&standby.backups);
    let pack = home.packs().remove(0);
    let newest = follow(&home, 7260).await.complete.unwrap();
    home.control.bucket().remove(REMEMBERED);
    let lost = [pack, newest.manifest()];
    let before = lost.clone().map(|key| home.backups.body(&key));
    for key in &lost {
        home.backups.mark(key, Status::Failed);
    }
    let waits = follow(&home, 7270).await;
    assert_eq!(waits.written_again, 2);
    assert!(waits.waiting.contains(&newest));
    assert_eq!(lost.clone().map(|key| home.backups.body(&key)), before);
    home.backups.copy_to(&standby.backups);
    assert_eq!(follow(&home, 7300).await.complete, Some(newest));
}

#[tokio::test]
async fn what_fails_again_at_once_is_given_time() {
    let (home, standby) = home().await;
    home.backups.copy_to(&standby.backups);
    let newest = follow(&home, 7260).await.complete.unwrap();
    home.control.bucket().remove(REMEMBERED);
    let pack = home.manifest(&newest).packs[0].id.key();
    let mut again = vec![];
    for minute in 0..60 {
        home.backups.mark(&pack, Status::Failed);
        if follow(&home, 7260 + 60 * minute).await.written_again > 0 {
            again.push(minute);
        }
    }
    assert!((2..8).contains(&again.len()), "{again:?}");
}

#[tokio::test]
async fn a_damaged_pack_is_not_spread_but_noted_and_keeps_no_other_backup_waiting() {
    let (home, standby) = home().await;
    let listed = home.ask(json!({"action": "list"}), 7260).await.unwrap();
    let Outcome::Listed { backups, .. } = listed else {
        panic!("{listed:?}")
    };
    home.backups.copy_to(&standby.backups);
    // It has nothing in common with the others.
    home.write("users", r#"{"users":["last"]}"#);
    home.write("posts", r#"{"posts":["last"]}"#);
    let last = home.create(10_800).await;
    home.backups.copy_to(&standby.backups);
    let pack = home.manifest(&backups[2]).packs[0].id.key();
    home.backups.now.set(Timestamp::UNIX_EPOCH);
    home.backups.set(&pack, "other bytes");
    home.backups.mark(&pack, Status::Failed);
    home.backups.mark(&backups[2].manifest(), Status::Failed);
    for at in [10_860, 10_920] {
        let followed = follow(&home, at).await;
        assert_eq!(home.backups.body(&pack).unwrap(), b"other bytes");
        assert_eq!(followed.complete.as_ref(), Some(&last.backup));
        assert_eq!(followed.waiting, []);
        assert_eq!(remembered(&home).complete.as_ref(), Some(&last.backup));
        if at == 10_860 {
            let notes = followed.notes.join("\n");
            assert!(
                notes.contains(&pack)
                    && notes.contains("followed no longer")
                    && notes.contains("aws s3 cp --source-region us-west-2"),
                "{notes}"
            );
            assert_eq!(followed.written_again, 1, "its manifest is what it was");
        }
    }
    let body = home.control.bucket().body(Damages::KEY).unwrap();
    let damages: Damages = serde_json::from_slice(&body).unwrap();
    assert_eq!(damages.objects.into_keys().collect::<Vec<_>>(), [pack]);
}

#[tokio::test]
async fn what_was_written_before_there_was_a_rule_is_written_again_once_there_is_one() {
    let home = Region::home();
    home.backups.replicates.set(Status::Unmarked);
    home.create(0).await;
    let none = follow(&home, 60).await;
    assert!(
        none.notes[0].contains("apply the join root"),
        "{:?}",
        none.notes
    );
    assert_eq!((none.written_again, none.lag_seconds), (0, 60));
    home.backups.replicates.set(Status::Pending);
    home.create(3600).await;
    let begun = follow(&home, 3660).await;
    assert_eq!(begun.written_again, 2, "the pack and the first manifest");
    home.backups.copy_to(&Region::new("us-west-2").backups);
    assert_eq!(follow(&home, 3720).await.waiting, []);
}

#[tokio::test]
async fn a_newer_backup_that_came_first_does_not_stand_for_an_older_one() {
    let (home, standby) = home().await;
    home.backups.copy_to(&standby.backups);
    let listed = home.ask(json!({"action": "list"}), 7260).await.unwrap();
    let Outcome::Listed { backups, .. } = listed else {
        panic!("{listed:?}")
    };
    home.backups.mark(&backups[1].manifest(), Status::Pending);
    let followed = follow(&home, 7260).await;
    assert_eq!(followed.complete, Some(backups[2].clone()));
    assert_eq!(
        (followed.waiting, followed.lag_seconds),
        (vec![backups[1].clone()], 3660)
    );
}

/// Restored by an execution onto data that no backup holds, which is kept first.
async fn with_replaced() -> (Region, BackupKey) {
    let home = Region::home();
    home.create(0).await;
    let standby = Region::new("us-west-2").leased();
    home.backups.copy_to(&standby.backups);
    standby.write("users", r#"{"users":["only here"]}"#);
    standby.ask(by_execution("newest"), 60).await.unwrap();
    let kept = standby.only("replaced/").backup;
    (standby, kept)
}

#[tokio::test]
async fn what_a_restore_kept_aside_is_followed_until_it_is_there_and_is_no_recovery_point() {
    let (standby, kept) = with_replaced().await;
    let followed = follow(&standby, 120).await;
    assert_eq!(
        (followed.waiting, followed.complete),
        (vec![kept.clone()], None)
    );
    assert!(followed.lag_seconds > 0);
    for pack in standby.packs() {
        standby.backups.mark(&pack, Status::Failed);
    }
    let written_again = follow(&standby, 600).await.written_again;
    assert!(written_again > 0);
    standby.backups.copy_to(&Region::new("us-east-1").backups);
    let there = follow(&standby, 660).await;
    assert_eq!((there.waiting, there.complete), (vec![], None));
    assert_eq!(remembered(&standby).aside, [kept.clone()].into());
    let before = standby.backups.looked.get();
    follow(&standby, 720).await;
    assert_eq!(standby.backups.looked.get(), before);
    standby.backups.remove(&kept.manifest());
    follow(&standby, 780).await;
    assert_eq!(remembered(&standby).aside, [].into());
}

#[tokio::test]
async fn what_was_kept_aside_and_is_not_whole_is_named_once_and_then_left_alone() {
    let (standby, kept) = with_replaced().await;
    for pack in standby.packs() {
        standby.backups.remove(&pack);
    }
    let named = follow(&standby, 120).await;
    assert!(named.notes[0].contains("is gone"), "{:?}", named.notes);
    assert_eq!(remembered(&standby).aside, [kept].into());
    let looked = standby.backups.looked.get();
    assert_eq!(follow(&standby, 420).await.notes, [""; 0]);
    assert_eq!(standby.backups.looked.get(), looked);
}

#[tokio::test]
async fn one_that_is_not_whole_here_is_named_and_keeps_nobody_waiting() {
    let (home, standby) = home().await;
    home.backups.copy_to(&standby.backups);
    let newest: BTreeSet<String> = {
        let manifest = home.create(10_800).await;
        manifest.packs.iter().map(|pack| pack.id.key()).collect()
    };
    let old = home.packs().into_iter().find(|pack| !newest.contains(pack));
    home.backups.copy_to(&standby.backups);
    let Some(old) = old else { return };
    home.backups.remove(&old);
    let followed = follow(&home, 10_860).await;
    assert!(
        followed.notes[0].contains("is gone"),
        "{:?}",
        followed.notes
    );
    assert_eq!(followed.waiting, []);
    assert_eq!(
        followed.complete.unwrap().name.to_string(),
        "backup-19700101-030000"
    );
}

#[tokio::test]
async fn a_region_follows_its_own_backups_only() {
    let (home, standby) = home().await;
    home.backups.copy_to(&standby.backups);
    let followed = follow(&standby, 7260).await;
    assert_eq!(followed, Following::default());
    assert_eq!(standby.backups.looked.get(), 0);
}

#[tokio::test]
async fn after_a_failover_packs_that_came_from_the_other_region_are_there() {
    let (home, standby) = home().await;
    home.backups.copy_to(&standby.backups);
    for service in ["users", "posts"] {
        standby.write(service, &home.read(service));
    }
    standby.state(|state| {
        state.epoch = Epoch(1);
        state.active = standby.configuration.region.clone();
    });
    let first = standby.create(10_800).await;
    let here: BTreeSet<String> = home.packs().into_iter().collect();
    let reused = first
        .packs
        .iter()
        .filter(|pack| here.contains(&pack.id.key()));
    assert!(reused.count() > 0);
    standby
        .backups
        .mark(&first.backup.manifest(), Status::Completed);
    for pack in standby.packs().iter().filter(|pack| !here.contains(*pack)) {
        assert!(PackId::of_key(pack).is_some());
        standby.backups.mark(pack, Status::Completed);
    }
    assert_eq!(follow(&standby, 10_860).await.complete, Some(first.backup));
}

#[tokio::test]
async fn without_replication_it_says_what_that_means_and_asks_nobody() {
    let (mut home, _) = home().await;
    home.configuration.cross_region_backup = false;
    let followed = follow(&home, 7260).await;
    assert!(
        followed.notes[0].contains("us-west-2 has none to restore"),
        "{:?}",
        followed.notes
    );
    assert_eq!((home.backups.looked.get(), followed.lag_seconds), (0, 0));
    let created = home.created(7320).await;
    assert_eq!(created.warnings, followed.notes);
    let listed = home.ask(json!({"action": "list"}), 7380).await.unwrap();
    let Outcome::Listed { notes, .. } = listed else {
        panic!("{listed:?}")
    };
    assert_eq!(notes, followed.notes);
    assert_eq!(home.control.bucket().body(REMEMBERED), None);
}

#[tokio::test]
async fn what_is_remembered_and_damaged_is_found_out_anew() {
    let (home, standby) = home().await;
    home.backups.copy_to(&standby.backups);
    let first = follow(&home, 7260).await;
    home.control.bucket().set(REMEMBERED, "{");
    assert_eq!(follow(&home, 7320).await, first);
}

#[tokio::test]
async fn killed_anywhere_it_is_gone_on_with() {
    for writes in 0..4 {
        let (home, standby) = home().await;
        home.backups.copy_to(&standby.backups);
        for key in home.backups.keys() {
            home.backups.mark(&key, Status::Failed);
        }
        home.backups.writes_left.set(Some(writes));
        home.control.bucket().writes_left.set(Some(0));
        assert!(home.ask(json!({"action": "follow"}), 7260).await.is_err());
        home.backups.writes_left.set(None);
        home.control.bucket().writes_left.set(None);
        follow(&home, 7320).await;
        home.backups.copy_to(&standby.backups);
        assert_eq!(follow(&home, 7380).await.waiting, [], "{writes}");
    }
}
