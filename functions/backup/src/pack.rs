//! A service's data, read once: checked to be JSON, hashed and compressed while it streams by.

use std::{
    fs::File,
    io::{self, BufReader, Read, Write},
    path::Path,
};

use flate2::{Compression, write::GzEncoder};
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sums {
    pub sha256: Vec<u8>,
    pub bytes: u64,
}

#[derive(Debug)]
pub(crate) struct Packed {
    pub data: Sums,
    pub compressed: Sums,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum PackError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("not JSON: {0}")]
    NotJson(serde_json::Error),
}

/// The data file is only ever replaced whole, so the one that was opened stays as it is while it is read.
pub(crate) fn pack(source: &Path, target: &Path) -> Result<Packed, PackError> {
    let compressed = Counted::new(File::create(target)?);
    let mut tee = Tee {
        source: Counted::new(File::open(source)?),
        sink: GzEncoder::new(compressed, Compression::default()),
    };
    check_json(BufReader::with_capacity(1 << 16, &mut tee))?;
    let data = tee.source.sums();
    let compressed = tee.sink.finish()?;
    compressed.inner.sync_all()?;
    Ok(Packed {
        data,
        compressed: compressed.sums(),
    })
}

/// Reads everything, to the end.
pub(crate) fn check_json(reader: impl Read) -> Result<(), PackError> {
    let mut json = serde_json::Deserializer::from_reader(reader);
    let read = serde::Deserialize::deserialize(&mut json).and_then(|IgnoredAny| json.end());
    read.map_err(|error| match error.classify() {
        serde_json::error::Category::Io => PackError::Io(error.into()),
        _ => PackError::NotJson(error),
    })
}

/// Hands on what is read, and writes it aside.
#[derive(Debug)]
pub(crate) struct Tee<R, W> {
    pub source: R,
    pub sink: W,
}

impl<R: Read, W: Write> Read for Tee<R, W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.sink.write_all(&buffer[..count])?;
        Ok(count)
    }
}

/// Counts and hashes what goes by.
#[derive(Debug)]
pub(crate) struct Counted<T> {
    pub inner: T,
    hash: Sha256,
    bytes: u64,
}

impl<T> Counted<T> {
    pub(crate) fn new(inner: T) -> Self {
        Self {
            inner,
            hash: Sha256::new(),
            bytes: 0,
        }
    }

    fn see(&mut self, part: &[u8]) {
        self.hash.update(part);
        self.bytes += part.len() as u64;
    }

    pub(crate) fn sums(&self) -> Sums {
        Sums {
            sha256: self.hash.clone().finalize().to_vec(),
            bytes: self.bytes,
        }
    }
}

impl<T: Read> Read for Counted<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.see(&buffer[..count]);
        Ok(count)
    }
}

impl<T: Write> Write for Counted<T> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(buffer)?;
        self.see(&buffer[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
