use jiff::{SignedDuration, Timestamp};
use lifeboat_aws::Objects;
use lifeboat_backup::{Kept, Outcome, Pruned};
use lifeboat_core::backup::{BackupKey, PackId, keep::Keep};
use serde_json::json;

use crate::region::Region;

const DAY: i64 = 24 * 3600;

fn locked_home() -> Region {
    let mut home = Region::home();
    home.configuration.object_lock = true;
    home.backups
        .locks_for
        .set(Some(SignedDuration::from_hours(7 * 24)));
    home
}

async fn prune(home: &Region, at: i64) -> Pruned {
    match home.ask(json!({"action": "prune"}), at).await.unwrap() {
        Outcome::Pruned(pruned) => pruned,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_locked_stays_and_goes_when_its_lock_has_ended() {
    let home = locked_home();
    let old = home.create(0).await;
    home.write("users", r#"{"users":[2]}"#);
    home.write("posts", r#"{"posts":[2]}"#);
    home.create(DAY).await;
    // A lock that somebody has made longer.
    let longer = Timestamp::from_second(20 * DAY).unwrap();
    home.backups
        .lock(&old.backup.manifest(), longer)
        .await
        .unwrap();
    let pruned = prune(&home, 9 * DAY).await;
    assert_eq!((pruned.backups.len(), pruned.locked), (0, 1));
    assert!(home.backups.body(&old.backup.manifest()).is_some());
    let pruned = prune(&home, 21 * DAY).await;
    assert_eq!(
        (pruned.backups, pruned.locked),
        (vec![old.backup.clone()], 0)
    );
    // Its pack goes a day after it was condemned.
    let pack = old.packs[0].id;
    for day in 22..40 {
        let pruned = prune(&home, day * DAY).await;
        assert!(pruned.packs + pruned.locked <= 1);
    }
    assert!(!home.packs().contains(&pack.key()));
}

#[tokio::test]
async fn a_pack_that_backups_go_on_building_on_is_locked_for_as_long_as_the_last_is_kept() {
    let home = locked_home();
    let mut extended = 0;
    for day in 0..20 {
        home.create(day * DAY).await;
        extended += prune(&home, day * DAY + 60).await.extended;
        for pack in home.packs() {
            assert!(PackId::of_key(&pack).is_some());
            let until = home.backups.locked(&pack).await.unwrap().unwrap();
            assert!(until.as_second() >= (day + 7) * DAY, "{day}: {until}");
        }
    }
    assert!((2..8).contains(&extended), "{extended}");
}

async fn keep(home: &Region, at: i64) -> Kept {
    match home.ask(json!({"action": "keep"}), at).await.unwrap() {
        Outcome::Kept(kept) => kept,
        other => panic!("{other:?}"),
    }
}

async fn all_of_copies_is_locked(home: &Region, at: i64) -> usize {
    let mut copied = home.backups.keys();
    copied.retain(|key| BackupKey::of_kept(key).is_some());
    for key in &copied {
        let until = home.backups.locked(key).await.unwrap().unwrap();
        assert!(until.as_second() > at, "{key} until {until}");
    }
    copied.len()
}

#[tokio::test]
async fn a_copy_is_locked_with_all_its_packs_for_as_long_as_it_is_kept_and_goes_then() {
    let mut home = locked_home();
    home.configuration.backup_keep = Keep {
        daily: 1,
        weekly: 2,
        monthly: 2,
    };
    let (mut most, mut removed, mut extended) = (0, 0, 0);
    for day in 0..120 {
        home.write("users", &format!(r#"{{"users":[{day}]}}"#));
        home.create(day * DAY + 3600).await;
        let kept = keep(&home, day * DAY + 7200).await;
        (removed, extended) = (removed + kept.removed.len(), extended + kept.extended);
        most = most.max(all_of_copies_is_locked(&home, day * DAY + 7200).await);
        let again = keep(&home, day * DAY + 7260).await;
        assert_eq!(again, Kept::default(), "done twice is done once");
    }
    // One a day, all but those of the last days; of which a few each month are locked for longer.
    assert!(removed > 100, "{removed}");
    assert!((10..100).contains(&extended), "{extended}");
    assert!(most < 60, "{most}");
}

#[tokio::test]
async fn locking_a_copy_is_gone_on_with_wherever_it_was_killed() {
    for writes in 0..8 {
        let mut home = locked_home();
        home.configuration.backup_keep.monthly = 1;
        home.create(3600).await;
        home.backups.writes_left.set(Some(writes));
        let _ = home.ask(json!({"action": "keep"}), 7200).await;
        home.backups.writes_left.set(None);
        keep(&home, 9000).await;
        assert!(all_of_copies_is_locked(&home, 20 * DAY).await > 0);
    }
}

#[tokio::test]
async fn nobody_asks_for_locks_where_there_are_none() {
    let home = Region::home();
    home.create(0).await;
    home.create(DAY).await;
    let pruned = prune(&home, 9 * DAY).await;
    assert_eq!(
        (pruned.backups.len(), pruned.locked, pruned.extended),
        (1, 0, 0)
    );
}
