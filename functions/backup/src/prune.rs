//! Removes what is kept no longer: first manifests, then, a day after they were condemned, packs that nobody names. Cut short
//! anywhere it is gone on with the next time; what it cannot understand it leaves alone, and everything that may hang on it.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use lifeboat_aws::{Objects, backups};
use lifeboat_core::{
    Failure, Invalid,
    backup::{
        BackupKey, Chain, Kind, PackId, newest,
        prune::{Condemned, StoredPack, expired, packs},
    },
};

use crate::{
    Backup, Pruned,
    chain::{self, Backups},
    damage, find, lock,
};

/// In the control bucket, which is not replicated: each region prunes for itself.
const CONDEMNED: &str = "prune.json";

const AT_ONCE: usize = 8;

pub(crate) async fn prune<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    now: Timestamp,
) -> Result<Pruned, Failure> {
    let mut condemned = condemned(backup).await?;
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
    let (needed, backups) = needed(backup, all).await?;
    let chain = look_after(backup, &needed, &backups, now).await?;
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
        broken: chain.broken,
    })
}

async fn condemned<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
) -> Result<Condemned, Failure> {
    match backup.control.bucket().get(CONDEMNED).await? {
        Some(found) => serde_json::from_slice(&found.body).map_err(|why| {
            Invalid::new(CONDEMNED, "what an earlier prune has written", why).into()
        }),
        None => Ok(Condemned::default()),
    }
}

/// The newest backup that was ever pruned here.
pub(crate) async fn pruned<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
) -> Result<Option<BackupKey>, Failure> {
    Ok(condemned(backup).await?.pruned)
}

/// Every manifest was read, so it is seen whether each is what it was. What is known of damage is kept for as long as it
/// stands and somebody needs what it is about.
async fn look_after<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    needed: &BTreeMap<PackId, Timestamp>,
    backups: &Backups,
    now: Timestamp,
) -> Result<Chain, Failure> {
    let links = chain::links(backup, backups, None, now).await;
    let told = chain::told(backup, &links).await;
    let mut needed: BTreeSet<String> = needed.keys().map(PackId::key).collect();
    needed.extend(chain::broken(&links));
    damage::settle(backup, &needed).await?;
    Ok(told)
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

/// By any manifest, and when the last was taken that needs it; with what the backups say of each other. One that cannot be read
/// may need anything, so then nothing is removed.
async fn needed<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    all: Vec<BackupKey>,
) -> Result<(BTreeMap<PackId, Timestamp>, Backups), Failure> {
    let read = stream::iter(all).map(async |key| {
        let stays = |why: Failure| match why {
            Failure::NotVerified(why) => Failure::NotVerified(format!(
                "{why}; no pack is removed while it is there, for it may need any: read it with the version that wrote it, or delete it"
            )),
            other => other,
        };
        let Some(found) = find::bytes(backup, backup.backups, &key).await.map_err(stays)? else {
            return Ok(None);
        };
        let manifest = find::parse(backup, backup.backups, &key, &found.body).await;
        let packs = manifest.map_err(stays)?.packs;
        Ok::<_, Failure>(Some((key, packs, chain::read(&found.body))))
    });
    let manifests: Vec<_> = read.buffer_unordered(AT_ONCE).try_collect().await?;
    let (mut needed, mut backups) = (BTreeMap::new(), Backups::new());
    for (key, packs, read) in manifests.into_iter().flatten() {
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
