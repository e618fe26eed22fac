use std::process::{ExitStatus, Stdio};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use crate::aws::{ROOT_KEY, ROOT_SECRET};
use crate::drill::stage::{Stage, ensure};
use crate::functions::built;
use crate::{Context, Result, shell};

/// The project's own command line, as a person runs it in a region that is alive; what it says is shown, and answered.
pub(super) async fn lifeboat(stage: &Stage, region: &str, arguments: &[&str]) -> Result<String> {
    let (status, said) = run(stage, region, arguments).await?;
    ensure(status.success(), || {
        format!("lifeboat {} ended with {status}", arguments.join(" "))
    })?;
    Ok(said)
}

/// The same where it has to end failed.
pub(super) async fn lifeboat_fails(
    stage: &Stage,
    region: &str,
    arguments: &[&str],
) -> Result<String> {
    let (status, said) = run(stage, region, arguments).await?;
    ensure(status.code() == Some(1), || {
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
