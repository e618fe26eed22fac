//! How a report is made of what an execution carried, by how it ended.

use jiff::Timestamp;

use super::{Measured, Outcome, Report};
use crate::{
    Configuration, Failure, Invalid, RegionState, SCHEMA,
    lost::Lost,
    request::Mode,
    run::{Entry, Run, SourceFenced},
    state::Lease,
};

impl Report {
    /// Of one that ended well. Traffic that was not proven to have moved has no recovery time; a drill's ends where users would
    /// have been moved.
    pub fn of(run: &Run, configuration: &Configuration) -> Result<Self, Failure> {
        if run.request.mode == Mode::Plan {
            return Ok(Self::bare(run, configuration, Outcome::Succeeded));
        }
        let lacks = |what: &str| Failure::Invalid(Invalid::new("run", what, "none"));
        let backup = run
            .backup
            .as_ref()
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
        run.lease()?;
        let not_asked = || SourceFenced::Silent("it was not asked".into());
        Ok(Self {
            recovery_time: Some(Measured {
                seconds: proven.as_second() - began.as_second(),
                objective_seconds: configuration.rto_seconds,
            }),
            recovery_point: Some(Measured {
                seconds: age.max(0),
                objective_seconds: configuration.rpo_seconds,
            }),
            write_pause_seconds: write_pause,
            source: Some(run.source_fenced.clone().unwrap_or_else(not_asked)),
            lost,
            ..Self::bare(run, configuration, Outcome::Succeeded)
        })
    }

    /// Of one that was not begun.
    pub fn refused(run: &Run, configuration: &Configuration, why: &str) -> Self {
        Self::bare(run, configuration, Outcome::Refused { why: why.into() })
    }

    /// Of one that was begun and did not come to its end: nothing of it is measured.
    pub fn failed(
        run: &Run,
        configuration: &Configuration,
        why: &str,
        stands: &str,
        now: Timestamp,
    ) -> Self {
        let (why, stands) = (why.into(), stands.into());
        let mut report = Self::bare(run, configuration, Outcome::Failed { why, stands });
        report
            .timeline
            .extend(run.waiting.iter().map(|waiting| Entry {
                step: waiting.step.word().into(),
                started: waiting.since,
                finished: now,
                note: format!("not done; it waited for {}", waiting.what),
            }));
        report
    }

    /// Of one that ended before it could say anything: all that is known of it is its lease.
    pub fn stopped(
        lease: &Lease,
        state: &RegionState,
        configuration: &Configuration,
        why: &str,
        stands: &str,
        now: Timestamp,
    ) -> Self {
        Self {
            schema: SCHEMA,
            application: configuration.application.clone(),
            execution: lease.execution.clone(),
            started: lease.taken.unwrap_or(now),
            mode: lease.mode,
            outcome: Outcome::Failed {
                why: why.into(),
                stands: stands.into(),
            },
            requested_by: None,
            by: None,
            reason: "not known any more; its input is in the history of its execution".into(),
            decided: vec![],
            facts: vec![],
            from: configuration.peer_region().clone(),
            to: configuration.region.clone(),
            epoch: Some(state.epoch),
            backup: None,
            recovery_time: None,
            recovery_point: None,
            write_pause_seconds: None,
            writes_stopped: Default::default(),
            source: None,
            lost: None,
            turned: lease.turned.clone(),
            approved: None,
            committed: None,
            plan: None,
            timeline: vec![],
        }
    }

    fn bare(run: &Run, configuration: &Configuration, outcome: Outcome) -> Self {
        Self {
            schema: SCHEMA,
            application: configuration.application.clone(),
            execution: run.execution.clone(),
            started: run.started,
            mode: run.request.mode,
            outcome,
            requested_by: Some(run.request.requested_by),
            by: run.request.by.clone(),
            reason: run.request.reason.clone(),
            decided: run.decision.reasons(),
            facts: run.decision.facts.clone(),
            from: run.source.clone(),
            to: run.target.clone(),
            epoch: run.epoch,
            backup: run.backup.clone(),
            recovery_time: None,
            recovery_point: None,
            write_pause_seconds: None,
            writes_stopped: run.writes_stopped.clone(),
            source: run.source_fenced.clone(),
            lost: None,
            turned: run.turned.clone(),
            approved: run.approved.clone(),
            committed: run.committed.clone(),
            plan: run.plan.clone(),
            timeline: timeline(run),
        }
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
