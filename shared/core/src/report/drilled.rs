use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Outcome, Report};
use crate::{probe::NEVER_SECONDS, request::Mode};

/// The last time a region was seen to be able to take over: in a drill, or in earnest. Its probe reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drilled {
    /// The execution's name.
    pub execution: String,
    pub started: Timestamp,
}

impl Drilled {
    /// In the control bucket.
    pub const KEY: &str = "drill.json";

    /// None of a plan, and of what did not come to its end.
    pub fn of(report: &Report) -> Option<Self> {
        let passed = report.mode != Mode::Plan && report.outcome == Outcome::Succeeded;
        passed.then(|| Self {
            execution: report.name().into(),
            started: report.started,
        })
    }
}

/// What a probe saw of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "what")]
pub enum Rehearsed {
    Last(Drilled),
    Never,
    /// Also where a former version looked for nothing.
    #[default]
    CannotTell,
}

impl Rehearsed {
    pub fn age_seconds(&self, now: Timestamp) -> Option<i64> {
        match self {
            Self::Last(drilled) => Some((now.as_second() - drilled.started.as_second()).max(0)),
            Self::Never => Some(NEVER_SECONDS),
            Self::CannotTell => None,
        }
    }
}
