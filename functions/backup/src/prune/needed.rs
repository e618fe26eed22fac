//! Which packs the backups of the bucket need. Their manifests are read a few at a time, and of each is kept what it adds: so
//! memory grows with the packs and with the backups, and not with how many backups need how many packs.

use std::{collections::BTreeMap, pin::pin};

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use lifeboat_aws::Objects;
use lifeboat_core::{
    Failure,
    backup::{BackupKey, Kind, PackId, PackUse, chain::Read},
};

use crate::{
    Backup,
    chain::{self, Backups},
    find,
};

/// Each is in memory as a whole while it is read.
const AT_ONCE: usize = 2;

/// By any manifest, and when the last was taken that needs it; with what the backups say of each other. One that cannot be read
/// may need anything, so then nothing is removed; nor is it where not all of them could be read in time.
pub(super) async fn needed<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    all: Vec<BackupKey>,
    clock: impl Fn() -> Timestamp,
) -> Result<(BTreeMap<PackId, Timestamp>, Backups), Failure> {
    let count = all.len();
    let read = stream::iter(all).map(async |key| match backup.is_late(clock()) {
        true => Err(Failure::Unfinished(format!(
            "not all of {count} manifests are read when the time of this invocation is over, so no pack is removed; the next one begins with the first: if that goes on give the function more memory, and with it more of a processor"
        ))),
        false => one(backup, key).await,
    });
    let mut read = pin!(read.buffer_unordered(AT_ONCE));
    let (mut needed, mut backups) = (BTreeMap::new(), Backups::new());
    while let Some(found) = read.try_next().await? {
        let Some((key, packs, read)) = found else {
            continue;
        };
        for pack in packs {
            let last = needed.entry(pack.id).or_insert(key.name.at);
            *last = key.name.at.max(*last);
        }
        if key.name.kind == Kind::Backup {
            backups.insert(key, Ok(read));
        }
    }
    Ok((needed, backups))
}

async fn one<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    key: BackupKey,
) -> Result<Option<(BackupKey, Vec<PackUse>, Read)>, Failure> {
    let stays = |why: Failure| match why {
        Failure::NotVerified(why) => Failure::NotVerified(format!(
            "{why}; no pack is removed while it is there, for it may need any: read it with the version that wrote it, or delete it"
        )),
        other => other,
    };
    let found = find::bytes(backup, backup.backups, &key).await;
    let Some(found) = found.map_err(stays)? else {
        return Ok(None);
    };
    let manifest = find::parse(backup, backup.backups, &key, &found.body).await;
    let packs = manifest.map_err(stays)?.packs;
    Ok(Some((key, packs, chain::read(&found.body))))
}
