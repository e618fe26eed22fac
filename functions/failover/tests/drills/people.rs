//! What people say to an execution that is at work.

use lifeboat_core::{
    Side,
    configuration::Approval,
    failure::Caught,
    person::{Awaits, Verb},
    state::{FenceProgress, Hold},
};
use serde_json::json;

use crate::{
    functions::{failover, order},
    scenario::{alarm, home_died, minutes, run_started, sample, scaled_up},
    workflow::{Ended, Trip, execute, execute_with, redrive},
    world::{NOON, Records, World},
};

const STANDBY: Side = Side::Standby;

fn asked(verbs: &[Verb]) -> (World, Ended) {
    let world = scaled_up();
    world.approval.set(Approval::Planned);
    world.commit_seconds.set(600);
    world.person.borrow_mut().extend(verbs);
    let ended = execute(&world, STANDBY, "asking", &sample("request-planned"));
    (world, ended)
}

#[test]
fn users_are_moved_when_a_person_approves() {
    let (world, ended) = asked(&[Verb::Approve, Verb::Commit]);
    let run = ended.outcome.unwrap();
    assert_eq!(run["committed"]["verb"], "commit");
    assert_eq!(world.answering(), STANDBY);
    assert_eq!(world.lost(), Records::new());
}

#[test]
fn nobody_is_moved_when_a_person_rejects_or_says_nothing_in_time() {
    let rejected = ("Rejected", "a person says so");
    for (verbs, (name, why)) in [
        (&[Verb::Reject][..], rejected),
        (&[], ("States.Timeout", "3600 s")),
    ] {
        let (world, ended) = asked(verbs);
        let error = ended.outcome.unwrap_err();
        assert_eq!(error.name, name);
        assert!(error.cause.contains(why), "{error:?}");
        let place = world.place(STANDBY);
        let mut notices = place.notices.iter();
        let (_, asks) = notices
            .find(|(s, _)| s.contains("waits for a person"))
            .unwrap();
        for said in [
            "may users be moved from us-east-1",
            "lifeboat reject --to us-west-2",
            "Without an answer it fails",
        ] {
            assert!(asks.contains(said), "{asks}");
        }
        drop(place);
        assert_eq!(world.answering(), Side::Home);
        minutes(&world, 1);
        assert!(world.place(STANDBY).empty() && world.place(Side::Home).serves());
    }
}

#[test]
fn a_move_that_a_person_cancels_or_says_nothing_about_is_reported_as_it_stands() {
    let (world, ended) = asked(&[Verb::Approve, Verb::Cancel]);
    assert_eq!(ended.outcome.unwrap()["committed"]["verb"], "cancel");
    assert_eq!(
        world.answering(),
        STANDBY,
        "the way back is an execution of its own"
    );
    let (world, ended) = asked(&[Verb::Approve]);
    assert!(ended.outcome.is_err());
    let (_, text) = world.place(STANDBY).notices.last().unwrap().clone();
    assert!(text.contains("nothing is undone by itself"), "{text}");
}

#[test]
fn an_alarms_execution_asks_nobody_unless_all_do() {
    for (approval, asks) in [(Approval::Planned, false), (Approval::Always, true)] {
        let world = home_died();
        world.approval.set(approval);
        let ended = execute(&world, STANDBY, "by-hand", &sample("request-unplanned"));
        assert_eq!(ended.went_through("Hold"), asks);
    }
}

#[test]
fn an_execution_that_is_paused_goes_on_when_it_is_resumed_however_long_that_was() {
    let world = scaled_up();
    let arn = world.arn(STANDBY, "paused");
    world.person.borrow_mut().push_back(Verb::Resume);
    let at = |now: &str| {
        if now == "Await healthy" && world.person.borrow().len() == 1 {
            drop(order(&world, STANDBY, Verb::Pause, &arn));
        }
        if now == "Hold" {
            world.pass(20_000);
        }
        Trip::Not
    };
    let ended = execute_with(&world, STANDBY, "paused", &sample("request-planned"), &at);
    assert!(ended.went_through("Hold"));
    ended.outcome.unwrap();
    assert_eq!(world.answering(), STANDBY);
}

#[test]
fn a_source_that_falls_silent_is_waited_for_and_given_up_by_a_person() {
    let world = scaled_up();
    world
        .dies_at
        .set(Some(lifeboat_core::run::Step::StopSource));
    world.gives_up.set(true);
    let ended = execute(&world, STANDBY, "turned", &sample("request-planned"));
    assert_eq!(ended.outcome.unwrap()["turned"], "a person says so");
    let told = world.told(STANDBY);
    let waits = told
        .iter()
        .filter(|subject| subject.contains("waits for its source"));
    assert_eq!(waits.count(), 1, "{told:?}");
    assert_eq!(world.answering(), STANDBY);
    let fence = world.place(STANDBY).state.fence.clone().unwrap();
    assert_eq!(fence.progress, FenceProgress::Pending);
    world.returns(Side::Home);
    minutes(&world, 3);
    assert!(world.place(Side::Home).empty());
    assert_eq!(world.place(Side::Home).salvaged.len(), 1);
}

#[test]
fn a_failed_execution_is_redriven_from_the_lease() {
    for request in ["request-unplanned", "request-planned", "request-drill"] {
        let world = match request {
            "request-unplanned" => home_died(),
            _ => scaled_up(),
        };
        world.mute.set(true);
        let failed = execute(&world, STANDBY, "redriven", &sample(request));
        assert!(failed.outcome.is_err());
        world.mute.set(false);
        minutes(&world, 1);
        let ended = redrive(&world, STANDBY, "redriven", &failed, 1);
        assert_eq!(ended.visited[..2], ["Failed", "Lease"]);
        ended.outcome.unwrap();
        let serves = request != "request-drill";
        assert_eq!(world.place(STANDBY).serves(), serves, "{request}");
    }
}

#[test]
fn a_redrive_is_refused_when_the_epoch_has_moved_on() {
    let world = home_died();
    world.mute.set(true);
    let failed = execute(&world, STANDBY, "first", &sample("request-unplanned"));
    world.mute.set(false);
    let second = execute(&world, STANDBY, "second", &sample("request-unplanned"));
    second.outcome.unwrap();
    world.faults.set(None);
    let ended = redrive(&world, STANDBY, "first", &failed, 1);
    let refused = ended.outcome.unwrap_err();
    assert!(refused.cause.contains("is active already"), "{refused:?}");
    let third = execute(&world, STANDBY, "third", &sample("request-unplanned"));
    let words = |error: &crate::functions::Error| {
        let caught = Caught {
            error: error.name.clone(),
            cause: error.cause.clone(),
        };
        caught.message()
    };
    let begun = words(&third.outcome.unwrap_err());
    assert_eq!(words(&refused), begun, "one text for both");
    assert!(
        begun.contains("passive: no: ") && !begun.contains(": yes: "),
        "{begun}"
    );
    assert!(world.place(STANDBY).serves());
}

#[test]
fn a_redrive_is_refused_when_the_facts_are_others_now_and_an_alarms_has_no_cool_down() {
    for (home_is_back, goes_on) in [(true, false), (false, true)] {
        let world = home_died();
        world.mute.set(true);
        alarm(&world, STANDBY).unwrap();
        let failed = run_started(&world, STANDBY);
        let arn = world.place(STANDBY).started.keys().next().unwrap().clone();
        world.mute.set(false);
        if home_is_back {
            world.returns(Side::Home);
        }
        let name = lifeboat_core::run::name_of(&arn).to_owned();
        let ended = redrive(&world, STANDBY, &name, &failed, 1);
        assert_eq!(ended.outcome.is_ok(), goes_on, "{:?}", ended.outcome);
    }
}

#[test]
fn a_planned_execution_is_made_unplanned_while_it_waits_for_its_backup() {
    let world = scaled_up();
    let (arn, noon) = (world.arn(STANDBY, "turned"), NOON.parse().unwrap());
    let at = |now: &str| {
        if now == "Await replica"
            && world
                .place(STANDBY)
                .state
                .lease
                .as_ref()
                .is_some_and(|l| l.turned.is_none())
        {
            // It never comes through.
            let mut place = world.change(STANDBY);
            place.backups.retain(|key, _| key.name.at < noon);
            drop(place);
            drop(order(&world, STANDBY, Verb::Turn, &arn));
        }
        Trip::Not
    };
    let ended = execute_with(&world, STANDBY, "turned", &sample("request-planned"), &at);
    ended.outcome.unwrap();
    assert_eq!(world.answering(), STANDBY);
}

#[test]
fn a_turned_execution_that_fails_gives_its_source_back_where_that_answers() {
    let world = scaled_up();
    world.mute.set(true);
    let arn = world.arn(STANDBY, "turned");
    let at = |now: &str| {
        if now == "Restore" {
            drop(order(&world, STANDBY, Verb::Turn, &arn));
        }
        Trip::Not
    };
    let ended = execute_with(&world, STANDBY, "turned", &sample("request-planned"), &at);
    assert!(ended.outcome.is_err());
    minutes(&world, 1);
    assert!(world.place(Side::Home).serves());
    let (_, text) = world.place(STANDBY).notices.last().unwrap().clone();
    assert!(text.contains("given up midway"), "{text}");
}

#[test]
fn what_cannot_be_put_back_keeps_no_dead_region_from_being_replaced() {
    let world = scaled_up();
    let at = |now: &str| {
        if now == "Restore" && !world.place(Side::Home).dead {
            world.dies(Side::Home);
            return Trip::Stop;
        }
        Trip::Not
    };
    execute_with(&world, STANDBY, "stopped", &sample("request-planned"), &at);
    for _ in 0..4 {
        world.pass(60);
        drop(crate::scenario::watch(&world, STANDBY));
    }
    assert_eq!(
        world.place(STANDBY).started.len(),
        1,
        "{:?}",
        world.log.borrow()
    );
}

#[test]
fn an_answer_that_comes_too_late_says_so() {
    let world = scaled_up();
    world.approval.set(Approval::Planned);
    let at = |now: &str| match now {
        "Stop source" => Trip::Stop,
        _ => Trip::Not,
    };
    world.person.borrow_mut().push_back(Verb::Approve);
    execute_with(&world, STANDBY, "gone", &sample("request-planned"), &at);
    let arn = world.arn(STANDBY, "gone");
    if let Some(lease) = &mut world.change(STANDBY).state.lease {
        lease.hold = Some(Hold {
            awaits: Awaits::Approval,
            since: jiff::Timestamp::UNIX_EPOCH,
            token: "token".into(),
        });
    }
    let late = order(&world, STANDBY, Verb::Approve, &arn).unwrap_err();
    assert!(late.cause.contains("comes too late"), "{late:?}");
    let hold = world
        .place(STANDBY)
        .state
        .lease
        .as_ref()
        .unwrap()
        .hold
        .clone();
    assert_eq!(hold, None, "and it is asked for no more");
}

#[test]
fn a_word_to_nobody_or_to_another_is_refused_and_changes_nothing() {
    let world = World::new();
    for (verb, execution) in [("pause", "a"), ("approve", "a"), ("turn", "a")] {
        let order = json!({"verb": verb, "reason": "x", "execution": execution});
        let event = json!({"action": "order", "order": order});
        let refused = failover(&world, STANDBY, &event).unwrap_err();
        assert_eq!(refused.name, "Refused");
        assert!(refused.cause.contains("no execution is at work"));
    }
    assert_eq!(world.touched(), 0);
}

#[test]
fn an_acknowledgement_lets_an_alarm_start_again() {
    let world = home_died();
    let until = world.now() + jiff::SignedDuration::from_secs(3600);
    world.change(STANDBY).state.cool_down_until = Some(until);
    minutes(&world, 1);
    assert!(world.place(STANDBY).started.is_empty());
    failover(&world, STANDBY, &sample("acknowledge")).unwrap();
    minutes(&world, 1);
    assert_eq!(world.place(STANDBY).started.len(), 1);
}

#[test]
fn an_execution_keeps_to_the_plan_that_it_was_given_or_begins_nothing() {
    let world = World::new();
    let ended = execute(&world, STANDBY, "plan", &sample("request-plan"));
    let digest = ended.outcome.unwrap()["plan"]["digest"].clone();
    let mut request = sample("request-planned");
    request["plan"] = digest;
    // Another task, another world.
    world
        .change(Side::Home)
        .services
        .get_mut("users")
        .unwrap()
        .desired = 4;
    let refused = execute(&world, STANDBY, "other", &request)
        .outcome
        .unwrap_err();
    assert!(refused.cause.contains("ask for a new plan"), "{refused:?}");
    assert_eq!(world.touched(), 0);
    world
        .change(Side::Home)
        .services
        .get_mut("users")
        .unwrap()
        .desired = 3;
    world.pass(120);
    execute(&world, STANDBY, "same", &request).outcome.unwrap();
    assert_eq!(world.answering(), STANDBY);
}
