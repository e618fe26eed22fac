//! Which chunks are in the bucket already, and where: those of the newest backup, and those that a backup left which was
//! killed since. So one that was cut short is gone on with, and nothing needs to be remembered for it.

use std::collections::{BTreeMap, HashMap};

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use lifeboat_aws::{Objects, objects::Stored};
use lifeboat_core::{
    Failure,
    backup::{Chunk, ContentId, Files, Manifest, PackId, PackUse, prune::LONGEST_BACKUP, reusable},
};
use lifeboat_pack::{Entry, Found, find_index};

use crate::find::Newest;

/// Where a chunk lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub pack: PackUse,
    pub entry: Entry,
}

#[derive(Debug, Default)]
pub(crate) struct Known {
    pub chunks: HashMap<ContentId, Place>,
    /// The newest backup's files, as far as all of their chunks are there.
    pub files: BTreeMap<String, Files>,
    /// The newest backup's packs, by which its chunks name theirs.
    pub packs: Vec<PackUse>,
}

/// How many packs are asked for their index at once.
const AT_ONCE: usize = 8;

/// Long enough for most indexes.
const END: u64 = 16 << 10;

impl Known {
    pub(crate) async fn of(
        bucket: &impl Objects,
        newest: Option<&Newest>,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let stored = bucket.list(PackId::PREFIX).await?;
        let mut known = Self::default();
        // Older ones may be condemned.
        let mut since = now - LONGEST_BACKUP;
        if let Some(newest) = newest {
            known.learn(&newest.manifest, &stored);
            since = since.max(newest.written);
        }
        let left = stored.iter().filter(|pack| pack.written >= since);
        let left = left.filter_map(|pack| {
            let id = PackId::of_key(&pack.key)?;
            let bytes = pack.bytes;
            Some(PackUse { id, bytes })
        });
        let left = left.filter(|pack| !known.packs.contains(pack));
        let indexes = stream::iter(left.collect::<Vec<_>>());
        let indexes =
            indexes.map(async |pack| Ok::<_, Failure>((pack, index(bucket, pack).await?)));
        let indexes: Vec<_> = indexes.buffered(AT_ONCE).try_collect().await?;
        for (pack, entries) in indexes {
            for entry in entries {
                known
                    .chunks
                    .entry(entry.id)
                    .or_insert(Place { pack, entry });
            }
        }
        Ok(known)
    }

    fn learn(&mut self, manifest: &Manifest, stored: &[Stored]) {
        let there: BTreeMap<&str, u64> = stored.iter().map(|o| (o.key.as_str(), o.bytes)).collect();
        let reusable = reusable(manifest);
        let usable = |chunk: &Chunk| {
            let pack = &manifest.packs[chunk.pack as usize];
            let whole = there.get(pack.id.key().as_str()) == Some(&pack.bytes);
            whole && reusable[chunk.pack as usize]
        };
        self.packs.clone_from(&manifest.packs);
        for (service, files) in &manifest.services {
            for (path, file) in files {
                for chunk in file.chunks.iter().filter(|chunk| usable(chunk)) {
                    let entry = Entry {
                        id: chunk.content,
                        offset: chunk.offset,
                        stored: chunk.stored,
                        bytes: chunk.bytes,
                    };
                    let pack = manifest.packs[chunk.pack as usize];
                    self.chunks.insert(chunk.content, Place { pack, entry });
                }
                if file.chunks.iter().all(usable) {
                    let files = self.files.entry(service.clone()).or_default();
                    files.insert(path.clone(), file.clone());
                }
            }
        }
    }
}

/// What a pack says of itself; one that is damaged has nothing to offer.
async fn index(bucket: &impl Objects, pack: PackUse) -> Result<Vec<Entry>, Failure> {
    let key = pack.id.key();
    let mut end = END.min(pack.bytes);
    loop {
        let range = pack.bytes - end..pack.bytes;
        let read = match bucket.get_range(&key, range).await {
            Err(Failure::NotVerified(_)) => None,
            other => other?,
        };
        let Some(read) = read else { return Ok(vec![]) };
        match find_index(&read, pack.bytes) {
            Ok(Found::Entries(entries)) => return Ok(entries),
            Ok(Found::Longer(needed)) if needed > end && needed <= pack.bytes => end = needed,
            Ok(Found::Longer(_)) | Err(_) => {
                tracing::warn!("{key} says nothing of its chunks, and is not used again");
                return Ok(vec![]);
            }
        }
    }
}
