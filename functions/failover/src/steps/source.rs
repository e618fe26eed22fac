//! What is done to the region that is being replaced.

use lifeboat_core::{
    Failure, fence as fences, gate,
    marker::{self, Move},
    request::Mode,
    run::{Run, SourceFenced, Step, StoppedBy},
    state::Lease,
};

use super::{Progress, patiently, right};
use crate::{
    World,
    gates::{self, Put},
    scale,
};

/// Planned: its services take no more writes, which is seen before anything else happens. Those with a gate read on.
pub(super) async fn stop(world: &impl World, run: &mut Run) -> Result<Progress, Failure> {
    if run.request.mode != Mode::Planned {
        return Ok(Progress::Done("given up before it had stopped".into()));
    }
    let lease = super::guard(world, Step::StopSource, run).await?;
    let outcome = quieten(world, run, &lease).await;
    patiently(run, outcome)
}

async fn quieten(world: &impl World, run: &mut Run, lease: &Lease) -> Result<Progress, Failure> {
    let configuration = world.configuration();
    let (side, gates) = (configuration.side().other(), &lease.source_gates);
    // One that does not answer keeps no other from being stopped.
    let (left, put) = tokio::join!(
        scale::down_but(world, side, gates, right(world, Step::StopSource, run)),
        gates::close(world, side, gates, right(world, Step::StopSource, run))
    );
    let now = world.now();
    run.gates_closed = match &put {
        _ if gates.is_empty() => None,
        Ok(Put::AsFound) => run.gates_closed.or(Some(now)),
        // What was let in before is waited for anew.
        Ok(Put::Moved) => Some(now),
        Ok(Put::Not(_)) | Err(_) => None,
    };
    let drains = run.gates_closed.map(|closed| {
        let longest = configuration.longest_write(gates);
        gate::drains(closed, longest, now)
    });
    let open = match put? {
        Put::Not(open) => Some(format!("the gate of {open} to close")),
        Put::AsFound | Put::Moved => None,
    };
    let drains = drains
        .filter(|seconds| *seconds > 0)
        .map(|seconds| format!("{seconds} s for writes that were let in"));
    let left: Vec<String> = [left?, open, drains].into_iter().flatten().collect();
    if !left.is_empty() {
        let left = left.join(", ");
        return Ok(Progress::Waiting(format!("{} to stop: {left}", run.source)));
    }
    run.source_stopped = run.source_stopped.or(Some(now));
    run.writes_stopped = lease
        .source_before
        .keys()
        .map(|service| {
            let by = match gates.contains_key(service) {
                true => StoppedBy::Gate,
                false => StoppedBy::Scaling,
            };
            (service.clone(), by)
        })
        .collect();
    let note = match gates.is_empty() {
        true => String::new(),
        false => {
            let gated: Vec<&str> = gates.keys().map(String::as_str).collect();
            format!("by closed gates, reading on: {}", gated.join(", "))
        }
    };
    Ok(Progress::Done(note))
}

/// Compulsory where it was planned; where the source is presumed dead, silence is an answer and the watch goes on trying.
pub(super) async fn fence(world: &impl World, run: &mut Run) -> Result<Progress, Failure> {
    if run.smoke_tested.is_none() {
        return Err(Failure::Refused(
            "no smoke test has passed in this execution; the source keeps its users".into(),
        ));
    }
    let outcome = match run.request.mode {
        Mode::Planned => still_stopped(world, run).await,
        Mode::Plan | Mode::Drill | Mode::Unplanned => try_fence(world, run).await,
    };
    let fenced = match (outcome, run.request.mode) {
        (Ok(Seen::Stopped), _) => SourceFenced::Acknowledged,
        (Ok(Seen::ReadsOn), _) => SourceFenced::ReadsOn,
        (Err(stale @ Failure::Stale(_)), _) => return Err(stale),
        (Ok(Seen::Left(left)), Mode::Unplanned) => SourceFenced::Silent(left),
        (Err(why), Mode::Unplanned) => SourceFenced::Silent(why.to_string()),
        (Ok(Seen::Left(left)), Mode::Planned | Mode::Drill | Mode::Plan) => {
            return Err(Failure::Refused(format!(
                "{} may write again: {left}; whatever does that must stop first",
                run.source
            )));
        }
        (Err(why), Mode::Planned | Mode::Drill | Mode::Plan) => {
            return patiently(run, Err(why));
        }
    };
    let note = match &fenced {
        SourceFenced::Acknowledged => "acknowledged".to_owned(),
        SourceFenced::ReadsOn => "it writes no more, and reads on until users have left".to_owned(),
        SourceFenced::Silent(why) => format!("no acknowledgement, tried again each minute: {why}"),
    };
    run.source_fenced = Some(fenced);
    Ok(Progress::Done(note))
}

enum Seen {
    Stopped,
    /// Behind closed gates.
    ReadsOn,
    Left(String),
}

/// Planned, before this region is active: nobody writes there, as was seen before the final backup.
async fn still_stopped(world: &impl World, run: &Run) -> Result<Seen, Failure> {
    let lease = super::guard(world, Step::FenceSource, run).await?;
    let (side, gates) = (world.configuration().side().other(), &lease.source_gates);
    may_fence(world, run).await?;
    let (left, open) = tokio::join!(
        scale::down_but(world, side, gates, right(world, Step::FenceSource, run)),
        gates::not_closed(world, side, gates)
    );
    let (left, open) = (left?.map(|left| format!("it runs {left}")), open?);
    let open = open.map(|open| format!("the gate of {open} is not closed"));
    let left: Vec<String> = [left, open].into_iter().flatten().collect();
    Ok(match (left.is_empty(), gates.is_empty()) {
        (false, _) => Seen::Left(left.join(", ")),
        (true, true) => Seen::Stopped,
        (true, false) => Seen::ReadsOn,
    })
}

/// The marker moves users by itself, so this region counts as active first: whoever dies between must not leave two that
/// take writes. Planned, it is raised with the others, when nothing can be undone any more.
async fn try_fence(world: &impl World, run: &Run) -> Result<Seen, Failure> {
    let side = world.configuration().side().other();
    may_fence(world, run).await?;
    if run.request.mode == Mode::Unplanned {
        super::traffic::activate(world, run).await?;
        if let Some(marker) = marker::fences(side) {
            world.mark(Move::Raise(marker)).await?;
        }
    }
    let left = scale::down(world, side, right(world, Step::FenceSource, run)).await?;
    Ok(left.map_or(Seen::Stopped, Seen::Left))
}

async fn may_fence(world: &impl World, run: &Run) -> Result<(), Failure> {
    let peer = world.peer_state().await?;
    fences::may(run.lease()?, &peer)
}
