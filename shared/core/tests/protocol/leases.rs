//! The lease, as a step takes it, notes in it that tasks are started, and gives it back.

use std::sync::Arc;

use lifeboat_core::{
    Epoch, RegionState, Side,
    lease::{self, Owner},
    request::{Mode, RequestedBy},
    state::Lease,
};

use crate::{
    effects::Did,
    mutants::Mutant,
    protocol::Protocol,
    world::{At, Broken, Looked, NAMES, Owned, Tasks, World},
};

/// What the step that takes the lease reads first.
pub(crate) fn look(protocol: &Protocol, world: &World, run: usize) -> Option<Looked> {
    let side = world.runs[run].side;
    let peer = world.reaches(side, side.other());
    let owner = world.holder(side).filter(|owner| *owner != run);
    let before = protocol.is(Mutant::UnconditionalWrites);
    Some(Looked {
        owner: owner.map(|owner| (owner, world.owned(owner))),
        peer: peer.then(|| world.place(side.other()).state.clone()),
        before: before.then(|| world.place(side).state.clone()),
    })
}

pub(crate) fn take(protocol: &Protocol, world: &mut World, run: usize) -> Did {
    let here = world.runs[run].clone();
    let Some(looked) = here.looked else {
        return Did::Failed;
    };
    let mut state: Arc<RegionState> = match looked.before {
        Some(before) => before,
        None => world.place(here.side).state.clone(),
    };
    if protocol.is(Mutant::EpochsWithoutParity) {
        Arc::make_mut(&mut state).active = protocol.region(here.side.other()).clone();
    }
    // The owner that was looked up is the one that is replaced.
    let owner = looked
        .owner
        .filter(|(owner, _)| state.owner() == Some(NAMES[*owner]));
    let owner = owner.map(|(_, owned)| match owned {
        Owned::Running if protocol.is(Mutant::TakesFromTheLiving) => Owner::Ended,
        Owned::Running => Owner::Running,
        Owned::Ending if protocol.is(Mutant::LeasePassesOnAtOnce) => Owner::Ended,
        Owned::Ending => Owner::Ending,
        Owned::Ended => Owner::Ended,
    });
    let lease = Lease::new(NAMES[run], here.mode, &Default::default());
    let mut configuration = protocol.configuration(here.side).clone();
    if protocol.is(Mutant::AnAlarmBringsHome) {
        configuration.automatic_failback = true;
    }
    let now = jiff::Timestamp::UNIX_EPOCH;
    let by = match protocol.is(Mutant::NoBrakes) {
        true => RequestedBy::Person,
        false => here.by,
    };
    let taken = lease::take(
        &state,
        owner.as_ref(),
        looked.peer.as_deref(),
        (lease, by),
        &configuration,
        now,
    );
    let Ok(mut taken) = taken else {
        return Did::Failed;
    };
    if protocol.is(Mutant::EpochsWithoutParity) && taken.epoch > state.epoch {
        taken.epoch = Epoch(state.highest(looked.peer.as_deref()).0.0 + 1);
    }
    if protocol.is(Mutant::AnExecutionKeepsTheEpoch) {
        taken.epoch = state.epoch;
    }
    if here.by == RequestedBy::Alarm {
        if Side::Home == here.side {
            world.broken = Some(Broken::BroughtHomeByAlarm);
        }
        if state.cool_down_until.is_some() {
            world.broken = Some(Broken::Looped);
        }
        if protocol.is(Mutant::NoBrakes) {
            taken.cool_down_until = Some(now + jiff::SignedDuration::from_secs(1));
        }
    }
    if let Some(passed) = &state.lease
        && passed.execution != NAMES[run]
    {
        passes_on(protocol, world, run, passed);
    }
    let epoch = taken.epoch;
    world.set(here.side, taken);
    world.runs[run].epoch = Some(epoch);
    Did::Next(match here.mode {
        Mode::Planned if protocol.is(Mutant::TheSourceKeepsWriting) => At::Backup,
        Mode::Planned => At::StopSource,
        _ => At::Backup,
    })
}

/// What an unplanned execution leaves as it is, should it fail too.
fn passes_on(protocol: &Protocol, world: &mut World, run: usize, passed: &Lease) {
    let (side, mode) = (world.runs[run].side, world.runs[run].mode);
    if mode != Mode::Unplanned {
        return;
    }
    let undo = lease::undo(world.state(side), passed, protocol.region(side));
    world.place_mut(side.other()).given_up |= undo.contains(&lease::Undo::GiveBackSource);
    let place = world.place_mut(side);
    place.left_up |= passed.filled && place.tasks != Tasks::None;
}

/// Before tasks are started the lease says so.
pub(crate) fn fill(protocol: &Protocol, world: &mut World, run: usize) -> Option<()> {
    let (side, epoch) = (world.runs[run].side, world.runs[run].epoch?);
    let filled = lease::fill(world.state(side), NAMES[run], epoch).ok()?;
    if !protocol.is(Mutant::TheLeaseDoesNotSayThatTasksRun) {
        world.set(side, filled);
    }
    Some(())
}

/// What comes late prepares nothing any more.
pub(crate) fn undoes(protocol: &Protocol, world: &mut World, run: usize) -> Option<()> {
    match protocol.is(Mutant::PreparesWhileItIsUndone) {
        true => Some(()),
        false => fill(protocol, world, run),
    }
}

pub(crate) fn free(world: &mut World, run: usize) {
    let side = world.runs[run].side;
    let released = lease::release(world.state(side), NAMES[run]);
    world.set(side, released);
}
