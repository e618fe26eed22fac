//! Reads a backup back, every byte of it, and says whether it is what its manifest promises, and whether it and those before
//! it are what was backed up. It changes nothing but what is remembered of damage.

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::pin,
};

use futures::StreamExt;
use jiff::Timestamp;
use lifeboat_aws::{Objects, backups};
use lifeboat_core::{
    Failure,
    backup::{
        self, BackupKey, Choice, Chunk, Files, Harm, Kind, Manifest, PackUse, Verified,
        chain::{Judged, Link},
        damage::may_come,
        mend,
    },
};
use lifeboat_pack::{Opener, pack_id};
use tokio::task::spawn_blocking;

use crate::{
    Backup, chain, damage,
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
    let mut packs = Seen::default();
    let broke_off = read_all(backup, &from, &manifest, &mut packs).await;
    // Whatever became of the rest.
    let comes = may_come(&key, &backup.configuration.region, started);
    let mut lasting = packs.harmed.clone();
    lasting.retain(|_, harm| *harm != Harm::Gone || !comes);
    if !lasting.is_empty() {
        damage::note(backup, lasting).await;
    }
    damage::whole(backup, &packs.whole).await;
    broke_off?;
    // A copy that is kept outlives the chain that it was of.
    let links = match all.contains(&key) {
        true => chain::walk(backup, &key, clock()).await?,
        false => vec![],
    };
    let told = chain::told(backup, &links).await;
    if let Some(why) = wrong(backup, &manifest, &packs.harmed, &links) {
        return Err(Failure::NotVerified(why));
    }
    damage::whole(backup, &[from.object(&key.manifest())].into()).await;
    Ok(Verified {
        backup: key,
        started,
        finished: clock(),
        packs: packs.whole.len() as u64,
        bytes: packs.bytes,
        chain: told,
    })
}

/// What became of those that were read, by key.
#[derive(Debug, Default)]
struct Seen {
    whole: BTreeSet<String>,
    harmed: BTreeMap<String, Harm>,
    bytes: u64,
}

/// Every one, so that all is known that is wrong with it.
async fn read_all<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    from: &impl Objects,
    manifest: &Manifest,
    packs: &mut Seen,
) -> Result<(), Failure> {
    let mut wanted = by_pack(manifest);
    let needed = manifest.packs.iter().enumerate().map(|(number, pack)| {
        let chunks = wanted.remove(&(number as u32)).unwrap_or_default();
        (*pack, chunks)
    });
    let needed = needed.collect::<Vec<_>>();
    let read = futures::stream::iter(needed)
        .map(async |(pack, chunks)| (pack, read(backup, from, pack, chunks).await));
    let mut read = pin!(read.buffer_unordered(AT_ONCE));
    while let Some((pack, read)) = read.next().await {
        match read {
            Ok(()) => {
                packs.whole.insert(from.object(&pack.id.key()));
                packs.bytes += pack.bytes;
            }
            Err(Failure::Harmed(found)) => {
                packs.harmed.insert(found.object, found.harm);
            }
            Err(other) => return Err(other),
        }
    }
    Ok(())
}

async fn read<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    from: &impl Objects,
    pack: PackUse,
    chunks: Vec<Chunk>,
) -> Result<(), Failure> {
    let key = pack.id.key();
    let read = from.get_range(&key, 0..pack.bytes).await?;
    let read = read.ok_or_else(|| from.harmed(&key, Harm::Gone))?;
    let checked = spawn_blocking(move || check(&read, &chunks, pack.id)).await;
    let checked = checked.map_err(|why| backup.failed("check", &key, why))?;
    checked.map_err(|why| from.harmed(&key, Harm::Damaged(why)))
}

/// How many are named of what is wrong.
const NAMED: usize = 5;

/// What keeps it from being what was backed up. That one before it is not is no fault of its own.
fn wrong<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    manifest: &Manifest,
    harmed: &BTreeMap<String, Harm>,
    links: &[Judged],
) -> Option<String> {
    let key = &manifest.backup;
    if let Some(by) = altered(key, links) {
        let mend = mend(backup.configuration, &key.manifest());
        return Some(format!(
            "{}: its manifest is not what it was when {} was taken; {mend}",
            key.name, by.name
        ));
    }
    let (first, _) = harmed.first_key_value()?;
    let named = harmed.iter().take(NAMED);
    let named: Vec<String> = named.map(|(key, harm)| format!("{key} {harm}")).collect();
    Some(format!(
        "{}: {} of its {} packs in {} are not what they should be ({}); {}",
        key.name,
        harmed.len(),
        manifest.packs.len(),
        backup.backups.region(),
        named.join(", "),
        mend(backup.configuration, first)
    ))
}

fn altered<'a>(key: &BackupKey, links: &'a [Judged]) -> Option<&'a BackupKey> {
    let is = |judged: &&Judged| matches!(&judged.link, Link::Altered(of) if of == key);
    links.iter().find(is).map(|judged| &judged.by)
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
