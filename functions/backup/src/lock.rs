//! Locks what is needed for as long as it is: the storage locks an object when it is written, and a pack that a later backup
//! builds on is needed for longer, as is a copy that is kept. Of packs it is done with the prune, which knows what needs what: a backup that had to lock
//! what it builds on would take a request for each pack, each time.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use lifeboat_aws::Objects;
use lifeboat_core::{
    Failure,
    backup::{
        BackupKey, PackId,
        prune::{extended, keeps},
    },
};

use crate::{Backup, keep::There};

const AT_ONCE: usize = 8;

/// How many locks were extended. `needed`: each pack, and when the last backup was taken that needs it.
pub(crate) async fn extend<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    needed: &BTreeMap<PackId, Timestamp>,
    clock: impl Fn() -> Timestamp,
) -> Result<u64, Failure> {
    if !backup.configuration.object_lock {
        return Ok(0);
    }
    let days = keeps(backup.configuration.backup_retention_days);
    let bucket = backup.backups;
    let locks = stream::iter(needed).map(async |(id, last)| {
        if backup.is_late(clock()) {
            return Err(Failure::Unfinished(format!(
                "not all of {} packs are looked at for their locks when the time of this invocation is over, so no pack is removed; the next one begins with the first",
                needed.len()
            )));
        }
        let key = id.key();
        let locked = bucket.locked(&key).await?;
        let Some(until) = extended(locked, *last, days) else {
            return Ok(0);
        };
        bucket.lock(&key, until).await?;
        Ok::<u64, Failure>(1)
    });
    let extended: Vec<u64> = locks.buffer_unordered(AT_ONCE).try_collect().await?;
    Ok(extended.into_iter().sum())
}

/// A copy is locked for as long as it is kept at least. Its manifest comes last, and tells of all the others: so one that is
/// locked costs a request a day, however many packs it has.
pub(crate) async fn copy<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    key: &BackupKey,
    there: &There,
    until: Timestamp,
    clock: impl Fn() -> Timestamp,
) -> Result<u64, Failure> {
    let (bucket, name) = (backup.backups, key.manifest());
    let manifest = format!("{}{name}", key.kept());
    // Where nothing came after it, it is kept for longer than anybody has promised.
    if !there.contains_key(&name) || until <= clock() {
        return Ok(0);
    }
    if !is_short(bucket.locked(&manifest).await?, until) {
        return Ok(0);
    }
    let packs = there.keys().filter(|below| **below != name);
    let locks = stream::iter(packs).map(async |pack| {
        if backup.is_late(clock()) {
            return Err(Failure::Unfinished(format!(
                "the copy of {} is locked in part when the time of this invocation is over; the next one goes on from there",
                key.name
            )));
        }
        let pack = format!("{}{pack}", key.kept());
        if !is_short(bucket.locked(&pack).await?, until) {
            return Ok(0);
        }
        bucket.lock(&pack, until).await?;
        Ok(1)
    });
    let extended: Vec<u64> = locks.buffer_unordered(AT_ONCE).try_collect().await?;
    bucket.lock(&manifest, until).await?;
    Ok(extended.into_iter().sum::<u64>() + 1)
}

fn is_short(locked: Option<Timestamp>, until: Timestamp) -> bool {
    locked.is_none_or(|locked| locked < until)
}

/// Whether this must stay for now.
pub(crate) async fn holds<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    key: &str,
    now: Timestamp,
) -> Result<bool, Failure> {
    match backup.configuration.object_lock {
        false => Ok(false),
        true => {
            let locked = backup.backups.locked(key).await?;
            Ok(locked.is_some_and(|until| until > now))
        }
    }
}
