use std::time::Duration;

use crate::cloud::HOME;
use crate::drill::command_line::{lifeboat, tried};
use crate::drill::stage::{Stage, ensure};
use crate::drill::takeover::Execution;
use crate::{Context, Result};

/// Every execution of the drill has left one, and each is what was written. The standby has died for good by now, and what its
/// executions left is read at home.
pub(super) async fn assert(stage: &Stage, executions: &[Execution]) -> Result<()> {
    stage
        .progress
        .act("every execution has left a report, and each is what was written");
    verified(stage, HOME).await?;
    let all = lifeboat(stage, HOME, &["report", "list"]).await?;
    for execution in executions {
        let name = lifeboat_core::run::name_of(&execution.arn);
        ensure(all.contains(name), || format!("no report of {name}: {all}"))?;
    }
    let page = stage.cloud.folder().join("report.html");
    let file = page.display().to_string();
    lifeboat(stage, HOME, &["report", "show", "--out", &file]).await?;
    let told = std::fs::read_to_string(&page).context(|| format!("read {file}"))?;
    ensure(told.contains("Recovery time"), || {
        format!("the page in {file} tells nothing")
    })
}

/// Copies come a moment later.
async fn verified(stage: &Stage, region: &str) -> Result<()> {
    for _ in 0..20 {
        if tried(stage, region, &["report", "verify"]).await? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
    Err(format!("the reports as {region} shows them are not what was written").into())
}
