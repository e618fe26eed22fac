//! What the drills have in common: requests as people paste them, alarms as SNS delivers them, and how it all ended.

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_core::{
    Side,
    report::Outcome,
    request::Mode,
    scaling::Bounds,
    state::{FenceProgress, Lease},
};
use serde_json::{Value, json};

use crate::{
    functions::{self, Error},
    workflow::{Ended, execute},
    world::{Records, World},
};

/// One of an execution that nothing else is known of.
pub(crate) fn lease(execution: &str) -> Option<Lease> {
    Some(Lease::new(execution, Mode::Unplanned, &BTreeMap::new()))
}

pub(crate) fn sample(name: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/failover");
    let text = std::fs::read_to_string(format!("{folder}/{name}.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The sample alarm with some fields of its message changed.
pub(crate) fn alarm_with(changes: Value) -> Value {
    let mut event = sample("sns-alarm");
    let text = event["Records"][0]["Sns"]["Message"].as_str().unwrap();
    let mut message: Value = serde_json::from_str(text).unwrap();
    for (field, value) in changes.as_object().unwrap() {
        message[field] = value.clone();
    }
    event["Records"][0]["Sns"]["Message"] = message.to_string().into();
    event
}

/// The region's own alarm.
pub(crate) fn alarm(world: &World, side: Side) -> Result<Value, Error> {
    let region = world.configuration(side).region;
    let text = sample("sns-alarm").to_string();
    let event = text.replace("us-west-2", region.as_str());
    functions::failover(world, side, &serde_json::from_str(&event).unwrap())
}

pub(crate) fn watch(world: &World, side: Side) -> Result<Value, Error> {
    functions::failover(world, side, &sample("watch"))
}

/// Some minutes, with the watch of both regions. One that failed comes again in a minute.
pub(crate) fn minutes(world: &World, minutes: u32) {
    for _ in 0..minutes {
        world.pass(60);
        for side in [Side::Home, Side::Standby] {
            if !world.place(side).dead {
                drop(watch(world, side));
            }
        }
    }
}

/// Runs what was started and has not run.
pub(crate) fn run_started(world: &World, side: Side) -> Ended {
    let started = world.place(side).started.clone();
    assert_eq!(started.len(), 1, "{started:?}");
    let (arn, request) = started.into_iter().next().unwrap();
    let name = lifeboat_core::run::name_of(&arn);
    execute(world, side, name, &serde_json::to_value(request).unwrap())
}

/// Home dies at four minutes past noon.
pub(crate) fn home_died() -> World {
    let world = World::new();
    world.pass(250);
    world.dies(Side::Home);
    world
}

/// Home was scaled up a moment ago, by a person who moved its bounds: nobody remembers it yet.
pub(crate) fn scaled_up() -> World {
    let world = World::new();
    let mut home = world.change(Side::Home);
    let users = home.services.get_mut("users").unwrap();
    users.desired = 4;
    users.bounds = Some(Bounds {
        minimum: 3,
        maximum: 20,
        suspended: false,
    });
    drop(home);
    world.pass(10);
    world
}

/// After an unplanned failover home is back and salvaged, and the standby serves.
pub(crate) fn home_is_back() -> World {
    let world = home_died();
    execute(
        &world,
        Side::Standby,
        "lost-home",
        &sample("request-unplanned"),
    )
    .outcome
    .unwrap();
    world.returns(Side::Home);
    minutes(&world, 3);
    let fence = world.place(Side::Standby).state.fence.clone();
    assert_eq!(fence.unwrap().progress, FenceProgress::Salvaged);
    world.log.take();
    world.payloads.take();
    world
}

/// Everyone had come home, and it died once more; the standby serves.
pub(crate) fn home_died_again() -> World {
    let world = home_is_back();
    let planned = sample("request-planned");
    execute(&world, Side::Home, "failback", &planned)
        .outcome
        .unwrap();
    minutes(&world, 5);
    world.dies(Side::Home);
    let request = sample("request-unplanned");
    execute(&world, Side::Standby, "second", &request)
        .outcome
        .unwrap();
    world
}

/// Home was left by plan, its writes stopped by a gate.
pub(crate) fn moved_by_a_gate() -> World {
    moved(scaled_up().gated())
}

/// The same where what posts has is told and taken by its own tasks.
pub(crate) fn moved_with_an_export() -> World {
    moved(scaled_up().exported())
}

fn moved(world: World) -> World {
    let request = sample("request-planned");
    let moved = execute(&world, Side::Standby, "left-home", &request);
    moved.outcome.unwrap();
    minutes(&world, 3);
    assert_eq!(world.closed_gates(Side::Home), ["posts"]);
    world
}

/// What a region came to, without its clock.
#[derive(Debug, PartialEq)]
struct Came {
    epoch: u64,
    active: String,
    owner: Option<String>,
    fence: Option<FenceProgress>,
    automatic_starts: usize,
    tasks: Vec<(String, u32, u32, Option<Bounds>)>,
    markers: BTreeSet<&'static str>,
    closed_gates: Vec<String>,
    salvaged: usize,
    reports: Vec<Value>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct End {
    outcome: Result<(), String>,
    places: Vec<Came>,
    answering: Side,
    /// What is lost is exactly what the reports name.
    lost_is_named: bool,
}

pub(crate) fn end(world: &World, ended: &Ended) -> End {
    let came = |side| {
        let place = world.place(side);
        let tasks = place.services.iter();
        Came {
            epoch: place.state.epoch.0,
            active: place.state.active.to_string(),
            owner: place.state.owner().map(str::to_owned),
            fence: place.state.fence.as_ref().map(|fence| fence.progress),
            automatic_starts: place.state.automatic_starts.len(),
            tasks: tasks
                .map(|(s, there)| (s.clone(), there.desired, there.running, there.bounds))
                .collect(),
            markers: place.markers.iter().map(|marker| marker.key()).collect(),
            closed_gates: world.closed_gates(side),
            salvaged: place.salvaged.len(),
            reports: place
                .reports
                .values()
                // Of one that was begun; one that was refused may be asked for again.
                .filter(|r| !matches!(r.outcome, Outcome::Refused { .. }))
                .map(|r| json!([r.from, r.to, r.epoch, r.source]))
                .collect(),
        }
    };
    End {
        outcome: match &ended.outcome {
            Ok(_) => Ok(()),
            Err(error) => Err(error.name.clone()),
        },
        places: vec![came(Side::Home), came(Side::Standby)],
        answering: world.answering(),
        lost_is_named: named(world) == world.lost(),
    }
}

fn named(world: &World) -> Records {
    let places = [world.place(Side::Home), world.place(Side::Standby)];
    let reports = places.iter().flat_map(|place| place.reports.values());
    let lost = reports.filter_map(|report| report.lost.as_ref());
    let records = lost.flat_map(|lost| lost.services.values().flatten());
    records.map(|record| record.parse().unwrap()).collect()
}
