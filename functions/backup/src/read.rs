//! Reads what the services have, from the first byte to the last, on a thread of its own.

use std::{
    collections::BTreeSet,
    io,
    sync::Arc,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use jiff::Timestamp;
use lifeboat_core::{
    Failure, Invalid, Region,
    backup::{self, About, FilePath, Reading},
    configuration::Data,
};
use lifeboat_pack::{Cutter, Hasher};
use serde::de::IgnoredAny;
use tokio::sync::mpsc::Sender;

use crate::{
    known::KnownFiles,
    source::{Mark, Opened, Source},
    unanswered,
    unfinished::Resumable,
};

/// What is read, in its order.
#[derive(Debug)]
pub(crate) enum Part {
    Chunk(Bytes),
    Note(Note),
}

/// What the chunks belong to.
#[derive(Debug)]
pub(crate) enum Note {
    Service(String),
    /// The source proves that this file of a service is as it was at the last backup.
    Same(String, FilePath, backup::File),
    /// What was read before and did not end is void. With what an earlier invocation has read of it.
    Begin(Begun, Option<Box<(Hasher, backup::File)>>),
    End(Reading),
    Warning(String),
}

/// A file that is being read.
#[derive(Debug)]
pub(crate) struct Begun {
    pub service: String,
    pub path: FilePath,
    /// As which it was seen when it began to be read.
    pub seen: String,
    /// The same where the next backup may believe it.
    pub mark: Option<String>,
    pub attempt: u32,
    pub about: Option<Box<About>>,
}

/// How often a file is read that changes while it is read.
const TRIES: u32 = 3;

#[derive(Debug)]
pub(crate) struct Reader {
    pub region: Region,
    pub sources: Vec<Source>,
    /// What an earlier backup says of files whose data is still there.
    pub known: Arc<KnownFiles>,
    pub half: Option<Resumable>,
    pub now: Timestamp,
    pub to: Sender<Part>,
}

/// Nobody listens any more.
struct Deaf;

type Told = Result<(), Deaf>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    First,
    Last,
}

enum Read {
    Told(Told),
    /// It was there when it was looked for.
    Gone(Told),
    /// It was finished before, and is no longer what it was.
    Later,
}

impl Reader {
    /// While those services hold still that have a hook: all of them before anything is read, so that what they have is of one
    /// moment. They are let go whatever came of it.
    pub(crate) fn read(self) -> Result<(), Failure> {
        let id = format!("{}-{}", self.region, self.now);
        let (mut held, mut said, mut refused) = (vec![], vec![], None);
        for source in &self.sources {
            let Some(hook) = &source.hook else { continue };
            let since = Instant::now();
            let paused = match hook.pause(&id) {
                Ok(()) => true,
                // It may have no task that could write. Its data matters more than that all of it is of one moment.
                Err(Failure::Unavailable(why)) => {
                    said.push(format!("{} did not hold still while it was read, and its files may be of different moments: {why}", source.service));
                    false
                }
                Err(why) => {
                    refused = Some(why);
                    break;
                }
            };
            held.push((source, hook, since, paused));
        }
        let told = match refused {
            Some(why) => Err(why),
            None => self.all(),
        };
        for (source, hook, since, paused) in held {
            let (service, longest) = (&source.service, hook.longest_seconds);
            if paused && since.elapsed() > Duration::from_secs(longest.into()) {
                said.push(format!("{service} was read for longer than the {longest} s that it holds still, and its files may be of different moments: raise longest_seconds of its hook"));
            }
            // Also what did not answer may have been heard.
            match hook.release(&id) {
                Err(why) if paused => said.push(format!("{service} was not let go, and goes on by itself {longest} s after it began to hold still: {why}")),
                Err(why) => tracing::debug!("{why}"),
                Ok(()) => {}
            }
        }
        for said in said {
            tracing::warn!("{said}");
            if let Ok(Ok(())) = told
                && let Err(Deaf) = self.tell(Note::Warning(said))
            {
                break;
            }
        }
        told.map(drop)
    }

    /// Until all is read, it fails, or nobody listens. First the file that an earlier invocation was at, and last those that it
    /// had finished and that have changed since: so the others get on, whatever changes.
    fn all(&self) -> Result<Told, Failure> {
        let mut files = vec![];
        for source in &self.sources {
            if let Err(Deaf) = self.tell(Note::Service(source.service.clone())) {
                return Ok(Err(Deaf));
            }
            let found = source.place.find();
            let mut found = found.map_err(|why| self.failed(source, None, why))?;
            for left in found.left {
                let said = format!(
                    "{} of {} is {}, and not in the backup",
                    left.name, source.service, left.is
                );
                if let Err(Deaf) = self.tell(Note::Warning(said)) {
                    return Ok(Err(Deaf));
                }
            }
            if found.files.is_empty() {
                return Err(empty(source));
            }
            files.extend(found.files.into_iter().map(|path| {
                let mark = found.marks.remove(&path);
                (source, path, mark)
            }));
        }
        files.sort_by_key(|(source, path, _)| self.half_of(source, path).is_none());
        let (mut changed, mut held) = (vec![], BTreeSet::new());
        for (source, path, mark) in files {
            if let Some(same) = mark.and_then(|mark| self.same(source, &path, mark)) {
                held.insert(&source.service);
                match self.tell(same) {
                    Ok(()) => continue,
                    Err(Deaf) => return Ok(Err(Deaf)),
                }
            }
            match self.file(source, &path, Turn::First) {
                Ok(Read::Told(Ok(()))) => drop(held.insert(&source.service)),
                Ok(Read::Gone(Ok(()))) => {}
                Ok(Read::Told(Err(Deaf)) | Read::Gone(Err(Deaf))) => return Ok(Err(Deaf)),
                Ok(Read::Later) => changed.push((source, path)),
                Err(why) => return Err(self.failed(source, Some(&path), why)),
            }
        }
        for (source, path) in changed {
            match self.file(source, &path, Turn::Last) {
                Ok(Read::Told(Err(Deaf)) | Read::Gone(Err(Deaf))) => return Ok(Err(Deaf)),
                Ok(Read::Told(Ok(())) | Read::Later) => drop(held.insert(&source.service)),
                Ok(Read::Gone(Ok(()))) => {}
                Err(why) => return Err(self.failed(source, Some(&path), why)),
            }
        }
        // A folder that is emptied, or unmounted, while it is read is no service that has nothing.
        let mut sources = self.sources.iter();
        match sources.find(|source| !held.contains(&source.service)) {
            Some(source) => Err(vanished(source)),
            None => Ok(Ok(())),
        }
    }

    /// What a listing tells already.
    fn same(&self, source: &Source, path: &FilePath, mark: Mark) -> Option<Note> {
        let known = self.known.get(&source.service, path)?;
        (known.mark.is_some() && known.mark == mark.settled(self.now))
            .then(|| Note::Same(source.service.clone(), path.clone(), known.clone()))
    }

    fn half_of(&self, source: &Source, path: &FilePath) -> Option<&Resumable> {
        let half = self.half.as_ref();
        half.filter(|half| half.service == source.service && half.path == *path)
    }

    fn tell(&self, note: Note) -> Told {
        self.to.blocking_send(Part::Note(note)).map_err(|_| Deaf)
    }

    fn file(&self, source: &Source, path: &FilePath, turn: Turn) -> io::Result<Read> {
        let service = &source.service;
        let json = source.data == Data::Json && path.as_str().ends_with(".json");
        let known = self.known.get(service, path);
        let mut half = self.half_of(source, path);
        let mut attempt = half.map_or(1, |half| half.attempt);
        loop {
            let Some(mut file) = source.place.open(path)? else {
                let gone = format!(
                    "{path} of {service} vanished while it was backed up, and is not in the backup"
                );
                return Ok(Read::Gone(self.tell(Note::Warning(gone))));
            };
            let before = file.mark()?;
            let mark = before.as_ref().and_then(|mark| mark.settled(self.now));
            if let (Some(known), true) = (known, mark.is_some())
                && known.mark == mark
            {
                let same = Note::Same(service.clone(), path.clone(), known.clone());
                return Ok(Read::Told(self.tell(same)));
            }
            let finished = || self.known.is_finished(service, path);
            if turn == Turn::First && half.is_none() && attempt == 1 && finished() {
                return Ok(Read::Later);
            }
            let text = before
                .as_ref()
                .map(|mark| mark.text.clone())
                .unwrap_or_default();
            let same = half.is_none_or(|half| half.seen == text);
            // Nobody can look whether half a file holds JSON, so it has an invocation of its own first.
            let anew = json && half.is_some_and(|half| half.attempt == 1);
            if !same || anew {
                attempt = TRIES.min(attempt + 1);
            }
            let last = attempt == TRIES;
            // One that changes again and again would never be read to its end.
            let going_on = half.take().filter(|_| (same && !anew) || last);
            let resumed = match going_on {
                Some(half) => file.skip(half.file.bytes)?.then_some(half),
                None => None,
            };
            let steady = same || resumed.is_none();
            let (seen, mark, resumed) = match resumed {
                Some(half) => {
                    let mark = half.file.mark.clone().filter(|_| same);
                    let resumed = Box::new((half.hasher.clone(), half.file.clone()));
                    (half.seen.clone(), mark, Some(resumed))
                }
                None => (text, mark, None),
            };
            let checked = json && resumed.is_none();
            if json && !checked {
                let said = format!(
                    "{path} of {service} was read in more than one invocation, so nobody looked whether it holds JSON"
                );
                if let Err(Deaf) = self.tell(Note::Warning(said)) {
                    return Ok(Read::Told(Err(Deaf)));
                }
            }
            let about = match told(&*file) {
                Ok(about) => about,
                Err(why) => {
                    let said = format!(
                        "{path} of {service} is in the backup without what its storage tells of it: {why}"
                    );
                    if let Err(Deaf) = self.tell(Note::Warning(said)) {
                        return Ok(Read::Told(Err(Deaf)));
                    }
                    None
                }
            };
            let begun = Begun {
                service: service.clone(),
                path: path.clone(),
                seen,
                mark,
                attempt,
                about,
            };
            if let Err(Deaf) = self.tell(Note::Begin(begun, resumed)) {
                return Ok(Read::Told(Err(Deaf)));
            }
            let (told, checked) = self.chunks(&mut *file, checked)?;
            if let Err(Deaf) = told {
                return Ok(Read::Told(Err(Deaf)));
            }
            let held = steady && file.mark()? == before;
            if !held && !last {
                attempt += 1;
                continue;
            }
            checked?;
            let end = Note::End(match held {
                true => Reading::Consistent,
                false => Reading::ChangedMeanwhile,
            });
            return Ok(Read::Told(self.tell(end)));
        }
    }

    /// Sends the file, and says whether it is the JSON that it should be.
    fn chunks(&self, file: &mut dyn Opened, checked: bool) -> io::Result<(Told, io::Result<()>)> {
        if !checked {
            return Ok((self.send(file, |_| {})?, Ok(())));
        }
        thread::scope(|scope| {
            let (to, from) = sync_channel(1);
            let check = scope.spawn(|| check(from));
            let told = self.send(file, |chunk| {
                // A check that has ended has found what is wrong.
                let _ = SyncSender::send(&to, chunk.clone());
            });
            drop(to);
            let ended = |_| Err(io::Error::other("the check of its JSON broke off"));
            Ok((told?, check.join().unwrap_or_else(ended)))
        })
    }

    fn send(&self, file: &mut dyn Opened, see: impl Fn(&Bytes)) -> io::Result<Told> {
        for chunk in Cutter::new(file) {
            let chunk = Bytes::from(chunk?);
            see(&chunk);
            if self.to.blocking_send(Part::Chunk(chunk)).is_err() {
                return Ok(Err(Deaf));
            }
        }
        Ok(Ok(()))
    }

    fn failed(&self, source: &Source, path: Option<&FilePath>, why: io::Error) -> Failure {
        let place = &source.place;
        let at = path.map_or_else(|| place.to_string(), |path| place.at(path));
        let field = format!("data of {}", source.service);
        match why.kind() {
            io::ErrorKind::InvalidData => {
                Invalid::new(field, format!("{at} holding JSON"), why).into()
            }
            io::ErrorKind::NotFound => empty(source),
            _ => unanswered("read", at, &self.region, why),
        }
    }
}

/// A service without data is a mount that is missing, sooner than a service that has none.
fn empty(source: &Source) -> Failure {
    let field = format!("data of {}", source.service);
    let expected = format!("files in {}", source.place);
    let found = format!("none; {}", source.place.look());
    Invalid::new(field, expected, found).into()
}

fn vanished(source: &Source) -> Failure {
    let field = format!("data of {}", source.service);
    let expected = format!("files in {} for as long as they are read", source.place);
    let found = format!("that every one vanished; {}", source.place.look());
    Invalid::new(field, expected, found).into()
}

/// What is told of it beside its bytes, as far as there is anything to tell.
fn told(file: &dyn Opened) -> Result<Option<Box<About>>, Invalid> {
    let about = file.about().filter(|about| !about.is_empty());
    about.map_or(Ok(None), |about| {
        about.check("about")?;
        Ok(Some(Box::new(about.clone())))
    })
}

/// Reads everything, to the end.
fn check(chunks: Receiver<Bytes>) -> io::Result<()> {
    let mut reader = Chunks {
        chunks,
        left: Bytes::new(),
    };
    let mut json = serde_json::Deserializer::from_reader(io::BufReader::new(&mut reader));
    let read = serde::Deserialize::deserialize(&mut json).and_then(|IgnoredAny| json.end());
    drop(json);
    read.map_err(|why| io::Error::new(io::ErrorKind::InvalidData, format!("not JSON: {why}")))
}

struct Chunks {
    chunks: Receiver<Bytes>,
    left: Bytes,
}

impl io::Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left.is_empty()
            && let Ok(next) = self.chunks.recv()
        {
            self.left = next;
        }
        let count = self.left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.left.split_to(count));
        Ok(count)
    }
}
