use lifeboat_core::{Failure, gate::Gates, lease, request::Mode, run::Run, state::Lease};

use super::Progress;
use crate::{World, begin, scale};

pub(super) async fn take(world: &impl World, run: &mut Run) -> Result<Progress, Failure> {
    let configuration = world.configuration();
    // A step that comes late must not take it for an execution that cannot give it back.
    let (me, before, peer) = tokio::join!(
        world.fate(&run.execution),
        world.own_state(),
        world.peer_state()
    );
    if me.is_over() {
        return Err(Failure::Stale(format!("{} is over", run.execution)));
    }
    let before = before?;
    let mine = before.owner() == Some(&run.execution);
    if let Some(epoch) = run.epoch.filter(|epoch| *epoch != before.epoch && !mine) {
        // Begun again, or redriven, after it had a lease once: another has acted since.
        return Err(Failure::Stale(format!(
            "epoch {epoch} is over: {} is at epoch {}",
            run.target, before.epoch
        )));
    }
    let owner = begin::owner(world, before.lease.as_ref(), Some(&run.execution)).await;
    let peer = match peer {
        Ok(peer) => Some(peer),
        Err(silent) if run.request.mode == Mode::Planned => return Err(silent),
        Err(_) => None,
    };
    let production = begin::production(configuration, &before);
    let mut lease = Lease::new(&run.execution, run.request.mode, &production);
    match run.request.mode {
        Mode::Planned => {
            note_source(world, &mut lease).await?;
            lease.source_gates = source_gates(world).await?;
        }
        Mode::Drill => {
            if let Some(tasks) = run.request.tasks {
                lease
                    .capacity
                    .values_mut()
                    .for_each(|wanted| *wanted = tasks);
            }
        }
        Mode::Plan | Mode::Unplanned => {}
    }
    let state = world
        .change_state(&|state| {
            // The owner that was looked up is the one that is replaced.
            let owner = owner.as_ref().filter(|_| state.owner() == before.owner());
            lease::take(
                state,
                owner,
                peer.as_ref(),
                (lease.clone(), run.request.requested_by),
                configuration,
                world.now(),
            )
        })
        .await?;
    run.epoch = Some(state.epoch);
    run.settled = lease::settled(&before, &state);
    // Of a lease that was taken before, as it was then.
    run.capacity = state.lease.map_or(lease.capacity, |held| held.capacity);
    let text = format!(
        "The {} execution {} towards {} has begun, at epoch {}: {}.\nIt was decided by:\n- {}",
        run.request.mode.as_str(),
        run.execution,
        run.target,
        state.epoch,
        run.request.reason,
        run.decision.reasons().join("\n- ")
    );
    super::tell(world, run, "has started", &text).await;
    Ok(Progress::Done(format!("epoch {}", state.epoch)))
}

/// Before it is touched: a step that is killed half-way through stopping it would see less.
async fn note_source(world: &impl World, lease: &mut Lease) -> Result<(), Failure> {
    let configuration = world.configuration();
    let source = configuration.peer_region();
    for (service, there) in world.services(configuration.side().other()).await? {
        if let Some(capacity) = lease.capacity.get_mut(&service) {
            *capacity = there.desired.max(*capacity);
            let bounds = there.bounds.ok_or_else(|| {
                let why =
                    "scaling does not know it or does not answer, so it could not be given back";
                Failure::unavailable("describe", format!("bounds of {service}"), source, why)
            })?;
            let named = configuration.service(&service)?;
            let before = scale::before(named, there.desired, bounds, *capacity);
            lease.source_before.insert(service, before);
        }
    }
    Ok(())
}

/// Of the services that may be stopped by one.
async fn source_gates(world: &impl World) -> Result<Gates, Failure> {
    let configuration = world.configuration();
    let mut gated = configuration.gated().peekable();
    if gated.peek().is_none() {
        return Ok(Gates::new());
    }
    let mut there = world.peer_gates().await?;
    let found = gated.map(|service| {
        there.remove_entry(service).ok_or_else(|| {
            let source = configuration.peer_region();
            Failure::Refused(format!(
                "the writes of {service} are declared to come by HTTP only, and {source} has no gate for them; apply the Terraform of {source}"
            ))
        })
    });
    found.collect()
}

pub(super) async fn release(world: &impl World, run: &Run) -> Result<Progress, Failure> {
    world
        .change_state(&|state| Ok(lease::release(state, &run.execution)))
        .await?;
    super::done()
}
