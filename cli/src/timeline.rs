//! The report of an execution, measured against what was promised.

use lifeboat_core::{
    report::{Measured, Outcome, Report},
    run::Entry,
};

use crate::words::{elapsed, length};

pub fn render(report: &Report) -> String {
    let from = &report.from;
    let mut lines = vec![report.headline()];
    lines.push(fact("execution", report.name()));
    lines.extend(report.by.as_ref().map(|by| fact("begun by", by)));
    match &report.outcome {
        Outcome::Succeeded => {}
        Outcome::Refused { why } => lines.push(fact("why", why)),
        Outcome::Failed { why, stands } => {
            lines.push(fact("why", why));
            lines.push(fact("stands", stands));
        }
    }
    let told = |label: &str, measured: Option<Measured>| Some(fact(label, measured?.told()));
    lines.extend(told("recovery time", report.recovery_time));
    lines.extend(told("recovery point", report.recovery_point));
    if let Some(pause) = report.write_pause_seconds {
        lines.push(fact("write pause", length(pause)));
    }
    if !report.writes_stopped.is_empty() {
        lines.push(fact("stopped by", report.stopped_in_words()));
    }
    if let Some(backup) = &report.backup {
        let of = format!("{} of epoch {}", backup.name, backup.epoch);
        lines.push(fact("restored", of));
    }
    if report.moved() {
        lines.extend(report.fence().map(|fence| fact("fence", fence)));
        lines.push(fact("lost", report.lost_in_words()));
    }
    let overridden = report.facts.iter().filter_map(|weighed| {
        let reason = weighed.overridden.as_ref()?;
        Some(fact("in spite of", format!("{}: {reason}", weighed.fact)))
    });
    lines.extend(overridden);
    if let Some(why) = &report.turned {
        lines.push(fact("turn", format!("{from} was given up midway: {why}")));
    }
    let answered = [&report.approved, &report.committed].into_iter().flatten();
    lines.extend(answered.map(|answered| {
        let said = by(&answered.reason, answered.by.as_deref());
        fact(answered.verb.word(), said)
    }));
    if !report.timeline.is_empty() {
        lines.push("timeline".into());
    }
    let began = report.timeline.first().map(|entry| entry.started);
    let entries = report.timeline.iter();
    lines.extend(entries.map(|entry| {
        let since = began.map_or(0, |began| entry.started.as_second() - began.as_second());
        step(entry, since)
    }));
    lines.join("\n")
}

fn by(reason: &str, who: Option<&str>) -> String {
    match who {
        Some(who) => format!("{reason} ({who})"),
        None => reason.to_owned(),
    }
}

fn fact(label: &str, value: impl std::fmt::Display) -> String {
    format!("  {label:<15} {value}")
}

fn step(entry: &Entry, since: i64) -> String {
    let took = length(entry.finished.as_second() - entry.started.as_second());
    let line = format!(
        "{} {:<15} {took:<12} {}",
        elapsed(since),
        entry.step,
        entry.note
    );
    line.trim_end().to_owned()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use jiff::Timestamp;
    use lifeboat_core::{
        configuration::sample,
        decide::{Answer, Fact, Weighed},
        lost::Lost,
        person::{Answered, Verb},
        request::Mode,
        run::{self, SourceFenced, StoppedBy},
    };

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    pub(crate) fn report(mode: Mode) -> Report {
        let configuration = sample("us-west-2");
        let mut run = run::sample_ended(mode);
        let entry = |step: &str, started, finished, note: &str| Entry {
            step: step.into(),
            started: at(started),
            finished: at(finished),
            note: note.into(),
        };
        run.timeline = vec![
            entry("lease", "2024-11-23T12:05:10Z", "2024-11-23T12:05:11Z", ""),
            entry(
                "await_healthy",
                "2024-11-23T12:05:20Z",
                "2024-11-23T12:06:30Z",
                "users 2 of 2",
            ),
        ];
        Report::of(&run, &configuration).unwrap()
    }

    #[test]
    fn an_unplanned_one_is_measured_and_says_that_the_loss_is_not_known_yet() {
        let expected = "\
forum serves from us-west-2 since epoch 1; before it was us-east-1.
  execution       forum-1
  recovery time   2 min; objective 15 min, met
  recovery point  5 min; objective 1 h, met
  restored        backup-20241123-120000 of epoch 0
  fence           us-east-1 did not answer (timed out); us-west-2 keeps trying each minute
  lost            not known until us-east-1 answers and what it held is salvaged; the report will name it
timeline
  0:00 detect          9 s          from the first failed look to the start
  0:10 lease           1 s
  0:20 await_healthy   1 min 10 s   users 2 of 2";
        assert_eq!(render(&report(Mode::Unplanned)), expected);
    }

    #[test]
    fn a_planned_one_loses_nothing_and_tells_the_write_pause() {
        let mut report = report(Mode::Planned);
        report.source = Some(SourceFenced::Acknowledged);
        let text = render(&report);
        assert!(text.contains("write pause     1 min\n"), "{text}");
        assert!(text.contains("lost            nothing\n"), "{text}");
        assert!(
            text.contains("us-east-1 was told to stop, and has"),
            "{text}"
        );
    }

    #[test]
    fn a_planned_one_tells_how_each_service_was_stopped() {
        let mut report = report(Mode::Planned);
        report.source = Some(SourceFenced::ReadsOn);
        report.writes_stopped = [
            ("posts".to_owned(), StoppedBy::Gate),
            ("users".to_owned(), StoppedBy::Scaling),
        ]
        .into();
        let text = render(&report);
        let line = "\n  stopped by      posts: its gate, reading on; users: its tasks\n";
        assert!(text.contains(line), "{text}");
        assert!(text.contains("us-east-1 takes no writes"), "{text}");
    }

    #[test]
    fn what_a_person_overrode_is_told_with_the_reason() {
        let mut report = report(Mode::Unplanned);
        let weighed = |overridden| Weighed {
            fact: Fact::ActiveRegionDown,
            answer: Answer::CannotTell,
            why: "timed out".into(),
            needed: true,
            overridden,
        };
        report.facts = vec![weighed(None), weighed(Some("I was there".into()))];
        let told = render(&report);
        let line = "\n  in spite of     active_region_down: I was there\n";
        assert_eq!(told.matches(line).count(), 1, "{told}");
    }

    #[test]
    fn what_a_person_said_on_the_way_is_told_with_the_reason() {
        let said = |verb, reason: &str| {
            Some(Answered {
                verb,
                reason: reason.into(),
                by: (verb == Verb::Approve).then(|| "arn:aws:iam::1:user/ada".into()),
                at: Timestamp::UNIX_EPOCH,
            })
        };
        let mut report = report(Mode::Unplanned);
        report.turned = Some("it is gone".into());
        report.approved = said(Verb::Approve, "go");
        report.committed = said(Verb::Cancel, "it is slow");
        let told = render(&report);
        let lines = "
  turn            us-east-1 was given up midway: it is gone
  approve         go (arn:aws:iam::1:user/ada)
  cancel          it is slow
timeline";
        assert!(told.contains(lines), "{told}");
    }

    #[test]
    fn one_that_failed_says_why_and_what_stands() {
        let mut report = report(Mode::Planned);
        report.outcome = Outcome::Failed {
            why: "TimedOut: quiesce".into(),
            stands: "us-east-1 has its tasks back".into(),
        };
        let told = render(&report);
        assert!(told.starts_with("The planned execution of forum towards us-west-2 failed.\n"));
        assert!(
            told.contains("\n  stands          us-east-1 has its tasks back\n"),
            "{told}"
        );
    }

    #[test]
    fn a_missed_objective_stands_out_and_losses_are_named_in_part() {
        let mut report = report(Mode::Unplanned);
        report.recovery_time.as_mut().unwrap().objective_seconds = 60;
        let ids = |last: u32| (1..=last).map(|id| id.to_string()).collect();
        let services = [
            ("posts".to_owned(), ids(7)),
            ("threads".to_owned(), ids(0)),
            ("users".to_owned(), ids(1)),
        ];
        report.lost = Some(Lost {
            services: services.into(),
            unknown: [("threads".to_owned(), "its disk is gone".to_owned())].into(),
        });
        let text = render(&report);
        assert!(text.contains("objective 1 min, MISSED"), "{text}");
        assert!(
            text.contains("8 records: posts 7 (1, 2, 3, 4, 5, …); users 1 (1); of threads it cannot be told (its disk is gone)"),
            "{text}"
        );
    }
}
