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
use lifeboat_aws::{
    Objects, Part, Stored,
    objects::{Only, Told},
};
use lifeboat_core::{
    Failure,
    backup::{About, FilePath},
};
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
        let key = self.key(path);
        let Some(told) = self.wait(self.bucket.look(&key))? else {
            return Ok(None);
        };
        Ok(Some(Box::new(OpenObject {
            place: self.clone(),
            key,
            length: told.bytes,
            told,
            held: true,
            at: 0,
            read: Bytes::new(),
        })))
    }

    fn bars(&self, _: &FilePath) -> Option<String> {
        None
    }

    fn mark(&self, path: &FilePath) -> io::Result<Option<Mark>> {
        let told = self.wait(self.bucket.look(&self.key(path)))?;
        Ok(told.as_ref().map(mark_of))
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

    fn put(&self, path: &FilePath, ready: &Path, about: &About) -> io::Result<Option<Mark>> {
        let key = self.key(path);
        let before = self.listed().get(path).cloned();
        let only = match &before {
            Some(etag) => Only::IfStill(etag),
            None => Only::IfAbsent,
        };
        match self.wait(self.bucket.put_file(&key, ready, about, only))? {
            // It is in place; where nobody tells when that was, the next restore reads it.
            Some(etag) => {
                let told = self.wait(self.bucket.look(&key)).ok().flatten();
                let told = told.filter(|told| told.etag == etag && told.about == *about);
                Ok(told.as_ref().map(mark_of))
            }
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
                let mark = mark(&object.etag, object.bytes, object.written);
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

/// The same bytes have the same etag, whatever is told of them: that they were written again shows by the time.
fn mark(etag: &str, length: u64, written: Timestamp) -> Mark {
    Mark {
        text: format!("{etag}:{length}:{}", written.as_second()),
        // Other bytes have another one, however soon they come.
        settled: Timestamp::MIN,
    }
}

fn mark_of(told: &Told) -> Mark {
    mark(&told.etag, told.bytes, told.written)
}

/// Read part after part. Each says which version it is of, so that two of them are not taken for one unseen.
struct OpenObject<B> {
    place: Prefix<B>,
    key: String,
    /// When it was opened.
    told: Told,
    /// Whether every part was of that version.
    held: bool,
    length: u64,
    at: u64,
    read: Bytes,
}

impl<B: Objects> OpenObject<B> {
    fn next(&mut self) -> io::Result<()> {
        let range = self.at..self.at + ASKED;
        let part = self.place.bucket.get_part(&self.key, range);
        let Some(part) = self.place.wait(part)? else {
            (self.held, self.length) = (false, self.at);
            return Ok(());
        };
        let Part {
            bytes,
            etag,
            length,
        } = part;
        self.held &= (&etag, length) == (&self.told.etag, self.told.bytes);
        if bytes.is_empty() && self.at < length {
            let why = format!("{} ended at byte {} of {length}", self.key, self.at);
            return Err(io::Error::other(why));
        }
        self.length = length;
        self.at += bytes.len() as u64;
        self.read = bytes.into();
        Ok(())
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
            true => Some(mark_of(&self.told)),
            false => Some(changed()),
        })
    }

    fn about(&self) -> Option<&About> {
        Some(&self.told.about)
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
