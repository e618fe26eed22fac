use super::*;
use lifeboat_core::Region;
use serde_json::json;

fn samples() -> Vec<(String, Value)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/failover");
    let files = std::fs::read_dir(folder).unwrap();
    let mut samples: Vec<_> = files
        .map(|file| {
            let file = file.unwrap();
            let name = file.file_name().into_string().unwrap();
            let text = std::fs::read(file.path()).unwrap();
            (name, serde_json::from_slice(&text).unwrap())
        })
        .collect();
    samples.sort_by(|(a, _), (b, _)| a.cmp(b));
    samples
}

fn sample(name: &str) -> Value {
    let mut found = samples().into_iter().filter(|(file, _)| file == name);
    found.next().unwrap().1
}

fn refused(event: Value) -> String {
    let failure = Event::parse(event).unwrap_err();
    assert_eq!(failure.name(), "Invalid");
    failure.to_string()
}

#[test]
fn every_sample_is_understood_and_ours_are_written_back_the_same() {
    let (mut requests, mut events, mut alarms) = (0, 0, 0);
    for (name, json) in samples() {
        if name.starts_with("request-") {
            let request: Request = serde_json::from_value(json.clone()).unwrap();
            request.validate().unwrap();
            assert_eq!(serde_json::to_value(request).unwrap(), json, "{name}");
            requests += 1;
            continue;
        }
        match Event::parse(json.clone()).unwrap() {
            Event::Own(own) => {
                assert_eq!(serde_json::to_value(own).unwrap(), json, "{name}");
                events += 1;
            }
            Event::Alarms(_) => alarms += 1,
        }
    }
    assert_eq!((requests, events, alarms), (5, 9, 1));
}

#[test]
fn the_runs_of_the_samples_are_valid_where_they_are_meant_to_be() {
    for name in ["step.json", "hold.json", "undo.json", "fail.json"] {
        let run: Run = serde_json::from_value(sample(name)["run"].clone()).unwrap();
        run.validate(&Region::new("us-west-2").unwrap()).unwrap();
        assert!(run.epoch.is_some() && !run.capacity.is_empty(), "{name}");
    }
}

#[test]
fn the_sample_alarm_says_when_it_changed() {
    let Event::Alarms(alarms) = Event::parse(sample("sns-alarm.json")).unwrap() else {
        panic!("no alarm")
    };
    assert_eq!(alarms[0].alarm_name, "forum-active-region-down");
    let changed = alarms[0].changed().unwrap();
    assert_eq!(changed.to_string(), "2024-11-23T12:05:01.337Z");
    let mut odd = alarms[0].clone();
    odd.state_change_time = "yesterday".into();
    let refused = odd.changed().unwrap_err().to_string();
    assert!(refused.starts_with("StateChangeTime"), "{refused}");
}

#[test]
fn fields_that_aws_adds_are_accepted() {
    let mut event = sample("sns-alarm.json");
    event["Added"] = 1.into();
    event["Records"][0]["Added"] = 1.into();
    event["Records"][0]["Sns"]["Added"] = 1.into();
    assert!(
        event["Records"][0]["Sns"]["Message"]
            .to_string()
            .contains("Trigger")
    );
    assert!(matches!(Event::parse(event), Ok(Event::Alarms(_))));
}

#[test]
fn an_unknown_field_of_what_is_asked_is_refused_by_name() {
    for (file, path) in [
        ("watch.json", ""),
        ("begin.json", ""),
        ("begin.json", "/request"),
        ("begin.json", "/execution"),
        ("step.json", ""),
        ("step.json", "/run/request"),
        ("step.json", "/run/backup"),
        ("undo.json", ""),
        ("hold.json", ""),
        ("approve.json", ""),
        ("approve.json", "/order"),
        ("fail.json", ""),
    ] {
        let mut event = sample(file);
        event.pointer_mut(path).unwrap()["surprise"] = 1.into();
        let said = refused(event);
        assert!(said.contains("`surprise`"), "{file}{path}: {said}");
    }
}

/// The state machine carries it from one version of the function to another.
#[test]
fn a_field_of_the_run_that_a_neighbour_adds_is_passed_over() {
    for (file, path) in [
        ("step.json", "/run"),
        ("step.json", "/run/decision"),
        ("step.json", "/run/decision/facts/0"),
        ("step.json", "/run/restored"),
        ("step.json", "/run/images"),
        ("step.json", "/run/waiting"),
        ("step.json", "/run/timeline/0"),
        ("undo.json", "/run"),
        ("hold.json", "/run/waiting/person"),
    ] {
        let plain = sample(file);
        let mut event = plain.clone();
        event.pointer_mut(path).unwrap()["surprise"] = 1.into();
        assert_eq!(
            Event::parse(event).unwrap(),
            Event::parse(plain).unwrap(),
            "{file}{path}"
        );
    }
}

#[test]
fn an_unknown_action_step_or_mode_is_refused_and_the_known_ones_are_named() {
    let mut mode = sample("begin.json");
    mode["request"]["mode"] = "sideways".into();
    let mut step = sample("step.json");
    step["step"] = "jump".into();
    for (event, unknown, known) in [
        (
            json!({"action": "erase"}),
            "erase",
            "`watch`, `rehearse`, `begin`, `step`, `hold`, `order`, `undo`, `fail`",
        ),
        (mode, "sideways", "`plan`, `drill`, `planned`, `unplanned`"),
        (step, "jump", "`lease`, `stop_source`"),
    ] {
        let said = refused(event);
        assert!(said.contains(unknown) && said.contains(known), "{said}");
    }
    assert!(refused(json!({})).contains("action"));
}

#[test]
fn a_message_that_is_no_alarm_is_refused_with_what_it_lacks() {
    let mut event = sample("sns-alarm.json");
    for (message, lacks) in [
        ("hello", "Sns.Message"),
        ("{}", "AlarmName"),
        (r#"{"AlarmName": "a"}"#, "NewStateValue"),
    ] {
        event["Records"][0]["Sns"]["Message"] = message.into();
        let said = refused(event.clone());
        assert!(said.contains(lacks), "{said}");
    }
    assert!(refused(json!({"Records": []})).contains("at least one"));
    assert!(refused(json!({"Records": [{"s3": {}}]})).contains("a message of SNS"));
}
