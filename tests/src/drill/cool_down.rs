use lifeboat_core::person::Verb;

use crate::Result;
use crate::cloud::STANDBY;
use crate::drill::people::say;
use crate::drill::stage::{Stage, ensure};

/// What the automatic start left in the way of the next one is cleared by a person who has looked at it.
pub(super) async fn acknowledge(stage: &Stage) -> Result<()> {
    let (cloud, progress) = (&stage.cloud, &stage.progress);
    let before = cloud.state(STANDBY).await?;
    let (until, starts) = (before.cool_down_until, before.automatic_starts.len());
    ensure(until.is_some() && starts == 1, || {
        format!("after an automatic start: cool-down until {until:?}, {starts} starts counted")
    })?;
    say(stage, STANDBY, Verb::Acknowledge, "seen by the team").await?;
    let after = cloud.state(STANDBY).await?;
    let cleared = after.cool_down_until.is_none() && after.automatic_starts.is_empty();
    ensure(cleared && after.active == before.active, || {
        format!("acknowledged, and the state is {after:?}")
    })?;
    progress.say("acknowledged: the cool-down is over, and the next alarm may act");
    Ok(())
}
