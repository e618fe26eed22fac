//! The passive region's data follows the newest backup, and gives way to whoever acts.

use std::fs;

use jiff::{SignedDuration, Timestamp};
use lifeboat_aws::memory::{Meddler, Memory};
use lifeboat_backup::Outcome;
use lifeboat_core::{Epoch, RegionState, backup::BackupKey, idle::Idle, liveness, probe};
use serde_json::{Value, json};

use crate::{
    placed::{left, replaced, soon},
    region::{Region, by_execution, lease},
};

/// Passive and idle, as its probe saw a moment ago, with home's backups.
fn standby_of(home: &Region, at: i64) -> Region {
    let standby = Region::new("us-west-2");
    home.backups.copy_to(&standby.backups);
    probed(&standby, Idle::Yes, at - 30);
    standby
}

pub(crate) fn probed(region: &Region, idle: Idle, at: i64) {
    let configuration = &region.configuration;
    let verdict = liveness::Verdict::Serving;
    let mut report = probe::sample(&configuration.region, &configuration.home, verdict);
    report.at = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(at);
    report.idle = idle;
    let json = serde_json::to_vec(&report).unwrap();
    region.control.bucket().set("status.json", json);
}

fn refresh() -> Value {
    json!({"action": "refresh"})
}

async fn refreshed(region: &Region, at: i64) -> BackupKey {
    match region.ask(refresh(), at).await.unwrap() {
        Outcome::Refreshed { restored } => restored.backup,
        other => panic!("{other:?}"),
    }
}

async fn busy(region: &Region, at: i64) -> String {
    match region.ask(refresh(), at).await.unwrap() {
        Outcome::Busy { reason } => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_data_follows_the_newest_backup_and_what_a_backup_still_has_is_not_kept_again() {
    let (home, now) = (Region::home(), soon());
    let first = home.create(now).await;
    let standby = standby_of(&home, now);
    for _ in 0..2 {
        assert_eq!(refreshed(&standby, now).await, first.backup);
        assert_eq!(standby.read("posts"), home.read("posts"));
    }
    home.write("posts", r#"{"posts":["new"]}"#);
    let second = home.create(now + 1).await;
    home.backups.copy_to(&standby.backups);
    assert_eq!(refreshed(&standby, now + 2).await, second.backup);
    assert_eq!(standby.read("posts"), home.read("posts"));
    assert_eq!(replaced(&standby), 0);
    assert_eq!(left(standby.folder.path()), Vec::<String>::new());
}

#[tokio::test]
async fn a_failover_applies_only_what_came_after_it() {
    let (home, now) = (Region::home(), soon());
    home.create(now).await;
    let standby = standby_of(&home, now);
    refreshed(&standby, now).await;
    let inode = |service: &str| {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(standby.data(service)).unwrap().ino()
    };
    let before = (inode("users"), inode("posts"));
    home.write("posts", r#"{"posts":["new"]}"#);
    home.create(now + 1).await;
    home.backups.copy_to(&standby.backups);
    standby.state(|state| (state.epoch, state.lease) = (Epoch(1), Some(lease())));
    standby.ask(by_execution("newest"), now + 2).await.unwrap();
    assert_eq!(standby.read("posts"), home.read("posts"));
    assert_eq!(inode("users"), before.0);
    assert_ne!(inode("posts"), before.1);
    assert_eq!(replaced(&standby), 0);
}

#[tokio::test]
async fn a_region_that_serves_or_in_which_somebody_acts_or_tasks_run_is_left_alone() {
    let (home, now) = (Region::home(), soon());
    home.create(now).await;
    let outcome = home.ask(refresh(), now).await.unwrap();
    assert!(matches!(outcome, Outcome::Active { .. }), "{outcome:?}");
    let standby = standby_of(&home, now);
    probed(&standby, Idle::No("tasks of posts run".into()), now);
    assert!(busy(&standby, now).await.contains("tasks of posts"));
    probed(&standby, Idle::Yes, now - 151);
    assert!(busy(&standby, now).await.contains("151 s old"));
    standby.control.bucket().remove("status.json");
    assert!(busy(&standby, now).await.contains("nothing yet"));
    probed(&standby, Idle::Yes, now);
    let leased = standby.leased();
    assert!(busy(&leased, now).await.contains("a is at work"));
    assert!(!leased.data("posts").exists());
}

#[tokio::test]
async fn while_no_whole_backup_of_whoever_serves_is_here_nothing_is_done() {
    let (home, now) = (Region::home(), soon());
    let standby = standby_of(&home, now);
    assert!(busy(&standby, now).await.contains("no whole backup"));
    home.create(now).await;
    home.backups.copy_to(&standby.backups);
    let newer = BackupKey {
        epoch: Epoch(2),
        region: home.configuration.region.clone(),
        name: "backup-20241123-120000".parse().unwrap(),
    };
    standby.backups.set(&newer.manifest(), "{}");
    assert!(busy(&standby, now).await.contains("serves now"));
    assert!(!standby.data("posts").exists());
}

/// When the clock is asked for this time, or when the first part of a pack is read.
#[derive(Debug, Clone, Copy)]
enum When {
    Asked(u32),
    Fetching,
}

#[tokio::test]
async fn a_lease_that_is_taken_half_way_ends_it_and_the_execution_restores_the_right_data() {
    for when in [When::Asked(2), When::Fetching, When::Asked(3)] {
        let (home, now) = (Region::home(), soon());
        home.create(now).await;
        let standby = standby_of(&home, now);
        let take = |state: &mut RegionState| {
            (state.epoch, state.lease) = (Epoch(1), Some(lease()));
        };
        if let When::Fetching = when {
            let control = standby.control.bucket().clone();
            let before = control.body("state.json");
            standby.state(take);
            let taken = control.body("state.json").unwrap();
            match before {
                Some(before) => control.set("state.json", before),
                None => control.remove("state.json"),
            }
            let meddle = move |_: &Memory, _: &str| control.set("state.json", taken.clone());
            standby.backups.meddler.set(Some(Meddler::new(meddle)));
        }
        let outcome = standby
            .meanwhile(refresh(), now, |asked| match when {
                When::Asked(at) if asked == at => standby.state(take),
                When::Asked(_) | When::Fetching => {}
            })
            .await;
        match (outcome.unwrap(), when) {
            (Outcome::Busy { reason }, When::Asked(2) | When::Fetching) => {
                assert!(reason.contains("over"), "{reason}");
            }
            // All was in place by then.
            (Outcome::Refreshed { .. }, When::Asked(3)) => {}
            other => panic!("{other:?}"),
        }
        standby.backups.meddler.set(None);
        home.write("posts", r#"{"posts":["new"]}"#);
        home.create(now + 1).await;
        home.backups.copy_to(&standby.backups);
        standby.ask(by_execution("newest"), now + 2).await.unwrap();
        for service in ["users", "posts"] {
            assert_eq!(standby.read(service), home.read(service));
        }
        assert_eq!(left(standby.folder.path()), Vec::<String>::new());
    }
}
