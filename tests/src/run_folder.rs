//! One folder for everything that a run of the local cloud writes.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::{Context, Result, tools};

/// The emulator's log. The harness and the guard hold a lock on it, and the folder is in use until both are gone.
pub(crate) const LOG: &str = "ministack.log";
/// How many folders are kept, this run's among them.
const KEPT: usize = 5;

#[derive(Debug)]
pub(crate) struct RunFolder {
    name: String,
    path: PathBuf,
    log: File,
}

impl RunFolder {
    /// A new one, and the oldest go.
    pub(crate) fn create() -> Result<Self> {
        Self::create_in(&tools::local_folder().join("runs"))
    }

    /// The name has the time for people, the process for runs that start in the same second.
    fn create_in(runs: &Path) -> Result<Self> {
        static RUNS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let run = RUNS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let stamp = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S");
        let name = format!("{stamp}-{}-{run}", std::process::id());
        let path = runs.join(&name);
        std::fs::create_dir_all(runs).context(|| format!("create {}", runs.display()))?;
        // Nobody may find a folder whose log is not locked yet.
        let _only_one = tools::locked(&runs.join("lock"))?;
        std::fs::create_dir(&path).context(|| format!("create {}", path.display()))?;
        let log = tools::locked(&path.join(LOG))?;
        remove_old(runs);
        Ok(Self { name, path, log })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn log(&self) -> &File {
        &self.log
    }

    /// A folder in it, created where it is missing.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf> {
        let path = self.path.join(name);
        std::fs::create_dir_all(&path).context(|| format!("create {}", path.display()))?;
        Ok(path)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Best effort: what a task wrote belongs to its own user, who may be another one.
    pub(crate) fn keep_only_logs(&self) {
        for entry in std::fs::read_dir(&self.path)
            .into_iter()
            .flatten()
            .flatten()
        {
            if entry.path().is_dir() {
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
    }
}

/// Best effort, as `keep_only_logs`.
fn remove_old(runs: &Path) {
    let entries = std::fs::read_dir(runs).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    // The names begin with the time.
    folders.sort();
    let old = folders.len().saturating_sub(KEPT);
    for folder in folders.iter().take(old).filter(|folder| !in_use(folder)) {
        let _ = std::fs::remove_dir_all(folder);
    }
}

fn in_use(run: &Path) -> bool {
    File::open(run.join(LOG)).is_ok_and(|log| log.try_lock().is_err())
}

/// Copies Terraform's folder: follows the links of the roots, so that the copy stands on its own; leaves out what an apply in place left behind.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to).context(|| format!("create {}", to.display()))?;
    for entry in std::fs::read_dir(from).context(|| format!("read {}", from.display()))? {
        let entry = entry.context(|| format!("read {}", from.display()))?;
        let (source, name) = (entry.path(), entry.file_name());
        let left_behind = [".terraform", "terraform.tfstate"];
        let left_behind = left_behind
            .iter()
            .any(|start| name.to_string_lossy().starts_with(start));
        if left_behind {
            continue;
        }
        let target = to.join(&name);
        if source.is_dir() {
            copy(&source, &target)?;
        } else {
            std::fs::copy(&source, &target).context(|| format!("copy {}", source.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_run_removes_all_but_the_newest_and_those_in_use() {
        let runs = tempfile::tempdir().unwrap();
        let old = |run: usize| runs.path().join(format!("20200101-00000{run}-1-0"));
        for run in 0..7 {
            std::fs::create_dir_all(old(run).join("data")).unwrap();
            std::fs::write(old(run).join(LOG), "what it said").unwrap();
        }
        let _used = tools::locked(&old(1).join(LOG)).unwrap();

        let new = RunFolder::create_in(runs.path()).unwrap();

        let left: Vec<usize> = (0..7).filter(|run| old(*run).exists()).collect();
        assert_eq!(left, [1, 3, 4, 5, 6]);
        assert!(new.path().is_dir());
        assert!(in_use(new.path()));
    }
}
