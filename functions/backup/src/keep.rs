//! Keeps some backups longer than all others: as copies that need nothing else in the bucket, made within the storage.
//! Each region makes and removes its own, of what is whole there. Cut short anywhere it is gone on with the next time.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use lifeboat_aws::{Below, Objects, backups};
use lifeboat_core::{
    Failure,
    backup::{
        BackupKey, Choice, Kind, Manifest,
        keep::{PREFIX, wanted},
    },
};

use crate::{Backup, Kept, lock};

const AT_ONCE: usize = 8;

/// By copy, by the key below it: how long an object is there.
type Copies = BTreeMap<BackupKey, BTreeMap<String, u64>>;

pub(crate) async fn keep<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    clock: impl Fn() -> Timestamp,
) -> Result<Kept, Failure> {
    let mut copies = copies(backup).await?;
    let whole = |(key, there): (&BackupKey, &BTreeMap<String, u64>)| {
        there.contains_key(&key.manifest()).then(|| key.clone())
    };
    let kept: Vec<BackupKey> = copies.iter().filter_map(whole).collect();
    let mut here = backups::all(backup.backups, Kind::Backup).await?;
    let mut told = Kept::default();
    let wanted = loop {
        let wanted = wanted(&here, &kept, backup.configuration.backup_keep);
        let Some(next) = wanted
            .iter()
            .find(|key| !kept.contains(key) && !told.made.contains(key))
        else {
            break wanted;
        };
        if clock() >= backup.until {
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
    for (key, there) in copies.into_iter().filter(|(key, _)| !wanted.contains(key)) {
        let manifest = format!("{}{}", key.kept(), key.manifest());
        if lock::holds(backup, &manifest, clock()).await? {
            continue;
        }
        remove(backup, &key, there).await?;
        told.removed.push(key);
    }
    Ok(told)
}

/// Of a backup that is not among the others any more, but kept: how it is brought back. Then it is one like any other, with
/// everything that a restore asks of it.
pub(crate) async fn or_kept<C: Objects, B: Objects, T>(
    backup: &Backup<'_, C, B>,
    choice: Choice,
    outcome: Result<T, Failure>,
) -> Result<T, Failure> {
    let (Err(Failure::Invalid(why)), Choice::Named(name)) = (&outcome, choice) else {
        return outcome;
    };
    let copies = match why.field == "backup" {
        true => copies(backup).await?,
        false => return outcome,
    };
    let Some(key) = copies.keys().rev().find(|key| key.name == name) else {
        return outcome;
    };
    let (bucket, region) = (backup.backups.name(), backup.backups.region());
    Err(Failure::Refused(format!(
        "{name} is kept as a copy only. Bring it back, and ask again before the next prune, within the day: aws s3 cp --recursive --region {region} s3://{bucket}/{} s3://{bucket}/ (what has become cold has to be restored from Glacier first, see the runbook)",
        key.kept()
    )))
}

/// Every copy, made or half made.
async fn copies<C: Objects, B: Objects>(backup: &Backup<'_, C, B>) -> Result<Copies, Failure> {
    let mut copies = Copies::new();
    for object in backup.backups.list(PREFIX).await? {
        if let Some(key) = BackupKey::of_kept(&object.key) {
            let below = object.key[key.kept().len()..].to_owned();
            copies.entry(key).or_default().insert(below, object.bytes);
        }
    }
    Ok(copies)
}

/// Pack by pack, and its manifest when all of them are there.
async fn copy<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    key: &BackupKey,
    there: BTreeMap<String, u64>,
    clock: impl Fn() -> Timestamp,
) -> Result<(), Failure> {
    let bucket = backup.backups;
    let gone = || Failure::NotVerified(format!("{} is gone", key.manifest()));
    let bytes = bucket.get(&key.manifest()).await?.ok_or_else(gone)?.body;
    let manifest = Manifest::parse(&bytes, &backup.configuration.application, key)?;
    manifest.covers(backup.services())?;
    if let Some(pack) = backups::Packs::of(bucket).await?.lack(&manifest) {
        return Err(Failure::NotVerified(format!(
            "{} is not whole in {}: {} is missing, so it is not kept",
            key.name,
            bucket.region(),
            pack.key()
        )));
    }
    let missing = manifest
        .packs
        .iter()
        .map(|pack| (pack.id.key(), pack.bytes));
    let missing = missing.filter(|(pack, bytes)| there.get(pack) != Some(bytes));
    let copied = stream::iter(missing.collect::<Vec<_>>()).map(async |(pack, _)| {
        if clock() >= backup.until {
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
    mut there: BTreeMap<String, u64>,
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
