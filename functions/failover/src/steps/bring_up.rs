//! The target: empty while its data is restored, then at production capacity, then seen to answer.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lifeboat_core::{
    Failure, lease,
    liveness::Answer,
    plan::tasks,
    request::Mode,
    run::{Run, Step},
};

use super::{Progress, right};
use crate::{World, each::each, gates, scale};

/// No task of what is restored runs beside it, and none will run behind a gate that was closed when this region was a source.
pub(super) async fn quiesce(world: &impl World, run: &Run) -> Result<Progress, Failure> {
    let (looked, side) = (world.now(), world.configuration().side());
    let settled = run.settled.max(rests_by(world, run).await?);
    if let Some(what) = empty(world, Step::Quiesce, run).await? {
        return Ok(Progress::Waiting(what));
    }
    // Until then it may be filled again by whoever was at work before.
    if let Some(settled) = settled.filter(|settled| looked < *settled) {
        let what = format!("the last effects of whoever acted here before it, until {settled}");
        return Ok(Progress::Waiting(what));
    }
    let may = right(world, Step::Quiesce, run);
    gates::open(world, side, &world.configuration().gates, may).await?;
    super::done()
}

/// Until when the probe may still start the tasks that a service rests at, by a right that it read before this lease was taken:
/// late, that would take away what was scaled up meanwhile. None where all of them are set to that already.
async fn rests_by(world: &impl World, run: &Run) -> Result<Option<Timestamp>, Failure> {
    let configuration = world.configuration();
    let mut warm = configuration.services.iter().filter(|s| s.warm > 0);
    if warm.clone().next().is_none() {
        return Ok(None);
    }
    let lease = super::guard(world, Step::Quiesce, run).await?;
    let services = world.services(configuration.side()).await?;
    let rests = warm.all(|service| {
        let there = services.get(&service.name);
        there.is_none_or(|there| there.desired >= service.warm)
    });
    Ok(lease
        .taken
        .filter(|_| !rests)
        .map(|taken| taken + lease::SETTLED_AFTER))
}

/// What is waited for, if anything.
async fn empty(world: &impl World, step: Step, run: &Run) -> Result<Option<String>, Failure> {
    let may = right(world, step, run);
    let left = scale::empty(world, may).await?;
    Ok(left.map(|left| format!("{} to be empty: {left}", run.target)))
}

pub(super) async fn scale_up(world: &impl World, run: &Run) -> Result<Progress, Failure> {
    if run.restored.as_ref().map(|r| &r.backup) != run.backup.as_ref() || run.backup.is_none() {
        return Err(Failure::Refused(
            "the chosen backup was not restored in this execution; no task starts without its data"
                .into(),
        ));
    }
    let epoch = run.lease()?;
    // A restore that comes late must find that it is too late.
    world
        .change_state(&|state| lease::fill(state, &run.execution, epoch))
        .await?;
    let may = right(world, Step::ScaleUp, run);
    scale::up(world, world.configuration().side(), &run.capacity, may).await?;
    Ok(Progress::Done(tasks(&run.capacity)))
}

/// What does not run yet is not asked for its health: that takes a call for each service.
pub(super) async fn await_healthy(world: &impl World, run: &Run) -> Result<Progress, Failure> {
    let services = world.services(world.configuration().side()).await?;
    let running = services.iter();
    let running = running.map(|(service, there)| (service.clone(), there.running));
    if let Some(missing) = missing(&run.capacity, &running.collect(), "running") {
        return Ok(Progress::Waiting(missing));
    }
    let healthy = world.healthy(&services).await?;
    match missing(&run.capacity, &healthy, "healthy") {
        Some(missing) => Ok(Progress::Waiting(missing)),
        None => super::done(),
    }
}

fn missing(
    wanted: &BTreeMap<String, u32>,
    there: &BTreeMap<String, u32>,
    what: &str,
) -> Option<String> {
    let missing = wanted.iter().filter_map(|(service, wanted)| {
        let there = there.get(service).copied().unwrap_or_default();
        (there < *wanted).then(|| format!("{service} {there} of {wanted}"))
    });
    let missing: Vec<String> = missing.collect();
    (!missing.is_empty()).then(|| format!("{} {what}", missing.join(", ")))
}

/// A drill's end: what it brought up is gone, and nobody has noticed.
pub(super) async fn tear_down(world: &impl World, run: &mut Run) -> Result<Progress, Failure> {
    if run.request.mode != Mode::Drill {
        return Err(Failure::Refused("only a drill is torn down".into()));
    }
    if let Some(what) = empty(world, Step::TearDown, run).await? {
        return Ok(Progress::Waiting(what));
    }
    run.torn_down = run.torn_down.or(Some(world.now()));
    super::done()
}

/// Every service, as users reach it, with its data.
pub(super) async fn smoke_test(world: &impl World, run: &mut Run) -> Result<Progress, Failure> {
    run.has_its_data()?;
    let answers = each(run.capacity.keys().cloned(), async |service: String| {
        let answer = world.ask_service(&service).await;
        Ok((service, answer))
    });
    for (service, answer) in answers.await? {
        match answer {
            Answer::Good => {}
            Answer::Bad(why) | Answer::Silent(why) | Answer::Unclear(why) => {
                return Ok(Progress::Waiting(format!("{service} to answer: {why}")));
            }
        }
    }
    run.smoke_tested = Some(world.now());
    super::done()
}
