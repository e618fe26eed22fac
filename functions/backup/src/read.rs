//! Reads what the services have, from the first byte to the last, on a thread of its own.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

use bytes::Bytes;
use jiff::Timestamp;
use lifeboat_core::{
    Failure, Invalid, Region,
    backup::{self, FilePath, Files, Reading},
    configuration::Data,
};
use lifeboat_pack::Cutter;
use serde::de::IgnoredAny;
use tokio::sync::mpsc::Sender;

use crate::source::{Opened, Source};

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
    /// The source proves that it is as it was at the last backup.
    Same(FilePath, backup::File),
    /// What was read of this file is void: it changed meanwhile.
    Again,
    End {
        path: FilePath,
        mark: Option<String>,
        reading: Reading,
    },
    Warning(String),
}

/// How often a file is read that changes while it is read.
const TRIES: u32 = 3;

#[derive(Debug)]
pub(crate) struct Reader {
    pub region: Region,
    pub sources: Vec<Source>,
    /// What the last backup says of files whose data is still there.
    pub known: BTreeMap<String, Files>,
    pub now: Timestamp,
    pub to: Sender<Part>,
}

/// Nobody listens any more.
struct Deaf;

type Told = Result<(), Deaf>;

impl Reader {
    /// Until all is read, it fails, or nobody listens.
    pub(crate) fn read(self) -> Result<(), Failure> {
        for source in &self.sources {
            if let Err(Deaf) = self.tell(Note::Service(source.service.clone())) {
                return Ok(());
            }
            let found = source.place.find();
            let found = found.map_err(|why| self.failed(source, None, &why))?;
            for link in found.links {
                let said = format!(
                    "{link} of {} is a link or no file, and not in the backup",
                    source.service
                );
                if let Err(Deaf) = self.tell(Note::Warning(said)) {
                    return Ok(());
                }
            }
            let files = found.files;
            if files.is_empty() {
                return Err(empty(source));
            }
            for path in files {
                let known = self.known.get(&source.service);
                let known = known.and_then(|files| files.get(&path));
                match self.file(source, &path, known) {
                    Ok(Ok(())) => {}
                    Ok(Err(Deaf)) => return Ok(()),
                    Err(why) => return Err(self.failed(source, Some(&path), &why)),
                }
            }
        }
        Ok(())
    }

    fn tell(&self, note: Note) -> Told {
        self.to.blocking_send(Part::Note(note)).map_err(|_| Deaf)
    }

    fn file(
        &self,
        source: &Source,
        path: &FilePath,
        known: Option<&backup::File>,
    ) -> io::Result<Told> {
        for last in (1..=TRIES).map(|attempt| attempt == TRIES) {
            let Some(mut file) = source.place.open(path)? else {
                let gone = format!(
                    "{} of {} vanished while it was backed up",
                    path, source.service
                );
                return Ok(self
                    .tell(Note::Again)
                    .and_then(|()| self.tell(Note::Warning(gone))));
            };
            let before = file.mark()?;
            let mark = before.settled(self.now);
            if let (Some(known), true) = (known, mark.is_some())
                && known.mark == mark
            {
                return Ok(self.tell(Note::Same(path.clone(), known.clone())));
            }
            let checked = source.data == Data::Json && path.as_str().ends_with(".json");
            let (told, json) = self.chunks(&mut *file, checked)?;
            if let Err(Deaf) = told {
                return Ok(Err(Deaf));
            }
            let held = file.mark()? == before;
            if !held && !last {
                if let Err(Deaf) = self.tell(Note::Again) {
                    return Ok(Err(Deaf));
                }
                continue;
            }
            json?;
            let reading = match held {
                true => Reading::Consistent,
                false => Reading::ChangedMeanwhile,
            };
            let mark = mark.filter(|_| held);
            let path = path.clone();
            return Ok(self.tell(Note::End {
                path,
                mark,
                reading,
            }));
        }
        Ok(Ok(()))
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

    fn failed(&self, source: &Source, path: Option<&FilePath>, why: &io::Error) -> Failure {
        let place = &source.place;
        let at = path.map_or_else(|| place.to_string(), |path| place.at(path));
        let field = format!("data of {}", source.service);
        match why.kind() {
            io::ErrorKind::InvalidData => {
                Invalid::new(field, format!("{at} holding JSON"), why).into()
            }
            io::ErrorKind::NotFound => empty(source),
            _ => Failure::unavailable("read", at, &self.region, why),
        }
    }
}

/// A service without data is a mount that is missing, sooner than a service that has none.
fn empty(source: &Source) -> Failure {
    let field = format!("data of {}", source.service);
    let expected = format!("files in {}", source.place);
    Invalid::new(
        field,
        expected,
        "none; see whether the file system is mounted",
    )
    .into()
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

impl Read for Chunks {
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
