//! Other people's programs: run to the end, with their output kept for the error.

use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::LazyLock;

use tokio::process::Command;

use crate::{Context, Result};

/// Every child of the harness has this variable, and so has whatever they start: by it the guard knows whom to end.
pub const HARNESS: &str = "LIFEBOAT_HARNESS";

/// Variables of the person's own shell that would lead a program to the real AWS or to the wrong account.
const FOREIGN: [&str; 6] = [
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/// A command that dies with the harness and knows nothing of the person's AWS accounts.
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .env(HARNESS, harness());
    for name in FOREIGN {
        command.env_remove(name);
    }
    command
}

/// The value of `HARNESS` that no other harness gives: the time, too, for the system uses a process's id again.
pub(crate) fn harness() -> &'static str {
    static OWN: LazyLock<String> = LazyLock::new(|| {
        let now = jiff::Timestamp::now().as_nanosecond();
        format!("{}-{now}", std::process::id())
    });
    &OWN
}

/// Runs to the end and returns what it wrote to standard output.
pub async fn run(command: &mut Command) -> Result<String> {
    let name = describe(command);
    let output = command
        .output()
        .await
        .context(|| format!("start `{name}`"))?;
    check(&name, &output)?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs to the end with everything it says in `log`; a failure carries the log's last lines.
pub async fn run_logged(command: &mut Command, log: &Path) -> Result<()> {
    let name = describe(command);
    let file = std::fs::File::options()
        .create(true)
        .append(true)
        .open(log)
        .context(|| format!("open {}", log.display()))?;
    let copy = file
        .try_clone()
        .context(|| format!("share {}", log.display()))?;
    let status = command
        .stdout(file)
        .stderr(copy)
        .status()
        .await
        .context(|| format!("start `{name}`"))?;
    if status.success() {
        return Ok(());
    }
    Err(format!(
        "`{name}` ended with {status}; the end of {}:\n{}",
        log.display(),
        tail(log, 40)
    )
    .into())
}

/// The last lines of a log, for an error message.
pub fn tail(log: &Path, lines: usize) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let all: Vec<&str> = text.lines().collect();
    all.get(all.len().saturating_sub(lines)..)
        .unwrap_or_default()
        .join("\n")
}

fn check(name: &str, output: &Output) -> Result<()> {
    if output.status.success() {
        return Ok(());
    }
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8_lossy(&said);
    Err(format!("`{name}` ended with {}:\n{}", output.status, said.trim()).into())
}

fn describe(command: &Command) -> String {
    let command = command.as_std();
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whatever_is_run_can_be_told_by_its_environment() {
        let mut ask = command("sh");
        ask.args(["-c", &format!("echo ${HARNESS}")]);
        assert_eq!(run(&mut ask).await.unwrap(), harness());
    }
}
