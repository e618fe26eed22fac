//! The other region is presumed dead.

use lifeboat_core::{
    Side,
    backup::{Lack, PackId},
    decide::{Answer, Fact},
    marker::Marker,
    run::SourceFenced,
    state::FenceProgress,
};

use crate::{
    faults::{Fault, How, When},
    scenario::{alarm, home_died, home_died_again, home_is_back, minutes, run_started, sample},
    workflow::{Trip, execute, execute_with},
    world::World,
};

const STANDBY: Side = Side::Standby;

fn take_over(world: &World) -> crate::workflow::Ended {
    execute(world, STANDBY, "by-hand", &sample("request-unplanned"))
}

#[test]
fn home_dies_and_an_alarm_alone_brings_up_the_standby_in_this_order() {
    let world = home_died();
    alarm(&world, STANDBY).unwrap();
    run_started(&world, STANDBY).outcome.unwrap();
    let expected = [
        "us-east-1 is silent",
        "us-west-2 starts an execution",
        "us-east-1 is silent",
        "us-west-2 takes epoch 1",
        "us-west-2 tells \"forum: forum-unplanned-20241123-120501 has started\"",
        "us-east-1 is silent",
        "us-west-2 restores",
        "us-west-2 restores no more",
        "us-west-2 bounds posts by 2 and 10",
        "us-west-2 scales posts to 2",
        "us-west-2 bounds users by 2 and 10",
        "us-west-2 scales users to 3",
        "us-west-2 answers for posts",
        "us-west-2 answers for users",
        "us-east-1 is silent",
        "us-west-2 says that us-west-2 serves",
        "us-west-2 raises serve",
        "us-west-2 tells \"forum: forum-unplanned-20241123-120501 moves users\"",
        "us-west-2 reports",
        "us-west-2 tells \"forum: us-west-2 serves\"",
        "us-west-2 releases",
    ];
    assert_eq!(*world.log.borrow(), expected);
    assert_eq!(world.answering(), STANDBY);
    let place = world.place(STANDBY);
    assert!(place.scaled());
    assert_eq!(
        place.state.fence.as_ref().unwrap().progress,
        FenceProgress::Pending
    );
    assert_eq!(place.state.automatic_starts.len(), 1);
}

#[test]
fn a_standby_that_already_runs_more_than_is_wanted_keeps_it_and_gets_bounds_that_hold_it() {
    let world = home_died();
    let more = |state: &str| {
        if state == "Scale up" {
            let mut standby = world.change(STANDBY);
            standby.services.get_mut("users").unwrap().desired = 12;
        }
        Trip::Not
    };
    let request = sample("request-unplanned");
    execute_with(&world, STANDBY, "more", &request, &more)
        .outcome
        .unwrap();
    let standby = world.place(STANDBY);
    assert_eq!(standby.desired(), [("posts", 2), ("users", 12)]);
    assert_eq!(standby.services["users"].bounds.unwrap().maximum, 12);
}

#[test]
fn the_report_measures_from_the_first_failed_look_and_the_age_of_the_backup() {
    let world = home_died();
    alarm(&world, STANDBY).unwrap();
    run_started(&world, STANDBY).outcome.unwrap();
    let reports = world.place(STANDBY).reports.clone();
    let report = reports.values().next().unwrap();
    let recovery = world.now() - world.down_since.get().unwrap();
    assert_eq!(report.recovery_time.unwrap().seconds, recovery.as_secs());
    assert_eq!(report.recovery_point.unwrap().seconds, 310);
    assert!(matches!(report.source, Some(SourceFenced::Silent(_))));
    assert_eq!(report.lost, None);
    let steps: Vec<&str> = report.timeline.iter().map(|e| e.step.as_str()).collect();
    assert!(steps.starts_with(&["detect", "begin", "lease"]) && steps.contains(&"restore"));
}

#[test]
fn a_persons_execution_is_measured_by_what_the_probe_saw() {
    let world = home_died();
    world.pass(100);
    let request = sample("request-unplanned");
    execute(&world, STANDBY, "late", &request).outcome.unwrap();
    let reports = world.place(STANDBY).reports.clone();
    assert!(
        reports
            .values()
            .next()
            .unwrap()
            .recovery_time
            .unwrap()
            .seconds
            > 100
    );
}

#[test]
fn the_active_region_serves_so_it_is_refused_and_nothing_is_touched() {
    let world = World::new();
    let ended = take_over(&world);
    let error = ended.outcome.unwrap_err();
    assert_eq!(error.name, "Refused");
    assert!(
        error.cause.contains("ask for a planned failover"),
        "{error:?}"
    );
    assert_eq!(ended.visited, ["Begin", "Not begun"]);
    assert_eq!(world.touched(), 0);
}

#[test]
fn what_was_not_seen_down_is_taken_over_only_by_a_person_who_says_why_and_the_report_keeps_it() {
    let world = World::new();
    world.cut_off.set(true);
    let error = take_over(&world).outcome.unwrap_err();
    for said in [
        "active_region_down: cannot tell",
        "lifeboat failover --to us-west-2 --mode unplanned",
        "active_region_down=",
    ] {
        assert!(error.cause.contains(said), "{error:?}");
    }
    assert_eq!(world.touched(), 0);
    let request = sample("request-override");
    execute(&world, STANDBY, "sure", &request).outcome.unwrap();
    let reports = world.place(STANDBY).reports.clone();
    let report = reports.values().find(|report| report.moved()).unwrap();
    let mut facts = report.facts.iter();
    let weighed = facts.find(|f| f.fact == Fact::ActiveRegionDown).unwrap();
    assert_eq!(weighed.answer, Answer::CannotTell);
    let reason = request["overrides"]["active_region_down"].as_str();
    assert_eq!(weighed.overridden.as_deref(), reason);
    let decided = report.decided.join("\n");
    assert!(decided.contains(reason.unwrap()), "{decided}");
    let (_, text) = world.place(STANDBY).notices.last().unwrap().clone();
    assert!(text.contains(reason.unwrap()), "{text}");
}

#[test]
fn a_backup_that_is_too_old_stops_an_alarm_which_says_the_command_that_would_not_be_stopped() {
    let world = home_died();
    world.pass(3600);
    let answer = alarm(&world, STANDBY).unwrap();
    assert_eq!(answer[0]["is"], "refused");
    let (_, text) = world.place(STANDBY).notices.last().unwrap().clone();
    for said in [
        "- backup_fresh: no: the newest backup is 3910 s old",
        "- active_region_down: yes",
        "- cooled_down: yes",
        "lifeboat failover --to us-west-2 --mode unplanned --reason \"…\" --override \"backup_fresh=",
    ] {
        assert!(text.contains(said), "{text}");
    }
    let mut request = sample("request-unplanned");
    request["overrides"] = serde_json::json!({"backup_fresh": "an hour is better than nothing"});
    execute(&world, STANDBY, "old", &request).outcome.unwrap();
}

#[test]
fn without_a_backup_it_is_refused_before_anything_is_touched() {
    let world = home_died();
    world.change(STANDBY).backups.clear();
    let error = take_over(&world).outcome.unwrap_err();
    assert!(error.cause.contains("there is no backup"), "{error:?}");
    assert_eq!(world.touched(), 0);
}

#[test]
fn without_a_whole_backup_people_hear_what_the_newest_lacks_and_how_it_comes_back() {
    let world = home_died();
    let (pack, why) = (PackId::new([0; 32]), "torn".to_owned());
    world.change(STANDBY).harmed = Some(Lack::Damaged { pack, why });
    let error = take_over(&world).outcome.unwrap_err();
    assert_eq!(error.name, "Refused");
    for said in ["there is no whole backup in us-west-2", "torn", "aws s3 cp"] {
        assert!(error.cause.contains(said), "{error:?}");
    }
}

#[test]
fn failing_leaves_what_was_brought_up_and_tells_people_so() {
    let world = home_died();
    world.mute.set(true);
    let ended = take_over(&world);
    assert_eq!(ended.outcome.unwrap_err().name, "TimedOut");
    let place = world.place(STANDBY);
    assert_eq!(place.desired(), [("posts", 2), ("users", 3)]);
    assert_eq!((place.state.owner(), place.markers.len()), (None, 0));
    assert_eq!(place.state.active.as_str(), "us-east-1");
    let (subject, text) = place.notices.last().unwrap();
    assert_eq!(subject, "forum: by-hand failed");
    for said in [
        "posts to answer: 503",
        "stays up",
        "start it again",
        "Every fact that it was decided by said yes.",
    ] {
        assert!(text.contains(said), "{text}");
    }
    drop(place);
    world.mute.set(false);
    let again = execute(&world, STANDBY, "again", &sample("request-unplanned"));
    again.outcome.unwrap();
    assert_eq!(world.answering(), STANDBY);
}

#[test]
fn a_failure_says_what_was_overridden_or_unknown_when_it_was_decided_and_nothing_else() {
    let world = World::new();
    world.cut_off.set(true);
    world.mute.set(true);
    let request = sample("request-override");
    let ended = execute(&world, STANDBY, "sure", &request);
    assert!(ended.outcome.is_err());
    let (_, text) = world.place(STANDBY).notices.last().unwrap().clone();
    let reason = request["overrides"]["active_region_down"].as_str().unwrap();
    let doubt = format!("- active_region_down: cannot tell, overridden ({reason}): ");
    assert!(
        text.contains("in spite of:\n") && text.contains(&doubt),
        "{text}"
    );
    assert!(!text.contains(": yes: "), "{text}");
}

#[test]
fn after_traffic_moved_nothing_is_undone_and_the_fence_is_still_owed() {
    let world = home_died();
    let trip = |state: &str| match state {
        "Prove traffic" => Trip::Before,
        _ => Trip::Not,
    };
    let request = sample("request-unplanned");
    let ended = execute_with(&world, STANDBY, "unproven", &request, &trip);
    assert!(ended.outcome.is_err() && ended.went_through("Undo"));
    assert_eq!(world.answering(), STANDBY);
    let (_, text) = world.place(STANDBY).notices.last().unwrap().clone();
    assert!(text.contains("nothing is undone by itself"), "{text}");
    assert_eq!(world.place(STANDBY).state.owner(), None);
    world.returns(Side::Home);
    minutes(&world, 3);
    assert!(world.place(Side::Home).closed());
    assert_eq!(world.place(Side::Home).salvaged.len(), 1);
    let (_, text) = world.place(STANDBY).notices.last().unwrap().clone();
    assert!(
        text.contains("2 records") && text.contains("the report names them"),
        "{text}"
    );
}

#[test]
fn an_execution_that_fails_after_its_region_became_active_still_sends_users_there() {
    let world = home_died();
    let stops = |state: &str| match state {
        "Move traffic" => {
            world
                .faults
                .set(Some(Fault::Effect(1, When::Before, How::Dies)));
            Trip::After
        }
        _ => Trip::Not,
    };
    let request = sample("request-unplanned");
    execute_with(&world, STANDBY, "halfway", &request, &stops)
        .outcome
        .unwrap_err();
    assert_eq!(world.place(STANDBY).state.active.as_str(), "us-west-2");
    assert_eq!(world.answering(), STANDBY);
    let (_, text) = world.place(STANDBY).notices.last().unwrap().clone();
    assert!(text.contains("users are sent there"), "{text}");
}

#[test]
fn an_execution_that_was_stopped_after_its_region_became_active_still_sends_users_there() {
    let world = World::new();
    world.cut_off.set(true);
    let stops = |state: &str| match state {
        "Move traffic" => Trip::Stop,
        _ => Trip::Not,
    };
    let request = sample("request-override");
    let stopped = execute_with(&world, STANDBY, "halfway", &request, &stops);
    assert!(stopped.outcome.is_err());
    minutes(&world, 4);
    let place = world.place(STANDBY);
    assert!(
        place.state.lease.is_none(),
        "{:?} {:?}",
        place.state,
        world.log.borrow()
    );
    assert_eq!(place.state.active.as_str(), "us-west-2");
    let told = place.notices.iter().any(|(subject, text)| {
        subject.contains("was stopped") && text.contains("users are sent there")
    });
    assert!(told, "{:?}", place.notices);
    assert_eq!(world.answering(), STANDBY);
}

#[test]
fn a_source_that_still_answers_is_asked_for_a_last_backup_and_that_one_is_restored() {
    let world = World::new();
    world.cut_off.set(true);
    world.pass(250);
    let began = world.now();
    let request = sample("request-override");
    execute(&world, STANDBY, "by-hand", &request)
        .outcome
        .unwrap();
    let reports = world.place(STANDBY).reports.clone();
    let backup = reports.values().next().unwrap().backup.as_ref().unwrap();
    assert!(backup.name.at >= began, "{backup:?}");
}

#[test]
fn a_home_that_only_seemed_dead_is_fenced_and_what_it_took_meanwhile_is_named() {
    let world = World::new();
    world.cling.set(true);
    world.cut_off.set(true);
    let request = sample("request-override");
    execute(&world, STANDBY, "by-hand", &request)
        .outcome
        .unwrap();
    world.pass(3);
    assert!(world.place(Side::Home).closed());
    assert_eq!(world.place(Side::Home).markers, [Marker::Fenced]);
    world.cut_off.set(false);
    let lost = world.lost();
    assert!(!lost.is_empty());
    minutes(&world, 2);
    let reports = world.place(STANDBY).reports.clone();
    let report = reports.values().next().unwrap();
    let named: Vec<String> = lost.iter().map(u32::to_string).collect();
    assert_eq!(report.lost.as_ref().unwrap().services["posts"], named);
    assert_eq!(report.source, Some(SourceFenced::Acknowledged));
    assert_eq!(world.lost(), lost, "what is lost grows no more");
}

#[test]
fn the_standby_dies_and_a_person_reclaims_home_with_calls_in_home_only() {
    let world = home_is_back();
    world.dies(STANDBY);
    let request = sample("request-unplanned");
    execute(&world, Side::Home, "reclaim", &request)
        .outcome
        .unwrap();
    let log = world.log.borrow().clone();
    let moved: Vec<_> = log
        .iter()
        .filter(|l| l.contains("raises") || l.contains("lowers"))
        .collect();
    assert_eq!(
        moved,
        ["us-east-1 lowers fenced", "us-east-1 raises reclaim"]
    );
    assert!(
        log.iter()
            .all(|l| l.starts_with("us-east-1") || l == "us-west-2 is silent")
    );
    assert_eq!(world.answering(), Side::Home);
    world.returns(STANDBY);
    assert_eq!(
        world.answering(),
        Side::Home,
        "one that returns takes nothing back"
    );
    minutes(&world, 3);
    assert!(world.place(STANDBY).closed());
    assert_eq!(world.place(STANDBY).salvaged.len(), 1);
}

#[test]
fn a_second_disaster_after_a_failback_owes_home_a_fence_again() {
    let world = home_died_again();
    let fence = world.place(STANDBY).state.fence.clone().unwrap();
    assert_eq!(fence.progress, FenceProgress::Pending);
    assert_eq!(fence.execution, world.arn(STANDBY, "second"));
    world.returns(Side::Home);
    minutes(&world, 3);
    assert!(world.place(Side::Home).closed());
    assert_eq!(world.place(Side::Home).markers, [Marker::Fenced]);
    assert_eq!(world.place(Side::Home).salvaged.len(), 2);
}
