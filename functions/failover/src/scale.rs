//! The services of a side: up to what is wanted, down to none, or back to what they were set to.

use std::collections::BTreeMap;

use lifeboat_aws::ecs::{Image, Services};
use lifeboat_core::{
    Failure, Side,
    configuration::Service,
    gate::Gates,
    scaling::{Bounds, Scale},
};

use crate::{World, each::each, fresh};

/// One service, if that may still be done.
async fn set(
    world: &impl World,
    side: Side,
    service: &str,
    (to, image): (Scale, Image),
    may: &impl AsyncFn() -> Result<(), Failure>,
) -> Result<(), Failure> {
    fresh::right(world, side, ("scale", service), may).await?;
    world.scale(side, service, to, image).await
}

/// Every service to at least its capacity; one that has more keeps it. What is started runs what was checked.
pub(crate) async fn up(
    world: &impl World,
    side: Side,
    capacity: &BTreeMap<String, u32>,
    may: impl AsyncFn() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let services = world.services(side).await?;
    let raise = async |service: String| {
        let wanted = capacity.get(&service).copied().unwrap_or_default();
        let there = services.get(&service).cloned().unwrap_or_default();
        let desired = there.desired.max(wanted);
        let allowed = there.bounds.is_some_and(|bounds| bounds.allow(desired));
        if there.desired != desired || !allowed {
            let configuration = world.configuration();
            let to = Scale::serving(configuration.service(&service)?, desired);
            let image = there.more(configuration.resources(side), &service);
            set(world, side, &service, (to, image), &may).await?;
        }
        Ok(())
    };
    each(capacity.keys().cloned(), raise).await.map(drop)
}

/// Every service of a side to zero; what is left, if anything.
pub(crate) async fn down(
    world: &impl World,
    side: Side,
    may: impl AsyncFn() -> Result<(), Failure>,
) -> Result<Option<String>, Failure> {
    down_but(world, side, &Gates::new(), may).await
}

/// The same, but those with a gate read on.
pub(crate) async fn down_but(
    world: &impl World,
    side: Side,
    gates: &Gates,
    may: impl AsyncFn() -> Result<(), Failure>,
) -> Result<Option<String>, Failure> {
    let mut services = world.services(side).await?;
    services.retain(|service, _| !gates.contains_key(service));
    let none = services
        .keys()
        .map(|service| (service.clone(), Scale::NONE));
    lower(world, side, &services, &none.collect(), may).await
}

/// Every service of this region to no more tasks than it rests at, which is none where it holds data; what is left beyond that.
pub(crate) async fn empty(
    world: &impl World,
    may: impl AsyncFn() -> Result<(), Failure>,
) -> Result<Option<String>, Failure> {
    let configuration = world.configuration();
    let side = configuration.side();
    let services = world.services(side).await?;
    let emptied = configuration.services.iter().filter_map(|service| {
        let there = services.get(&service.name)?;
        Some((service.name.clone(), Scale::emptied(service, there.desired)))
    });
    lower(world, side, &services, &emptied.collect(), may).await
}

async fn lower(
    world: &impl World,
    side: Side,
    services: &Services,
    to: &BTreeMap<String, Scale>,
    may: impl AsyncFn() -> Result<(), Failure>,
) -> Result<Option<String>, Failure> {
    // One that cannot be stopped keeps no other from being stopped.
    let stop = async |service: String| {
        let open = services
            .get(&service)
            .is_some_and(|there| !there.set_to(to[&service]));
        Ok(match open {
            true => {
                let to = (to[&service], Image::AsDeployed);
                set(world, side, &service, to, &may).await
            }
            false => Ok(()),
        })
    };
    let stopped = each(to.keys().cloned(), stop).await?;
    stopped.into_iter().collect::<Result<(), Failure>>()?;
    left(world, side, services, to).await
}

/// What runs still, or is on its way out.
async fn left(
    world: &impl World,
    side: Side,
    services: &Services,
    to: &BTreeMap<String, Scale>,
) -> Result<Option<String>, Failure> {
    let down = |(service, to): (&String, &Scale)| {
        services
            .get(service)
            .is_some_and(|there| there.has_no_more_than(to.desired))
    };
    let unfinished = match to.iter().any(down) {
        true => world.unfinished(side).await?,
        false => BTreeMap::new(),
    };
    let left = to.iter().filter_map(|(service, to)| {
        let there = services.get(service)?;
        if !there.has_no_more_than(to.desired) {
            return Some(format!("{service} {} running", there.running));
        }
        let unfinished = unfinished.get(service)?.saturating_sub(to.desired);
        (unfinished > 0).then(|| format!("{service} {unfinished} on their way out"))
    });
    let left: Vec<String> = left.collect();
    Ok((!left.is_empty()).then(|| left.join(", ")))
}

/// A source that is given its tasks back runs what it ran.
pub(crate) async fn back(
    world: &impl World,
    side: Side,
    before: &BTreeMap<String, Scale>,
    may: impl AsyncFn() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let services = world.services(side).await?;
    let put = async |service: String| {
        let Some(before) = before.get(&service) else {
            return Ok(());
        };
        match services.get(&service) {
            Some(there) if there.set_to(*before) => Ok(()),
            Some(_) | None => {
                let to = (*before, Image::AsDeployed);
                set(world, side, &service, to, &may).await
            }
        }
    };
    each(before.keys().cloned(), put).await.map(drop)
}

/// What a service is set to while it serves. One that was left without tasks or closed, by an execution that nobody
/// undid, is given what production needs.
pub(crate) fn before(service: &Service, desired: u32, bounds: Bounds, production: u32) -> Scale {
    match (desired, bounds) {
        (0, _) => Scale::serving(service, production),
        (desired, bounds)
            if bounds == Bounds::CLOSED || bounds == Scale::resting(service).bounds =>
        {
            Scale::serving(service, desired)
        }
        (desired, bounds) => Scale { desired, bounds },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lifeboat_core::configuration::sample;

    #[test]
    fn a_source_is_given_back_what_it_was_set_to_and_one_that_was_left_stopped_what_production_needs()
     {
        let configuration = sample("us-west-2");
        let users = configuration.service("users").unwrap();
        let warm = Service {
            warm: 2,
            ..users.clone()
        };
        let moved = Bounds {
            minimum: 3,
            maximum: 20,
            suspended: true,
        };
        for (desired, bounds, given) in [
            (
                4,
                moved,
                Scale {
                    desired: 4,
                    bounds: moved,
                },
            ),
            (4, Bounds::CLOSED, Scale::serving(users, 4)),
            (2, Scale::resting(&warm).bounds, Scale::serving(users, 2)),
            (0, Bounds::CLOSED, Scale::serving(users, 6)),
        ] {
            assert_eq!(
                before(&warm, desired, bounds, 6),
                given,
                "{desired} {bounds:?}"
            );
        }
    }
}
