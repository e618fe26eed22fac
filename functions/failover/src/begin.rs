use std::collections::BTreeMap;

use lifeboat_core::{
    Configuration, Failure, RegionState,
    decide::{Decision, Facts, Verdict, decide, effective_mode},
    lease::Owner,
    probe::ProbeReport,
    request::{Mode, Request},
    run::{self, Entry, Run},
};

use crate::{World, event::Execution};

/// Validates the request and decides. A plan says what it would do; anything else goes on only with a start.
pub(crate) async fn begin(
    world: &impl World,
    request: Request,
    execution: Execution,
) -> Result<Run, Failure> {
    request.validate()?;
    let (decision, probe) = weigh(world, &request, Some(&execution.arn)).await?;
    let configuration = world.configuration();
    let (target, source) = (&configuration.region, configuration.peer_region());
    let mode = request.mode;
    let verdict = decision.verdict;
    let mut run = Run::begin(
        request,
        execution.arn,
        execution.started,
        target.clone(),
        source.clone(),
        decision,
    );
    match (mode, verdict) {
        (Mode::Plan, _) => {
            let capacity = production(configuration, &world.own_state().await?);
            let mode = effective_mode(mode, &probe);
            run.plan = run::plan(mode, target, source, &capacity);
            Ok(run)
        }
        (Mode::Planned | Mode::Unplanned, Verdict::Start) => {
            run.down_since = probe.down_since;
            run.timeline.push(Entry {
                step: "begin".into(),
                started: run.started,
                finished: world.now(),
                note: "decided to start".into(),
            });
            Ok(run)
        }
        (Mode::Planned | Mode::Unplanned, Verdict::Refuse | Verdict::Hold) => {
            Err(Failure::Refused(run.decision.reasons.join("; ")))
        }
    }
}

/// Looks at everything a decision needs, and decides.
pub(crate) async fn weigh(
    world: &impl World,
    request: &Request,
    execution: Option<&str>,
) -> Result<(Decision, ProbeReport), Failure> {
    let own = world.own_state().await?;
    let owner = owner(world, own.owner(), execution).await;
    let (probe, peer) = tokio::join!(world.look(), world.peer_state());
    let (probe, peer) = (probe?, peer.map_err(|why| why.to_string()));
    let facts = Facts {
        configuration: world.configuration(),
        own: &own,
        owner: owner.as_ref(),
        peer: peer.as_ref().map_err(String::as_str),
        probe: &probe,
        execution,
    };
    Ok((decide(request, &facts, world.now()), probe))
}

/// What became of whoever holds the lease; nobody asks about oneself.
pub(crate) async fn owner(
    world: &impl World,
    holder: Option<&str>,
    me: Option<&str>,
) -> Option<Owner> {
    match holder {
        Some(holder) if Some(holder) != me => Some(world.owner(holder).await),
        _ => None,
    }
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
