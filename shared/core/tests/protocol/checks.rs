//! Whether a step may act as the world is now, by the functions' own decisions.

use lifeboat_core::{
    Failure, RegionState,
    backup::{Choice, Overrides, choose, judge, may_restore},
    fence, lease,
    marker::moves,
    request::Mode,
    run::Step,
    state::Lease,
};

use crate::{
    effects::moving,
    mutants::Mutant,
    protocol::Protocol,
    turn,
    world::{At, NAMES, Run, Tasks, World},
};

/// What came of a check.
pub(crate) enum May {
    Act,
    Skip(At),
    Not,
}

/// Whether a step may act as the world is now, by the functions' own decisions.
pub(crate) fn may(protocol: &Protocol, world: &World, run: usize, at: At) -> Option<May> {
    let here = &world.runs[run];
    let (me, state) = (protocol.region(here.side), world.state(here.side));
    let source = here.side.other();
    let reaches = world.reaches(here.side, source);
    let step = |step: Step| -> Result<(), Failure> {
        let epoch = here.epoch.ok_or(Failure::Stale("no lease".into()))?;
        match step {
            Step::StopSource if protocol.is(Mutant::StopsTheSourceLate) => {
                state.held_by(NAMES[run], epoch).map_err(Failure::Stale)
            }
            Step::Quiesce if protocol.is(Mutant::EmptiesLate) => {
                state.held_by(NAMES[run], epoch).map_err(Failure::Stale)
            }
            Step::MoveTraffic if protocol.is(Mutant::NoLeaseAtTheMarkers) => Ok(()),
            step => lease::may(step, state, (NAMES[run], epoch), me),
        }
    };
    let allowed = match at {
        // A step that comes late must not take it for an execution that cannot give it back.
        At::Lease if !here.alive => return None,
        At::Lease if here.mode == Mode::Planned && !reaches => return None,
        At::Lease | At::Release | At::UndoRelease => Ok(()),
        At::UndoTasks | At::Over => return None,
        At::StopSource => step(Step::StopSource),
        At::Backup if here.mode == Mode::Planned => step(Step::FinalBackup),
        At::Backup => step(Step::LastBackup),
        At::Quiesce => step(Step::Quiesce),
        At::Restore => restorable(protocol, world, run),
        At::ScaleUp => step(Step::ScaleUp),
        At::TearDown if protocol.is(Mutant::TearsDownWhoeverHasTheLease) => Ok(()),
        At::TearDown => step(Step::TearDown),
        At::SmokeTest => match step(Step::SmokeTest) {
            Ok(()) if world.place(here.side).tasks != Tasks::Running => return None,
            may => may,
        },
        At::RaiseFence | At::StopFenced => match step(Step::FenceSource) {
            Ok(()) if reaches => fence::may(here.epoch.unwrap_or_default(), world.state(source)),
            Ok(()) if forgiving(protocol, here) => return Some(May::Skip(moving(protocol))),
            Ok(()) => return None,
            may => may,
        },
        At::Activate => step(Step::MoveTraffic),
        At::FirstMarker | At::SecondMarker => {
            let index = usize::from(at == At::SecondMarker);
            let to = moves(here.side, here.mode).get(index).copied();
            let there = to.is_some_and(|to| to.marker().side() != here.side);
            match step(Step::MoveTraffic) {
                Ok(()) if there && !reaches => return None,
                Ok(()) if there && !protocol.is(Mutant::NoEpochOfThePeerAtTheMarkers) => {
                    fence::may_move(state, world.state(source), me)
                }
                may => may,
            }
        }
        At::Undo => {
            let undo = match &state.lease {
                Some(lease) if held(world, run).is_ok() => undo(protocol, state, lease, here),
                _ => vec![],
            };
            return Some(May::Skip(turn::begin(&undo)));
        }
        At::UndoEmpty | At::UndoMarker | At::UndoSend => {
            return Some(match held(world, run) {
                Ok(()) => May::Act,
                Err(_) => May::Skip(At::UndoRelease),
            });
        }
    };
    Some(match allowed {
        Ok(()) => May::Act,
        Err(_) => May::Not,
    })
}

/// As the backup function asks when a restore begins and again before it is put in place.
pub(crate) fn restorable(protocol: &Protocol, world: &World, run: usize) -> Result<(), Failure> {
    let here = &world.runs[run];
    let epoch = here.epoch.unwrap_or_default();
    let state = world.state(here.side);
    may_restore(protocol.region(here.side), state, (NAMES[run], epoch))?;
    let Some((by, backup)) = here.chosen else {
        return Err(Failure::Refused("no backup was chosen".into()));
    };
    if protocol.is(Mutant::RestoresTheOldest) {
        return Ok(());
    }
    let chosen = protocol.key(by, backup.epoch, 0);
    let mut keys = vec![chosen.clone()];
    keys.extend(
        world
            .keys(protocol, here.side)
            .into_iter()
            .map(|(key, ..)| key),
    );
    let chosen = choose(&keys, Choice::Named(chosen.name))?;
    judge(chosen, &keys, Ok(()), &Overrides::default())?;
    Ok(())
}

/// What an execution puts back, by its lease.
pub(crate) fn undo(
    protocol: &Protocol,
    state: &RegionState,
    lease: &Lease,
    run: &Run,
) -> Vec<lease::Undo> {
    let me = protocol.region(run.side);
    if protocol.is(Mutant::UndoesAfterActivation) && lease.mode == Mode::Planned {
        return vec![lease::Undo::GiveBackSource];
    }
    let mut undo = lease::undo(state, lease, me);
    if protocol.is(Mutant::ATurnedOneForgetsItsSource) && lease.turned.is_some() {
        undo.retain(|effect| *effect != lease::Undo::GiveBackSource);
    }
    if protocol.is(Mutant::ADrillIsLeftUp) && lease.mode == Mode::Drill {
        return vec![];
    }
    if protocol.is(Mutant::NobodySendsUsers) {
        undo.retain(|effect| !matches!(effect, lease::Undo::SendUsers(_)));
    }
    undo
}

/// Whether silence of the source is an answer.
pub(crate) fn forgiving(protocol: &Protocol, run: &Run) -> bool {
    run.mode == Mode::Unplanned || protocol.is(Mutant::TheSourceKeepsWriting)
}

pub(crate) fn held(world: &World, run: usize) -> Result<(), String> {
    let here = &world.runs[run];
    let epoch = here.epoch.ok_or("no lease was taken")?;
    world.state(here.side).held_by(NAMES[run], epoch)
}
