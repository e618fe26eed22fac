//! Reads the workflow that Terraform deploys, and drives the functions by it.

use std::rc::Rc;

use jiff::Timestamp;
use lifeboat_core::{Side, person::Verb};
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
    /// What the last state was given.
    input: Value,
}

impl Ended {
    pub(crate) fn went_through(&self, state: &str) -> bool {
        self.visited.iter().any(|visited| visited == state)
    }
}

const STOPPED: &str = "Stopped";

fn stopped() -> Error {
    Error {
        name: STOPPED.into(),
        cause: String::new(),
    }
}

/// What a test does to a state as it is about to begin: let it be, or let it fail before or after its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trip {
    Not,
    Before,
    After,
    /// Somebody stops the execution here.
    Stop,
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
    let machine = MACHINE.with(Rc::clone);
    let first = machine["StartAt"].as_str().unwrap();
    run(world, side, name, (first, request, 0), meddle)
}

/// A failed execution goes on from the state that failed it.
pub(crate) fn redrive(world: &World, side: Side, name: &str, failed: &Ended, times: u32) -> Ended {
    let last = failed.visited.last().unwrap();
    run(world, side, name, (last, &failed.input, times), &|_| {
        Trip::Not
    })
}

fn run(
    world: &World,
    side: Side,
    name: &str,
    (first, input, redrives): (&str, &Value, u32),
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
        context: json!({
            "Execution": {"Id": arn, "StartTime": started, "RedriveCount": redrives},
            "Task": {"Token": "token"},
        }),
        meddle,
    };
    let ended = execution.run(first, input);
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
                Some("Task") => match self.task(&name, state, &input) {
                    Ok(next) => (name, input) = next,
                    Err(error) => break Err(error),
                },
                Some("Choice") => name = self.choice(state, &input),
                Some("Wait") => {
                    let seconds = self.at(&input).fill(&state["Seconds"]);
                    self.world.pass(seconds.as_i64().unwrap());
                    self.give_up(&input);
                    name = text(&state["Next"]);
                }
                Some("Succeed") => break Ok(input.clone()),
                Some("Fail") => {
                    let said = |field: &str| text(&self.at(&input).fill(&state[field]));
                    let (name, cause) = (said("Error"), said("Cause"));
                    break Err(Error { name, cause });
                }
                other => panic!("{name} is of an unknown type: {other:?}"),
            }
        };
        Ended {
            outcome,
            visited,
            input,
        }
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

    fn task(&self, name: &str, state: &Value, input: &Value) -> Result<(String, Value), Error> {
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
                Ok(result) => {
                    states.result = Some(result);
                    return Ok((text(&state["Next"]), states.fill(&state["Output"])));
                }
                Err(error) if error.name == STOPPED => return Err(error),
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
                    let Some(caught) = one_of(&state["Catch"], &error.name) else {
                        return Err(error);
                    };
                    states.error = Some(json!({"Error": error.name, "Cause": error.cause}));
                    return Ok((text(&caught["Next"]), states.fill(&caught["Output"])));
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
        match trip {
            Trip::Before => return Err(tripped),
            Trip::Stop => return Err(stopped()),
            Trip::After | Trip::Not => {}
        }
        let (world, side, payload) = (self.world, self.side, &arguments["Payload"]);
        let payload_of = |answer: Value| json!({"Payload": answer});
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
            }
            .map(payload_of),
            (Some("arn:aws:states:::lambda:invoke.waitForTaskToken"), Some("${failover}")) => {
                functions::failover(world, side, payload).and_then(|_| self.person(payload))
            }
            other => panic!("{name} uses an unknown resource: {other:?}"),
        };
        if world.stopped.take() {
            return Err(stopped());
        }
        match trip {
            Trip::After => answer.and(Err(tripped)),
            Trip::Not | Trip::Before | Trip::Stop => answer,
        }
    }
}

/// What the person of this test says, if anything, before the time is over.
impl Execution<'_> {
    fn give_up(&self, run: &Value) {
        let since: Timestamp = run["waiting"]["since"].as_str().unwrap().parse().unwrap();
        let waited = self.world.now().as_second() - since.as_second() > 60;
        if waited && self.world.gives_up.get() {
            let execution = run["execution"].as_str().unwrap();
            let turned = functions::order(self.world, self.side, Verb::Turn, execution);
            self.world.gives_up.set(turned.is_err());
        }
    }

    fn person(&self, payload: &Value) -> Result<Value, Error> {
        let (world, side) = (self.world, self.side);
        let token = text(&payload["token"]);
        if let Some(answered) = world.change(side).answers.remove(&token) {
            return Ok(serde_json::to_value(answered).unwrap());
        }
        let Some(verb) = world.person.borrow_mut().pop_front() else {
            let seconds = &payload["run"]["waiting"]["person"]["seconds"];
            world.pass(seconds.as_i64().unwrap());
            return Err(Error {
                name: "States.Timeout".into(),
                cause: format!("{seconds} s"),
            });
        };
        world.pass(60);
        let execution = payload["run"]["execution"].as_str().unwrap();
        // Whoever gets no answer says it again; it may have been heard the first time.
        let heard = |_: &usize| world.place(side).answers.contains_key(&token);
        let said =
            (0..3).find(|n| functions::order(world, side, verb, execution).is_ok() || heard(n));
        assert!(said.is_some(), "{verb:?} was refused");
        let answered = world.change(side).answers.remove(&token).unwrap();
        Ok(serde_json::to_value(answered).unwrap())
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
        // The last one fails on purpose, by whatever name.
        let asked = |e: &&&str| name != "Failed" || **e != "Unavailable";
        let resource = state["Resource"].as_str().unwrap_or_default();
        if resource.starts_with("arn:aws:states:::lambda:invoke") {
            for error in [
                "Unavailable",
                "Lambda.ServiceException",
                "Lambda.ClientExecutionTimeoutException",
                "Lambda.TooManyRequestsException",
                "Lambda.Unknown",
                "Sandbox.Timedout",
                "Runtime.ExitError",
            ]
            .iter()
            .filter(asked)
            {
                assert!(one_of(&state["Retry"], error).is_some(), "{name} {error}");
            }
            for error in ["Refused", "Stale", "Invalid", "NotVerified", "TimedOut"] {
                assert!(one_of(&state["Retry"], error).is_none(), "{name} {error}");
            }
            assert_eq!(state["Retry"][0]["BackoffRate"], 2, "{name}");
        }
    }
}
