//! What people say to an execution that is at work.

use std::time::Duration;

use lifeboat_core::person::Verb;
use lifeboat_core::state::{Hold, Lease};

use crate::drill::command_line::lifeboat;
use crate::drill::stage::Stage;
use crate::{Context, Result};

/// Everything that a person is not asked about.
const ASKED: Duration = Duration::from_secs(300);

/// The execution at work in a region.
pub(super) async fn at_work(stage: &Stage, region: &str) -> Result<Lease> {
    let lease = async || {
        let state = stage.cloud.state(region).await?;
        state.lease.context(|| "none yet".to_owned())
    };
    let what = format!("an execution to be at work in {region}");
    stage.progress.until(&what, ASKED, lease).await
}

/// Waits until the execution at work stands still for what this verb answers.
pub(super) async fn asked(stage: &Stage, region: &str, verb: Verb) -> Result<Hold> {
    let held = async || {
        let lease = stage.cloud.state(region).await?.lease;
        let hold = lease.and_then(|lease| lease.hold);
        hold.filter(|hold| hold.awaits.verbs().contains(&verb))
            .context(|| "not yet".to_owned())
    };
    let what = format!("the execution to wait for a person to {}", verb.word());
    stage.progress.until(&what, ASKED, held).await
}

/// A person's word to the execution at work in a region, or to the region itself.
pub(super) async fn say(stage: &Stage, region: &str, verb: Verb, reason: &str) -> Result<String> {
    let word = [verb.word(), "--to", region, "--reason", reason];
    lifeboat(stage, region, &word).await
}

/// Says it once the execution asks for it.
pub(super) async fn answer(
    stage: &Stage,
    region: &str,
    verb: Verb,
    reason: &str,
) -> Result<String> {
    asked(stage, region, verb).await?;
    say(stage, region, verb, reason).await
}
