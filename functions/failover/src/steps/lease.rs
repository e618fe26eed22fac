use lifeboat_core::{
    Failure,
    lease::{self, Owner},
    request::Mode,
    run::Run,
    state::Lease,
};

use super::Progress;
use crate::{World, begin};

pub(super) async fn take(world: &impl World, run: &mut Run) -> Result<Progress, Failure> {
    let configuration = world.configuration();
    // A step that comes late must not take it for an execution that cannot give it back.
    if world.owner(&run.execution).await == Owner::Ended {
        return Err(Failure::Stale(format!("{} is over", run.execution)));
    }
    let before = world.own_state().await?;
    if let Some(epoch) = run.epoch {
        // Begun again after it had a lease once: another may have acted since.
        before
            .held_by(&run.execution, epoch)
            .map_err(Failure::Stale)?;
    }
    let owner = begin::owner(world, before.owner(), Some(&run.execution)).await;
    let peer = world.peer_state().await.ok();
    let mut capacity = begin::production(configuration, &before);
    if run.request.mode == Mode::Planned {
        // Noted before the source is touched: a step that is killed half-way through stopping it would see less.
        for (service, there) in world.services(configuration.side().other()).await? {
            if let Some(capacity) = capacity.get_mut(&service) {
                *capacity = there.desired.max(*capacity);
            }
        }
    }
    let lease = Lease::new(&run.execution, run.request.mode, &capacity);
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
    // Of a lease that was taken before, as it was then.
    run.capacity = state.lease.map_or(capacity, |lease| lease.capacity);
    Ok(Progress::Done(format!("epoch {}", state.epoch)))
}

pub(super) async fn release(world: &impl World, run: &Run) -> Result<Progress, Failure> {
    world
        .change_state(&|state| Ok(lease::release(state, &run.execution)))
        .await?;
    super::done()
}
