//! One small file that several processes replace: taken under a lock, replaced whole, and on the disk before anyone is told.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// What went wrong with which path.
#[derive(Debug, Error)]
#[error("{operation} {}: {source}", path.display())]
pub struct FileError {
    operation: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl FileError {
    pub fn is_not_found(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }
}

/// The exclusive right to replace a folder's file, given up on drop or when the process dies.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the lock. It is a file of its own, because the file it guards is replaced by each write;
    /// it is opened for writing, because an exclusive lock on NFS (and so on EFS) is refused otherwise.
    pub fn take(path: &Path) -> Result<Self, FileError> {
        let file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(failed("open the lock", path))?;
        file.lock().map_err(failed("take the lock", path))?;
        Ok(Lock { _file: file })
    }
}

pub fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    fs::read(path).map_err(failed("read", path))
}

/// Replaces `path` by `bytes`: afterwards the new content is on the disk; when it fails or the process dies, the old one is.
pub fn replace(path: &Path, bytes: &[u8], _lock: &Lock) -> Result<(), FileError> {
    let temporary = write_temporary(path, bytes)?;
    fs::rename(&temporary, path).map_err(failed("rename a new version to", path))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(failed("sync the folder", folder))
}

/// The name is fixed: the lock admits one writer, who overwrites what a crashed one left.
fn write_temporary(path: &Path, bytes: &[u8]) -> Result<PathBuf, FileError> {
    let temporary = path.with_extension("json.new");
    let mut file = File::create(&temporary).map_err(failed("create", &temporary))?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(failed("write", &temporary))?;
    Ok(temporary)
}

fn failed(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FileError {
    move |source| FileError {
        operation,
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_between_the_temporary_file_and_the_rename_leaves_the_old_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("db.json");
        let lock = Lock::take(&folder.path().join("db.lock")).expect("the lock");
        replace(&path, b"old", &lock).expect("the first version");

        write_temporary(&path, b"a longer version whose writer died").expect("the temporary file");
        assert_eq!(read(&path).expect("the file"), b"old");

        replace(&path, b"new", &lock).expect("the next writer");
        assert_eq!(read(&path).expect("the file"), b"new");
    }

    #[test]
    fn an_error_names_the_operation_and_the_path() {
        let error = read(Path::new("/nowhere/db.json")).expect_err("no such file");
        assert!(
            error.to_string().starts_with("read /nowhere/db.json: "),
            "{error}"
        );
        assert!(error.is_not_found());
    }
}
