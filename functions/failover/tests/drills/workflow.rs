//! Reads the workflow that Terraform deploys, and drives the functions by it.

use std::rc::Rc;

use lifeboat_core::Side;
use serde_json::{Value, json};

use crate::{
    functions::{self, Error},
    jsonata::States,
    world::World,
};

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../infra/modules/failover/workflow.asl.json"
);

thread_local! {
    static MACHINE: Rc<Value> =
        Rc::new(serde_json::from_str(&std::fs::read_to_string(FILE).unwrap()).unwrap());
}

/// How an execution ended: with its output, or with an error.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) outcome: Result<Value, Error>,
    /// The states it went through.
    pub(crate) visited: Vec<String>,
}

impl Ended {
    pub(crate) fn went_through(&self, state: &str) -> bool {
        self.visited.iter().any(|visited| visited == state)
    }
}

/// What a test does to a state as it is about to begin: let it be, or let it fail before or after its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trip {
    Not,
    Before,
    After,
}

pub(crate) struct Execution<'a> {
    world: &'a World,
    side: Side,
    states: &'a Value,
    context: Value,
    meddle: &'a dyn Fn(&str) -> Trip,
}

pub(crate) fn execute(world: &World, side: Side, name: &str, request: &Value) -> Ended {
    execute_with(world, side, name, request, &|_| Trip::Not)
}

pub(crate) fn execute_with(
    world: &World,
    side: Side,
    name: &str,
    request: &Value,
    meddle: &dyn Fn(&str) -> Trip,
) -> Ended {
    let arn = world.arn(side, name);
    world.change(side).running.insert(arn.clone());
    let machine = MACHINE.with(Rc::clone);
    assert_eq!(machine["QueryLanguage"], "JSONata");
    let started = world.now().to_string();
    let execution = Execution {
        world,
        side,
        states: &machine["States"],
        context: json!({"Execution": {"Id": arn, "StartTime": started}}),
        meddle,
    };
    let ended = execution.run(machine["StartAt"].as_str().unwrap(), request);
    world.change(side).running.remove(&arn);
    ended
}

impl Execution<'_> {
    fn run(&self, first: &str, request: &Value) -> Ended {
        let (mut name, mut input) = (first.to_owned(), request.clone());
        let mut visited = vec![];
        let outcome = loop {
            visited.push(name.clone());
            assert!(visited.len() < 2000, "it never ends: {visited:?}");
            let state = &self.states[&name];
            match state["Type"].as_str() {
                Some("Task") => (name, input) = self.task(&name, state, &input),
                Some("Choice") => name = self.choice(state, &input),
                Some("Wait") => {
                    self.world.pass(state["Seconds"].as_i64().unwrap());
                    name = text(&state["Next"]);
                }
                Some("Succeed") => break Ok(input),
                Some("Fail") => {
                    let said = |field: &str| text(&self.at(&input).fill(&state[field]));
                    let (name, cause) = (said("Error"), said("Cause"));
                    break Err(Error { name, cause });
                }
                other => panic!("{name} is of an unknown type: {other:?}"),
            }
        };
        Ended { outcome, visited }
    }

    fn at<'s>(&'s self, input: &'s Value) -> States<'s> {
        States {
            input,
            context: &self.context,
            result: None,
            error: None,
        }
    }

    fn choice(&self, state: &Value, input: &Value) -> String {
        let choices = state["Choices"].as_array().unwrap();
        let states = self.at(input);
        let chosen = choices.iter().find(|choice| {
            known(choice, &["Condition", "Next"]);
            states.holds(&choice["Condition"])
        });
        chosen.map_or_else(|| text(&state["Default"]), |choice| text(&choice["Next"]))
    }

    fn task(&self, name: &str, state: &Value, input: &Value) -> (String, Value) {
        let fields = [
            "Type",
            "Comment",
            "Resource",
            "TimeoutSeconds",
            "Arguments",
            "Output",
            "Retry",
            "Catch",
            "Next",
        ];
        known(state, &fields);
        let mut states = self.at(input);
        let arguments = states.fill(&state["Arguments"]);
        let mut attempts = 0;
        loop {
            let error = match self.attempt(name, state, &arguments) {
                Ok(payload) => {
                    states.result = Some(json!({"Payload": payload}));
                    return (text(&state["Next"]), states.fill(&state["Output"]));
                }
                Err(error) => error,
            };
            let retry = one_of(&state["Retry"], &error.name);
            match retry.filter(|retry| attempts < retry["MaxAttempts"].as_i64().unwrap()) {
                Some(retry) => {
                    self.world
                        .pass(retry["IntervalSeconds"].as_i64().unwrap() << attempts);
                    attempts += 1;
                }
                None => {
                    states.error = Some(json!({"Error": error.name, "Cause": error.cause}));
                    let caught = one_of(&state["Catch"], &error.name)
                        .unwrap_or_else(|| panic!("nobody catches {error:?} of {name}"));
                    return (text(&caught["Next"]), states.fill(&caught["Output"]));
                }
            }
        }
    }

    fn attempt(&self, name: &str, state: &Value, arguments: &Value) -> Result<Value, Error> {
        let tripped = Error {
            name: "TimedOut".into(),
            cause: "tripped".into(),
        };
        let trip = (self.meddle)(name);
        if trip == Trip::Before {
            return Err(tripped);
        }
        let (world, side, payload) = (self.world, self.side, &arguments["Payload"]);
        let answer = match (
            state["Resource"].as_str(),
            arguments["FunctionName"].as_str(),
        ) {
            (Some("arn:aws:states:::sns:publish"), None) => {
                functions::publish(world, side, arguments)
            }
            (Some("arn:aws:states:::lambda:invoke"), Some(function)) => match function {
                "${failover}" => functions::failover(world, side, payload),
                "${image_sync}" => functions::image_sync(world, side, payload),
                "${backup}" => functions::backup(world, side, payload),
                other => panic!("{name} asks an unknown function: {other}"),
            },
            other => panic!("{name} uses an unknown resource: {other:?}"),
        };
        match trip {
            Trip::After => answer.and(Err(tripped)),
            Trip::Not | Trip::Before => answer,
        }
    }
}

/// The first retrier or catcher that names this error.
fn one_of<'v>(rules: &'v Value, error: &str) -> Option<&'v Value> {
    rules.as_array()?.iter().find(|rule| {
        let names = rule["ErrorEquals"].as_array().unwrap();
        names
            .iter()
            .any(|name| name == error || name == "States.ALL")
    })
}

fn known(value: &Value, fields: &[&str]) {
    for field in value.as_object().unwrap().keys() {
        assert!(fields.contains(&field.as_str()), "unknown field {field}");
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[test]
fn every_function_is_asked_again_when_its_process_died_or_lambda_itself_failed() {
    let machine = MACHINE.with(Rc::clone);
    let states = machine["States"].as_object().unwrap();
    for (name, state) in states {
        if state["Resource"] == "arn:aws:states:::lambda:invoke" {
            for error in [
                "Unavailable",
                "Lambda.ServiceException",
                "Lambda.ClientExecutionTimeoutException",
                "Lambda.TooManyRequestsException",
                "Lambda.Unknown",
                "Sandbox.Timedout",
                "Runtime.ExitError",
            ] {
                assert!(one_of(&state["Retry"], error).is_some(), "{name} {error}");
            }
            for error in ["Refused", "Stale", "Invalid", "NotVerified", "TimedOut"] {
                assert!(one_of(&state["Retry"], error).is_none(), "{name} {error}");
            }
            assert_eq!(state["Retry"][0]["BackoffRate"], 2, "{name}");
        }
    }
}
