//! Both regions are alive and nothing may be lost. A failback is this, towards home.

use std::cell::Cell;

use lifeboat_core::{
    Side,
    backup::{Lack, PackId},
    gate::{self, Position},
    lost::Lost,
    marker::Marker,
    run::{SourceFenced, Step, StoppedBy},
};

use crate::{
    scenario::{home_died, home_is_back, lease, minutes, sample, scaled_up},
    workflow::{Ended, Trip, execute, execute_with},
    world::{Records, World},
};

const STANDBY: Side = Side::Standby;

fn planned(world: &World, side: Side) -> Ended {
    execute(world, side, "by-plan", &sample("request-planned"))
}

#[test]
fn a_failback_stops_the_source_before_the_final_backup_and_lowers_fenced_before_serve() {
    let world = home_is_back();
    planned(&world, Side::Home).outcome.unwrap();
    let expected = [
        "us-east-1 takes epoch 2",
        "us-east-1 tells \"forum: by-plan has started\"",
        "us-west-2 closes posts",
        "us-west-2 scales posts to 0",
        "us-west-2 closes users",
        "us-west-2 scales users to 0",
        "us-west-2 is asked for a backup",
        "us-west-2 takes a backup",
        "us-west-2 replies",
        "us-east-1 restores",
        "us-west-2 is asked what it holds",
        "us-west-2 replies",
        "us-east-1 restores no more",
        "us-east-1 bounds posts by 2 and 10",
        "us-east-1 scales posts to 2",
        "us-east-1 bounds users by 2 and 10",
        "us-east-1 scales users to 3",
        "us-east-1 answers for posts",
        "us-east-1 answers for users",
        "us-east-1 says that us-east-1 serves",
        "us-east-1 lowers fenced",
        "us-west-2 lowers serve",
        "us-east-1 tells \"forum: by-plan moves users\"",
        "us-east-1 reports",
        "us-east-1 tells \"forum: us-east-1 serves\"",
        "us-east-1 releases",
    ];
    assert_eq!(*world.log.borrow(), expected);
    assert_eq!(world.answering(), Side::Home);
    minutes(&world, 2);
    // What the disaster lost is lost; the way home added nothing.
    assert_eq!(world.lost(), lost_with_home());
}

/// What home took after its last backup, before it died.
fn lost_with_home() -> Records {
    home_is_back().lost()
}

#[test]
fn a_planned_failover_loses_nothing_keeps_the_capacity_of_now_and_measures_the_pause() {
    let world = scaled_up();
    planned(&world, STANDBY).outcome.unwrap();
    assert_eq!(world.lost(), Records::new());
    assert_eq!(world.answering(), STANDBY);
    assert_eq!(world.place(STANDBY).desired(), [("posts", 2), ("users", 4)]);
    assert!(world.place(STANDBY).scaled());
    assert!(world.place(Side::Home).closed());
    assert_eq!(world.place(Side::Home).markers, [Marker::Fenced]);
    assert_eq!(world.place(STANDBY).state.fence, None);
    let reports = world.place(STANDBY).reports.clone();
    let report = reports.values().next().unwrap();
    assert_eq!(report.recovery_point.unwrap().seconds, 0);
    assert_eq!(report.source, Some(SourceFenced::Acknowledged));
    let pause = report.write_pause_seconds.unwrap();
    assert!(pause > 0 && pause < 60, "{pause}");
}

#[test]
fn a_final_backup_is_waited_for_while_it_may_come_and_not_where_it_is_damaged() {
    let pack = PackId::new([0; 32]);
    let why = "torn".to_owned();
    for (lack, name, says) in [
        (Lack::Missing(pack), "TimedOut", "is not here"),
        (Lack::Damaged { pack, why }, "NotVerified", "aws s3 cp"),
        (Lack::Flawed("torn".into()), "NotVerified", "aws s3 cp"),
    ] {
        let world = World::new();
        let before = world.place(Side::Home).services.clone();
        world.change(STANDBY).harmed = Some(lack);
        let error = planned(&world, STANDBY).outcome.unwrap_err();
        assert_eq!(error.name, name, "{error:?}");
        assert!(error.cause.contains(says), "{error:?}");
        world.pass(3);
        assert_eq!(world.place(Side::Home).services, before);
        assert_eq!(world.answering(), Side::Home);
    }
}

#[test]
fn a_plan_says_what_would_be_done_and_changes_nothing() {
    for (world, word) in [
        (World::new(), "final backup"),
        (home_died(), "half a minute"),
    ] {
        let ended = execute(&world, STANDBY, "only-a-plan", &sample("request-plan"));
        assert!(ended.went_through("Planned"));
        let plan = ended.outcome.unwrap()["plan"].to_string();
        assert!(plan.contains(word) && plan.contains("users 3"), "{plan}");
        assert_eq!(world.touched(), 0);
    }
}

#[test]
fn whatever_fails_before_traffic_moved_is_undone_completely() {
    let world = World::new();
    let states = planned(&world, STANDBY).visited;
    let moving = states.iter().position(|s| s == "Move traffic").unwrap();
    let mut tried: Vec<&String> = vec![];
    for state in &states[..=moving] {
        let works = !state.ends_with('?')
            && !["Begin", "Waiting", "Wait", "Again"].contains(&state.as_str());
        if !works || tried.contains(&state) {
            continue;
        }
        tried.push(state);
        is_undone(state, Trip::Before);
        if state != "Move traffic" {
            is_undone(state, Trip::After);
        }
    }
    println!("{} states failed before and after their work", tried.len());
    assert_eq!(tried.len(), 14, "{tried:?}");
}

fn is_undone(state: &str, trip: Trip) {
    let world = scaled_up();
    let before = world.place(Side::Home).clone();
    let at = |now: &str| {
        if now == state {
            trip.clone()
        } else {
            Trip::Not
        }
    };
    let request = sample("request-planned");
    let ended = execute_with(&world, STANDBY, "unlucky", &request, &at);
    let said = format!("{state} {trip:?} {:?}", world.log.borrow());
    assert_eq!(ended.outcome.unwrap_err().name, "TimedOut", "{said}");
    assert!(
        ended.visited.ends_with(&["Undo".into(), "Failed".into()]),
        "{said}"
    );
    world.pass(3);
    let (home, standby) = (world.place(Side::Home), world.place(STANDBY));
    assert_eq!(home.services, before.services, "{said}");
    assert_eq!(
        (home.markers.len(), standby.markers.len()),
        (0, 0),
        "{said}"
    );
    assert!(standby.closed() && standby.state.lease.is_none(), "{said}");
    assert_eq!(standby.state.active, before.state.active, "{said}");
    assert_eq!(world.answering(), Side::Home);
    assert_eq!(world.lost(), Records::new(), "{said}");
    let (subject, text) = standby.notices.last().unwrap();
    assert_eq!(subject, "forum: unlucky failed");
    assert!(
        text.contains("Traffic never moved") || state == "Lease",
        "{text}"
    );
    drop((home, standby));
    planned(&world, STANDBY).outcome.unwrap();
}

#[test]
fn a_failback_that_fails_leaves_the_standby_serving() {
    let world = home_is_back();
    world.mute.set(true);
    let ended = planned(&world, Side::Home);
    assert_eq!(ended.outcome.unwrap_err().name, "TimedOut");
    world.pass(3);
    assert_eq!(world.answering(), STANDBY);
    assert_eq!(world.place(STANDBY).desired(), [("posts", 2), ("users", 3)]);
    assert!(world.place(STANDBY).scaled());
    assert_eq!(world.place(STANDBY).markers, [Marker::Serve]);
    assert!(world.place(Side::Home).closed());
    assert_eq!(world.place(Side::Home).markers, [Marker::Fenced]);
}

#[test]
fn a_source_that_starts_tasks_again_stops_the_execution_and_it_is_undone() {
    let world = World::new();
    let again = |state: &str| {
        if state == "Fence source" {
            let mut home = world.change(Side::Home);
            let users = home.services.get_mut("users").unwrap();
            (users.desired, users.running) = (1, 1);
        }
        Trip::Not
    };
    let request = sample("request-planned");
    let ended = execute_with(&world, STANDBY, "restless", &request, &again);
    let error = ended.outcome.unwrap_err();
    assert!(
        error.cause.contains("may write again: it runs users"),
        "{error:?}"
    );
    world.pass(3);
    assert_eq!(
        world.place(Side::Home).desired(),
        [("posts", 2), ("users", 3)]
    );
    assert_eq!(world.answering(), Side::Home);
}

#[test]
fn behind_a_closed_gate_a_service_reads_on_until_users_have_left_and_loses_nothing() {
    let world = scaled_up().gated();
    planned(&world, STANDBY).outcome.unwrap();
    let log = world.log.borrow().clone();
    let at = |what: &str| log.iter().position(|line| line == what).unwrap();
    assert!(at("us-east-1 closes the gates of posts") < at("us-east-1 takes a backup"));
    assert!(
        !log.contains(&"us-east-1 scales posts to 0".into()),
        "{log:#?}"
    );
    let home = world.place(Side::Home).clone();
    assert_eq!(home.desired(), [("posts", 2), ("users", 0)]);
    assert_eq!(world.lost(), Records::new());
    let of = |world: &World| {
        world
            .place(STANDBY)
            .reports
            .values()
            .next()
            .unwrap()
            .clone()
    };
    let report = of(&world);
    assert_eq!(report.source, Some(SourceFenced::ReadsOn));
    assert!(report.write_pause_seconds.unwrap() > 0);
    let by = |service: &str| report.writes_stopped[service];
    assert_eq!(
        (by("posts"), by("users")),
        (StoppedBy::Gate, StoppedBy::Scaling)
    );
    minutes(&world, 2);
    assert!(world.place(Side::Home).closed());
    // What it is asked to save is read a minute later.
    minutes(&world, 1);
    assert_eq!(of(&world).source, Some(SourceFenced::Acknowledged));
    assert_eq!(of(&world).lost, Some(no_posts()));
}

fn no_posts() -> Lost {
    Lost {
        services: [("posts".to_owned(), vec![])].into(),
        ..Lost::default()
    }
}

#[test]
fn what_the_source_replies_at_once_is_read_a_second_later() {
    let run = planned(&World::new(), STANDBY).outcome.unwrap();
    let timeline = run["timeline"].as_array().unwrap();
    for step in ["final_backup", "compare"] {
        let entry = timeline.iter().find(|e| e["step"] == step).unwrap();
        let at = |when: &str| -> jiff::Timestamp { entry[when].as_str().unwrap().parse().unwrap() };
        let took = at("finished").as_second() - at("started").as_second();
        assert_eq!(took, 1, "{entry}");
    }
}

#[test]
fn writes_that_were_let_in_before_the_gate_closed_are_waited_for() {
    let world = World::new().gated();
    let ended = planned(&world, STANDBY);
    let run = ended.outcome.unwrap();
    let stop = run["timeline"].as_array().unwrap();
    let stop = stop.iter().find(|e| e["step"] == "stop_source").unwrap();
    let at = |when: &str| -> jiff::Timestamp { stop[when].as_str().unwrap().parse().unwrap() };
    let waited = at("finished").as_second() - at("started").as_second();
    assert!((10..30).contains(&waited), "{stop}");
}

#[test]
fn a_gate_that_somebody_opens_while_its_writes_end_is_closed_and_waited_for_anew() {
    let world = World::new().gated();
    let (visits, opened) = (Cell::new(0), Cell::new(None));
    let opens = |state: &str| {
        if state == "Stop source" {
            visits.set(visits.get() + 1);
            if visits.get() == 3 {
                let open = gate::sample("us-east-1", "posts").at(Position::Open);
                world.change(Side::Home).priorities = open;
                opened.set(Some(world.now().as_second()));
            }
        }
        Trip::Not
    };
    let request = sample("request-planned");
    let ended = execute_with(&world, STANDBY, "meddled", &request, &opens);
    let stopped = ended.outcome.unwrap()["source_stopped"].clone();
    let stopped: jiff::Timestamp = stopped.as_str().unwrap().parse().unwrap();
    assert!(stopped.as_second() - opened.get().unwrap() >= 10);
}

#[test]
fn a_gate_that_somebody_opens_again_stops_the_execution_and_it_is_undone() {
    let world = World::new().gated();
    let again = |state: &str| {
        if state == "Fence source" {
            let open = gate::sample("us-east-1", "posts").at(Position::Open);
            world.change(Side::Home).priorities = open;
        }
        Trip::Not
    };
    let request = sample("request-planned");
    let ended = execute_with(&world, STANDBY, "restless", &request, &again);
    let error = ended.outcome.unwrap_err();
    let why = "the gate of posts is not closed";
    assert!(error.cause.contains(why), "{error:?}");
    world.pass(3);
    assert_eq!(
        world.place(Side::Home).desired(),
        [("posts", 2), ("users", 3)]
    );
    assert_eq!(world.closed_gates(Side::Home), [""; 0]);
    assert_eq!(world.answering(), Side::Home);
}

#[test]
fn an_execution_that_is_overtaken_between_a_service_and_a_gate_leaves_the_gate_alone() {
    let world = World::new().gated();
    world.overtaken_at.set(Some(Step::StopSource));
    let error = planned(&world, STANDBY).outcome.unwrap_err();
    assert_eq!(error.name, "Stale");
    let home = world.place(Side::Home).clone();
    assert_eq!(home.desired(), [("posts", 2), ("users", 0)]);
    assert_eq!(world.closed_gates(Side::Home), [""; 0]);
}

#[test]
fn a_service_whose_source_has_no_gate_for_it_is_not_touched() {
    let world = World::new().gated().without_gates(Side::Home);
    let before = world.place(Side::Home).services.clone();
    let error = planned(&world, STANDBY).outcome.unwrap_err();
    assert!(error.cause.contains("has no gate"), "{error:?}");
    assert_eq!(world.place(Side::Home).services, before);
    assert_eq!(world.place(STANDBY).state.lease, None);
}

#[test]
fn a_plan_says_whose_writes_a_gate_stops() {
    let world = World::new().gated();
    let ended = execute(&world, STANDBY, "only-a-plan", &sample("request-plan"));
    let plan = ended.outcome.unwrap()["plan"].to_string();
    for said in ["posts open", "posts closed", "users 3"] {
        assert!(plan.contains(said), "{plan}");
    }
    assert_eq!(world.touched(), 0);
}

#[test]
fn a_source_whose_bounds_cannot_be_told_is_not_touched() {
    let world = World::new();
    world.scaling_silent.set(Some(Side::Home));
    let before = world.place(Side::Home).services.clone();
    let error = planned(&world, STANDBY).outcome.unwrap_err();
    assert!(error.cause.contains("could not be given back"), "{error:?}");
    assert_eq!(world.place(Side::Home).services, before);
    assert_eq!(world.place(STANDBY).state.lease, None);
}

#[test]
fn a_source_that_dies_on_the_way_leaves_the_undo_undone_and_people_hear_of_both() {
    let world = World::new();
    world.mute.set(true);
    let dies = |state: &str| {
        if state == "Smoke test" && !world.place(Side::Home).dead {
            world.dies(Side::Home);
        }
        Trip::Not
    };
    let request = sample("request-planned");
    let ended = execute_with(&world, STANDBY, "bereft", &request, &dies);
    assert!(ended.went_through("Not undone"));
    assert_eq!(ended.outcome.unwrap_err().name, "TimedOut");
    let (_, text) = world.place(STANDBY).notices.last().unwrap().clone();
    assert!(
        text.contains("TimedOut") && text.contains("us-east-1: timed out"),
        "{text}"
    );
    world.mute.set(false);
    let request = sample("request-unplanned");
    execute(&world, STANDBY, "then", &request).outcome.unwrap();
    assert_eq!(world.answering(), STANDBY);
}

#[test]
fn it_is_refused_while_the_other_region_is_silent_acts_or_holds_what_is_not_salvaged() {
    let silent = home_died();
    let acts = World::new();
    acts.change(Side::Home).state.lease = lease("somebody");
    for (world, why) in [(silent, "needs both regions"), (acts, "somebody is acting")] {
        let error = planned(&world, STANDBY).outcome.unwrap_err();
        assert!(error.cause.contains(why), "{error:?}");
        assert_eq!(world.touched(), 0);
    }
    let world = home_died();
    let request = sample("request-unplanned");
    execute(&world, STANDBY, "lost", &request).outcome.unwrap();
    world.returns(Side::Home);
    let error = planned(&world, Side::Home).outcome.unwrap_err();
    assert!(error.cause.contains("has not been salvaged"), "{error:?}");
}
