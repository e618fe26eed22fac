//! The services of a side, up to what is wanted or down to none.

use std::collections::BTreeMap;

use lifeboat_core::{Failure, Side};

use crate::World;

/// Every service to at least its capacity; one that has more keeps it.
pub(crate) async fn up(
    world: &impl World,
    side: Side,
    capacity: &BTreeMap<String, u32>,
) -> Result<(), Failure> {
    let services = world.services(side).await?;
    for (service, wanted) in capacity {
        let enough = services
            .get(service)
            .is_some_and(|there| there.desired >= *wanted);
        if !enough {
            world.scale(side, service, *wanted).await?;
        }
    }
    Ok(())
}

/// Every service of a side to zero; what is left, if anything.
pub(crate) async fn down(world: &impl World, side: Side) -> Result<Option<String>, Failure> {
    let mut left = vec![];
    for (service, there) in world.services(side).await? {
        if there.desired > 0 {
            world.scale(side, &service, 0).await?;
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
    Ok((!left.is_empty()).then(|| left.join(", ")))
}
