use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Epoch, Invalid, Region, RegionPair, SCHEMA, Side, backup::BackupKey, gate::Gates,
    person::Awaits, request::Mode, scaling::Scale, stored,
};

/// What one region knows for certain. One object per region, changed only by compare-and-set, never replicated.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RegionState {
    pub schema: u32,
    pub epoch: Epoch,
    pub active: Region,
    /// The right of one execution to act here, dead when that execution is no longer running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// The newest state of the peer that was read from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<PeerSeen>,
    /// Tasks per service that serve production, so that a dying source's zero is not what is remembered.
    #[serde(default)]
    pub capacity: BTreeMap<String, u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cool_down_until: Option<Timestamp>,
    /// When automatic executions started, for the daily budget.
    #[serde(default)]
    pub automatic_starts: Vec<Timestamp>,
    /// What is still owed to a source that this region has replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fence: Option<Fence>,
}

/// Also what has to be known to put things back when the execution itself cannot any more.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lease {
    pub execution: String,
    pub mode: Mode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<Timestamp>,
    /// Tasks per service in production, noted before anything was touched.
    pub capacity: BTreeMap<String, u32>,
    /// What the source of a planned execution was set to, noted before it was touched.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub source_before: BTreeMap<String, Scale>,
    /// The gates of the source that are closed instead of stopping a service, noted as well.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub source_gates: Gates,
    /// Tasks may run here by now, or things are put back: nothing is prepared any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub filled: bool,
    /// Why a person wants it to stop before its next step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<String>,
    /// Why a person made it unplanned midway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turned: Option<String>,
    /// What it waits for a person for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
}

/// The state machine stands still, for as long as it may, until its token comes back.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Hold {
    pub awaits: Awaits,
    pub since: Timestamp,
    pub token: String,
}

impl Lease {
    pub fn new(execution: impl Into<String>, mode: Mode, capacity: &BTreeMap<String, u32>) -> Self {
        Self {
            execution: execution.into(),
            mode,
            taken: None,
            capacity: capacity.clone(),
            source_before: BTreeMap::new(),
            source_gates: Gates::new(),
            filled: false,
            paused: None,
            turned: None,
            hold: None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PeerSeen {
    pub epoch: Epoch,
    pub active: Region,
}

/// The winner keeps trying until the loser is seen fenced and what it held is salvaged.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fence {
    pub execution: String,
    /// The backup that was restored; what the loser holds beyond it was lost.
    pub restored: BackupKey,
    pub progress: FenceProgress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FenceProgress {
    Pending,
    Acknowledged,
    Salvaged,
}

impl RegionState {
    /// Before anything ever happened home serves, at epoch zero.
    pub fn genesis(pair: &RegionPair) -> Self {
        Self {
            schema: SCHEMA,
            epoch: Epoch(0),
            active: pair.home.clone(),
            lease: None,
            peer: None,
            capacity: BTreeMap::new(),
            cool_down_until: None,
            automatic_starts: Vec::new(),
            fence: None,
        }
    }

    pub fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
        stored::read("state.json", "a region state", bytes)
    }

    /// The highest epoch this region knows of, and the region that is active at it.
    pub fn highest(&self, peer: Option<&RegionState>) -> (Epoch, Region) {
        let own = (self.epoch, self.active.clone());
        let seen = self.peer.as_ref().map(|p| (p.epoch, p.active.clone()));
        let read = peer.map(|p| (p.epoch, p.active.clone()));
        [Some(own.clone()), seen, read]
            .into_iter()
            .flatten()
            .max_by_key(|(epoch, _)| *epoch)
            .unwrap_or(own)
    }

    pub fn saw(mut self, peer: &RegionState) -> Self {
        let seen = self.peer.as_ref().map(|p| p.epoch);
        if seen.is_none_or(|epoch| {
            peer.epoch > epoch || (peer.epoch == epoch && self.peer != Some(peer.into()))
        }) {
            self.peer = Some(peer.into());
        }
        self
    }

    pub fn next_epoch(&self, side: Side, peer: Option<&RegionState>) -> Epoch {
        Epoch::next(side, self.epoch, self.highest(peer).0)
    }

    /// True when the peer was activated after anything this region knows it did itself.
    pub fn overruled_by(&self, me: &Region, peer: &RegionState) -> bool {
        peer.epoch > self.epoch && peer.active != *me
    }

    /// The execution that has the lease.
    pub fn owner(&self) -> Option<&str> {
        self.lease.as_ref().map(|lease| lease.execution.as_str())
    }

    /// What an execution does before it starts tasks: stop the other region, empty this one, restore into it. Late, that
    /// would stop tasks that shall run, or restore beside them. Nor does it once it is undone.
    pub fn prepared_by(&self, execution: &str, epoch: Epoch, me: &Region) -> Result<(), String> {
        self.held_by(execution, epoch)?;
        if self.active == *me {
            return Err(format!("{me} serves already, at epoch {epoch}"));
        }
        match self.lease.as_ref().is_some_and(|lease| lease.filled) {
            true => Err(format!(
                "{execution} has started tasks in {me} already, or is undone"
            )),
            false => Ok(()),
        }
    }

    /// What an execution does between starting tasks and being active: give them what only they can take. Late, that would
    /// replace what users have written.
    pub fn filled_by(&self, execution: &str, epoch: Epoch, me: &Region) -> Result<(), String> {
        self.held_by(execution, epoch)?;
        if self.active == *me {
            return Err(format!("{me} serves already, at epoch {epoch}"));
        }
        match self.lease.as_ref().is_some_and(|lease| lease.filled) {
            true => Ok(()),
            false => Err(format!("{execution} has started no tasks in {me} yet")),
        }
    }

    pub fn held_by(&self, execution: &str, epoch: Epoch) -> Result<(), String> {
        if self.epoch != epoch {
            return Err(format!(
                "epoch {epoch} is stale: this region is at epoch {}",
                self.epoch
            ));
        }
        match self.owner() {
            Some(owner) if owner == execution => Ok(()),
            Some(owner) => Err(format!(
                "the lease of epoch {epoch} is held by {owner}, not by {execution}"
            )),
            None => Err(format!(
                "nobody holds the lease of epoch {epoch}; {execution} has lost or released it"
            )),
        }
    }
}

impl From<&RegionState> for PeerSeen {
    fn from(state: &RegionState) -> Self {
        Self {
            epoch: state.epoch,
            active: state.active.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> RegionPair {
        RegionPair::new(
            Region::new("us-east-1").unwrap(),
            Region::new("us-west-2").unwrap(),
        )
        .unwrap()
    }

    #[test]
    fn the_highest_epoch_that_can_be_read_says_who_is_active() {
        let pair = pair();
        let home = RegionState::genesis(&pair);
        let mut standby = RegionState::genesis(&pair);
        standby.epoch = Epoch(1);
        standby.active = pair.standby.clone();
        assert_eq!(home.highest(None), (Epoch(0), pair.home.clone()));
        assert_eq!(
            home.highest(Some(&standby)),
            (Epoch(1), pair.standby.clone())
        );
        assert_eq!(
            home.saw(&standby).highest(None),
            (Epoch(1), pair.standby.clone())
        );
    }

    #[test]
    fn a_region_is_overruled_only_by_a_peer_that_was_activated_later() {
        let pair = pair();
        let mut home = RegionState::genesis(&pair);
        let mut standby = RegionState::genesis(&pair);
        standby.epoch = Epoch(1);
        assert!(
            !home.overruled_by(&pair.home, &standby),
            "a lease alone takes nothing away"
        );
        standby.active = pair.standby.clone();
        assert!(home.overruled_by(&pair.home, &standby));
        home.epoch = Epoch(2);
        assert!(
            !home.overruled_by(&pair.home, &standby),
            "an execution that brings home back is not fenced"
        );
    }

    #[test]
    fn a_stale_epoch_or_another_owner_may_not_act() {
        let mut state = RegionState::genesis(&pair());
        assert!(state.held_by("a", Epoch(0)).is_err());
        state.lease = Some(Lease::new("a", Mode::Unplanned, &BTreeMap::new()));
        assert!(state.held_by("a", Epoch(0)).is_ok());
        assert!(
            state
                .held_by("b", Epoch(0))
                .unwrap_err()
                .contains("held by a")
        );
        assert!(state.held_by("a", Epoch(1)).unwrap_err().contains("stale"));
    }

    #[test]
    fn a_newer_schema_is_refused_and_a_field_of_a_neighbour_is_passed_over() {
        let genesis = RegionState::genesis(&pair());
        let mut json = serde_json::to_value(&genesis).unwrap();
        json["surprise"] = 1.into();
        let read = RegionState::parse(json.to_string().as_bytes());
        assert_eq!(read.unwrap(), genesis);
        let mut newer = genesis;
        newer.schema = SCHEMA + 1;
        let text = serde_json::to_vec(&newer).unwrap();
        assert!(
            RegionState::parse(&text)
                .unwrap_err()
                .to_string()
                .contains("schema")
        );
    }
}
