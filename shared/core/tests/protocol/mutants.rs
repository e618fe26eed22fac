//! The protocol with one thing left out or wrong. Each must be found, or the model would find nothing.

use std::collections::BTreeSet;

use lifeboat_core::{
    Side,
    request::{Mode, RequestedBy},
};
use stateright::{Checker, HasDiscoveries, Model};

use crate::{
    properties::*,
    protocol::{Bounds, Protocol},
    starts::Starts,
    world::Left,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutant {
    NoLeaseAtTheMarkers,
    NoEpochOfThePeerAtTheMarkers,
    /// Only a passive region takes a lease, so even without parity no two would take the same epoch. It is the second line.
    EpochsWithoutParity,
    AnExecutionKeepsTheEpoch,
    UnconditionalWrites,
    TakesFromTheLiving,
    LeasePassesOnAtOnce,
    ALeaseSurvivesItsExecution,
    RestoresBesideTasks,
    TheLeaseDoesNotSayThatTasksRun,
    RestoresTheOldest,
    BackupsCarryAnEpochThatWasSeen,
    NoSmokeTest,
    NobodySendsUsers,
    MarkersBeforeTheState,
    FencesBeforeItIsActive,
    TheLoserIsNotFenced,
    ALeaseEndsTheFence,
    AnOldFenceIsPushed,
    EmptiesLate,
    StopsTheSourceLate,
    TheSourceKeepsWriting,
    UndoesAfterActivation,
    NoBrakes,
    AnAlarmBringsHome,
    PreparesWhileItIsUndone,
    ATurnedOneForgetsItsSource,
    ADrillRestoresInPlace,
    ADrillGoesOn,
    ADrillIsLeftUp,
    TearsDownWhoeverHasTheLease,
}

use Mode::{Drill, Planned, Unplanned};
use RequestedBy::{Alarm, Person};
use Side::{Home, Standby};

pub(crate) const ANY: &[(Side, Mode, RequestedBy)] = &[
    (Standby, Unplanned, Person),
    (Standby, Planned, Person),
    (Home, Unplanned, Person),
    (Home, Planned, Person),
];
const UNPLANNED: &[(Side, Mode, RequestedBy)] =
    &[(Standby, Unplanned, Person), (Home, Unplanned, Person)];
pub(crate) const ALARMS: &[(Side, Mode, RequestedBy)] = &[
    (Standby, Unplanned, Alarm),
    (Home, Unplanned, Alarm),
    (Standby, Unplanned, Person),
];

pub(crate) const TURNS: &[(Side, Mode, RequestedBy)] = &[
    (Standby, Planned, Person),
    (Home, Planned, Person),
    (Home, Unplanned, Person),
];
pub(crate) const DRILLS: &[(Side, Mode, RequestedBy)] = &[
    (Standby, Drill, Person),
    (Home, Drill, Person),
    (Standby, Unplanned, Person),
    (Standby, Planned, Person),
];

/// So many executions of these kinds, with so many cuts, deaths, crashes and late steps.
pub(crate) const fn bounds(
    executions: usize,
    kinds: &'static [(Side, Mode, RequestedBy)],
    [cuts, deaths, crashes, lates]: [u8; 4],
) -> Bounds {
    Bounds {
        executions,
        kinds,
        starts: Starts::Whenever,
        left: Left {
            cuts,
            deaths,
            crashes,
            lates,
            turns: 0,
        },
    }
}

/// Only those that would be started.
pub(crate) const fn decided(bounds: Bounds) -> Bounds {
    Bounds {
        starts: Starts::Decided,
        ..bounds
    }
}

/// One of them may be turned.
pub(crate) const fn turned(mut bounds: Bounds) -> Bounds {
    bounds.left.turns = 1;
    bounds
}

/// The first counterexample, a shortest one.
fn caught(mutant: Mutant, bounds: Bounds, expected: &'static str) {
    let began = std::time::Instant::now();
    let checker = Protocol::new(bounds, Some(mutant)).checker();
    let checker = checker
        .threads(2)
        .finish_when(HasDiscoveries::AnyOf(BTreeSet::from([expected])));
    let checker = checker.spawn_bfs().join();
    let found = checker.discoveries();
    let Some(path) = found.get(expected) else {
        panic!(
            "{mutant:?}: {:?}, {} states",
            found.keys(),
            checker.unique_state_count()
        );
    };
    let states = checker.unique_state_count();
    let actions = path.clone().into_actions();
    assert!(!actions.is_empty());
    println!(
        "{mutant:?}: it is not true that {expected}: {} steps, {states} states, {:.1} s",
        actions.len(),
        began.elapsed().as_secs_f32()
    );
}

macro_rules! mutants {
    ($($name:ident: $mutant:ident, $bounds:expr, $expected:expr;)*) => {$(
        #[test]
        fn $name() {
            caught(Mutant::$mutant, $bounds, $expected);
        }
    )*};
}

mutants! {
    markers_moved_without_the_lease: NoLeaseAtTheMarkers, bounds(2, ANY, [1, 0, 1, 1]), LEASE;
    markers_of_the_other_region_moved_whatever_its_epoch: NoEpochOfThePeerAtTheMarkers, bounds(2, ANY, [1, 0, 0, 0]), WINNER;
    epochs_without_parity_where_a_region_that_serves_takes_a_lease: EpochsWithoutParity, bounds(2, UNPLANNED, [1, 0, 0, 0]), EPOCH;
    an_epoch_that_is_used_again: AnExecutionKeepsTheEpoch, bounds(2, ANY, [1, 1, 1, 0]), SETTLES;
    a_lease_written_without_comparing: UnconditionalWrites, bounds(2, ANY, [1, 0, 0, 0]), LEASE;
    a_lease_taken_from_an_execution_that_runs: TakesFromTheLiving, bounds(2, ANY, [1, 0, 0, 0]), LEASE;
    a_lease_that_passes_on_while_an_effect_is_under_way: LeasePassesOnAtOnce, bounds(2, ANY, [1, 0, 1, 0]), LEASE;
    a_lease_that_survives_its_execution: ALeaseSurvivesItsExecution, bounds(1, ANY, [0, 0, 1, 0]), SETTLES;
    a_restore_beside_running_tasks: RestoresBesideTasks, bounds(2, ANY, [1, 0, 1, 0]), BESIDE;
    a_restore_that_comes_late: TheLeaseDoesNotSayThatTasksRun, bounds(1, ANY, [1, 0, 0, 1]), BESIDE;
    a_restore_of_the_oldest_backup: RestoresTheOldest, bounds(2, ANY, [2, 0, 0, 0]), OLDER;
    a_backup_that_carries_the_epoch_of_a_lease: BackupsCarryAnEpochThatWasSeen, bounds(2, UNPLANNED, [2, 1, 0, 0]), OLDER;
    traffic_moved_without_a_smoke_test: NoSmokeTest, bounds(1, ANY, [1, 0, 0, 0]), SMOKE;
    users_whom_nobody_sends_when_an_execution_ends_too_early: NobodySendsUsers, bounds(2, ANY, [0, 0, 1, 0]), SETTLES;
    markers_moved_before_the_region_is_active: MarkersBeforeTheState, bounds(1, ANY, [1, 0, 1, 0]), SETTLES;
    a_source_fenced_before_the_target_is_active: FencesBeforeItIsActive, bounds(1, ANY, [1, 0, 1, 0]), WRITERS;
    a_loser_that_nobody_fences: TheLoserIsNotFenced, bounds(1, ANY, [1, 0, 0, 0]), SETTLES;
    a_fence_that_ends_with_a_lease_of_the_other_region: ALeaseEndsTheFence, bounds(2, UNPLANNED, [2, 0, 1, 0]), SETTLES;
    a_fence_of_an_earlier_epoch_that_is_pushed: AnOldFenceIsPushed, bounds(3, UNPLANNED, [2, 0, 0, 0]), WINNER;
    a_region_emptied_by_a_step_that_comes_late: EmptiesLate, bounds(1, ANY, [1, 0, 0, 1]), ITSELF;
    a_source_stopped_by_a_step_that_comes_late: StopsTheSourceLate, bounds(2, ANY, [1, 0, 0, 1]), WINNER;
    a_source_that_keeps_writing: TheSourceKeepsWriting, bounds(1, ANY, [0, 0, 0, 0]), PLANNED;
    an_undo_after_the_activation: UndoesAfterActivation, bounds(1, ANY, [0, 0, 1, 0]), WRITERS;
    alarms_without_brakes: NoBrakes, bounds(2, ALARMS, [1, 0, 1, 0]), LOOP;
    an_alarm_that_brings_home: AnAlarmBringsHome, bounds(2, ALARMS, [1, 1, 0, 0]), HOME;
    a_source_stopped_again_by_a_step_that_comes_after_its_undo: PreparesWhileItIsUndone, bounds(1, ANY, [1, 0, 0, 1]), SETTLES;
    a_turned_execution_that_forgets_what_it_stopped: ATurnedOneForgetsItsSource, turned(bounds(1, TURNS, [0, 0, 1, 0])), SETTLES;
    a_drill_that_restores_in_place: ADrillRestoresInPlace, decided(bounds(1, DRILLS, [0, 0, 0, 0])), DRILL;
    a_drill_that_goes_on_like_any_other: ADrillGoesOn, decided(bounds(1, DRILLS, [0, 0, 0, 0])), DRILL;
    a_drill_that_nobody_tears_down: ADrillIsLeftUp, decided(bounds(1, DRILLS, [0, 0, 1, 0])), SETTLES;
    a_drill_torn_down_after_its_lease_has_gone: TearsDownWhoeverHasTheLease, decided(bounds(2, DRILLS, [1, 0, 0, 0])), ITSELF;
}
