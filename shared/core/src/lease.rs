//! The right to act in a region: one execution at a time, each with an epoch that nobody else ever takes.

use jiff::{SignedDuration, Timestamp};

use crate::{
    Configuration, Epoch, Failure, Region, RegionState,
    backup::BackupKey,
    request::{Mode, RequestedBy},
    state::{Fence, FenceProgress, Lease},
};

/// What became of the execution that a state names as its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    Running,
    Ended,
    CannotTell(String),
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
    taken.lease = Some(lease);
    if by == RequestedBy::Alarm {
        let day = now - SignedDuration::from_hours(24);
        taken.automatic_starts.retain(|start| *start > day);
        taken.automatic_starts.push(now);
        taken.cool_down_until =
            Some(now + SignedDuration::from_secs(configuration.cool_down_seconds));
    }
    Ok(taken)
}

/// A lease is dead when the execution that holds it is no longer running. A drill gives way to what is no drill: it has
/// touched nothing that anyone uses.
pub fn free(state: &RegionState, owner: Option<&Owner>, mode: Mode) -> Result<(), Failure> {
    let drill = |mode| matches!(mode, Mode::Drill);
    if state.lease.as_ref().is_some_and(|l| drill(l.mode)) && !drill(mode) {
        return Ok(());
    }
    match (state.owner(), owner) {
        (None, _) | (Some(_), Some(Owner::Ended)) => Ok(()),
        (Some(name), Some(Owner::Running)) => Err(Failure::Refused(format!(
            "{name} is running; wait for it, or stop it first"
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
    /// The fence is taken from the source and its services are set to what they were set to.
    GiveBackSource,
}

/// A planned execution that ends before the target was activated leaves no trace, and a drill never does; nothing else is
/// undone by itself.
pub fn undo(state: &RegionState, lease: &Lease, me: &Region) -> Vec<Undo> {
    match lease.mode {
        _ if state.active == *me => vec![],
        Mode::Planned => vec![Undo::EmptyTarget, Undo::GiveBackSource],
        Mode::Drill => vec![Undo::EmptyTarget],
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

/// The state in which `me` serves. The source is still owed a fence where it could not be seen to stop.
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
    active.fence = match mode {
        Mode::Unplanned => active
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
        Mode::Plan | Mode::Drill | Mode::Planned => None,
    };
    Ok(active)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::configuration::sample;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn standby() -> (Configuration, RegionState) {
        let configuration = sample("us-west-2");
        let state = RegionState::genesis(&configuration.pair().unwrap());
        (configuration, state)
    }

    fn take_for(
        state: &RegionState,
        owner: Option<&Owner>,
        by: RequestedBy,
        execution: &str,
    ) -> Result<RegionState, Failure> {
        let (configuration, _) = standby();
        let lease = Lease::new(execution, Mode::Unplanned, &BTreeMap::new());
        take(state, owner, None, (lease, by), &configuration, NOW)
    }

    #[test]
    fn a_lease_brings_the_next_epoch_and_leaves_the_active_region_as_it_is() {
        let (configuration, state) = standby();
        let taken = take_for(&state, None, RequestedBy::Person, "a").unwrap();
        assert_eq!(
            (taken.epoch, &taken.active),
            (Epoch(1), &configuration.home)
        );
        assert_eq!(taken.held_by("a", Epoch(1)), Ok(()));
        assert_eq!(taken.cool_down_until, None);
    }

    #[test]
    fn taking_a_lease_twice_is_taking_it_once() {
        let (_, state) = standby();
        let once = take_for(&state, None, RequestedBy::Alarm, "a").unwrap();
        let twice = take_for(&once, None, RequestedBy::Alarm, "a").unwrap();
        assert_eq!(once, twice);
    }

    #[test]
    fn two_executions_never_hold_it_at_once_and_a_dead_one_holds_nothing() {
        let (_, state) = standby();
        let first = take_for(&state, None, RequestedBy::Person, "a").unwrap();
        for owner in [
            None,
            Some(Owner::Running),
            Some(Owner::CannotTell("throttled".into())),
        ] {
            let refused = take_for(&first, owner.as_ref(), RequestedBy::Person, "b").unwrap_err();
            assert_eq!(refused.name(), "Refused");
        }
        let second = take_for(&first, Some(&Owner::Ended), RequestedBy::Person, "b").unwrap();
        assert_eq!(second.epoch, Epoch(3));
        assert!(second.held_by("a", Epoch(1)).is_err());
    }

    #[test]
    fn a_drill_gives_way_to_what_is_no_drill_and_waits_for_another_drill() {
        let (configuration, state) = standby();
        let ask = |state: &RegionState, mode, execution| {
            let lease = Lease::new(execution, mode, &BTreeMap::new());
            let by = RequestedBy::Person;
            let running = Some(&Owner::Running);
            take(state, running, None, (lease, by), &configuration, NOW)
        };
        let drill = ask(&state, Mode::Drill, "a").unwrap();
        assert!(ask(&drill, Mode::Drill, "b").is_err());
        let taken = ask(&drill, Mode::Unplanned, "b").unwrap();
        assert_eq!(taken.held_by("b", Epoch(3)), Ok(()));
        assert!(drill.held_by("a", Epoch(1)).is_ok() && taken.held_by("a", Epoch(1)).is_err());
        assert!(ask(&taken, Mode::Drill, "c").is_err());
    }

    #[test]
    fn an_automatic_start_begins_a_cool_down_and_counts_in_the_daily_budget() {
        let (_, state) = standby();
        let taken = take_for(&state, None, RequestedBy::Alarm, "a").unwrap();
        assert_eq!(taken.automatic_starts, [NOW]);
        assert_eq!(
            taken.cool_down_until,
            Some(NOW + SignedDuration::from_secs(3600))
        );
    }

    #[test]
    fn the_active_region_takes_no_lease() {
        let (configuration, mut state) = standby();
        state.active = configuration.region.clone();
        assert!(take_for(&state, None, RequestedBy::Person, "a").is_err());
    }

    #[test]
    fn an_unplanned_activation_owes_the_source_a_fence_and_a_stale_one_is_refused() {
        let (configuration, state) = standby();
        let me = &configuration.region;
        let taken = take_for(&state, None, RequestedBy::Alarm, "a").unwrap();
        let restored = BackupKey {
            epoch: Epoch(0),
            region: configuration.home.clone(),
            name: "backup-20241123-120000".parse().unwrap(),
        };
        let active = activate(&taken, "a", Epoch(1), me, Mode::Unplanned, &restored).unwrap();
        assert_eq!(&active.active, me);
        assert_eq!(
            active.fence.as_ref().unwrap().progress,
            FenceProgress::Pending
        );
        let again = activate(&active, "a", Epoch(1), me, Mode::Unplanned, &restored).unwrap();
        assert_eq!(again, active);
        for (execution, epoch) in [("b", 1), ("a", 3)] {
            let refused = activate(
                &taken,
                execution,
                Epoch(epoch),
                me,
                Mode::Planned,
                &restored,
            )
            .unwrap_err();
            assert_eq!(refused.name(), "Stale");
        }
        let planned = activate(&taken, "a", Epoch(1), me, Mode::Planned, &restored).unwrap();
        assert_eq!(planned.fence, None);
    }

    #[test]
    fn a_second_failover_owes_a_fence_of_its_own() {
        let (configuration, state) = standby();
        let mut taken = take_for(&state, None, RequestedBy::Alarm, "b").unwrap();
        let restored = BackupKey {
            epoch: Epoch(0),
            region: configuration.home.clone(),
            name: "backup-20241123-120000".parse().unwrap(),
        };
        taken.fence = Some(Fence {
            execution: "a".into(),
            restored: restored.clone(),
            progress: FenceProgress::Salvaged,
        });
        let me = &configuration.region;
        let mut active = activate(&taken, "b", Epoch(1), me, Mode::Unplanned, &restored).unwrap();
        let fence = active.fence.as_mut().unwrap();
        assert_eq!(
            (fence.execution.as_str(), fence.progress),
            ("b", FenceProgress::Pending)
        );
        fence.progress = FenceProgress::Acknowledged;
        let again = activate(&active, "b", Epoch(1), me, Mode::Unplanned, &restored).unwrap();
        assert_eq!(again, active);
    }

    #[test]
    fn only_the_owner_releases_a_lease() {
        let (_, state) = standby();
        let taken = take_for(&state, None, RequestedBy::Person, "a").unwrap();
        assert_eq!(release(&taken, "b"), taken);
        assert_eq!(release(&taken, "a").lease, None);
    }

    #[test]
    fn only_a_planned_execution_before_its_target_was_activated_is_undone() {
        let (configuration, mut state) = standby();
        let me = &configuration.region;
        let of = |mode| Lease::new("a", mode, &BTreeMap::new());
        let all = [Undo::EmptyTarget, Undo::GiveBackSource];
        assert_eq!(undo(&state, &of(Mode::Planned), me), all);
        assert_eq!(undo(&state, &of(Mode::Drill), me), [Undo::EmptyTarget]);
        assert_eq!(undo(&state, &of(Mode::Unplanned), me), []);
        state.active = me.clone();
        assert_eq!(undo(&state, &of(Mode::Planned), me), []);
    }
}
