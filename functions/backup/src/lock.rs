//! Locks what is needed for as long as it is: the storage locks an object when it is written, and a pack that a later backup
//! builds on is needed for longer. It is done with the prune, which knows what needs what: a backup that had to lock
//! what it builds on would take a request for each pack, each time.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use lifeboat_aws::Objects;
use lifeboat_core::{
    Failure,
    backup::{
        PackId,
        prune::{extended, keeps},
    },
};

use crate::Backup;

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
