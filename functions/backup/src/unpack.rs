//! The way back: nothing is believed that does not match the manifest.

use std::{fs::File, io, path::Path};

use flate2::read::GzDecoder;
use lifeboat_core::backup;

use crate::pack::{Counted, PackError, Sums, Tee, check_json};

#[derive(Debug, thiserror::Error)]
pub(crate) enum UnpackError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    NotVerified(String),
}

/// Writes the data of a downloaded file, and says in what way it is not what the manifest promised.
pub(crate) fn unpack(
    packed: &Path,
    target: &Path,
    promised: &backup::File,
) -> Result<(), UnpackError> {
    let mut packed = Counted::new(File::open(packed)?);
    let data = GzDecoder::new(&mut packed);
    let mut tee = Tee {
        source: Counted::new(data),
        sink: File::create(target)?,
    };
    let read = check_json(io::BufReader::with_capacity(1 << 16, &mut tee));
    tee.sink.sync_all()?;
    let data = tee.source.sums();
    // What follows the compressed data belongs to the file as well.
    io::copy(&mut packed, &mut io::sink())?;
    let compressed = packed.sums();
    matches(
        "compressed data",
        &compressed,
        &promised.compressed_sha256,
        promised.compressed_bytes,
    )?;
    read.map_err(|error| match error {
        PackError::Io(error) => UnpackError::NotVerified(format!("cannot be unpacked: {error}")),
        PackError::NotJson(_) => UnpackError::NotVerified(error.to_string()),
    })?;
    matches("data", &data, &promised.sha256, promised.bytes)
}

fn matches(what: &str, found: &Sums, sha256: &str, bytes: u64) -> Result<(), UnpackError> {
    if found.bytes == bytes && hex::encode(&found.sha256) == sha256 {
        return Ok(());
    }
    Err(UnpackError::NotVerified(format!(
        "the {what} has {} bytes and SHA-256 {}, and the manifest says {bytes} and {sha256}",
        found.bytes,
        hex::encode(&found.sha256)
    )))
}

/// Whether a file holds exactly what the manifest promises.
pub(crate) fn holds(file: &Path, promised: &backup::File) -> io::Result<bool> {
    let mut counted = match File::open(file) {
        Ok(file) => Counted::new(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    io::copy(&mut counted, &mut io::sink())?;
    let sums = counted.sums();
    Ok(sums.bytes == promised.bytes && hex::encode(sums.sha256) == promised.sha256)
}
