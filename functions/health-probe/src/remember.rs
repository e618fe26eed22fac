//! What the region's state keeps of a probe.

use lifeboat_core::{Configuration, RegionState};

use lifeboat_aws::ecs::{Deployed, Services};

pub fn remember(
    before: &RegionState,
    peer: Option<&RegionState>,
    services: Option<&Services>,
    configuration: &Configuration,
) -> RegionState {
    let mut after = match peer {
        Some(peer) => before.clone().saw(peer),
        None => before.clone(),
    };
    let (_, active) = before.highest(peer);
    if active == configuration.region {
        for service in &configuration.services {
            if let Some(deployed) = services.and_then(|services| services.get(&service.name)) {
                let remembered = before.capacity.get(&service.name).copied();
                let capacity = capacity(service.minimum, deployed, remembered);
                after.capacity.insert(service.name.clone(), capacity);
            }
        }
    } else if let Some(peer) =
        peer.filter(|peer| peer.active == active && !peer.capacity.is_empty())
    {
        after.capacity = peer.capacity.clone();
    }
    after
}

/// A service with fewer tasks than it wants is dying or starting, and one that wants none was stopped:
/// neither says how many tasks production needs.
fn capacity(minimum: u32, deployed: &Deployed, remembered: Option<u32>) -> u32 {
    let settled = deployed.desired > 0 && deployed.running >= deployed.desired;
    let floor = if settled { 0 } else { remembered.unwrap_or(0) };
    minimum.max(deployed.running).max(floor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lifeboat_core::{Epoch, configuration::sample};

    fn services(desired: u32, running: u32) -> Services {
        let deployed = Deployed {
            status: "ACTIVE".into(),
            desired,
            running,
            ..Deployed::default()
        };
        [("users".to_owned(), deployed)].into()
    }

    fn genesis() -> RegionState {
        RegionState::genesis(&sample("us-east-1").pair().unwrap())
    }

    #[test]
    fn an_active_region_remembers_what_runs_and_never_less_than_the_minimum() {
        let configuration = sample("us-east-1");
        for (running, expected) in [(1, 2), (2, 2), (5, 5)] {
            let services = services(running, running);
            let after = remember(&genesis(), None, Some(&services), &configuration);
            assert_eq!(after.capacity, [("users".to_owned(), expected)].into());
        }
    }

    #[test]
    fn a_dying_or_stopped_sources_zero_is_not_what_is_remembered() {
        let mut before = genesis();
        before.capacity.insert("users".into(), 6);
        for (desired, running, expected) in [(6, 0, 6), (0, 0, 6), (0, 3, 6), (8, 7, 7), (3, 3, 3)]
        {
            let services = services(desired, running);
            let after = remember(&before, None, Some(&services), &sample("us-east-1"));
            assert_eq!(after.capacity["users"], expected, "{desired} {running}");
        }
        assert_eq!(remember(&before, None, None, &sample("us-east-1")), before);
    }

    #[test]
    fn a_passive_region_copies_what_the_active_one_remembers() {
        let mut peer = genesis();
        peer.capacity.insert("users".into(), 6);
        let standby = sample("us-west-2");
        let after = remember(&genesis(), Some(&peer), Some(&services(0, 0)), &standby);
        assert_eq!(after.capacity, peer.capacity);
        assert_eq!(after.peer, Some((&peer).into()));
        assert_eq!(
            remember(&after, None, Some(&services(0, 0)), &standby),
            after
        );
    }

    #[test]
    fn a_region_that_was_replaced_no_longer_counts_its_own_tasks() {
        let mut peer = genesis();
        peer.epoch = Epoch(1);
        peer.active = sample("us-west-2").region;
        let after = remember(
            &genesis(),
            Some(&peer),
            Some(&services(9, 9)),
            &sample("us-east-1"),
        );
        assert!(after.capacity.is_empty());
    }
}
