//! Whether the schedule may bring a region's data up to date: nothing runs there, nobody acts, and nobody is owed what it holds.

mod by_hand;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Epoch, Region, RegionState,
    probe::{ProbeReport, RECORDED_SECONDS},
    state::FenceProgress,
};

pub use by_hand::{ByHand, Tasks, Writes, by_hand, writes};

/// As the probe saw it, which sees tasks and the other region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "because")]
pub enum Idle {
    Yes,
    No(String),
}

impl Default for Idle {
    fn default() -> Self {
        Self::No("the probe did not look for it".into())
    }
}

impl Idle {
    pub fn is_not_looked_for(&self) -> bool {
        *self == Self::default()
    }
}

/// `running` are the services that have a task, or may get one.
pub fn judge(
    me: &Region,
    own: Option<&RegionState>,
    peer: Option<&RegionState>,
    running: Result<&BTreeSet<String>, String>,
) -> Idle {
    let (Some(own), Some(peer)) = (own, peer) else {
        return Idle::No("the states of both regions cannot be read".into());
    };
    let (epoch, active) = own.highest(Some(peer));
    let owed = peer.fence.as_ref().map(|fence| fence.progress);
    match (running, own.owner().or(peer.owner()), owed) {
        _ if active == *me => Idle::No(format!("{me} is active at epoch {epoch}")),
        (_, Some(owner), _) => Idle::No(format!("{owner} is at work")),
        (Err(why), ..) => Idle::No(format!("cannot tell whether tasks run: {why}")),
        (Ok(running), ..) if !running.is_empty() => {
            let running: Vec<&str> = running.iter().map(String::as_str).collect();
            Idle::No(format!("tasks of {} run, or may", running.join(", ")))
        }
        (.., Some(FenceProgress::Pending | FenceProgress::Acknowledged)) => Idle::No(format!(
            "what {me} held when it was replaced is not saved yet"
        )),
        (Ok(_), None, None | Some(FenceProgress::Salvaged)) => Idle::Yes,
    }
}

/// Whether the schedule may begin to bring the data up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// As long as the region stays at this epoch and nobody takes its lease.
    Mine(Epoch),
    Active {
        epoch: Epoch,
        reason: String,
    },
    Busy(String),
}

pub fn turn(
    me: &Region,
    state: &RegionState,
    probed: Option<&ProbeReport>,
    now: Timestamp,
) -> Turn {
    let (epoch, active) = state.highest(None);
    if active == *me {
        return Turn::Active {
            epoch,
            reason: format!("{me} is active at epoch {epoch}"),
        };
    }
    let Some(probed) = probed else {
        return Turn::Busy("the probe has recorded nothing yet".into());
    };
    let age = now.as_second() - probed.at.as_second();
    match (&probed.idle, state.owner()) {
        (_, Some(owner)) => Turn::Busy(format!("{owner} is at work")),
        _ if age > RECORDED_SECONDS => Turn::Busy(format!("the probe's record is {age} s old")),
        // Tasks start only by a lease, and each lease has an epoch of its own.
        _ if probed.epoch != epoch => Turn::Busy(format!(
            "the probe looked at epoch {}, and by now it is {epoch}",
            probed.epoch
        )),
        (Idle::No(why), None) => Turn::Busy(why.clone()),
        (Idle::Yes, None) => Turn::Mine(epoch),
    }
}

/// Asked again before each effect.
pub fn still(me: &Region, state: &RegionState, since: Epoch) -> Result<(), String> {
    let (epoch, active) = state.highest(None);
    match state.owner() {
        _ if active == *me => Err(format!("{me} is active at epoch {epoch}")),
        _ if epoch != since => Err(format!("epoch {since} is over: it is {epoch}")),
        Some(owner) => Err(format!("{owner} is at work")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        configuration, liveness, probe,
        request::Mode,
        state::{Fence, Lease},
    };

    fn me() -> Region {
        Region::new("us-west-2").unwrap()
    }

    fn genesis() -> RegionState {
        RegionState::genesis(&configuration::sample("us-west-2").pair().unwrap())
    }

    fn leased() -> RegionState {
        let lease = Some(Lease::new("an execution", Mode::Planned, &BTreeMap::new()));
        RegionState { lease, ..genesis() }
    }

    fn owing(progress: FenceProgress) -> RegionState {
        let restored = crate::backup::BackupKey {
            epoch: Epoch(0),
            region: genesis().active,
            name: "backup-20241123-120000".parse().unwrap(),
        };
        let fence = Some(Fence {
            execution: "an execution".into(),
            restored,
            progress,
        });
        RegionState { fence, ..genesis() }
    }

    fn why(idle: &Idle) -> &str {
        match idle {
            Idle::Yes => "",
            Idle::No(why) => why,
        }
    }

    #[test]
    fn a_region_is_idle_when_nothing_runs_nobody_acts_and_nobody_is_owed_what_it_holds() {
        let none = BTreeSet::new();
        let posts = BTreeSet::from(["posts".to_owned()]);
        let (calm, leased) = (genesis(), leased());
        let mut active = genesis();
        (active.epoch, active.active) = (Epoch(1), me());
        let owing = |progress| owing(progress);
        for (own, peer, running, says) in [
            (Some(&calm), Some(&calm), Ok(&none), ""),
            (
                Some(&calm),
                Some(&owing(FenceProgress::Salvaged)),
                Ok(&none),
                "",
            ),
            (
                Some(&calm),
                Some(&owing(FenceProgress::Pending)),
                Ok(&none),
                "not saved",
            ),
            (
                Some(&calm),
                Some(&owing(FenceProgress::Acknowledged)),
                Ok(&none),
                "not saved",
            ),
            (Some(&calm), Some(&calm), Ok(&posts), "tasks of posts"),
            (
                Some(&calm),
                Some(&calm),
                Err("throttled".into()),
                "throttled",
            ),
            (
                Some(&leased),
                Some(&calm),
                Ok(&none),
                "an execution is at work",
            ),
            (
                Some(&calm),
                Some(&leased),
                Ok(&none),
                "an execution is at work",
            ),
            (Some(&active), Some(&calm), Ok(&none), "us-west-2 is active"),
            (Some(&calm), Some(&active), Ok(&none), "us-west-2 is active"),
            (None, Some(&calm), Ok(&none), "cannot be read"),
            (Some(&calm), None, Ok(&none), "cannot be read"),
        ] {
            let idle = judge(&me(), own, peer, running);
            assert!(why(&idle).contains(says), "{idle:?}");
            assert_eq!(idle == Idle::Yes, says.is_empty());
        }
    }

    #[test]
    fn the_schedule_has_its_turn_only_by_a_young_record_of_this_epoch_and_while_nobody_acts() {
        let now = Timestamp::from_second(1000).unwrap();
        let probed = |seconds: i64, idle| ProbeReport {
            at: Timestamp::from_second(1000 - seconds).unwrap(),
            idle,
            ..probe::sample(&me(), &genesis().active, liveness::Verdict::Serving)
        };
        let young = probed(150, Idle::Yes);
        assert_eq!(
            turn(&me(), &genesis(), Some(&young), now),
            Turn::Mine(Epoch(0))
        );
        let mut moved = genesis();
        moved.epoch = Epoch(1);
        let busy = |state: &RegionState, probed: Option<&ProbeReport>| match turn(
            &me(),
            state,
            probed,
            now,
        ) {
            Turn::Busy(why) => why,
            other => panic!("{other:?}"),
        };
        for (state, probed, says) in [
            (&genesis(), None, "nothing yet"),
            (&genesis(), Some(probed(151, Idle::Yes)), "151 s old"),
            (
                &genesis(),
                Some(probed(0, Idle::No("tasks".into()))),
                "tasks",
            ),
            (&genesis(), Some(probed(0, Idle::default())), "did not look"),
            (&leased(), Some(young.clone()), "an execution is at work"),
            (&moved, Some(young.clone()), "by now it is 1"),
        ] {
            let said = busy(state, probed.as_ref());
            assert!(said.contains(says), "{said}");
        }
        moved.active = me();
        let active = turn(&me(), &moved, Some(&young), now);
        assert!(matches!(
            active,
            Turn::Active {
                epoch: Epoch(1),
                ..
            }
        ));
    }

    #[test]
    fn the_turn_is_over_with_a_lease_a_later_epoch_or_an_activation() {
        assert_eq!(still(&me(), &genesis(), Epoch(0)), Ok(()));
        assert!(still(&me(), &leased(), Epoch(0)).is_err());
        let mut later = genesis();
        later.epoch = Epoch(1);
        assert!(still(&me(), &later, Epoch(0)).is_err());
        later.active = me();
        assert!(still(&me(), &later, Epoch(1)).is_err());
    }
}
