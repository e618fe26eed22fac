//! What a step does to the world, judged as it happens.

use lifeboat_core::{
    Side,
    backup::{Turn, newest},
    fence, lease,
    marker::{Marker, Move, fences},
    request::Mode,
};

use crate::{
    activation::{activate, move_marker},
    checks::{forgiving, held},
    leases::{free, take},
    minute,
    mutants::Mutant,
    protocol::Protocol,
    turn::turned,
    world::{At, Backup, Broken, Tasks, World},
};

/// What came of an effect.
pub(crate) enum Did {
    /// The same invocation goes on without another check.
    On(At),
    Next(At),
    Failed,
    /// The other region does not answer.
    Silent,
}

/// Judged also by what a drill may not touch.
pub(crate) fn effect(protocol: &Protocol, world: &mut World, run: usize, at: At) -> Did {
    let side = world.runs[run].side;
    let others = |world: &World| {
        let (own, source) = (world.place(side), world.place(side.other()));
        let source = (source.state.clone(), source.tasks, source.line);
        (world.markers, source, own.line)
    };
    let serves = |world: &World| world.state(side).active == *protocol.region(side);
    let before = (world.runs[run].mode == Mode::Drill).then(|| (others(world), serves(world)));
    let did = happens(protocol, world, run, at);
    if before.is_some_and(|(before, served)| before != others(world) || !served && serves(world)) {
        world.broken = Some(Broken::DrillTouched);
    }
    did
}

fn happens(protocol: &Protocol, world: &mut World, run: usize, at: At) -> Did {
    let here = world.runs[run].clone();
    let (side, source) = (here.side, here.side.other());
    let me = protocol.region(side);
    let reaches = world.reaches(side, source);
    let write = matches!(at, At::Lease | At::Release | At::UndoRelease | At::Activate);
    // That one is let go on, to see what it does.
    let harm = at == At::TearDown && protocol.is(Mutant::TearsDownWhoeverHasTheLease);
    if !write && !harm && held(world, run).is_err() {
        world.broken = Some(Broken::ActedWithoutLease);
    }
    let on_source = |world: &mut World| {
        if !reaches {
            return false;
        }
        if world.state(side).overruled_by(me, world.state(source)) {
            world.broken = Some(Broken::ReplacedTheWinner);
        }
        true
    };
    match at {
        At::Lease => take(protocol, world, run),
        // Given up before it had stopped.
        At::StopSource if here.mode != Mode::Planned => Did::Next(At::Backup),
        At::StopSource => match on_source(world) {
            false => Did::Silent,
            true => {
                let tasks = world.place(source).tasks;
                down(world, source);
                Did::Next(match tasks {
                    Tasks::None => At::Backup,
                    Tasks::Running | Tasks::Stopping => At::StopSource,
                })
            }
        },
        At::Backup => match chosen(protocol, world, run) {
            Some(chosen) => {
                world.runs[run].chosen = Some(chosen);
                Did::Next(At::Quiesce)
            }
            None => Did::Failed,
        },
        At::Quiesce => {
            if world.state(side).active == *me {
                world.broken = Some(Broken::StoppedItself);
            }
            let tasks = world.place(side).tasks;
            down(world, side);
            Did::Next(match tasks {
                Tasks::None => At::Restore,
                _ if protocol.is(Mutant::RestoresBesideTasks) => At::Restore,
                Tasks::Running | Tasks::Stopping => At::Quiesce,
            })
        }
        At::Restore => {
            let Some((_, backup)) = here.chosen else {
                return Did::Failed;
            };
            if here.mode == Mode::Drill && !protocol.is(Mutant::ADrillRestoresInPlace) {
                // Into a scratch place.
                world.runs[run].restored = true;
                return Did::Next(At::ScaleUp);
            }
            if here.mode == Mode::Drill {
                world.broken = Some(Broken::DrillTouched);
            }
            if world.place(side).tasks != Tasks::None {
                world.broken = Some(Broken::RestoredBesideTasks);
            }
            world.place_mut(side).line = backup.line;
            world.runs[run].restored = true;
            Did::Next(At::ScaleUp)
        }
        At::ScaleUp => {
            let stays = here.mode == Mode::Unplanned || turned(world, run);
            let place = world.place_mut(side);
            place.tasks = Tasks::Running;
            place.left_up |= stays && place.state.active != *me;
            place.rehearsed = here.mode == Mode::Drill;
            Did::Next(match protocol.is(Mutant::NoSmokeTest) {
                true => At::RaiseFence,
                false => At::SmokeTest,
            })
        }
        At::SmokeTest => {
            world.runs[run].smoked = true;
            Did::Next(match here.mode {
                Mode::Drill if !protocol.is(Mutant::ADrillGoesOn) => At::TearDown,
                _ => At::RaiseFence,
            })
        }
        At::TearDown => {
            if world.state(side).active == *me {
                world.broken = Some(Broken::StoppedItself);
            }
            let tasks = world.place(side).tasks;
            down(world, side);
            Did::Next(match tasks {
                Tasks::None => At::Release,
                Tasks::Running | Tasks::Stopping => At::TearDown,
            })
        }
        At::RaiseFence => match on_source(world) {
            false if forgiving(protocol, &here) => Did::Next(moving(protocol)),
            false => Did::Silent,
            true => {
                // Planned, it is raised with the others.
                if here.mode == Mode::Unplanned || protocol.is(Mutant::FencesBeforeItIsActive) {
                    mark(world, fences(source).map(Move::Raise));
                }
                Did::On(At::StopFenced)
            }
        },
        At::StopFenced => match on_source(world) {
            false if forgiving(protocol, &here) => Did::Next(moving(protocol)),
            false => Did::Silent,
            true => {
                let tasks = world.place(source).tasks;
                down(world, source);
                match tasks {
                    // Whatever starts them must stop first.
                    Tasks::Running | Tasks::Stopping if !forgiving(protocol, &here) => Did::Failed,
                    _ => Did::Next(moving(protocol)),
                }
            }
        },
        At::Activate => activate(protocol, world, run),
        At::FirstMarker => move_marker(protocol, world, run, 0),
        At::SecondMarker => move_marker(protocol, world, run, 1),
        At::Release | At::UndoRelease => {
            free(world, run);
            Did::Next(At::Over)
        }
        At::UndoSend => {
            send(protocol, world, side);
            Did::Next(At::UndoRelease)
        }
        At::UndoEmpty => {
            down(world, side);
            match here.mode {
                Mode::Drill => Did::Next(At::UndoRelease),
                _ => Did::On(At::UndoMarker),
            }
        }
        At::UndoMarker | At::UndoTasks if !reaches && turned(world, run) => {
            // Whoever was given up owes no answer.
            world.place_mut(source).given_up = true;
            Did::Next(At::UndoRelease)
        }
        At::UndoMarker => match on_source(world) {
            false => Did::Silent,
            true => {
                mark(world, fences(source).map(Move::Lower));
                Did::On(At::UndoTasks)
            }
        },
        At::UndoTasks => match on_source(world) {
            false => Did::Silent,
            true => {
                world.place_mut(source).tasks = Tasks::Running;
                Did::Next(At::UndoRelease)
            }
        },
        At::Undo | At::Over => Did::Failed,
    }
}

pub(crate) fn chosen(protocol: &Protocol, world: &mut World, run: usize) -> Option<(Side, Backup)> {
    let here = world.runs[run].clone();
    let (side, source) = (here.side, here.side.other());
    let asked = here.mode != Mode::Drill && world.reaches(side, source);
    let taken = match asked.then(|| minute::turn(protocol, world, source)) {
        Some(Turn::Active(epoch)) => {
            let backup = Backup {
                epoch,
                line: world.place(source).line,
            };
            world.save(source, backup);
            Some(backup)
        }
        Some(Turn::Passive { .. }) | None => None,
    };
    if here.mode == Mode::Planned {
        return taken.map(|taken| (source, taken));
    }
    let keys = world.keys(protocol, side);
    let wanted = match protocol.is(Mutant::RestoresTheOldest) {
        true => keys.iter().map(|(key, ..)| key).min_by_key(|key| key.epoch),
        false => newest(keys.iter().map(|(key, ..)| key)),
    }?;
    let (_, by, backup) = keys.iter().find(|(key, ..)| key == wanted)?;
    if keys.iter().any(|(_, _, other)| other.line > backup.line) {
        world.broken = Some(Broken::RestoredAnOlderLine);
    }
    Some((*by, *backup))
}

pub(crate) fn moving(protocol: &Protocol) -> At {
    match protocol.is(Mutant::MarkersBeforeTheState) {
        true => At::FirstMarker,
        false => At::Activate,
    }
}

pub(crate) fn mark(world: &mut World, to: Option<Move>) {
    match to {
        Some(Move::Raise(marker)) => world.markers[marker as usize] = true,
        Some(Move::Lower(marker)) => world.markers[marker as usize] = false,
        None => {}
    }
}

/// The markers in the region's own bucket.
pub(crate) fn send(protocol: &Protocol, world: &mut World, side: Side) {
    let state = world.state(side).clone();
    let undo = state
        .lease
        .as_ref()
        .map(|lease| lease::undo(&state, lease, protocol.region(side)));
    for effect in undo.into_iter().flatten() {
        let lease::Undo::SendUsers(to) = effect else {
            continue;
        };
        let other = to.marker().side();
        let peer = world.state(other);
        let may = other == side
            || world.reaches(side, other)
                && fence::may_move(&state, peer, protocol.region(side)).is_ok();
        if may {
            mark(world, Some(to));
            world.place_mut(side).marked = true;
        }
    }
}

pub(crate) fn down(world: &mut World, side: Side) {
    let tasks = &mut world.place_mut(side).tasks;
    if *tasks == Tasks::Running {
        *tasks = Tasks::Stopping;
    }
}

pub(crate) fn raised(world: &World, marker: Option<Marker>) -> bool {
    marker.is_none_or(|marker| world.raised(marker))
}
