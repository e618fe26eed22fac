//! The workflow of one region: starting an execution, and looking at how it stands.

use aws_sdk_sfn::{
    Client,
    types::{ExecutionStatus, HistoryEvent, HistoryEventType},
};
use jiff::Timestamp;
use lifeboat_aws::explain;
use lifeboat_core::{
    Failure, Invalid, Region,
    failure::Caught,
    request::{Mode, Request},
    run::name_of,
};
use serde::Deserialize;
use serde_json::Value;

#[allow(async_fn_in_trait)]
pub trait Workflow {
    /// Answers the ARN of the execution; the same name and request twice start one.
    async fn start(&self, name: &str, request: &Request) -> Result<String, Failure>;
    /// The ARN of an execution by its name, or its ARN.
    fn execution(&self, name: &str) -> String;
    /// In which mode it was started.
    async fn mode(&self, execution: &str) -> Result<Mode, Failure>;
    async fn standing(&self, execution: &str) -> Result<Standing, Failure>;
    /// What happened after the event of that number, in order.
    async fn events(&self, execution: &str, after: i64) -> Result<Vec<Event>, Failure>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    Running,
    Succeeded(Value),
    Failed(Caught),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub id: i64,
    pub at: Timestamp,
    pub what: What,
}

/// As much of a history's event as is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Entered(String),
    /// What a state handed on: its output and the variables it assigned.
    Left(Vec<Value>),
    /// A call failed; the workflow tries again, or catches it.
    Stumbled(Caught),
    Other,
}

#[derive(Debug, Clone)]
pub struct StateMachine {
    start: Client,
    look: Client,
    arn: String,
    region: Region,
}

impl StateMachine {
    /// Looks are repeated anyway, so their client may give up sooner than the one that starts.
    pub fn new(start: Client, look: Client, arn: impl Into<String>, region: Region) -> Self {
        Self {
            start,
            look,
            arn: arn.into(),
            region,
        }
    }

    fn failed(&self, operation: &str, object: &str, cause: impl std::fmt::Display) -> Failure {
        Failure::unavailable(operation, object, &self.region, cause)
    }
}

const PAGE: i32 = 100;

/// As much of a request as is shown; a newer version may have written it.
#[derive(Debug, Deserialize)]
struct Input {
    mode: Mode,
}

/// The ARN of an execution differs from its state machine's in two places.
fn execution(workflow: &str, name: &str) -> String {
    let executions = workflow.replacen(":stateMachine:", ":execution:", 1);
    format!("{executions}:{}", name_of(name))
}

impl Workflow for StateMachine {
    async fn start(&self, name: &str, request: &Request) -> Result<String, Failure> {
        let object = format!("execution {name} of {}", self.arn);
        let input = serde_json::to_string(request).map_err(|e| self.failed("start", &object, e))?;
        let start = self.start.start_execution().state_machine_arn(&self.arn);
        let started = start.name(name).input(input).send().await;
        let started = started.map_err(|e| self.failed("start", &object, explain(&e)))?;
        Ok(started.execution_arn)
    }

    fn execution(&self, name: &str) -> String {
        execution(&self.arn, name)
    }

    async fn mode(&self, execution: &str) -> Result<Mode, Failure> {
        let describe = self.look.describe_execution().execution_arn(execution);
        let found = describe.send().await;
        let found = found.map_err(|e| self.failed("look at", name_of(execution), explain(&e)))?;
        let input = serde_json::from_str(found.input().unwrap_or_default());
        let input: Input = input.map_err(|why| {
            let field = format!("the input of {}", name_of(execution));
            Invalid::new(field, "a request of this version", why)
        })?;
        Ok(input.mode)
    }

    async fn standing(&self, execution: &str) -> Result<Standing, Failure> {
        let describe = self.look.describe_execution().execution_arn(execution);
        let found = describe.send().await;
        let found = found.map_err(|e| self.failed("look at", name_of(execution), explain(&e)))?;
        let caught = |error: &str| caught(found.error(), found.cause(), error);
        Ok(match found.status() {
            ExecutionStatus::Succeeded => {
                let output = found.output().unwrap_or_default();
                Standing::Succeeded(serde_json::from_str(output).unwrap_or_default())
            }
            ExecutionStatus::Failed => Standing::Failed(caught("Failed")),
            ExecutionStatus::TimedOut => Standing::Failed(caught("States.Timeout")),
            ExecutionStatus::Aborted => Standing::Failed(caught("Stopped by somebody")),
            _ => Standing::Running,
        })
    }

    async fn events(&self, execution: &str, after: i64) -> Result<Vec<Event>, Failure> {
        let mut pages = self
            .look
            .get_execution_history()
            .execution_arn(execution)
            .reverse_order(true)
            .include_execution_data(true)
            .max_results(PAGE)
            .into_paginator()
            .send();
        let mut new = vec![];
        while let Some(page) = pages.next().await {
            let page = page
                .map_err(|e| self.failed("read the history of", name_of(execution), explain(&e)))?;
            let found = page.events();
            new.extend(found.iter().filter(|e| e.id() > after).map(event));
            if found.iter().any(|e| e.id() <= after) {
                break;
            }
        }
        new.sort_by_key(|event| event.id);
        Ok(new)
    }
}

/// An event in our words; one that this version does not know is no error.
pub fn event(event: &HistoryEvent) -> Event {
    let at = event.timestamp();
    let at = Timestamp::new(at.secs(), at.subsec_nanos().cast_signed()).unwrap_or_default();
    Event {
        id: event.id(),
        at,
        what: what(event),
    }
}

fn what(event: &HistoryEvent) -> What {
    // Where nothing is done there is nothing to tell: choices and waits.
    if let (HistoryEventType::TaskStateEntered, Some(entered)) =
        (event.r#type(), event.state_entered_event_details())
    {
        return What::Entered(entered.name().to_owned());
    }
    if let Some(left) = event.state_exited_event_details() {
        let assigned = left.assigned_variables().into_iter().flatten();
        let texts = left
            .output()
            .into_iter()
            .chain(assigned.map(|(_, v)| v.as_str()));
        let read = texts.filter_map(|text| serde_json::from_str(text).ok());
        return What::Left(read.collect());
    }
    let stumbled = None
        .or(event
            .task_failed_event_details()
            .map(|d| caught(d.error(), d.cause(), "TaskFailed")))
        .or(event
            .task_timed_out_event_details()
            .map(|d| caught(d.error(), d.cause(), "States.Timeout")))
        .or(event
            .lambda_function_failed_event_details()
            .map(|d| caught(d.error(), d.cause(), "TaskFailed")))
        .or(event
            .evaluation_failed_event_details()
            .map(|d| caught(d.error(), d.cause(), "EvaluationFailed")));
    stumbled.map_or(What::Other, What::Stumbled)
}

fn caught(error: Option<&str>, cause: Option<&str>, otherwise: &str) -> Caught {
    Caught {
        error: error.unwrap_or(otherwise).to_owned(),
        cause: cause.unwrap_or("no cause was given").to_owned(),
    }
}

#[cfg(test)]
pub(crate) mod memory;

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_sfn::{
        primitives::DateTime,
        types::{
            StateEnteredEventDetails, StateExitedEventDetails, TaskFailedEventDetails,
            builders::HistoryEventBuilder,
        },
    };
    use serde_json::json;

    fn history(kind: HistoryEventType) -> HistoryEventBuilder {
        HistoryEvent::builder()
            .id(7)
            .timestamp(DateTime::from_secs(60))
            .r#type(kind)
    }

    #[test]
    fn an_execution_is_found_by_its_name_or_its_arn() {
        let workflow = "arn:aws:states:us-west-2:1:stateMachine:forum-failover";
        let arn = "arn:aws:states:us-west-2:1:execution:forum-failover:forum-1";
        assert_eq!(execution(workflow, "forum-1"), arn);
        assert_eq!(execution(workflow, arn), arn);
    }

    #[test]
    fn a_state_that_was_entered_is_told_by_name_and_time() {
        let details = StateEnteredEventDetails::builder().name("Lease").build();
        let entered = history(HistoryEventType::TaskStateEntered)
            .state_entered_event_details(details.unwrap());
        let told = event(&entered.build().unwrap());
        assert_eq!((told.id, told.at.as_second()), (7, 60));
        assert_eq!(told.what, What::Entered("Lease".into()));
    }

    #[test]
    fn a_choice_and_a_wait_are_not_told() {
        let details = StateEnteredEventDetails::builder().name("Pause").build();
        let entered = history(HistoryEventType::WaitStateEntered)
            .state_entered_event_details(details.unwrap());
        assert_eq!(event(&entered.build().unwrap()).what, What::Other);
    }

    #[test]
    fn what_a_state_hands_on_is_its_output_and_its_variables_and_no_json_is_no_error() {
        let details = StateExitedEventDetails::builder()
            .name("Lease")
            .output("not JSON")
            .assigned_variables("run", r#"{"a":1}"#);
        let left = history(HistoryEventType::TaskStateExited)
            .state_exited_event_details(details.build().unwrap());
        let told = event(&left.build().unwrap());
        assert_eq!(told.what, What::Left(vec![json!({"a": 1})]));
    }

    #[test]
    fn a_failed_call_is_told_and_an_unknown_event_is_nothing() {
        let details = TaskFailedEventDetails::builder()
            .resource_type("lambda")
            .resource("invoke")
            .error("Unavailable");
        let failed = history(HistoryEventType::TaskFailed)
            .task_failed_event_details(details.build().unwrap());
        let told = event(&failed.build().unwrap()).what;
        assert!(matches!(told, What::Stumbled(caught) if caught.error == "Unavailable"));
        let other = history(HistoryEventType::from("SomethingNew"));
        assert_eq!(event(&other.build().unwrap()).what, What::Other);
    }
}
