//! What is known, fact by fact: yes, no or cannot tell, and why.

use jiff::Timestamp;

use super::{Answer, Fact, Facts};
use crate::{
    lease,
    liveness::Verdict as Alive,
    marker::Seen,
    readiness::{self, RECLAIM_RAISED, ServiceFacts},
    request::Mode,
    state::FenceProgress,
    window,
};

/// An answer, and why it is that one.
pub(super) type Found = (Answer, String);

fn yes(why: impl Into<String>) -> Found {
    (Answer::Yes, why.into())
}

fn no(why: impl Into<String>) -> Found {
    (Answer::No, why.into())
}

fn cannot_tell(why: impl Into<String>) -> Found {
    (Answer::CannotTell, why.into())
}

impl Facts<'_> {
    pub(super) fn weigh(&self, fact: Fact, mode: Mode, now: Timestamp) -> Found {
        match fact {
            Fact::Passive => self.passive(),
            Fact::LeaseFree => self.lease_free(mode),
            Fact::Automatic => self.automatic(),
            Fact::CooledDown => self.cooled_down(now),
            Fact::WithinBudget => self.within_budget(now),
            Fact::OutsideMaintenance => outside(&self.configuration.maintenance_windows, now),
            Fact::OutsideDrillBlock => outside(&self.configuration.drill_blocked_windows, now),
            Fact::ActiveRegionDown => self.active_region_down(),
            Fact::ActiveRegionServes => self.active_region_serves(mode),
            Fact::PeerReadable => self.peer_readable(),
            Fact::PeerIdle => self.peer_idle(),
            Fact::Salvaged => self.salvaged(),
            Fact::BackupsCross => self.backups_cross(),
            Fact::BackupThere => self.backup_there(),
            Fact::BackupFresh => self.backup_fresh(),
            Fact::ImagesReady => self.every_service("image", |facts| &facts.image),
            Fact::CapacityReady => self.every_service("service", |facts| &facts.service),
            Fact::NeedsMet => self.needs_met(),
            Fact::ReclaimLowered => self.reclaim_lowered(),
        }
    }

    fn passive(&self) -> Found {
        let me = &self.configuration.region;
        match self.own.highest(self.peer.ok()) {
            (epoch, active) if active == *me => {
                no(format!("{me} is active already, at epoch {epoch}"))
            }
            (epoch, active) => yes(format!("{active} is active at epoch {epoch}")),
        }
    }

    fn lease_free(&self, mode: Mode) -> Found {
        if self.leased() {
            return yes("this execution holds the lease");
        }
        match (lease::free(self.own, self.owner, mode), self.owner) {
            (Ok(()), _) => yes("no execution is running here"),
            // In two minutes it will be known.
            (Err(taken), Some(lease::Owner::CannotTell(_) | lease::Owner::Ending)) => {
                cannot_tell(taken.to_string())
            }
            (Err(taken), Some(lease::Owner::Running | lease::Owner::Ended) | None) => {
                no(taken.to_string())
            }
        }
    }

    fn automatic(&self) -> Found {
        match lease::switches(self.configuration).into_iter().next() {
            Some(off) => no(off),
            None => yes("automatic failover is switched on"),
        }
    }

    fn cooled_down(&self, now: Timestamp) -> Found {
        match lease::cooled_down(self.own, now) {
            _ if self.leased() => yes("this execution has used its start already"),
            Err(lasts) => no(lasts),
            Ok(()) => yes("no cool-down lasts"),
        }
    }

    fn within_budget(&self, now: Timestamp) -> Found {
        if self.leased() {
            return yes("this execution has used its start already");
        }
        match lease::within_budget(self.own, self.configuration, now) {
            Ok(used) => yes(used),
            Err(used) => no(used),
        }
    }

    fn active_region_down(&self) -> Found {
        let seen = &self.probe.liveness;
        let why = seen.reasons.join("; ");
        match seen.verdict {
            Alive::Down => yes(format!("the active region is down: {why}")),
            Alive::Impaired => no(format!("the active region serves in part: {why}")),
            Alive::Serving => {
                no("the active region serves; ask for a planned failover, which loses nothing")
            }
            Alive::CannotTell => cannot_tell(format!(
                "cannot tell whether the active region serves: {why}"
            )),
        }
    }

    fn active_region_serves(&self, mode: Mode) -> Found {
        let seen = &self.probe.liveness;
        let but = match mode {
            Mode::Drill => "this is no time for a drill",
            Mode::Plan | Mode::Planned | Mode::Unplanned => {
                "a planned failover moves a healthy one"
            }
        };
        let why = format!(
            "the active region does not serve well ({}); {but}",
            seen.reasons.join("; ")
        );
        match seen.verdict {
            Alive::Serving => yes("the active region serves"),
            Alive::Impaired | Alive::Down => no(why),
            Alive::CannotTell => cannot_tell(why),
        }
    }

    fn peer_readable(&self) -> Found {
        match self.peer {
            Ok(_) => yes("the other region's state was read"),
            Err(why) => no(format!(
                "the other region's state cannot be read ({why}); a planned failover needs both regions"
            )),
        }
    }

    fn peer_idle(&self) -> Found {
        match self.peer.map(|peer| peer.owner()) {
            Ok(None) => yes("no execution is running in the other region"),
            Ok(Some(owner)) => no(format!("{owner} is acting in the other region")),
            Err(_) => cannot_tell("the other region's state cannot be read"),
        }
    }

    fn salvaged(&self) -> Found {
        match self.peer.map(|peer| peer.fence.as_ref()) {
            Ok(Some(fence)) if fence.progress != FenceProgress::Salvaged => no(
                "what this region held when it was replaced has not been salvaged yet; the watch does it within minutes",
            ),
            Ok(_) => yes("nothing waits to be salvaged here"),
            Err(_) => cannot_tell("the other region's state cannot be read"),
        }
    }

    fn backups_cross(&self) -> Found {
        match self.configuration.cross_region_backup {
            true => yes("backups are replicated"),
            false => no(
                "enable_cross_region_backup is off: no backup reaches this region, so nobody can be moved without loss",
            ),
        }
    }

    fn backup_there(&self) -> Found {
        let readiness = &self.probe.readiness;
        match (&readiness.newest_backup, &readiness.backup) {
            (Some(backup), _) => yes(format!("the newest is {}", backup.name)),
            (None, readiness::Fact::CannotTell(why)) => cannot_tell(why.clone()),
            (None, readiness::Fact::There | readiness::Fact::Missing(_)) => {
                no("there is no backup in this region to restore")
            }
        }
    }

    fn backup_fresh(&self) -> Found {
        let readiness = &self.probe.readiness;
        let age = readiness.backup_age_seconds.unwrap_or_default();
        match &readiness.backup {
            readiness::Fact::There => yes(format!(
                "the newest backup is {age} s old; without a final one, what was written since will be lost here and salvaged when {} returns",
                self.configuration.peer_region()
            )),
            readiness::Fact::Missing(why) => no(why.clone()),
            readiness::Fact::CannotTell(why) => cannot_tell(why.clone()),
        }
    }

    /// No where one lacks it, and cannot tell where one may.
    fn every_service(&self, what: &str, of: fn(&ServiceFacts) -> &readiness::Fact) -> Found {
        let services = self.probe.readiness.services.iter();
        let (missing, unknown) = lacking(services.map(|(name, facts)| (name.clone(), of(facts))));
        match (missing.is_empty(), unknown.is_empty()) {
            (true, true) => yes(format!("every {what} is here")),
            (true, false) => cannot_tell(unknown.join("; ")),
            (false, _) => no(missing.join("; ")),
        }
    }

    /// What cannot be told is a warning that does not come, and no answer.
    fn needs_met(&self) -> Found {
        let readiness = &self.probe.readiness;
        let services = readiness.services.iter().flat_map(|(name, facts)| {
            let of = |what| format!("{name}: {what}");
            [
                (of("definition"), &facts.definition),
                (of("target"), &facts.target),
                (of("secrets"), &facts.secrets),
            ]
        });
        let shared = [
            ("addresses".to_owned(), &readiness.addresses),
            ("quota".to_owned(), &readiness.quota),
        ];
        let (missing, unknown) = lacking(services.chain(shared));
        match (missing.is_empty(), unknown.is_empty()) {
            (true, true) => yes("nothing that tasks need is missing"),
            (true, false) => yes(format!(
                "nothing that tasks need is known to be missing; it cannot be told of {}",
                unknown.join("; ")
            )),
            (false, _) => no(missing.join("; ")),
        }
    }

    fn reclaim_lowered(&self) -> Found {
        match self.probe.readiness.reclaim {
            Seen::Absent => yes("the marker reclaim is not raised"),
            Seen::Present => no(RECLAIM_RAISED),
            Seen::Unreachable => cannot_tell("the marker reclaim cannot be read"),
        }
    }
}

/// What is missing, and what cannot be told.
fn lacking<'a>(
    facts: impl Iterator<Item = (String, &'a readiness::Fact)>,
) -> (Vec<String>, Vec<String>) {
    let (mut missing, mut unknown) = (vec![], vec![]);
    for (name, fact) in facts {
        match fact {
            readiness::Fact::There => {}
            readiness::Fact::Missing(why) => missing.push(format!("{name}: {why}")),
            readiness::Fact::CannotTell(why) => unknown.push(format!("{name}: {why}")),
        }
    }
    (missing, unknown)
}

fn outside(windows: &[window::Window], now: Timestamp) -> Found {
    match window::open(windows, now) {
        Some(window) => no(format!("the window {window} (UTC) is open")),
        None => yes("no window is open"),
    }
}
