//! One execution of the workflow, as its steps hand it on.

mod step;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Epoch, Failure, Invalid, Region, SCHEMA,
    backup::{BackupKey, Restored},
    check_schema,
    decide::Decision,
    image::Images,
    request::{Mode, Request},
};

pub use step::Step;

/// What the state machine carries from step to step. Keys and verdicts, never data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    pub schema: u32,
    pub request: Request,
    /// The ARN of the execution: the owner of the lease.
    pub execution: String,
    pub started: Timestamp,
    /// The first look that failed, as the probe remembers it; recovery time is measured from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down_since: Option<Timestamp>,
    /// The region being activated, and the one that is replaced.
    pub target: Region,
    pub source: Region,
    pub decision: Decision,
    /// What a plan would do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plan: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Epoch>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<Images>,
    /// Tasks per service to bring up here, and to give back to the source when a planned one is undone.
    #[serde(default)]
    pub capacity: BTreeMap<String, u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_stopped: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<BackupKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<Restored>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smoke_tested: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_fenced: Option<SourceFenced>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic_moved: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic_proven: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    #[serde(default)]
    pub timeline: Vec<Entry>,
}

/// What the source was seen to do when it was told to stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "because")]
pub enum SourceFenced {
    Acknowledged,
    /// It did not answer; the winner keeps trying.
    Silent(String),
}

/// The state machine waits while this is set, and asks the same step again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    pub step: Step,
    pub since: Timestamp,
    /// What is being waited for, for people.
    #[serde(rename = "for")]
    pub what: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub step: String,
    pub started: Timestamp,
    pub finished: Timestamp,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl Run {
    pub fn begin(
        request: Request,
        execution: String,
        started: Timestamp,
        target: Region,
        source: Region,
        decision: Decision,
    ) -> Self {
        Self {
            schema: SCHEMA,
            request,
            execution,
            started,
            down_since: None,
            target,
            source,
            decision,
            plan: vec![],
            epoch: None,
            images: None,
            capacity: BTreeMap::new(),
            source_stopped: None,
            backup: None,
            restored: None,
            smoke_tested: None,
            source_fenced: None,
            traffic_moved: None,
            traffic_proven: None,
            waiting: None,
            timeline: vec![],
        }
    }

    pub fn validate(&self, me: &Region) -> Result<(), Invalid> {
        check_schema("run.schema", self.schema)?;
        self.request.validate()?;
        if self.target != *me {
            return Err(Invalid::new("run.target", me, &self.target));
        }
        Ok(())
    }

    /// The last part of the execution's ARN.
    pub fn name(&self) -> &str {
        name_of(&self.execution)
    }

    pub fn lease(&self) -> Result<Epoch, Failure> {
        self.epoch
            .ok_or_else(|| Failure::Stale("this execution has taken no lease".into()))
    }

    /// Notes that a step is over; what was waited for counts from when the waiting began.
    pub fn done(
        &mut self,
        step: Step,
        started: Timestamp,
        now: Timestamp,
        note: impl Into<String>,
    ) {
        let waited = self.waiting.take().filter(|waiting| waiting.step == step);
        self.timeline.push(Entry {
            step: step.word().into(),
            started: waited.map_or(started, |waiting| waiting.since),
            finished: now,
            note: note.into(),
        });
    }

    /// Asks the state machine to wait and come back, until the step's patience ends.
    pub fn wait(&mut self, step: Step, now: Timestamp, what: String) -> Result<(), Failure> {
        let since = match &self.waiting {
            Some(waiting) if waiting.step == step => waiting.since,
            _ => now,
        };
        let waited = now.as_second() - since.as_second();
        if waited > step.patience_seconds() {
            return Err(Failure::TimedOut(format!(
                "{}: waited {waited} s: {what}",
                step.word()
            )));
        }
        self.waiting = Some(Waiting { step, since, what });
        Ok(())
    }
}

pub fn name_of(execution: &str) -> &str {
    execution.rsplit(':').next().unwrap_or(execution)
}

/// A capacity in words.
pub fn tasks(capacity: &BTreeMap<String, u32>) -> String {
    let tasks: Vec<String> = capacity.iter().map(|(s, n)| format!("{s} {n}")).collect();
    tasks.join(", ")
}

/// What a plan says, in the order in which it would happen.
pub fn plan(
    mode: Mode,
    target: &Region,
    source: &Region,
    capacity: &BTreeMap<String, u32>,
) -> Vec<String> {
    let mut plan = vec![
        format!("take the lease and the next epoch in {target}"),
        format!("check every image in {target} by digest, and fetch what is missing"),
    ];
    match mode {
        Mode::Planned => plan.extend([
            format!("stop the services in {source} and see them at zero"),
            format!("take a final backup in {source} and wait until it is whole in {target}"),
        ]),
        Mode::Plan | Mode::Unplanned => {
            plan.push(format!(
                "ask {source} for a last backup, without waiting for it"
            ));
        }
    }
    plan.extend([
        format!("see that no task runs in {target}, then restore the newest backup there"),
        format!("scale up in {target}: {}", tasks(capacity)),
        "wait until every service is healthy, then smoke-test through the load balancer".into(),
        format!("fence {source}"),
        format!("move traffic to {target}, and prove it by asking the name servers"),
        "write the report, release the lease".into(),
    ]);
    plan
}

#[cfg(any(test, feature = "samples"))]
pub fn sample(mode: Mode) -> Run {
    use crate::{decide::Verdict, request::RequestedBy};
    let decision = Decision {
        verdict: Verdict::Start,
        reasons: vec!["the active region is down".into()],
    };
    let region = |name: &str| Region::try_from(name.to_owned()).ok();
    let configuration = crate::configuration::sample("us-west-2");
    Run::begin(
        Request::new(mode, RequestedBy::Person, "a drill"),
        "arn:aws:states:us-west-2:1:execution:forum-failover:forum-1".into(),
        Timestamp::UNIX_EPOCH,
        region("us-west-2").unwrap_or(configuration.standby),
        region("us-east-1").unwrap_or(configuration.home),
        decision,
    )
}

#[cfg(test)]
mod tests;
