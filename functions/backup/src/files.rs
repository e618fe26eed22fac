//! Files of a file system: what is in one, and how a whole one takes its place.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use lifeboat_core::backup::{self, ContentId};
use lifeboat_pack::Hasher;

/// What this function itself puts beside the data begins so, and is no data.
pub(crate) const OURS: &str = ".lifeboat-";

/// Length and content of what is read to its end.
pub(crate) fn content(mut file: impl Read) -> io::Result<(u64, ContentId)> {
    let mut hasher = Hasher::default();
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((hasher.bytes(), hasher.finish())),
            count => hasher.update(&buffer[..count]),
        }
    }
}

/// Whether a file is exactly this one.
pub(crate) fn holds(path: &Path, file: &backup::File) -> io::Result<bool> {
    let length = match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => found.len(),
        Ok(_) => return Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    Ok(length == file.bytes && content(File::open(path)?)? == (file.bytes, file.content))
}

/// Beside its place, so that it takes it at once.
pub(crate) fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{OURS}{name}"))
}

pub(crate) fn remove_folder(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// A name is as lasting as its folder.
pub(crate) fn keep_name(path: &Path) -> io::Result<()> {
    path.parent()
        .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}
