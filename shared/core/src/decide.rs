//! May an execution start? Facts in, a verdict out, with every reason that was weighed.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Configuration, RegionState, Side, lease,
    liveness::Verdict as Alive,
    probe::ProbeReport,
    readiness::Verdict as Ready,
    request::{Mode, Request, RequestedBy},
    state::FenceProgress,
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    pub verdict: Verdict,
    pub reasons: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Start,
    Refuse,
    /// Cannot tell; an automatic one is decided again while the alarm lasts.
    Hold,
}

/// What is known when it is decided.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    pub configuration: &'a Configuration,
    pub own: &'a RegionState,
    /// What became of the execution that holds the lease here.
    pub owner: Option<&'a lease::Owner>,
    pub peer: Result<&'a RegionState, &'a str>,
    pub probe: &'a ProbeReport,
    /// The execution that asks; holding the lease already does not stand in its own way.
    pub execution: Option<&'a str>,
}

impl Facts<'_> {
    /// Whether the execution that asks holds the lease already.
    fn leased(&self) -> bool {
        self.execution.is_some() && self.own.owner() == self.execution
    }
}

pub fn decide(request: &Request, facts: &Facts<'_>, now: Timestamp) -> Decision {
    let mut weighed = Weighed::default();
    weigh_state(request, facts, &mut weighed);
    if request.requested_by == RequestedBy::Alarm {
        weigh_brakes(facts, now, &mut weighed);
    }
    match effective_mode(request, facts.probe) {
        Mode::Unplanned => weigh_unplanned(request, facts, &mut weighed),
        Mode::Planned | Mode::Plan => weigh_planned(facts, &mut weighed),
        Mode::Drill => weigh_drill(facts, &mut weighed),
    }
    weighed.decision()
}

/// What a plan speaks of: the mode that would be the right one now.
pub fn effective_mode(request: &Request, probe: &ProbeReport) -> Mode {
    match (request.of.unwrap_or(request.mode), probe.liveness.verdict) {
        (Mode::Plan, Alive::Down) => Mode::Unplanned,
        (Mode::Plan, Alive::Serving | Alive::Impaired | Alive::CannotTell) => Mode::Planned,
        (mode @ (Mode::Drill | Mode::Planned | Mode::Unplanned), _) => mode,
    }
}

fn weigh_state(request: &Request, facts: &Facts<'_>, weighed: &mut Weighed) {
    let me = &facts.configuration.region;
    let (epoch, active) = facts.own.highest(facts.peer.ok());
    if active == *me {
        weighed.refuse(format!("{me} is active already, at epoch {epoch}"));
    } else {
        weighed.note(format!("{active} is active at epoch {epoch}"));
    }
    if !facts.leased()
        && let Err(taken) = lease::free(facts.own, facts.owner, request.mode)
    {
        match facts.owner {
            Some(lease::Owner::CannotTell(_)) => weighed.hold(taken.to_string()),
            _ => weighed.refuse(taken.to_string()),
        }
    }
    if let (Mode::Planned, Ok(peer)) = (request.mode, facts.peer)
        && let Some(owner) = peer.owner()
    {
        weighed.refuse(format!("{owner} is acting in the other region"));
    }
}

/// What keeps automatic failovers from looping. A person's own start ignores them.
fn weigh_brakes(facts: &Facts<'_>, now: Timestamp, weighed: &mut Weighed) {
    let Facts {
        configuration, own, ..
    } = facts;
    if !configuration.automatic {
        weighed.refuse("automatic failover is switched off".into());
    }
    if configuration.side() == Side::Home && !configuration.automatic_failback {
        weighed.refuse("an alarm brings nobody home; a person starts a failback".into());
    }
    // An execution that has the lease has used its start already.
    if facts.leased() {
        return;
    }
    if let Some(until) = own.cool_down_until.filter(|until| *until > now) {
        weighed.refuse(format!("a cool-down lasts until {until}"));
    }
    let day = now - SignedDuration::from_hours(24);
    let today = own.automatic_starts.iter().filter(|s| **s > day).count();
    if today >= configuration.daily_starts {
        weighed.refuse(format!(
            "{today} automatic starts in the last 24 hours; the budget is {}",
            configuration.daily_starts
        ));
    }
}

fn weigh_unplanned(request: &Request, facts: &Facts<'_>, weighed: &mut Weighed) {
    let seen = &facts.probe.liveness;
    let why = seen.reasons.join("; ");
    match (seen.verdict, request.requested_by) {
        (Alive::Down, _) => weighed.note(format!("the active region is down: {why}")),
        (Alive::Serving, _) => weighed.refuse(
            "the active region serves; ask for a planned failover, which loses nothing".into(),
        ),
        (Alive::Impaired, RequestedBy::Alarm) => {
            weighed.refuse(format!("the active region serves in part: {why}"));
        }
        (Alive::CannotTell, RequestedBy::Alarm) => {
            weighed.hold(format!(
                "cannot tell whether the active region serves: {why}"
            ));
        }
        (Alive::Impaired | Alive::CannotTell, RequestedBy::Person) => {
            weighed.note(format!("not seen down; a person presumes it dead: {why}"));
        }
    }
    let readiness = &facts.probe.readiness;
    for reason in facts.probe.readiness.lacks() {
        weighed.note(format!("not ready, and no reason to wait: {reason}"));
    }
    match (&readiness.newest_backup, readiness.backup_age_seconds) {
        (Some(backup), Some(age)) => weighed.note(format!(
            "the newest backup is {}, {age} s old; what was written since will be lost here and salvaged when {} returns",
            backup.name,
            facts.configuration.peer_region()
        )),
        _ => weighed.refuse("there is no backup in this region to restore".into()),
    }
}

fn weigh_planned(facts: &Facts<'_>, weighed: &mut Weighed) {
    if !facts.configuration.cross_region_backup {
        weighed.refuse(
            "enable_cross_region_backup is off: no backup reaches this region, so nobody can be moved without loss".into(),
        );
    }
    if let Err(why) = facts.peer {
        weighed.refuse(format!(
            "the other region's state cannot be read ({why}); a planned failover needs both regions"
        ));
    }
    weigh_salvaged(facts, weighed);
    match facts.probe.liveness.verdict {
        Alive::Serving => weighed.note("the active region serves".into()),
        Alive::Impaired | Alive::Down | Alive::CannotTell => weighed.refuse(format!(
            "the active region does not serve well ({}); a planned failover moves a healthy one",
            facts.probe.liveness.reasons.join("; ")
        )),
    }
    weigh_ready(facts, weighed);
}

fn weigh_salvaged(facts: &Facts<'_>, weighed: &mut Weighed) {
    if let Ok(RegionState {
        fence: Some(fence), ..
    }) = facts.peer
        && fence.progress != FenceProgress::Salvaged
    {
        weighed.refuse(
            "what this region held when it was replaced has not been salvaged yet; the watch does it within minutes".into(),
        );
    }
}

fn weigh_ready(facts: &Facts<'_>, weighed: &mut Weighed) {
    match facts.probe.readiness.verdict {
        Ready::Ready => weighed.note("this region is ready".into()),
        Ready::NotReady | Ready::CannotTell => {
            for reason in facts.probe.readiness.lacks() {
                weighed.refuse(format!("this region is not ready: {reason}"));
            }
        }
    }
}

/// A drill must not be in the way of anything that may be needed in the same hour.
fn weigh_drill(facts: &Facts<'_>, weighed: &mut Weighed) {
    weigh_salvaged(facts, weighed);
    match facts.probe.liveness.verdict {
        Alive::Serving => weighed.note("the active region serves".into()),
        Alive::Impaired | Alive::Down | Alive::CannotTell => weighed.refuse(format!(
            "the active region does not serve well ({}); this is no time for a drill",
            facts.probe.liveness.reasons.join("; ")
        )),
    }
    weigh_ready(facts, weighed);
}

#[derive(Debug, Default)]
struct Weighed {
    refused: Vec<String>,
    held: Vec<String>,
    noted: Vec<String>,
}

impl Weighed {
    fn refuse(&mut self, reason: String) {
        self.refused.push(reason);
    }

    fn hold(&mut self, reason: String) {
        self.held.push(reason);
    }

    fn note(&mut self, reason: String) {
        self.noted.push(reason);
    }

    fn decision(self) -> Decision {
        let verdict = match (self.refused.is_empty(), self.held.is_empty()) {
            (false, _) => Verdict::Refuse,
            (true, false) => Verdict::Hold,
            (true, true) => Verdict::Start,
        };
        let reasons = [self.refused, self.held, self.noted].concat();
        Decision { verdict, reasons }
    }
}

#[cfg(test)]
mod tests;
