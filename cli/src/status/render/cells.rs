//! What stands in the table, one function for each row. Empty where a region said nothing about it.

use jiff::Timestamp;
use lifeboat_core::{
    RegionState, backup::Proven, liveness, probe::ProbeReport, readiness, report::Rehearsed,
    run::name_of, state::FenceProgress,
};

use super::{Facts, RegionFacts};
use crate::{
    status::{Probe, View},
    words::length,
};

/// The probe runs each minute; this many are missing before it is called late.
const LATE_SECONDS: i64 = 180;

pub(super) fn answers(_: &Facts, side: &RegionFacts) -> String {
    match &side.view {
        View::Answered(_) => "yes".into(),
        View::Unreachable { because } => format!("unreachable: {because}"),
        View::Unreadable { because } => format!("unreadable: {because}"),
    }
}

pub(super) fn role(facts: &Facts, side: &RegionFacts) -> String {
    let Some(active) = &facts.active else {
        return "unknown".into();
    };
    let own = side.state().map(|state| state.highest(None).1);
    match (*active == side.region, own) {
        (true, Some(_)) => "active".into(),
        (false, Some(own)) if own == side.region => "passive, but does not know it yet".into(),
        (false, Some(_)) => "passive".into(),
        (true, None) => "active, as the other region knows".into(),
        (false, None) => "passive, as the other region knows".into(),
    }
}

pub(super) fn epoch(_: &Facts, side: &RegionFacts) -> String {
    state(side, |state| state.epoch.to_string())
}

pub(super) fn owner(_: &Facts, side: &RegionFacts) -> String {
    state(side, |state| match state.owner() {
        Some(owner) => format!("{} holds the lease", name_of(owner)),
        None => "none".into(),
    })
}

pub(super) fn capacity(_: &Facts, side: &RegionFacts) -> String {
    state(side, |state| {
        let services = state.capacity.iter();
        let told: Vec<String> = services
            .map(|(name, tasks)| format!("{name} {tasks}"))
            .collect();
        match told.is_empty() {
            true => "not remembered yet".into(),
            false => told.join(", "),
        }
    })
}

pub(super) fn cool_down(facts: &Facts, side: &RegionFacts) -> String {
    state(side, |state| {
        match state.cool_down_until.filter(|until| *until > facts.at) {
            Some(until) => {
                let left = length(until.as_second() - facts.at.as_second());
                format!(
                    "{left} left, until {}",
                    until.strftime("%Y-%m-%d %H:%M:%S UTC")
                )
            }
            None => "none".into(),
        }
    })
}

/// What this region owes to the one it replaced.
pub(super) fn owed(_: &Facts, side: &RegionFacts) -> String {
    state(side, |state| {
        match state.fence.as_ref().map(|f| f.progress) {
            None => "none".into(),
            Some(FenceProgress::Pending) => {
                "pending: the replaced region is not seen to stop yet; tried each minute".into()
            }
            Some(FenceProgress::Acknowledged) => {
                "acknowledged: the replaced region has stopped; what it held is not salvaged yet"
                    .into()
            }
            Some(FenceProgress::Salvaged) => {
                "salvaged: the replaced region has stopped, and what it held is kept".into()
            }
        }
    })
}

pub(super) fn probed(facts: &Facts, side: &RegionFacts) -> String {
    let Some(answered) = side.answered() else {
        return String::new();
    };
    match &answered.probe {
        Probe::Never => "never; is its schedule enabled?".into(),
        Probe::Unknown { because } => format!("unknown: {because}"),
        Probe::Reported { report } => {
            let age = facts.at.as_second() - report.at.as_second();
            let late = match age > LATE_SECONDS {
                true => ", late: it runs each minute",
                false => "",
            };
            format!("{} ago{late}", length(age))
        }
    }
}

/// Set while the region keeps itself from serving.
pub(super) fn fenced(_: &Facts, side: &RegionFacts) -> String {
    report(side, |report| match &report.fenced {
        Some(by) => format!("fenced: {by}"),
        None => "none".into(),
    })
}

pub(super) fn liveness(_: &Facts, side: &RegionFacts) -> String {
    report(side, |report| {
        let seen = &report.liveness;
        let word = match seen.verdict {
            liveness::Verdict::Serving => "serving",
            // The passive region has no tasks that could answer, so only the active one is alarming.
            _ if !report.passive() => return "not serving, as a passive region should not".into(),
            liveness::Verdict::Impaired => "impaired",
            liveness::Verdict::Down => "down",
            liveness::Verdict::CannotTell => "cannot tell",
        };
        with_reasons(word, seen.reasons.iter().cloned())
    })
}

pub(super) fn readiness(facts: &Facts, side: &RegionFacts) -> String {
    report(side, |report| {
        let seen = &report.readiness;
        let word = match seen.verdict {
            readiness::Verdict::Ready => "ready".into(),
            readiness::Verdict::NotReady => {
                with_length("not ready", report.unready_since, facts.at)
            }
            readiness::Verdict::CannotTell => "cannot tell".into(),
        };
        with_reasons(&word, seen.lacks().into_iter())
    })
}

/// Its age is counted to now: what the probe saw was younger.
pub(super) fn backup(facts: &Facts, side: &RegionFacts) -> String {
    report(side, |report| match &report.readiness.newest_backup {
        Some(backup) => {
            let age = length(facts.at.as_second() - backup.name.at.as_second());
            format!("{} of epoch {}\n{age} old", backup.name, backup.epoch)
        }
        None => "none".into(),
    })
}

/// Whether a backup could be restored, where one was.
pub(super) fn proof(facts: &Facts, side: &RegionFacts) -> String {
    let ago = |at: Timestamp| length(facts.at.as_second() - at.as_second());
    report(side, |report| match &report.proven {
        // Only a passive region proves.
        _ if !report.passive() => String::new(),
        Proven::Never => "never; it is due daily".into(),
        Proven::CannotTell(why) => format!("cannot tell: {why}"),
        Proven::Last(proof) => {
            let tried = match &proof.failed {
                None => format!("good, {} ago", ago(proof.started)),
                Some(why) => format!("failed {} ago: {why}", ago(proof.started)),
            };
            let last = match (&proof.failed, proof.good) {
                (None, _) => String::new(),
                (Some(_), Some(good)) => format!("\nthe last good one was {} ago", ago(good)),
                (Some(_), None) => "\nthere was no good one yet".into(),
            };
            let backup = proof
                .backup
                .as_ref()
                .map(|backup| format!("{}\n", backup.name));
            backup.unwrap_or_default() + &tried + &last
        }
    })
}

/// When it was last seen to be able to take over.
pub(super) fn drill(facts: &Facts, side: &RegionFacts) -> String {
    report(side, |report| match &report.drilled {
        _ if !report.passive() => String::new(),
        Rehearsed::Never => "never; `lifeboat test-dr --start` begins one".into(),
        Rehearsed::CannotTell => "cannot tell: the probe did not look for it".into(),
        Rehearsed::Last(drilled) => {
            let age = length(facts.at.as_second() - drilled.started.as_second());
            format!("{}\ngood, {age} ago", drilled.execution)
        }
    })
}

/// For how long it has been so, where that is known.
pub(super) fn with_length(word: &str, since: Option<Timestamp>, now: Timestamp) -> String {
    let seconds = since.map(|since| now.as_second() - since.as_second());
    match seconds {
        Some(seconds) => format!("{word} for {}", length(seconds)),
        None => word.to_owned(),
    }
}

pub(super) fn with_reasons(word: &str, reasons: impl Iterator<Item = String>) -> String {
    let reasons = reasons.map(|reason| format!("- {reason}"));
    let lines: Vec<String> = [word.to_owned()].into_iter().chain(reasons).collect();
    lines.join("\n")
}

fn state(side: &RegionFacts, tell: impl Fn(&RegionState) -> String) -> String {
    side.state().map(tell).unwrap_or_default()
}

fn report(side: &RegionFacts, tell: impl Fn(&ProbeReport) -> String) -> String {
    let report = side.answered().and_then(|answered| answered.report());
    report.map(tell).unwrap_or_default()
}
