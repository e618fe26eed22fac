//! The protocol as it is, in every state that the bounds allow.

use std::time::Instant;

use stateright::{Checker, DiscoveryClassification::Counterexample, HasDiscoveries, Model};

use crate::{
    mutants::{ALARMS, ANY, DRILLS, TURNS, bounds, decided, turned},
    properties::{GIVES_WAY, TURNED},
    protocol::{Bounds, Protocol},
    settle::settles,
};

/// Nothing that must hold is broken, and what must be possible is.
fn holds(bounds: Bounds, possible: &[&str]) {
    let began = Instant::now();
    let protocol = Protocol::new(bounds, None);
    let checker = protocol.clone().checker().threads(2);
    let checker = checker.finish_when(HasDiscoveries::AnyFailures);
    let checker = checker.spawn_bfs().join();
    println!(
        "{} executions, {:?}, {:?}: {} states, {} steps deep, {:.1} s",
        bounds.executions,
        bounds.starts,
        bounds.left,
        checker.unique_state_count(),
        checker.max_depth(),
        began.elapsed().as_secs_f32()
    );
    let found = checker.discoveries();
    for (name, path) in &found {
        if matches!(checker.discovery_classification(name), Counterexample) {
            let last = path.last_state();
            let why = (last.broken, settles(&protocol, last));
            panic!(
                "it is not true that {name}: {why:?}\n{:?}\n{last:#?}",
                path.clone().into_actions()
            );
        }
    }
    for name in possible {
        assert!(found.contains_key(name), "{name}");
    }
}

const POSSIBLE: &[&str] = &[
    "the standby takes over",
    "and home is brought back",
    "both take writes for a while",
    "a fence is acknowledged",
];

#[test]
fn with_two_executions_two_cuts_and_a_crash_at_every_step_it_holds() {
    holds(bounds(2, ANY, [2, 0, 1, 0]), POSSIBLE);
}

#[test]
fn with_a_region_that_dies_and_comes_back_at_any_moment_it_holds() {
    holds(bounds(2, ANY, [1, 1, 1, 0]), POSSIBLE);
}

#[test]
fn with_any_step_that_comes_again_at_any_later_moment_it_holds() {
    holds(bounds(2, ANY, [2, 0, 0, 1]), POSSIBLE);
}

#[test]
fn with_alarms_that_start_whenever_they_may_it_holds() {
    holds(decided(bounds(2, ALARMS, [1, 0, 1, 0])), &POSSIBLE[..1]);
}

#[test]
fn with_a_third_execution_it_holds() {
    holds(bounds(3, ANY, [1, 0, 0, 0]), POSSIBLE);
}

#[test]
fn with_a_planned_execution_that_is_turned_at_any_step_it_holds() {
    holds(turned(decided(bounds(2, TURNS, [1, 0, 1, 0]))), &[TURNED]);
}

#[test]
fn with_drills_that_are_killed_and_give_way_it_holds() {
    holds(decided(bounds(2, DRILLS, [1, 0, 1, 0])), &[GIVES_WAY]);
}
