//! Removes what is kept no longer: first manifests, then, a day after they were condemned, packs that nobody names. Cut short
//! anywhere it is gone on with the next time; what it cannot understand it leaves alone, and everything that may hang on it.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use lifeboat_aws::{Objects, backups};
use lifeboat_core::{
    Failure, Invalid,
    backup::{
        BackupKey, Kind, Manifest, PackId, newest,
        prune::{Condemned, StoredPack, expired, packs},
    },
};

use crate::{Backup, Pruned, lock};

/// In the control bucket, which is not replicated: each region prunes for itself.
const CONDEMNED: &str = "prune.json";

const AT_ONCE: usize = 8;

pub(crate) async fn prune<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    now: Timestamp,
) -> Result<Pruned, Failure> {
    let control = backup.control.bucket();
    let mut condemned: Condemned = match control.get(CONDEMNED).await? {
        Some(found) => serde_json::from_slice(&found.body)
            .map_err(|why| Invalid::new(CONDEMNED, "what an earlier prune has written", why))?,
        None => Condemned::default(),
    };
    let days = backup.configuration.backup_retention_days;
    let mut all = every(backup).await?;
    let (old, mut locked) = unlocked(backup, expired(&all, days, now), now).await?;
    if let Some(last) = newest(&old)
        && newest(condemned.pruned.iter().chain([last])) == Some(last)
    {
        // Before they go, so that nobody takes it for a loss.
        condemned.pruned = Some(last.clone());
        remember(backup, &condemned).await?;
    }
    for key in &old {
        backup.backups.delete(&key.manifest()).await?;
    }
    all.retain(|key| !old.contains(key));
    let needed = needed(backup, all).await?;
    let stored: Vec<StoredPack> = stored(backup, PackId::PREFIX).await?;
    let extended = lock::extend(backup, &needed).await?;
    let needed = needed.into_keys().collect();
    let (mut gone, mut left) = packs(&stored, &needed, &condemned.packs, now);
    let mut held = vec![];
    for id in &gone {
        if lock::holds(backup, &id.key(), now).await? {
            held.push(*id);
        }
    }
    gone.retain(|id| !held.contains(id));
    // Condemned as before.
    left.extend(
        held.iter()
            .filter_map(|id| condemned.packs.get_key_value(id)),
    );
    locked += held.len() as u64;
    for id in &gone {
        // One that was written again since the listing is somebody's.
        let before = stored.iter().find(|pack| pack.id == *id);
        if stored_one(backup, *id).await?.as_ref() == before {
            backup.backups.delete(&id.key()).await?;
        }
    }
    if condemned.packs != left {
        condemned.packs = left;
        remember(backup, &condemned).await?;
    }
    Ok(Pruned {
        backups: old,
        packs: gone.len() as u64,
        condemned: condemned.packs.len() as u64,
        locked,
        extended,
    })
}

async fn remember<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    condemned: &Condemned,
) -> Result<(), Failure> {
    let json = serde_json::to_vec_pretty(condemned)
        .map_err(|why| Invalid::new(CONDEMNED, "what JSON can hold", why))?;
    backup.control.bucket().put(CONDEMNED, json).await
}

async fn every<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
) -> Result<Vec<BackupKey>, Failure> {
    let mut all = vec![];
    for kind in Kind::ALL {
        all.extend(backups::all(backup.backups, kind).await?);
    }
    Ok(all)
}

/// Those that the storage lets go, and how many it does not yet.
async fn unlocked<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    old: Vec<BackupKey>,
    now: Timestamp,
) -> Result<(Vec<BackupKey>, u64), Failure> {
    let (mut free, mut locked) = (vec![], 0);
    for key in old {
        match lock::holds(backup, &key.manifest(), now).await? {
            true => locked += 1,
            false => free.push(key),
        }
    }
    Ok((free, locked))
}

/// By any manifest, and when the last was taken that needs it. One that cannot be read may need anything, so then nothing is removed.
async fn needed<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    all: Vec<BackupKey>,
) -> Result<BTreeMap<PackId, Timestamp>, Failure> {
    let read = stream::iter(all).map(async |key| {
        let Some(found) = backup.backups.get(&key.manifest()).await? else {
            return Ok((key, vec![]));
        };
        let manifest = Manifest::parse(&found.body, &backup.configuration.application, &key);
        let manifest = manifest.map_err(|why| {
            Failure::NotVerified(format!(
                "{why}; no pack is removed while it is there, for it may need any: read it with the version that wrote it, or delete it"
            ))
        })?;
        Ok::<_, Failure>((key, manifest.packs))
    });
    let manifests: Vec<_> = read.buffer_unordered(AT_ONCE).try_collect().await?;
    let mut needed = BTreeMap::new();
    for (key, packs) in manifests {
        for pack in packs {
            let last = needed.entry(pack.id).or_insert(key.name.at);
            *last = key.name.at.max(*last);
        }
    }
    Ok(needed)
}

async fn stored<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    prefix: &str,
) -> Result<Vec<StoredPack>, Failure> {
    let found = backup.backups.list(prefix).await?;
    let packs = found.iter().filter_map(|object| {
        let id = PackId::of_key(&object.key)?;
        let written = object.written;
        Some(StoredPack { id, written })
    });
    Ok(packs.collect())
}

async fn stored_one<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    id: PackId,
) -> Result<Option<StoredPack>, Failure> {
    Ok(stored(backup, &id.key()).await?.pop())
}
