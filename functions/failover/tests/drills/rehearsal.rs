//! A drill: everything but what users would notice.

use std::cell::Cell;

use lifeboat_core::{Side, request::Mode, run::Step};

use crate::{
    functions,
    scenario::{alarm, home_died, minutes, run_started, sample},
    workflow::{Ended, Trip, execute, execute_with},
    world::{BOUNDS, World},
};

const STANDBY: Side = Side::Standby;

fn drill(world: &World) -> Ended {
    execute(world, STANDBY, "rehearsal", &sample("request-drill"))
}

#[test]
fn a_drill_brings_the_standby_up_at_the_size_that_was_asked_for_and_tears_it_down_in_this_order() {
    let world = World::new();
    let before = world.place(Side::Home).clone();
    drill(&world).outcome.unwrap();
    let expected = [
        "us-west-2 takes epoch 1",
        "us-west-2 tells \"forum: rehearsal has started\"",
        "us-west-2 restores no more",
        "us-west-2 bounds posts by 1 and 10",
        "us-west-2 scales posts to 1",
        "us-west-2 bounds users by 1 and 10",
        "us-west-2 scales users to 1",
        "us-west-2 answers for posts",
        "us-west-2 answers for users",
        "us-west-2 closes posts",
        "us-west-2 scales posts to 0",
        "us-west-2 closes users",
        "us-west-2 scales users to 0",
        "us-west-2 reports",
        "us-west-2 tells \"forum: the drill in us-west-2 passed\"",
        "us-west-2 releases",
    ];
    assert_eq!(*world.log.borrow(), expected);
    let (home, standby) = (world.place(Side::Home), world.place(STANDBY));
    assert_eq!(home.services, before.services);
    assert!(standby.empty() && standby.markers.is_empty() && standby.records.is_empty());
    assert_eq!(standby.state.active, before.state.active);
    let report = standby.reports.values().next().unwrap();
    assert_eq!(
        (report.mode, report.recovery_point.unwrap().seconds),
        (Mode::Drill, 60)
    );
}

#[test]
fn a_drill_that_fails_at_any_state_leaves_nothing_up() {
    let visited = drill(&World::new()).visited;
    let mut tried: Vec<&String> = vec![];
    for state in &visited {
        let works = !state.ends_with('?')
            && !["Begin", "Waiting", "Wait", "Again", "Release", "Done"].contains(&state.as_str());
        if !works || tried.contains(&state) {
            continue;
        }
        tried.push(state);
        for trip in [Trip::Before, Trip::After] {
            let world = World::new();
            let at = |now: &str| match now == state {
                true => trip.clone(),
                false => Trip::Not,
            };
            let request = sample("request-drill");
            let ended = execute_with(&world, STANDBY, "unlucky", &request, &at);
            assert!(ended.outcome.is_err(), "{state}");
            minutes(&world, 1);
            let standby = world.place(STANDBY);
            assert!(
                standby.empty() && standby.state.lease.is_none(),
                "{state} {trip:?}"
            );
            assert_eq!(world.answering(), Side::Home);
        }
    }
    assert!(tried.len() > 8, "{tried:?}");
}

#[test]
fn a_drill_that_was_stopped_from_outside_is_torn_down_by_the_watch() {
    let world = World::new();
    let at = |now: &str| match now {
        "Smoke test" => Trip::Stop,
        _ => Trip::Not,
    };
    let request = sample("request-drill");
    execute_with(&world, STANDBY, "stopped", &request, &at);
    assert!(!world.place(STANDBY).empty());
    minutes(&world, 2);
    let standby = world.place(STANDBY);
    assert!(standby.empty() && standby.state.lease.is_none());
}

#[test]
fn a_disaster_during_a_drill_is_not_kept_waiting_and_the_drill_touches_nothing_more() {
    let world = World::new();
    let at = |now: &str| {
        if now == "Await healthy" && !world.place(Side::Home).dead {
            world.pass(250);
            world.dies(Side::Home);
            assert_eq!(alarm(&world, STANDBY).unwrap()[0]["is"], "started");
            run_started(&world, STANDBY).outcome.unwrap();
        }
        Trip::Not
    };
    let ended = execute_with(&world, STANDBY, "overtaken", &sample("request-drill"), &at);
    assert_eq!(ended.outcome.unwrap_err().name, "Stale");
    assert!(world.place(STANDBY).serves());
    assert_eq!(world.answering(), STANDBY);
}

#[test]
fn a_drill_that_is_overtaken_between_two_services_leaves_the_second_one_alone() {
    for (step, left) in [
        (Step::ScaleUp, [("posts", 1), ("users", 0)]),
        (Step::TearDown, [("posts", 0), ("users", 1)]),
    ] {
        let world = World::new();
        world.overtaken_at.set(Some(step));
        let error = drill(&world).outcome.unwrap_err();
        assert_eq!(error.name, "Stale", "{step:?}");
        assert_eq!(world.place(STANDBY).desired(), left, "{step:?}");
    }
}

#[test]
fn what_a_drill_asked_for_last_may_come_late_and_no_restore_runs_beside_it() {
    for seconds in [0, 10, 19] {
        let world = World::new();
        let late = Cell::new(true);
        let comes_late = |now: &str| {
            let lease = world.place(STANDBY).state.lease.clone();
            let Some(lease) = lease.filter(|lease| lease.mode == Mode::Unplanned) else {
                return Trip::Not;
            };
            let passed = world.now().duration_since(lease.taken.unwrap()).as_secs();
            if late.get() && passed >= seconds {
                late.set(false);
                let mut place = world.change(STANDBY);
                let posts = place.services.get_mut("posts").unwrap();
                (posts.desired, posts.running) = (1, 1);
                posts.bounds = Some(BOUNDS);
                posts
                    .bounds
                    .iter_mut()
                    .for_each(|bounds| bounds.minimum = 1);
            }
            let restores = now == "Restore";
            assert!(!restores || passed >= 20 && !late.get(), "{passed}");
            Trip::Not
        };
        let overtaken = |now: &str| {
            if now == "Scale up" && !world.place(Side::Home).dead {
                world.pass(250);
                world.dies(Side::Home);
                alarm(&world, STANDBY).unwrap();
                let started = world.place(STANDBY).started.clone();
                let (arn, request) = started.into_iter().next().unwrap();
                let request = serde_json::to_value(request).unwrap();
                let name = lifeboat_core::run::name_of(&arn);
                let ended = execute_with(&world, STANDBY, name, &request, &comes_late);
                ended.outcome.unwrap();
            }
            Trip::Not
        };
        let request = sample("request-drill");
        let ended = execute_with(&world, STANDBY, "overtaken", &request, &overtaken);
        assert_eq!(ended.outcome.unwrap_err().name, "Stale");
        let standby = world.place(STANDBY);
        assert_eq!(standby.desired(), [("posts", 2), ("users", 3)], "{seconds}");
        assert!(!late.get());
    }
}

#[test]
fn a_drill_is_refused_while_the_active_region_does_not_serve() {
    let world = home_died();
    let ended = drill(&world);
    assert!(
        ended
            .outcome
            .unwrap_err()
            .cause
            .contains("no time for a drill")
    );
    assert_eq!(world.touched(), 0);
}

#[test]
fn the_schedule_has_the_passive_region_rehearse_once_and_nobody_else() {
    let world = World::new();
    let tell = |side| functions::failover(&world, side, &sample("rehearse")).unwrap();
    assert_eq!(
        tell(Side::Home),
        "us-east-1 serves; the drill is us-west-2's"
    );
    let said = tell(STANDBY).to_string();
    assert!(
        said.contains("forum-drill-20241123-12 has started"),
        "{said}"
    );
    let twice = tell(STANDBY).to_string();
    assert!(twice.contains("was started before"), "{twice}");
    assert!(world.place(Side::Home).started.is_empty());
    run_started(&world, STANDBY).outcome.unwrap();
    assert!(world.place(STANDBY).empty());
}

#[test]
fn after_a_failover_the_drill_is_the_other_regions() {
    let world = home_died();
    let request = sample("request-unplanned");
    execute(&world, STANDBY, "moved", &request).outcome.unwrap();
    let said = functions::failover(&world, STANDBY, &sample("rehearse")).unwrap();
    assert_eq!(said, "us-west-2 serves; the drill is us-east-1's");
}
