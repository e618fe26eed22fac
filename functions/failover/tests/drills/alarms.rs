//! What starts an execution by itself, and what does not.

use lifeboat_core::{
    Side,
    backup::{BackupName, Kind},
};
use serde_json::json;

use crate::{
    faults::{Fault, How, When},
    functions::failover,
    scenario::{alarm, alarm_with, home_died, lease, minutes, run_started, watch},
    workflow::execute,
    world::World,
};

const STANDBY: Side = Side::Standby;

fn first(answer: &serde_json::Value) -> (String, String) {
    let trigger = &answer[0];
    let why = [&trigger["reason"], &trigger["reasons"]].map(|v| v.to_string());
    (trigger["is"].as_str().unwrap().to_owned(), why.concat())
}

#[test]
fn an_alarm_delivered_twice_starts_one_execution() {
    let world = home_died();
    let began = alarm(&world, STANDBY).unwrap();
    assert_eq!(began[0]["is"], "started");
    let name = "forum-unplanned-20241123-120501";
    assert_eq!(began[0]["execution"], world.arn(STANDBY, name));
    assert_eq!(first(&alarm(&world, STANDBY).unwrap()).0, "already_started");
    run_started(&world, STANDBY).outcome.unwrap();
    let late = first(&alarm(&world, STANDBY).unwrap());
    assert_eq!(late.0, "refused");
    assert!(late.1.contains("us-west-2 is active already"), "{}", late.1);
    assert_eq!(world.place(STANDBY).started.len(), 1);
}

#[test]
fn two_alarms_in_one_delivery_are_two_answers_and_one_execution() {
    let world = home_died();
    let mut event = crate::scenario::sample("sns-alarm");
    let record = event["Records"][0].clone();
    event["Records"].as_array_mut().unwrap().push(record);
    let answer = failover(&world, STANDBY, &event).unwrap();
    let said: Vec<_> = answer
        .as_array()
        .unwrap()
        .iter()
        .map(|t| &t["is"])
        .collect();
    assert_eq!(said, ["started", "already_started"]);
    assert_eq!(world.place(STANDBY).started.len(), 1);
}

#[test]
fn an_alarm_that_is_over_or_is_not_ours_starts_nothing_and_tells_nobody() {
    let world = home_died();
    for (changes, why) in [
        (json!({"NewStateValue": "OK"}), "went to OK"),
        (
            json!({"NewStateValue": "INSUFFICIENT_DATA"}),
            "INSUFFICIENT_DATA",
        ),
        (json!({"AlarmName": "cpu"}), "cpu starts nothing"),
    ] {
        let answer = failover(&world, STANDBY, &alarm_with(changes)).unwrap();
        let (word, said) = first(&answer);
        assert!(word == "ignored" && said.contains(why), "{word} {said}");
    }
    assert_eq!(*world.log.borrow(), [""; 0]);
}

#[test]
fn a_message_that_is_no_alarm_is_refused_and_has_no_effect() {
    let world = home_died();
    let mut event = crate::scenario::sample("sns-alarm");
    event["Records"][0]["Sns"]["Message"] = "down!".into();
    let refused = failover(&world, STANDBY, &event).unwrap_err();
    assert_eq!(refused.name, "Invalid");
    assert!(refused.cause.contains("Sns.Message"), "{}", refused.cause);
    let late = alarm_with(json!({"StateChangeTime": "soon"}));
    let refused = failover(&world, STANDBY, &late).unwrap_err();
    assert!(refused.cause.contains("StateChangeTime"), "{refused:?}");
    assert_eq!(*world.log.borrow(), [""; 0]);
}

#[test]
fn a_forged_or_foreign_message_starts_nothing_and_is_refused_with_its_reason() {
    let world = home_died();
    let topic = |arn: &str| {
        let mut event = crate::scenario::sample("sns-alarm");
        event["Records"][0]["Sns"]["TopicArn"] = arn.into();
        event
    };
    let arn = |arn: &str| alarm_with(json!({ "AlarmArn": arn }));
    let alarm = "forum-active-region-down";
    let own = "only the alarm forum-active-region-down of account 123456789012 in us-west-2 does";
    for (event, why) in [
        (
            topic("arn:aws:sns:us-west-2:123456789012:anything"),
            "anything starts nothing",
        ),
        (
            topic("arn:aws:sns:us-east-1:123456789012:forum-alarms"),
            "only arn:aws:sns:us-west-2:123456789012:forum-alarms does",
        ),
        (
            arn(&format!(
                "arn:aws:cloudwatch:us-east-1:123456789012:alarm:{alarm}"
            )),
            own,
        ),
        (
            arn(&format!(
                "arn:aws:cloudwatch:us-west-2:210987654321:alarm:{alarm}"
            )),
            own,
        ),
        (
            arn("arn:aws:cloudwatch:us-west-2:123456789012:alarm:another"),
            own,
        ),
        (arn(""), own),
        (
            alarm_with(json!({"AlarmName": "another"})),
            "another starts nothing",
        ),
        (
            alarm_with(json!({"AlarmRule": "ALARM(a) AND ALARM(b)"})),
            "is a composite alarm",
        ),
    ] {
        let answer = failover(&world, STANDBY, &event).unwrap();
        let (word, said) = first(&answer);
        assert!(word == "ignored" && said.contains(why), "{word} {said}");
    }
    assert_eq!(*world.log.borrow(), [""; 0]);
}

#[test]
fn a_composite_alarms_message_is_refused_also_under_our_name() {
    let world = home_died();
    let message = json!({
        "AlarmName": "forum-active-region-down", "AlarmDescription": null, "AWSAccountId": "123456789012",
        "NewStateValue": "ALARM", "StateChangeTime": "2024-11-23T12:05:01.337+0000", "Region": "US West (Oregon)",
        "AlarmArn": "arn:aws:cloudwatch:us-west-2:123456789012:alarm:forum-active-region-down",
        "NewStateReason": "arn:aws:cloudwatch:us-west-2:123456789012:alarm:a transitioned to ALARM",
        "AlarmRule": "ALARM(a) AND ALARM(b)", "OldStateValue": "OK", "TriggeringChildren": [{"Arn": "a"}]
    });
    let mut event = crate::scenario::sample("sns-alarm");
    event["Records"][0]["Sns"]["Message"] = message.to_string().into();
    let (word, why) = first(&failover(&world, STANDBY, &event).unwrap());
    assert!(
        word == "ignored" && why.contains("composite"),
        "{word} {why}"
    );
}

#[test]
fn nothing_starts_by_itself_in_a_maintenance_window_and_it_is_decided_again_when_it_closes() {
    let world = home_died();
    // 12:04:10 on a Saturday.
    world.maintenance.set(Some("sat 12:00-12:06"));
    let (word, why) = first(&alarm(&world, STANDBY).unwrap());
    assert!(
        word == "refused" && why.contains("the window sat 12:00-12:06 (UTC) is open"),
        "{word} {why}"
    );
    minutes(&world, 1);
    assert!(world.place(STANDBY).started.is_empty());
    minutes(&world, 1);
    assert_eq!(world.place(STANDBY).started.len(), 1);
}

#[test]
fn an_alarm_with_a_long_reason_in_any_language_starts_an_execution_that_begins() {
    let world = home_died();
    let event = alarm_with(json!({"NewStateReason": "Schwelle überschritten – ".repeat(60)}));
    assert_eq!(
        failover(&world, STANDBY, &event).unwrap()[0]["is"],
        "started"
    );
    run_started(&world, STANDBY).outcome.unwrap();
}

#[test]
fn an_alarm_is_only_a_hint_a_region_that_serves_is_left_alone_and_people_are_told() {
    let world = World::new();
    let (word, why) = first(&alarm(&world, STANDBY).unwrap());
    assert!(word == "refused" && why.contains("serves"), "{word} {why}");
    assert_eq!(world.told(STANDBY), ["forum: automatic failover refused"]);
    assert!(world.place(STANDBY).started.is_empty());
}

#[test]
fn what_cannot_be_told_is_held_and_decided_again_each_minute_while_the_alarm_lasts() {
    let world = World::new();
    world.cut_off.set(true);
    world.change(STANDBY).alarm = Some(world.now());
    let (word, why) = first(&alarm(&world, STANDBY).unwrap());
    assert!(
        word == "held" && why.contains("cannot tell"),
        "{word} {why}"
    );
    assert_eq!(world.told(STANDBY), ["forum: automatic failover held"]);
    let (_, text) = world.place(STANDBY).notices.last().unwrap().clone();
    for said in [
        "- active_region_down: cannot tell: ",
        "- images_ready: yes: every image is here",
        "--override \"active_region_down=",
    ] {
        assert!(text.contains(said), "{text}");
    }
    let again = watch(&world, STANDBY).unwrap();
    assert_eq!(again["trigger"]["is"], "held", "{again}");
    world.change(STANDBY).alarm = None;
    assert_eq!(watch(&world, STANDBY).unwrap()["trigger"], json!(null));
    world.pass(250);
    world.dies(Side::Home);
    let again = watch(&world, STANDBY).unwrap();
    let execution = world.arn(STANDBY, "forum-unplanned-20241123-120410");
    assert_eq!(
        again["trigger"],
        json!({"is": "started", "execution": execution})
    );
    let twice = watch(&world, STANDBY).unwrap();
    assert_eq!(twice["trigger"]["is"], "already_started");
    run_started(&world, STANDBY).outcome.unwrap();
    assert_eq!(watch(&world, STANDBY).unwrap()["trigger"], json!(null));
}

/// The load balancers do not hear each other, and the alarm stands.
fn unclear() -> World {
    let world = World::new();
    world.cut_off.set(true);
    world.change(STANDBY).alarm = Some("2024-11-23T12:05:01Z".parse().unwrap());
    world
}

const HELD: &str = "forum: automatic failover held";
const STILL: &str = "forum: automatic failover still held";
const REFUSED: &str = "forum: automatic failover refused";

/// A backup that is as old as the one was with which everything began.
fn fresh_backup(world: &World) {
    let mut place = world.change(STANDBY);
    let (key, records) = place.backups.first_key_value().unwrap();
    let (mut key, records) = (key.clone(), records.clone());
    key.name = BackupName::new(Kind::Backup, world.now());
    place.backups.insert(key, records);
}

#[test]
fn people_hear_once_why_an_alarm_starts_nothing_and_again_after_an_hour() {
    let world = unclear();
    alarm(&world, STANDBY).unwrap();
    alarm(&world, STANDBY).unwrap();
    for _ in 0..59 {
        fresh_backup(&world);
        minutes(&world, 1);
    }
    assert_eq!(world.told(STANDBY), [HELD]);
    minutes(&world, 1);
    assert_eq!(world.told(STANDBY), [HELD, STILL]);
    fresh_backup(&world);
    minutes(&world, 30);
    assert_eq!(world.told(STANDBY), [HELD, STILL]);
}

#[test]
fn people_hear_when_a_later_minute_decides_otherwise_or_for_another_reason() {
    let world = unclear();
    let mut told = vec![HELD];
    alarm(&world, STANDBY).unwrap();
    let cool_down = |seconds: i64| {
        let until = world.now() + jiff::SignedDuration::from_secs(seconds);
        world.change(STANDBY).state.cool_down_until = Some(until);
    };
    cool_down(90);
    minutes(&world, 1);
    told.push(REFUSED);
    assert_eq!(world.told(STANDBY), told, "it would be refused now");
    let text = |world: &World| world.place(STANDBY).notices.last().unwrap().1.clone();
    assert!(text(&world).contains("- cooled_down: no: "));
    minutes(&world, 1);
    told.push(HELD);
    assert_eq!(world.told(STANDBY), told, "the cool-down is over");
    for side in [Side::Home, STANDBY] {
        world.change(side).backups.clear();
    }
    minutes(&world, 2);
    told.push(REFUSED);
    assert_eq!(world.told(STANDBY), told, "there is no backup");
    cool_down(3600);
    minutes(&world, 2);
    told.push(REFUSED);
    assert_eq!(world.told(STANDBY), told, "and a cool-down");
    assert!(text(&world).contains("- backup_there: no: "));
}

#[test]
fn another_alarm_is_told_anew_and_so_is_what_follows_an_execution() {
    let world = unclear();
    minutes(&world, 3);
    world.change(STANDBY).alarm = None;
    minutes(&world, 3);
    assert_eq!(world.told(STANDBY), [HELD]);
    world.change(STANDBY).alarm = Some(world.now());
    minutes(&world, 3);
    assert_eq!(world.told(STANDBY), [HELD; 2]);
    // A person tried it and it came to nothing.
    world.change(STANDBY).state.epoch = lifeboat_core::Epoch(1);
    minutes(&world, 3);
    assert_eq!(world.told(STANDBY), [HELD; 3]);
}

#[test]
fn what_could_not_be_told_is_told_in_the_next_minute_and_what_could_not_be_remembered_once_more() {
    // The effects of a minute that tells: it tells, and it remembers.
    for (fault, notices) in [
        (Fault::Effect(0, When::Before, How::Fails), 1),
        (Fault::Effect(0, When::Before, How::Dies), 1),
        (Fault::Effect(0, When::After, How::Dies), 2),
        (Fault::Effect(1, When::Before, How::Fails), 2),
        (Fault::Effect(1, When::Before, How::Dies), 2),
        (Fault::Effect(1, When::After, How::Dies), 1),
    ] {
        let world = unclear();
        world.faults.set(Some(fault));
        assert!(watch(&world, STANDBY).is_err(), "{fault:?}");
        minutes(&world, 5);
        assert_eq!(world.told(STANDBY), vec![HELD; notices], "{fault:?}");
    }
}

#[test]
fn a_call_that_fails_keeps_nobody_from_being_told() {
    let calls = {
        let world = unclear();
        world.faults.set(None);
        watch(&world, STANDBY).unwrap();
        world.faults.calls.get()
    };
    for n in 0..calls {
        let world = unclear();
        world.faults.set(Some(Fault::Call(n)));
        drop(watch(&world, STANDBY));
        minutes(&world, 2);
        let told = world.told(STANDBY);
        let held = told.iter().filter(|told| *told == HELD).count();
        assert!(
            (1..=2).contains(&held) && held == told.len(),
            "{n} {told:?}"
        );
    }
    println!("{calls} calls");
}

#[test]
fn an_alarm_in_a_region_that_cannot_even_look_fails_and_people_hear_what_did_not_answer() {
    let world = unclear();
    // The state is read first.
    world.faults.set(Some(Fault::Call(1)));
    let failed = alarm(&world, STANDBY).unwrap_err();
    assert_eq!(failed.name, "Unavailable", "and is asked again");
    let (subject, text) = world.place(STANDBY).notices.last().unwrap().clone();
    assert_eq!(subject, HELD);
    assert!(text.contains("it could not look: ask the probe"), "{text}");
}

#[test]
fn the_alarms_message_and_the_watch_start_the_same_execution() {
    let world = home_died();
    let since = "2024-11-23T12:05:01Z".parse().unwrap();
    world.change(STANDBY).alarm = Some(since);
    alarm(&world, STANDBY).unwrap();
    let lasting = watch(&world, STANDBY).unwrap();
    assert_eq!(lasting["trigger"]["is"], "already_started");
    assert_eq!(world.place(STANDBY).started.len(), 1);
}

#[test]
fn after_an_execution_that_ended_without_taking_over_the_watch_starts_one_each_minute() {
    let world = home_died();
    watch(&world, STANDBY).unwrap();
    world.change(STANDBY).running.clear();
    for (after, is, started) in [
        (0, "started", 2),
        (1, "already_started", 2),
        (60, "started", 3),
    ] {
        world.pass(after);
        let again = watch(&world, STANDBY).unwrap();
        assert_eq!(again["trigger"]["is"], is);
        assert_eq!(world.place(STANDBY).started.len(), started);
    }
}

#[test]
fn an_alarm_in_a_cool_down_is_refused_and_decided_again_when_it_ends() {
    let world = home_died();
    let until = world.now() + jiff::SignedDuration::from_secs(90);
    world.change(STANDBY).state.cool_down_until = Some(until);
    assert_eq!(first(&alarm(&world, STANDBY).unwrap()).0, "refused");
    minutes(&world, 1);
    assert!(world.place(STANDBY).started.is_empty());
    minutes(&world, 1);
    assert_eq!(world.place(STANDBY).started.len(), 1);
}

#[test]
fn an_execution_that_is_at_work_is_left_in_peace_and_one_that_was_stopped_is_not_waited_for() {
    let world = home_died();
    let (stopped, mut holding) = (world.arn(STANDBY, "a"), world.place(STANDBY).state.clone());
    (holding.epoch, holding.lease) = (lifeboat_core::Epoch(1), lease(&stopped));
    world.change(STANDBY).state = holding;
    world.change(STANDBY).running.insert(stopped.clone());
    assert_eq!(watch(&world, STANDBY).unwrap()["trigger"], json!(null));
    world.change(STANDBY).running.remove(&stopped);
    let again = watch(&world, STANDBY).unwrap();
    assert_eq!(again["trigger"]["is"], "started", "{again}");
    assert_eq!(
        world.place(STANDBY).state.owner(),
        None,
        "and stands in nobody's way"
    );
    run_started(&world, STANDBY).outcome.unwrap();
    assert_eq!(world.place(STANDBY).state.epoch.0, 3);
}

#[test]
fn the_off_switch_stops_every_automatic_start_and_no_person() {
    let world = home_died();
    world.automatic.set(false);
    let (word, why) = first(&alarm(&world, STANDBY).unwrap());
    assert!(word == "refused" && why.contains("switched off"), "{why}");
    assert_eq!(watch(&world, STANDBY).unwrap()["trigger"], json!(null));
    let request = crate::scenario::sample("request-unplanned");
    execute(&world, STANDBY, "by-hand", &request)
        .outcome
        .unwrap();
}

#[test]
fn an_alarm_brings_nobody_home() {
    let world = crate::scenario::home_is_back();
    world.dies(STANDBY);
    let (word, why) = first(&alarm(&world, Side::Home).unwrap());
    assert!(
        word == "refused" && why.contains("brings nobody home"),
        "{why}"
    );
    assert_eq!(
        watch(&world, Side::Home).unwrap()["trigger"]["is"],
        "refused"
    );
    assert!(world.place(Side::Home).started.is_empty());
}
