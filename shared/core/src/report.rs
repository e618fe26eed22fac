//! What an execution did, measured against what was promised.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Configuration, Epoch, Failure, Invalid, Region, SCHEMA,
    backup::BackupKey,
    decide::Weighed,
    lost::Lost,
    person::Answered,
    request::Mode,
    run::{Entry, Run, SourceFenced, StoppedBy},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    pub schema: u32,
    pub application: String,
    pub execution: String,
    pub mode: Mode,
    pub reason: String,
    pub decided: Vec<String>,
    /// The same, fact by fact.
    #[serde(default)]
    pub facts: Vec<Weighed>,
    pub from: Region,
    pub to: Region,
    pub epoch: Epoch,
    pub backup: BackupKey,
    pub recovery_time: Measured,
    pub recovery_point: Measured,
    /// From when the source took no more writes until the target took them; only where that was planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_pause_seconds: Option<i64>,
    /// How each service's were stopped; only where that was planned.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub writes_stopped: BTreeMap<String, StoppedBy>,
    pub source: SourceFenced,
    /// Unknown until the replaced region has been salvaged; of a planned execution it is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<Lost>,
    /// Why a person made it unplanned midway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turned: Option<String>,
    /// Who let users be moved, where a person was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<Answered>,
    /// Whether a person let the move stand, where one was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed: Option<Answered>,
    pub timeline: Vec<Entry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    pub seconds: i64,
    pub objective_seconds: i64,
}

impl Measured {
    pub fn met(self) -> bool {
        self.seconds <= self.objective_seconds
    }
}

impl Report {
    pub fn key(execution: &str) -> String {
        format!("reports/{}.json", crate::run::name_of(execution))
    }

    /// Traffic that was not proven to have moved has no recovery time; a drill's ends where users would have been moved.
    pub fn of(run: &Run, configuration: &Configuration) -> Result<Self, Failure> {
        let lacks = |what: &str| Failure::Invalid(Invalid::new("run", what, "none"));
        let backup = run
            .backup
            .clone()
            .ok_or_else(|| lacks("a restored backup"))?;
        let at = |what: &str, time: Option<Timestamp>| time.ok_or_else(|| lacks(what));
        let proven = match run.request.mode {
            Mode::Drill => at("a smoke test", run.smoke_tested)?,
            _ => at("proven traffic", run.traffic_proven)?,
        };
        let (began, write_pause, lost) = match run.request.mode {
            Mode::Planned => {
                let stopped = at("a stopped source", run.source_stopped)?;
                at("compared content", run.compared)?;
                // A closed gate refuses writes before the last that it let in have ended.
                let stopped = run.gates_closed.unwrap_or(stopped);
                let pause = proven.as_second() - stopped.as_second();
                (stopped, Some(pause), Some(Lost::default()))
            }
            Mode::Drill => (run.started, None, Some(Lost::default())),
            // A source that had stopped writing lost nothing after that.
            Mode::Unplanned | Mode::Plan => {
                let down = run.down_since.or(run.source_stopped);
                (down.unwrap_or(run.started), None, None)
            }
        };
        let age = match run.request.mode {
            Mode::Planned => 0,
            _ => began.as_second() - backup.name.at.as_second(),
        };
        Ok(Self {
            schema: SCHEMA,
            application: configuration.application.clone(),
            execution: run.execution.clone(),
            mode: run.request.mode,
            reason: run.request.reason.clone(),
            decided: run.decision.reasons(),
            facts: run.decision.facts.clone(),
            from: run.source.clone(),
            to: run.target.clone(),
            epoch: run.lease()?,
            backup,
            recovery_time: Measured {
                seconds: proven.as_second() - began.as_second(),
                objective_seconds: configuration.rto_seconds,
            },
            recovery_point: Measured {
                seconds: age.max(0),
                objective_seconds: configuration.rpo_seconds,
            },
            write_pause_seconds: write_pause,
            writes_stopped: run.writes_stopped.clone(),
            source: run
                .source_fenced
                .clone()
                .unwrap_or(SourceFenced::Silent("it was not asked".into())),
            lost,
            turned: run.turned.clone(),
            approved: run.approved.clone(),
            committed: run.committed.clone(),
            timeline: timeline(run),
        })
    }
}

/// Every step in the order in which it began, whichever function carried it out; before them what led to the execution.
fn timeline(run: &Run) -> Vec<Entry> {
    let mut timeline = run.timeline.clone();
    if let Some(down_since) = run.down_since {
        let detect = Entry {
            step: "detect".into(),
            started: down_since,
            finished: run.started,
            note: "from the first failed look to the start".into(),
        };
        timeline.insert(0, detect);
    }
    if let Some(images) = &run.images {
        timeline.push(Entry {
            step: "images".into(),
            started: images.started,
            finished: images.finished,
            note: format!(
                "{} there, {} fetched",
                images.digests.len(),
                images.repaired.len()
            ),
        });
    }
    if let Some(restored) = &run.restored {
        timeline.push(Entry {
            step: "restore".into(),
            started: restored.started,
            finished: restored.finished,
            note: restored.backup.name.to_string(),
        });
    }
    if let Some(imported) = &run.imported {
        let services: Vec<&str> = imported.services.keys().map(String::as_str).collect();
        timeline.push(Entry {
            step: "import".into(),
            started: imported.started,
            finished: imported.finished,
            note: services.join(", "),
        });
    }
    timeline.sort_by_key(|entry| entry.started);
    timeline
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{configuration, run};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn run(mode: Mode) -> Run {
        let mut run = run::sample(mode);
        run.epoch = Some(Epoch(1));
        run.down_since = Some(at("2024-11-23T12:05:00Z"));
        run.source_stopped = Some(at("2024-11-23T12:06:00Z"));
        run.compared = Some(at("2024-11-23T12:06:30Z"));
        run.smoke_tested = Some(at("2024-11-23T12:06:40Z"));
        run.traffic_proven = Some(at("2024-11-23T12:07:00Z"));
        run.backup = Some(BackupKey {
            epoch: Epoch(0),
            region: Region::new("us-east-1").unwrap(),
            name: "backup-20241123-120000".parse().unwrap(),
        });
        run
    }

    #[test]
    fn an_unplanned_one_counts_from_the_first_failed_look_and_says_how_old_the_backup_was() {
        let report =
            Report::of(&run(Mode::Unplanned), &configuration::sample("us-west-2")).unwrap();
        assert_eq!(report.recovery_time.seconds, 120);
        assert_eq!(report.recovery_point.seconds, 300);
        assert!(report.recovery_time.met() && report.recovery_point.met());
        assert_eq!(report.lost, None, "not known before the source is salvaged");
    }

    #[test]
    fn a_planned_one_loses_nothing_and_measures_the_write_pause() {
        let report = Report::of(&run(Mode::Planned), &configuration::sample("us-west-2")).unwrap();
        assert_eq!(report.recovery_point.seconds, 0);
        assert_eq!(report.write_pause_seconds, Some(60));
        assert_eq!(report.lost, Some(Lost::default()));
    }

    #[test]
    fn behind_a_gate_the_write_pause_begins_when_it_was_seen_closed() {
        let mut gated = run(Mode::Planned);
        gated.gates_closed = Some(at("2024-11-23T12:05:50Z"));
        let report = Report::of(&gated, &configuration::sample("us-west-2")).unwrap();
        assert_eq!(report.write_pause_seconds, Some(70));
    }

    #[test]
    fn a_planned_one_whose_content_was_not_compared_makes_no_report() {
        let mut blind = run(Mode::Planned);
        blind.compared = None;
        assert!(Report::of(&blind, &configuration::sample("us-west-2")).is_err());
    }

    #[test]
    fn a_drill_counts_from_its_start_to_where_users_would_have_been_moved() {
        let mut drill = run(Mode::Drill);
        drill.started = at("2024-11-23T12:06:00Z");
        drill.traffic_proven = None;
        let report = Report::of(&drill, &configuration::sample("us-west-2")).unwrap();
        assert_eq!(report.recovery_time.seconds, 40);
        assert_eq!(report.recovery_point.seconds, 360);
    }

    #[test]
    fn one_that_was_made_unplanned_after_the_source_had_stopped_counts_from_there() {
        let mut turned = run(Mode::Unplanned);
        (turned.down_since, turned.turned) = (None, Some("no answer".into()));
        let report = Report::of(&turned, &configuration::sample("us-west-2")).unwrap();
        assert_eq!(report.recovery_point.seconds, 360);
        assert_eq!(report.turned.as_deref(), Some("no answer"));
    }

    #[test]
    fn traffic_that_was_not_proven_makes_no_report() {
        let mut unproven = run(Mode::Unplanned);
        unproven.traffic_proven = None;
        assert!(Report::of(&unproven, &configuration::sample("us-west-2")).is_err());
    }
}
