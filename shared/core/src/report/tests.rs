use super::*;
use crate::{
    RegionState, configuration,
    lost::Lost,
    person::Awaits,
    run::{self, Question, Step, sample_ended},
    state::Lease,
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn an_unplanned_one_counts_from_the_first_failed_look_and_says_how_old_the_backup_was() {
    let report = Report::of(
        &sample_ended(Mode::Unplanned),
        &configuration::sample("us-west-2"),
    )
    .unwrap();
    assert_eq!(report.recovery_time.unwrap().seconds, 120);
    assert_eq!(report.recovery_point.unwrap().seconds, 300);
    assert!(report.recovery_time.unwrap().met() && report.recovery_point.unwrap().met());
    assert_eq!(report.lost, None, "not known before the source is salvaged");
}

#[test]
fn a_planned_one_loses_nothing_and_measures_the_write_pause() {
    let report = Report::of(
        &sample_ended(Mode::Planned),
        &configuration::sample("us-west-2"),
    )
    .unwrap();
    assert_eq!(report.recovery_point.unwrap().seconds, 0);
    assert_eq!(report.write_pause_seconds, Some(60));
    assert_eq!(report.lost, Some(Lost::default()));
}

#[test]
fn behind_a_gate_the_write_pause_begins_when_it_was_seen_closed() {
    let mut gated = sample_ended(Mode::Planned);
    gated.gates_closed = Some(at("2024-11-23T12:05:50Z"));
    let report = Report::of(&gated, &configuration::sample("us-west-2")).unwrap();
    assert_eq!(report.write_pause_seconds, Some(70));
}

#[test]
fn a_planned_one_whose_content_was_not_compared_makes_no_report() {
    let mut blind = sample_ended(Mode::Planned);
    blind.compared = None;
    assert!(Report::of(&blind, &configuration::sample("us-west-2")).is_err());
}

#[test]
fn a_drill_counts_from_its_start_to_where_users_would_have_been_moved() {
    let mut drill = sample_ended(Mode::Drill);
    drill.started = at("2024-11-23T12:06:00Z");
    drill.traffic_proven = None;
    let report = Report::of(&drill, &configuration::sample("us-west-2")).unwrap();
    assert_eq!(report.recovery_time.unwrap().seconds, 40);
    assert_eq!(report.recovery_point.unwrap().seconds, 360);
}

#[test]
fn one_that_was_made_unplanned_after_the_source_had_stopped_counts_from_there() {
    let mut turned = sample_ended(Mode::Unplanned);
    (turned.down_since, turned.turned) = (None, Some("no answer".into()));
    let report = Report::of(&turned, &configuration::sample("us-west-2")).unwrap();
    assert_eq!(report.recovery_point.unwrap().seconds, 360);
    assert_eq!(report.turned.as_deref(), Some("no answer"));
}

#[test]
fn traffic_that_was_not_proven_makes_no_report() {
    let mut unproven = sample_ended(Mode::Unplanned);
    unproven.traffic_proven = None;
    assert!(Report::of(&unproven, &configuration::sample("us-west-2")).is_err());
}

#[test]
fn a_plan_tells_what_would_be_done_and_measures_nothing() {
    let mut run = run::sample(Mode::Plan);
    run.plan = Some(Plan {
        mode: Mode::Planned,
        effects: vec![],
        digest: "abc".into(),
    });
    let report = Report::of(&run, &configuration::sample("us-west-2")).unwrap();
    assert_eq!((report.recovery_time, report.epoch), (None, None));
    assert_eq!(report.plan.unwrap().digest, "abc");
}

#[test]
fn one_that_was_refused_or_failed_says_why_and_where_it_stood() {
    let configuration = configuration::sample("us-west-2");
    let refused = Report::refused(&sample_ended(Mode::Planned), &configuration, "no backup");
    let why = "no backup".into();
    assert_eq!(refused.outcome, Outcome::Refused { why });
    let mut stuck = sample_ended(Mode::Planned);
    let question = Question {
        awaits: Awaits::Resume,
        seconds: 60,
    };
    stuck.ask(
        Step::ScaleUp,
        at("2024-11-23T12:08:00Z"),
        "a person".into(),
        question,
    );
    let now = at("2024-11-23T12:09:00Z");
    let failed = Report::failed(&stuck, &configuration, "nobody came", "all is back", now);
    assert!(matches!(failed.outcome, Outcome::Failed { .. }));
    assert_eq!(failed.recovery_time, None, "nobody was moved");
    let last = failed.timeline.last().unwrap();
    assert_eq!((last.step.as_str(), last.finished), ("scale_up", now));
}

#[test]
fn of_one_that_was_stopped_from_outside_its_lease_tells_what_is_known() {
    let configuration = configuration::sample("us-west-2");
    let state = RegionState::genesis(&configuration.pair().unwrap());
    let lease = Lease::new("arn:x:forum-1", Mode::Drill, &BTreeMap::new());
    let now = at("2024-11-23T12:09:00Z");
    let report = Report::stopped(&lease, &state, &configuration, "stopped", "empty", now);
    assert_eq!((report.name(), report.mode), ("forum-1", Mode::Drill));
    assert_eq!(report.started, now);
}

#[test]
fn a_report_of_the_version_before_is_read_as_one_that_ended_well() {
    let report = Report::of(
        &sample_ended(Mode::Drill),
        &configuration::sample("us-west-2"),
    )
    .unwrap();
    let mut json = serde_json::to_value(&report).unwrap();
    for new in ["started", "outcome", "requested_by"] {
        json.as_object_mut().unwrap().remove(new);
    }
    let read: Report = serde_json::from_value(json).unwrap();
    assert_eq!(read.outcome, Outcome::Succeeded);
}

#[test]
fn only_what_passed_and_was_more_than_a_plan_counts_as_a_drill() {
    let configuration = configuration::sample("us-west-2");
    let mut report = Report::of(&sample_ended(Mode::Drill), &configuration).unwrap();
    assert_eq!(Drilled::of(&report).unwrap().execution, "forum-1");
    report.outcome = Outcome::Failed {
        why: "x".into(),
        stands: "y".into(),
    };
    assert_eq!(Drilled::of(&report), None);
    let planned = Report::of(&sample_ended(Mode::Planned), &configuration).unwrap();
    assert!(Drilled::of(&planned).is_some());
    let plan = Report::of(&sample_ended(Mode::Plan), &configuration).unwrap();
    assert_eq!(Drilled::of(&plan), None);
}
