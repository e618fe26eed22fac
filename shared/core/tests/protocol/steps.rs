//! An execution, step by step. A check and the effect that it allows are two moments, and the world may change between.

use lifeboat_core::{Side, marker::moves, request::Mode};

use crate::{
    activation::{activated, activates_first},
    checks::{May, held, may},
    effects::{Did, effect},
    leases::{fill, free, look, undoes},
    protocol::Protocol,
    turn::hear,
    world::{At, Flight, NAMES, Run, World},
};

/// What may come again.
pub(crate) const ALL: [At; 11] = [
    At::Lease,
    At::StopSource,
    At::Quiesce,
    At::Restore,
    At::ScaleUp,
    At::TearDown,
    At::RaiseFence,
    At::StopFenced,
    At::Activate,
    At::FirstMarker,
    At::SecondMarker,
];

/// Whether a step was asked for before by this execution.
pub(crate) fn asked(run: &Run, at: At) -> bool {
    let its = match run.mode {
        Mode::Drill => at <= At::TearDown && at != At::StopSource,
        Mode::Plan | Mode::Planned | Mode::Unplanned => at != At::TearDown,
    };
    its && at < run.reached
}

pub(crate) fn check(protocol: &Protocol, world: &mut World, run: usize) -> Option<()> {
    if world.place(world.runs[run].side).dead {
        return None;
    }
    hear(world, run, world.runs[run].at);
    let here = &world.runs[run];
    match may(protocol, world, run, here.at)? {
        May::Act => {
            if !prepare(protocol, world, run)? {
                go(world, run, At::Undo);
            } else if at_once(world, run) {
                return apply(protocol, world, run);
            } else {
                world.runs[run].flight = Flight::Step;
            }
        }
        May::Skip(to) => {
            if here.at == At::Undo && to != At::UndoRelease {
                undoes(protocol, world, run)?;
            }
            go(world, run, to)
        }
        May::Not => go(world, run, At::Undo),
    }
    Some(())
}

/// What a step writes into its own region's state, or reads, before its effect.
fn prepare(protocol: &Protocol, world: &mut World, run: usize) -> Option<bool> {
    let here = &world.runs[run];
    match here.at {
        At::Lease => world.runs[run].looked = Some(look(protocol, world, run)?),
        At::ScaleUp => fill(protocol, world, run)?,
        // Fencing moves users by itself.
        At::RaiseFence if activates_first(protocol, here) => {
            return Some(activated(protocol, world, run));
        }
        _ => {}
    }
    Some(true)
}

/// One write that holds its own check; or an effect on the other region by one that is active, seconds after its check,
/// where an execution over there would need minutes to come between.
fn at_once(world: &World, run: usize) -> bool {
    let here = &world.runs[run];
    let marker = |index: usize| {
        let to = moves(here.side, here.mode).get(index).copied();
        to.is_some_and(|to| to.marker().side() != here.side)
    };
    match here.at {
        // What it began is over before whoever took its lease believes the target empty.
        At::Quiesce | At::Restore | At::ScaleUp | At::TearDown | At::UndoEmpty
            if here.mode == Mode::Drill =>
        {
            true
        }
        // It may be turned between.
        At::Activate => here.mode != Mode::Planned || world.left.turns == 0,
        At::Backup | At::SmokeTest | At::Release | At::UndoRelease => true,
        At::RaiseFence | At::StopFenced => {
            here.mode == Mode::Unplanned && world.holder(here.side) == Some(run)
        }
        At::FirstMarker => marker(0),
        At::SecondMarker => marker(1),
        _ => false,
    }
}

pub(crate) fn act(protocol: &Protocol, world: &mut World, run: usize) -> Option<()> {
    if world.place(world.runs[run].side).dead {
        return None;
    }
    if world.runs[run].flight == Flight::Watch && held(world, run).is_err() {
        // The watch asks before each effect.
        end(world, run);
        return Some(());
    }
    apply(protocol, world, run)
}

fn apply(protocol: &Protocol, world: &mut World, run: usize) -> Option<()> {
    let (at, flight, alive) = {
        let here = &world.runs[run];
        (here.at, here.flight, here.alive)
    };
    let did = effect(protocol, world, run, at);
    match (did, flight) {
        (Did::Silent, _) => return None,
        (Did::On(to), _) if flight != Flight::None => world.runs[run].at = to,
        (Did::On(to) | Did::Next(to), _) if alive => go(world, run, to),
        (Did::Next(At::UndoRelease), Flight::Watch) => {
            free(world, run);
            end(world, run);
        }
        (Did::On(_) | Did::Next(_), _) => end(world, run),
        (Did::Failed, _) if alive => go(world, run, At::Undo),
        (Did::Failed, _) => end(world, run),
    }
    Some(())
}

fn go(world: &mut World, run: usize, to: At) {
    let here = &mut world.runs[run];
    here.at = to;
    here.flight = Flight::None;
    here.looked = None;
    if to < At::Undo {
        here.reached = here.reached.max(to);
    }
    if to == At::Over {
        here.alive = false;
    }
}

/// Nothing of a stopped execution happens any more.
pub(crate) fn end(world: &mut World, run: usize) {
    world.runs[run].alive = false;
    go(world, run, At::Over);
}

pub(crate) fn fail(world: &mut World, run: usize) -> Option<()> {
    let at = world.runs[run].at;
    world.left.crashes -= 1;
    match at {
        At::Release | At::UndoRelease => return None,
        // It could not even be undone.
        at if at >= At::Undo => end(world, run),
        _ => go(world, run, At::Undo),
    }
    Some(())
}

/// From outside, at any moment. What its last invocation decided may still happen.
pub(crate) fn stop(world: &mut World, run: usize) {
    world.left.crashes -= 1;
    world.runs[run].alive = false;
    if world.runs[run].flight == Flight::None {
        end(world, run);
    }
}

/// Whatever was on its way in a region that dies is lost; a state machine asks again when it is back.
pub(crate) fn lost(world: &mut World, side: Side) {
    for run in 0..world.runs.len() {
        if world.runs[run].side == side && world.runs[run].flight != Flight::None {
            match world.runs[run].alive {
                true => go(world, run, again(world.runs[run].at)),
                false => end(world, run),
            }
        }
    }
}

/// Where the step begins that this is a part of.
fn again(at: At) -> At {
    match at {
        At::StopFenced => At::RaiseFence,
        At::FirstMarker | At::SecondMarker => At::Activate,
        At::UndoMarker | At::UndoTasks => At::Undo,
        at => at,
    }
}

pub(crate) fn late(protocol: &Protocol, world: &mut World, run: usize, at: At) -> Option<()> {
    if world.place(world.runs[run].side).dead {
        return None;
    }
    world.left.lates -= 1;
    let now = world.runs[run].clone();
    world.runs[run].smoked |= at >= At::RaiseFence;
    if hear(world, run, at) && at == At::StopFenced {
        return None;
    }
    let done = match may(protocol, world, run, at)? {
        May::Act if at == At::Lease => {
            if now.epoch.is_some() && world.state(now.side).owner() == Some(NAMES[run]) {
                return None;
            }
            let looked = look(protocol, world, run)?;
            world.runs[run].looked = Some(looked);
            matches!(effect(protocol, world, run, at), Did::Next(_))
        }
        May::Act => {
            if at == At::ScaleUp {
                fill(protocol, world, run)?;
            }
            if matches!(at, At::RaiseFence | At::StopFenced)
                && activates_first(protocol, &world.runs[run])
            {
                activated(protocol, world, run).then_some(())?;
            }
            !matches!(effect(protocol, world, run, at), Did::Silent)
        }
        May::Skip(_) | May::Not => false,
    };
    world.runs[run] = now;
    done.then_some(())
}
