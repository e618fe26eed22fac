//! Reads a backup back, every byte of it, and says whether it is what its manifest promises. Writes nothing.

use std::{collections::BTreeMap, pin::pin};

use futures::StreamExt;
use jiff::Timestamp;
use lifeboat_aws::{Objects, backups};
use lifeboat_core::{
    Failure,
    backup::{self, Choice, Chunk, Files, Kind, Manifest, Verified},
};
use lifeboat_pack::{Opener, pack_id};
use tokio::task::spawn_blocking;

use crate::{
    Backup,
    find::{self, Meant, meant},
};

/// How many packs are read at once; each is in memory as a whole.
const AT_ONCE: usize = 3;

pub(crate) async fn verify<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    choice: Choice,
    clock: impl Fn() -> Timestamp,
) -> Result<Verified, Failure> {
    let started = clock();
    let all = backups::all(backup.backups, Kind::Backup).await?;
    let Meant { key, from, cold } = meant(backup, &all, choice).await?;
    if let Some(why) = cold {
        return Err(Failure::Refused(why));
    }
    let manifest = find::manifest(backup, &from, &key).await?;
    let mut wanted = by_pack(&manifest);
    let packs = manifest.packs.iter().enumerate().map(|(number, pack)| {
        let chunks = wanted.remove(&(number as u32)).unwrap_or_default();
        (*pack, chunks)
    });
    let packs = packs.collect::<Vec<_>>();
    let count = packs.len() as u64;
    let checked = futures::stream::iter(packs).map(async |(pack, chunks)| {
        let key = pack.id.key();
        let place = format!("{}/{key} in {}", from.name(), from.region());
        let read = from.get_range(&key, 0..pack.bytes).await?;
        let read = read.ok_or_else(|| Failure::NotVerified(format!("{place} is gone")))?;
        let checked = spawn_blocking(move || check(&read, &chunks, pack.id).map(|()| pack.bytes));
        let checked = checked
            .await
            .map_err(|why| backup.failed("check", &key, why))?;
        checked.map_err(|why| Failure::NotVerified(format!("{place}: {why}")))
    });
    let mut checked = pin!(checked.buffer_unordered(AT_ONCE));
    let mut bytes = 0;
    while let Some(pack) = checked.next().await {
        bytes += pack?;
    }
    Ok(Verified {
        backup: key,
        started,
        finished: clock(),
        packs: count,
        bytes,
    })
}

/// The chunks that are wanted of each pack, each once.
fn by_pack(manifest: &Manifest) -> BTreeMap<u32, Vec<Chunk>> {
    let mut wanted = BTreeMap::<u32, BTreeMap<u32, Chunk>>::new();
    let files = manifest.services.values().flat_map(Files::values);
    for chunk in files.flat_map(|file| &file.chunks) {
        wanted
            .entry(chunk.pack)
            .or_default()
            .insert(chunk.offset, *chunk);
    }
    let wanted = wanted.into_iter();
    wanted
        .map(|(pack, chunks)| (pack, chunks.into_values().collect()))
        .collect()
}

fn check(pack: &[u8], chunks: &[Chunk], id: backup::PackId) -> Result<(), String> {
    let found = pack_id(pack);
    if found != id {
        return Err(format!("its SHA-256 is {found}"));
    }
    let mut opener = Opener::new().map_err(|why| why.to_string())?;
    for chunk in chunks {
        let start = chunk.offset as usize;
        let frame = pack.get(start..start + chunk.stored as usize);
        let frame = frame.ok_or_else(|| format!("it ends before chunk {}", chunk.content))?;
        let opened = opener.open(chunk.content, chunk.bytes, frame);
        opened.map_err(|why| why.to_string())?;
    }
    Ok(())
}
