//! Keeps some backups longer than all others: as copies that need nothing else in the bucket, made within the storage.
//! Each region makes, locks and removes its own, of what is whole there. Cut short anywhere it is gone on with the next time.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use lifeboat_aws::{Below, Objects, Stored, backups};
use lifeboat_core::{
    Failure,
    backup::{
        BackupKey, Kind, Readable,
        keep::{KeptCopy, PREFIX, wanted},
    },
};

use crate::{Backup, Kept, find, lock};

const AT_ONCE: usize = 8;

/// By copy, by the key below it: an object that is there.
type Copies = BTreeMap<BackupKey, There>;
pub(crate) type There = BTreeMap<String, Stored>;

pub(crate) async fn keep<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    clock: impl Fn() -> Timestamp,
) -> Result<Kept, Failure> {
    let mut copies = copies(backup).await?;
    let whole = |(key, there): (&BackupKey, &There)| {
        there.contains_key(&key.manifest()).then(|| key.clone())
    };
    let kept: Vec<BackupKey> = copies.iter().filter_map(whole).collect();
    let mut here = backups::all(backup.backups, Kind::Backup).await?;
    let mut told = Kept::default();
    let wanted = loop {
        let wanted = wanted(&here, &kept, backup.configuration.backup_keep);
        let Some(next) = wanted
            .keys()
            .find(|key| !kept.contains(key) && !told.made.contains(key))
        else {
            break wanted;
        };
        if backup.is_late(clock()) {
            return Err(Failure::Unfinished(format!(
                "{} copies are made when the time of this invocation is over; the next one goes on from there",
                told.made.len()
            )));
        }
        let there = copies.remove(next).unwrap_or_default();
        match copy(backup, next, there, &clock).await {
            Ok(()) => told.made.push(next.clone()),
            // Another one of its time may be whole.
            Err(Failure::NotVerified(why)) => {
                tracing::warn!("{why}");
                let next = next.clone();
                here.retain(|key| *key != next);
            }
            Err(other) => return Err(other),
        }
    };
    if backup.configuration.object_lock {
        // With those that were made just now.
        for (key, there) in self::copies(backup).await? {
            if let Some(until) = wanted.get(&key) {
                told.extended += lock::copy(backup, &key, &there, *until, &clock).await?;
            }
        }
    }
    let unwanted = |(key, _): &(BackupKey, There)| !wanted.contains_key(key);
    for (key, there) in copies.into_iter().filter(unwanted) {
        let manifest = format!("{}{}", key.kept(), key.manifest());
        if lock::holds(backup, &manifest, clock()).await? {
            continue;
        }
        if backup.is_late(clock()) {
            return Err(Failure::Unfinished(format!(
                "{} copies are removed when the time of this invocation is over; the next one goes on from there",
                told.removed.len()
            )));
        }
        remove(backup, &key, there).await?;
        told.removed.push(key);
    }
    Ok(told)
}

/// The copies that are made, the newest first.
pub(crate) async fn standing<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
) -> Result<Vec<KeptCopy>, Failure> {
    let copies = copies(backup).await?.into_iter();
    let made = copies.filter(|(key, there)| there.contains_key(&key.manifest()));
    let told = made.map(|(backup, there)| KeptCopy {
        backup,
        bytes: there.values().map(|object| object.bytes).sum(),
        classes: there.values().map(|object| object.class.clone()).collect(),
        readable: Readable::of_all(there.values().map(|object| object.readable)),
    });
    Ok(told.rev().collect())
}

/// Why a copy cannot be read yet, and what to do about it.
pub(crate) fn cold<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    copy: &KeptCopy,
) -> Option<String> {
    let (bucket, region) = (backup.backups.name(), backup.backups.region());
    let (name, below) = (&copy.backup.name, copy.backup.kept());
    match copy.readable {
        Readable::AtOnce | Readable::Until { .. } => None,
        Readable::Coming { archive } => Some(format!(
            "the copy of {name} below {bucket}/{below} in {region} was asked back and is on its way, which takes {}; `list` says when it is there, ask again then",
            archive.takes()
        )),
        Readable::Archived { archive } => Some(format!(
            "the copy of {name} below {bucket}/{below} in {region} is in an archive and can be read once it was asked back, which takes {}. Ask all of it back for a week, and for this again when `list` says that it is there: aws s3api list-objects-v2 --region {region} --bucket {bucket} --prefix {below} --query \"Contents[?StorageClass=='GLACIER' || StorageClass=='DEEP_ARCHIVE'].Key\" --output text | tr '\\t' '\\n' | while read -r key; do aws s3api restore-object --region {region} --bucket {bucket} --key \"$key\" --restore-request Days=7; done",
            archive.takes()
        )),
    }
}

/// Every copy, made or half made.
async fn copies<C: Objects, B: Objects>(backup: &Backup<'_, C, B>) -> Result<Copies, Failure> {
    let mut copies = Copies::new();
    for object in backup.backups.list(PREFIX).await? {
        if let Some(key) = BackupKey::of_kept(&object.key) {
            let below = object.key[key.kept().len()..].to_owned();
            copies.entry(key).or_default().insert(below, object);
        }
    }
    Ok(copies)
}

/// Pack by pack, and its manifest when all of them are there.
async fn copy<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    key: &BackupKey,
    there: There,
    clock: impl Fn() -> Timestamp,
) -> Result<(), Failure> {
    let bucket = backup.backups;
    let gone = || Failure::NotVerified(format!("{} is gone", key.manifest()));
    let bytes = find::bytes(backup, bucket, key)
        .await?
        .ok_or_else(gone)?
        .body;
    let manifest = find::parse(backup, bucket, key, &bytes).await?;
    manifest.covers(backup.services())?;
    let packs = backups::Packs::of(bucket, backups::damages(backup.control).await).await?;
    if let Some(lack) = packs.lack_one_of(&manifest.packs) {
        return Err(Failure::NotVerified(format!(
            "{} is not whole in {}, so it is not kept: {}",
            key.name,
            bucket.region(),
            lack.said(backup.configuration, key)
        )));
    }
    let missing = manifest
        .packs
        .iter()
        .map(|pack| (pack.id.key(), pack.bytes));
    let missing = missing.filter(|(pack, bytes)| there.get(pack).map(|o| o.bytes) != Some(*bytes));
    let copied = stream::iter(missing.collect::<Vec<_>>()).map(async |(pack, _)| {
        if backup.is_late(clock()) {
            return Err(Failure::Unfinished(format!(
                "{} is copied in part when the time of this invocation is over; the next one goes on from there",
                key.name
            )));
        }
        let to = format!("{}{pack}", key.kept());
        bucket.copy(&pack, &to).await
    });
    copied
        .buffer_unordered(AT_ONCE)
        .try_collect::<Vec<_>>()
        .await?;
    Below::new(bucket, key.kept())
        .put(&key.manifest(), bytes)
        .await
}

/// Its manifest first: what has none is no copy, and is removed the next time.
async fn remove<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    key: &BackupKey,
    mut there: There,
) -> Result<(), Failure> {
    let copy = Below::new(backup.backups, key.kept());
    if there.remove(&key.manifest()).is_some() {
        copy.delete(&key.manifest()).await?;
    }
    for object in there.keys() {
        copy.delete(object).await?;
    }
    Ok(())
}
