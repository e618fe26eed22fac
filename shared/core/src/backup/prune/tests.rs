use std::collections::BTreeSet;

use super::*;
use crate::{Epoch, Region, backup::BackupName};
use proptest::prelude::*;

fn hours(hours: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
}

fn key(kind: Kind, epoch: u64, at: i64) -> BackupKey {
    BackupKey {
        epoch: Epoch(epoch),
        region: Region::new("us-east-1").unwrap(),
        name: BackupName::new(kind, hours(at)),
    }
}

fn pack(number: u8) -> PackId {
    PackId::new([number; 32])
}

#[test]
fn old_backups_go_but_never_the_newest_nor_a_salvage() {
    let all = [
        key(Kind::Backup, 0, 0),
        key(Kind::Backup, 0, 100),
        key(Kind::Backup, 1, 50),
        key(Kind::Salvage, 0, 0),
        key(Kind::Replaced, 0, 0),
    ];
    assert_eq!(expired(&all, 7, hours(168)), []);
    let later = expired(&all, 7, hours(1000));
    assert_eq!(later, [all[0].clone(), all[1].clone(), all[4].clone()]);
}

fn stored(number: u8, written: i64) -> StoredPack {
    StoredPack {
        id: pack(number),
        written: hours(written),
    }
}

#[test]
fn a_pack_goes_a_day_after_it_was_condemned_and_only_if_nobody_needs_it_by_then() {
    let all = [stored(0, 0), stored(1, 0)];
    let needed = |id: &PackId| *id == pack(0);
    let nobody = BTreeMap::new();
    assert_eq!(
        packs(&all, needed, &nobody, hours(24)),
        (vec![], nobody.clone())
    );
    let (gone, condemned) = packs(&all, needed, &nobody, hours(25));
    assert_eq!((gone, condemned.len()), (vec![], 1));
    let (gone, same) = packs(&all, needed, &condemned, hours(49));
    assert_eq!((gone, &same), (vec![], &condemned));
    assert_eq!(
        packs(&all, |_| true, &condemned, hours(60)),
        (vec![], nobody.clone())
    );
    let (gone, still) = packs(&all, needed, &condemned, hours(60));
    assert_eq!(gone, [all[1]]);
    assert_eq!(still, condemned, "until it is gone");
}

#[test]
fn what_was_written_again_since_it_was_condemned_is_condemned_anew_whoever_saw_it_young() {
    let condemned = BTreeMap::from([(pack(1), hours(25))]);
    let nobody = |_: &PackId| false;
    let again = [stored(1, 55)];
    assert_eq!(
        packs(&again, nobody, &condemned, hours(60)),
        (vec![], BTreeMap::new())
    );
    let anew = BTreeMap::from([(pack(1), hours(100))]);
    assert_eq!(
        packs(&again, nobody, &condemned, hours(100)),
        (vec![], anew)
    );
}

#[test]
fn a_lock_is_extended_before_a_backup_is_kept_longer_than_it_lasts_and_not_each_day() {
    let week = keeps(7);
    let mut locked = Some(hours(7 * 24));
    let mut times = vec![];
    for day in 0..30 {
        // The newest backup, taken now, builds on it.
        if let Some(until) = extended(locked, hours(24 * day), week) {
            locked = Some(until);
            times.push(day);
        }
        assert!(locked.unwrap() >= hours(24 * (day + 7)));
    }
    assert_eq!(times, [1, 5, 9, 13, 17, 21, 25, 29]);
    assert_eq!(
        extended(None, hours(0), week),
        Some(hours(252)),
        "it was never locked"
    );
}

/// A bucket, and what happens in it in any order.
#[derive(Debug, Default)]
struct World {
    now: i64,
    packs: BTreeMap<PackId, i64>,
    manifests: BTreeMap<BackupKey, BTreeSet<PackId>>,
    condemned: BTreeMap<PackId, Timestamp>,
    running: Vec<Running>,
    next: u8,
}

#[derive(Debug, Clone)]
struct Running {
    began: i64,
    needs: BTreeSet<PackId>,
}

#[derive(Debug, Clone)]
enum Step {
    Wait(u8),
    Begin {
        reuse: u8,
    },
    Write,
    Seal,
    Kill,
    /// Out of time after so many effects: it ends there, and writes down what is gone; or it is killed.
    Prune {
        effects: usize,
        killed: bool,
        /// By which of them it begins, for several go at once.
        first: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..40u8).prop_map(Step::Wait),
        any::<u8>().prop_map(|reuse| Step::Begin { reuse }),
        Just(Step::Write),
        Just(Step::Seal),
        Just(Step::Kill),
        (0..8usize, any::<bool>(), 0..4usize).prop_map(|(effects, killed, first)| Step::Prune {
            effects,
            killed,
            first
        }),
    ]
}

impl World {
    fn take(&mut self, step: Step) {
        match step {
            Step::Wait(hours) => self.now += i64::from(hours),
            Step::Begin { reuse } => self.begin(reuse),
            Step::Write => self.write(),
            Step::Seal => self.seal(),
            Step::Kill => drop(self.running.pop()),
            Step::Prune {
                effects,
                killed,
                first,
            } => self.prune(effects, killed, first),
        }
    }

    /// It builds on what the newest backup names, and on what was left a short while ago: on any part of it.
    fn begin(&mut self, reuse: u8) {
        let newest = newest(self.manifests.keys()).cloned();
        let of_newest = newest.iter().flat_map(|key| &self.manifests[key]);
        let young = hours(self.now) - LONGEST_BACKUP;
        let left = self.packs.iter().filter(|(_, at)| hours(**at) > young);
        let may = of_newest.chain(left.map(|(id, _)| id));
        let may = may.filter(|id| self.packs.contains_key(id));
        let chosen = may.enumerate().filter(|(n, _)| reuse >> (n % 8) & 1 == 1);
        let needs = chosen.map(|(_, id)| *id).collect();
        self.running.push(Running {
            began: self.now,
            needs,
        });
    }

    /// Of ten packs that there can be at all, so that one is often written again.
    fn write(&mut self) {
        self.next = (self.next + 1) % 10;
        let (id, now) = (pack(self.next), self.now);
        if let Some(running) = self.running.last_mut() {
            self.packs.insert(id, now);
            running.needs.insert(id);
        }
    }

    fn seal(&mut self) {
        let Some(running) = self.running.pop() else {
            return;
        };
        if hours(self.now).duration_since(hours(running.began)) < LONGEST_BACKUP {
            let key = key(Kind::Backup, 0, self.now);
            self.manifests.entry(key).or_insert(running.needs);
        }
    }

    fn prune(&mut self, mut effects: usize, killed: bool, first: usize) {
        let mut left = || {
            effects = effects.saturating_sub(1);
            effects > 0
        };
        let all: Vec<BackupKey> = self.manifests.keys().cloned().collect();
        let now = hours(self.now);
        for key in expired(&all, 2, now) {
            if !left() {
                return;
            }
            self.manifests.remove(&key);
        }
        let stored = self.packs.iter().map(|(id, at)| StoredPack {
            id: *id,
            written: hours(*at),
        });
        let stored: Vec<StoredPack> = stored.collect();
        let needed: BTreeSet<PackId> = self.manifests.values().flatten().copied().collect();
        let needs = |id: &PackId| needed.contains(id);
        let (mut gone, condemned) = packs(&stored, needs, &self.condemned, now);
        if !left() {
            return;
        }
        self.condemned = condemned;
        let begins = first.min(gone.len());
        gone.rotate_left(begins);
        let mut removed = vec![];
        for pack in gone {
            if !left() {
                break;
            }
            self.packs.remove(&pack.id);
            removed.push(pack.id);
        }
        if !killed {
            self.condemned.retain(|id, _| !removed.contains(id));
        }
    }

    /// Whatever was left over is gone after a few days in which nothing else happens.
    fn tidy(&mut self) {
        self.running.clear();
        for _ in 0..4 {
            self.now += 49;
            self.prune(usize::MAX, false, 0);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_backup_ever_lacks_a_pack_whatever_happens_in_whatever_order(steps in prop::collection::vec(step(), 0..60)) {
        let mut world = World::default();
        for step in steps {
            world.take(step);
            for (key, needs) in &world.manifests {
                for id in needs {
                    prop_assert!(world.packs.contains_key(id), "{} lacks {id}", key.name);
                }
            }
        }
        world.tidy();
        let needed: BTreeSet<&PackId> = world.manifests.values().flatten().collect();
        prop_assert_eq!(world.packs.keys().collect::<BTreeSet<_>>(), needed, "and nothing is forgotten");
    }
}
