//! Steps that come late, twice, or from an execution that is no longer in charge.

use lifeboat_core::{Epoch, Side};
use serde_json::Value;

use crate::{
    faults::{Fault, How, When},
    functions::failover,
    scenario::{end, home_died, home_is_back, lease, sample, scaled_up, watch},
    workflow::execute,
    world::World,
};

const STANDBY: Side = Side::Standby;

fn scenarios() -> [(World, Side, Value); 4] {
    let fails = World::new();
    fails.mute.set(true);
    [
        (home_died(), STANDBY, sample("request-unplanned")),
        (World::new(), STANDBY, sample("request-planned")),
        (home_is_back(), Side::Home, sample("request-planned")),
        (fails, STANDBY, sample("request-planned")),
    ]
}

fn is_step(payload: &Value) -> bool {
    payload["action"] == "step"
}

#[test]
fn every_step_that_comes_again_after_the_lease_was_released_is_stale_and_has_no_effect() {
    let mut cases = 0;
    for (world, side, request) in scenarios() {
        let ended = execute(&world, side, "late", &request);
        let before = end(&world, &ended);
        let payloads = world.payloads.take();
        world.faults.set(None);
        for payload in payloads.iter().filter(|p| is_step(p)) {
            let outcome = failover(&world, side, payload);
            match payload["step"].as_str() {
                Some("release") => assert!(outcome.is_ok()),
                _ => assert_eq!(outcome.unwrap_err().name, "Stale", "{payload}"),
            }
            cases += 1;
        }
        assert_eq!(world.faults.effects.get(), 0);
        assert_eq!(end(&world, &ended), before);
    }
    println!("{cases} late steps");
}

#[test]
fn every_step_of_an_execution_whose_epoch_has_moved_on_has_no_effect() {
    let mut cases = 0;
    for (world, side, request) in scenarios() {
        let ended = execute(&world, side, "overtaken", &request);
        let winner = world.arn(side, "winner");
        {
            let mut place = world.change(side);
            place.state.epoch = Epoch(place.state.epoch.0 + 2);
            place.state.lease = lease(&winner);
            place.running.insert(winner);
        }
        let before = end(&world, &ended);
        let payloads = world.payloads.take();
        world.faults.set(None);
        for payload in payloads.iter().filter(|p| is_step(p)) {
            let outcome = failover(&world, side, payload);
            match payload["step"].as_str() {
                Some("release") => assert!(outcome.is_ok()),
                _ => assert_eq!(outcome.unwrap_err().name, "Stale", "{payload}"),
            }
            cases += 1;
        }
        assert_eq!(world.faults.effects.get(), 0);
        for payload in payloads.iter().filter(|p| p["action"] == "undo") {
            failover(&world, side, payload).unwrap();
            let (_, text) = world.place(side).notices.last().unwrap().clone();
            assert!(text.contains("nothing was put back"), "{text}");
        }
        assert_eq!(end(&world, &ended), before);
    }
    println!("{cases} stale steps");
}

#[test]
fn every_step_done_twice_in_a_row_comes_to_the_same() {
    let mut both = scenarios().into_iter().zip(scenarios());
    assert!(both.len() == 4);
    for ((once, side, request), (twice, ..)) in &mut both {
        twice.twice.set(true);
        let ends = [&once, &twice].map(|world| {
            let ended = execute(world, side, "done", &request);
            world.pass(60);
            end(world, &ended)
        });
        assert_eq!(ends[0], ends[1]);
    }
}

#[test]
fn a_step_that_comes_while_its_execution_is_put_back_stops_no_source_that_has_its_tasks_back() {
    let request = sample("request-planned");
    let mut given_back = 0;
    for at in 0.. {
        for put_back in 0.. {
            let world = scaled_up();
            let stops = Fault::Effect(at, When::After, How::Stops);
            world.faults.set(Some(stops));
            let ended = execute(&world, STANDBY, "late", &request);
            if ended.outcome.is_ok()
                || world.place(STANDBY).state.active == world.configuration(STANDBY).region
            {
                assert!(given_back > 0);
                println!("{given_back} cases");
                return;
            }
            world.pass(130);
            let payloads = world.payloads.take();
            let fails = Fault::Effect(put_back, When::Before, How::Fails);
            world.faults.set(Some(fails));
            let _ = watch(&world, STANDBY);
            let struck = world.faults.struck.get();
            world.faults.set(None);
            world.pass(1);
            let held = world.place(STANDBY).state.lease.is_some();
            if held && world.place(Side::Home).serves() {
                let before = world.place(Side::Home).clone();
                for payload in payloads.iter().filter(|p| p["step"] == "stop_source") {
                    drop(failover(&world, STANDBY, payload));
                    given_back += 1;
                }
                assert_eq!(world.place(Side::Home).desired(), before.desired());
            }
            if !struck {
                break;
            }
        }
    }
}
