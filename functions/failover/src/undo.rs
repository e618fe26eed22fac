use std::collections::BTreeMap;

use lifeboat_core::{
    Configuration, Failure, RegionState,
    failure::Caught,
    lease::{self, Undo},
    marker::{self, Move, TOKEN},
    request::Mode,
    run::Run,
    scaling::Scale,
    state::Lease,
};

use crate::{World, scale};

/// Puts back what a failed execution must put back, releases the lease and tells people what stands and what to do.
pub(crate) async fn undo(
    world: &impl World,
    mut run: Run,
    failure: &Caught,
) -> Result<Run, Failure> {
    let configuration = world.configuration();
    run.validate(&configuration.region)?;
    let state = world.own_state().await?;
    let held = run
        .epoch
        .is_some_and(|epoch| state.held_by(&run.execution, epoch).is_ok());
    // Nobody took a lease since. One that is free was released by this undo, killed before it could tell people.
    let last = held || run.epoch == Some(state.epoch) && state.lease.is_none();
    // Activated is moved, also when the step that did it was killed before it could say so.
    let moved = run.traffic_moved.is_some() || last && state.active == run.target;
    if let (true, Some(lease)) = (held, &state.lease) {
        put_back(world, &state, lease).await?;
    }
    world
        .change_state(&|state| Ok(lease::release(state, &run.execution)))
        .await?;
    let subject = format!("{}: {} failed", configuration.application, run.name());
    world
        .notify(&subject, &text(configuration, &run, failure, last, moved))
        .await?;
    run.waiting = None;
    Ok(run)
}

/// The end of a failed execution. One that was redriven since begins anew at the lease, which is refused where another
/// has acted meanwhile.
pub(crate) fn fail(
    world: &impl World,
    run: &Run,
    failure: &Caught,
    redrives: u32,
) -> Result<Run, Failure> {
    run.validate(&world.configuration().region)?;
    match redrives > run.redrives {
        true => Ok(run.again(redrives)),
        false => Err(Failure::Caught(failure.clone())),
    }
}

/// Done again it comes to the same.
pub(crate) async fn put_back(
    world: &impl World,
    state: &RegionState,
    lease: &Lease,
) -> Result<Vec<Undo>, Failure> {
    let configuration = world.configuration();
    let undo = lease::undo(state, lease, &configuration.region);
    for effect in &undo {
        // Another execution may have taken the lease since, and stopped the source for good.
        let now = world.own_state().await?;
        let held = now.held_by(&lease.execution, state.epoch);
        held.map_err(Failure::Stale)?;
        match effect {
            Undo::EmptyTarget => {
                scale::down(world, configuration.side()).await?;
            }
            Undo::GiveBackSource => give_back(world, &lease.source_before).await?,
        }
    }
    Ok(undo)
}

/// A source that is home loses its marker again; one that is the standby never had one.
async fn give_back(world: &impl World, before: &BTreeMap<String, Scale>) -> Result<(), Failure> {
    let source = world.configuration().side().other();
    if let Some(marker) = marker::fences(source) {
        world.mark(Move::Lower(marker)).await?;
    }
    scale::back(world, source, before).await
}

fn text(
    configuration: &Configuration,
    run: &Run,
    failure: &Caught,
    last: bool,
    moved: bool,
) -> String {
    let what = format!(
        "The {} execution {} towards {} failed. {}",
        run.request.mode.as_str(),
        run.execution,
        run.target,
        failure.message()
    );
    let stands = match (last, moved, run.request.mode) {
        (false, ..) => "It held no lease any more, so nothing was put back: another execution is in charge, or none. Look at `lifeboat status`.".to_owned(),
        (true, true, mode) if run.traffic_moved.is_none() => format!(
            "{} is active, and it is not known that its users were sent there. To send them by hand: {}.",
            run.target,
            by_hand(configuration, mode)
        ),
        (true, true, _) => format!(
            "{} is active and users may be there already; nothing is undone by itself. Look at the load balancer of {}, then at the cause; do not start another execution towards {} before.",
            run.target, run.target, run.source
        ),
        (true, false, Mode::Planned) => format!(
            "Traffic never moved. {} has its tasks back and {} is empty again. Mend the cause and start it again.",
            run.source, run.target
        ),
        (true, false, Mode::Drill) => format!(
            "It was a drill: {} is empty again, and users noticed nothing. Until the cause is mended a real failover would fail there, too.",
            run.target
        ),
        (true, false, Mode::Unplanned | Mode::Plan) => format!(
            "Traffic never moved. What was brought up in {} stays up. Mend the cause and start it again.",
            run.target
        ),
    };
    format!("{what}\n\n{stands}")
}

/// The moves of the markers, for a person.
pub(crate) fn by_hand(configuration: &Configuration, mode: Mode) -> String {
    let moves = marker::moves(configuration.side(), mode);
    let words = moves.into_iter().map(|to| {
        let (key, side) = (to.marker().key(), to.marker().side());
        let bucket = &configuration.resources(side).markers_bucket;
        match to {
            Move::Raise(_) => format!("write the text {TOKEN} to the object {key} of {bucket}"),
            Move::Lower(_) => format!("delete the object {key} of {bucket}"),
        }
    });
    words.collect::<Vec<_>>().join(", then ")
}
