//! The region itself fails from some effect on, so that not even the undo comes through.

use lifeboat_core::{Side, marker::Marker};

use crate::{
    faults::Fault,
    scenario::{home_died, minutes, sample, scaled_up},
    workflow::execute,
    world::World,
};

const STANDBY: Side = Side::Standby;

#[test]
fn an_outage_that_lasts_ends_failed_and_once_it_is_over_users_are_served() {
    let mut cases = 0;
    for (prepare, request) in [
        (home_died as fn() -> World, "request-unplanned"),
        (scaled_up, "request-planned"),
    ] {
        let healthy = prepare();
        execute(&healthy, STANDBY, "first", &sample(request))
            .outcome
            .unwrap();
        for n in 0..healthy.faults.effects.get() {
            let world = prepare();
            world.faults.set(Some(Fault::EffectsFrom(n)));
            let ended = execute(&world, STANDBY, "first", &sample(request));
            assert!(ended.outcome.is_err() && ended.went_through("Not undone"));
            world.faults.set(None);
            takes_over_after_all(&world);
            assert_eq!(world.answering(), STANDBY, "{n} {request}");
            assert!(world.place(STANDBY).serves() && world.place(Side::Home).empty());
            cases += 1;
        }
    }
    println!("{cases} cases");
}

/// What people and the watch do when the outage is over.
fn takes_over_after_all(world: &World) {
    if world.place(STANDBY).state.active.as_str() == "us-west-2" {
        // The last resort, which the notice would name.
        world.change(STANDBY).markers = vec![Marker::Serve];
    } else {
        let home = (
            world.place(Side::Home).serves(),
            world.place(Side::Home).dead,
        );
        let request = match home {
            (true, _) => "request-planned",
            (false, true) => "request-unplanned",
            // Half stopped, and nothing that a look calls dead.
            (false, false) => "request-override",
        };
        let ended = execute(world, STANDBY, "second", &sample(request));
        ended.outcome.unwrap();
    }
    if world.place(Side::Home).dead {
        world.returns(Side::Home);
    }
    minutes(world, 4);
}
