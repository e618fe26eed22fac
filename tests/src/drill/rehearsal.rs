use lifeboat_core::marker::Marker;
use lifeboat_core::request::Mode;

use crate::cloud::{HOME, STANDBY};
use crate::drill::command_line::lifeboat;
use crate::drill::stage::{Stage, ensure};
use crate::{Context, Result};

/// The mode `drill`, started by a person: the standby is brought up and torn down, and no user notices.
pub(super) async fn run(stage: &Stage) -> Result<()> {
    let (cloud, progress) = (&stage.cloud, &stage.progress);
    progress.act("a rehearsal: the standby is brought up and torn down");
    let drill = [
        "failover", "--to", STANDBY, "--mode", "drill", "--tasks", "1",
    ];
    let reason = ["--reason", "the monthly rehearsal"];
    lifeboat(stage, STANDBY, &[&drill[..], &reason].concat()).await?;
    let arn = cloud.executions(STANDBY).await?.into_iter().next();
    let arn = arn.context(|| "no execution ran in the standby".to_owned())?;
    let report = cloud.report(STANDBY, &arn).await?;
    ensure(
        report.mode == Mode::Drill && report.recovery_time.met(),
        || {
            format!(
                "the report speaks of {:?} and {:?}",
                report.mode, report.recovery_time
            )
        },
    )?;
    cloud.assert_empty(STANDBY).await?;
    for marker in Marker::ALL {
        let raised = cloud.raised(marker).await?;
        ensure(!raised, || format!("the marker {} is raised", marker.key()))?;
    }
    ensure(!cloud.data(STANDBY).join(".scratch").exists(), || {
        "the rehearsed restore left something".to_owned()
    })?;
    stage.assert_forum_in(HOME).await?;
    progress.say(&format!(
        "{STANDBY} would have taken over {} s after it was asked; it is empty again, and nobody was moved",
        report.recovery_time.seconds
    ));
    Ok(())
}
