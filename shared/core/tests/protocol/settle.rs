//! What becomes of a state when nothing else happens: the regions reach each other, no execution runs, and each minute
//! the probe and the watch do their work. Asked of every state, this is stronger than that it happens eventually.

use lifeboat_core::Side;

use crate::{
    minute,
    protocol::Protocol,
    steps,
    world::{Flight, SIDES, Tasks, World},
};

const MINUTES: usize = 2;

/// Or what is wrong then.
pub(crate) fn settles(protocol: &Protocol, world: &World) -> Result<(), &'static str> {
    for first in SIDES {
        let world = settle(protocol, world, first);
        if SIDES.iter().any(|side| world.state(*side).lease.is_some()) {
            return Err("a lease is left");
        }
        let [home, standby] = SIDES.map(|side| world.state(side));
        let (_, active) = home.highest(Some(standby));
        let active = protocol.side(&active);
        let replaced = world.place(active.other());
        // What an unplanned execution left up when it failed stays up, and people are told.
        if replaced.left_up {
            continue;
        }
        if replaced.rehearsed {
            return Err("what a drill brought up is left");
        }
        let serving = world.place(active);
        if serving.tasks == Tasks::None && !serving.given_up {
            return Err("whoever is active has no tasks");
        }
        if world.both_write() {
            return Err("both take writes");
        }
        // A replaced region lowers its own marker, unless it has begun another execution since.
        let epoch = |side: Side| world.state(side).epoch;
        let anew = epoch(active).0 > 0 && epoch(active.other()) > epoch(active);
        if world.answers() != active && !anew {
            return Err("the name leads to a region that was replaced");
        }
        if world.writes(active.other()) {
            return Err("a region that was replaced takes writes");
        }
    }
    Ok(())
}

fn settle(protocol: &Protocol, world: &World, first: Side) -> World {
    let mut world = world.clone();
    world.linked = true;
    for place in &mut world.places {
        place.dead = false;
    }
    for run in 0..world.runs.len() {
        steps::end(&mut world, run);
    }
    world.follow();
    for _ in 0..MINUTES {
        for side in [first, first.other()] {
            minute(protocol, &mut world, side);
        }
        for place in &mut world.places {
            if place.tasks == Tasks::Stopping {
                place.tasks = Tasks::None;
            }
        }
        world.follow();
    }
    world
}

/// One invocation of the probe and one of the watch. What cannot be done yet is done in the next.
fn minute(protocol: &Protocol, world: &mut World, side: Side) {
    minute::look(world, side);
    // The marker, then the tasks.
    for _ in 0..2 {
        minute::pull(protocol, world, side);
    }
    if side == Side::Home {
        minute::lower_reclaim(protocol, world);
    }
    if minute::bury(protocol, world, side).is_some() {
        for run in 0..world.runs.len() {
            while world.runs[run].flight != Flight::None {
                if steps::act(protocol, world, run).is_none() {
                    return;
                }
            }
        }
    }
    for _ in 0..2 {
        minute::push(protocol, world, side);
    }
}
