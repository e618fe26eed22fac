//! The right to act in a region: one execution at a time, each with an epoch that nobody else ever takes.

use jiff::{SignedDuration, Timestamp};

use crate::{
    Configuration, Epoch, Failure, Region, RegionState, Side,
    backup::BackupKey,
    fence,
    marker::{Move, moves},
    request::{Mode, RequestedBy},
    run::Step,
    state::{Fence, FenceProgress, Lease},
};

/// What Step Functions says of an execution. It may be of a moment ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Runs,
    /// And when, where that is known.
    Stopped(Option<Timestamp>),
    /// Not known yet, or not any more.
    Unknown,
    CannotTell(String),
}

impl Fate {
    /// Whether its state machine is over; a step of it that still comes is late.
    pub fn is_over(&self) -> bool {
        match self {
            Self::Stopped(_) => true,
            // Whoever asks about it has heard of it, and Step Functions will.
            Self::Runs | Self::Unknown | Self::CannotTell(_) => false,
        }
    }
}

/// What became of the execution that a state names as its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    Running,
    /// It was stopped a moment ago: what it asked for last may still happen.
    Ending,
    Ended,
    CannotTell(String),
}

/// A function that an execution asked for works no longer than this, whatever becomes of the execution.
pub const LAST_EFFECT: SignedDuration = SignedDuration::from_secs(120);

/// A right that took longer to be read is read again before anything is done by it.
pub const RIGHT_LASTS: SignedDuration = SignedDuration::from_secs(5);

/// Setting the number of tasks of one service, or moving a side's gates, is given up after that.
pub const EFFECT_LASTS: SignedDuration = SignedDuration::from_secs(10);

/// Where a lease passed on without having been given back, the last thing that was done by it has happened after this: its
/// right was read, it was asked for, and a call that was given up may still arrive.
pub const SETTLED_AFTER: SignedDuration = SignedDuration::from_secs(20);

/// When nothing more is done by whoever held the lease before, if anybody did. Who asks again is in doubt and waits, too.
pub fn settled(before: &RegionState, taken: &RegionState) -> Option<Timestamp> {
    before.lease.as_ref()?;
    let taken = taken.lease.as_ref()?.taken?;
    Some(taken + SETTLED_AFTER)
}

/// A right that was asked for at that time and is here now.
pub fn still_young(asked: Timestamp, now: Timestamp) -> Result<(), String> {
    let took = now.duration_since(asked);
    match took <= RIGHT_LASTS {
        true => Ok(()),
        false => Err(format!(
            "it took {} s to read the lease, which may be another's by now",
            took.as_secs()
        )),
    }
}

/// An execution that has held a lease for so long is known to Step Functions, unless it is forgotten again, which happens
/// months after its end.
pub const KNOWN_BY: SignedDuration = SignedDuration::from_mins(5);

impl Owner {
    /// Of a lease that was taken then, by an execution of which this is said.
    pub fn of(fate: Fate, taken: Option<Timestamp>, now: Timestamp) -> Self {
        match (fate, taken) {
            (Fate::Runs, _) => Self::Running,
            (Fate::Stopped(Some(at)), _) if now < at + LAST_EFFECT => Self::Ending,
            (Fate::Stopped(_), _) => Self::Ended,
            (Fate::Unknown, Some(taken)) if now < taken + KNOWN_BY => Self::CannotTell(format!(
                "Step Functions does not know it yet; if that stays so it counts as ended from {}",
                taken + KNOWN_BY
            )),
            (Fate::Unknown, _) => Self::Ended,
            (Fate::CannotTell(why), _) => Self::CannotTell(why),
        }
    }
}

/// The state that gives an execution the lease it asks for, and the next epoch. Asking again for a lease that is held
/// changes nothing.
pub fn take(
    state: &RegionState,
    owner: Option<&Owner>,
    peer: Option<&RegionState>,
    (lease, by): (Lease, RequestedBy),
    configuration: &Configuration,
    now: Timestamp,
) -> Result<RegionState, Failure> {
    if state.owner() == Some(&lease.execution) {
        return Ok(state.clone());
    }
    free(state, owner, lease.mode)?;
    if by == RequestedBy::Alarm {
        // Two triggers may both have been decided before either took the lease.
        let brakes = brakes(state, configuration, now);
        if !brakes.is_empty() {
            return Err(Failure::Refused(brakes.join("; ")));
        }
    }
    if lease.mode == Mode::Planned && peer.is_none() {
        return Err(Failure::Refused(
            "the other region's state cannot be read; a planned failover needs both regions".into(),
        ));
    }
    if let (Mode::Planned | Mode::Drill, Some(owner)) =
        (lease.mode, peer.and_then(RegionState::owner))
    {
        // Until users are moved away from here, what a drill brings up would serve them.
        return Err(Failure::Refused(format!(
            "{owner} is acting in the other region"
        )));
    }
    let (_, active) = state.highest(peer);
    if active == configuration.region {
        return Err(Failure::Refused(format!(
            "{active} is active already; there is nothing to take over"
        )));
    }
    let mut taken = match peer {
        Some(peer) => state.clone().saw(peer),
        None => state.clone(),
    };
    taken.epoch = state.next_epoch(configuration.side(), peer);
    taken.active = active;
    taken.lease = Some(Lease {
        taken: Some(now),
        ..lease
    });
    if by == RequestedBy::Alarm {
        taken.automatic_starts = todays_starts(state, now).chain([now]).collect();
        taken.cool_down_until =
            Some(now + SignedDuration::from_secs(configuration.cool_down_seconds));
    }
    Ok(taken)
}

/// What keeps automatic executions from looping, and from bringing anyone home. A person's own start ignores it.
fn brakes(state: &RegionState, configuration: &Configuration, now: Timestamp) -> Vec<String> {
    let mut brakes = switches(configuration);
    brakes.extend(cooled_down(state, now).err());
    brakes.extend(within_budget(state, configuration, now).err());
    brakes
}

pub fn cooled_down(state: &RegionState, now: Timestamp) -> Result<(), String> {
    match state.cool_down_until.filter(|until| *until > now) {
        Some(until) => Err(format!("a cool-down lasts until {until}")),
        None => Ok(()),
    }
}

/// What was used of the day's automatic starts, and whether that leaves another.
pub fn within_budget(
    state: &RegionState,
    configuration: &Configuration,
    now: Timestamp,
) -> Result<String, String> {
    let (today, budget) = (
        todays_starts(state, now).count(),
        configuration.daily_starts,
    );
    let used = format!("{today} automatic starts in the last 24 hours; the budget is {budget}");
    match today < budget {
        true => Ok(used),
        false => Err(used),
    }
}

fn todays_starts(state: &RegionState, now: Timestamp) -> impl Iterator<Item = Timestamp> {
    let day = now - SignedDuration::from_hours(24);
    let starts = state.automatic_starts.iter().copied();
    starts.filter(move |start| *start > day)
}

/// What a person has decided about automatic executions, once and for all.
pub fn switches(configuration: &Configuration) -> Vec<String> {
    let mut off = vec![];
    if !configuration.automatic {
        off.push("automatic failover is switched off".into());
    }
    if configuration.side() == Side::Home && !configuration.automatic_failback {
        off.push("an alarm brings nobody home; a person starts a failback".into());
    }
    off
}

/// Whether an execution may do this step now. A step that comes late, twice or after its lease has gone does nothing.
pub fn may(
    step: Step,
    state: &RegionState,
    (execution, epoch): (&str, Epoch),
    me: &Region,
) -> Result<(), Failure> {
    let may = match step {
        Step::StopSource | Step::Quiesce => state.prepared_by(execution, epoch, me),
        Step::TearDown if state.active == *me => Err(format!("{me} serves; no drill empties it")),
        Step::TearDown
        | Step::FinalBackup
        | Step::AwaitReplica
        | Step::LastBackup
        | Step::Compare
        | Step::ScaleUp
        | Step::AwaitHealthy
        | Step::SmokeTest
        | Step::Approve
        | Step::FenceSource
        | Step::MoveTraffic
        | Step::ProveTraffic
        | Step::Commit
        | Step::Report => state.held_by(execution, epoch),
        // A lease cannot be held before it is taken, and a released one is released.
        Step::Lease | Step::Release => Ok(()),
    };
    may.map_err(Failure::Stale)
}

/// The state in which an execution may start tasks or puts things back, and prepares no more.
pub fn fill(state: &RegionState, execution: &str, epoch: Epoch) -> Result<RegionState, Failure> {
    state.held_by(execution, epoch).map_err(Failure::Stale)?;
    let mut filled = state.clone();
    if let Some(lease) = &mut filled.lease {
        lease.filled = true;
    }
    Ok(filled)
}

/// A lease is dead when the execution that holds it is no longer running. A drill gives way to what is no drill: it has
/// touched nothing that anyone uses. It takes no dead lease itself: with that goes what its execution has to put back.
pub fn free(state: &RegionState, owner: Option<&Owner>, mode: Mode) -> Result<(), Failure> {
    let drill = |mode| matches!(mode, Mode::Drill);
    if state.lease.as_ref().is_some_and(|l| drill(l.mode)) && !drill(mode) {
        return Ok(());
    }
    match (state.owner(), owner) {
        (None, _) => Ok(()),
        (Some(name), Some(Owner::Ended)) if drill(mode) => Err(Failure::Refused(format!(
            "{name} ended without giving its lease back; what it left is put back within a minute, and a drill waits for that"
        ))),
        (Some(_), Some(Owner::Ended)) => Ok(()),
        (Some(name), Some(Owner::Running)) => Err(Failure::Refused(format!(
            "{name} is running; wait for it, or stop it first"
        ))),
        (Some(name), Some(Owner::Ending)) => Err(Failure::Refused(format!(
            "{name} was stopped a moment ago, and what it began may still happen; wait {} seconds",
            LAST_EFFECT.as_secs()
        ))),
        (Some(name), Some(Owner::CannotTell(why))) => Err(Failure::Refused(format!(
            "cannot tell whether {name} still runs: {why}"
        ))),
        (Some(name), None) => Err(Failure::Refused(format!(
            "{name} holds the lease and nobody looked whether it still runs"
        ))),
    }
}

/// What puts things back when an execution cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undo {
    /// The target's services back to none.
    EmptyTarget,
    /// The fence is taken from the source, its gates are opened and its services are set to what they were set to.
    GiveBackSource,
    /// The target is active and its users may not know: the old region may be fenced already, and nobody else would serve.
    SendUsers(Move),
}

/// A planned execution that ends before the target was activated leaves no trace, and a drill never does; after that the
/// way is forward. A turned one gives its source back, if that answers. Nothing else is undone by itself.
pub fn undo(state: &RegionState, lease: &Lease, me: &Region) -> Vec<Undo> {
    match lease.mode {
        _ if state.active == *me && fence::must(state, None, me).is_some() => vec![],
        mode if state.active == *me => {
            let moves = moves(state.epoch.side(), mode).into_iter();
            moves.map(Undo::SendUsers).collect()
        }
        Mode::Planned => vec![Undo::EmptyTarget, Undo::GiveBackSource],
        Mode::Drill => vec![Undo::EmptyTarget],
        Mode::Unplanned if lease.turned.is_some() => vec![Undo::GiveBackSource],
        Mode::Plan | Mode::Unplanned => vec![],
    }
}

pub fn release(state: &RegionState, execution: &str) -> RegionState {
    let mut released = state.clone();
    if released.owner() == Some(execution) {
        released.lease = None;
    }
    released
}

/// The state in which `me` serves. The source is still owed a fence where it could not be seen to stop, or only its writes were.
pub fn activate(
    state: &RegionState,
    execution: &str,
    epoch: Epoch,
    me: &Region,
    mode: Mode,
    restored: &BackupKey,
) -> Result<RegionState, Failure> {
    state.held_by(execution, epoch).map_err(Failure::Stale)?;
    let mut active = state.clone();
    active.active = me.clone();
    // Behind closed gates its tasks go on reading until users have left.
    let reads_on = state
        .lease
        .as_ref()
        .is_some_and(|lease| !lease.source_gates.is_empty());
    active.fence = match (mode, reads_on) {
        (Mode::Unplanned, _) | (Mode::Planned, true) => active
            .fence
            // One that an earlier execution was owed says nothing about this one.
            .filter(|fence| fence.execution == execution)
            .or_else(|| {
                Some(Fence {
                    execution: execution.to_owned(),
                    restored: restored.clone(),
                    progress: FenceProgress::Pending,
                })
            }),
        (Mode::Plan | Mode::Drill, _) | (Mode::Planned, false) => None,
    };
    Ok(active)
}

#[cfg(test)]
mod tests;
