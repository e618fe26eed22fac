//! Ends the local cloud for sure: on drop, on Ctrl-C, on a panic, on `kill -9` of the harness.
//!
//! The cloud runs under a small shell script in a process group of its own. The script waits for its standard input to
//! close, which the operating system sees to when the harness ends in whatever way, and then removes everything: also the
//! programs that the harness was running, which it knows by a variable in their environment.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::{Context, Result, shell};

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
    /// The value of `shell::HARNESS` in the environment of all that is ended with the cloud.
    pub harness: &'a str,
    pub environment: Vec<(String, String)>,
    /// A lock on it holds as long as the guard lives.
    pub log: &'a File,
}

#[derive(Debug)]
pub struct Guard {
    child: Child,
}

impl Guard {
    pub fn start(charge: &Charge<'_>) -> Result<Self> {
        let log = || {
            let copy = charge.log.try_clone();
            copy.context(|| format!("share the log of {:?}", charge.command))
        };
        let child = Command::new("sh")
            .args([
                "-c",
                SCRIPT,
                "guard",
                charge.owner,
                &charge.registries.join(","),
                &format!("{}={}", shell::HARNESS, charge.harness),
            ])
            .args(charge.command)
            .env_clear()
            .envs(charge.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(log()?)
            .stderr(log()?)
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

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::process::ExitStatusExt;
    use std::path::Path;

    use super::*;
    use crate::tools;

    /// Guards a program that does nothing; the folder's name is its label and mark, for no other test has it.
    fn guard(folder: &Path, log: &File) -> Guard {
        let name = folder.to_str().unwrap();
        Guard::start(&Charge {
            command: &["sleep".into(), "60".into()],
            owner: name,
            registries: Vec::new(),
            harness: name,
            environment: vec![("PATH".to_owned(), std::env::var("PATH").unwrap())],
            log,
        })
        .unwrap()
    }

    #[test]
    fn what_the_harness_started_ends_with_it_and_so_does_what_that_started() {
        let folder = tempfile::tempdir().unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let guard = guard(folder.path(), &log);
        let mut child = Command::new("sh")
            .args(["-c", "(sleep 10; echo survived) & wait"])
            .env(shell::HARNESS, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();

        drop(guard);

        let mut said = String::new();
        let mut output = child.stdout.take().unwrap();
        output.read_to_string(&mut said).unwrap();
        assert_eq!(said, "");
        assert_eq!(child.wait().unwrap().signal(), Some(9));
    }

    #[test]
    fn what_another_harness_started_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let guard = guard(folder.path(), &log);
        let mut others = Command::new("sleep")
            .arg("60")
            .env(shell::HARNESS, folder.path().with_extension("other"))
            .spawn()
            .unwrap();

        drop(guard);

        let ended = others.try_wait().unwrap();
        others.kill().unwrap();
        others.wait().unwrap();
        assert_eq!(ended, None);
    }

    #[test]
    fn the_log_stays_locked_while_the_guard_lives_after_the_harness() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let log = tools::locked(&path).unwrap();
        let guard = guard(folder.path(), &log);

        drop(log);

        let again = File::open(&path).unwrap();
        assert!(again.try_lock().is_err());
        drop(guard);
        assert!(again.try_lock().is_ok());
    }
}
