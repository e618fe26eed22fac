//! What the other region is asked comes to it late, twice, half or never, and its reply is read when it is there.

use lifeboat_core::{Failure, RegionState, ReplyId, Side, run::Step, state::FenceProgress};
use serde_json::Value;

use crate::{
    asked::Mail,
    scenario::{home_died, home_died_again, minutes, sample, scaled_up, watch},
    workflow::{Ended, Trip, execute, execute_with, redrive},
    world::{Records, World},
};

const STANDBY: Side = Side::Standby;

fn planned(world: &World) -> Ended {
    execute(world, STANDBY, "by-plan", &sample("request-planned"))
}

fn questions(world: &World) -> usize {
    world.place(Side::Home).questions
}

fn unavailable() -> Failure {
    let region = &World::new().configuration(Side::Home).region;
    Failure::unavailable("read", "/data/users/db.json", region, "stale handle")
}

#[test]
fn a_planned_execution_asks_and_reads_the_reply_in_a_later_step() {
    let world = scaled_up();
    let ended = planned(&world);
    let waits = |step: &str| {
        let waits = ended.visited.iter().filter(|state| *state == step);
        waits.count()
    };
    assert_eq!((waits("Final backup"), waits("Compare")), (2, 2));
    let log = world.log.borrow();
    let from = log.iter().position(|line| line.contains("is asked"));
    let expected = [
        "us-east-1 is asked for a backup",
        "us-east-1 takes a backup",
        "us-east-1 replies",
        "us-west-2 restores",
        "us-east-1 is asked what it holds",
        "us-east-1 replies",
        "us-west-2 restores no more",
    ];
    assert_eq!(log[from.unwrap()..][..expected.len()], expected);
}

#[test]
fn questions_that_come_twice_late_or_only_the_second_time_move_everyone_all_the_same() {
    for (mail, put) in [
        (Mail::Comes, 2),
        (Mail::Twice, 2),
        (Mail::Late(20), 2),
        (Mail::Late(70), 4),
        (Mail::HalfLost, 4),
    ] {
        let world = scaled_up();
        world.mail.set(mail);
        let ended = planned(&world);
        assert!(ended.outcome.is_ok(), "{mail:?} {:?}", ended.outcome);
        assert_eq!(world.answering(), STANDBY);
        assert_eq!(questions(&world), put, "{mail:?}");
        minutes(&world, 3);
        assert_eq!(world.lost(), Records::new(), "{mail:?}");
    }
}

#[test]
fn a_source_that_never_replies_is_asked_less_and_less_often_and_gets_its_tasks_back() {
    let world = scaled_up();
    world.mail.set(Mail::Never);
    let error = planned(&world).outcome.unwrap_err();
    assert_eq!(error.name, "TimedOut");
    assert!(
        error.cause.contains("the final backup of us-east-1"),
        "{error:?}"
    );
    assert_eq!(questions(&world), 5);
    world.pass(3);
    assert!(world.place(Side::Home).serves());
    assert_eq!(world.answering(), Side::Home);
}

#[test]
fn a_failure_that_may_pass_is_told_once_and_the_question_is_put_anew() {
    let world = scaled_up();
    world
        .fails
        .borrow_mut()
        .extend([unavailable(), unavailable()]);
    planned(&world).outcome.unwrap();
    let replies = world.place(Side::Home).replies.clone();
    let backups = replies
        .keys()
        .filter(|id| id.key().contains("final_backup"));
    assert_eq!(backups.count(), 3, "{replies:?}");
    let told = world.place(STANDBY).notices.clone();
    let told = told
        .iter()
        .filter(|(subject, _)| subject.contains("waits for its source"));
    let told: Vec<_> = told.collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].1.contains("stale handle"), "{told:?}");
}

#[test]
fn a_refusal_ends_the_execution_in_the_sources_own_words_and_it_is_undone() {
    for (failure, name) in [
        (Failure::Refused("no room".into()), "Refused"),
        (Failure::NotVerified("no room".into()), "NotVerified"),
        (Failure::Stale("no room".into()), "Stale"),
    ] {
        let world = scaled_up();
        world.fails.borrow_mut().push_back(failure);
        let error = planned(&world).outcome.unwrap_err();
        assert_eq!(error.name, name);
        assert!(error.cause.contains("in us-east-1: no room"), "{error:?}");
        world.pass(3);
        assert!(world.place(Side::Home).serves());
    }
}

/// Fails at a step before the source is given back, and is redriven after users have written on.
fn begun_anew(at: &str, mail: Mail) -> World {
    let world = scaled_up();
    world.mail.set(mail);
    let trip = |state: &str| match state == at {
        true => Trip::Before,
        false => Trip::Not,
    };
    let request = sample("request-planned");
    let failed = execute_with(&world, STANDBY, "again", &request, &trip);
    assert!(failed.outcome.is_err() && failed.went_through("Undo"));
    for _ in 0..3 {
        world.pass(3);
    }
    assert!(world.place(Side::Home).serves());
    let ended = redrive(&world, STANDBY, "again", &failed, 1);
    assert!(ended.outcome.is_ok(), "{at} {mail:?} {:?}", ended.outcome);
    world
}

#[test]
fn what_was_replied_before_the_source_was_given_back_is_never_read_again() {
    for at in ["Await replica", "Restore", "Scale up", "Smoke test"] {
        for mail in [Mail::Comes, Mail::Twice, Mail::Late(15)] {
            let world = begun_anew(at, mail);
            minutes(&world, 3);
            assert_eq!(world.lost(), Records::new(), "{at} {mail:?}");
            let replies = world.place(Side::Home).replies.clone();
            let of = |step: Step| {
                let word = format!("-{}-", step.word());
                replies.keys().filter(|id| id.key().contains(&word)).count()
            };
            assert_eq!(of(Step::FinalBackup), 2, "{at} {mail:?}");
        }
    }
}

#[test]
fn a_source_that_dies_after_it_was_asked_is_given_up_by_a_person_like_any_other() {
    let world = scaled_up();
    world.mail.set(Mail::Late(40));
    world.gives_up.set(true);
    let dies = |state: &str| {
        if state == "Final backup" && questions(&world) == 1 && !world.place(Side::Home).dead {
            world.dies(Side::Home);
        }
        Trip::Not
    };
    let request = sample("request-planned");
    let ended = execute_with(&world, STANDBY, "turned", &request, &dies);
    assert!(ended.outcome.is_ok(), "{:?}", ended.outcome);
    assert_eq!(world.answering(), STANDBY);
}

fn progress(state: &RegionState) -> FenceProgress {
    state.fence.as_ref().unwrap().progress
}

/// Home is back, fenced, and not asked for anything yet.
fn fenced() -> World {
    let world = home_died();
    let request = sample("request-unplanned");
    execute(&world, STANDBY, "lost-home", &request)
        .outcome
        .unwrap();
    world.returns(Side::Home);
    watch(&world, STANDBY).unwrap();
    world.pass(60);
    world
}

fn said(world: &World) -> String {
    let watched: Value = watch(world, STANDBY).unwrap();
    watched["fence"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_salvage_is_asked_for_in_one_minute_and_read_in_the_next() {
    let world = fenced();
    assert_eq!(said(&world), "us-east-1 is asked to save what it holds");
    let acknowledged = FenceProgress::Acknowledged;
    assert_eq!(progress(&world.place(STANDBY).state), acknowledged);
    world.pass(60);
    assert!(said(&world).contains("the report names them"));
    let salvaged = FenceProgress::Salvaged;
    assert_eq!(progress(&world.place(STANDBY).state), salvaged);
    assert_eq!(questions(&world), 1);
}

#[test]
fn a_salvage_that_fails_or_is_lost_is_asked_for_again_and_the_watch_says_so() {
    let world = fenced();
    world.fails.borrow_mut().push_back(unavailable());
    said(&world);
    world.pass(60);
    let again = said(&world);
    assert!(
        again.contains("is asked again") && again.contains("stale handle"),
        "{again}"
    );
    world.pass(60);
    assert!(said(&world).contains("the report names them"));
    let world = fenced();
    world.mail.set(Mail::HalfLost);
    for _ in 0..2 {
        assert_eq!(said(&world), "us-east-1 is asked to save what it holds");
        world.pass(60);
    }
    assert!(said(&world).contains("the report names them"));
    assert_eq!(world.place(Side::Home).salvaged.len(), 1);
}

#[test]
fn a_last_backup_that_does_not_come_is_waited_for_half_a_minute() {
    let world = World::new();
    world.mail.set(Mail::Never);
    world.cut_off.set(true);
    world.pass(250);
    let began = world.now();
    let request = sample("request-override");
    execute(&world, STANDBY, "by-hand", &request)
        .outcome
        .unwrap();
    assert_eq!(questions(&world), 1);
    let reports = world.place(STANDBY).reports.clone();
    let report = reports.values().next().unwrap();
    assert!(report.backup.as_ref().unwrap().name.at < began);
    let step = report.timeline.iter().find(|e| e.step == "last_backup");
    let took = step.unwrap().finished - step.unwrap().started;
    assert_eq!(took.as_secs(), 30);
}

#[test]
fn a_region_that_is_replaced_again_is_salvaged_for_each_epoch() {
    let world = home_died_again();
    world.returns(Side::Home);
    minutes(&world, 4);
    let replies = world.place(Side::Home).replies.clone();
    let salvages = replies.keys().filter(|id| id.key().contains("salvage"));
    let salvages: Vec<String> = salvages.map(ReplyId::key).collect();
    assert_eq!(
        salvages,
        ["replies/1-salvage.json", "replies/3-salvage.json"]
    );
    assert_eq!(world.place(Side::Home).salvaged.len(), 2);
}
