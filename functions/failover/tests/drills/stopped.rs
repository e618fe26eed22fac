//! Somebody stops an execution at any of its effects, and it is redriven, or another one takes its place.

use lifeboat_core::{Side, person::Verb};
use serde_json::Value;

use crate::{
    faults::{Fault, How, When},
    functions::order,
    scenario::{home_died, home_is_back, minutes, moved_by_a_gate, sample, scaled_up},
    workflow::{Ended, Trip, execute, execute_with, redrive},
    world::World,
};

const STANDBY: Side = Side::Standby;

struct Scenario {
    side: Side,
    prepare: fn() -> World,
    request: &'static str,
}

const SCENARIOS: [Scenario; 8] = [
    Scenario {
        side: STANDBY,
        prepare: home_died,
        request: "request-unplanned",
    },
    Scenario {
        side: STANDBY,
        prepare: scaled_up,
        request: "request-planned",
    },
    Scenario {
        side: Side::Home,
        prepare: home_is_back,
        request: "request-planned",
    },
    Scenario {
        side: STANDBY,
        prepare: || scaled_up().gated(),
        request: "request-planned",
    },
    Scenario {
        side: Side::Home,
        prepare: moved_by_a_gate,
        request: "request-planned",
    },
    Scenario {
        side: STANDBY,
        prepare: World::new,
        request: "request-drill",
    },
    Scenario {
        side: STANDBY,
        prepare: || scaled_up().exported(),
        request: "request-planned",
    },
    Scenario {
        side: STANDBY,
        prepare: || home_died().exported(),
        request: "request-unplanned",
    },
];

/// Once at each effect, before and after it.
fn at_each_effect(test: impl Fn(&Scenario, &World, &Value, &Ended)) {
    let mut cases = 0;
    for scenario in &SCENARIOS {
        let request = sample(scenario.request);
        let whole = (scenario.prepare)();
        whole.faults.set(None);
        let ended = execute(&whole, scenario.side, "first", &request);
        ended.outcome.unwrap();
        for n in 0..whole.faults.effects.get() {
            for when in [When::Before, When::After] {
                let world = (scenario.prepare)();
                let fault = Fault::Effect(n, when, How::Stops);
                world.faults.set(Some(fault));
                let ended = execute(&world, scenario.side, "first", &request);
                assert!(ended.outcome.is_err(), "{fault:?}");
                world.faults.set(None);
                test(scenario, &world, &request, &ended);
                cases += 1;
            }
        }
    }
    println!("{cases} cases");
}

/// What each of them is for, in the end.
fn done(scenario: &Scenario, world: &World) {
    for side in [Side::Home, STANDBY] {
        if world.place(side).dead {
            world.returns(side);
        }
    }
    minutes(world, 6);
    let log = world.log.borrow();
    let (drill, side) = (scenario.request == "request-drill", scenario.side);
    let serves = if drill { side.other() } else { side };
    assert_eq!(world.answering(), serves, "{log:#?}");
    assert!(world.place(serves).serves(), "{log:#?}");
    assert_eq!(world.closed_gates(serves), [""; 0], "{log:#?}");
    assert!(world.place(serves.other()).empty(), "{log:#?}");
    for side in [Side::Home, STANDBY] {
        assert_eq!(world.place(side).state.lease, None, "{log:#?}");
    }
}

#[test]
fn one_that_is_redriven_at_once_goes_on_where_it_was() {
    at_each_effect(|scenario, world, _, stopped| {
        let ended = redrive(world, scenario.side, "first", stopped, 1);
        assert!(ended.outcome.is_ok(), "{:?}", ended.outcome);
        done(scenario, world);
    });
}

#[test]
fn one_that_is_redriven_after_the_watch_has_put_things_back_begins_at_its_lease() {
    at_each_effect(|scenario, world, _, stopped| {
        minutes(world, 5);
        let mut ended = redrive(world, scenario.side, "first", stopped, 1);
        if ended.outcome.is_err() && !activated(scenario, world) {
            // It found its lease gone, said so, and is asked for once more.
            ended = redrive(world, scenario.side, "first", &ended, 2);
        }
        assert!(ended.outcome.is_ok() || activated(scenario, world));
        done(scenario, world);
    });
}

#[test]
fn another_execution_takes_the_place_of_one_that_was_stopped() {
    at_each_effect(|scenario, world, request, _| {
        minutes(world, 5);
        if !activated(scenario, world) {
            let second = execute(world, scenario.side, "second", request);
            assert!(second.outcome.is_ok(), "{:?}", second.outcome);
        }
        done(scenario, world);
    });
}

#[test]
fn people_hear_what_stands_after_an_execution_of_each_kind_was_stopped() {
    for (prepare, request, turned, says) in [
        (
            home_died as fn() -> World,
            "request-unplanned",
            false,
            "what was brought up in us-west-2 stays up",
        ),
        (
            scaled_up,
            "request-planned",
            false,
            "us-east-1 has its tasks back and us-west-2 is empty again",
        ),
        (scaled_up, "request-planned", true, "may not have heard"),
        (
            World::new,
            "request-drill",
            false,
            "us-west-2 is empty again, and users noticed nothing",
        ),
    ] {
        let world = prepare();
        let arn = world.arn(STANDBY, "gone");
        let at = |now: &str| {
            if now == "Restore" && turned {
                order(&world, STANDBY, Verb::Turn, &arn).unwrap();
            }
            match now {
                "Await healthy" => Trip::Stop,
                _ => Trip::Not,
            }
        };
        execute_with(&world, STANDBY, "gone", &sample(request), &at);
        world.change(STANDBY).alarm = None;
        minutes(&world, 2);
        let place = world.place(STANDBY);
        let (subject, text) = place.notices.last().unwrap();
        assert_eq!(subject, "forum: gone was stopped");
        assert!(text.contains(says), "{text}");
        let stopped = place.notices.iter().filter(|(s, _)| s == subject);
        assert_eq!(stopped.count(), 1, "once");
    }
}

#[test]
fn an_execution_that_step_functions_does_not_know_yet_goes_on() {
    for scenario in &SCENARIOS {
        let world = (scenario.prepare)();
        world.forgetful.set(true);
        let ended = execute(
            &world,
            scenario.side,
            "unheard-of",
            &sample(scenario.request),
        );
        ended.outcome.unwrap();
        done(scenario, &world);
    }
}

#[test]
fn a_lease_whose_execution_nobody_knows_is_respected_for_a_while_and_then_put_back() {
    let world = scaled_up();
    let at = |now: &str| match now {
        "Restore" => Trip::Stop,
        _ => Trip::Not,
    };
    let request = sample("request-planned");
    execute_with(&world, STANDBY, "first", &request, &at);
    world.forgetful.set(true);
    let taken = world.place(STANDBY).state.lease.clone().unwrap().taken;
    let passed = || world.now().duration_since(taken.unwrap()).as_secs();
    while passed() < 240 {
        minutes(&world, 1);
        let state = world.place(STANDBY).state.clone();
        assert!(state.lease.is_some() && world.place(Side::Home).empty());
        let second = execute(&world, STANDBY, "second", &request).outcome;
        let refused = second.unwrap_err();
        assert!(
            refused.cause.contains("does not know it yet"),
            "{refused:?}"
        );
    }
    minutes(&world, 2);
    assert_eq!(world.place(STANDBY).state.lease, None);
    assert!(world.place(Side::Home).serves());
    execute(&world, STANDBY, "third", &request).outcome.unwrap();
}

fn activated(scenario: &Scenario, world: &World) -> bool {
    let (_, active) = world.place(scenario.side).state.highest(None);
    active == world.configuration(scenario.side).region
}
