use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Outcome, Report};
use crate::request::Mode;

/// The last drill that passed in a region, which its probe reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drilled {
    /// The execution's name.
    pub execution: String,
    pub started: Timestamp,
}

impl Drilled {
    /// In the control bucket.
    pub const KEY: &str = "drill.json";

    /// None where it was no drill, or did not pass.
    pub fn of(report: &Report) -> Option<Self> {
        let passed = report.mode == Mode::Drill && report.outcome == Outcome::Succeeded;
        passed.then(|| Self {
            execution: report.name().into(),
            started: report.started,
        })
    }
}
