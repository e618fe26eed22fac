//! Where a service's data lies: its folder on the mounted file system.

use std::{
    fs::{self, File, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use jiff::{SignedDuration, Timestamp};
use lifeboat_core::{Invalid, backup::FilePath, configuration::Data};

/// What this function itself puts beside the data begins so, and is no data.
pub(crate) const OURS: &str = ".lifeboat-";

#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub service: String,
    pub folder: PathBuf,
    pub data: Data,
}

impl Source {
    /// For what is to be saved before it is gone, whatever it is.
    pub(crate) fn unchecked(self) -> Self {
        let data = Data::Any;
        Self { data, ..self }
    }

    pub(crate) fn at(&self, path: &FilePath) -> PathBuf {
        self.folder.join(path.as_str())
    }

    /// Every file below the folder, in the order of their names. A link is not followed, wherever it leads.
    pub(crate) fn find(&self) -> io::Result<Found> {
        let mut found = Found::default();
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                let kind = entry.file_type()?;
                if entry.file_name().to_string_lossy().starts_with(OURS) {
                    continue;
                }
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if kind.is_file() {
                    found.files.push(self.name(&entry.path())?);
                } else {
                    found.links.push(self.name(&entry.path())?);
                }
            }
        }
        found.files.sort();
        Ok(found)
    }

    fn name(&self, path: &Path) -> io::Result<FilePath> {
        let below = path.strip_prefix(&self.folder).map_err(io::Error::other)?;
        let name = below.to_str().ok_or_else(|| {
            let found = below.display();
            io::Error::other(Invalid::new("path", "a name in UTF-8", found))
        })?;
        name.parse().map_err(io::Error::other)
    }

    /// The file as it is now; none where it is gone.
    pub(crate) fn open(&self, path: &FilePath) -> io::Result<Option<File>> {
        match File::open(self.at(path)) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What is in a folder.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub files: Vec<FilePath>,
    pub links: Vec<FilePath>,
}

/// How long after its last change a file's times tell that nobody changed it since: they may be this coarse.
const SETTLED: SignedDuration = SignedDuration::from_secs(3);

/// By which a file tells that it is still the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    text: String,
    changed: Timestamp,
}

impl Mark {
    pub(crate) fn of(file: &Metadata) -> Self {
        let changed = |seconds: i64, nanoseconds: i64| {
            let at = Timestamp::new(seconds, nanoseconds as i32);
            at.unwrap_or(Timestamp::MAX)
        };
        let content = changed(file.mtime(), file.mtime_nsec());
        let status = changed(file.ctime(), file.ctime_nsec());
        Self {
            text: format!(
                "{}:{}:{}:{content}:{status}",
                file.dev(),
                file.ino(),
                file.size()
            ),
            changed: content.max(status),
        }
    }

    /// What the next backup may believe; nothing of a file that changed a moment ago.
    pub(crate) fn settled(&self, now: Timestamp) -> Option<String> {
        (now.duration_since(self.changed) > SETTLED).then(|| self.text.clone())
    }
}
