use serde_json::Value;

use crate::cloud::{HOME, STANDBY};
use crate::drill::command_line::lifeboat;
use crate::drill::stage::{Stage, ensure};
use crate::{Context, Result};

/// Everything that is looked for is as Terraform made it and as the functions left it.
pub(super) async fn finds_nothing(stage: &Stage) -> Result<()> {
    let said = lifeboat(stage, HOME, &["doctor", "--output", "json"]).await?;
    let document: Value = serde_json::from_str(&said).context(|| "read its answer".to_owned())?;
    for (side, region, passive, checks) in [("home", HOME, false, 7), ("standby", STANDBY, true, 9)]
    {
        let examined = &document[side];
        ensure(examined["region"] == region, || {
            format!("the {side} is {}", examined["region"])
        })?;
        ensure(examined["active"] == !passive, || {
            format!("{region} is called active: {}", examined["active"])
        })?;
        let findings = examined["findings"].as_array();
        let findings = findings.context(|| format!("nothing was found of {region}"))?;
        ensure(findings.len() == checks, || {
            format!("{} checks of {region}", findings.len())
        })?;
        let wrong = findings.iter().find(|one| one["found"] != "right");
        ensure(wrong.is_none(), || format!("in {region}: {wrong:?}"))?;
    }
    let right =
        "images, roles, logs, replication, versioning, markers, tasks and lifecycle are right";
    stage.progress.say(right);
    Ok(())
}
