//! One thing goes wrong, at every place where something can: the end is the same as if nothing had.

use lifeboat_core::{Side, configuration::Approval, person::Verb, run::Step};
use serde_json::Value;

use crate::{
    asked::Mail,
    faults::{Fault, How, When},
    scenario::{
        End, alarm, end, home_died, home_is_back, minutes, moved_by_a_gate, moved_with_an_export,
        run_started, sample, scaled_up,
    },
    workflow::{Ended, execute},
    world::World,
};

const STANDBY: Side = Side::Standby;

struct Scenario {
    name: &'static str,
    side: Side,
    prepare: fn() -> World,
    run: fn(&World) -> Ended,
    /// What is told at least once when it is over.
    told: &'static [(&'static str, &'static str)],
}

fn standby_died() -> World {
    let world = home_is_back();
    world.dies(STANDBY);
    world
}

fn mute(world: World) -> World {
    world.mute.set(true);
    world
}

fn by_mail(mail: Mail) -> World {
    let world = scaled_up();
    world.mail.set(mail);
    world
}

/// A person is asked before users are moved and after, and says this.
fn approved_by(verbs: &[Verb]) -> World {
    let world = scaled_up();
    world.approval.set(Approval::Planned);
    world.commit_seconds.set(600);
    world.person.borrow_mut().extend(verbs);
    world
}

/// Home dies as it is told to stop, and a person gives it up a minute later.
fn falls_silent() -> World {
    let world = scaled_up();
    world.dies_at.set(Some(Step::StopSource));
    world.gives_up.set(true);
    world
}

/// One that was refused before it touched anything is asked for again.
fn ask(world: &World, side: Side, request: &Value) -> Ended {
    let ended = execute(world, side, "first", request);
    if !ended.went_through("Not begun") {
        return ended;
    }
    assert_eq!(world.touched(), 0, "a refusal touches nothing");
    execute(world, side, "second", request)
}

fn by_alarm(world: &World) -> Ended {
    // SNS delivers again what was not taken.
    let taken = (0..3).any(|_| alarm(world, STANDBY).is_ok());
    assert!(taken && world.place(STANDBY).started.len() == 1);
    run_started(world, STANDBY)
}

fn unplanned(world: &World) -> Ended {
    ask(world, STANDBY, &sample("request-unplanned"))
}

fn planned(world: &World) -> Ended {
    ask(world, STANDBY, &sample("request-planned"))
}

const SALVAGED: (&str, &str) = ("replaced region is salvaged", "is saved as");
const SERVES: (&str, &str) = ("us-west-2 serves", "Recovery time");

const SCENARIOS: [Scenario; 29] = [
    Scenario {
        name: "unplanned by alarm",
        side: STANDBY,
        prepare: home_died,
        run: by_alarm,
        told: &[SERVES, SALVAGED],
    },
    Scenario {
        name: "unplanned by a person",
        side: STANDBY,
        prepare: home_died,
        run: unplanned,
        told: &[SERVES, SALVAGED],
    },
    Scenario {
        name: "unplanned while home only seems dead",
        side: STANDBY,
        prepare: || {
            let world = World::new();
            world.cut_off.set(true);
            world
        },
        run: |world| ask(world, STANDBY, &sample("request-override")),
        told: &[SERVES, SALVAGED],
    },
    Scenario {
        name: "unplanned towards home",
        side: Side::Home,
        prepare: standby_died,
        run: |world| ask(world, Side::Home, &sample("request-unplanned")),
        told: &[("us-east-1 serves", "Recovery time"), SALVAGED],
    },
    Scenario {
        name: "unplanned that fails",
        side: STANDBY,
        prepare: || mute(home_died()),
        run: unplanned,
        told: &[("failed", "stays up")],
    },
    Scenario {
        name: "planned",
        side: STANDBY,
        prepare: scaled_up,
        run: planned,
        told: &[SERVES],
    },
    Scenario {
        name: "planned whose questions come twice",
        side: STANDBY,
        prepare: || by_mail(Mail::Twice),
        run: planned,
        told: &[SERVES],
    },
    Scenario {
        name: "planned whose questions come late",
        side: STANDBY,
        prepare: || by_mail(Mail::Late(35)),
        run: planned,
        told: &[SERVES],
    },
    Scenario {
        name: "planned that fails and is undone",
        side: STANDBY,
        prepare: || mute(scaled_up()),
        run: planned,
        told: &[("failed", "has its tasks back")],
    },
    Scenario {
        name: "failback",
        side: Side::Home,
        prepare: home_is_back,
        run: |world| ask(world, Side::Home, &sample("request-planned")),
        told: &[("us-east-1 serves", "Recovery time")],
    },
    Scenario {
        name: "drill",
        side: STANDBY,
        prepare: World::new,
        run: |world| ask(world, STANDBY, &sample("request-drill")),
        told: &[("the drill in us-west-2 passed", "tore it down")],
    },
    Scenario {
        name: "drill that fails and leaves nothing",
        side: STANDBY,
        prepare: || mute(World::new()),
        run: |world| ask(world, STANDBY, &sample("request-drill")),
        told: &[("failed", "was a drill")],
    },
    Scenario {
        name: "planned with a person's approval",
        side: STANDBY,
        prepare: || approved_by(&[Verb::Approve, Verb::Commit]),
        run: planned,
        told: &[SERVES, ("waits for a person", "lifeboat")],
    },
    Scenario {
        name: "planned that nobody approves",
        side: STANDBY,
        prepare: || approved_by(&[]),
        run: planned,
        told: &[
            ("waits for a person", "lifeboat approve"),
            ("failed", "has its tasks back"),
        ],
    },
    Scenario {
        name: "planned that a person makes unplanned when the source falls silent",
        side: STANDBY,
        prepare: falls_silent,
        run: planned,
        told: &[SERVES, SALVAGED],
    },
    Scenario {
        name: "planned by a gate",
        side: STANDBY,
        prepare: || scaled_up().gated(),
        run: planned,
        told: &[SERVES, SALVAGED],
    },
    Scenario {
        name: "planned by a gate that fails and is undone",
        side: STANDBY,
        prepare: || mute(scaled_up().gated()),
        run: planned,
        told: &[("failed", "has its tasks back")],
    },
    Scenario {
        name: "failback by a gate to a region that was left behind one",
        side: Side::Home,
        prepare: moved_by_a_gate,
        run: |world| ask(world, Side::Home, &sample("request-planned")),
        told: &[("us-east-1 serves", "Recovery time"), SALVAGED],
    },
    Scenario {
        name: "unplanned to a region that was left behind a gate",
        side: Side::Home,
        prepare: || {
            let world = moved_by_a_gate();
            world.dies(STANDBY);
            world
        },
        run: |world| ask(world, Side::Home, &sample("request-unplanned")),
        told: &[("us-east-1 serves", "Recovery time"), SALVAGED],
    },
    Scenario {
        name: "planned by a gate that a person makes unplanned when the source falls silent",
        side: STANDBY,
        prepare: || {
            let world = scaled_up().gated();
            world.dies_at.set(Some(Step::FinalBackup));
            world.gives_up.set(true);
            world
        },
        run: planned,
        told: &[SERVES, SALVAGED],
    },
    Scenario {
        name: "planned of what tasks import",
        side: STANDBY,
        prepare: || scaled_up().exported(),
        run: planned,
        told: &[SERVES, SALVAGED],
    },
    Scenario {
        name: "planned of what tasks import that fails and is undone",
        side: STANDBY,
        prepare: || mute(scaled_up().exported()),
        run: planned,
        told: &[("failed", "has its tasks back")],
    },
    Scenario {
        name: "unplanned of what tasks import",
        side: STANDBY,
        prepare: || home_died().exported(),
        run: unplanned,
        told: &[SERVES, SALVAGED],
    },
    Scenario {
        name: "failback of what tasks import",
        side: Side::Home,
        prepare: moved_with_an_export,
        run: |world| ask(world, Side::Home, &sample("request-planned")),
        told: &[("us-east-1 serves", "Recovery time"), SALVAGED],
    },
    Scenario {
        name: "drill of what tasks import",
        side: STANDBY,
        prepare: || World::new().exported(),
        run: |world| ask(world, STANDBY, &sample("request-drill")),
        told: &[("the drill in us-west-2 passed", "tore it down")],
    },
    Scenario {
        name: "unplanned beside warm tasks",
        side: STANDBY,
        prepare: || {
            let world = World::warm();
            world.pass(250);
            world.dies(Side::Home);
            world
        },
        run: unplanned,
        told: &[SERVES, SALVAGED],
    },
    Scenario {
        name: "planned beside warm tasks that fails and is undone",
        side: STANDBY,
        prepare: || mute(World::warm()),
        run: planned,
        told: &[("failed", "has its tasks back")],
    },
    Scenario {
        name: "drill beside warm tasks",
        side: STANDBY,
        prepare: World::warm,
        run: |world| ask(world, STANDBY, &sample("request-drill")),
        told: &[("the drill in us-west-2 passed", "tore it down")],
    },
    Scenario {
        name: "plan",
        side: STANDBY,
        prepare: World::new,
        run: |world| ask(world, STANDBY, &sample("request-plan")),
        told: &[],
    },
];

/// Plays it, lets the dead return, and gives the watch some minutes.
fn play(scenario: &Scenario, fault: Option<Fault>) -> (World, End) {
    let world = (scenario.prepare)();
    world.faults.set(fault);
    let ended = (scenario.run)(&world);
    world.cut_off.set(false);
    for side in [Side::Home, STANDBY] {
        if world.place(side).dead {
            world.returns(side);
        }
    }
    minutes(&world, 6);
    let users_at = world.place(world.answering());
    assert!(users_at.scaled(), "{} {fault:?}", scenario.name);
    drop(users_at);
    let closed = world.closed_gates(world.answering());
    assert!(closed.is_empty(), "{} {fault:?}: {closed:?}", scenario.name);
    let end = end(&world, &ended);
    for (subject, text) in scenario.told {
        let place = world.place(scenario.side);
        let told = place
            .notices
            .iter()
            .filter(|(s, _)| s.contains(subject))
            .collect::<Vec<_>>();
        let right = told.iter().all(|(_, t)| t.contains(text));
        let log = world.log.borrow();
        assert!(
            right && !told.is_empty(),
            "{} {fault:?}: {told:?}\n{log:#?}",
            scenario.name
        );
    }
    (world, end)
}

fn same(scenario: &Scenario, expected: &End, fault: Fault) {
    let (world, end) = play(scenario, Some(fault));
    let log = world.log.borrow();
    assert!(world.faults.struck.get(), "{} {fault:?}", scenario.name);
    assert_eq!(end, *expected, "{} {fault:?}\n{log:#?}", scenario.name);
}

#[test]
fn killed_or_failed_before_or_after_any_effect_it_ends_the_same() {
    let mut cases = 0;
    for scenario in &SCENARIOS {
        let (world, expected) = play(scenario, None);
        let effects = world.faults.effects.get();
        for n in 0..effects {
            for when in [When::Before, When::After] {
                for how in [How::Dies, How::Fails] {
                    same(scenario, &expected, Fault::Effect(n, when, how));
                    cases += 1;
                }
            }
        }
        println!("{}: {effects} effects", scenario.name);
    }
    println!("{cases} cases");
}

#[test]
fn any_single_call_may_fail_and_it_ends_the_same() {
    let mut cases = 0;
    for scenario in &SCENARIOS {
        let (world, expected) = play(scenario, None);
        let calls = world.faults.calls.get();
        for n in 0..calls {
            same(scenario, &expected, Fault::Call(n));
        }
        cases += calls;
        println!("{}: {calls} calls", scenario.name);
    }
    println!("{cases} cases");
}
