use jiff::Timestamp;
use lifeboat_core::{
    Epoch, Region, RegionState, Side,
    backup::Damages,
    image::Record,
    marker::{Seen, answers},
    probe::ProbeReport,
};
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facts {
    pub at: Timestamp,
    pub application: String,
    /// The region that is active at the highest epoch that could be read.
    pub active: Option<Region>,
    pub epoch: Option<Epoch>,
    /// Where users are sent, and the markers that say so.
    pub users: Side,
    pub markers: Markers,
    pub home: RegionFacts,
    pub standby: RegionFacts,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegionFacts {
    pub region: Region,
    pub view: View,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum View {
    Answered(Box<Answered>),
    Unreachable {
        because: String,
    },
    /// It answers with what this version cannot read.
    Unreadable {
        because: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answered {
    pub state: RegionState,
    pub probe: Probe,
    /// What image-sync last found.
    pub images: Kept<Record>,
    /// What is known to be damaged of the backups.
    pub damages: Kept<Damages>,
}

/// What a function keeps in the control bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Kept<T> {
    There { record: Box<T> },
    Never,
    Unknown { because: String },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Probe {
    Reported { report: Box<ProbeReport> },
    Never,
    Unknown { because: String },
}

/// As they look from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Markers {
    pub serve: Seen,
    pub fenced: Seen,
    pub reclaim: Seen,
}

impl Facts {
    pub fn new(
        at: Timestamp,
        application: &str,
        home: RegionFacts,
        standby: RegionFacts,
        markers: Markers,
    ) -> Self {
        let highest = match (home.state(), standby.state()) {
            (Some(state), other) | (None, other @ Some(state)) => Some(state.highest(other)),
            (None, None) => None,
        };
        let (epoch, active) = highest.unzip();
        Self {
            at,
            application: application.into(),
            active,
            epoch,
            users: answers(markers.serve, markers.fenced, markers.reclaim),
            markers,
            home,
            standby,
        }
    }

    pub fn region(&self, side: Side) -> &RegionFacts {
        match side {
            Side::Home => &self.home,
            Side::Standby => &self.standby,
        }
    }

    /// Neither region said anything that can be read.
    pub fn nobody_answered(&self) -> bool {
        self.active.is_none()
    }
}

impl RegionFacts {
    pub fn answered(&self) -> Option<&Answered> {
        match &self.view {
            View::Answered(answered) => Some(answered),
            View::Unreachable { .. } | View::Unreadable { .. } => None,
        }
    }

    pub fn state(&self) -> Option<&RegionState> {
        self.answered().map(|answered| &answered.state)
    }
}

impl Answered {
    pub fn report(&self) -> Option<&ProbeReport> {
        match &self.probe {
            Probe::Reported { report } => Some(report),
            Probe::Never | Probe::Unknown { .. } => None,
        }
    }
}
