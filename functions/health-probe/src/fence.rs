//! Who may keep serving: decided from states and markers alone.

use lifeboat_core::{
    Region, RegionState, Side,
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
    use lifeboat_core::{Epoch, configuration::sample, request::Mode, state::Lease};

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
