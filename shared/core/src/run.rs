//! One execution of the workflow, as its steps hand it on.

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

/// What the state machine carries from step to step. Keys and verdicts, never data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    pub schema: u32,
    pub request: Request,
    /// The ARN of the execution: the owner of the lease.
    pub execution: String,
    pub started: Timestamp,
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

/// The steps that the failover function carries out, in the workflow's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Lease,
    StopSource,
    FinalBackup,
    AwaitReplica,
    LastBackup,
    Quiesce,
    ScaleUp,
    AwaitHealthy,
    SmokeTest,
    FenceSource,
    MoveTraffic,
    ProveTraffic,
    Report,
    Release,
}

impl Step {
    pub const ALL: [Step; 14] = [
        Step::Lease,
        Step::StopSource,
        Step::FinalBackup,
        Step::AwaitReplica,
        Step::LastBackup,
        Step::Quiesce,
        Step::ScaleUp,
        Step::AwaitHealthy,
        Step::SmokeTest,
        Step::FenceSource,
        Step::MoveTraffic,
        Step::ProveTraffic,
        Step::Report,
        Step::Release,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Lease => "lease",
            Self::StopSource => "stop_source",
            Self::FinalBackup => "final_backup",
            Self::AwaitReplica => "await_replica",
            Self::LastBackup => "last_backup",
            Self::Quiesce => "quiesce",
            Self::ScaleUp => "scale_up",
            Self::AwaitHealthy => "await_healthy",
            Self::SmokeTest => "smoke_test",
            Self::FenceSource => "fence_source",
            Self::MoveTraffic => "move_traffic",
            Self::ProveTraffic => "prove_traffic",
            Self::Report => "report",
            Self::Release => "release",
        }
    }

    /// How long this step may be waited for before the execution gives up.
    pub fn patience_seconds(self) -> i64 {
        match self {
            Self::StopSource | Self::Quiesce => 180,
            Self::AwaitReplica => 900,
            Self::AwaitHealthy => 600,
            Self::SmokeTest => 120,
            Self::ProveTraffic => 300,
            Self::Lease
            | Self::FinalBackup
            | Self::LastBackup
            | Self::ScaleUp
            | Self::FenceSource
            | Self::MoveTraffic
            | Self::Report
            | Self::Release => 60,
        }
    }
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

/// What puts things back after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undo {
    /// The target's services back to none.
    EmptyTarget,
    /// The fence is taken from the source and its services get their capacity back.
    GiveBackSource,
}

/// A planned execution that fails before traffic moved leaves no trace; nothing else is undone by itself.
pub fn undo(run: &Run) -> Vec<Undo> {
    match run.request.mode {
        Mode::Plan | Mode::Unplanned => vec![],
        Mode::Planned if run.traffic_moved.is_some() || run.epoch.is_none() => vec![],
        Mode::Planned => vec![Undo::EmptyTarget, Undo::GiveBackSource],
    }
}

/// What a plan says, in the order in which it would happen.
pub fn plan(
    mode: Mode,
    target: &Region,
    source: &Region,
    capacity: &BTreeMap<String, u32>,
) -> Vec<String> {
    let tasks: Vec<String> = capacity.iter().map(|(s, n)| format!("{s} {n}")).collect();
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
        format!("scale up in {target}: {}", tasks.join(", ")),
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
mod tests {
    use super::*;
    use jiff::SignedDuration;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn at(seconds: i64) -> Timestamp {
        START + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn every_steps_word_is_its_name_in_the_workflow() {
        for step in Step::ALL {
            let word = serde_json::to_value(step).unwrap();
            assert_eq!(word, step.word());
        }
    }

    #[test]
    fn waiting_ends_by_itself_with_what_was_waited_for() {
        let mut run = sample(Mode::Unplanned);
        run.wait(Step::AwaitHealthy, START, "users 0 of 2".into())
            .unwrap();
        run.wait(Step::AwaitHealthy, at(600), "users 1 of 2".into())
            .unwrap();
        assert_eq!(run.waiting.as_ref().unwrap().since, START);
        let over = run.wait(Step::AwaitHealthy, at(601), "users 1 of 2".into());
        let over = over.unwrap_err();
        assert_eq!(over.name(), "TimedOut");
        assert!(over.to_string().contains("users 1 of 2"));
    }

    #[test]
    fn a_step_that_waited_counts_from_when_the_waiting_began() {
        let mut run = sample(Mode::Unplanned);
        run.wait(Step::Quiesce, START, "2 tasks".into()).unwrap();
        run.done(Step::Quiesce, at(8), at(9), "");
        assert_eq!(run.waiting, None);
        assert_eq!(
            (run.timeline[0].started, run.timeline[0].finished),
            (START, at(9))
        );
    }

    #[test]
    fn only_a_planned_execution_before_traffic_moved_is_undone() {
        let mut run = sample(Mode::Planned);
        assert!(undo(&run).is_empty(), "nothing was touched without a lease");
        run.epoch = Some(Epoch(1));
        assert_eq!(undo(&run), [Undo::EmptyTarget, Undo::GiveBackSource]);
        run.traffic_moved = Some(START);
        assert!(undo(&run).is_empty());
        let mut unplanned = sample(Mode::Unplanned);
        unplanned.epoch = Some(Epoch(1));
        assert!(undo(&unplanned).is_empty());
    }

    #[test]
    fn a_run_for_another_region_or_with_an_unknown_field_is_refused() {
        let run = sample(Mode::Planned);
        assert!(run.validate(&Region::new("us-west-2").unwrap()).is_ok());
        assert!(run.validate(&Region::new("us-east-1").unwrap()).is_err());
        let mut json = serde_json::to_value(&run).unwrap();
        json["force"] = true.into();
        assert!(serde_json::from_value::<Run>(json).is_err());
    }
}
