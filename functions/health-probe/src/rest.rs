//! The tasks that a passive region rests at are started by its own probe: nobody else is there to do it.

use lifeboat_aws::ecs::Deployed;
use lifeboat_core::{
    Epoch, Failure, RegionState, configuration::Service, idle, lease, scaling::Scale,
};
use tokio::time::{Instant, timeout};

use crate::{event::Action, faults::Faults, look, wait::each, world::World};

/// Those that are lacking. Tasks beyond that are left alone: a person may want them, or an execution that failed has left them.
pub(crate) async fn start<W: World>(
    world: &W,
    own: &RegionState,
    peer: Option<&RegionState>,
    faults: &mut Faults,
) {
    let configuration = world.configuration();
    let services = configuration.services.iter();
    let mut warm = services.filter(|service| service.warm > 0).peekable();
    if warm.peek().is_none() {
        return;
    }
    let epoch = match idle::rests(&configuration.region, own, peer) {
        Ok(epoch) => epoch,
        Err(why) => return tracing::info!("no task is started to rest at: {why}"),
    };
    let there = look::within(
        world,
        Action::Probe,
        "describe",
        "services",
        world.services(),
    );
    let Some(there) = faults.keep(there.await) else {
        return;
    };
    let lacks = warm.filter_map(|service| {
        let there = there.get(&service.name)?;
        (there.desired < service.warm).then_some((service, there))
    });
    for started in each(lacks.map(|(service, there)| one(world, epoch, service, there))).await {
        match started {
            Err(Failure::Stale(why)) => tracing::info!("no task is started to rest at: {why}"),
            other => drop(faults.keep(other)),
        }
    }
}

/// By a right that was read a moment ago, and given up soon: whoever takes the lease meanwhile waits for no more than that.
async fn one<W: World>(
    world: &W,
    epoch: Epoch,
    service: &Service,
    there: &Deployed,
) -> Result<(), Failure> {
    let configuration = world.configuration();
    let me = &configuration.region;
    let failed = |why: &str| Failure::unavailable("scale", &service.name, me, why);
    let asked = Instant::now();
    let state = world.control().state(&configuration.pair()?).await?;
    idle::still(me, &state, epoch).map_err(Failure::Stale)?;
    if asked.elapsed() > lease::RIGHT_LASTS.unsigned_abs() {
        return Err(failed(
            "it took too long to read the lease; the next probe tries again",
        ));
    }
    let to = Scale::resting(service);
    // What is started runs what an execution would start.
    let image = there.more(configuration.own(), &service.name);
    let set = timeout(
        lease::EFFECT_LASTS.unsigned_abs(),
        world.scale(&service.name, to, image),
    );
    set.await
        .unwrap_or_else(|_| Err(failed("no answer; the next probe tries again")))?;
    tracing::info!("{} rests at {}", service.name, to.desired);
    Ok(())
}
