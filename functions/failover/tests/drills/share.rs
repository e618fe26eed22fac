//! Our own share of an execution: what is left when containers, targets and name servers take no time. A measurement that
//! prints; run it with `cargo test -p lifeboat-failover --test drills share -- --ignored --nocapture`.

use lifeboat_core::Side;

use crate::{scenario::sample, workflow::execute, world::World};

/// Between two states, and for a function that is warm.
const TRANSITION_MS: u128 = 60;

fn measure(mode: &str, services: usize, died: bool) -> u128 {
    let names: Vec<String> = (0..services).map(|n| format!("s{n:03}")).collect();
    let tasks: Vec<(&str, u32)> = names.iter().map(|name| (name.as_str(), 2)).collect();
    let world = World::of(&tasks);
    world.pass(250);
    if died {
        world.dies(Side::Home);
    }
    world.timed.set(true);
    let ended = execute(&world, Side::Standby, "measured", &sample(mode));
    ended.outcome.unwrap();
    let states = ended.visited.len() as u128;
    world.spent.get().as_millis() + states * TRANSITION_MS
}

#[test]
#[ignore = "a measurement"]
fn our_own_share_does_not_grow_with_the_number_of_services() {
    println!(
        "own share in seconds, of calls that take 40 ms here, 120 ms there and 1.5 s without an answer:"
    );
    println!(
        "{:<28}{:>8}{:>8}{:>8}{:>14}",
        "services", 3, 30, 100, "100 : 3"
    );
    for (mode, died) in [
        ("request-unplanned", true),
        ("request-planned", false),
        ("request-drill", false),
    ] {
        let [few, some, many] = [3, 30, 100].map(|services| measure(mode, services, died));
        let seconds = |share: u128| format!("{}.{:01}", share / 1000, share % 1000 / 100);
        let ratio = format!("{}.{:01}", many / few, many * 10 / few % 10);
        println!(
            "{mode:<28}{:>8}{:>8}{:>8}{ratio:>14}",
            seconds(few),
            seconds(some),
            seconds(many)
        );
    }
}
