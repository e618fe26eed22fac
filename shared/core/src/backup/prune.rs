//! What a region may remove from its bucket. A pack goes in two steps, a day apart, and only while nobody needs it at
//! either: what a manifest names, or what a running backup may be about to name, stays.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{BackupKey, Kind, PackId, newest};

/// How long a pack that nobody names is left alone before it is condemned, and how long it stays condemned. Replication and
/// any backup are over long before.
pub const GRACE: SignedDuration = SignedDuration::from_hours(24);

/// How long a backup may take, and how old a pack may be that one builds on without a manifest that names it: well below the
/// grace, so that the two never meet.
pub const LONGEST_BACKUP: SignedDuration = SignedDuration::from_hours(12);

/// Between one prune and the next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condemned {
    pub packs: BTreeMap<PackId, Timestamp>,
    /// The newest backup that was ever pruned: whatever is missing up to here was taken away on purpose.
    pub pruned: Option<BackupKey>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredPack {
    pub id: PackId,
    pub written: Timestamp,
}

/// Backups that are kept no longer. The newest is never among them, however old it is, nor is a salvage: only a person can
/// tell that it is no longer wanted.
pub fn expired(all: &[BackupKey], retention_days: u32, now: Timestamp) -> Vec<BackupKey> {
    let days = keeps(retention_days);
    let newest = newest(all);
    let old = |key: &&BackupKey| now.duration_since(key.name.at) > days;
    let goes = |key: &&BackupKey| match key.name.kind {
        Kind::Backup => Some(*key) != newest,
        Kind::Replaced => true,
        Kind::Salvage => false,
    };
    all.iter().filter(old).filter(goes).cloned().collect()
}

/// How long a backup is kept.
pub fn keeps(retention_days: u32) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(retention_days))
}

/// Until when a pack is to be locked that is locked for too short: as long as the last backup is kept that needs it, and half
/// as long again, so that it is not done anew each day.
pub fn extended(
    locked: Option<Timestamp>,
    last_needed: Timestamp,
    keeps: SignedDuration,
) -> Option<Timestamp> {
    let until = last_needed.checked_add(keeps).ok()?;
    let longer = until.checked_add(keeps / 2).ok()?;
    locked.is_none_or(|locked| locked < until).then_some(longer)
}

/// The packs that go now, and all that are condemned: those that go are among them until they are gone, so that nobody who
/// is killed on the way forgets one.
pub fn packs(
    stored: &[StoredPack],
    needed: impl Fn(&PackId) -> bool,
    condemned: &BTreeMap<PackId, Timestamp>,
    now: Timestamp,
) -> (Vec<StoredPack>, BTreeMap<PackId, Timestamp>) {
    let mut gone = vec![];
    let mut all = BTreeMap::new();
    let unneeded = stored.iter().filter(|pack| !needed(&pack.id));
    // One that was written again meanwhile is as good as new.
    for pack in unneeded.filter(|pack| now.duration_since(pack.written) > GRACE) {
        let before = condemned.get(&pack.id).copied();
        // What was condemned before it was written was another.
        let at = before.filter(|at| at.duration_since(pack.written) > GRACE);
        if at.is_some_and(|at| now.duration_since(at) > GRACE) {
            gone.push(*pack);
        }
        all.insert(pack.id, at.unwrap_or(now));
    }
    (gone, all)
}

#[cfg(test)]
mod tests;
