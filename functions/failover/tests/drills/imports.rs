//! A service whose data its own tasks tell and take: it is given to them once they run, and before users come.

use lifeboat_core::{Side, configuration::Approval, marker::Marker};
use serde_json::{Value, json};

use crate::{
    functions::{backup, failover},
    scenario::{home_died, minutes, moved_with_an_export, sample, scaled_up},
    workflow::{Ended, Trip, execute, execute_with},
    world::{Records, World},
};

const STANDBY: Side = Side::Standby;

fn run(world: &World, side: Side, request: &str) -> Ended {
    execute(world, side, "importing", &sample(request))
}

/// Where what is told first begins with this.
fn at(world: &World, what: &str) -> usize {
    let log = world.log.borrow();
    let found = log.iter().position(|said| said.starts_with(what));
    found.unwrap_or_else(|| panic!("never {what}: {log:#?}"))
}

#[test]
fn it_is_imported_when_its_tasks_run_and_before_anyone_is_asked_or_moved() {
    for (world, request) in [
        (scaled_up().exported(), "request-planned"),
        (home_died().exported(), "request-unplanned"),
    ] {
        let ended = run(&world, STANDBY, request);
        let report = world.place(STANDBY).reports.values().next().cloned();
        assert!(ended.outcome.is_ok(), "{ended:?}");
        let order = [
            "us-west-2 restores",
            "us-west-2 restores no more",
            "us-west-2 scales posts to 2",
            "us-west-2 imports",
            "us-west-2 answers for posts",
            "us-west-2 says that us-west-2 serves",
            "us-west-2 raises serve",
        ];
        let order = order.map(|what| at(&world, what));
        assert!(order.is_sorted(), "{order:?}");
        let timeline = report.unwrap().timeline;
        let import = timeline.iter().find(|entry| entry.step == "import");
        assert_eq!(import.unwrap().note, "posts");
    }
}

#[test]
fn a_planned_one_reads_it_behind_a_closed_gate_and_loses_nothing_there_and_back() {
    let world = moved_with_an_export();
    assert_eq!(world.answering(), STANDBY);
    assert_eq!(world.lost(), Records::new());
    let back = run(&world, Side::Home, "request-planned");
    back.outcome.unwrap();
    minutes(&world, 3);
    assert_eq!(world.answering(), Side::Home);
    assert_eq!(world.lost(), Records::new());
    assert!(world.place(STANDBY).closed());
}

#[test]
fn a_dead_home_costs_what_came_after_the_last_backup_and_the_salvage_says_that_it_cannot_tell() {
    let world = home_died().exported();
    let held = world.place(Side::Home).records.clone();
    run(&world, STANDBY, "request-unplanned").outcome.unwrap();
    world.returns(Side::Home);
    minutes(&world, 3);
    assert!(!world.lost().is_empty());
    assert_eq!(world.place(Side::Home).records, held, "it still has it");
    let reports = world.place(STANDBY).reports.clone();
    let lost = reports.values().next().unwrap().lost.clone().unwrap();
    assert!(lost.unknown.contains_key("posts"), "{lost:?}");
}

#[test]
fn one_that_cannot_be_imported_moves_nobody() {
    for (world, request, back) in [
        (scaled_up().exported(), "request-planned", true),
        (home_died().exported(), "request-unplanned", false),
    ] {
        let fails = |state: &str| match state {
            "Import" => Trip::Before,
            _ => Trip::Not,
        };
        let request = sample(request);
        let ended = execute_with(&world, STANDBY, "barred", &request, &fails);
        assert_eq!(ended.outcome.unwrap_err().name, "TimedOut");
        assert!(world.place(STANDBY).markers.is_empty());
        assert_eq!(world.answering(), Side::Home);
        world.pass(3);
        assert_eq!(world.place(Side::Home).serves(), back);
        assert_eq!(world.place(STANDBY).empty(), back);
    }
}

#[test]
fn no_smoke_test_passes_where_it_was_not_imported() {
    let world = scaled_up().exported();
    let request = sample("request-planned");
    let stops = |state: &str| match state {
        "Smoke test" => Trip::Stop,
        _ => Trip::Not,
    };
    execute_with(&world, STANDBY, "skipped", &request, &stops);
    let mut payload = world.payloads.borrow().last().unwrap().clone();
    assert_eq!(payload["step"], "await_healthy");
    payload["step"] = "smoke_test".into();
    payload["run"]["waiting"] = Value::Null;
    payload["run"].as_object_mut().unwrap().remove("waiting");
    let lacking = failover(&world, STANDBY, &payload).unwrap_err();
    assert_eq!(lacking.name, "Refused");
    assert!(lacking.cause.contains("the tasks of posts"), "{lacking:?}");
}

#[test]
fn an_import_that_comes_again_late_changes_nothing() {
    let world = scaled_up().exported();
    world.approval.set(Approval::Never);
    let ended = run(&world, STANDBY, "request-planned");
    let run = ended.outcome.unwrap();
    let again = json!({
        "action": "import",
        "backup": run["backup"]["name"],
        "mode": "planned",
        "execution": {"arn": run["execution"], "epoch": run["epoch"]},
    });
    world.pass(60);
    let written = world.place(STANDBY).records.clone();
    let late = backup(&world, STANDBY, &again).unwrap_err();
    assert_eq!(late.name, "Stale", "{late:?}");
    assert_eq!(world.place(STANDBY).records, written);
}

#[test]
fn a_drill_imports_nothing() {
    let world = World::new().exported();
    let before = world.place(STANDBY).records.clone();
    let ended = run(&world, STANDBY, "request-drill");
    assert!(ended.went_through("Import"));
    ended.outcome.unwrap();
    assert_eq!(world.place(STANDBY).records, before);
    assert!(
        !world
            .log
            .borrow()
            .iter()
            .any(|said| said.contains("imports"))
    );
    assert!(!world.place(STANDBY).markers.contains(&Marker::Serve));
}

#[test]
fn nobody_imports_where_no_service_asks_for_it() {
    let world = scaled_up();
    let ended = run(&world, STANDBY, "request-planned");
    assert!(!ended.went_through("Import"));
    ended.outcome.unwrap();
}

#[test]
fn a_plan_says_what_would_be_imported() {
    let world = World::new().exported();
    let ended = run(&world, STANDBY, "request-plan");
    let plan = ended.outcome.unwrap()["plan"].to_string();
    assert!(plan.contains("have posts import"), "{plan}");
    assert_eq!(world.touched(), 0);
}
