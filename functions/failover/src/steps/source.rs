//! What is done to the region that is being replaced.

use lifeboat_core::{
    Failure, fence as fences,
    marker::{self, Move},
    request::Mode,
    run::{Run, SourceFenced, Step},
};

use super::{Progress, patiently, right};
use crate::{World, scale};

/// Planned: its services take no more writes, which is seen before anything else happens.
pub(super) async fn stop(world: &impl World, run: &mut Run) -> Result<Progress, Failure> {
    if run.request.mode != Mode::Planned {
        return Ok(Progress::Done("given up before it had stopped".into()));
    }
    let side = world.configuration().side().other();
    let outcome = scale::down(world, side, right(world, Step::StopSource, run))
        .await
        .map(|left| match left {
            Some(left) => Progress::Waiting(format!("{} to stop: {left}", run.source)),
            None => {
                run.source_stopped = run.source_stopped.or(Some(world.now()));
                Progress::Done(String::new())
            }
        });
    patiently(run, outcome)
}

/// Compulsory where it was planned; where the source is presumed dead, silence is an answer and the watch goes on trying.
pub(super) async fn fence(world: &impl World, run: &mut Run) -> Result<Progress, Failure> {
    if run.smoke_tested.is_none() {
        return Err(Failure::Refused(
            "no smoke test has passed in this execution; the source keeps its users".into(),
        ));
    }
    let outcome = try_fence(world, run).await;
    let fenced = match (outcome, run.request.mode) {
        (Ok(None), _) => SourceFenced::Acknowledged,
        (Err(stale @ Failure::Stale(_)), _) => return Err(stale),
        (Ok(Some(left)), Mode::Unplanned) => SourceFenced::Silent(left),
        (Err(why), Mode::Unplanned) => SourceFenced::Silent(why.to_string()),
        (Ok(Some(left)), Mode::Planned | Mode::Drill | Mode::Plan) => {
            return Err(Failure::Refused(format!(
                "{} runs tasks again: {left}; whatever starts them must stop first",
                run.source
            )));
        }
        (Err(why), Mode::Planned | Mode::Drill | Mode::Plan) => {
            return patiently(run, Err(why));
        }
    };
    let note = match &fenced {
        SourceFenced::Acknowledged => "acknowledged".to_owned(),
        SourceFenced::Silent(why) => format!("no acknowledgement, tried again each minute: {why}"),
    };
    run.source_fenced = Some(fenced);
    Ok(Progress::Done(note))
}

async fn try_fence(world: &impl World, run: &Run) -> Result<Option<String>, Failure> {
    let side = world.configuration().side().other();
    let peer = world.peer_state().await?;
    fences::may(run.lease()?, &peer)?;
    // The marker moves users by itself, so this region counts as active first: whoever dies between must not leave two
    // that take writes. Planned, it is raised with the others, when nothing can be undone any more.
    if run.request.mode == Mode::Unplanned {
        super::traffic::activate(world, run).await?;
        if let Some(marker) = marker::fences(side) {
            world.mark(Move::Raise(marker)).await?;
        }
    }
    scale::down(world, side, right(world, Step::FenceSource, run)).await
}
