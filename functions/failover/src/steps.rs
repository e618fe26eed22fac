//! The steps of an execution. Each asks first whether it may still act, and done again comes to the same.

mod ask;
mod bring_up;
mod consent;
mod data;
mod lease;
mod source;
mod traffic;

use lifeboat_core::{
    Failure,
    person::Awaits,
    request::Mode,
    run::{Question, Run, Step},
    state::Lease,
};

use crate::World;

pub(crate) use ask::heard;

/// How far a step came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Done(String),
    /// Nothing that this execution does.
    Skipped,
    /// What is being waited for; the state machine asks again.
    Waiting(String),
    /// The source does not answer, and people are told of it once.
    Silent(String),
    /// The state machine stands still until a person answers.
    Asks(String, Question),
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
        _ => {
            let lease = guard(world, step, &run).await?;
            if let (Some(why), Mode::Planned) = (&lease.turned, run.request.mode) {
                run.turn(why);
            }
            // What a person answered is heard first.
            let asks = matches!(step, Step::Approve | Step::Commit) && run.answered.is_some();
            if let (Some(why), true) = (lease.paused, step != Step::Report && !asks) {
                let what = format!("paused before {}: {why}", step.word());
                run.ask(step, started, what, PAUSE);
                return Ok(run);
            }
        }
    }
    let progress = match step {
        Step::Lease => lease::take(world, &mut run).await,
        Step::StopSource => source::stop(world, &mut run).await,
        Step::FinalBackup => data::final_backup(world, &mut run).await,
        Step::AwaitReplica => data::await_replica(world, &mut run).await,
        Step::LastBackup => data::last_backup(world, &mut run).await,
        Step::Quiesce => bring_up::quiesce(world, &run).await,
        Step::Compare => data::compare(world, &mut run).await,
        Step::ScaleUp => bring_up::scale_up(world, &run).await,
        Step::AwaitHealthy => bring_up::await_healthy(world, &run).await,
        Step::SmokeTest => bring_up::smoke_test(world, &mut run).await,
        Step::TearDown => bring_up::tear_down(world, &mut run).await,
        Step::Approve => consent::approve(world, &mut run),
        Step::FenceSource => source::fence(world, &mut run).await,
        Step::MoveTraffic => traffic::move_traffic(world, &mut run).await,
        Step::ProveTraffic => traffic::prove(world, &mut run).await,
        Step::Commit => consent::commit(world, &mut run),
        Step::Report => traffic::report(world, &run).await,
        Step::Release => lease::release(world, &run).await,
    }?;
    match progress {
        Progress::Done(note) => run.done(step, started, world.now(), note),
        Progress::Skipped => run.waiting = None,
        Progress::Waiting(what) => run.wait(step, world.now(), what)?,
        Progress::Silent(what) => {
            if !run.silent() {
                let text = format!(
                    "The planned execution {name} waits for {what}. After some minutes it fails, and is put back as far as {} answers.\nTo go on without it, at the price of what was written there since the last backup:\n- lifeboat turn --to {} --execution {name} --reason \"…\"",
                    run.source,
                    run.target,
                    name = run.name()
                );
                tell(world, &run, "waits for its source", &text).await;
            }
            run.wait(step, world.now(), what)?;
            run.waiting
                .iter_mut()
                .for_each(|waiting| waiting.silent = true);
        }
        Progress::Asks(what, question) => run.ask(step, world.now(), what, question),
    }
    Ok(run)
}

/// Longer than any pause should be, and still an end.
const PAUSE: Question = Question {
    awaits: Awaits::Resume,
    seconds: 7 * 24 * 3600,
};

/// Whoever does not hold the lease of the epoch it took does nothing.
pub(crate) async fn guard(world: &impl World, step: Step, run: &Run) -> Result<Lease, Failure> {
    let state = world.own_state().await?;
    lifeboat_core::lease::may(step, &state, (&run.execution, run.lease()?), &run.target)?;
    state
        .lease
        .ok_or_else(|| Failure::Stale("nobody holds a lease".into()))
}

/// The same, asked again before each of a step's effects.
pub(crate) fn right(
    world: &impl World,
    step: Step,
    run: &Run,
) -> impl AsyncFn() -> Result<(), Failure> {
    async move || guard(world, step, run).await.map(drop)
}

/// Where silence is no failure yet: the source may come to itself, or a person may give it up.
pub(crate) fn patiently(
    run: &Run,
    outcome: Result<Progress, Failure>,
) -> Result<Progress, Failure> {
    match (outcome, run.request.mode) {
        (Err(Failure::Unavailable(why)), Mode::Planned) => Ok(Progress::Silent(format!(
            "{} to answer ({why}); `lifeboat turn` goes on without it",
            run.source
        ))),
        (outcome, _) => outcome,
    }
}

/// For people, and no reason to stop: whoever cannot be told now finds it in the report.
pub(crate) async fn tell(world: &impl World, run: &Run, what: &str, text: &str) {
    let subject = format!(
        "{}: {} {what}",
        world.configuration().application,
        run.name()
    );
    if let Err(why) = world.notify(&subject, text).await {
        tracing::warn!("{subject}: {why}");
    }
}
