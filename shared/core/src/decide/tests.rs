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
    decide(&request(mode, by), &facts, Timestamp::UNIX_EPOCH)
}

fn request(mode: Mode, by: RequestedBy) -> Request {
    Request::new(mode, by, "x")
}

use Mode::{Drill, Plan, Planned, Unplanned};
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
    let none = "there is no backup in this region".to_owned();
    unready.probe.readiness.backup = crate::readiness::Fact::Missing(none);
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
    assert_eq!(
        effective_mode(&request(Plan, Person), &down.probe),
        Unplanned
    );
    assert_eq!(ask(&down, Plan, Person).verdict, Verdict::Start);
    let well = world("us-west-2", Alive::Serving);
    assert_eq!(effective_mode(&request(Plan, Person), &well.probe), Planned);
    let mut of = request(Plan, Person);
    of.of = Some(Drill);
    assert_eq!(effective_mode(&of, &well.probe), Drill);
}

#[test]
fn a_running_execution_stands_in_the_way_and_a_doubtful_one_holds() {
    let mut held = world("us-west-2", Alive::Down);
    held.own.lease = Some(crate::state::Lease::new(
        "other",
        Unplanned,
        &Default::default(),
    ));
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

#[test]
fn without_backups_that_cross_regions_nobody_is_moved_by_plan() {
    let mut apart = world("us-west-2", Alive::Serving);
    apart.configuration.cross_region_backup = false;
    let refused = ask(&apart, Planned, Person);
    assert_eq!(refused.verdict, Verdict::Refuse);
    assert!(refused.reasons[0].contains("enable_cross_region_backup"));
}

#[test]
fn a_drill_waits_for_better_days_and_for_a_region_that_is_ready() {
    for (alive, verdict) in [
        (Alive::Serving, Verdict::Start),
        (Alive::Impaired, Verdict::Refuse),
        (Alive::Down, Verdict::Refuse),
        (Alive::CannotTell, Verdict::Refuse),
    ] {
        assert_eq!(
            ask(&world("us-west-2", alive), Drill, Person).verdict,
            verdict
        );
    }
    let mut unready = world("us-west-2", Alive::Serving);
    unready.probe.readiness.verdict = Ready::NotReady;
    let missing = "an image is missing".to_owned();
    unready.probe.readiness.backup = crate::readiness::Fact::Missing(missing);
    assert_eq!(ask(&unready, Drill, Person).verdict, Verdict::Refuse);
}
