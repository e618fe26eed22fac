//! The objects of a bucket whose keys begin with a prefix.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::{Buf, Bytes};
use jiff::Timestamp;
use lifeboat_aws::{Objects, Part, Stored, objects::Only};
use lifeboat_core::{Failure, backup::FilePath};
use tokio::runtime::Handle;

use crate::source::{Found, Left, Mark, Opened, Place};

/// How much of an object is asked for at once. One that is no longer is read at one moment.
const ASKED: u64 = 4 << 20;

/// What S3 takes in one piece.
const LONGEST: u64 = 5 << 30;

#[derive(Debug, Clone)]
pub(crate) struct Prefix<B> {
    bucket: B,
    /// With a slash at its end.
    prefix: String,
    runtime: Handle,
    /// As it was listed last: only that is replaced, and whoever was to put something there at an earlier time does not.
    listed: Arc<Mutex<BTreeMap<FilePath, String>>>,
}

impl<B: Objects> Prefix<B> {
    /// Its answers are waited for on this runtime, from threads that are none of its workers.
    pub(crate) fn new(bucket: B, prefix: &str, runtime: Handle) -> Self {
        Self {
            bucket,
            prefix: prefix.to_owned(),
            runtime,
            listed: Arc::default(),
        }
    }

    fn key(&self, path: &FilePath) -> String {
        format!("{}{path}", self.prefix)
    }

    fn listed(&self) -> MutexGuard<'_, BTreeMap<FilePath, String>> {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<T>(&self, answer: impl Future<Output = Result<T, Failure>>) -> io::Result<T> {
        self.runtime.block_on(answer).map_err(io::Error::other)
    }
}

impl<B: Objects> fmt::Display for Prefix<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.bucket.name(), self.prefix)
    }
}

impl<B: Objects> Place for Prefix<B> {
    fn at(&self, path: &FilePath) -> String {
        format!("{self}{path}")
    }

    fn look(&self) -> &'static str {
        "see whether bucket and prefix are the right ones"
    }

    fn find(&self) -> io::Result<Found> {
        let listed = self.wait(self.bucket.list(&self.prefix))?;
        let below = listed.iter().filter_map(|object| {
            let path = object.key.strip_prefix(&self.prefix)?;
            Some((path.parse().ok()?, object.etag.clone()))
        });
        *self.listed() = below.collect();
        Ok(sort(&self.prefix, listed))
    }

    fn open(&self, path: &FilePath) -> io::Result<Option<Box<dyn Opened>>> {
        let mut opened = OpenObject {
            place: self.clone(),
            key: self.key(path),
            mark: None,
            held: true,
            length: 0,
            at: 0,
            read: Bytes::new(),
        };
        match opened.next()? {
            true => Ok(Some(Box::new(opened))),
            false => Ok(None),
        }
    }

    fn bars(&self, _: &FilePath) -> Option<String> {
        None
    }

    fn mark(&self, path: &FilePath) -> io::Result<Option<Mark>> {
        let part = self.wait(self.bucket.get_part(&self.key(path), 0..1))?;
        Ok(part.map(|part| mark(&part.etag, part.length)))
    }

    fn begin(&self) -> io::Result<()> {
        Ok(())
    }

    fn beside(&self, _: &FilePath) -> Option<PathBuf> {
        None
    }

    fn clear(&self, _: &BTreeSet<FilePath>) -> io::Result<()> {
        Ok(())
    }

    fn end(&self) -> io::Result<()> {
        Ok(())
    }

    fn put(&self, path: &FilePath, ready: &Path) -> io::Result<Option<Mark>> {
        let (key, length) = (self.key(path), ready.metadata()?.len());
        let before = self.listed().get(path).cloned();
        let only = match &before {
            Some(etag) => Only::IfStill(etag),
            None => Only::IfAbsent,
        };
        match self.wait(self.bucket.put_file(&key, ready, only))? {
            Some(etag) => Ok(Some(mark(&etag, length))),
            None => {
                let why = "somebody else has written it since it was looked at; see who writes there, and try again";
                Err(io::Error::other(self.bucket.failed("write", &key, why)))
            }
        }
    }

    fn remove(&self, path: &FilePath) -> io::Result<()> {
        self.wait(self.bucket.delete(&self.key(path)))
    }
}

/// What of a listing is backed up.
fn sort(prefix: &str, listed: Vec<Stored>) -> Found {
    let mut found = Found::default();
    for object in listed {
        let below = object.key.strip_prefix(prefix).unwrap_or_default();
        let mut leave = |is| {
            let name = format!("{below:?}");
            found.left.push(Left { name, is });
        };
        match below.parse::<FilePath>() {
            Ok(_) if object.bytes > LONGEST => {
                leave("longer than the 5 GiB that are put back at once")
            }
            Ok(path) => {
                let mark = mark(&object.etag, object.bytes);
                found.marks.insert(path.clone(), mark);
                found.files.push(path);
            }
            // What a console makes to show a folder.
            Err(_) if below.is_empty() && object.bytes == 0 => {}
            Err(_) => leave("no path below the service's data"),
        }
    }
    found.files.sort();
    let names: BTreeSet<&str> = found.files.iter().map(FilePath::as_str).collect();
    let folders = found.files.iter().flat_map(FilePath::folders);
    let both = folders.filter(|above| names.contains(above));
    let both: BTreeSet<String> = both.map(str::to_owned).collect();
    found.files.retain(|path| !both.contains(path.as_str()));
    found.left.extend(both.into_iter().map(|name| Left {
        name,
        is: "an object where others have a folder",
    }));
    found
}

fn mark(etag: &str, length: u64) -> Mark {
    Mark {
        text: format!("{etag}:{length}"),
        // Another version has another one, however soon it comes.
        settled: Timestamp::MIN,
    }
}

/// Read part after part. Each says which version it is of, so that two of them are not taken for one unseen.
struct OpenObject<B> {
    place: Prefix<B>,
    key: String,
    /// Of the first part.
    mark: Option<Mark>,
    /// Whether every part was of that version.
    held: bool,
    length: u64,
    at: u64,
    read: Bytes,
}

impl<B: Objects> OpenObject<B> {
    /// Whether there is such an object.
    fn next(&mut self) -> io::Result<bool> {
        let range = self.at..self.at + ASKED;
        let part = self.place.bucket.get_part(&self.key, range);
        let Some(part) = self.place.wait(part)? else {
            (self.held, self.length) = (false, self.at);
            return Ok(false);
        };
        let Part {
            bytes,
            etag,
            length,
        } = part;
        let mark = mark(&etag, length);
        self.held &= *self.mark.get_or_insert_with(|| mark.clone()) == mark;
        if bytes.is_empty() && self.at < length {
            let why = format!("{} ended at byte {} of {length}", self.key, self.at);
            return Err(io::Error::other(why));
        }
        self.length = length;
        self.at += bytes.len() as u64;
        self.read = bytes.into();
        Ok(true)
    }
}

impl<B: Objects> Opened for OpenObject<B> {
    fn length(&self) -> io::Result<Option<u64>> {
        Ok(Some(self.length))
    }

    fn mark(&self) -> io::Result<Option<Mark>> {
        let changed = || Mark {
            text: "changed".into(),
            settled: Timestamp::MAX,
        };
        Ok(match self.held {
            true => self.mark.clone(),
            false => Some(changed()),
        })
    }

    fn skip(&mut self, to: u64) -> io::Result<bool> {
        (self.at, self.read) = (to.min(self.length), Bytes::new());
        Ok(self.at == to)
    }
}

impl<B: Objects> Read for OpenObject<B> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.read.has_remaining() && self.at < self.length {
            self.next()?;
        }
        let count = self.read.len().min(buffer.len());
        self.read.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lifeboat_core::backup::Readable;

    #[test]
    fn what_could_not_be_put_back_is_told_and_left() {
        let stored = |key: &str, bytes: u64| Stored {
            key: key.into(),
            bytes,
            etag: "\"1\"".into(),
            written: Timestamp::UNIX_EPOCH,
            class: "STANDARD".into(),
            readable: Readable::AtOnce,
        };
        let listed = vec![stored("a/b", LONGEST), stored("a/c", LONGEST + 1)];
        let found = sort("a/", listed);
        let names: Vec<&str> = found.files.iter().map(FilePath::as_str).collect();
        assert_eq!(names, ["b"]);
        assert!(found.left[0].is.contains("5 GiB"));
    }
}
