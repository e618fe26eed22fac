use super::*;
use jiff::SignedDuration;

const START: Timestamp = Timestamp::UNIX_EPOCH;

fn at(seconds: i64) -> Timestamp {
    START + SignedDuration::from_secs(seconds)
}

#[test]
fn every_steps_word_is_its_name_in_the_workflow() {
    for step in Step::ALL {
        let word = serde_json::to_value(step).unwrap();
        assert_eq!(word, step.word());
    }
}

#[test]
fn waiting_ends_by_itself_with_what_was_waited_for() {
    let mut run = sample(Mode::Unplanned);
    run.wait(Step::AwaitHealthy, START, "users 0 of 2".into())
        .unwrap();
    run.wait(Step::AwaitHealthy, at(600), "users 1 of 2".into())
        .unwrap();
    assert_eq!(run.waiting.as_ref().unwrap().since, START);
    let over = run.wait(Step::AwaitHealthy, at(601), "users 1 of 2".into());
    let over = over.unwrap_err();
    assert_eq!(over.name(), "TimedOut");
    assert!(over.to_string().contains("users 1 of 2"));
}

#[test]
fn what_may_be_there_at_once_is_asked_for_soon_and_what_takes_longer_less_often() {
    let mut run = sample(Mode::Planned);
    for (seconds, again_in) in [(0, 1), (1, 1), (2, 1), (3, 3), (60, 3)] {
        run.wait(Step::Compare, at(seconds), "the contents".into())
            .unwrap();
        let waiting = run.waiting.as_ref().unwrap();
        assert_eq!(waiting.again_in, Some(again_in), "after {seconds} s");
    }
    run.wait(Step::ScaleUp, at(60), "users 0 of 2".into())
        .unwrap();
    assert_eq!(run.waiting.unwrap().again_in, Some(1), "another step");
}

#[test]
fn a_step_that_waited_counts_from_when_the_waiting_began() {
    let mut run = sample(Mode::Unplanned);
    run.wait(Step::Quiesce, START, "2 tasks".into()).unwrap();
    run.done(Step::Quiesce, at(8), at(9), "");
    assert_eq!(run.waiting, None);
    assert_eq!(
        (run.timeline[0].started, run.timeline[0].finished),
        (START, at(9))
    );
}

#[test]
fn a_run_for_another_region_is_refused_and_what_a_neighbouring_version_adds_is_passed_over() {
    let run = sample(Mode::Planned);
    assert!(run.validate(&Region::new("us-west-2").unwrap()).is_ok());
    assert!(run.validate(&Region::new("us-east-1").unwrap()).is_err());
    let mut json = serde_json::to_value(&run).unwrap();
    json["colour"] = "green".into();
    assert_eq!(serde_json::from_value::<Run>(json).unwrap(), run);
}

#[test]
fn nobody_is_moved_before_running_tasks_were_given_what_the_restore_left_for_them() {
    let mut run = sample(Mode::Unplanned);
    assert_eq!(run.has_its_data(), Ok(()));
    let backup = |name: &str| BackupKey {
        epoch: Epoch(0),
        region: run.source.clone(),
        name: name.parse().unwrap(),
    };
    let content = |bytes| crate::backup::Content {
        files: 1,
        bytes,
        content: crate::backup::ContentId::new([0; 32]),
    };
    let (chosen, other) = (
        backup("backup-20241123-120000"),
        backup("backup-20241123-110000"),
    );
    let came = |backup: &BackupKey, bytes| Restored {
        backup: backup.clone(),
        started: START,
        finished: START,
        services: [("users".to_owned(), content(bytes))].into(),
        to_import: [].into(),
    };
    let mut restored = came(&chosen, 2);
    restored.to_import = std::mem::take(&mut restored.services);
    run.restored = Some(restored);
    for (imported, has) in [
        (None, false),
        (Some(came(&other, 2)), false),
        (Some(came(&chosen, 1)), false),
        (Some(came(&chosen, 2)), true),
    ] {
        run.imported = imported;
        let said = run.has_its_data().map_err(|why| why.to_string());
        assert_eq!(said.is_ok(), has, "{said:?}");
        assert!(has || said.unwrap_err().contains("the tasks of users"));
    }
}
