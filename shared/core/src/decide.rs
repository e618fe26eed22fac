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

pub fn decide(request: &Request, facts: &Facts<'_>, now: Timestamp) -> Decision {
    let mut weighed = Weighed::default();
    weigh_state(request, facts, &mut weighed);
    if request.requested_by == RequestedBy::Alarm {
        weigh_brakes(facts, now, &mut weighed);
    }
    let effective = effective_mode(request.mode, facts.probe);
    match effective {
        Mode::Unplanned => weigh_unplanned(request, facts, &mut weighed),
        Mode::Planned | Mode::Plan => weigh_planned(facts, &mut weighed),
    }
    weighed.decision()
}

/// What a plan speaks of: the mode that would be the right one now.
pub fn effective_mode(mode: Mode, probe: &ProbeReport) -> Mode {
    match (mode, probe.liveness.verdict) {
        (Mode::Plan, Alive::Down) => Mode::Unplanned,
        (Mode::Plan, Alive::Serving | Alive::Impaired | Alive::CannotTell) => Mode::Planned,
        (mode @ (Mode::Planned | Mode::Unplanned), _) => mode,
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
    let mine = facts.own.owner.is_some() && facts.own.owner.as_deref() == facts.execution;
    if !mine && let Err(taken) = lease::free(facts.own, facts.owner) {
        match facts.owner {
            Some(lease::Owner::CannotTell(_)) => weighed.hold(taken.to_string()),
            _ => weighed.refuse(taken.to_string()),
        }
    }
    if let (Mode::Planned, Ok(peer)) = (request.mode, facts.peer)
        && let Some(owner) = &peer.owner
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
    let begun = facts.execution.is_some() && own.owner.as_deref() == facts.execution;
    if begun {
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
    for reason in lacks(facts.probe) {
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
    if let Err(why) = facts.peer {
        weighed.refuse(format!(
            "the other region's state cannot be read ({why}); a planned failover needs both regions"
        ));
    }
    if let Ok(RegionState {
        fence: Some(fence), ..
    }) = facts.peer
        && fence.progress != FenceProgress::Salvaged
    {
        weighed.refuse(
            "what this region held when it was replaced has not been salvaged yet; the watch does it within minutes".into(),
        );
    }
    match facts.probe.liveness.verdict {
        Alive::Serving => weighed.note("the active region serves".into()),
        Alive::Impaired | Alive::Down | Alive::CannotTell => weighed.refuse(format!(
            "the active region does not serve well ({}); a planned failover moves a healthy one",
            facts.probe.liveness.reasons.join("; ")
        )),
    }
    match facts.probe.readiness.verdict {
        Ready::Ready => weighed.note("this region is ready".into()),
        Ready::NotReady | Ready::CannotTell => {
            for reason in lacks(facts.probe) {
                weighed.refuse(format!("this region is not ready: {reason}"));
            }
        }
    }
}

fn lacks(probe: &ProbeReport) -> impl Iterator<Item = String> + '_ {
    let of_services = probe.readiness.services.iter().flat_map(|(name, reasons)| {
        reasons
            .iter()
            .map(move |reason| format!("{name}: {reason}"))
    });
    of_services.chain(probe.readiness.reasons.iter().cloned())
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
mod tests {
    use super::*;
    use crate::{backup::BackupKey, configuration, probe};

    struct World {
        configuration: Configuration,
        own: RegionState,
        owner: Option<lease::Owner>,
        peer: Option<RegionState>,
        probe: ProbeReport,
    }

    fn world(region: &str, alive: Alive) -> World {
        let configuration = configuration::sample(region);
        let own = RegionState::genesis(&configuration.pair().unwrap());
        let mut probe = probe::sample(&configuration.region, &configuration.home, alive);
        probe.readiness.newest_backup = Some(BackupKey {
            epoch: crate::Epoch(0),
            region: configuration.home.clone(),
            name: "backup-20241123-120000".parse().unwrap(),
        });
        World {
            own: own.clone(),
            owner: None,
            peer: Some(own),
            probe,
            configuration,
        }
    }

    fn ask(world: &World, mode: Mode, by: RequestedBy) -> Decision {
        let facts = Facts {
            configuration: &world.configuration,
            own: &world.own,
            owner: world.owner.as_ref(),
            peer: world.peer.as_ref().ok_or("timed out"),
            probe: &world.probe,
            execution: None,
        };
        decide(&Request::new(mode, by, "x"), &facts, Timestamp::UNIX_EPOCH)
    }

    use Mode::{Plan, Planned, Unplanned};
    use RequestedBy::{Alarm, Person};

    #[test]
    fn every_sight_of_the_active_region_has_one_answer_for_each_who_asks() {
        use Alive::{CannotTell, Down, Impaired, Serving};
        use Verdict::{Hold, Refuse, Start};
        let table = [
            (Down, Alarm, Start),
            (Serving, Alarm, Refuse),
            (Impaired, Alarm, Refuse),
            (CannotTell, Alarm, Hold),
            (Down, Person, Start),
            (Serving, Person, Refuse),
            (Impaired, Person, Start),
            (CannotTell, Person, Start),
        ];
        for (alive, by, expected) in table {
            let mut world = world("us-west-2", alive);
            world.peer = None;
            let decision = ask(&world, Unplanned, by);
            assert_eq!(decision.verdict, expected, "{alive:?} {by:?} {decision:?}");
        }
    }

    #[test]
    fn what_will_be_lost_is_said_before_it_is_committed() {
        let decision = ask(&world("us-west-2", Alive::Down), Unplanned, Alarm);
        assert!(decision.reasons.iter().any(|r| r.contains("60 s old")));
        let mut without = world("us-west-2", Alive::Down);
        without.probe.readiness.newest_backup = None;
        assert_eq!(ask(&without, Unplanned, Person).verdict, Verdict::Refuse);
    }

    #[test]
    fn an_alarm_never_brings_anyone_home() {
        let mut home = world("us-east-1", Alive::Down);
        home.own.active = home.configuration.standby.clone();
        home.peer = None;
        assert_eq!(ask(&home, Unplanned, Alarm).verdict, Verdict::Refuse);
        assert_eq!(ask(&home, Unplanned, Person).verdict, Verdict::Start);
        home.configuration.automatic_failback = true;
        assert_eq!(ask(&home, Unplanned, Alarm).verdict, Verdict::Start);
    }

    #[test]
    fn a_cool_down_a_spent_budget_and_the_off_switch_stop_an_alarm_and_not_a_person() {
        let soon = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1);
        let mut cooling = world("us-west-2", Alive::Down);
        cooling.own.cool_down_until = Some(soon);
        let mut spent = world("us-west-2", Alive::Down);
        spent.own.automatic_starts = vec![Timestamp::UNIX_EPOCH; spent.configuration.daily_starts];
        let mut off = world("us-west-2", Alive::Down);
        off.configuration.automatic = false;
        for world in [cooling, spent, off] {
            assert_eq!(ask(&world, Unplanned, Alarm).verdict, Verdict::Refuse);
            assert_eq!(ask(&world, Unplanned, Person).verdict, Verdict::Start);
        }
    }

    #[test]
    fn a_planned_failover_needs_both_regions_well_and_this_one_ready() {
        let well = world("us-west-2", Alive::Serving);
        assert_eq!(ask(&well, Planned, Person).verdict, Verdict::Start);
        let mut silent = world("us-west-2", Alive::Serving);
        silent.peer = None;
        assert_eq!(ask(&silent, Planned, Person).verdict, Verdict::Refuse);
        let mut unready = world("us-west-2", Alive::Serving);
        unready.probe.readiness.verdict = Ready::NotReady;
        unready.probe.readiness.reasons = vec!["there is no backup in this region".into()];
        let refused = ask(&unready, Planned, Person);
        assert_eq!(refused.verdict, Verdict::Refuse);
        assert!(refused.reasons[0].contains("no backup"));
        assert_eq!(
            ask(&world("us-west-2", Alive::Down), Planned, Person).verdict,
            Verdict::Refuse
        );
    }

    #[test]
    fn nobody_comes_home_before_what_home_held_is_salvaged() {
        let mut back = world("us-east-1", Alive::Serving);
        let mut peer = back.own.clone();
        (peer.epoch, peer.active) = (crate::Epoch(1), back.configuration.standby.clone());
        peer.fence = Some(crate::state::Fence {
            execution: "a".into(),
            restored: back.probe.readiness.newest_backup.clone().unwrap(),
            progress: FenceProgress::Acknowledged,
        });
        back.peer = Some(peer.clone());
        assert_eq!(ask(&back, Planned, Person).verdict, Verdict::Refuse);
        if let Some(fence) = &mut peer.fence {
            fence.progress = FenceProgress::Salvaged;
        }
        back.peer = Some(peer);
        assert_eq!(ask(&back, Planned, Person).verdict, Verdict::Start);
    }

    #[test]
    fn a_plan_speaks_of_the_mode_that_would_be_right() {
        let down = world("us-west-2", Alive::Down);
        assert_eq!(effective_mode(Plan, &down.probe), Unplanned);
        assert_eq!(ask(&down, Plan, Person).verdict, Verdict::Start);
        let well = world("us-west-2", Alive::Serving);
        assert_eq!(effective_mode(Plan, &well.probe), Planned);
    }

    #[test]
    fn a_running_execution_stands_in_the_way_and_a_doubtful_one_holds() {
        let mut held = world("us-west-2", Alive::Down);
        held.own.owner = Some("other".into());
        held.owner = Some(lease::Owner::Running);
        assert_eq!(ask(&held, Unplanned, Alarm).verdict, Verdict::Refuse);
        held.owner = Some(lease::Owner::CannotTell("throttled".into()));
        assert_eq!(ask(&held, Unplanned, Alarm).verdict, Verdict::Hold);
        held.owner = Some(lease::Owner::Ended);
        assert_eq!(ask(&held, Unplanned, Alarm).verdict, Verdict::Start);
    }

    #[test]
    fn the_active_region_refuses() {
        let mut active = world("us-west-2", Alive::Down);
        active.own.active = active.configuration.region.clone();
        active.own.epoch = crate::Epoch(1);
        assert_eq!(ask(&active, Unplanned, Alarm).verdict, Verdict::Refuse);
    }
}
