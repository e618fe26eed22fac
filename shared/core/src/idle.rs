//! A passive region that is left to itself: nobody acts, and nobody is owed what it holds. So the schedule may bring its data up to
//! date where nothing runs, and the probe starts the tasks that it rests at, which have none.

mod by_hand;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Epoch, Region, RegionState,
    configuration::Service,
    probe::{ProbeReport, RECORDED_SECONDS},
    scaling::Scale,
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

/// The epoch at which a passive region is left to itself: both states were read, nobody acts in either region, and nobody is owed
/// what this one holds.
fn alone(
    me: &Region,
    own: Option<&RegionState>,
    peer: Option<&RegionState>,
) -> Result<Epoch, String> {
    let (Some(own), Some(peer)) = (own, peer) else {
        return Err("the states of both regions cannot be read".into());
    };
    let (epoch, active) = own.highest(Some(peer));
    let owed = peer.fence.as_ref().map(|fence| fence.progress);
    match (own.owner().or(peer.owner()), owed) {
        _ if active == *me => Err(format!("{me} is active at epoch {epoch}")),
        (Some(owner), _) => Err(format!("{owner} is at work")),
        (None, Some(FenceProgress::Pending | FenceProgress::Acknowledged)) => Err(format!(
            "what {me} held when it was replaced is not saved yet"
        )),
        (None, None | Some(FenceProgress::Salvaged)) => Ok(epoch),
    }
}

/// `running` are the services with data that have a task, or may get one.
pub fn judge(
    me: &Region,
    own: Option<&RegionState>,
    peer: Option<&RegionState>,
    running: Result<&BTreeSet<String>, String>,
) -> Idle {
    match (alone(me, own, peer), running) {
        (Err(why), _) => Idle::No(why),
        (Ok(_), Err(why)) => Idle::No(format!("cannot tell whether tasks run: {why}")),
        (Ok(_), Ok(running)) if !running.is_empty() => {
            let running: Vec<&str> = running.iter().map(String::as_str).collect();
            Idle::No(format!("tasks of {} run, or may", running.join(", ")))
        }
        (Ok(_), Ok(_)) => Idle::Yes,
    }
}

/// Whether a region's own probe may start the tasks that it rests at, and the epoch at which it may. One that was replaced has
/// none until it is passive by its own state, which it is from its next lease on: until then it is fenced, by whoever sees it.
pub fn rests(me: &Region, own: &RegionState, peer: Option<&RegionState>) -> Result<Epoch, String> {
    let epoch = alone(me, Some(own), peer)?;
    match is_passive(me, own) {
        true => Ok(epoch),
        false => Err(format!("{me} was replaced at epoch {epoch}")),
    }
}

/// What a service of a region that does not serve is to be set to while nobody is at work there.
pub fn rest(me: &Region, own: &RegionState, service: &Service) -> Scale {
    match is_passive(me, own) {
        true => Scale::resting(service),
        false => Scale::NONE,
    }
}

/// By its own state, whatever it knows of the other region's.
fn is_passive(me: &Region, own: &RegionState) -> bool {
    own.active != *me
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
    fn tasks_that_a_region_rests_at_are_started_where_it_is_passive_by_its_own_state_and_nobody_acts()
     {
        let (calm, leased) = (genesis(), leased());
        let owing = |progress| owing(progress);
        let replaced = RegionState {
            active: me(),
            ..genesis()
        };
        let mut won = genesis();
        won.epoch = Epoch(2);
        let serves = RegionState {
            epoch: Epoch(1),
            ..replaced.clone()
        };
        for (own, peer, says) in [
            (&calm, Some(&calm), ""),
            (&calm, Some(&owing(FenceProgress::Salvaged)), ""),
            (&calm, Some(&owing(FenceProgress::Pending)), "not saved"),
            (
                &calm,
                Some(&owing(FenceProgress::Acknowledged)),
                "not saved",
            ),
            (&calm, Some(&leased), "is at work"),
            (&leased, Some(&calm), "is at work"),
            (&calm, None, "cannot be read"),
            (&replaced, Some(&won), "was replaced at epoch 2"),
            (&serves, Some(&calm), "is active at epoch 1"),
        ] {
            match (rests(&me(), own, peer), says) {
                (Ok(epoch), "") => assert_eq!(epoch, Epoch(0)),
                (Err(why), says) => assert!(!says.is_empty() && why.contains(says), "{why}"),
                (Ok(epoch), says) => panic!("{says}: {epoch}"),
            }
        }
    }

    #[test]
    fn a_replaced_region_has_no_task_until_it_is_passive_by_its_own_state() {
        let warm = Service {
            warm: 2,
            ..configuration::sample("us-west-2").services[0].clone()
        };
        let replaced = RegionState {
            active: me(),
            ..genesis()
        };
        assert_eq!(rest(&me(), &genesis(), &warm), Scale::resting(&warm));
        assert_eq!(rest(&me(), &replaced, &warm), Scale::NONE);
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
