//! Follows what becomes of this region's backups on their way to the other one, and writes again what the storage gave up.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use lifeboat_aws::{Objects, backups};
use lifeboat_core::{
    Failure,
    backup::{
        BackupKey, Harm, Kind, Manifest, PackId,
        follow::{Copied, Followed, Status, Verdict, judge},
    },
};
use lifeboat_pack::pack_id;
use sha2::{Digest, Sha256};

use crate::{Backup, Following, damage, find};

/// How many objects are asked for at once.
const AT_ONCE: usize = 8;

pub(crate) async fn follow<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    clock: impl Fn() -> Timestamp,
) -> Result<Following, Failure> {
    let mut told = Following::default();
    let here = &backup.configuration.region;
    if let Some(why) = backup.configuration.stays(here) {
        told.notes.push(why);
        return Ok(told);
    }
    let before = remembered(backup).await?;
    let mut own = vec![];
    for kind in Kind::ALL {
        own.extend(backups::all(backup.backups, kind).await?);
    }
    own.retain(|key| key.region == *here);
    own.sort_by_key(rank);
    told.complete = before.complete.clone();
    let mut aside = before.aside.clone();
    aside.retain(|key| own.contains(key));
    own.retain(|key| match key.name.kind {
        Kind::Backup => before.complete.as_ref().is_none_or(|c| rank(key) > rank(c)),
        Kind::Salvage | Kind::Replaced => !aside.contains(key),
    });
    let begun = match own.last() {
        Some(newest) => is_marked(backup.backups.copied(&newest.manifest()).await?),
        None => false,
    };
    let mut there = BTreeSet::new();
    if let (Some(complete), false) = (&before.complete, own.is_empty()) {
        there = packs(backup, complete).await?;
    }
    let mut waiting_since: Option<Timestamp> = None;
    // A newer backup does not stand for an older one that is still on its way.
    let mut behind = false;
    // Why, by key, so that what many backups need is read once.
    let mut harmed = BTreeMap::<String, String>::new();
    for key in own {
        let manifest = match find::existing(backup, backup.backups, &key).await {
            Ok(Some(manifest)) => manifest,
            Ok(None) => continue,
            Err(Failure::NotVerified(why)) => {
                told.notes.push(why);
                no_longer(&mut aside, key);
                continue;
            }
            Err(other) => return Err(other),
        };
        let objects = objects(backup, &manifest, &mut there).await?;
        match judge(&objects, begun, manifest.finished, clock()) {
            Verdict::Complete => {
                match key.name.kind {
                    Kind::Backup if behind => {}
                    Kind::Backup => told.complete = Some(key),
                    Kind::Salvage | Kind::Replaced => no_longer(&mut aside, key),
                }
                continue;
            }
            Verdict::Lacks(object) => {
                let (bucket, name) = (backup.backups.name(), &key.name);
                told.notes.push(format!(
                    "{name} is not whole in {here}: {bucket}/{object} is gone, so it is followed no longer"
                ));
                no_longer(&mut aside, key);
                continue;
            }
            Verdict::Pending => {}
            Verdict::Unmarked => told.notes.push(format!(
                "S3 says nothing of a copy of {}: apply the join root, whose rule covers what is written afterwards",
                key.name
            )),
            Verdict::Again(objects) => {
                let mut flaw = None;
                for object in objects {
                    let known = harmed.get(&object).cloned();
                    let why = match known {
                        Some(why) => why,
                        None => match again(backup, &manifest, &object).await? {
                            None => {
                                told.written_again += 1;
                                continue;
                            }
                            Some(why) => why,
                        },
                    };
                    flaw.get_or_insert_with(|| why.clone());
                    harmed.insert(object, why);
                }
                if let Some(why) = flaw {
                    told.notes.push(format!(
                        "{} is not whole in {here}, so it is followed no longer: {why}",
                        key.name
                    ));
                    no_longer(&mut aside, key);
                    continue;
                }
            }
        }
        waiting_since.get_or_insert(manifest.finished);
        behind |= key.name.kind == Kind::Backup;
        told.waiting.push(key);
    }
    let after = Followed {
        complete: told.complete.clone(),
        aside,
        waiting_since,
    };
    told.lag_seconds = after.lag(clock()).as_secs();
    if after != before {
        backup.control.write(Followed::KEY, &after).await?;
    }
    for note in &told.notes {
        tracing::warn!("{note}");
    }
    Ok(told)
}

/// A backup needs no note of it: a newer one that is complete stands for those before it.
fn no_longer(aside: &mut BTreeSet<BackupKey>, key: BackupKey) {
    if key.name.kind != Kind::Backup {
        aside.insert(key);
    }
}

fn rank(key: &BackupKey) -> (lifeboat_core::Epoch, Timestamp) {
    (key.epoch, key.name.at)
}

fn is_marked(copied: Option<Copied>) -> bool {
    copied.is_some_and(|copied| copied.status != Status::Unmarked)
}

/// One that cannot be read is as good as none: everything is asked once more.
async fn remembered<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
) -> Result<Followed, Failure> {
    match backup.control.read(Followed::KEY).await {
        Err(Failure::Invalid(why)) => {
            tracing::warn!("{why}; every backup is asked for anew");
            Ok(Followed::default())
        }
        other => Ok(other?.unwrap_or_default()),
    }
}

/// The packs of a backup that is in the other region; none where it is gone from here, so that they are asked for.
async fn packs<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    complete: &BackupKey,
) -> Result<BTreeSet<PackId>, Failure> {
    let manifest = match find::existing(backup, backup.backups, complete).await {
        Err(Failure::NotVerified(_)) => None,
        other => other?,
    };
    let packs = manifest.into_iter().flat_map(|manifest| manifest.packs);
    Ok(packs.map(|pack| pack.id).collect())
}

/// What is said of each object that is not known to be there; those that are join them.
async fn objects<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    manifest: &Manifest,
    there: &mut BTreeSet<PackId>,
) -> Result<Vec<(String, Option<Copied>)>, Failure> {
    let packs = manifest.packs.iter().map(|pack| pack.id);
    let packs: BTreeMap<String, PackId> = packs
        .filter(|id| !there.contains(id))
        .map(|id| (id.key(), id))
        .collect();
    let keys = packs.keys().cloned().chain([manifest.backup.manifest()]);
    let asked = stream::iter(keys.collect::<Vec<_>>()).map(async |key| {
        let copied = backup.backups.copied(&key).await?;
        Ok::<_, Failure>((key, copied))
    });
    let objects: Vec<_> = asked.buffered(AT_ONCE).try_collect().await?;
    for (key, copied) in &objects {
        let is = copied.as_ref().map(|copied| copied.status);
        if let (Some(id), Some(Status::Completed | Status::Replica)) = (packs.get(key), is) {
            there.insert(*id);
        }
    }
    Ok(objects)
}

/// The same bytes as a new version, which is copied anew. What is no longer what it was is not spread, but noted: it says why.
async fn again<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    manifest: &Manifest,
    key: &str,
) -> Result<Option<String>, Failure> {
    let came = damage::remember(backup, write_again(backup, manifest, key).await).await;
    match came {
        Ok(()) => Ok(None),
        Err(Failure::NotVerified(why)) => Ok(Some(why)),
        Err(other) => Err(other),
    }
}

async fn write_again<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    manifest: &Manifest,
    key: &str,
) -> Result<(), Failure> {
    let bucket = backup.backups;
    let gone = || bucket.harmed(key, Harm::Gone);
    let bytes = bucket.get(key).await?.ok_or_else(gone)?.body;
    match PackId::of_key(key) {
        Some(id) if pack_id(&bytes) != id => {
            let why = "its SHA-256 is another; a new backup stores its chunks again";
            return Err(bucket.harmed(key, Harm::Damaged(why.into())));
        }
        Some(_) => {}
        None => drop(find::parse(backup, backup.backups, &manifest.backup, &bytes).await?),
    }
    let sum = Sha256::digest(&bytes);
    bucket.put_checked(key, bytes, &sum).await
}
