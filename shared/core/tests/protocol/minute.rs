//! What happens each minute by itself: the probe, the watch, and the backups.

use lifeboat_core::{
    RegionState, Side,
    backup::{self, BackupKey, Turn},
    fence::{self, Push},
    lease,
    marker::{Marker, Move, fences},
    state::FenceProgress,
};

use crate::{
    checks::undo,
    effects::{down, mark, raised, send},
    leases::undoes,
    mutants::Mutant,
    protocol::Protocol,
    turn,
    world::{Backup, Broken, Flight, NAMES, Owned, Tasks, World},
};

pub(crate) fn look(world: &mut World, side: Side) -> Option<()> {
    let from = !world.place(side).dead && world.reaches(side, side.other());
    from.then_some(())?;
    let saw = world.state(side).clone().saw(world.state(side.other()));
    world.set(side, saw);
    Some(())
}

/// By what was seen of the other region, which may have changed since. One effect at a time: it may die after each.
pub(crate) fn pull(protocol: &Protocol, world: &mut World, side: Side) -> Option<()> {
    let me = protocol.region(side);
    let idle = world.place(side).dead || protocol.is(Mutant::TheLoserIsNotFenced);
    (!idle).then_some(())?;
    fence::must(world.state(side), None, me)?;
    match fences(side) {
        Some(marker) if !world.raised(marker) => mark(world, Some(Move::Raise(marker))),
        None if world.raised(Marker::Serve) => mark(world, Some(Move::Lower(Marker::Serve))),
        _ => down(world, side),
    }
    Some(())
}

pub(crate) fn lower_reclaim(protocol: &Protocol, world: &mut World) -> Option<()> {
    let home = Side::Home;
    (!world.place(home).dead && world.raised(Marker::Reclaim)).then_some(())?;
    let (serve, fenced) = (
        world.seen_from(home, Marker::Serve),
        world.seen_from(home, Marker::Fenced),
    );
    let spent = fence::spent(world.state(home), protocol.region(home), serve, fenced);
    spent.then_some(())?;
    mark(world, Some(Move::Lower(Marker::Reclaim)));
    Some(())
}

pub(crate) fn bury(protocol: &Protocol, world: &mut World, side: Side) -> Option<()> {
    let idle = world.place(side).dead || protocol.is(Mutant::ALeaseSurvivesItsExecution);
    (!idle).then_some(())?;
    let run = world.holder(side)?;
    let ended = world.owned(run) == Owned::Ended && world.runs[run].flight == Flight::None;
    ended.then_some(())?;
    let lease = world.state(side).lease.clone()?;
    let undo = undo(protocol, world.state(side), &lease, &world.runs[run]);
    let sends = matches!(undo.first(), Some(lease::Undo::SendUsers(_)));
    if sends {
        send(protocol, world, side);
    }
    if sends || undo.is_empty() {
        let freed = lease::release(world.state(side), NAMES[run]);
        world.set(side, freed);
    } else {
        world.runs[run].at = turn::begin(&undo);
        world.runs[run].flight = Flight::Watch;
        world.runs[run].epoch = Some(world.state(side).epoch);
        undoes(protocol, world, run)?;
    }
    Some(())
}

pub(crate) fn push(protocol: &Protocol, world: &mut World, side: Side) -> Option<()> {
    let source = side.other();
    let idle = world.place(side).dead || !world.reaches(side, source);
    (!idle && !protocol.is(Mutant::TheLoserIsNotFenced)).then_some(())?;
    let state = world.state(side).clone();
    let owed = state.fence.as_ref()?;
    (owed.progress == FenceProgress::Pending).then_some(())?;
    let (me, peer) = (protocol.region(side), world.state(source));
    let now = match protocol.mutant {
        Some(Mutant::ALeaseEndsTheFence) => peer.epoch <= state.epoch,
        Some(Mutant::AnOldFenceIsPushed) => !state.overruled_by(me, peer),
        _ => fence::push(&state, peer, me) == Push::Now,
    };
    now.then_some(())?;
    if state.highest(Some(peer)).1 != *me {
        world.broken = Some(Broken::ReplacedTheWinner);
    }
    match (raised(world, fences(source)), world.place(source).tasks) {
        (false, _) => mark(world, fences(source).map(Move::Raise)),
        (true, Tasks::Running) => down(world, source),
        (true, Tasks::Stopping) => return None,
        (true, Tasks::None) => {
            let mut state: RegionState = state;
            state.fence.as_mut()?.progress = FenceProgress::Acknowledged;
            world.set(side, state);
        }
    }
    Some(())
}

/// Whether a region may write a backup now, and at which epoch.
pub(crate) fn turn(protocol: &Protocol, world: &World, side: Side) -> Turn {
    let keys = world.keys(protocol, side).into_iter().map(|(key, ..)| key);
    let keys: Vec<BackupKey> = keys.collect();
    let state = world.state(side);
    let me = protocol.region(side);
    if protocol.is(Mutant::BackupsCarryAnEpochThatWasSeen) {
        let (epoch, active) = state.highest(None);
        let newer = keys.iter().find(|key| key.epoch > epoch);
        return match (active == *me, newer) {
            (true, None) => Turn::Active(epoch),
            _ => Turn::Passive {
                epoch,
                reason: String::new(),
            },
        };
    }
    backup::turn(me, state, &keys)
}

/// The scheduled one.
pub(crate) fn save(protocol: &Protocol, world: &mut World, side: Side) -> Option<()> {
    let place = world.place(side);
    (!place.dead && place.tasks == Tasks::Running).then_some(())?;
    let Turn::Active(epoch) = turn(protocol, world, side) else {
        return None;
    };
    let line = world.place(side).line;
    world.save(side, Backup { epoch, line });
    Some(())
}
