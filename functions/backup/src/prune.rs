//! Removes what is kept no longer: first manifests, then, a day after they were condemned, packs that nobody names. Cut short
//! anywhere it is gone on with the next time; what it cannot understand it leaves alone, and everything that may hang on it.

mod needed;

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use lifeboat_aws::{Objects, backups};
use lifeboat_core::{
    Failure,
    backup::{
        BackupKey, Chain, Kind, PackId, newest,
        prune::{Condemned, StoredPack, expired, packs},
    },
    stored,
};

use crate::{
    Backup, Pruned,
    chain::{self, Backups},
    damage, lock,
};

use needed::needed;

/// In the control bucket, which is not replicated: each region prunes for itself.
const CONDEMNED: &str = "prune.json";

const AT_ONCE: usize = 8;

pub(crate) async fn prune<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    clock: impl Fn() -> Timestamp,
) -> Result<Pruned, Failure> {
    let now = clock();
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
    let removed = remove_backups(backup, &old, &clock).await?;
    if removed < old.len() {
        return Err(unfinished(removed, 0));
    }
    all.retain(|key| !old.contains(key));
    let (needed, backups) = needed(backup, all, &clock).await?;
    let chain = look_after(backup, &needed, &backups, now).await?;
    let stored = stored(backup, PackId::PREFIX).await?;
    let needs = |id: &PackId| needed.contains_key(id);
    let (gone, all) = packs(&stored, needs, &condemned.packs, now);
    // Before they go as well: whoever is killed on the way has forgotten none.
    note(backup, &mut condemned, all).await?;
    let extended = lock::extend(backup, &needed, &clock).await?;
    let removals = stream::iter(gone).map(async |pack| remove(backup, pack, &clock).await);
    let fates: Vec<_> = removals.buffer_unordered(AT_ONCE).try_collect().await?;
    let count = |fate| fates.iter().filter(|(_, is)| *is == fate).count() as u64;
    let mut left = condemned.packs.clone();
    for (id, fate) in &fates {
        match fate {
            Fate::Gone | Fate::WrittenAgain => drop(left.remove(id)),
            Fate::Locked | Fate::Late => {}
        }
    }
    note(backup, &mut condemned, left).await?;
    locked += count(Fate::Locked);
    let packs = count(Fate::Gone);
    if count(Fate::Late) > 0 {
        return Err(unfinished(removed, packs));
    }
    Ok(Pruned {
        backups: old,
        packs,
        condemned: condemned.packs.len() as u64,
        locked,
        extended,
        broken: chain.broken,
    })
}

fn unfinished(backups: usize, packs: u64) -> Failure {
    Failure::Unfinished(format!(
        "{backups} backups and {packs} packs are removed when the time of this invocation is over; the next one goes on from there"
    ))
}

/// How many were removed in time.
async fn remove_backups<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    old: &[BackupKey],
    clock: impl Fn() -> Timestamp,
) -> Result<usize, Failure> {
    let removals = stream::iter(old).map(async |key| match backup.is_late(clock()) {
        true => Ok::<_, Failure>(false),
        false => backup.backups.delete(&key.manifest()).await.map(|()| true),
    });
    let done: Vec<bool> = removals.buffer_unordered(AT_ONCE).try_collect().await?;
    Ok(done.into_iter().filter(|done| *done).count())
}

/// What becomes of a pack whose time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Gone,
    /// It is condemned as before.
    Locked,
    /// Since it was listed: it is somebody's.
    WrittenAgain,
    /// The time of the invocation is over.
    Late,
}

async fn remove<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    pack: StoredPack,
    clock: impl Fn() -> Timestamp,
) -> Result<(PackId, Fate), Failure> {
    let (id, key, now) = (pack.id, pack.id.key(), clock());
    let fate = if backup.is_late(now) {
        Fate::Late
    } else if lock::holds(backup, &key, now).await? {
        Fate::Locked
    } else if stored(backup, &key).await?.pop() != Some(pack) {
        Fate::WrittenAgain
    } else {
        backup.backups.delete(&key).await?;
        Fate::Gone
    };
    Ok((id, fate))
}

async fn condemned<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
) -> Result<Condemned, Failure> {
    match backup.control.bucket().get(CONDEMNED).await? {
        Some(found) => {
            let what = "what an earlier prune has written";
            Ok(stored::read(CONDEMNED, what, &found.body)?)
        }
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

/// A record that stays the same is not written.
async fn note<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    condemned: &mut Condemned,
    packs: BTreeMap<PackId, Timestamp>,
) -> Result<(), Failure> {
    if condemned.packs != packs {
        condemned.packs = packs;
        remember(backup, condemned).await?;
    }
    Ok(())
}

async fn remember<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    condemned: &Condemned,
) -> Result<(), Failure> {
    backup.control.write(CONDEMNED, condemned).await
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
    let asked = stream::iter(old).map(async |key| {
        let held = lock::holds(backup, &key.manifest(), now).await?;
        Ok::<_, Failure>((!held).then_some(key))
    });
    let free: Vec<_> = asked.buffered(AT_ONCE).try_collect().await?;
    let locked = free.iter().filter(|key| key.is_none()).count();
    Ok((free.into_iter().flatten().collect(), locked as u64))
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
