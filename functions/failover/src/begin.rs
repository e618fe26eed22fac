use std::collections::{BTreeMap, BTreeSet};

use lifeboat_aws::ecs::Services;
use lifeboat_core::{
    Configuration, Failure, RegionState,
    decide::{Decision, Facts, Verdict, decide, effective_mode},
    lease::Owner,
    plan,
    probe::ProbeReport,
    report::Report,
    request::{Mode, Request},
    run::{Entry, Run},
    state::Lease,
};

use crate::{World, event::Execution, report};

/// Validates the request and decides. A plan says what it would do; anything else goes on only with a start.
pub(crate) async fn begin(
    world: &impl World,
    request: Request,
    execution: Execution,
) -> Result<Run, Failure> {
    request.validate()?;
    let weighed = weigh(world, &request, Some(&execution.arn)).await?;
    let configuration = world.configuration();
    let (target, source) = (&configuration.region, configuration.peer_region());
    let mode = effective_mode(&request, &weighed.probe);
    let verdict = weighed.decision.verdict;
    let mut run = Run::begin(
        request,
        execution.arn,
        execution.started,
        target.clone(),
        source.clone(),
        weighed.decision.clone(),
    );
    run.down_since = weighed.probe.down_since;
    if run.request.mode == Mode::Plan {
        run.plan = Some(planned(world, mode, &weighed, plan::plan).await?);
        report::leave(world, &Report::of(&run, configuration)?).await;
        return Ok(run);
    }
    if verdict != Verdict::Start {
        let why = run.decision.refusal(mode, &run.target);
        return Err(refused(world, &run, why).await);
    }
    if let Some(wanted) = &run.request.plan {
        let holds = planned(world, mode, &weighed, |facts| plan::holds(facts, wanted));
        if let Err(why) = holds.await? {
            return Err(refused(world, &run, why).await);
        }
    }
    run.timeline.push(Entry {
        step: "begin".into(),
        started: run.started,
        finished: world.now(),
        note: "decided to start".into(),
    });
    Ok(run)
}

async fn refused(world: &impl World, run: &Run, why: String) -> Failure {
    report::leave(world, &Report::refused(run, world.configuration(), &why)).await;
    Failure::Refused(why)
}

/// The facts of a plan, given to whoever makes something of them.
async fn planned<T>(
    world: &impl World,
    mode: Mode,
    weighed: &Weighed,
    make: impl FnOnce(&plan::Facts<'_>) -> T,
) -> Result<T, Failure> {
    let configuration = world.configuration();
    let (here, there) = (configuration.side(), configuration.side().other());
    let desired = |services: Services| -> BTreeMap<String, u32> {
        let desired = services
            .into_iter()
            .map(|(name, there)| (name, there.desired));
        desired.collect()
    };
    let target_tasks = desired(world.services(here).await?);
    let source_tasks = world.services(there).await.ok().map(desired);
    let gated = match mode {
        Mode::Planned => configuration.gated().map(str::to_owned).collect(),
        Mode::Plan | Mode::Drill | Mode::Unplanned => BTreeSet::new(),
    };
    let importing = configuration.importing().map(str::to_owned).collect();
    let warm = configuration.services.iter().filter(|s| s.warm > 0);
    let warm = warm
        .map(|service| (service.name.clone(), service.warm))
        .collect();
    let mut capacity = production(configuration, &weighed.own);
    if let (Mode::Planned, Some(now)) = (mode, &source_tasks) {
        at_least(&mut capacity, now);
    }
    let peer = weighed.peer.as_ref();
    let (epoch, active) = weighed.own.highest(peer);
    Ok(make(&plan::Facts {
        mode,
        target: &configuration.region,
        source: configuration.peer_region(),
        epoch,
        next_epoch: weighed.own.next_epoch(here, peer),
        active: &active,
        liveness: weighed.probe.liveness.verdict,
        readiness: weighed.probe.readiness.verdict,
        backup: match mode {
            Mode::Unplanned => weighed.probe.readiness.newest_backup.as_ref(),
            Mode::Planned | Mode::Drill | Mode::Plan => None,
        },
        target_tasks: &target_tasks,
        source_tasks: source_tasks.as_ref(),
        capacity: &capacity,
        gated: &gated,
        importing: &importing,
        warm: &warm,
    }))
}

/// A capacity that is not less than what runs.
pub(crate) fn at_least(capacity: &mut BTreeMap<String, u32>, running: &BTreeMap<String, u32>) {
    for (service, running) in running {
        if let Some(capacity) = capacity.get_mut(service) {
            *capacity = (*running).max(*capacity);
        }
    }
}

/// A decision, and what it was made of.
pub(crate) struct Weighed {
    pub(crate) decision: Decision,
    pub(crate) probe: ProbeReport,
    pub(crate) own: RegionState,
    peer: Option<RegionState>,
}

/// Looks at everything a decision needs, all at once, and decides.
pub(crate) async fn weigh(
    world: &impl World,
    request: &Request,
    execution: Option<&str>,
) -> Result<Weighed, Failure> {
    let (own, probe, peer) = tokio::join!(held(world, execution), world.look(), world.peer_state());
    let ((own, owner), probe, peer) = (own?, probe?, peer.map_err(|why| why.to_string()));
    let facts = Facts {
        configuration: world.configuration(),
        own: &own,
        owner: owner.as_ref(),
        peer: peer.as_ref().map_err(String::as_str),
        probe: &probe,
        execution,
    };
    Ok(Weighed {
        decision: decide(request, &facts, world.now()),
        peer: peer.ok(),
        probe,
        own,
    })
}

/// The region's state, and what became of the execution that it names.
async fn held(
    world: &impl World,
    me: Option<&str>,
) -> Result<(RegionState, Option<Owner>), Failure> {
    let own = world.own_state().await?;
    let owner = owner(world, own.lease.as_ref(), me).await;
    Ok((own, owner))
}

/// What became of whoever holds the lease; nobody asks about oneself.
pub(crate) async fn owner(
    world: &impl World,
    lease: Option<&Lease>,
    me: Option<&str>,
) -> Option<Owner> {
    let lease = lease.filter(|lease| Some(lease.execution.as_str()) != me)?;
    let fate = world.fate(&lease.execution).await;
    Some(Owner::of(fate, lease.taken, world.now()))
}

/// Tasks per service in production: what was remembered, and never less than the minimum.
pub(crate) fn production(
    configuration: &Configuration,
    state: &RegionState,
) -> BTreeMap<String, u32> {
    let services = configuration.services.iter();
    let wanted = services.map(|service| {
        let seen = state.capacity.get(&service.name).copied();
        (service.name.clone(), seen.unwrap_or(0).max(service.minimum))
    });
    wanted.collect()
}
