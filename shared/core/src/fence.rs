//! Who may keep serving, and who may stop whom: decided from states and markers alone.

use crate::{
    Epoch, Failure, Region, RegionState, Side,
    marker::{Seen, answers},
    state::PeerSeen,
};

/// The activation that took this region's turn away, where its own tasks may still run.
///
/// What was seen of the peer before counts as much as what it says now: epochs only grow.
pub fn must(own: &RegionState, peer: Option<&RegionState>, me: &Region) -> Option<PeerSeen> {
    // A lease says that the other region is active, so an execution that brings this one back is not fenced.
    if own.active != *me {
        return None;
    }
    [own.peer.clone(), peer.map(PeerSeen::from)]
        .into_iter()
        .flatten()
        .max_by_key(|seen| seen.epoch)
        .filter(|seen| seen.epoch > own.epoch && seen.active != *me)
}

/// What becomes of the fence that this region owes to the one it replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Push {
    Now,
    /// An execution is at work there, with a higher epoch; once it has failed, the fence is owed as before.
    Later,
    /// Nobody here has a right to it any more: this region was replaced itself.
    Never,
}

pub fn push(own: &RegionState, peer: &RegionState, me: &Region) -> Push {
    if own.active != *me || own.overruled_by(me, peer) {
        Push::Never
    } else if peer.epoch > own.epoch && peer.lease.is_some() {
        Push::Later
    } else {
        Push::Now
    }
}

/// Whether an execution may fence its source, as that stands now.
pub fn may(epoch: Epoch, source: &RegionState) -> Result<(), Failure> {
    match source.epoch > epoch {
        true => Err(Failure::Stale(format!(
            "the source is at epoch {} already",
            source.epoch
        ))),
        false => Ok(()),
    }
}

/// Whether an execution that has activated `me` may move a marker of the other region. A lease over there is no activation.
pub fn may_move(own: &RegionState, peer: &RegionState, me: &Region) -> Result<(), Failure> {
    match own.overruled_by(me, peer) {
        true => Err(Failure::Stale(format!(
            "{} is active at epoch {} already",
            peer.active, peer.epoch
        ))),
        false => Ok(()),
    }
}

/// Whether what `me` holds was replaced at the winner's epoch, and so may be salvaged.
pub fn replaced(own: &RegionState, me: &Region, winner: Epoch) -> Result<(), Failure> {
    match own.active == *me && own.epoch >= winner {
        true => Err(Failure::Stale(format!(
            "epoch {winner} replaces nobody: this region serves at epoch {}",
            own.epoch
        ))),
        false => Ok(()),
    }
}

/// Whether home keeps its traffic without `reclaim`.
pub fn spent(own: &RegionState, home: &Region, serve: Seen, fenced: Seen) -> bool {
    // Unreachable may be raised, so each must be seen absent, not only not seen.
    own.active == *home
        && [serve, fenced] == [Seen::Absent; 2]
        && answers(serve, fenced, Seen::Absent) == Side::Home
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{configuration::sample, request::Mode, state::Lease};

    fn state(epoch: u64, active: &str) -> RegionState {
        let mut state = RegionState::genesis(&sample("us-east-1").pair().unwrap());
        state.epoch = Epoch(epoch);
        state.active = Region::new(active).unwrap();
        state
    }

    fn lease() -> Option<Lease> {
        Some(Lease::new("an execution", Mode::Planned, &BTreeMap::new()))
    }

    fn home() -> Region {
        Region::new("us-east-1").unwrap()
    }

    #[test]
    fn a_region_whose_peer_was_activated_later_is_fenced() {
        let overruled = must(
            &state(0, "us-east-1"),
            Some(&state(1, "us-west-2")),
            &home(),
        );
        assert_eq!(overruled.unwrap().epoch, Epoch(1));
    }

    #[test]
    fn a_lease_alone_does_not_fence() {
        let leased = state(1, "us-east-1");
        assert_eq!(must(&state(0, "us-east-1"), Some(&leased), &home()), None);
    }

    #[test]
    fn an_execution_that_brings_this_region_back_is_not_fenced() {
        let mut own = state(2, "us-west-2");
        own.lease = lease();
        assert_eq!(must(&own, Some(&state(1, "us-west-2")), &home()), None);
        own.active = home();
        assert_eq!(must(&own, Some(&state(1, "us-west-2")), &home()), None);
    }

    #[test]
    fn an_owner_that_was_left_over_keeps_no_replaced_region_from_being_fenced() {
        let mut own = state(2, "us-east-1");
        own.lease = lease();
        let peer = state(3, "us-west-2");
        assert_eq!(must(&own, Some(&peer), &home()).unwrap().epoch, Epoch(3));
    }

    #[test]
    fn equal_epochs_do_not_fence() {
        assert_eq!(
            must(
                &state(1, "us-east-1"),
                Some(&state(1, "us-west-2")),
                &home()
            ),
            None
        );
    }

    #[test]
    fn a_region_that_knows_itself_passive_has_nothing_to_fence() {
        assert_eq!(
            must(
                &state(0, "us-west-2"),
                Some(&state(1, "us-west-2")),
                &home()
            ),
            None
        );
    }

    #[test]
    fn what_was_seen_of_the_peer_fences_while_it_is_silent() {
        let own = state(0, "us-east-1").saw(&state(1, "us-west-2"));
        assert_eq!(must(&own, None, &home()).unwrap().epoch, Epoch(1));
    }

    #[test]
    fn nothing_seen_of_the_peer_does_not_fence() {
        assert_eq!(must(&state(0, "us-east-1"), None, &home()), None);
        let leased = state(0, "us-east-1").saw(&state(1, "us-east-1"));
        assert_eq!(must(&leased, None, &home()), None);
    }

    fn standby() -> Region {
        Region::new("us-west-2").unwrap()
    }

    #[test]
    fn a_fence_outlasts_an_execution_that_failed_to_bring_the_source_back() {
        let winner = state(1, "us-west-2");
        assert_eq!(push(&winner, &state(0, "us-east-1"), &standby()), Push::Now);
        let mut back = state(2, "us-west-2");
        assert_eq!(push(&winner, &back, &standby()), Push::Now);
        back.lease = lease();
        assert_eq!(push(&winner, &back, &standby()), Push::Later);
    }

    #[test]
    fn a_region_that_was_replaced_itself_fences_nobody() {
        let home = state(2, "us-east-1");
        assert_eq!(push(&state(1, "us-west-2"), &home, &standby()), Push::Never);
        let begins_anew = state(3, "us-east-1");
        assert_eq!(push(&begins_anew, &home, &standby()), Push::Never);
    }

    #[test]
    fn an_execution_fences_no_source_of_a_higher_epoch() {
        assert!(may(Epoch(1), &state(0, "us-east-1")).is_ok());
        assert!(may(Epoch(1), &state(2, "us-east-1")).is_err());
    }

    #[test]
    fn users_are_moved_whatever_is_begun_elsewhere_until_that_is_active() {
        let own = state(1, "us-west-2");
        assert!(may_move(&own, &state(2, "us-west-2"), &standby()).is_ok());
        assert!(may_move(&own, &state(2, "us-east-1"), &standby()).is_err());
    }

    #[test]
    fn a_region_is_salvaged_unless_it_serves_since() {
        for (epoch, active, expected) in [
            (0, "us-east-1", true),
            (2, "us-west-2", true),
            (1, "us-east-1", false),
            (2, "us-east-1", false),
        ] {
            let own = state(epoch, active);
            assert_eq!(replaced(&own, &home(), Epoch(1)).is_ok(), expected);
        }
    }

    #[test]
    fn reclaim_is_spent_only_where_both_other_markers_are_seen_absent() {
        use Seen::{Absent, Present, Unreachable};
        let own = state(2, "us-east-1");
        for serve in [Present, Absent, Unreachable] {
            for fenced in [Present, Absent, Unreachable] {
                let expected = (serve, fenced) == (Absent, Absent);
                assert_eq!(spent(&own, &home(), serve, fenced), expected);
            }
        }
        assert!(!spent(&state(1, "us-west-2"), &home(), Absent, Absent));
    }
}
