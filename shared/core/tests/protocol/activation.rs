//! A region becomes active, and users are moved.

use lifeboat_core::{Epoch, lease, marker::moves, request::Mode};

use crate::{
    effects::{Did, mark},
    mutants::Mutant,
    protocol::Protocol,
    world::{At, Broken, NAMES, Run, Tasks, World},
};

pub(crate) fn activates_first(protocol: &Protocol, run: &Run) -> bool {
    run.mode == Mode::Unplanned && !protocol.is(Mutant::FencesBeforeItIsActive)
}

pub(crate) fn activate(protocol: &Protocol, world: &mut World, run: usize) -> Did {
    if !activated(protocol, world, run) {
        return Did::Failed;
    }
    match protocol.is(Mutant::MarkersBeforeTheState) {
        true => Did::Next(At::Release),
        false => Did::Next(At::FirstMarker),
    }
}

pub(crate) fn activated(protocol: &Protocol, world: &mut World, run: usize) -> bool {
    let here = &world.runs[run];
    let (side, source) = (here.side, here.side.other());
    let me = protocol.region(side);
    let epoch = here.epoch.unwrap_or_default();
    let restored = protocol.key(source, Epoch(0), 0);
    let ready = here.smoked && here.restored;
    if !ready && !protocol.is(Mutant::NoSmokeTest) {
        return false;
    }
    let active = lease::activate(
        world.state(side),
        NAMES[run],
        epoch,
        me,
        here.mode,
        &restored,
    );
    let Ok(active) = active else {
        return false;
    };
    let first = world.state(side).active != *me;
    if first && here.mode == Mode::Planned {
        let held = world.place(source).line;
        let loses = here.chosen.is_none_or(|(_, backup)| backup.line < held);
        if loses || world.place(source).tasks != Tasks::None {
            world.broken = Some(Broken::PlannedLost);
        }
    }
    world.set(side, active);
    let place = world.place_mut(side);
    if first {
        place.line = epoch;
        place.marked = false;
        place.left_up = false;
        place.rehearsed = false;
    }
    true
}

pub(crate) fn move_marker(protocol: &Protocol, world: &mut World, run: usize, index: usize) -> Did {
    let here = world.runs[run].clone();
    let moves = moves(here.side, here.mode);
    let Some(to) = moves.get(index).copied() else {
        return after(protocol);
    };
    if !world.reaches(here.side, to.marker().side()) {
        return Did::Silent;
    }
    if !here.smoked {
        world.broken = Some(Broken::MovedWithoutSmokeTest);
    }
    let own = to.marker().side() == here.side;
    let (me, peer) = (protocol.region(here.side), world.state(here.side.other()));
    if !own && world.state(here.side).overruled_by(me, peer) {
        world.broken = Some(Broken::ReplacedTheWinner);
    }
    mark(world, Some(to));
    world.place_mut(here.side).marked = true;
    match index + 1 < moves.len() {
        true => Did::Next(At::SecondMarker),
        false => after(protocol),
    }
}

pub(crate) fn after(protocol: &Protocol) -> Did {
    match protocol.is(Mutant::MarkersBeforeTheState) {
        true => Did::Next(At::Activate),
        false => Did::Next(At::Release),
    }
}
