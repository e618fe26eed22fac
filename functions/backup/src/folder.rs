//! A folder on the mounted file system.

use std::{
    collections::BTreeSet,
    fmt,
    fs::{self, File, OpenOptions},
    hash::{BuildHasher, Hasher, RandomState},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use jiff::{SignedDuration, Timestamp};
use lifeboat_core::{
    Invalid,
    backup::{About, FilePath},
};
use rustix::{fs::OFlags, io::Errno};

use crate::{
    files::{self, OURS},
    source::{Found, Left, Mark, Opened, Place},
};

#[derive(Debug, Clone)]
pub(crate) struct Folder {
    root: PathBuf,
    /// Where one restore makes files ready. Whoever moves it away has ended that restore: nothing is put in place but from
    /// there, at once or not at all.
    stage: PathBuf,
}

impl Folder {
    pub(crate) fn new(root: PathBuf) -> Self {
        // Nobody else's, whoever restores at the same time.
        let own = RandomState::new().build_hasher().finish();
        let stage = root.join(format!("{OURS}{own:016x}"));
        Self { root, stage }
    }

    pub(crate) fn stage(&self) -> &Path {
        &self.stage
    }

    fn path(&self, path: &FilePath) -> PathBuf {
        self.root.join(path.as_str())
    }

    fn name(&self, path: &Path) -> io::Result<FilePath> {
        let below = path.strip_prefix(&self.root).map_err(io::Error::other)?;
        let name = below.to_str().ok_or_else(|| {
            let found = below.display();
            io::Error::other(Invalid::new("path", "a name in UTF-8", found))
        })?;
        name.parse().map_err(io::Error::other)
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.display().fmt(f)
    }
}

impl Place for Folder {
    fn at(&self, path: &FilePath) -> String {
        self.path(path).display().to_string()
    }

    fn look(&self) -> &'static str {
        "see whether the file system is mounted"
    }

    /// A link is not followed, wherever it leads.
    fn find(&self) -> io::Result<Found> {
        let mut found = Found::default();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                // It went while the others were read.
                Err(error) if error.kind() == io::ErrorKind::NotFound && folder != self.root => {
                    continue;
                }
                entries => entries?,
            };
            for entry in entries {
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
                    found.left.push(Left {
                        name: self.name(&entry.path())?.to_string(),
                        is: "a link or no file",
                    });
                }
            }
        }
        found.files.sort();
        Ok(found)
    }

    fn open(&self, path: &FilePath) -> io::Result<Option<Box<dyn Opened>>> {
        // What became a link since it was found is not followed either, and what became a pipe is not waited for.
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32;
        let mut options = OpenOptions::new();
        match options.read(true).custom_flags(flags).open(self.path(path)) {
            Ok(file) if file.metadata()?.is_file() => Ok(Some(Box::new(OpenFile(file)))),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn bars(&self, path: &FilePath) -> Option<String> {
        let mut above = path.folders().map(|above| self.root.join(above));
        let link = above.find(|folder| folder.is_symlink())?;
        Some(format!(
            "{} is a link, and a restore follows none out of the service's data; remove it and try again",
            link.display()
        ))
    }

    fn begin(&self) -> io::Result<()> {
        fs::create_dir_all(&self.stage)?;
        let mut adopted = false;
        for entry in fs::read_dir(&self.root)? {
            let entry = entry?;
            let (from, name) = (entry.path(), entry.file_name());
            if from == self.stage || !name.to_string_lossy().starts_with(OURS) {
                continue;
            }
            let adopts = !adopted && entry.file_type()?.is_dir();
            let to = match adopts {
                true => self.stage.clone(),
                false => self.stage.join(name),
            };
            match fs::rename(from, to) {
                // Whoever made it ready has just ended.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                moved => {
                    moved?;
                    adopted |= adopts;
                }
            }
        }
        Ok(())
    }

    fn beside(&self, path: &FilePath) -> Option<PathBuf> {
        Some(self.stage.join(path.as_str()))
    }

    fn clear(&self, but: &BTreeSet<FilePath>) -> io::Result<()> {
        let mut folders = vec![self.stage.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                let path = entry.path();
                let ours = entry.file_name().to_string_lossy().starts_with(OURS);
                let name = path.strip_prefix(&self.stage).ok().and_then(Path::to_str);
                let name: Option<FilePath> = name.and_then(|name| name.parse().ok());
                match entry.file_type()?.is_dir() {
                    true if ours => files::remove_folder(&path)?,
                    true => folders.push(path),
                    false if name.is_some_and(|name| but.contains(&name)) => {}
                    false => fs::remove_file(&path)?,
                }
            }
        }
        Ok(())
    }

    fn end(&self) -> io::Result<()> {
        files::remove_folder(&self.stage)
    }

    fn put(&self, path: &FilePath, ready: &Path, _: &About) -> io::Result<Option<Mark>> {
        let to = self.path(path);
        let opened = File::open(ready)?;
        fs::create_dir_all(to.parent().unwrap_or(&self.root))?;
        fs::rename(ready, &to)?;
        files::keep_name(&to)?;
        OpenFile(opened).mark()
    }

    fn remove(&self, path: &FilePath) -> io::Result<()> {
        let (from, removed) = (self.path(path), self.stage.join(format!("{OURS}removed")));
        match fs::rename(&from, removed) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.stage.is_dir() => Ok(()),
            moved => moved.and_then(|()| files::keep_name(&from)),
        }
    }
}

struct OpenFile(File);

/// How long after its last change a file's times tell that nobody changed it since: they may be this coarse.
const SETTLED: SignedDuration = SignedDuration::from_secs(3);

impl Opened for OpenFile {
    fn length(&self) -> io::Result<Option<u64>> {
        Ok(Some(self.0.metadata()?.len()))
    }

    fn mark(&self) -> io::Result<Option<Mark>> {
        let file = self.0.metadata()?;
        let changed = |seconds: i64, nanoseconds: i64| {
            let at = Timestamp::new(seconds, nanoseconds as i32);
            at.unwrap_or(Timestamp::MAX)
        };
        let content = changed(file.mtime(), file.mtime_nsec());
        let status = changed(file.ctime(), file.ctime_nsec());
        let last = content.max(status);
        let text = format!(
            "{}:{}:{}:{content}:{status}",
            file.dev(),
            file.ino(),
            file.size()
        );
        let settled = last.checked_add(SETTLED).unwrap_or(Timestamp::MAX);
        Ok(Some(Mark { text, settled }))
    }

    fn skip(&mut self, to: u64) -> io::Result<bool> {
        self.0.seek(SeekFrom::Start(to)).map(|at| at == to)
    }
}

impl Read for OpenFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}
