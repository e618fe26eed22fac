//! Which chunks are in the bucket already, and where: those of the newest backup, and those that a backup left which was
//! killed since. So one that was cut short is gone on with, and only what it read need be remembered for it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use lifeboat_aws::{
    Objects,
    backups::{Packs, damages},
};
use lifeboat_core::{
    Failure,
    backup::{
        self, Chunk, ContentId, FilePath, Files, Harm, Manifest, PackId, PackUse,
        prune::LONGEST_BACKUP, reusable,
    },
};
use lifeboat_pack::{Entry, Found, find_index};

use crate::{
    Backup, damage,
    find::Newest,
    unfinished::{Half, Unfinished},
};

/// Where a chunk lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub pack: PackUse,
    pub entry: Entry,
}

#[derive(Debug, Default)]
pub(crate) struct Known {
    pub chunks: HashMap<ContentId, Place>,
    pub files: KnownFiles,
    /// The packs by which the files' chunks name theirs.
    pub packs: Vec<PackUse>,
    pub half: Option<Half>,
}

/// The files of the newest backup, and of one that is not finished, as far as all of their chunks are there.
#[derive(Debug, Default)]
pub(crate) struct KnownFiles {
    files: BTreeMap<String, Files>,
    /// Those that the unfinished one has.
    finished: BTreeMap<String, BTreeSet<FilePath>>,
}

impl KnownFiles {
    pub(crate) fn get(&self, service: &str, path: &FilePath) -> Option<&backup::File> {
        self.files.get(service)?.get(path)
    }

    pub(crate) fn is_finished(&self, service: &str, path: &FilePath) -> bool {
        let finished = self.finished.get(service);
        finished.is_some_and(|paths| paths.contains(path))
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&String, &FilePath, &backup::File)> {
        let services = self.files.iter();
        services.flat_map(|(service, files)| files.iter().map(move |(p, f)| (service, p, f)))
    }
}

/// How many packs are asked for their index at once.
const AT_ONCE: usize = 8;

/// Long enough for most indexes.
const END: u64 = 16 << 10;

impl Known {
    /// What was found damaged is not built on, so that its chunks are stored anew.
    pub(crate) async fn of<C: Objects, B: Objects>(
        backup: &Backup<'_, C, B>,
        newest: Option<&Newest>,
        unfinished: Option<Unfinished>,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let bucket = backup.backups;
        let stored = Packs::of(bucket, damages(backup.control).await).await?;
        let whole = |pack: &PackUse| match stored.lack(pack) {
            None => stored.get(pack.id),
            Some(_) => None,
        };
        let mut known = Self::default();
        // Older ones may be condemned.
        let young = now - LONGEST_BACKUP;
        let mut since = young;
        if let Some(Newest {
            manifest: Some(manifest),
            written,
            ..
        }) = newest
        {
            let packs = manifest.packs.iter().zip(reusable(manifest));
            let usable = packs.map(|(pack, reusable)| reusable && whole(pack).is_some());
            known.learn(manifest, &usable.collect::<Vec<_>>());
            since = since.max(*written);
        }
        if let Some(Unfinished { so_far, half }) = unfinished {
            let first = known.packs.len() as u32;
            let named: HashSet<PackUse> = known.packs.iter().copied().collect();
            let usable = so_far.packs.iter().map(|pack| {
                let found = whole(pack);
                found.is_some_and(|found| found.written >= young || named.contains(pack))
            });
            let usable = usable.collect::<Vec<_>>();
            known.learn(&so_far, &usable);
            let services = so_far.services.into_iter();
            let finished = services.map(|(s, files)| (s, files.into_keys().collect()));
            known.files.finished = finished.collect();
            known.half = half.filter(|half| half.chunks().all(|c| usable[c.pack as usize]));
            let half = known.half.iter_mut();
            half.for_each(|half| shift(&mut half.file, first));
        }
        let named: HashSet<PackUse> = known.packs.iter().copied().collect();
        let left = stored.all().filter(|pack| pack.written >= since);
        let left = left.filter_map(|pack| {
            let id = PackId::of_key(&pack.key)?;
            let bytes = pack.bytes;
            Some(PackUse { id, bytes })
        });
        let left = left.filter(|pack| !named.contains(pack) && stored.lack(pack).is_none());
        let indexes = stream::iter(left.collect::<Vec<_>>());
        let indexes =
            indexes.map(async |pack| Ok::<_, Failure>((pack, index(bucket, pack).await?)));
        let indexes: Vec<_> = indexes.buffered(AT_ONCE).try_collect().await?;
        for (pack, entries) in indexes {
            let entries = match entries {
                Ok(entries) => entries,
                Err(harm) => {
                    damage::note(backup, [(pack.id.key(), harm)]).await;
                    continue;
                }
            };
            for entry in entries {
                known
                    .chunks
                    .entry(entry.id)
                    .or_insert(Place { pack, entry });
            }
        }
        Ok(known)
    }

    /// A pack that is not what it should be has nothing to offer.
    pub(crate) fn forget(&mut self, pack: &str) {
        let is = |found: &PackUse| found.id.key() == pack;
        self.chunks.retain(|_, place| !is(&place.pack));
        let packs = &self.packs;
        for files in self.files.files.values_mut() {
            let needs = |file: &backup::File| {
                let mut chunks = file.chunks.iter();
                chunks.any(|chunk| is(&packs[chunk.pack as usize]))
            };
            files.retain(|_, file| !needs(file));
        }
    }

    /// Which of its packs may be built on is another's judgement.
    fn learn(&mut self, manifest: &Manifest, usable: &[bool]) {
        let first = self.packs.len() as u32;
        let usable = |chunk: &Chunk| usable[chunk.pack as usize];
        self.packs.extend(&manifest.packs);
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
                    let mut file = file.clone();
                    shift(&mut file, first);
                    let files = &mut self.files.files;
                    let files = files.entry(service.clone()).or_default();
                    files.insert(path.clone(), file);
                }
            }
        }
    }
}

fn shift(file: &mut backup::File, first: u32) {
    for chunk in &mut file.chunks {
        chunk.pack += first;
    }
}

/// What a pack says of itself.
async fn index(bucket: &impl Objects, pack: PackUse) -> Result<Result<Vec<Entry>, Harm>, Failure> {
    let key = pack.id.key();
    let mut end = END.min(pack.bytes);
    loop {
        let range = pack.bytes - end..pack.bytes;
        let read = match bucket.get_range(&key, range).await {
            Err(Failure::Harmed(found)) => return Ok(Err(found.harm)),
            other => other?,
        };
        let Some(read) = read else {
            return Ok(Err(Harm::Gone));
        };
        match find_index(&read, pack.bytes) {
            Ok(Found::Entries(entries)) => return Ok(Ok(entries)),
            Ok(Found::Longer(needed)) if needed > end && needed <= pack.bytes => end = needed,
            Ok(Found::Longer(_)) => {
                let why = "its index is longer than it";
                return Ok(Err(Harm::Damaged(why.into())));
            }
            Err(why) => return Ok(Err(Harm::Damaged(why.to_string()))),
        }
    }
}
