//! What an invocation whose time is over hands to the next one: the files that it has finished, and how far it came in the
//! one that it was at. It is what a backup knows and no backup, so it may be lost, old or wrong: each file is read again
//! unless its mark says that it is still the same, and each pack is looked for.

use std::{ops::Deref, pin::pin};

use futures::StreamExt;
use jiff::Timestamp;
use lifeboat_aws::Objects;
use lifeboat_core::{
    Failure, Invalid,
    backup::{self, BackupKey, Chunk, FORMAT, FilePath, Manifest, PackUse, Previous},
};
use lifeboat_pack::{Aside, Hasher};
use serde::{Deserialize, Serialize};

use crate::{
    Backup, create::manifest, damage, fetch::fetch, find::Newest, known::Known, save::Saved,
};

/// In the control bucket, which is not replicated: it speaks of this region's files.
pub(crate) const KEY: &str = "unfinished.json";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unfinished {
    /// What its manifest would be by now.
    pub so_far: Manifest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half: Option<Half>,
}

/// A file of which a part is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Half {
    pub service: String,
    pub path: FilePath,
    /// By which it was known when it began to be read, settled or not.
    pub seen: String,
    /// How often it has been begun.
    pub attempt: u32,
    /// As much of it as was read.
    pub file: backup::File,
    pub hash: Aside,
}

impl Unfinished {
    fn parse(
        json: &[u8],
        application: &str,
        mine: &BackupKey,
        newest: Option<&BackupKey>,
    ) -> Result<Self, String> {
        let read: Self = serde_json::from_slice(json).map_err(|why| why.to_string())?;
        let key = &read.so_far.backup;
        let at = format!("it is of {} at epoch {}", key.region, key.epoch);
        if (&key.region, key.epoch) != (&mine.region, mine.epoch) {
            return Err(at);
        }
        if let Some(newest) = newest
            && newest.region == key.region
            && newest.name.at >= key.name.at
        {
            return Err(format!("{} was finished since", newest.name));
        }
        if read.so_far.format != FORMAT {
            return Err(format!("it is of format {}", read.so_far.format));
        }
        let checked = read.so_far.check(application, key);
        checked.map_err(|why| why.to_string())?;
        if let Some(half) = &read.half {
            half.check(&read.so_far).map_err(|why| why.to_string())?;
        }
        Ok(read)
    }
}

impl Half {
    fn check(&self, so_far: &Manifest) -> Result<(), Invalid> {
        so_far.check_file("half", &self.file)?;
        // There is always something after what was put aside, unless nothing was read at all.
        let behind = self.file.bytes.checked_sub(self.hash.bytes());
        match behind {
            Some(1..) => Ok(()),
            Some(0) | None => {
                let found = self.hash.bytes();
                let expected = format!("less than {}", self.file.bytes);
                Err(Invalid::new("half.hash", expected, found))
            }
        }
    }

    pub(crate) fn chunks(&self) -> impl Iterator<Item = &Chunk> {
        self.file.chunks.iter()
    }
}

/// A half with the state of its hash, as it was.
#[derive(Debug)]
pub(crate) struct Resumable {
    half: Half,
    pub hasher: Hasher,
}

impl Deref for Resumable {
    type Target = Half;

    fn deref(&self) -> &Half {
        &self.half
    }
}

/// None where the file is read from its beginning: what is damaged of it is not gone on with.
pub(crate) async fn resume<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    known: &mut Known,
    half: Half,
) -> Result<Option<Resumable>, Failure> {
    match rehash(backup.backups, &known.packs, half).await {
        Err(Failure::Harmed(found)) => {
            known.forget(&found.object);
            damage::note(backup, [(found.object, found.harm)]).await;
            Ok(None)
        }
        resumed => resumed,
    }
}

/// What was put aside, and what lies behind that in the bucket, must together be what was read; the file itself may be another
/// by now.
async fn rehash(
    bucket: &impl Objects,
    packs: &[PackUse],
    half: Half,
) -> Result<Option<Resumable>, Failure> {
    let Some(mut hasher) = Hasher::again(&half.hash) else {
        return Ok(None);
    };
    let mut at = 0;
    let behind = half.chunks().copied().filter(|chunk| {
        at += u64::from(chunk.bytes);
        at > half.hash.bytes()
    });
    let behind: Vec<Chunk> = behind.collect();
    let held: u64 = behind.iter().map(|chunk| u64::from(chunk.bytes)).sum();
    let mut known = (half.hash.bytes() + held).saturating_sub(half.file.bytes);
    let mut coming = pin!(fetch(bucket, packs, behind.into_iter()));
    while let Some(read) = coming.next().await {
        for chunk in read? {
            let new = chunk.get(known as usize..).unwrap_or_default();
            hasher.update(new);
            known = 0;
        }
    }
    let is = hasher.bytes() == half.file.bytes && hasher.finish() == half.file.content;
    Ok(is.then_some(Resumable { half, hasher }))
}

/// What an earlier invocation has left, and whether there is anything at all.
pub(crate) async fn read<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    mine: &BackupKey,
    newest: Option<&Newest>,
) -> Result<(Option<Unfinished>, bool), Failure> {
    let Some(found) = backup.control.bucket().get(KEY).await? else {
        return Ok((None, false));
    };
    let application = &backup.configuration.application;
    let newest = newest.map(|newest| &newest.link.backup);
    match Unfinished::parse(&found.body, application, mine, newest) {
        Ok(unfinished) => Ok((Some(unfinished), true)),
        Err(why) => {
            tracing::warn!("{KEY} is of no use: {why}; nothing is lost, and files are read again");
            Ok((None, true))
        }
    }
}

/// Says so as a failure: nobody may take it for a backup, and whoever asked for one asks again.
pub(crate) async fn hand_over<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    key: &BackupKey,
    (saved, half): (Saved, Option<Box<Half>>),
    previous: Option<Previous>,
    now: Timestamp,
) -> Failure {
    let finished = saved
        .services
        .values()
        .map(|files| files.len())
        .sum::<usize>();
    let at = half.as_ref().map_or(String::new(), |half| {
        let (path, service, bytes) = (&half.path, &half.service, half.file.bytes);
        format!(" and {bytes} bytes of {path} of {service}")
    });
    let so_far = manifest(backup, key, saved, previous, (key.name.at, now));
    let checked = so_far.check(&backup.configuration.application, key);
    let written = match checked {
        Ok(()) => {
            let half = half.map(|half| *half);
            let unfinished = Unfinished { so_far, half };
            backup.control.write(KEY, &unfinished).await
        }
        Err(why) => Err(why.into()),
    };
    match written {
        Ok(()) => Failure::Unfinished(format!(
            "{} has {finished} files{at} when the time of its invocation is over; the next one goes on from there",
            key.name
        )),
        Err(why) => why,
    }
}

/// A backup that stands needs it no more. One that stays is told by its age, so this is no reason to fail.
pub(crate) async fn remove<C: Objects, B: Objects>(backup: &Backup<'_, C, B>) {
    if let Err(why) = backup.control.bucket().delete(KEY).await {
        tracing::warn!("{why}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_schema_1_has_not_finished_is_gone_on_with() {
        let left: Unfinished = lifeboat_core::stored::assert_reads(KEY);
        let json = serde_json::to_vec(&left).unwrap();
        let mine = &left.so_far.backup;
        assert_eq!(
            Unfinished::parse(&json, "forum", mine, None),
            Ok(left.clone())
        );
    }
}
