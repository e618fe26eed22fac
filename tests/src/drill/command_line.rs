use std::cell::RefCell;
use std::collections::BTreeSet;
use std::process::{ExitStatus, Stdio};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use crate::aws::{ROOT_KEY, ROOT_SECRET};
use crate::drill::stage::{Stage, ensure};
use crate::functions::built;
use crate::{Context, Result, shell};

/// What the acts do by the command line, each as the words of which all are in one call. The runbook has no other verbs, and at
/// the end each was run.
pub const RUNS: [&str; 32] = [
    "acknowledge",
    "approve",
    "backup create",
    "backup list",
    "backup preview",
    "backup prove",
    "backup restore",
    "backup show",
    "backup verify",
    "cancel",
    "commit",
    "doctor",
    "failback",
    "failback --dry-run",
    "failover plan",
    "failover planned",
    "failover unplanned",
    "follow",
    "images list",
    "images ready",
    "images verify",
    "pause",
    "reject",
    "report list",
    "report show",
    "report verify",
    "resume",
    "status",
    "sync",
    "test-dr",
    "test-dr --start",
    "turn",
];

/// Which of them were run so far.
#[derive(Debug, Default)]
pub(super) struct Run(RefCell<BTreeSet<&'static str>>);

impl Run {
    /// A call is the verb that has the most of its words.
    fn add(&self, arguments: &[&str]) {
        let words = |verb: &&str| verb.split(' ').count();
        let said = |verb: &&str| verb.split(' ').all(|word| arguments.contains(&word));
        let verb = RUNS.into_iter().filter(said).max_by_key(words);
        self.0.borrow_mut().extend(verb);
    }

    pub(super) fn assert_all(&self) -> Result<()> {
        let run = self.0.borrow();
        let never: Vec<&str> = RUNS
            .into_iter()
            .filter(|verb| !run.contains(verb))
            .collect();
        ensure(never.is_empty(), || {
            format!("no act has run these verbs of the command line: {never:?}")
        })
    }
}

/// The project's own command line, as a person runs it in a region that is alive; what it says is shown, and answered.
pub(super) async fn lifeboat(stage: &Stage, region: &str, arguments: &[&str]) -> Result<String> {
    lifeboat_ends(stage, region, arguments, 0).await
}

/// The same where it has to end failed.
pub(super) async fn lifeboat_fails(
    stage: &Stage,
    region: &str,
    arguments: &[&str],
) -> Result<String> {
    lifeboat_ends(stage, region, arguments, 1).await
}

/// The same where the answer has to be no.
pub(super) async fn lifeboat_refuses(
    stage: &Stage,
    region: &str,
    arguments: &[&str],
) -> Result<String> {
    lifeboat_ends(stage, region, arguments, 3).await
}

async fn lifeboat_ends(
    stage: &Stage,
    region: &str,
    arguments: &[&str],
    code: i32,
) -> Result<String> {
    let (status, said) = run(stage, region, arguments).await?;
    ensure(status.code() == Some(code), || {
        format!("lifeboat {} ended with {status}", arguments.join(" "))
    })?;
    Ok(said)
}

/// Whether it ended well.
pub(super) async fn tried(stage: &Stage, region: &str, arguments: &[&str]) -> Result<bool> {
    let (status, _) = run(stage, region, arguments).await?;
    Ok(status.success())
}

async fn run(stage: &Stage, region: &str, arguments: &[&str]) -> Result<(ExitStatus, String)> {
    let (cloud, progress) = (&stage.cloud, &stage.progress);
    progress.say(&format!("$ lifeboat {}", arguments.join(" ")));
    stage.run.add(arguments);
    let mut command = shell::command(built("lifeboat"));
    command
        .args(arguments)
        .env("AWS_ACCESS_KEY_ID", ROOT_KEY)
        .env("AWS_SECRET_ACCESS_KEY", ROOT_SECRET)
        .env("AWS_REGION", region)
        .env(
            "AWS_ENDPOINT_URL",
            format!("http://{}", cloud.addresses.proxy),
        )
        .env("LIFEBOAT_CONTROL_BUCKET", cloud.bucket("control", region))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().context(|| "start lifeboat".to_owned())?;
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    let (said, failed) = tokio::try_join!(show(output), show(errors))?;
    Ok((child.wait().await?, said + &failed))
}

async fn show(pipe: Option<impl AsyncRead + Unpin>) -> Result<String> {
    let pipe = pipe.context(|| "lifeboat has no output".to_owned())?;
    let mut lines = BufReader::new(pipe).lines();
    let mut said = String::new();
    while let Some(line) = lines.next_line().await? {
        println!("           | {line}");
        said = said + &line + "\n";
    }
    Ok(said)
}
