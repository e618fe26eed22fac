//! One folder for everything that a run of the local cloud writes.

use std::path::{Path, PathBuf};

use crate::{Context, Result, tools};

#[derive(Clone, Debug)]
pub(crate) struct RunFolder {
    name: String,
    path: PathBuf,
}

impl RunFolder {
    /// A new one: the time for people, the process for runs that start in the same second.
    pub(crate) fn create() -> Result<Self> {
        static RUNS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let run = RUNS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let stamp = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S");
        let name = format!("{stamp}-{}-{run}", std::process::id());
        let path = tools::local_folder().join("runs").join(&name);
        std::fs::create_dir_all(&path).context(|| format!("create {}", path.display()))?;
        Ok(Self { name, path })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
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
