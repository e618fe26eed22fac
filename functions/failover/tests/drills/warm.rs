//! Tasks of what holds nothing, which a passive region keeps running: nothing that has data runs beside a restore for it.

use std::cell::Cell;

use lifeboat_core::{Side, configuration::Service, run::Step, scaling::Scale};

use crate::{
    functions,
    scenario::{minutes, sample},
    workflow::{Ended, Trip, execute, execute_with},
    world::{BOUNDS, World},
};

const STANDBY: Side = Side::Standby;

fn home_died() -> World {
    let world = World::warm();
    world.pass(250);
    world.dies(Side::Home);
    world
}

fn unplanned(world: &World) -> Ended {
    execute(world, STANDBY, "lost-home", &sample("request-unplanned"))
}

fn pages(world: &World, side: Side) -> (u32, u32) {
    let place = world.place(side);
    let pages = &place.services["pages"];
    (pages.desired, pages.running)
}

/// What was done to pages, and the restore.
fn done(world: &World) -> Vec<String> {
    let log = world.log.borrow();
    let done = log
        .iter()
        .filter(|l| l.contains("pages") || l.contains("restores") && !l.contains("no more"));
    done.cloned().collect()
}

#[test]
fn a_failover_starts_from_the_warm_tasks_and_stops_none_of_them() {
    let world = home_died();
    let lowered = Cell::new(false);
    let at = |_: &str| {
        lowered.set(lowered.get() || pages(&world, STANDBY).1 < 1);
        Trip::Not
    };
    let request = sample("request-unplanned");
    let ended = execute_with(&world, STANDBY, "lost-home", &request, &at);
    ended.outcome.unwrap();
    assert!(!lowered.get());
    let (mine, theirs): (Vec<String>, Vec<String>) = done(&world)
        .into_iter()
        .partition(|line| line.starts_with("us-west-2"));
    assert_eq!(
        mine,
        [
            "us-west-2 restores",
            "us-west-2 bounds pages by 2 and 10",
            "us-west-2 scales pages to 2",
            "us-west-2 answers for pages",
        ]
    );
    assert_eq!(theirs, [""; 0], "home is dead");
    assert!(world.place(STANDBY).serves() && world.place(STANDBY).scaled());
    assert_eq!(world.answering(), STANDBY);
}

#[test]
fn a_source_and_a_loser_are_stopped_to_the_last_warm_task() {
    let world = World::warm();
    let request = sample("request-planned");
    execute(&world, STANDBY, "exercise", &request)
        .outcome
        .unwrap();
    assert!(world.place(Side::Home).closed());
    let world = home_died();
    unplanned(&world).outcome.unwrap();
    world.returns(Side::Home);
    minutes(&world, 3);
    assert!(world.place(Side::Home).closed());
    minutes(&world, 5);
    assert!(world.place(Side::Home).closed(), "until its next lease");
    let request = sample("request-drill");
    execute(&world, Side::Home, "rehearsal", &request)
        .outcome
        .unwrap();
    minutes(&world, 2);
    assert!(world.rests(Side::Home), "{:?}", pages(&world, Side::Home));
}

#[test]
fn a_drill_and_a_planned_execution_that_fail_anywhere_leave_what_a_passive_region_rests_at() {
    for request in ["request-drill", "request-planned"] {
        let request = sample(request);
        let moved = [
            "Move traffic",
            "Prove traffic",
            "Commit",
            "Report",
            "Release",
            "Done",
        ];
        let visited = execute(&World::warm(), STANDBY, "well", &request).visited;
        let mut tried: Vec<&String> = vec![];
        for state in &visited {
            let works = !state.ends_with('?')
                && !["Begin", "Waiting", "Wait", "Again"].contains(&state.as_str())
                && !moved.contains(&state.as_str());
            if !works || tried.contains(&state) {
                continue;
            }
            tried.push(state);
            for trip in [Trip::Before, Trip::After, Trip::Stop] {
                let world = World::warm();
                let at = |now: &str| match now == state {
                    true => trip.clone(),
                    false => Trip::Not,
                };
                execute_with(&world, STANDBY, "unlucky", &request, &at);
                minutes(&world, 4);
                let active = world.place(STANDBY).state.active.clone();
                assert!(
                    world.place(STANDBY).state.lease.is_none(),
                    "{state} {trip:?}"
                );
                if active == world.configuration(Side::Home).region {
                    assert!(world.rests(STANDBY), "{state} {trip:?}");
                    assert!(world.place(Side::Home).serves(), "{state} {trip:?}");
                }
            }
        }
        assert!(tried.len() > 8, "{tried:?}");
    }
}

#[test]
fn what_an_execution_that_failed_left_is_lowered_to_the_warm_tasks_before_the_next_restore() {
    let world = home_died();
    world.mute.set(true);
    unplanned(&world).outcome.unwrap_err();
    assert_eq!(pages(&world, STANDBY), (2, 2), "stays up");
    minutes(&world, 3);
    assert_eq!(pages(&world, STANDBY), (2, 2), "and the probe leaves it");
    world.mute.set(false);
    world.log.take();
    let request = sample("request-unplanned");
    execute(&world, STANDBY, "again", &request).outcome.unwrap();
    let done = done(&world);
    let at = |what: &str| done.iter().position(|line| line.ends_with(what));
    assert!(
        at("scales pages to 1") < at("us-west-2 restores"),
        "{done:?}"
    );
    assert!(
        at("us-west-2 restores") < at("scales pages to 2"),
        "{done:?}"
    );
    assert!(at("scales pages to 0").is_none(), "{done:?}");
    assert!(world.place(STANDBY).serves());
}

#[test]
fn what_the_probe_began_before_the_lease_comes_late_and_takes_away_nothing_that_was_scaled_up() {
    for seconds in [0, 10, 19] {
        let world = home_died();
        let stopped = |pages: &mut lifeboat_aws::ecs::Deployed| {
            (pages.desired, pages.running) = (0, 0);
            pages.bounds = Some(lifeboat_core::scaling::Bounds::CLOSED);
        };
        stopped(world.change(STANDBY).services.get_mut("pages").unwrap());
        let late = Cell::new(true);
        let comes_late = |now: &str| {
            let Some(lease) = world.place(STANDBY).state.lease.clone() else {
                return Trip::Not;
            };
            let passed = world.now().duration_since(lease.taken.unwrap()).as_secs();
            if late.get() && passed >= seconds {
                late.set(false);
                let configuration = world.configuration(STANDBY);
                let service: &Service = configuration.service("pages").unwrap();
                let Scale { desired, bounds } = Scale::resting(service);
                let mut place = world.change(STANDBY);
                let pages = place.services.get_mut("pages").unwrap();
                (pages.desired, pages.bounds) = (desired, Some(bounds));
            }
            let starts = now == "Scale up";
            assert!(!starts || !late.get(), "{passed}");
            Trip::Not
        };
        let request = sample("request-unplanned");
        let ended = execute_with(&world, STANDBY, "lost-home", &request, &comes_late);
        ended.outcome.unwrap();
        assert_eq!(pages(&world, STANDBY), (2, 2), "{seconds}");
        assert!(!late.get() && world.place(STANDBY).scaled());
    }
}

#[test]
fn nobody_waits_for_the_probe_where_all_rests_already() {
    let took = |world: World| {
        let begun = world.now();
        unplanned(&world).outcome.unwrap();
        world.now().duration_since(begun)
    };
    let plain = World::of(&[("pages", 2), ("posts", 2), ("users", 3)]);
    plain.pass(250);
    plain.dies(Side::Home);
    assert_eq!(took(home_died()), took(plain));
}

#[test]
fn a_late_step_lowers_nothing_that_serves() {
    let world = home_died();
    unplanned(&world).outcome.unwrap();
    let payloads = world.payloads.borrow().clone();
    let steps = payloads.iter().filter(|payload| {
        let step = serde_json::to_value(Step::Quiesce).unwrap();
        payload["step"] == step
    });
    let mut late = 0;
    for payload in steps {
        let refused = functions::failover(&world, STANDBY, payload).unwrap_err();
        assert_eq!(refused.name, "Stale");
        late += 1;
    }
    assert!(late > 0);
    assert!(world.place(STANDBY).serves() && world.place(STANDBY).scaled());
    assert_eq!(world.place(STANDBY).services["pages"].bounds, Some(BOUNDS));
}
