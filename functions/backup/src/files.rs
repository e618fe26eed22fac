//! The services' files as they lie there: what is in one, and how a whole one takes its place.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use lifeboat_core::backup::{self, ContentId};
use lifeboat_pack::Hasher;

use crate::source::OURS;

/// Length and content of a file; none where there is none.
pub(crate) fn content(path: &Path) -> io::Result<Option<(u64, ContentId)>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut hasher = Hasher::default();
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(Some((hasher.bytes(), hasher.finish()))),
            count => hasher.update(&buffer[..count]),
        }
    }
}

/// Whether a file is exactly this one. Its length is asked first, because that costs nothing.
pub(crate) fn holds(path: &Path, file: &backup::File) -> io::Result<bool> {
    let length = match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => found.len(),
        Ok(_) => return Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    Ok(length == file.bytes && content(path)? == Some((file.bytes, file.content)))
}

/// Where a file is made ready: beside its place, so that it takes it at once.
pub(crate) fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{OURS}{name}"))
}

pub(crate) fn put_in_place(path: &Path, ready: &Path) -> io::Result<()> {
    fs::rename(ready, path)?;
    keep_name(path)
}

/// What is not there is removed already.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.and_then(|()| keep_name(path)),
    }
}

pub(crate) fn remove_folder(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// A name is as lasting as its folder.
fn keep_name(path: &Path) -> io::Result<()> {
    path.parent()
        .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}
