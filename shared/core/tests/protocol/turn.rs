//! A person gives the source of a planned execution up, and the execution hears of it at its next step.

use lifeboat_core::{
    lease::Undo,
    person::{Order, Verb},
    request::Mode,
};

use crate::{
    protocol::Protocol,
    world::{At, NAMES, Tasks, World},
};

pub(crate) fn order(protocol: &Protocol, world: &mut World, run: usize) -> Option<()> {
    let side = world.runs[run].side;
    (!world.place(side).dead).then_some(())?;
    let order = Order {
        verb: Verb::Turn,
        reason: "the source is silent".into(),
        by: None,
        execution: Some(NAMES[run].into()),
    };
    let obeyed = order.obey(world.state(side), protocol.region(side)).ok()?;
    (obeyed.state != *world.state(side)).then_some(())?;
    let filled = obeyed
        .state
        .lease
        .as_ref()
        .is_some_and(|lease| lease.filled);
    world.set(side, obeyed.state);
    world.left.turns -= 1;
    world.calm = false;
    // Its undo does not empty the target any more.
    let place = world.place_mut(side);
    place.left_up |= filled && place.tasks != Tasks::None;
    Some(())
}

/// Whether the execution was turned.
pub(crate) fn turned(world: &World, run: usize) -> bool {
    let lease = world.state(world.runs[run].side).lease.as_ref();
    lease.is_some_and(|lease| lease.execution == NAMES[run] && lease.turned.is_some())
}

/// As each step hears it, before it does anything. True when it is news.
pub(crate) fn hear(world: &mut World, run: usize, at: At) -> bool {
    let news = match at {
        // Of the same invocation as the activation.
        At::FirstMarker | At::SecondMarker => false,
        _ => turned(world, run) && world.runs[run].mode == Mode::Planned,
    };
    if news {
        world.runs[run].mode = Mode::Unplanned;
    }
    news
}

/// Where putting back begins.
pub(crate) fn begin(undo: &[Undo]) -> At {
    match undo.first() {
        None => At::UndoRelease,
        Some(Undo::EmptyTarget) => At::UndoEmpty,
        Some(Undo::GiveBackSource) => At::UndoMarker,
        Some(Undo::SendUsers(_)) => At::UndoSend,
    }
}
