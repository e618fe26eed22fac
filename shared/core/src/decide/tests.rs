use jiff::SignedDuration;

use super::*;
use crate::{
    backup::BackupKey,
    configuration,
    marker::Seen,
    probe,
    readiness::{Fact as Own, ServiceFacts},
    request::RequestedBy,
    state::FenceProgress,
};

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
    ask_for(world, &Request::new(mode, by, "x"))
}

fn ask_for(world: &World, request: &Request) -> Decision {
    let facts = Facts {
        configuration: &world.configuration,
        own: &world.own,
        owner: world.owner.as_ref(),
        peer: world.peer.as_ref().ok_or("timed out"),
        probe: &world.probe,
        execution: None,
    };
    decide(request, &facts, Timestamp::UNIX_EPOCH)
}

fn found(decision: &Decision, fact: Fact) -> &Weighed {
    decision.facts.iter().find(|f| f.fact == fact).unwrap()
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
        (Impaired, Person, Refuse),
        (CannotTell, Person, Hold),
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
    assert!(decision.reasons().iter().any(|r| r.contains("60 s old")));
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
    let mut maintained = world("us-west-2", Alive::Down);
    // The epoch began on a Thursday.
    maintained.configuration.maintenance_windows = vec!["wed 22:00-02:00".parse().unwrap()];
    for (world, says) in [
        (
            cooling,
            "cooled_down: no, which stops nobody here: a cool-down",
        ),
        (
            spent,
            "within_budget: no, which stops nobody here: 2 automatic",
        ),
        (
            off,
            "automatic: no, which stops nobody here: automatic failover is",
        ),
        (
            maintained,
            "outside_maintenance: no, which stops nobody here: the window wed",
        ),
    ] {
        assert_eq!(ask(&world, Unplanned, Alarm).verdict, Verdict::Refuse);
        let by_person = ask(&world, Unplanned, Person);
        assert_eq!(by_person.verdict, Verdict::Start);
        let said = by_person.reasons().join("\n");
        assert!(said.contains(says), "{said}");
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
    unready.probe.readiness.newest_backup = None;
    unready.probe.readiness.backup = Own::Missing("there is no backup in this region".into());
    let refused = ask(&unready, Planned, Person);
    assert_eq!(refused.verdict, Verdict::Refuse);
    assert!(refused.reasons()[0].contains("no backup"));
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
    let plan = Request::new(Plan, Person, "x");
    assert_eq!(effective_mode(&plan, &down.probe), Unplanned);
    assert_eq!(ask(&down, Plan, Person).verdict, Verdict::Start);
    let well = world("us-west-2", Alive::Serving);
    assert_eq!(effective_mode(&plan, &well.probe), Planned);
    let mut of = plan;
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
    assert!(refused.reasons()[0].contains("enable_cross_region_backup"));
}

/// What is needed, said in full by the one who wrote the rule, not by the table.
const OF_AN_ALARM: [Fact; 11] = [
    Fact::Passive,
    Fact::LeaseFree,
    Fact::Automatic,
    Fact::CooledDown,
    Fact::WithinBudget,
    Fact::OutsideMaintenance,
    Fact::ActiveRegionDown,
    Fact::BackupThere,
    Fact::BackupFresh,
    Fact::ImagesReady,
    Fact::CapacityReady,
];

/// Every combination of answers to that many questions.
fn combinations(questions: usize) -> impl Iterator<Item = Vec<Answer>> {
    let answers = [Answer::Yes, Answer::No, Answer::CannotTell];
    let count = 3usize.pow(u32::try_from(questions).unwrap());
    (0..count).map(move |n| {
        let digits = (0..questions).map(|at| n / 3usize.pow(u32::try_from(at).unwrap()) % 3);
        digits.map(|digit| answers[digit]).collect()
    })
}

#[test]
fn an_alarm_starts_only_when_every_fact_says_yes_in_each_of_177147_combinations() {
    let request = Request::new(Unplanned, Alarm, "x");
    let mut started = 0;
    for answers in combinations(OF_AN_ALARM.len()) {
        let answer = |fact| match OF_AN_ALARM.iter().position(|f| *f == fact) {
            Some(at) => (answers[at], String::new()),
            // What an alarm does not need may be anything.
            None => (Answer::No, String::new()),
        };
        let expected = if answers.contains(&Answer::No) {
            Verdict::Refuse
        } else if answers.contains(&Answer::CannotTell) {
            Verdict::Hold
        } else {
            started += 1;
            Verdict::Start
        };
        let decision = judge(Asker::Alarm, &request, answer);
        assert_eq!(decision.verdict, expected, "{answers:?}");
        for fact in OF_AN_ALARM {
            assert!(found(&decision, fact).needed);
        }
    }
    assert_eq!(started, 1);
}

#[test]
fn an_override_carries_its_own_fact_and_no_other_in_every_combination() {
    for (asker, mode) in [
        (Asker::Unplanned, Unplanned),
        (Asker::Planned, Planned),
        (Asker::Drill, Drill),
    ] {
        let may = asker.may_override();
        for answers in combinations(may.len()) {
            let overridden = may.iter().zip(&answers).step_by(2);
            let request = overridden.fold(Request::new(mode, Person, "x"), |request, (fact, _)| {
                request.overriding(*fact, "I saw it")
            });
            let answer = |fact| match may.iter().position(|f| *f == fact) {
                Some(at) => (answers[at], String::new()),
                None => (Answer::Yes, String::new()),
            };
            let left: Vec<Answer> = answers.iter().skip(1).step_by(2).copied().collect();
            let expected = match (
                left.contains(&Answer::No),
                left.contains(&Answer::CannotTell),
            ) {
                (true, _) => Verdict::Refuse,
                (false, true) => Verdict::Hold,
                (false, false) => Verdict::Start,
            };
            let decision = judge(asker, &request, answer);
            assert_eq!(decision.verdict, expected, "{asker:?} {answers:?}");
        }
    }
}

#[test]
fn no_reason_overrides_a_lease_an_epoch_or_a_backup_that_is_not_there() {
    for fact in [Fact::Passive, Fact::LeaseFree, Fact::BackupThere] {
        for asker in [Asker::Alarm, Asker::Unplanned, Asker::Planned, Asker::Drill] {
            assert_eq!(asker.needs(fact), Need::Must, "{asker:?} {fact}");
        }
        // Also where the request was not validated.
        let request = Request::new(Unplanned, Person, "x").overriding(fact, "I say so");
        let answer = |asked| match asked == fact {
            true => (Answer::CannotTell, String::new()),
            false => (Answer::Yes, String::new()),
        };
        let decision = judge(Asker::Unplanned, &request, answer);
        assert_eq!(decision.verdict, Verdict::Hold, "{fact}");
    }
}

#[test]
fn an_alarm_can_override_nothing() {
    assert!(Asker::Alarm.may_override().is_empty());
}

#[test]
fn every_fact_is_known_by_its_own_word() {
    assert_eq!(Fact::ReclaimLowered as usize + 1, Fact::ALL.len());
    for (at, fact) in Fact::ALL.into_iter().enumerate() {
        assert_eq!(fact as usize, at);
        assert_eq!(fact.word().parse(), Ok(fact));
    }
    let unknown = "weather".parse::<Fact>().unwrap_err().to_string();
    assert!(
        unknown.contains("passive, lease_free, automatic"),
        "{unknown}"
    );
}

#[test]
fn a_person_overrides_what_was_not_seen_down_and_the_reason_is_recorded() {
    for alive in [Alive::Serving, Alive::Impaired, Alive::CannotTell] {
        let world = world("us-west-2", alive);
        assert_ne!(ask(&world, Unplanned, Person).verdict, Verdict::Start);
        let request =
            Request::new(Unplanned, Person, "x").overriding(Fact::ActiveRegionDown, "wrong data");
        let decision = ask_for(&world, &request);
        assert_eq!(decision.verdict, Verdict::Start);
        let weighed = found(&decision, Fact::ActiveRegionDown);
        assert_eq!(weighed.overridden.as_deref(), Some("wrong data"));
        assert!(weighed.to_string().contains("overridden (wrong data)"));
    }
}

#[test]
fn an_alarm_needs_every_image_and_service_and_a_young_backup_and_a_person_may_do_without() {
    let not_ready = |change: &dyn Fn(&mut ServiceFacts), backup: Own| {
        let mut world = world("us-west-2", Alive::Down);
        let mut service = ServiceFacts::default();
        change(&mut service);
        world.probe.readiness.services = [("posts".to_owned(), service)].into();
        world.probe.readiness.backup = backup;
        world
    };
    let missing = || Own::Missing("gone".into());
    let unknown = || Own::CannotTell("throttled".into());
    use Verdict::{Hold, Refuse};
    for (fact, world, expected) in [
        (
            Fact::ImagesReady,
            not_ready(&|s| s.image = missing(), Own::There),
            Refuse,
        ),
        (
            Fact::ImagesReady,
            not_ready(&|s| s.image = unknown(), Own::There),
            Hold,
        ),
        (
            Fact::CapacityReady,
            not_ready(&|s| s.service = missing(), Own::There),
            Refuse,
        ),
        (
            Fact::CapacityReady,
            not_ready(&|s| s.service = unknown(), Own::There),
            Hold,
        ),
        (Fact::BackupFresh, not_ready(&|_| {}, missing()), Refuse),
        (Fact::BackupFresh, not_ready(&|_| {}, unknown()), Hold),
    ] {
        for by in [Alarm, Person] {
            let decision = ask(&world, Unplanned, by);
            assert_eq!(decision.verdict, expected, "{fact} {by:?}");
            let blocking: Vec<_> = decision.facts.iter().filter(|f| f.blocks()).collect();
            assert!(
                blocking.len() == 1 && blocking[0].fact == fact,
                "{blocking:?}"
            );
        }
        let request = Request::new(Unplanned, Person, "x").overriding(fact, "it is enough");
        assert_eq!(ask_for(&world, &request).verdict, Verdict::Start, "{fact}");
    }
}

#[test]
fn a_service_that_takes_its_data_itself_is_moved_like_any_other() {
    for (mode, alive) in [
        (Unplanned, Alive::Down),
        (Planned, Alive::Serving),
        (Drill, Alive::Serving),
    ] {
        let mut world = world("us-west-2", alive);
        for region in world.configuration.regions.values_mut() {
            let export = configuration::sample_export("https://users.forum.test/export");
            region.services.get_mut("users").unwrap().place = configuration::Place::Http(export);
        }
        let decision = ask(&world, mode, Person);
        assert_eq!(decision.verdict, Verdict::Start, "{decision:?}");
    }
}

#[test]
fn what_tasks_lack_keeps_a_planned_one_from_leaving_a_region_that_is_well_and_is_told_to_the_others()
 {
    let lacking: [&dyn Fn(&mut crate::probe::ProbeReport); 5] = [
        &|probe| service(probe).definition = Own::Missing("gone".into()),
        &|probe| service(probe).target = Own::Missing("gone".into()),
        &|probe| service(probe).secrets = Own::Missing("gone".into()),
        &|probe| probe.readiness.addresses = Own::Missing("gone".into()),
        &|probe| probe.readiness.quota = Own::Missing("gone".into()),
    ];
    for lacks in lacking {
        for (mode, by, alive, expected) in [
            (Planned, Person, Alive::Serving, Verdict::Refuse),
            (Unplanned, Alarm, Alive::Down, Verdict::Start),
            (Unplanned, Person, Alive::Down, Verdict::Start),
            (Drill, Person, Alive::Serving, Verdict::Start),
        ] {
            let mut world = world("us-west-2", alive);
            lacks(&mut world.probe);
            let decision = ask(&world, mode, by);
            assert_eq!(decision.verdict, expected, "{mode:?} {by:?}");
            let doubts = decision.doubts().join("; ");
            assert!(doubts.contains("needs_met: no"), "{doubts}");
            assert!(doubts.contains("gone"), "{doubts}");
        }
    }
    let mut untold = world("us-west-2", Alive::Serving);
    untold.probe.readiness.quota = Own::CannotTell("throttled".into());
    let decision = ask(&untold, Planned, Person);
    assert_eq!(decision.verdict, Verdict::Start);
    let weighed = found(&decision, Fact::NeedsMet);
    assert!(weighed.why.ends_with("of quota: throttled"), "{weighed}");
}

fn service(probe: &mut crate::probe::ProbeReport) -> &mut ServiceFacts {
    let services = &mut probe.readiness.services;
    services.entry("posts".into()).or_default()
}

#[test]
fn a_left_over_reclaim_is_said_before_an_unplanned_start_and_stops_a_planned_one() {
    let mut raised = world("us-west-2", Alive::Down);
    raised.probe.readiness.reclaim = Seen::Present;
    let decision = ask(&raised, Unplanned, Alarm);
    assert_eq!(decision.verdict, Verdict::Start);
    assert_eq!(found(&decision, Fact::ReclaimLowered).answer, Answer::No);
    raised.probe.liveness.verdict = Alive::Serving;
    assert_eq!(ask(&raised, Planned, Person).verdict, Verdict::Refuse);
}

#[test]
fn two_executions_never_act_at_once_on_both_sides() {
    let mut busy = world("us-west-2", Alive::Serving);
    let lease = crate::state::Lease::new("other", Planned, &Default::default());
    busy.peer.as_mut().unwrap().lease = Some(lease);
    let refused = ask(&busy, Planned, Person);
    assert_eq!(refused.verdict, Verdict::Refuse);
    assert!(refused.reasons()[0].contains("other is acting in the other region"));
}

#[test]
fn a_time_in_which_nobody_rehearses_is_a_fact() {
    let mut blocked = world("us-west-2", Alive::Serving);
    let answer = |world: &World| {
        let facts = Facts {
            configuration: &world.configuration,
            own: &world.own,
            owner: None,
            peer: Err("timed out"),
            probe: &world.probe,
            execution: None,
        };
        facts
            .weigh(Fact::OutsideDrillBlock, Drill, Timestamp::UNIX_EPOCH)
            .0
    };
    assert_eq!(answer(&blocked), Answer::Yes);
    blocked.configuration.drill_blocked_windows = vec!["thu 00:00-01:00".parse().unwrap()];
    assert_eq!(answer(&blocked), Answer::No);
    assert_eq!(ask(&blocked, Drill, Person).verdict, Verdict::Refuse);
    assert_eq!(ask(&blocked, Planned, Person).verdict, Verdict::Start);
}

#[test]
fn whoever_is_held_up_is_told_the_command_that_would_start_it_or_what_no_reason_mends() {
    let to = crate::Region::new("us-west-2").unwrap();
    let mut world = world("us-west-2", Alive::CannotTell);
    world.probe.readiness.backup = Own::Missing("too old".into());
    let remedy = ask(&world, Unplanned, Alarm).remedy(Unplanned, &to);
    let command = "lifeboat failover --to us-west-2 --mode unplanned --reason \"…\" --override \"active_region_down=why it may be so\" --override \"backup_fresh=why it may be so\"";
    assert!(remedy.ends_with(command), "{remedy}");
    let request = Request::new(Unplanned, Person, "x").overriding(Fact::BackupFresh, "it will do");
    let remedy = ask_for(&world, &request).remedy(Unplanned, &to);
    assert!(remedy.contains("\"backup_fresh=it will do\""), "{remedy}");
    world.own.cool_down_until = Some(Timestamp::MAX);
    let acknowledge = "lifeboat acknowledge --to us-west-2 --reason \"…\"";
    let [alarm, person] =
        [Alarm, Person].map(|by| ask(&world, Unplanned, by).remedy(Unplanned, &to));
    assert!(alarm.ends_with(acknowledge), "{alarm}");
    assert!(!person.contains(acknowledge), "it stops no person");
    world.own.cool_down_until = None;
    world.probe.readiness.newest_backup = None;
    let remedy = ask(&world, Unplanned, Alarm).remedy(Unplanned, &to);
    assert_eq!(remedy, "Nobody can override backup_there; mend that first.");
}

#[test]
fn what_stands_in_the_way_is_said_first() {
    let mut world = world("us-west-2", Alive::CannotTell);
    world.configuration.automatic = false;
    let reasons = ask(&world, Unplanned, Person).reasons();
    assert!(
        reasons[0].starts_with("active_region_down: cannot tell: "),
        "{reasons:?}"
    );
    assert!(reasons[1].starts_with("passive: yes: "), "{reasons:?}");
}

#[test]
fn a_drill_waits_for_better_days_and_for_a_region_that_is_ready() {
    for (alive, verdict) in [
        (Alive::Serving, Verdict::Start),
        (Alive::Impaired, Verdict::Refuse),
        (Alive::Down, Verdict::Refuse),
        (Alive::CannotTell, Verdict::Hold),
    ] {
        assert_eq!(
            ask(&world("us-west-2", alive), Drill, Person).verdict,
            verdict
        );
    }
    let mut unready = world("us-west-2", Alive::Serving);
    unready.probe.readiness.backup = Own::Missing("it is too old".into());
    assert_eq!(ask(&unready, Drill, Person).verdict, Verdict::Refuse);
}
