//! Whether a person may restore a region's data now. Where it serves, nothing must write meanwhile: its probe sees that no task
//! runs, and where nobody can see it a person says so.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Epoch, Region, RegionState,
    configuration::Through,
    probe::{ProbeReport, RECORDED_SECONDS},
};

/// What a probe saw of its region's tasks, and of executions in either region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "which")]
pub enum Tasks {
    /// The services with data that have one, or may get one.
    Of(BTreeSet<String>),
    AtWork(String),
    CannotTell(String),
}

impl Default for Tasks {
    fn default() -> Self {
        Self::CannotTell("the probe did not look for them".into())
    }
}

impl Tasks {
    pub fn is_not_looked_for(&self) -> bool {
        *self == Self::default()
    }

    /// A silent peer is of no account: what acts there does so without this region's data.
    pub fn of(
        own: Option<&RegionState>,
        peer: Option<&RegionState>,
        running: Result<&BTreeSet<String>, String>,
    ) -> Self {
        let Some(own) = own else {
            return Self::CannotTell("this region's state cannot be read".into());
        };
        match (own.owner().or(peer.and_then(RegionState::owner)), running) {
            (Some(owner), _) => Self::AtWork(owner.to_owned()),
            (None, Ok(running)) => Self::Of(running.clone()),
            (None, Err(why)) => Self::CannotTell(why),
        }
    }
}

/// As far as this region's own state tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ByHand {
    May,
    AtWork(String),
    /// Only where nothing writes.
    Serves(Epoch),
}

pub fn by_hand(me: &Region, state: &RegionState) -> ByHand {
    match (state.owner(), state.highest(None)) {
        (Some(owner), _) => ByHand::AtWork(owner.to_owned()),
        (None, (epoch, active)) if active == *me => ByHand::Serves(epoch),
        (None, _) => ByHand::May,
    }
}

/// Whether something writes where a person wants to restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Writes {
    /// No task of these services runs.
    Nothing,
    /// A person says that nothing does, where nobody can see it.
    NothingIsSaid,
    /// They have tasks, which write back what they hold.
    Tasks(BTreeSet<String>),
    AtWork(String),
    CannotTell(String),
    /// They take their data by their tasks, to which users write.
    ByUsers(BTreeSet<String>),
}

/// Of these services of a region that serves at this epoch.
pub fn writes<'a>(
    services: impl IntoIterator<Item = (&'a str, Through)>,
    epoch: Epoch,
    probed: Option<&ProbeReport>,
    now: Timestamp,
    said: Option<&str>,
) -> Writes {
    let young = young(epoch, probed, now);
    if let Ok(Tasks::AtWork(owner)) = young {
        return Writes::AtWork(owner.clone());
    }
    let (mut stored, mut by_users) = (BTreeSet::new(), BTreeSet::new());
    for (service, through) in services {
        match through {
            Through::Storage => stored.insert(service.to_owned()),
            Through::Tasks => by_users.insert(service.to_owned()),
        };
    }
    let unseen = match young {
        _ if stored.is_empty() => None,
        Ok(Tasks::Of(running)) => {
            stored.retain(|service| running.contains(service));
            if !stored.is_empty() {
                return Writes::Tasks(stored);
            }
            None
        }
        Ok(Tasks::CannotTell(why) | Tasks::AtWork(why)) => Some(why.clone()),
        Err(why) => Some(why),
    };
    match (unseen, by_users.is_empty(), said) {
        (None, true, _) => Writes::Nothing,
        (Some(_), _, Some(_)) | (None, false, Some(_)) => Writes::NothingIsSaid,
        (Some(why), _, None) => Writes::CannotTell(why),
        (None, false, None) => Writes::ByUsers(by_users),
    }
}

/// What a young record of this epoch says, or why there is none.
fn young(epoch: Epoch, probed: Option<&ProbeReport>, now: Timestamp) -> Result<&Tasks, String> {
    let probed = probed.ok_or("the probe has recorded nothing yet")?;
    let age = now.as_second() - probed.at.as_second();
    match (age > RECORDED_SECONDS, probed.epoch == epoch) {
        (true, _) => Err(format!("the probe's record is {age} s old")),
        (false, false) => Err(format!(
            "the probe looked at epoch {}, and by now it is {epoch}",
            probed.epoch
        )),
        (false, true) => Ok(&probed.tasks),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{configuration, liveness, probe, request::Mode, state::Lease};

    const NOW: i64 = 1000;

    fn me() -> Region {
        Region::new("us-east-1").unwrap()
    }

    fn genesis() -> RegionState {
        RegionState::genesis(&configuration::sample("us-east-1").pair().unwrap())
    }

    fn leased() -> RegionState {
        let lease = Lease::new("an execution", Mode::Planned, &[].into());
        RegionState {
            lease: Some(lease),
            ..genesis()
        }
    }

    fn named(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn probed(seconds: i64, tasks: Tasks) -> ProbeReport {
        ProbeReport {
            at: Timestamp::from_second(NOW - seconds).unwrap(),
            tasks,
            ..probe::sample(&me(), &me(), liveness::Verdict::Serving)
        }
    }

    fn told(probed: Option<&ProbeReport>, services: &[(&str, Through)], said: bool) -> Writes {
        let now = Timestamp::from_second(NOW).unwrap();
        let said = said.then_some("I stopped them");
        writes(services.iter().copied(), Epoch(0), probed, now, said)
    }

    #[test]
    fn a_person_restores_where_nobody_acts_and_where_it_serves_only_where_nothing_writes() {
        assert_eq!(by_hand(&me(), &genesis()), ByHand::Serves(Epoch(0)));
        let standby = Region::new("us-west-2").unwrap();
        assert_eq!(by_hand(&standby, &genesis()), ByHand::May);
        for region in [me(), standby] {
            let at_work = ByHand::AtWork("an execution".into());
            assert_eq!(by_hand(&region, &leased()), at_work);
        }
    }

    #[test]
    fn only_the_tasks_of_what_is_restored_are_in_its_way_and_no_word_changes_that() {
        let young = probed(150, Tasks::Of(named(&["posts"])));
        let (posts, users) = (("posts", Through::Storage), ("users", Through::Storage));
        for said in [false, true] {
            assert_eq!(told(Some(&young), &[users], said), Writes::Nothing);
            for wanted in [&[posts][..], &[posts, users]] {
                let tasks = Writes::Tasks(named(&["posts"]));
                assert_eq!(told(Some(&young), wanted, said), tasks);
            }
        }
    }

    #[test]
    fn what_cannot_be_seen_is_a_persons_word_and_an_execution_is_not() {
        let mut later = probed(0, Tasks::Of(named(&[])));
        later.epoch = Epoch(1);
        for (record, says) in [
            (None, "nothing yet"),
            (Some(probed(151, Tasks::Of(named(&[])))), "151 s old"),
            (Some(later), "by now it is 0"),
            (Some(probed(0, Tasks::default())), "did not look"),
            (Some(probed(151, Tasks::AtWork("a".into()))), "151 s old"),
        ] {
            let wanted = [("posts", Through::Storage)];
            let unseen = told(record.as_ref(), &wanted, false);
            let Writes::CannotTell(why) = unseen else {
                panic!("{unseen:?}")
            };
            assert!(why.contains(says), "{why}");
            assert_eq!(told(record.as_ref(), &wanted, true), Writes::NothingIsSaid);
        }
        let acts = probed(150, Tasks::AtWork("a".into()));
        for said in [false, true] {
            let told = told(Some(&acts), &[("posts", Through::Storage)], said);
            assert_eq!(told, Writes::AtWork("a".into()));
        }
    }

    #[test]
    fn what_tasks_take_themselves_is_given_to_them_only_on_a_persons_word_that_users_do_not_write()
    {
        let young = probed(0, Tasks::Of(named(&["users"])));
        let users = [("users", Through::Tasks)];
        let by_users = Writes::ByUsers(named(&["users"]));
        for record in [None, Some(&young)] {
            assert_eq!(told(record, &users, false), by_users);
            assert_eq!(told(record, &users, true), Writes::NothingIsSaid);
        }
    }

    #[test]
    fn a_probe_tells_who_acts_before_which_tasks_run() {
        let (calm, leased, posts) = (genesis(), leased(), named(&["posts"]));
        let at_work = Tasks::AtWork("an execution".into());
        for (own, peer, running, tasks) in [
            (
                Some(&calm),
                Some(&calm),
                Ok(&posts),
                Tasks::Of(posts.clone()),
            ),
            (Some(&calm), None, Ok(&posts), Tasks::Of(posts.clone())),
            (Some(&calm), Some(&leased), Ok(&posts), at_work.clone()),
            (Some(&leased), None, Err("slow".to_owned()), at_work),
            (
                Some(&calm),
                None,
                Err("slow".to_owned()),
                Tasks::CannotTell("slow".into()),
            ),
        ] {
            assert_eq!(Tasks::of(own, peer, running), tasks);
        }
        let unread = Tasks::of(None, Some(&calm), Ok(&posts));
        assert!(matches!(unread, Tasks::CannotTell(_)), "{unread:?}");
    }
}
