//! The right to an effect, read right before it and not a moment earlier.

use lifeboat_core::{Failure, Side, lease};

use crate::World;

/// One that took long to be read may be another's by now, and is none.
pub(crate) async fn right(
    world: &impl World,
    side: Side,
    (operation, object): (&str, &str),
    may: &impl AsyncFn() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let asked = world.now();
    may().await?;
    lease::still_young(asked, world.now()).map_err(|why| {
        let region = world.configuration().region_of(side);
        Failure::unavailable(operation, object, region, why)
    })
}
