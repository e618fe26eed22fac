//! What keeps services from starting, backups from crossing, users from moving and costs from staying low, looked for in both
//! regions. Nothing is changed. A region that does not answer is part of the answer.

mod facts;
mod gather;
mod judge;
mod live;
mod render;

use jiff::Timestamp;
use lifeboat_core::{Configuration, Region, Side};
use serde::Serialize;

pub use facts::{
    Allowed, Copies, Group, Removes, Replication, Rule, Seen, Silence, Standing, Start, Told,
};
pub use gather::{Sight, gather};
pub use judge::{Check, Finding, Found, judge};
pub use live::Live;
pub use render::render;

/// Everything that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    pub at: Timestamp,
    pub application: String,
    pub home: Examined,
    pub standby: Examined,
}

/// What was found in one region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Examined {
    pub region: Region,
    /// Nothing where no region says which one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    pub fn new(at: Timestamp, configuration: &Configuration, home: &Seen, standby: &Seen) -> Self {
        let examined = |side, seen: &Seen| Examined {
            region: configuration.region_of(side).clone(),
            active: seen.standing.active(),
            findings: judge(configuration, side, seen),
        };
        Self {
            at,
            application: configuration.application.clone(),
            home: examined(Side::Home, home),
            standby: examined(Side::Standby, standby),
        }
    }

    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.home.findings.iter().chain(&self.standby.findings)
    }

    /// Nothing is wrong, and nothing could not be told.
    pub fn all_right(&self) -> bool {
        let mut findings = self.findings();
        findings.all(|finding| matches!(finding.found, Found::Right { .. }))
    }
}
