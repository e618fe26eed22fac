use lifeboat_core::{
    Failure, RegionState,
    decide::{Verdict, effective_mode},
    failure::Caught,
    fence,
    lease::{self, Undo},
    marker::{self, Move},
    report::Report,
    request::Mode,
    run::Run,
    state::Lease,
};

use crate::{World, begin::weigh, gates, report, scale};

/// Puts back what a failed execution must put back, releases the lease and tells people what stands and what to do.
pub(crate) async fn undo(
    world: &impl World,
    mut run: Run,
    failure: &Caught,
    redrives: u32,
) -> Result<Run, Failure> {
    let configuration = world.configuration();
    run.validate(&configuration.region)?;
    // What is redriven from here on was redriven after this failure.
    run.redrives = redrives;
    let state = world.own_state().await?;
    let held = run
        .epoch
        .is_some_and(|epoch| state.held_by(&run.execution, epoch).is_ok());
    // Nobody took a lease since. One that is free was released by this undo, killed before it could tell people.
    let last = held || run.epoch == Some(state.epoch) && state.lease.is_none();
    // Activated is moved, also when the step that did it was killed before it could say so.
    let moved = run.traffic_moved.is_some() || last && state.active == run.target;
    if let (true, Some(lease)) = (held, &state.lease) {
        if let (Some(why), Mode::Planned) = (&lease.turned, run.request.mode) {
            run.turn(why);
        }
        put_back(world, &state, lease).await?;
    }
    world
        .change_state(&|state| Ok(lease::release(state, &run.execution)))
        .await?;
    let stands = stands(&run, last, moved);
    let report = Report::failed(
        &run,
        configuration,
        &failure.message(),
        &stands,
        world.now(),
    );
    let left = report::leave(world, &report).await;
    let subject = format!("{}: {} failed", configuration.application, run.name());
    let text = text(&run, failure, &stands, &left);
    world.notify(&subject, &text).await?;
    run.waiting = None;
    Ok(run)
}

/// The end of a failed execution. One that was redriven since begins anew, by a person's will and on today's facts, at the
/// lease, which is refused where another has acted meanwhile.
pub(crate) async fn fail(
    world: &impl World,
    run: &Run,
    failure: &Caught,
    redrives: u32,
) -> Result<Run, Failure> {
    run.validate(&world.configuration().region)?;
    if redrives <= run.redrives {
        return Err(Failure::Caught(failure.clone()));
    }
    let again = run.again(redrives);
    let weighed = weigh(world, &again.request, Some(&run.execution)).await?;
    match weighed.decision.verdict {
        Verdict::Start => Ok(again),
        Verdict::Refuse | Verdict::Hold => {
            let mode = effective_mode(&again.request, &weighed.probe);
            let refusal = weighed.decision.refusal(mode, &again.target);
            Err(Failure::Refused(refusal))
        }
    }
}

/// Done again it comes to the same.
pub(crate) async fn put_back(
    world: &impl World,
    state: &RegionState,
    lease: &Lease,
) -> Result<Vec<Undo>, Failure> {
    let configuration = world.configuration();
    let me = &configuration.region;
    let undo = lease::undo(state, lease, me);
    if !undo.is_empty() {
        // A step that comes late must not stop a source that has its tasks back.
        world
            .change_state(&|now| lease::fill(now, &lease.execution, state.epoch))
            .await?;
    }
    let still = async || {
        // Another execution may have taken the lease since, or this one may have been redriven and gone on.
        let now = world.own_state().await?;
        let held = now.held_by(&lease.execution, state.epoch);
        held.map_err(Failure::Stale)?;
        match lease::undo(&now, lease, me) == undo {
            true => Ok(now),
            false => Err(Failure::Stale(format!("{} goes on", lease.execution))),
        }
    };
    let may = async || still().await.map(drop);
    for effect in &undo {
        let now = still().await?;
        match *effect {
            Undo::EmptyTarget => {
                scale::empty(world, may).await?;
            }
            Undo::GiveBackSource => {
                let given = give_back(world, lease, may).await;
                // Whoever was given up may be dead, and owes no answer.
                if lease.turned.is_none() {
                    given?;
                }
            }
            Undo::SendUsers(to) if to.marker().side() == configuration.side() => {
                world.mark(to).await?;
            }
            Undo::SendUsers(to) => send_from_there(world, &now, to).await,
        }
    }
    Ok(undo)
}

/// A marker of the other region. Where it does not answer, its probe does it when it can.
async fn send_from_there(world: &impl World, own: &RegionState, to: Move) {
    let moved = async {
        let peer = world.peer_state().await?;
        fence::may_move(own, &peer, &world.configuration().region)?;
        world.mark(to).await
    };
    if let Err(why) = moved.await {
        tracing::warn!("{to:?}: {why}");
    }
}

/// A source that is home loses its marker again; one that is the standby never had one.
async fn give_back(
    world: &impl World,
    lease: &Lease,
    may: impl AsyncFn() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let source = world.configuration().side().other();
    if let Some(marker) = marker::fences(source) {
        world.mark(Move::Lower(marker)).await?;
    }
    // Tasks that write behind a closed gate and a gate that is open on no task are both of no use: neither waits for the other.
    let (opened, back) = tokio::join!(
        gates::open(world, source, &lease.source_gates, &may),
        scale::back(world, source, &lease.source_before, &may)
    );
    opened.and(back)
}

fn stands(run: &Run, last: bool, moved: bool) -> String {
    match (last, moved, run.request.mode) {
        (false, ..) => "It held no lease any more, so nothing was put back: another execution is in charge, or none. Look at `lifeboat status`.".to_owned(),
        (true, true, _) => format!(
            "{} is active and users are sent there; nothing is undone by itself. Look at the load balancer of {}, then at the cause; do not start another execution towards {} before.",
            run.target, run.target, run.source
        ),
        (true, false, Mode::Planned) => format!(
            "Traffic never moved. {} has its tasks back and {} is empty again. Mend the cause and start it again.",
            run.source, run.target
        ),
        (true, false, Mode::Unplanned) if run.turned.is_some() => format!(
            "Traffic never moved. {} was given up midway: it was told to take its tasks back, and may not have heard. Look at both regions in `lifeboat status`, and start it again towards {} or give {} its tasks back.",
            run.source, run.target, run.source
        ),
        (true, false, Mode::Drill) => format!(
            "It was a drill: {} is empty again, and users noticed nothing. Until the cause is mended a real failover would fail there, too.",
            run.target
        ),
        (true, false, Mode::Unplanned | Mode::Plan) => format!(
            "Traffic never moved. What was brought up in {} stays up. Mend the cause and start it again.",
            run.target
        ),
    }
}

fn text(run: &Run, failure: &Caught, stands: &str, report: &str) -> String {
    let what = format!(
        "The {} execution {} towards {} failed. {}",
        run.request.mode.as_str(),
        run.execution,
        run.target,
        failure.message()
    );
    let doubts = run.decision.doubts();
    let decided = match doubts.is_empty() {
        true => "Every fact that it was decided by said yes.".to_owned(),
        false => format!("It was decided in spite of:\n- {}", doubts.join("\n- ")),
    };
    format!("{what}\n\n{stands}\n\n{report}\n\n{decided}")
}
