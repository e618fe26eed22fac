use std::collections::BTreeMap;

use super::*;
use crate::{configuration::sample, marker::Marker, state::PeerSeen};

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
fn a_drill_waits_until_what_a_dead_execution_left_is_put_back() {
    let (configuration, state) = standby();
    let ask = |state: &RegionState, mode| {
        let lease = Lease::new("b", mode, &BTreeMap::new());
        let (by, ended) = (RequestedBy::Person, Some(&Owner::Ended));
        take(state, ended, None, (lease, by), &configuration, NOW)
    };
    for mode in [Mode::Planned, Mode::Unplanned, Mode::Drill] {
        let mut left = state.clone();
        left.lease = Some(Lease::new("a", mode, &BTreeMap::new()));
        assert!(ask(&left, Mode::Unplanned).is_ok());
        assert!(ask(&left, Mode::Drill).is_err());
        assert!(ask(&release(&left, "a"), Mode::Drill).is_ok());
    }
}

#[test]
fn a_drill_takes_no_lease_while_an_execution_acts_in_the_other_region() {
    let (configuration, state) = standby();
    let take = |peer: Option<&RegionState>| {
        let lease = Lease::new("a", Mode::Drill, &BTreeMap::new());
        let by = RequestedBy::Person;
        take(&state, None, peer, (lease, by), &configuration, NOW)
    };
    assert!(take(None).is_ok() && take(Some(&state)).is_ok());
    let mut acting = state.clone();
    acting.lease = Some(Lease::new("b", Mode::Planned, &BTreeMap::new()));
    assert!(take(Some(&acting)).is_err());
}

#[test]
fn a_lease_does_not_pass_on_while_the_last_effect_of_its_execution_may_still_happen() {
    let (_, state) = standby();
    let first = take_for(&state, None, RequestedBy::Person, "a").unwrap();
    for (seconds, over) in [
        (0, Owner::Ending),
        (119, Owner::Ending),
        (120, Owner::Ended),
    ] {
        let now = NOW + SignedDuration::from_secs(seconds);
        let owner = Owner::of(Fate::Stopped(Some(NOW)), Some(NOW), now);
        assert_eq!(owner, over);
        let taken = take_for(&first, Some(&owner), RequestedBy::Person, "b");
        assert_eq!(taken.is_ok(), owner == Owner::Ended);
    }
}

#[test]
fn what_the_former_holder_began_is_waited_for_only_where_it_had_not_given_its_lease_back() {
    let (_, state) = standby();
    let first = take_for(&state, None, RequestedBy::Person, "a").unwrap();
    assert_eq!(settled(&state, &first), None);
    let released = release(&first, "a");
    let second = take_for(&released, None, RequestedBy::Person, "b").unwrap();
    assert_eq!(settled(&released, &second), None);
    let second = take_for(&first, Some(&Owner::Ended), RequestedBy::Person, "b").unwrap();
    let waits = Some(NOW + SETTLED_AFTER);
    assert_eq!(settled(&first, &second), waits);
    assert_eq!(settled(&second, &second), waits, "asked again, in doubt");
    assert!(RIGHT_LASTS + EFFECT_LASTS < SETTLED_AFTER);
}

#[test]
fn a_right_that_took_long_to_be_read_is_none() {
    let after = |seconds| still_young(NOW, NOW + SignedDuration::from_secs(seconds));
    assert!(after(0).is_ok() && after(5).is_ok());
    assert!(after(6).unwrap_err().contains("6 s"));
}

#[test]
fn an_execution_that_nobody_knows_holds_its_lease_for_a_while_and_is_then_over() {
    let (_, state) = standby();
    let first = take_for(&state, None, RequestedBy::Person, "a").unwrap();
    let taken = first.lease.as_ref().unwrap().taken;
    assert_eq!(taken, Some(NOW));
    for (seconds, ended) in [(0, false), (299, false), (300, true)] {
        let now = NOW + SignedDuration::from_secs(seconds);
        let owner = Owner::of(Fate::Unknown, taken, now);
        assert_eq!(owner == Owner::Ended, ended, "{seconds}");
        let second = take_for(&first, Some(&owner), RequestedBy::Person, "b");
        assert_eq!(second.is_ok(), ended, "{seconds}");
    }
    // Of a version that did not note when it took its lease.
    assert_eq!(Owner::of(Fate::Unknown, None, NOW), Owner::Ended);
}

#[test]
fn only_an_execution_that_is_seen_to_have_stopped_is_over() {
    for (fate, over) in [
        (Fate::Runs, false),
        (Fate::Stopped(None), true),
        (Fate::Unknown, false),
        (Fate::CannotTell("throttled".into()), false),
    ] {
        assert_eq!(fate.is_over(), over, "{fate:?}");
    }
}

#[test]
fn a_planned_execution_takes_no_lease_while_the_other_region_is_silent_or_acting() {
    let (configuration, state) = standby();
    let take = |peer: Option<&RegionState>| {
        let lease = Lease::new("a", Mode::Planned, &BTreeMap::new());
        let by = RequestedBy::Person;
        take(&state, None, peer, (lease, by), &configuration, NOW)
    };
    assert!(take(None).is_err());
    let mut acting = state.clone();
    assert!(take(Some(&acting)).is_ok());
    acting.lease = Some(Lease::new("b", Mode::Unplanned, &BTreeMap::new()));
    assert!(take(Some(&acting)).is_err());
}

#[test]
fn of_two_automatic_executions_that_were_decided_at_once_the_second_takes_no_lease() {
    let (_, state) = standby();
    let first = take_for(&state, None, RequestedBy::Alarm, "a").unwrap();
    let failed = release(&first, "a");
    assert!(take_for(&failed, None, RequestedBy::Alarm, "b").is_err());
    assert!(take_for(&failed, None, RequestedBy::Person, "b").is_ok());
}

#[test]
fn what_is_done_before_tasks_are_started_is_stale_afterwards() {
    let (configuration, state) = standby();
    let me = &configuration.region;
    let mut taken = take_for(&state, None, RequestedBy::Person, "a").unwrap();
    let all = |state: &RegionState| {
        let stale = |step: &Step| may(*step, state, ("a", Epoch(1)), me).is_err();
        Step::ALL.into_iter().filter(stale).collect::<Vec<_>>()
    };
    assert_eq!(all(&taken), []);
    let before = [Step::StopSource, Step::Quiesce];
    assert_eq!(all(&fill(&taken, "a", Epoch(1)).unwrap()), before);
    taken.active = me.clone();
    let late = [Step::StopSource, Step::Quiesce, Step::TearDown];
    assert_eq!(all(&taken), late);
    assert!(fill(&taken, "b", Epoch(1)).is_err());
    assert_eq!(all(&release(&taken, "a")).len(), Step::ALL.len() - 2);
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
fn before_its_target_was_activated_a_planned_execution_is_undone_and_afterwards_users_are_sent_there()
 {
    let (configuration, mut state) = standby();
    let me = &configuration.region;
    let of = |mode| Lease::new("a", mode, &BTreeMap::new());
    let all = [Undo::EmptyTarget, Undo::GiveBackSource];
    assert_eq!(undo(&state, &of(Mode::Planned), me), all);
    assert_eq!(undo(&state, &of(Mode::Drill), me), [Undo::EmptyTarget]);
    assert_eq!(undo(&state, &of(Mode::Unplanned), me), []);
    state.active = me.clone();
    state.epoch = Epoch(1);
    let serve = [Undo::SendUsers(Move::Raise(Marker::Serve))];
    let fenced = Undo::SendUsers(Move::Raise(Marker::Fenced));
    assert_eq!(undo(&state, &of(Mode::Planned), me), [serve[0], fenced]);
    assert_eq!(undo(&state, &of(Mode::Unplanned), me), serve);
    state.peer = Some(PeerSeen {
        epoch: Epoch(2),
        active: configuration.home.clone(),
    });
    assert_eq!(undo(&state, &of(Mode::Planned), me), [], "overruled");
}
