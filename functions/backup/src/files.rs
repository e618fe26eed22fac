//! Files of a file system: what is in one, and how a whole one takes its place.

use std::{
    fmt::Display,
    fs::{self, File},
    io::{self, ErrorKind, Read},
    path::{Path, PathBuf},
};

use lifeboat_core::{
    Failure, Region,
    backup::{self, ContentId},
};
use lifeboat_pack::Hasher;

/// What this function itself puts beside the data begins so, and is no data.
pub(crate) const OURS: &str = ".lifeboat-";

/// What does not pass by itself says what to do about it; anything else is worth another try.
pub(crate) fn failed(
    operation: &str,
    at: impl Display,
    region: &Region,
    why: io::Error,
) -> Failure {
    let mend = match why.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "make room there and try again; below /tmp it is the function's own disk, which backup_scratch_megabytes makes larger"
        }
        ErrorKind::PermissionDenied => {
            "the function may not: see whose it is and its mode, and as which user the function mounts the file system"
        }
        ErrorKind::ReadOnlyFilesystem => {
            "what is mounted there can only be read: mount it so that the function may write, and try again"
        }
        _ => return Failure::unavailable(operation, at, region, why),
    };
    Failure::Refused(format!("{operation} {at} in {region}: {why}; {mend}"))
}

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

#[cfg(test)]
mod tests {
    use rustix::io::Errno;

    use super::*;

    #[test]
    fn what_does_not_pass_by_itself_is_refused_and_says_what_to_do() {
        let region = Region::new("us-west-2").unwrap();
        for (errno, says) in [
            (Errno::NOSPC, "make room there"),
            (Errno::DQUOT, "make room there"),
            (Errno::FBIG, "make room there"),
            (Errno::ACCESS, "as which user"),
            (Errno::PERM, "as which user"),
            (Errno::ROFS, "mount it so that the function may write"),
        ] {
            let why = io::Error::from(errno);
            let failure = failed("write", "/mnt/data/users/db.json", &region, why);
            assert_eq!(failure.name(), "Refused", "{failure}");
            let said = failure.to_string();
            assert!(
                said.starts_with("write /mnt/data/users/db.json in us-west-2: ")
                    && said.contains(says),
                "{said}"
            );
        }
        for errno in [Errno::IO, Errno::STALE, Errno::NOENT, Errno::TIMEDOUT] {
            let failure = failed("write", "x", &region, errno.into());
            assert_eq!(failure.name(), "Unavailable", "it may pass");
        }
    }
}
