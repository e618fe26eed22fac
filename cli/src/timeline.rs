//! The report of an execution, measured against what was promised.

use lifeboat_core::{
    lost::Lost,
    report::{Measured, Report},
    request::Mode,
    run::{Entry, SourceFenced, StoppedBy, name_of},
};

use crate::words::{elapsed, length};

pub fn render(report: &Report) -> String {
    let (from, to) = (&report.from, &report.to);
    let application = &report.application;
    let mut lines = vec![match report.mode {
        Mode::Drill => {
            format!("The drill of {application} in {to} passed; {from} went on serving.")
        }
        Mode::Plan | Mode::Planned | Mode::Unplanned => format!(
            "{application} serves from {to} since epoch {}; before it was {from}.",
            report.epoch
        ),
    }];
    lines.push(fact("execution", name_of(&report.execution)));
    lines.push(fact("recovery time", measured(report.recovery_time)));
    lines.push(fact("recovery point", measured(report.recovery_point)));
    if let Some(pause) = report.write_pause_seconds {
        lines.push(fact("write pause", length(pause)));
    }
    if !report.writes_stopped.is_empty() {
        lines.push(fact("stopped by", stopped(report)));
    }
    let backup = &report.backup;
    lines.push(fact(
        "restored",
        format!("{} of epoch {}", backup.name, backup.epoch),
    ));
    if report.mode != Mode::Drill {
        lines.push(fact("fence", fence(report)));
        lines.push(fact("lost", lost(report)));
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
    lines.extend(answered.map(|answered| fact(answered.verb.word(), &answered.reason)));
    lines.push("timeline".into());
    let began = report.timeline.first().map(|entry| entry.started);
    let entries = report.timeline.iter();
    lines.extend(entries.map(|entry| {
        let since = began.map_or(0, |began| entry.started.as_second() - began.as_second());
        step(entry, since)
    }));
    lines.join("\n")
}

fn fact(label: &str, value: impl std::fmt::Display) -> String {
    format!("  {label:<15} {value}")
}

fn measured(measured: Measured) -> String {
    let word = match measured.met() {
        true => "met",
        false => "MISSED",
    };
    let (took, objective) = (measured.seconds, measured.objective_seconds);
    format!("{}; objective {}, {word}", length(took), length(objective))
}

fn stopped(report: &Report) -> String {
    let by = report.writes_stopped.iter().map(|(service, by)| match by {
        StoppedBy::Scaling => format!("{service}: its tasks"),
        StoppedBy::Gate => format!("{service}: its gate, reading on"),
    });
    by.collect::<Vec<_>>().join("; ")
}

fn fence(report: &Report) -> String {
    let from = &report.from;
    match &report.source {
        SourceFenced::Acknowledged => format!("{from} was told to stop, and has"),
        SourceFenced::ReadsOn => format!(
            "{from} takes no writes; {} stops its tasks within minutes of the move",
            report.to
        ),
        SourceFenced::Silent(why) => format!(
            "{from} did not answer ({why}); {} keeps trying each minute",
            report.to
        ),
    }
}

fn lost(report: &Report) -> String {
    match &report.lost {
        None => format!(
            "not known until {} answers and what it held is salvaged; the report will name it",
            report.from
        ),
        Some(lost) => [known(lost), unknown(lost)].concat(),
    }
}

fn known(lost: &Lost) -> String {
    match lost.count() {
        0 => "nothing".into(),
        count => format!("{count} records: {}", by_service(lost)),
    }
}

fn unknown(lost: &Lost) -> String {
    let told = lost.unknown.iter();
    told.map(|(service, why)| format!("; of {service} it cannot be told ({why})"))
        .collect()
}

/// Enough to see what it is; all of them stand in the report.
const SHOWN: usize = 5;

fn by_service(lost: &Lost) -> String {
    let services = lost.services.iter().filter(|(_, ids)| !ids.is_empty());
    let told = services.map(|(service, ids)| {
        let shown = ids.iter().take(SHOWN).cloned().collect::<Vec<_>>();
        let more = match ids.len() > SHOWN {
            true => ", …",
            false => "",
        };
        format!("{service} {} ({}{more})", ids.len(), shown.join(", "))
    });
    told.collect::<Vec<_>>().join("; ")
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
        Epoch,
        backup::BackupKey,
        configuration::sample,
        decide::{Answer, Fact, Weighed},
        person::{Answered, Verb},
        request::Mode,
        run,
    };

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    pub(crate) fn report(mode: Mode) -> Report {
        let configuration = sample("us-west-2");
        let mut run = run::sample(mode);
        run.started = at("2024-11-23T12:05:09Z");
        run.epoch = Some(Epoch(1));
        run.down_since = Some(at("2024-11-23T12:05:00Z"));
        run.source_stopped = Some(at("2024-11-23T12:06:00Z"));
        run.compared = Some(at("2024-11-23T12:06:30Z"));
        run.traffic_proven = Some(at("2024-11-23T12:07:00Z"));
        run.source_fenced = Some(SourceFenced::Silent("timed out".into()));
        run.backup = Some(BackupKey {
            epoch: Epoch(0),
            region: configuration.home.clone(),
            name: "backup-20241123-120000".parse().unwrap(),
        });
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
        report.source = SourceFenced::Acknowledged;
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
        report.source = SourceFenced::ReadsOn;
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
  approve         go
  cancel          it is slow
timeline";
        assert!(told.contains(lines), "{told}");
    }

    #[test]
    fn a_missed_objective_stands_out_and_losses_are_named_in_part() {
        let mut report = report(Mode::Unplanned);
        report.recovery_time.objective_seconds = 60;
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
