//! One execution of the workflow, as its steps hand it on.

mod step;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Epoch, Failure, Invalid, Region, SCHEMA,
    backup::{BackupKey, Restored},
    decide::Decision,
    image::Images,
    person::{Answered, Awaits},
    plan::Plan,
    reply::Asked,
    request::{Mode, Request, RequestedBy},
    stored::check_schema,
};

pub use step::Step;

/// What the state machine carries from step to step. Keys and verdicts, never data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// What a plan would do, with the digest of the facts that it stands on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Epoch>,
    /// Until when what the former holder of its lease had begun may still happen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<Images>,
    /// Tasks per service to bring up here, and to give back to the source when a planned one is undone.
    #[serde(default)]
    pub capacity: BTreeMap<String, u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_stopped: Option<Timestamp>,
    /// Since when the source's gates are seen closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gates_closed: Option<Timestamp>,
    /// By service, how it was made to write no more.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub writes_stopped: BTreeMap<String, StoppedBy>,
    /// What the source was asked by the step that waits for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<BackupKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<Restored>,
    /// What running tasks took; only where the restore left something for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Restored>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smoke_tested: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_fenced: Option<SourceFenced>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic_moved: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic_proven: Option<Timestamp>,
    /// Drills only: when nothing of it was left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub torn_down: Option<Timestamp>,
    /// Planned only: when the restored content was seen to be the source's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<Timestamp>,
    /// Why a person made it unplanned midway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turned: Option<String>,
    /// Who let users be moved, where a person was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<Answered>,
    /// What a person last answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<Answered>,
    /// Whether a person lets a move that has happened stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed: Option<Answered>,
    /// How often it was redriven.
    #[serde(default)]
    pub redrives: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    #[serde(default)]
    pub timeline: Vec<Entry>,
}

/// How a service of the source was made to write no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoppedBy {
    /// It has no task.
    Scaling,
    /// Its writes are answered 503, its reads as ever.
    Gate,
}

/// What the source was seen to do when it was told to stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "because")]
pub enum SourceFenced {
    Acknowledged,
    /// It writes no more, and some services read on until users have left; the winner then stops them.
    ReadsOn,
    /// It did not answer; the winner keeps trying.
    Silent(String),
}

/// The state machine waits while this is set, and asks the same step again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    pub step: Step,
    pub since: Timestamp,
    /// What is being waited for, for people.
    #[serde(rename = "for")]
    pub what: String,
    /// Where it is the world that is waited for: how many seconds until the step is asked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again_in: Option<u32>,
    /// The source did not answer, and people were told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
    /// Where it is a person who is waited for: until the token comes back, and no longer than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Question>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub awaits: Awaits,
    pub seconds: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub step: String,
    pub started: Timestamp,
    pub finished: Timestamp,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// What a question takes is mostly a second, and users wait for it; what tasks take is mostly a minute.
fn again_in(waited_seconds: i64) -> u32 {
    match waited_seconds {
        ..3 => 1,
        3.. => 3,
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
            down_since: None,
            target,
            source,
            decision,
            plan: None,
            epoch: None,
            settled: None,
            images: None,
            capacity: BTreeMap::new(),
            source_stopped: None,
            gates_closed: None,
            writes_stopped: BTreeMap::new(),
            asked: None,
            backup: None,
            restored: None,
            imported: None,
            smoke_tested: None,
            source_fenced: None,
            traffic_moved: None,
            traffic_proven: None,
            torn_down: None,
            compared: None,
            turned: None,
            approved: None,
            answered: None,
            committed: None,
            redrives: 0,
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

    /// Whether every service has the data of the chosen backup: also what only running tasks could take.
    pub fn has_its_data(&self) -> Result<(), Failure> {
        let restored = self.restored.as_ref();
        let left = restored.map(|restored| &restored.to_import);
        let Some(left) = left.filter(|left| !left.is_empty()) else {
            return Ok(());
        };
        let imported = self.imported.as_ref();
        let of = |run: Option<&Restored>| run.map(|restored| restored.backup.clone());
        match imported.is_some_and(|i| i.services == *left) && of(imported) == of(restored) {
            true => Ok(()),
            false => {
                let left: Vec<&str> = left.keys().map(String::as_str).collect();
                Err(Failure::Refused(format!(
                    "the tasks of {} were not given their data in this execution; nobody is moved to where it is not",
                    left.join(", ")
                )))
            }
        }
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
        let (since, silent) = match &self.waiting {
            Some(waiting) if waiting.step == step && waiting.person.is_none() => {
                (waiting.since, waiting.silent)
            }
            _ => (now, false),
        };
        let waited = now.as_second() - since.as_second();
        if waited > step.patience_seconds() {
            return Err(Failure::TimedOut(format!(
                "{}: waited {waited} s: {what}",
                step.word()
            )));
        }
        self.waiting = Some(Waiting {
            step,
            since,
            what,
            again_in: Some(again_in(waited)),
            silent,
            person: None,
        });
        Ok(())
    }

    /// Asks the state machine to stand still until a person answers.
    pub fn ask(&mut self, step: Step, now: Timestamp, what: String, question: Question) {
        self.waiting = Some(Waiting {
            step,
            since: now,
            what,
            again_in: None,
            silent: false,
            person: Some(question),
        });
    }

    pub fn silent(&self) -> bool {
        self.waiting.as_ref().is_some_and(|waiting| waiting.silent)
    }

    /// A person gave up on the source.
    pub fn turn(&mut self, why: &str) {
        self.request.mode = Mode::Unplanned;
        self.turned = Some(why.to_owned());
        // What was asked and waited for so far was for another mode.
        (self.asked, self.waiting) = (None, None);
    }

    /// What a redriven execution goes on with: what it is, and nothing of what it had seen.
    pub fn again(&self, redrives: u32) -> Self {
        let mut again = Self::begin(
            self.request.clone(),
            self.execution.clone(),
            self.started,
            self.target.clone(),
            self.source.clone(),
            self.decision.clone(),
        );
        // A person wanted it, whoever had begun it.
        again.request.requested_by = RequestedBy::Person;
        again.down_since = self.down_since;
        again.epoch = self.epoch;
        again.turned = self.turned.clone();
        again.timeline = self.timeline.clone();
        again.redrives = redrives;
        again
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

#[cfg(any(test, feature = "samples"))]
pub fn sample(mode: Mode) -> Run {
    use crate::{decide::Verdict, request::RequestedBy};
    let decision = Decision {
        verdict: Verdict::Start,
        facts: vec![],
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

/// One that came to its end, from the first failed look to proven traffic in two minutes.
#[cfg(any(test, feature = "samples"))]
pub fn sample_ended(mode: Mode) -> Run {
    let at = |time: &str| format!("2024-11-23T{time}Z").parse().ok();
    let mut run = sample(mode);
    run.started = at("12:05:09").unwrap_or_default();
    run.epoch = Some(Epoch(1));
    run.down_since = at("12:05:00");
    run.source_stopped = at("12:06:00");
    run.compared = at("12:06:30");
    run.smoke_tested = at("12:06:40");
    run.traffic_proven = at("12:07:00");
    run.source_fenced = Some(SourceFenced::Silent("timed out".into()));
    let name = "backup-20241123-120000".parse().ok();
    run.backup = name.map(|name| BackupKey {
        epoch: Epoch(0),
        region: run.source.clone(),
        name,
    });
    run
}

#[cfg(test)]
mod tests;
