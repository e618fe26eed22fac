use std::cell::Cell;

use jiff::Timestamp;
use lifeboat_backup::{Event, Outcome, handle};
use lifeboat_core::{Failure, backup::prune::Condemned};
use serde_json::json;

use crate::region::Region;

const DAY: i64 = 24 * 3600;

async fn prune(region: &Region, at: i64) -> Outcome {
    region.ask(json!({"action": "prune"}), at).await.unwrap()
}

#[tokio::test]
async fn old_backups_go_and_a_day_later_the_packs_that_only_they_needed() {
    let home = Region::home();
    let old = home.create(0).await;
    home.write("users", r#"{"users":[]}"#);
    let new = home.create(8 * DAY).await;
    let before = home.packs();
    assert_eq!(before.len(), 2);
    let Outcome::Pruned(pruned) = prune(&home, 9 * DAY).await else {
        panic!("another answer")
    };
    assert_eq!(
        (pruned.backups, pruned.packs),
        (vec![old.backup.clone()], 0)
    );
    assert!(home.backups.body(&old.backup.manifest()).is_none());
    // The new backup builds on the old one's pack as long as it needs a half of it.
    let needed: Vec<String> = new.packs.iter().map(|pack| pack.id.key()).collect();
    assert_eq!(pruned.condemned as usize, before.len() - needed.len());
    prune(&home, 10 * DAY + 60).await;
    let mut left = needed.clone();
    left.sort();
    assert_eq!(home.packs(), left);
    let verify = json!({"action": "verify", "backup": "newest"});
    assert!(home.ask(verify, 11 * DAY).await.is_ok());
}

#[tokio::test]
async fn a_prune_that_is_killed_anywhere_takes_nothing_that_is_needed_and_is_gone_on_with() {
    for writes in 0..6 {
        let home = Region::home();
        home.create(0).await;
        home.write("users", r#"{"users":[1]}"#);
        home.write("posts", r#"{"posts":[1]}"#);
        home.create(8 * DAY).await;
        for at in [9 * DAY, 11 * DAY] {
            for bucket in [&home.backups, home.control.bucket()] {
                bucket.writes_left.set(Some(writes));
            }
            let _ = home.ask(json!({"action": "prune"}), at).await;
            for bucket in [&home.backups, home.control.bucket()] {
                bucket.writes_left.set(None);
            }
            let verify = json!({"action": "verify", "backup": "newest"});
            assert!(home.ask(verify, at).await.is_ok());
        }
        prune(&home, 13 * DAY).await;
        prune(&home, 15 * DAY).await;
        assert_eq!(home.packs().len(), 1, "{writes}");
    }
}

/// Its time is over when it has asked for it so often.
async fn prune_until(home: &Region, at: i64, asks: u32) -> Result<Outcome, Failure> {
    let now = Timestamp::from_second(at).unwrap();
    home.backups.now.set(now);
    home.until.set(Timestamp::from_second(at + 1).unwrap());
    let asked = Cell::new(0);
    let clock = || {
        asked.set(asked.get() + 1);
        match asked.get() > asks {
            true => home.until.get(),
            false => now,
        }
    };
    let came = handle(&home.backup(), Event::Prune {}, clock).await;
    home.until.set(Timestamp::MAX);
    came
}

fn condemned(home: &Region) -> Condemned {
    let body = home.control.bucket().body("prune.json").unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[tokio::test]
async fn whenever_its_time_is_over_it_ends_as_unfinished_and_the_next_one_goes_on() {
    let mut least = u32::MAX;
    for asks in 1..20 {
        let home = Region::home();
        for day in 0..4 {
            home.write("users", &format!(r#"{{"users":[{day}]}}"#));
            home.write("posts", &format!(r#"{{"posts":[{day}]}}"#));
            home.create(day * DAY).await;
        }
        home.write("users", r#"{"users":["last"]}"#);
        home.write("posts", r#"{"posts":["last"]}"#);
        home.create(10 * DAY).await;
        let mut ended = vec![];
        for day in [11, 13, 15, 17] {
            match prune_until(&home, day * DAY, asks).await {
                Ok(_) => ended.push(true),
                Err(why) => {
                    assert_eq!(why.name(), "Unfinished", "{why}");
                    ended.push(false);
                }
            }
            let verify = json!({"action": "verify", "backup": "newest"});
            assert!(home.ask(verify, day * DAY).await.is_ok());
        }
        // What is kept is looked at anew each time, so that much time each one needs.
        if *ended.last().unwrap() {
            least = least.min(asks);
            assert_eq!(home.packs().len(), 1, "{asks}");
            assert_eq!(condemned(&home).packs.len(), 0);
        }
    }
    assert!(least < 10, "{least}");
}

#[tokio::test]
async fn what_goes_is_on_record_until_it_is_gone() {
    let home = Region::home();
    home.create(0).await;
    home.write("users", r#"{"users":[1]}"#);
    home.write("posts", r#"{"posts":[1]}"#);
    home.create(8 * DAY).await;
    prune(&home, 9 * DAY).await;
    let before = condemned(&home).packs;
    assert_eq!(before.len(), 1);
    home.backups.writes_left.set(Some(0));
    let killed = home.ask(json!({"action": "prune"}), 11 * DAY).await;
    assert_eq!(killed.unwrap_err().name(), "Unavailable");
    assert_eq!(condemned(&home).packs, before);
    home.backups.writes_left.set(None);
    let Outcome::Pruned(pruned) = prune(&home, 11 * DAY).await else {
        panic!("another answer")
    };
    assert_eq!((pruned.packs, pruned.condemned), (1, 0), "at once");
}

#[tokio::test]
async fn while_a_manifest_cannot_be_read_no_pack_is_removed_and_it_is_named() {
    let home = Region::home();
    let manifest = home.create(0).await;
    let newer = home.backups.body(&manifest.backup.manifest()).unwrap();
    let newer = String::from_utf8(newer)
        .unwrap()
        .replace("\"format\":1", "\"format\":9");
    home.backups.set(&manifest.backup.manifest(), newer);
    for at in [DAY * 2, DAY * 4, DAY * 6] {
        let refused = home.ask(json!({"action": "prune"}), at).await.unwrap_err();
        assert_eq!(refused.name(), "NotVerified");
        assert!(
            refused.to_string().contains("no pack is removed"),
            "{refused}"
        );
    }
    assert_eq!(home.packs().len(), 1);
}
