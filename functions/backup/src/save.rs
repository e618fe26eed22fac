//! From the services' data to packs in the bucket: read, cut, hashed and compressed on several threads, and sent meanwhile.
//! However much data there is, a few chunks and packs of it are in memory.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap, HashSet},
    num::NonZero,
    sync::Arc,
};

use bytes::Bytes;
use futures::{StreamExt, stream::FuturesUnordered};
use jiff::Timestamp;
use lifeboat_aws::Objects;
use lifeboat_core::{
    Failure,
    backup::{self, Chunk, ContentId, FilePath, Files, PackUse, Reading},
};
use lifeboat_pack::{Compressor, Hasher, Pack, Packer, Sealed, content_id};
use tokio::{sync::mpsc, task::spawn_blocking};

use crate::{
    Backup,
    known::{Known, KnownFiles, Place},
    read::{Begun, Note, Part, Reader},
    source::Source,
    unfinished::{Half, resume},
};

/// How many packs are on their way to the bucket while the next is filled.
const SENDING: usize = 3;

/// What was saved, not yet a backup: its manifest makes it one.
#[derive(Debug, Default)]
pub(crate) struct Saved {
    pub services: BTreeMap<String, Files>,
    pub packs: Vec<PackUse>,
    pub warnings: Vec<String>,
    /// What went to the bucket.
    pub sent: u64,
}

/// What became of it by the time that reading had to end.
#[derive(Debug)]
pub(crate) enum Came {
    Whole(Saved),
    /// With the file that was being read.
    Unfinished(Saved, Option<Box<Half>>),
}

/// A part whose chunk was named, and compressed where nobody has it yet.
enum Prepared {
    Chunk(Bytes, ContentId, Option<Sealed>),
    Note(Note),
}

pub(crate) async fn save<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    sources: Vec<Source>,
    mut known: Known,
    clock: impl Fn() -> Timestamp,
) -> Result<Came, Failure> {
    let half = match known.half.take() {
        Some(half) => resume(backup, &mut known, half).await?,
        None => None,
    };
    let Known {
        chunks,
        files,
        packs,
        ..
    } = known;
    let there: Arc<HashSet<ContentId>> = Arc::new(chunks.keys().copied().collect());
    let files = Arc::new(files);
    let (to, from) = mpsc::channel(1);
    let reader = Reader {
        region: backup.configuration.region.clone(),
        sources,
        known: files.clone(),
        half,
        now: clock(),
        to,
    };
    let reading = spawn_blocking(|| reader.read());
    let level = backup.level;
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let parts = futures::stream::unfold(from, async |mut from| Some((from.recv().await?, from)));
    let prepared = parts.map(|part| prepare(part, there.clone(), level));
    let mut prepared = Box::pin(prepared.buffered(threads));
    let send = async |pack: Pack| {
        let key = pack.id.key();
        let sent = pack.bytes.len() as u64;
        let put = backup
            .backups
            .put_checked(&key, pack.bytes, pack.id.bytes());
        put.await.map(|()| sent)
    };
    let mut sending = FuturesUnordered::new();
    let mut shelf = Shelf::new(chunks, packs);
    let mut sent = 0;
    let whole = loop {
        let part = tokio::select! {
            biased;
            Some(done) = sending.next(), if !sending.is_empty() => {
                sent += done?;
                continue;
            }
            part = prepared.next(), if sending.len() < SENDING => match part {
                Some(part) => part?,
                None => break true,
            }
        };
        let further = matches!(part, Prepared::Chunk(..));
        sending.extend(shelf.take(part).map(&send));
        // Never before a chunk was taken, so that each invocation gets further, however little time it has.
        if further && backup.is_late(clock()) {
            break false;
        }
    };
    // The reader ends where nobody listens.
    drop(prepared);
    let reading = reading.await;
    reading.map_err(|why| backup.failed("read", "the services' data", why))??;
    if !whole {
        shelf.carry(&files);
    }
    let (mut saved, half, last) = shelf.finish();
    sending.extend(last.map(&send));
    while let Some(done) = sending.next().await {
        sent += done?;
    }
    saved.sent = sent;
    Ok(match whole {
        true => Came::Whole(saved),
        false => Came::Unfinished(saved, half.map(Box::new)),
    })
}

async fn prepare(
    part: Part,
    there: Arc<HashSet<ContentId>>,
    level: i32,
) -> Result<Prepared, Failure> {
    let chunk = match part {
        Part::Chunk(chunk) => chunk,
        Part::Note(note) => return Ok(Prepared::Note(note)),
    };
    let prepared = spawn_blocking(move || {
        let id = content_id(&chunk);
        let sealed = match there.contains(&id) {
            true => None,
            false => Some(seal(level, id, &chunk)?),
        };
        std::io::Result::Ok(Prepared::Chunk(chunk, id, sealed))
    });
    let prepared = prepared.await.map_err(std::io::Error::other);
    prepared
        .flatten()
        .map_err(|why| Failure::Refused(format!("cannot compress a chunk: {why}")))
}

thread_local! {
    /// Its memory is asked for once on each thread, not for each chunk.
    static COMPRESSOR: RefCell<Option<(i32, Compressor)>> = const { RefCell::new(None) };
}

fn seal(level: i32, id: ContentId, chunk: &[u8]) -> std::io::Result<Sealed> {
    COMPRESSOR.with_borrow_mut(|kept| {
        let (_, compressor) = match kept {
            Some(kept) if kept.0 == level => kept,
            _ => kept.insert((level, Compressor::new(level)?)),
        };
        compressor.seal(id, chunk)
    })
}

/// Where every chunk is put down, and what it belongs to.
struct Shelf {
    /// By number, as chunks name them; one that is being filled has no name yet.
    packs: Vec<Option<PackUse>>,
    numbers: HashMap<PackUse, u32>,
    before: HashMap<ContentId, Place>,
    /// By the numbers of what was known.
    numbered: Vec<PackUse>,
    new: HashMap<ContentId, Chunk>,
    packer: Packer,
    /// The number of the pack that is being filled.
    filling: Option<u32>,
    /// The file that is being read.
    begun: Option<Begun>,
    hasher: Hasher,
    chunks: Vec<Chunk>,
    saved: Saved,
}

impl Shelf {
    fn new(before: HashMap<ContentId, Place>, numbered: Vec<PackUse>) -> Self {
        Self {
            packs: vec![],
            numbers: HashMap::new(),
            before,
            numbered,
            new: HashMap::new(),
            packer: Packer::default(),
            filling: None,
            begun: None,
            hasher: Hasher::default(),
            chunks: vec![],
            saved: Saved::default(),
        }
    }

    /// A pack that became full.
    fn take(&mut self, part: Prepared) -> Option<Pack> {
        match part {
            Prepared::Chunk(chunk, id, sealed) => {
                self.hasher.update(&chunk);
                let placed = self.place(id, sealed);
                self.chunks.extend(placed);
            }
            Prepared::Note(Note::Service(service)) => {
                self.saved.services.entry(service).or_default();
            }
            Prepared::Note(Note::Same(service, path, mut file)) => {
                self.renumber(&mut file);
                self.put(service, path, file);
            }
            Prepared::Note(Note::Begin(begun, resumed)) => {
                (self.hasher, self.chunks) = match resumed {
                    Some(resumed) => {
                        let (hasher, mut file) = *resumed;
                        self.renumber(&mut file);
                        (hasher, file.chunks)
                    }
                    None => Default::default(),
                };
                self.begun = Some(begun);
            }
            Prepared::Note(Note::End(reading)) => {
                let begun = self.begun.take()?;
                let Begun {
                    service,
                    path,
                    mark,
                    about,
                    ..
                } = begun;
                if reading == Reading::ChangedMeanwhile {
                    self.saved.warnings.push(format!(
                        "{path} of {service} changed each time it was read: what is stored may never have been in it at one moment; give the service a hook that holds it still"
                    ));
                }
                let file = backup::File {
                    bytes: self.hasher.bytes(),
                    content: self.hasher.finish(),
                    mark: mark.filter(|_| reading == Reading::Consistent),
                    reading,
                    about,
                    chunks: std::mem::take(&mut self.chunks),
                };
                self.hasher = Hasher::default();
                self.put(service, path, file);
            }
            Prepared::Note(Note::Warning(warning)) => self.saved.warnings.push(warning),
        }
        self.packer.is_full().then(|| self.close()).flatten()
    }

    fn renumber(&mut self, file: &mut backup::File) {
        for chunk in &mut file.chunks {
            chunk.pack = self.number(self.numbered[chunk.pack as usize]);
        }
    }

    /// What was known of the files that nobody came to.
    fn carry(&mut self, known: &KnownFiles) {
        for (service, path, file) in known.all() {
            let there = self.saved.services.get(service);
            if there.is_none_or(|files| !files.contains_key(path)) {
                let mut file = file.clone();
                self.renumber(&mut file);
                self.put(service.clone(), path.clone(), file);
            }
        }
    }

    /// The file that is being read, as far as it is on the shelf.
    fn half(&mut self) -> Option<Half> {
        let Begun {
            service,
            path,
            seen,
            mark,
            attempt,
            about,
        } = self.begun.take()?;
        let file = backup::File {
            bytes: self.hasher.bytes(),
            content: self.hasher.finish(),
            mark,
            reading: Reading::Consistent,
            about,
            chunks: std::mem::take(&mut self.chunks),
        };
        (file.bytes > 0).then(|| Half {
            service,
            path,
            seen,
            attempt,
            file,
            hash: self.hasher.aside(),
        })
    }

    fn put(&mut self, service: String, path: FilePath, file: backup::File) {
        let files = self.saved.services.entry(service).or_default();
        files.insert(path, file);
    }

    fn place(&mut self, id: ContentId, sealed: Option<Sealed>) -> Option<Chunk> {
        if let Some(chunk) = self.new.get(&id) {
            return Some(*chunk);
        }
        let (pack, entry) = match self.before.get(&id).copied() {
            Some(place) => (self.number(place.pack), place.entry),
            None => {
                let entry = self.packer.place(&sealed?);
                (self.filling(), entry)
            }
        };
        let chunk = Chunk {
            content: id,
            pack,
            offset: entry.offset,
            stored: entry.stored,
            bytes: entry.bytes,
        };
        self.new.insert(id, chunk);
        Some(chunk)
    }

    fn number(&mut self, pack: PackUse) -> u32 {
        *self.numbers.entry(pack).or_insert_with(|| {
            self.packs.push(Some(pack));
            self.packs.len() as u32 - 1
        })
    }

    fn filling(&mut self) -> u32 {
        *self.filling.get_or_insert_with(|| {
            self.packs.push(None);
            self.packs.len() as u32 - 1
        })
    }

    fn close(&mut self) -> Option<Pack> {
        let number = self.filling.take()?;
        let pack = std::mem::take(&mut self.packer).finish();
        let bytes = pack.bytes.len() as u64;
        let id = pack.id;
        self.packs[number as usize] = Some(PackUse { id, bytes });
        Some(pack)
    }

    /// Only the packs that a file needs, each once: the same chunks in the same order make the same pack.
    fn finish(mut self) -> (Saved, Option<Half>, Option<Pack>) {
        let last = self.close();
        let mut half = self.half();
        let mut numbers = HashMap::new();
        let mut needed = vec![];
        let files = self.saved.services.values_mut().flat_map(Files::values_mut);
        let files = files.chain(half.as_mut().map(|half| &mut half.file));
        for chunk in files.flat_map(|file| &mut file.chunks) {
            let Some(pack) = self.packs[chunk.pack as usize] else {
                continue;
            };
            chunk.pack = *numbers.entry(pack).or_insert_with(|| {
                needed.push(pack);
                needed.len() as u32 - 1
            });
        }
        self.saved.packs = needed;
        (self.saved, half, last)
    }
}
