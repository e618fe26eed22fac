//! Ends the local cloud for sure: on drop, on Ctrl-C, on a panic, on `kill -9` of the harness.
//!
//! The cloud runs under a small shell script in a process group of its own. The script waits for its standard input to
//! close, which the operating system sees to when the harness ends in whatever way, and then removes everything.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::{Context, Result};

const SCRIPT: &str = include_str!("guard.sh");

/// What is to be run and removed.
#[derive(Debug)]
pub struct Charge<'a> {
    /// A program and its arguments.
    pub command: &'a [PathBuf],
    /// The value of the label `ministack.instance` of this run's containers.
    pub owner: &'a str,
    /// Images under these addresses are removed from the Docker engine afterwards.
    pub registries: Vec<String>,
    pub environment: Vec<(String, String)>,
    pub log: &'a Path,
}

#[derive(Debug)]
pub struct Guard {
    child: Child,
}

impl Guard {
    pub fn start(charge: &Charge<'_>) -> Result<Self> {
        let log =
            File::create(charge.log).context(|| format!("create {}", charge.log.display()))?;
        let errors = log
            .try_clone()
            .context(|| format!("share {}", charge.log.display()))?;
        let child = Command::new("sh")
            .args([
                "-c",
                SCRIPT,
                "guard",
                charge.owner,
                &charge.registries.join(","),
            ])
            .args(charge.command)
            .env_clear()
            .envs(charge.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(log)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .context(|| format!("start {:?}", charge.command))?;
        Ok(Self { child })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // The script ends by killing its own group, so its exit status says nothing.
        let _ = self.child.wait();
    }
}
