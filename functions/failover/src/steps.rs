//! The steps of an execution. Each asks first whether it may still act, and done again comes to the same.

mod bring_up;
mod data;
mod lease;
mod source;
mod traffic;

use lifeboat_core::{
    Failure,
    run::{Run, Step},
};

use crate::World;

/// How far a step came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Done(String),
    /// What is being waited for; the state machine asks again.
    Waiting(String),
}

pub(crate) fn done() -> Result<Progress, Failure> {
    Ok(Progress::Done(String::new()))
}

pub(crate) async fn step(world: &impl World, step: Step, mut run: Run) -> Result<Run, Failure> {
    run.validate(&world.configuration().region)?;
    let started = world.now();
    match step {
        // A lease cannot be held before it is taken, and a released one is released.
        Step::Lease | Step::Release => {}
        _ => guard(world, &run).await?,
    }
    let progress = match step {
        Step::Lease => lease::take(world, &mut run).await,
        Step::StopSource => source::stop(world, &mut run).await,
        Step::FinalBackup => data::final_backup(world, &mut run).await,
        Step::AwaitReplica => data::await_replica(world, &run).await,
        Step::LastBackup => data::last_backup(world, &mut run).await,
        Step::Quiesce => bring_up::quiesce(world, &run).await,
        Step::ScaleUp => bring_up::scale_up(world, &run).await,
        Step::AwaitHealthy => bring_up::await_healthy(world, &run).await,
        Step::SmokeTest => bring_up::smoke_test(world, &mut run).await,
        Step::FenceSource => source::fence(world, &mut run).await,
        Step::MoveTraffic => traffic::move_traffic(world, &mut run).await,
        Step::ProveTraffic => traffic::prove(world, &mut run).await,
        Step::Report => traffic::report(world, &run).await,
        Step::Release => lease::release(world, &run).await,
    }?;
    match progress {
        Progress::Done(note) => run.done(step, started, world.now(), note),
        Progress::Waiting(what) => run.wait(step, world.now(), what)?,
    }
    Ok(run)
}

/// Whoever does not hold the lease of the epoch it took does nothing.
pub(crate) async fn guard(world: &impl World, run: &Run) -> Result<(), Failure> {
    let state = world.own_state().await?;
    state
        .held_by(&run.execution, run.lease()?)
        .map_err(Failure::Stale)
}
