//! What a service gives away and takes itself, as one file.

use std::{
    collections::BTreeSet,
    fmt,
    io::{self, Read},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use bytes::{Buf, Bytes};
use lifeboat_core::{
    Failure,
    backup::{About, FilePath},
    configuration,
};
use reqwest::{Method, Response};

use crate::{
    files,
    http::{Endpoint, Request},
    source::{Found, Mark, Opened, Place},
};

#[derive(Debug, Clone)]
pub(crate) struct Export {
    endpoint: Endpoint,
    file: FilePath,
    longest_bytes: u64,
    longest: Duration,
}

impl Export {
    pub(crate) fn new(export: &configuration::Export, endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            file: export.file.clone(),
            longest_bytes: export.longest_bytes,
            longest: Duration::from_secs(export.longest_seconds.into()),
        }
    }

    fn check(&self, length: u64) -> Result<(), Failure> {
        match length <= self.longest_bytes {
            true => Ok(()),
            false => Err(Failure::Refused(format!(
                "export {self} in {}: it is longer than longest_bytes, which is {}; raise that if it may be",
                self.endpoint.region, self.longest_bytes
            ))),
        }
    }
}

impl fmt::Display for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.endpoint.address.as_str())
    }
}

impl Place for Export {
    fn at(&self, _: &FilePath) -> String {
        self.to_string()
    }

    fn look(&self) -> &'static str {
        "see whether the service exports anything"
    }

    fn mute(&self) -> Option<String> {
        Some(format!(
            "its data is read at {self} by its own tasks, and none runs; it still has what it had, and whatever imports there keeps that under replaced/ first"
        ))
    }

    fn find(&self) -> io::Result<Found> {
        Ok(Found {
            files: vec![self.file.clone()],
            ..Found::default()
        })
    }

    fn open(&self, path: &FilePath) -> io::Result<Option<Box<dyn Opened>>> {
        if *path != self.file {
            return Ok(None);
        }
        let until = Instant::now() + self.longest;
        let asked = self.endpoint.ask(Request {
            operation: "export",
            method: Method::GET,
            body: None,
            within: self.longest,
        });
        let answer = self.endpoint.runtime.block_on(asked);
        let answer = answer.map_err(io::Error::other)?;
        self.check(answer.content_length().unwrap_or_default())
            .map_err(io::Error::other)?;
        Ok(Some(Box::new(OpenExport {
            place: self.clone(),
            answer,
            until,
            bytes: 0,
            read: Bytes::new(),
        })))
    }

    fn bars(&self, path: &FilePath) -> Option<String> {
        (*path != self.file).then(|| {
            format!(
                "{self} takes {} and the backup has {path}: it was taken when the service's data was elsewhere; choose another backup",
                self.file
            )
        })
    }

    fn mark(&self, _: &FilePath) -> io::Result<Option<Mark>> {
        Ok(None)
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

    fn put(&self, path: &FilePath, ready: &Path, _: &About) -> io::Result<Option<Mark>> {
        if let Some(why) = self.bars(path) {
            return Err(io::Error::other(Failure::Refused(why)));
        }
        let (bytes, content) = files::content(std::fs::File::open(ready)?)?;
        let put = async {
            let file = tokio::fs::File::open(ready).await?;
            let asked = self.endpoint.ask(Request {
                operation: "import",
                method: Method::PUT,
                body: Some((file.into(), bytes)),
                within: self.longest,
            });
            asked.await.map(drop).map_err(io::Error::other)
        };
        self.endpoint.runtime.block_on(put)?;
        // Good words are not data: another task may answer, and it must have the same.
        let exported = self.open(path)?.map(files::content).transpose()?;
        match exported == Some((bytes, content)) {
            true => Ok(None),
            false => Err(io::Error::other(self.endpoint.failed(
                "import",
                format!("it was given {bytes} bytes that make {content} and does not export the same; see whether it exports what it imports, byte for byte"),
            ))),
        }
    }

    /// Nobody gets here: it has one file, and a backup without it is not put.
    fn remove(&self, path: &FilePath) -> io::Result<()> {
        let why = format!(
            "{self} takes {} and gives nothing up, not even {path}",
            self.file
        );
        Err(io::Error::other(Failure::Refused(why)))
    }
}

struct OpenExport {
    place: Export,
    answer: Response,
    until: Instant,
    /// That came until now.
    bytes: u64,
    read: Bytes,
}

impl Opened for OpenExport {
    fn length(&self) -> io::Result<Option<u64>> {
        Ok(self.answer.content_length())
    }

    /// It is one answer, of one moment as far as the service knows; nothing tells whether the next one is the same.
    fn mark(&self) -> io::Result<Option<Mark>> {
        Ok(None)
    }

    fn skip(&mut self, _: u64) -> io::Result<bool> {
        Ok(false)
    }
}

impl Read for OpenExport {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let endpoint = &self.place.endpoint;
        while !self.read.has_remaining() {
            let next = endpoint.in_time("export", self.until, self.answer.chunk());
            let next = endpoint.runtime.block_on(next).map_err(io::Error::other)?;
            let Some(next) = next else { return Ok(0) };
            self.bytes += next.len() as u64;
            self.place.check(self.bytes).map_err(io::Error::other)?;
            self.read = next;
        }
        let count = self.read.len().min(buffer.len());
        self.read.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}
