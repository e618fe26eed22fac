//! A region that was replaced is fenced and salvaged when it returns, however often the watch comes.

use lifeboat_core::{Epoch, Side, marker::Marker, run::SourceFenced, state::FenceProgress};
use serde_json::{Value, json};

use crate::{
    scenario::{home_died, lease, sample, watch},
    workflow::{Trip, execute, execute_with},
    world::World,
};

const STANDBY: Side = Side::Standby;

fn replaced() -> World {
    let world = home_died();
    execute(&world, STANDBY, "lost-home", &sample("request-unplanned"))
        .outcome
        .unwrap();
    world.log.take();
    world
}

fn progress(world: &World) -> FenceProgress {
    let fence = world.place(STANDBY).state.fence.clone();
    fence.unwrap().progress
}

fn fenced(world: &World) -> String {
    let watched = watch(world, STANDBY).unwrap();
    watched["fence"].as_str().unwrap().to_owned()
}

#[test]
fn a_silent_home_is_tried_again_each_minute_and_one_that_returns_is_fenced_and_salvaged() {
    let world = replaced();
    world.cling.set(true);
    assert!(fenced(&world).starts_with("tried again in a minute"));
    world.returns(Side::Home);
    world.pass(60);
    assert!(fenced(&world).starts_with("stopping us-east-1: posts 2 running"));
    assert_eq!(progress(&world), FenceProgress::Pending);
    world.pass(60);
    assert_eq!(fenced(&world), "us-east-1 is asked to save what it holds");
    world.pass(60);
    let said = fenced(&world);
    assert!(said.contains("the report names them"), "{said}");
    let expected = [
        "us-east-1 is silent",
        "us-east-1 raises fenced",
        "us-east-1 closes posts",
        "us-east-1 scales posts to 0",
        "us-east-1 closes users",
        "us-east-1 scales users to 0",
        "us-east-1 raises fenced",
        "us-west-2 notes Acknowledged",
        "us-east-1 is asked to save what it holds",
        "us-east-1 is salvaged",
        "us-east-1 replies",
        "us-west-2 reports",
        "us-west-2 tells \"forum: the replaced region is salvaged\"",
        "us-west-2 notes Salvaged",
    ];
    assert_eq!(*world.log.borrow(), expected);
    let reports = world.place(STANDBY).reports.clone();
    let report = reports.values().next().unwrap();
    assert_eq!(report.source, Some(SourceFenced::Acknowledged));
    let named: Vec<String> = world.lost().iter().map(u32::to_string).collect();
    assert_eq!(report.lost.as_ref().unwrap().services["posts"], named);
    assert!(world.place(Side::Home).closed());
}

#[test]
fn a_salvaged_home_is_left_alone_and_twice_is_once() {
    let world = replaced();
    world.returns(Side::Home);
    for _ in 0..3 {
        drop(watch(&world, STANDBY));
        world.pass(60);
    }
    let (effects, told) = (world.faults.effects.get(), world.told(STANDBY));
    assert_eq!(progress(&world), FenceProgress::Salvaged);
    for _ in 0..3 {
        let watched = watch(&world, STANDBY).unwrap();
        assert_eq!(watched, json!({"fence": null, "trigger": null}));
        assert_eq!(watch(&world, Side::Home).unwrap()["fence"], Value::Null);
    }
    assert_eq!(world.faults.effects.get(), effects);
    let salvaged = told.iter().filter(|t| t.contains("salvaged"));
    assert_eq!(salvaged.count(), 1);
    assert_eq!(world.place(Side::Home).salvaged.len(), 1);
}

#[test]
fn a_home_that_returns_while_traffic_is_proven_is_fenced_at_once_and_the_report_gets_its_losses() {
    let world = home_died();
    let returns = |state: &str| {
        if state == "Prove traffic" {
            world.returns(Side::Home);
            for _ in 0..3 {
                watch(&world, STANDBY).unwrap();
                world.pass(60);
            }
            assert!(world.place(Side::Home).closed(), "fenced at once");
        }
        Trip::Not
    };
    let request = sample("request-unplanned");
    execute_with(&world, STANDBY, "slow", &request, &returns)
        .outcome
        .unwrap();
    for _ in 0..2 {
        world.pass(60);
        watch(&world, STANDBY).unwrap();
    }
    assert_eq!(progress(&world), FenceProgress::Salvaged);
    let reports = world.place(STANDBY).reports.clone();
    let lost = reports.values().next().unwrap().lost.clone();
    assert_eq!(lost.unwrap().services["posts"].len(), world.lost().len());
}

#[test]
fn a_region_that_returns_without_its_scaling_is_stopped_at_once_and_acknowledged_when_it_is_closed()
{
    let world = replaced();
    world.returns(Side::Home);
    world.scaling_silent.set(Some(Side::Home));
    assert!(fenced(&world).starts_with("tried again in a minute: set bounds"));
    world.pass(60);
    assert!(world.place(Side::Home).empty());
    assert!(fenced(&world).starts_with("tried again in a minute: set bounds"));
    assert_eq!(progress(&world), FenceProgress::Pending);
    world.scaling_silent.set(None);
    assert_eq!(fenced(&world), "us-east-1 is asked to save what it holds");
    world.pass(60);
    assert!(fenced(&world).contains("the report names them"));
    assert!(world.place(Side::Home).closed());
}

#[test]
fn a_region_that_was_overtaken_fences_nobody() {
    let world = replaced();
    world.returns(Side::Home);
    let mut home = world.place(Side::Home).state.clone();
    (home.epoch, home.active) = (Epoch(2), world.configuration(STANDBY).home);
    world.change(Side::Home).state = home;
    let said = fenced(&world);
    assert!(said.contains("moved on to epoch 2"), "{said}");
    assert_eq!(*world.log.borrow(), [""; 0]);
    assert_eq!(world.place(Side::Home).markers, [] as [Marker; 0]);
}

#[test]
fn an_execution_that_was_stopped_after_it_moved_traffic_still_owes_the_fence() {
    let world = replaced();
    world.change(STANDBY).state.lease = lease(&world.arn(STANDBY, "lost-home"));
    world.returns(Side::Home);
    for _ in 0..3 {
        watch(&world, STANDBY).unwrap();
        world.pass(60);
    }
    assert_eq!(progress(&world), FenceProgress::Salvaged);
}
