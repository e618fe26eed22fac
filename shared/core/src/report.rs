//! What an execution did, measured against what was promised. Each leaves one, however it ended.

mod drilled;
pub mod ledger;
mod made;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Epoch, Region,
    backup::BackupKey,
    decide::Weighed,
    lost::Lost,
    person::Answered,
    plan::Plan,
    request::{Mode, RequestedBy},
    run::{Entry, SourceFenced, StoppedBy, name_of},
};

pub use drilled::{Drilled, Rehearsed};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub schema: u32,
    pub application: String,
    pub execution: String,
    /// One of a former version does not say; it began with its timeline.
    #[serde(default)]
    pub started: Timestamp,
    pub mode: Mode,
    #[serde(default)]
    pub outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<RequestedBy>,
    /// Which person, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    pub reason: String,
    pub decided: Vec<String>,
    /// The same, fact by fact.
    #[serde(default)]
    pub facts: Vec<Weighed>,
    pub from: Region,
    pub to: Region,
    /// None where no lease was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Epoch>,
    /// The backup that was restored, or was to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<BackupKey>,
    /// Only where users were moved, or would have been by a drill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_time: Option<Measured>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_point: Option<Measured>,
    /// From when the source took no more writes until the target took them; only where that was planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_pause_seconds: Option<i64>,
    /// How each service's were stopped; only where that was planned.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub writes_stopped: BTreeMap<String, StoppedBy>,
    /// None where it was not come to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceFenced>,
    /// Unknown until the replaced region has been salvaged; of a planned execution it is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<Lost>,
    /// Why a person made it unplanned midway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turned: Option<String>,
    /// Who let users be moved, where a person was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<Answered>,
    /// Whether a person let the move stand, where one was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed: Option<Answered>,
    /// What would be done, where that was the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    pub timeline: Vec<Entry>,
}

/// How an execution ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Outcome {
    /// Users were moved and seen to be, a drill was torn down, or a plan was made: by its mode.
    #[default]
    Succeeded,
    /// By the facts; nothing was begun.
    Refused { why: String },
    Failed {
        why: String,
        /// What it left behind, and what to do.
        stands: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    pub seconds: i64,
    pub objective_seconds: i64,
}

impl Measured {
    pub fn met(self) -> bool {
        self.seconds <= self.objective_seconds
    }
}

/// Below it lies what each region's executions left, each region's under its own name, so that both copies of it hold all.
pub const PREFIX: &str = "reports/";

impl Report {
    pub fn key(region: &Region, execution: &str) -> String {
        format!("{PREFIX}{region}/{}.json", name_of(execution))
    }

    /// The same for people.
    pub fn page_key(region: &Region, execution: &str) -> String {
        format!("{PREFIX}{region}/{}.html", name_of(execution))
    }

    pub fn name(&self) -> &str {
        name_of(&self.execution)
    }
}
