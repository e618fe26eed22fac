//! What a decision rests on, and who must have which of it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    Invalid,
    request::{Mode, RequestedBy},
};

/// Each is a question whose yes is in favour of starting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Fact {
    /// This region is not the active one, at the highest epoch that can be read.
    Passive,
    /// No execution acts in this region.
    LeaseFree,
    /// An alarm may start one here.
    Automatic,
    CooledDown,
    WithinBudget,
    OutsideMaintenance,
    OutsideDrillBlock,
    ActiveRegionDown,
    ActiveRegionServes,
    PeerReadable,
    /// No execution acts in the other region.
    PeerIdle,
    /// What this region held when it was replaced is saved.
    Salvaged,
    /// Backups reach the other region.
    BackupsCross,
    BackupThere,
    BackupFresh,
    ImagesReady,
    CapacityReady,
    /// Nothing is known to be missing of what tasks need to start and to be reached.
    NeedsMet,
    /// No left-over marker would keep users at home.
    ReclaimLowered,
}

/// What one who asks needs of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing starts without it.
    Must,
    /// A person may start without it, and says why.
    May,
    /// It is said, and keeps nobody from starting.
    Said,
    /// It has no meaning here.
    Not,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// Unplanned, by itself.
    Alarm,
    /// Unplanned, by a person.
    Unplanned,
    /// Planned, by a person.
    Planned,
    Drill,
}

impl Asker {
    /// A plan asks as whoever would carry it out.
    pub fn of(mode: Mode, by: RequestedBy) -> Self {
        match (mode, by) {
            (Mode::Unplanned, RequestedBy::Alarm) => Self::Alarm,
            (Mode::Unplanned, RequestedBy::Person | RequestedBy::Schedule) => Self::Unplanned,
            (Mode::Planned | Mode::Plan, _) => Self::Planned,
            (Mode::Drill, _) => Self::Drill,
        }
    }

    pub fn needs(self, fact: Fact) -> Need {
        let [alarm, unplanned, planned, drill] = fact.needs();
        match self {
            Self::Alarm => alarm,
            Self::Unplanned => unplanned,
            Self::Planned => planned,
            Self::Drill => drill,
        }
    }

    pub fn may_override(self) -> Vec<Fact> {
        let all = Fact::ALL.into_iter();
        all.filter(|fact| self.needs(*fact) == Need::May).collect()
    }
}

impl Fact {
    pub const ALL: [Self; 19] = [
        Self::Passive,
        Self::LeaseFree,
        Self::Automatic,
        Self::CooledDown,
        Self::WithinBudget,
        Self::OutsideMaintenance,
        Self::OutsideDrillBlock,
        Self::ActiveRegionDown,
        Self::ActiveRegionServes,
        Self::PeerReadable,
        Self::PeerIdle,
        Self::Salvaged,
        Self::BackupsCross,
        Self::BackupThere,
        Self::BackupFresh,
        Self::ImagesReady,
        Self::CapacityReady,
        Self::NeedsMet,
        Self::ReclaimLowered,
    ];

    /// The table: what an alarm, a person's unplanned start, a planned one and a drill need of it.
    fn needs(self) -> [Need; 4] {
        use Need::{May, Must, Not, Said};
        match self {
            // alarm, unplanned, planned, drill
            // Two that act at once or with an epoch of the past are what nobody's reason can mend.
            Self::Passive => [Must, Must, Must, Must],
            Self::LeaseFree => [Must, Must, Must, Must],
            // The brakes of what starts by itself; a person is awake.
            Self::Automatic => [Must, Said, Said, Not],
            Self::CooledDown => [Must, Said, Said, Not],
            Self::WithinBudget => [Must, Said, Said, Not],
            Self::OutsideMaintenance => [Must, Said, Said, Not],
            Self::OutsideDrillBlock => [Not, Not, Not, May],
            // A person may have seen what no look sees: data that is wrong, a service that answers nonsense.
            Self::ActiveRegionDown => [Must, May, Not, Not],
            // A drill must not be in the way of what may be needed in the same hour.
            Self::ActiveRegionServes => [Not, Not, May, Must],
            Self::PeerReadable => [Not, Not, Must, Not],
            // Until that one has moved its users, they may still be sent to where a drill brings tasks up.
            Self::PeerIdle => [Not, Not, Must, Must],
            // The restore keeps what it replaces, and a home that was rebuilt has nothing to save.
            Self::Salvaged => [Not, Not, May, Must],
            Self::BackupsCross => [Not, Not, Must, Not],
            // Without one there is nothing to restore.
            Self::BackupThere => [Must, Must, Must, Must],
            Self::BackupFresh => [Must, May, May, May],
            Self::ImagesReady => [Must, May, May, May],
            Self::CapacityReady => [Must, May, May, May],
            // A region that is dead is worth a try; one that is well is not left for tasks that do not start. A drill finds out.
            Self::NeedsMet => [Said, Said, May, Said],
            // Unplanned, a home that is dead cannot keep users, and its marker cannot be read.
            Self::ReclaimLowered => [Said, Said, Must, Must],
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Passive => "passive",
            Self::LeaseFree => "lease_free",
            Self::Automatic => "automatic",
            Self::CooledDown => "cooled_down",
            Self::WithinBudget => "within_budget",
            Self::OutsideMaintenance => "outside_maintenance",
            Self::OutsideDrillBlock => "outside_drill_block",
            Self::ActiveRegionDown => "active_region_down",
            // A drill must not be in the way of what may be needed in the same hour.
            Self::ActiveRegionServes => "active_region_serves",
            Self::PeerReadable => "peer_readable",
            Self::PeerIdle => "peer_idle",
            Self::Salvaged => "salvaged",
            Self::BackupsCross => "backups_cross",
            Self::BackupThere => "backup_there",
            Self::BackupFresh => "backup_fresh",
            Self::ImagesReady => "images_ready",
            Self::CapacityReady => "capacity_ready",
            Self::NeedsMet => "needs_met",
            Self::ReclaimLowered => "reclaim_lowered",
        }
    }
}

impl FromStr for Fact {
    type Err = Invalid;
    fn from_str(word: &str) -> Result<Self, Invalid> {
        let found = Self::ALL.into_iter().find(|fact| fact.word() == word);
        found.ok_or_else(|| {
            let words = Self::ALL.map(Self::word).join(", ");
            Invalid::new("fact", format!("one of {words}"), format!("{word:?}"))
        })
    }
}

impl TryFrom<String> for Fact {
    type Error = Invalid;
    fn try_from(word: String) -> Result<Self, Invalid> {
        word.parse()
    }
}

impl From<Fact> for String {
    fn from(fact: Fact) -> Self {
        fact.word().into()
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
