//! What the region's state keeps of a probe.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lifeboat_aws::ecs::{Deployed, Services};
use lifeboat_core::{Configuration, RegionState, peaks::Peaks, probe::ProbeReport};

/// What was counted until now, and what runs now. Where nothing was counted yet, or it can no longer be read, it begins
/// with what the state remembers.
pub fn peaks(
    previous: Option<&ProbeReport>,
    own: Option<&RegionState>,
    services: Option<&Services>,
    configuration: &Configuration,
    now: Timestamp,
) -> BTreeMap<String, Peaks> {
    let counted = |name: &String| {
        let before = previous.and_then(|report| report.peaks.get(name)).cloned();
        before.unwrap_or_else(|| {
            let remembered = own.and_then(|own| own.capacity.get(name)).copied();
            Peaks::default().see(remembered.unwrap_or(0), now)
        })
    };
    let names = configuration.services.iter().map(|service| &service.name);
    names
        .map(|name| {
            let deployed = services.and_then(|services| services.get(name));
            let peaks = counted(name).see(deployed.map_or(0, count), now);
            (name.clone(), peaks)
        })
        .collect()
}

/// While a deployment replaces tasks more of them run than are wanted.
fn count(deployed: &Deployed) -> u32 {
    deployed.running.min(deployed.desired)
}

pub fn state(
    before: &RegionState,
    peer: Option<&RegionState>,
    peaks: &BTreeMap<String, Peaks>,
    configuration: &Configuration,
) -> RegionState {
    let mut after = match peer {
        Some(peer) => before.clone().saw(peer),
        None => before.clone(),
    };
    let (_, active) = before.highest(peer);
    if active == configuration.region {
        for service in &configuration.services {
            if let Some(peaks) = peaks.get(&service.name) {
                let capacity = service.minimum.max(peaks.highest());
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

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use lifeboat_core::{Epoch, Region, configuration::sample, liveness::Verdict, probe};

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

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    /// Home, probed each time with these tasks of users; what its state remembers of them in the end.
    fn remembered(before: &RegionState, probes: &[(i64, Option<Services>)]) -> Option<u32> {
        let configuration = sample("us-east-1");
        let home = Region::new("us-east-1").unwrap();
        let (mut own, mut previous) = (before.clone(), None);
        for (minute, services) in probes {
            let mut report = probe::sample(&home, &home, Verdict::Serving);
            report.peaks = peaks(
                previous.as_ref(),
                Some(&own),
                services.as_ref(),
                &configuration,
                at(*minute),
            );
            own = state(&own, None, &report.peaks, &configuration);
            previous = Some(report);
        }
        own.capacity.get("users").copied()
    }

    #[test]
    fn an_active_region_remembers_what_runs_and_never_less_than_the_minimum() {
        for (running, expected) in [(0, 2), (1, 2), (2, 2), (5, 5)] {
            let probes = [(0, Some(services(running, running)))];
            assert_eq!(remembered(&genesis(), &probes), Some(expected));
        }
    }

    #[test]
    fn a_dying_stopped_or_silent_sources_zero_is_not_what_is_remembered() {
        let six = (0, Some(services(6, 6)));
        for (desired, running) in [(6, 0), (0, 0), (0, 3), (3, 3), (8, 5)] {
            let probes = [six.clone(), (1, Some(services(desired, running)))];
            let said = format!("{desired} {running}");
            assert_eq!(remembered(&genesis(), &probes), Some(6), "{said}");
        }
        assert_eq!(remembered(&genesis(), &[six, (1, None)]), Some(6));
    }

    #[test]
    fn more_tasks_are_remembered_at_once_and_fewer_after_a_day() {
        let day = 24 * 60;
        let mut probes = vec![(0, Some(services(3, 3))), (1, Some(services(6, 6)))];
        assert_eq!(remembered(&genesis(), &probes), Some(6));
        probes.extend((2..=day).map(|minute| (minute, Some(services(4, 4)))));
        assert_eq!(remembered(&genesis(), &probes), Some(6));
        probes.push((day + 61, Some(services(4, 4))));
        assert_eq!(remembered(&genesis(), &probes), Some(4));
    }

    #[test]
    fn a_deployment_that_runs_old_and_new_tasks_side_by_side_does_not_double_production() {
        let probes = [(0, Some(services(3, 6)))];
        assert_eq!(remembered(&genesis(), &probes), Some(3));
    }

    #[test]
    fn a_region_that_begins_to_count_begins_with_what_it_remembers() {
        let mut before = genesis();
        before.capacity.insert("users".into(), 6);
        let dying = [(0, Some(services(6, 0))), (1, Some(services(6, 0)))];
        assert_eq!(remembered(&before, &dying), Some(6));
        assert_eq!(remembered(&before, &[(0, None)]), Some(6));
    }

    #[test]
    fn a_passive_region_copies_what_the_active_one_remembers() {
        let mut peer = genesis();
        peer.capacity.insert("users".into(), 6);
        let standby = sample("us-west-2");
        let nothing = BTreeMap::new();
        let after = state(&genesis(), Some(&peer), &nothing, &standby);
        assert_eq!(after.capacity, peer.capacity);
        assert_eq!(after.peer, Some((&peer).into()));
        assert_eq!(state(&after, None, &nothing, &standby), after);
    }

    #[test]
    fn a_region_that_was_replaced_no_longer_counts_its_own_tasks() {
        let mut peer = genesis();
        peer.epoch = Epoch(1);
        peer.active = sample("us-west-2").region;
        let nine = [("users".to_owned(), Peaks::default().see(9, at(0)))];
        let home = sample("us-east-1");
        let after = state(&genesis(), Some(&peer), &nine.into(), &home);
        assert!(after.capacity.is_empty());
    }
}
