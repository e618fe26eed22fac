//! What the health probe saw: readiness of its own region and liveness of the peer.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Epoch, Region,
    backup::Proven,
    idle::{Idle, Tasks},
    liveness,
    liveness::{Liveness, Look},
    peaks::Peaks,
    readiness::{self, Readiness},
    report::Rehearsed,
    users::Users,
};

/// The probe's answer; the last one is kept as `status.json` in the region's control bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeReport {
    pub schema: u32,
    pub at: Timestamp,
    pub region: Region,
    /// The highest epoch that could be read, and the region that is active at it.
    pub epoch: Epoch,
    pub active: Region,
    /// Of the peer, as seen from here.
    pub liveness: Liveness,
    /// The last look that the verdict rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<Look>,
    /// Where the zone's own name servers send users.
    #[serde(default, skip_serializing_if = "Users::is_not_looked_for")]
    pub users: Users,
    /// Of this region.
    pub readiness: Readiness,
    /// The first of the unbroken row of looks that found the peer down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down_since: Option<Timestamp>,
    /// The first of the unbroken row of probes that found this region not ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unready_since: Option<Timestamp>,
    /// How many tasks of each service ran at most in the last day; only while this region is active.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub peaks: BTreeMap<String, Peaks>,
    /// Whether the schedule may bring this region's data up to date.
    #[serde(default, skip_serializing_if = "Idle::is_not_looked_for")]
    pub idle: Idle,
    /// Which of this region's services have tasks.
    #[serde(default, skip_serializing_if = "Tasks::is_not_looked_for")]
    pub tasks: Tasks,
    /// Whether backups can be restored here.
    #[serde(default, skip_serializing_if = "Proven::is_not_looked_for")]
    pub proven: Proven,
    /// When this region was last seen to be able to take over.
    #[serde(default)]
    pub drilled: Rehearsed,
    /// Set while the probe keeps its own region fenced, because the peer was activated later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fenced: Option<String>,
}

impl ProbeReport {
    pub const KEY: &str = "status.json";

    pub fn passive(&self) -> bool {
        self.active != self.region
    }
}

/// Continues the row of bad looks. Only a look that found the peer serving ends it: not knowing is not recovery.
pub fn down_since(
    previous: Option<&ProbeReport>,
    verdict: liveness::Verdict,
    looked_at: Timestamp,
) -> Option<Timestamp> {
    use liveness::Verdict::{CannotTell, Down, Impaired, Serving};
    let before = previous.and_then(|report| report.down_since);
    match verdict {
        Serving | Impaired => None,
        CannotTell => before,
        Down => before.or(Some(looked_at)),
    }
}

/// Continues the row of probes that found something missing. Only one that found all of it there ends the row, and only one that
/// found something missing begins one: not knowing is neither.
pub fn unready_since(
    previous: Option<&ProbeReport>,
    verdict: readiness::Verdict,
    now: Timestamp,
) -> Option<Timestamp> {
    use readiness::Verdict::{CannotTell, NotReady, Ready};
    let before = previous.and_then(|report| report.unready_since);
    match verdict {
        Ready => None,
        CannotTell => before,
        NotReady => before.or(Some(now)),
    }
}

/// What never was is older than anything that an alarm allows: ten years.
pub(crate) const NEVER_SECONDS: i64 = 10 * 365 * 24 * 3600;

/// How long a recorded verdict speaks for a fresh look: a probe each minute, that takes half a minute, and one missing.
pub(crate) const RECORDED_SECONDS: i64 = 150;

/// One look alone finds nobody dead: the probe's last record, which is two looks, must agree.
pub fn confirmed(fresh: Liveness, recorded: Option<&ProbeReport>, now: Timestamp) -> Liveness {
    use liveness::Verdict::{CannotTell, Down, Impaired, Serving};
    let doubt = match (fresh.verdict, recorded) {
        (Serving | Impaired | CannotTell, _) => return fresh,
        (Down, None) => "the probe has recorded nothing yet".to_owned(),
        (Down, Some(recorded)) => {
            let age = now.as_second() - recorded.at.as_second();
            match recorded.liveness.verdict {
                _ if age > RECORDED_SECONDS => format!("the probe's record is {age} s old"),
                Down => return fresh,
                Serving => format!("{age} s ago the probe saw it serve"),
                Impaired => format!("{age} s ago the probe saw it serve in part"),
                CannotTell => format!("{age} s ago the probe could not tell"),
            }
        }
    };
    let mut reasons = fresh.reasons;
    reasons.push(format!("this look finds it down, but {doubt}"));
    Liveness {
        verdict: CannotTell,
        reasons,
    }
}

/// What alarms watch. Zero also when it cannot be told: an alarm is only a hint, and the function looks again.
pub fn metrics(report: &ProbeReport) -> Vec<(&'static str, f64)> {
    use liveness::Verdict::{CannotTell, Down, Impaired, Serving};
    let mut metrics = vec![("ProbeRuns", 1.0)];
    if report.passive() {
        let serving = match report.liveness.verdict {
            Serving | Impaired => 1.0,
            Down | CannotTell => 0.0,
        };
        let ready = match report.readiness.verdict {
            readiness::Verdict::Ready => 1.0,
            readiness::Verdict::NotReady | readiness::Verdict::CannotTell => 0.0,
        };
        metrics.push(("ActiveRegionServing", serving));
        metrics.push(("Ready", ready));
        if let Some(age) = report.readiness.backup_age_seconds {
            metrics.push(("BackupAgeSeconds", age as f64));
        }
        if let Some(age) = report.proven.age_seconds(report.at) {
            metrics.push(("ProofAgeSeconds", age as f64));
        }
        if let Some(age) = report.drilled.age_seconds(report.at) {
            metrics.push(("DrillAgeSeconds", age as f64));
        }
    }
    metrics
}

#[cfg(any(test, feature = "samples"))]
pub fn sample(region: &Region, active: &Region, verdict: liveness::Verdict) -> ProbeReport {
    ProbeReport {
        schema: crate::SCHEMA,
        at: Timestamp::UNIX_EPOCH,
        region: region.clone(),
        epoch: Epoch(0),
        active: active.clone(),
        liveness: Liveness {
            verdict,
            reasons: vec![],
        },
        look: None,
        users: Users::default(),
        readiness: Readiness {
            verdict: readiness::Verdict::Ready,
            services: [].into(),
            backup: readiness::Fact::There,
            newest_backup: None,
            backup_age_seconds: Some(60),
            reclaim: crate::marker::Seen::Absent,
            addresses: readiness::Fact::There,
            quota: readiness::Fact::There,
        },
        down_since: None,
        unready_since: None,
        peaks: BTreeMap::new(),
        idle: Idle::default(),
        tasks: Tasks::default(),
        proven: Proven::default(),
        drilled: Rehearsed::default(),
        fenced: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use liveness::Verdict::{CannotTell, Down, Serving};

    fn report(verdict: liveness::Verdict) -> ProbeReport {
        let home = Region::new("us-east-1").unwrap();
        sample(&Region::new("us-west-2").unwrap(), &home, verdict)
    }

    #[test]
    fn recovery_time_counts_from_the_first_bad_look_of_an_unbroken_row() {
        let (first, later) = (Timestamp::UNIX_EPOCH, Timestamp::now());
        assert_eq!(down_since(None, Down, first), Some(first));
        let mut previous = report(Down);
        previous.down_since = Some(first);
        assert_eq!(down_since(Some(&previous), Down, later), Some(first));
        assert_eq!(down_since(Some(&previous), CannotTell, later), Some(first));
        assert_eq!(down_since(Some(&previous), Serving, later), None);
        assert_eq!(down_since(None, CannotTell, later), None);
    }

    #[test]
    fn a_region_is_unready_since_the_first_of_an_unbroken_row_of_probes_and_not_knowing_neither_begins_nor_ends_it()
     {
        use readiness::Verdict::{CannotTell, NotReady, Ready};
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut last = report(Serving);
        for (second, verdict, expected) in [
            (0, CannotTell, None),
            (60, NotReady, Some(at(60))),
            (120, CannotTell, Some(at(60))),
            (180, NotReady, Some(at(60))),
            (240, Ready, None),
            (300, NotReady, Some(at(300))),
        ] {
            last.unready_since = unready_since(Some(&last), verdict, at(second));
            assert_eq!(last.unready_since, expected, "{second}");
        }
        assert_eq!(unready_since(None, NotReady, at(0)), Some(at(0)));
    }

    #[test]
    fn a_report_of_the_version_before_and_of_the_one_after_is_read() {
        let now = serde_json::to_value(report(Serving)).unwrap();
        // As the version before wrote it: what was added since is not in there.
        for field in ["look", "users", "unready_since"] {
            assert_eq!(now.get(field), None, "{field}");
        }
        let mut after = now.clone();
        after["sight"] = "of something".into();
        after["readiness"]["sight"] = 1.into();
        after["liveness"]["sight"] = true.into();
        for json in [now, after] {
            let read: ProbeReport = serde_json::from_value(json).unwrap();
            assert_eq!(read, report(Serving));
        }
    }

    #[test]
    fn a_fresh_look_finds_a_region_down_only_where_the_probes_young_record_agrees() {
        use liveness::Verdict::Impaired;
        let now = Timestamp::from_second(1000).unwrap();
        let ago = |verdict, seconds: i64| {
            let at = Timestamp::from_second(1000 - seconds).unwrap();
            let report = report(verdict);
            Some(ProbeReport { at, ..report })
        };
        for (fresh, recorded, expected) in [
            (Down, ago(Down, 150), Down),
            (Down, ago(Down, 151), CannotTell),
            (Down, ago(Serving, 10), CannotTell),
            (Down, ago(Impaired, 10), CannotTell),
            (Down, ago(CannotTell, 10), CannotTell),
            (Down, None, CannotTell),
            (Serving, ago(Down, 10), Serving),
            (Impaired, ago(Down, 10), Impaired),
            (CannotTell, ago(Down, 10), CannotTell),
        ] {
            let seen = confirmed(report(fresh).liveness, recorded.as_ref(), now);
            assert_eq!(seen.verdict, expected, "{fresh:?} {recorded:?}");
        }
    }

    #[test]
    fn only_a_passive_region_says_whether_the_active_one_serves() {
        let value = |report: &ProbeReport, name: &str| {
            let found = metrics(report).into_iter().find(|(n, _)| *n == name);
            found.map(|(_, value)| value)
        };
        assert_eq!(value(&report(Serving), "ActiveRegionServing"), Some(1.0));
        assert_eq!(value(&report(Down), "ActiveRegionServing"), Some(0.0));
        assert_eq!(value(&report(CannotTell), "ActiveRegionServing"), Some(0.0));
        let mut active = report(Down);
        active.active = active.region.clone();
        assert_eq!(value(&active, "ActiveRegionServing"), None);
        assert_eq!(value(&active, "ProbeRuns"), Some(1.0));
    }
}
