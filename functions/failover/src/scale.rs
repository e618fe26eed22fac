//! The services of a side: up to what is wanted, down to none, or back to what they were set to.

use std::collections::BTreeMap;

use lifeboat_core::{
    Failure, Side,
    configuration::Service,
    scaling::{Bounds, Scale},
};

use crate::World;

/// Every service to at least its capacity; one that has more keeps it.
pub(crate) async fn up(
    world: &impl World,
    side: Side,
    capacity: &BTreeMap<String, u32>,
) -> Result<(), Failure> {
    let services = world.services(side).await?;
    for (service, wanted) in capacity {
        let there = services.get(service).map(|there| there.desired);
        let desired = there.unwrap_or(0).max(*wanted);
        let bounds = services.get(service).and_then(|there| there.bounds);
        let allowed = bounds.is_some_and(|bounds| bounds.allow(desired));
        if there != Some(desired) || !allowed {
            let to = Scale::serving(world.configuration().service(service)?, desired);
            world.scale(side, service, to).await?;
        }
    }
    Ok(())
}

/// Every service of a side to zero; what is left, if anything.
pub(crate) async fn down(world: &impl World, side: Side) -> Result<Option<String>, Failure> {
    let (mut left, mut failed) = (vec![], None);
    for (service, there) in world.services(side).await? {
        if !there.set_to(Scale::NONE)
            && let Err(why) = world.scale(side, &service, Scale::NONE).await
        {
            // One that cannot be stopped keeps no other from being stopped.
            failed.get_or_insert(why);
            continue;
        }
        if !there.empty() {
            left.push(format!("{service} {} running", there.running));
            continue;
        }
        let unfinished = world.unfinished(side, &service).await?;
        if unfinished > 0 {
            left.push(format!("{service} {unfinished} on their way out"));
        }
    }
    let left = (!left.is_empty()).then(|| left.join(", "));
    failed.map_or(Ok(left), Err)
}

pub(crate) async fn back(
    world: &impl World,
    side: Side,
    before: &BTreeMap<String, Scale>,
) -> Result<(), Failure> {
    let services = world.services(side).await?;
    for (service, before) in before {
        let there = services.get(service);
        if there.is_none_or(|there| !there.set_to(*before)) {
            world.scale(side, service, *before).await?;
        }
    }
    Ok(())
}

/// What a service is set to while it serves. One that was left without tasks or closed, by an execution that nobody
/// undid, is given what production needs.
pub(crate) fn before(service: &Service, desired: u32, bounds: Bounds, production: u32) -> Scale {
    match (desired, bounds) {
        (0, _) => Scale::serving(service, production),
        (desired, Bounds::CLOSED) => Scale::serving(service, desired),
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
            (0, Bounds::CLOSED, Scale::serving(users, 6)),
        ] {
            assert_eq!(
                before(users, desired, bounds, 6),
                given,
                "{desired} {bounds:?}"
            );
        }
    }
}
