//! The gates of a side: closed before its data is taken, opened where it is to serve.

use lifeboat_core::{
    Failure, Side,
    gate::{Gates, Position, Priorities, elsewhere},
};

use crate::{World, fresh};

/// Whether gates are where they should be.
pub(crate) enum Put {
    AsFound,
    Moved,
    /// These are still seen elsewhere.
    Not(String),
}

pub(crate) async fn close(
    world: &impl World,
    side: Side,
    gates: &Gates,
    may: impl AsyncFn() -> Result<(), Failure>,
) -> Result<Put, Failure> {
    put(world, side, gates, Position::Closed, may).await
}

/// A region that serves behind a closed gate would refuse every write.
pub(crate) async fn open(
    world: &impl World,
    side: Side,
    gates: &Gates,
    may: impl AsyncFn() -> Result<(), Failure>,
) -> Result<(), Failure> {
    match put(world, side, gates, Position::Open, may).await? {
        Put::AsFound | Put::Moved => Ok(()),
        Put::Not(left) => {
            let region = world.configuration().region_of(side);
            let why = "it was moved and is seen where it was";
            Err(Failure::unavailable(
                "open",
                format!("gate of {left}"),
                region,
                why,
            ))
        }
    }
}

/// Those that are not closed, if any; nothing is moved.
pub(crate) async fn not_closed(
    world: &impl World,
    side: Side,
    gates: &Gates,
) -> Result<Option<String>, Failure> {
    if gates.is_empty() {
        return Ok(None);
    }
    let seen = world.priorities(side, gates).await?;
    Ok(left(elsewhere(gates, Position::Closed, &seen)))
}

/// Moves what is not where it should be, all in one call, and looks again: what was answered is not what was seen.
async fn put(
    world: &impl World,
    side: Side,
    gates: &Gates,
    to: Position,
    may: impl AsyncFn() -> Result<(), Failure>,
) -> Result<Put, Failure> {
    if gates.is_empty() {
        return Ok(Put::AsFound);
    }
    let seen = world.priorities(side, gates).await?;
    let moved = elsewhere(gates, to, &seen);
    if moved.is_empty() {
        return Ok(Put::AsFound);
    }
    let wanted = moved.iter().filter_map(|service| gates.get(*service));
    let wanted: Priorities = wanted.flat_map(|gate| gate.at(to)).collect();
    let named = moved.join(", ");
    fresh::right(world, side, ("move the gates of", &named), &may).await?;
    world.set_priorities(side, &wanted).await?;
    let seen = world.priorities(side, gates).await?;
    Ok(left(elsewhere(gates, to, &seen)).map_or(Put::Moved, Put::Not))
}

fn left(services: Vec<&str>) -> Option<String> {
    (!services.is_empty()).then(|| services.join(", "))
}
