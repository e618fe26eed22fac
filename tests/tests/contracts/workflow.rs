//! The workflow against the functions that carry it out.

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_core::Failure;
use lifeboat_core::run::Step;
use serde_json::{Map, Value};

use crate::{file, json, text};

const WORKFLOW: &str = "infra/modules/failover/workflow.asl.json";
/// States that are not part of an execution's own work: a failure before, or after, it had anything to undo.
const BEFORE_OR_AFTER: [&str; 4] = ["Begin", "Undo", "Not undone", "Failed"];

fn states() -> Map<String, Value> {
    json(WORKFLOW)["States"].as_object().unwrap().clone()
}

fn tasks() -> impl Iterator<Item = (String, Value)> {
    states()
        .into_iter()
        .filter(|(_, state)| state["Type"] == "Task")
}

fn strings(value: &Value, key: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if name == key {
                    let many = value.as_array().cloned().unwrap_or(vec![value.clone()]);
                    found.extend(many.iter().filter_map(Value::as_str).map(str::to_owned));
                }
                strings(value, key, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| strings(item, key, found)),
        _ => {}
    }
}

/// Where a state may go.
fn next(state: &Value) -> BTreeSet<String> {
    let mut found = vec![];
    strings(state, "Next", &mut found);
    strings(state, "Default", &mut found);
    found.into_iter().collect()
}

#[test]
fn every_error_that_is_matched_is_one_that_a_function_or_aws_returns() {
    assert!(matched(&json(WORKFLOW)).contains(&"Unavailable".to_owned()));
}

/// The errors that a workflow matches, each of which is somebody's.
pub(crate) fn matched(workflow: &Value) -> Vec<String> {
    let mut matched = vec![];
    strings(workflow, "ErrorEquals", &mut matched);
    for name in &matched {
        let ours = Failure::NAMES.contains(&name.as_str());
        let theirs = ["States.", "Lambda.", "Runtime.", "Sandbox."];
        let theirs = theirs.iter().any(|prefix| name.starts_with(prefix));
        assert!(ours || theirs, "{name} is nobody's error");
    }
    matched
}

#[test]
fn every_step_of_the_function_is_a_step_of_the_workflow_and_no_other_is() {
    let words: Vec<String> = tasks()
        .filter_map(|(_, task)| Some(task["Arguments"]["Payload"]["step"].as_str()?.to_owned()))
        .collect();
    let known: BTreeSet<&str> = Step::ALL.iter().map(|step| step.word()).collect();
    assert_eq!(
        words.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        known
    );
    assert_eq!(words.len(), known.len(), "one is there twice");
}

#[test]
fn every_payload_has_the_keys_of_the_functions_sample_event() {
    let mut seen = 0;
    let lambda = |resource: &Value| {
        resource
            .as_str()
            .is_some_and(|r| r.contains("lambda:invoke"))
    };
    for (name, task) in tasks().filter(|(_, task)| lambda(&task["Resource"])) {
        let function = task["Arguments"]["FunctionName"].as_str().unwrap();
        let function = function.trim_matches(['$', '{', '}']).replace('_', "-");
        let payload = task["Arguments"]["Payload"].as_object().unwrap();
        let samples = samples(&function, payload["action"].as_str().unwrap());
        let keys: BTreeSet<&String> = payload.keys().collect();
        assert!(
            samples
                .values()
                .any(|sample| sample.keys().collect::<BTreeSet<_>>() == keys),
            "{name} sends {keys:?}; events/{function} has {:?}",
            samples.keys()
        );
        seen += 1;
    }
    assert!(seen >= Step::ALL.len());
}

/// The sample events of one action, by file.
fn samples(function: &str, action: &str) -> BTreeMap<String, Map<String, Value>> {
    let folder = std::fs::read_dir(file(&format!("events/{function}"))).unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let events = names.map(|name| (name.clone(), json(&format!("events/{function}/{name}"))));
    events
        .filter(|(_, event)| event["action"] == action)
        .map(|(name, event)| (name, event.as_object().unwrap().clone()))
        .collect()
}

#[test]
fn every_failure_of_an_executions_work_is_undone_and_ends_failed() {
    let states = states();
    for (name, task) in tasks().filter(|(name, _)| !BEFORE_OR_AFTER.contains(&name.as_str())) {
        let caught = &task["Catch"][0];
        assert_eq!(
            caught["ErrorEquals"],
            serde_json::json!(["States.ALL"]),
            "{name}"
        );
        assert_eq!(caught["Next"], "Undo", "{name}");
    }
    for name in ["Undo", "Not undone"] {
        let mut open: Vec<String> = next(&states[name]).into_iter().collect();
        while let Some(name) = open.pop() {
            // It leads on only where it was redriven.
            if name == "Failed" {
                continue;
            }
            assert_ne!(
                states[&name]["Type"], "Succeed",
                "a failure would end green"
            );
            open.extend(next(&states[&name]));
        }
    }
    assert_eq!(states["Failed"]["Next"], "Lease");
    assert!(
        states["Failed"].get("Catch").is_none(),
        "it is there to fail"
    );
}

#[test]
fn every_state_is_reached_and_every_wait_comes_back_to_the_step_that_asked() {
    let states = states();
    let (mut open, mut reached) = (vec!["Begin".to_owned()], BTreeSet::new());
    while let Some(name) = open.pop() {
        let state = states
            .get(&name)
            .unwrap_or_else(|| panic!("{name} is no state"));
        if reached.insert(name) {
            open.extend(next(state));
        }
    }
    assert_eq!(reached, states.keys().cloned().collect());
    let waiting: BTreeSet<String> = states
        .iter()
        .filter(|(_, state)| next(state).contains("Waiting"))
        .map(|(name, _)| name.trim_end_matches('?').to_owned())
        .collect();
    let mut back = next(&states["Again"]);
    back.remove("Lost");
    assert_eq!(waiting, back);
    for choice in states["Again"]["Choices"].as_array().unwrap() {
        let step = choice["Next"].as_str().unwrap();
        let word = states[step]["Arguments"]["Payload"]["step"]
            .as_str()
            .unwrap();
        let condition = choice["Condition"].as_str().unwrap();
        assert!(
            condition.contains(&format!("'{word}'")),
            "{condition} leads to {step}"
        );
    }
}

#[test]
fn terraform_reads_no_directive_of_its_own_in_the_workflow() {
    let text = text(WORKFLOW);
    assert!(!text.contains("%{"));
    let names = text
        .split("${")
        .skip(1)
        .map(|rest| rest.split('}').next().unwrap());
    let known = ["failover", "backup", "image_sync", "notices_topic"];
    for name in names {
        assert!(known.contains(&name), "{name} is not given to the template");
    }
}
