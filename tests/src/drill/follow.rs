//! Follows an execution of a region's workflow from outside.

use std::collections::BTreeSet;
use std::time::Duration;

use lifeboat_core::request::Request;
use serde_json::{Value, json};

use crate::cloud::{ACCOUNT, APPLICATION, LocalCloud};
use crate::drill::progress::Progress;
use crate::{Context, Result};

impl LocalCloud {
    /// The executions of a region's workflow, the newest first.
    pub(super) async fn executions(&self, region: &str) -> Result<Vec<String>> {
        let ask = json!({ "stateMachineArn": workflow(region) });
        let answer = self.states(region, "ListExecutions", &ask).await?;
        let mut executions: Vec<&Value> = answer["executions"]
            .as_array()
            .into_iter()
            .flatten()
            .collect();
        executions.sort_by_key(|execution| std::cmp::Reverse(execution["startDate"].to_string()));
        let arns = executions
            .into_iter()
            .filter_map(|execution| execution["executionArn"].as_str());
        Ok(arns.map(str::to_owned).collect())
    }

    pub(super) async fn newest_execution(&self, region: &str) -> Result<String> {
        let newest = self.executions(region).await?.into_iter().next();
        newest.context(|| format!("no execution ran in {region}"))
    }

    /// The input with which an execution was started.
    pub(super) async fn request_of(&self, region: &str, execution: &str) -> Result<Request> {
        let described = self.described(region, execution).await?;
        let input = described["input"].as_str().unwrap_or_default();
        serde_json::from_str(input).context(|| format!("read the input of {execution}: {input}"))
    }

    /// Starts an execution of a region's workflow as a person does in the console; answers its ARN.
    pub(super) async fn begin(
        &self,
        region: &str,
        name: &str,
        request: &Request,
    ) -> Result<String> {
        let input = serde_json::to_string(request).context(|| format!("write {request:?}"))?;
        let workflow = workflow(region);
        let ask = json!({ "stateMachineArn": workflow, "name": name, "input": input });
        let answer = self.states(region, "StartExecution", &ask).await?;
        let arn = answer["executionArn"].as_str().map(str::to_owned);
        arn.context(|| format!("start {name} in {region}: it has no ARN: {answer}"))
    }

    pub(super) async fn described(&self, region: &str, execution: &str) -> Result<Value> {
        let ask = json!({ "executionArn": execution });
        self.states(region, "DescribeExecution", &ask).await
    }

    /// Every event of an execution so far.
    pub(super) async fn history(&self, region: &str, execution: &str) -> Result<Vec<Value>> {
        let (mut events, mut next) = (vec![], Value::Null);
        loop {
            let mut ask = json!({ "executionArn": execution, "maxResults": 1000 });
            if !next.is_null() {
                ask["nextToken"] = next;
            }
            let mut page = self.states(region, "GetExecutionHistory", &ask).await?;
            if let Value::Array(more) = page["events"].take() {
                events.extend(more);
            }
            next = page["nextToken"].take();
            if next.is_null() {
                return Ok(events);
            }
        }
    }

    /// Of an execution that is over; an error unless it ended well.
    pub(super) fn ended_well(&self, execution: &str, described: &Value) -> Result<()> {
        (described["status"] == "SUCCEEDED")
            .then_some(())
            .context(|| {
                let said = |field: &str| described[field].as_str().unwrap_or_default().to_owned();
                format!(
                    "{execution} ended {}: {} {}",
                    said("status"),
                    said("error"),
                    said("cause")
                )
            })
    }

    /// Says each state that is entered, until the execution has ended; an error unless it ended well.
    pub(super) async fn follow(
        &self,
        progress: &Progress,
        region: &str,
        execution: &str,
        patience: Duration,
    ) -> Result<()> {
        let mut said = BTreeSet::new();
        let ended = async || {
            let history = self.history(region, execution).await?;
            for event in since_redrive(&history) {
                let entered = event["stateEnteredEventDetails"]["name"].as_str();
                let task = event["type"]
                    .as_str()
                    .is_some_and(|kind| kind == "TaskStateEntered");
                if let (Some(name), true) = (entered, task)
                    && said.insert(name.to_owned())
                {
                    progress.say(&format!("  {name}"));
                }
            }
            let described = self.described(region, execution).await?;
            match described["status"].as_str() {
                Some("RUNNING") => Err(waiting(&history).into()),
                _ => Ok(described),
            }
        };
        let name = lifeboat_core::run::name_of(execution);
        let ended = progress.until(name, patience, ended).await?;
        self.ended_well(execution, &ended)
    }

    /// Lets a failed execution go on, as the console's *Redrive* does.
    pub(super) async fn redrive(&self, region: &str, execution: &str) -> Result<()> {
        let ask = json!({ "executionArn": execution });
        self.states(region, "RedriveExecution", &ask)
            .await
            .map(drop)
    }

    pub(super) async fn states(&self, region: &str, action: &str, ask: &Value) -> Result<Value> {
        let target = format!("AWSStepFunctions.{action}");
        self.aws.json(region, "states", &target, ask).await
    }
}

fn workflow(region: &str) -> String {
    format!("arn:aws:states:{region}:{ACCOUNT}:stateMachine:{APPLICATION}-failover")
}

fn since_redrive(history: &[Value]) -> &[Value] {
    let redriven = |event: &Value| event["type"] == "ExecutionRedriven";
    let from = history.iter().rposition(redriven).unwrap_or_default();
    history.get(from..).unwrap_or_default()
}

/// Whether a state has been gone through, for the first time or again.
pub(super) fn left(history: &[Value], state: &str) -> bool {
    let mut left = history
        .iter()
        .map(|event| &event["stateExitedEventDetails"]);
    left.any(|left| left["name"] == state)
}

/// What the last step that ended waits for.
pub(super) fn waiting(history: &[Value]) -> String {
    let events = history.iter();
    let mut outputs =
        events.filter_map(|event| event["stateExitedEventDetails"]["output"].as_str());
    let run = outputs
        .next_back()
        .and_then(|run| serde_json::from_str::<Value>(run).ok());
    let what = run.as_ref().and_then(|run| run["waiting"]["for"].as_str());
    what.map_or_else(|| "at work".to_owned(), |what| format!("waits for {what}"))
}
