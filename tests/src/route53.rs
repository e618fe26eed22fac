//! What Route 53 holds, and whom it would answer: records, health checks, and pure decisions.

use std::collections::BTreeMap;

/// Route 53 looks for the string in this much of the body and no further.
pub const SEARCHED_BYTES: usize = 5120;

/// Whether each check is healthy, by its id.
pub type Health = BTreeMap<String, bool>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub id: String,
    pub inverted: bool,
    pub kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    StringMatch {
        host: String,
        path: String,
        search: String,
        /// How many looks in a row change the health.
        threshold: u32,
    },
    Calculated {
        children: Vec<String>,
        threshold: usize,
    },
    /// Not played here; always healthy.
    Other(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub name: String,
    pub kind: String,
    pub failover: Option<Failover>,
    pub check: Option<String>,
    /// An alias target, or the first value.
    pub points_to: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failover {
    Primary,
    Secondary,
}

/// The health of every check, from what was last seen at the ones that look at something.
pub fn health(checks: &[Check], seen: &Health) -> Health {
    let mut health = Health::new();
    for check in checks {
        if !matches!(check.kind, Kind::Calculated { .. }) {
            // Until there is something to tell, Route 53 takes a check for healthy.
            let healthy = seen.get(&check.id).copied().unwrap_or(true);
            health.insert(check.id.clone(), healthy != check.inverted);
        }
    }
    for check in checks {
        if let Kind::Calculated {
            children,
            threshold,
        } = &check.kind
        {
            let healthy = children
                .iter()
                .filter(|child| health.get(*child) == Some(&true))
                .count();
            health.insert(check.id.clone(), (healthy >= *threshold) != check.inverted);
        }
    }
    health
}

/// The record that answers for a name: the primary while it is healthy or nothing is, else the secondary.
pub fn answer<'a>(records: &'a [Record], health: &Health, name: &str) -> Option<&'a Record> {
    let same = |record: &&Record| {
        record.kind == "A" && record.name.eq_ignore_ascii_case(name.trim_end_matches('.'))
    };
    let healthy = |record: &&Record| {
        record
            .check
            .as_ref()
            .is_none_or(|check| health.get(check) != Some(&false))
    };
    let of = |failover: Option<Failover>| {
        records
            .iter()
            .filter(same)
            .find(|record| record.failover == failover)
    };
    let (primary, secondary) = (of(Some(Failover::Primary)), of(Some(Failover::Secondary)));
    primary
        .filter(healthy)
        .or(secondary.filter(healthy))
        .or(primary)
        .or(secondary)
        .or(of(None))
}

#[cfg(test)]
mod tests {
    use lifeboat_core::Side;
    use lifeboat_core::marker::{Marker, Seen, answers};

    use super::*;
    use crate::route53_xml::{read_checks, read_records};

    const CHECKS: &str = include_str!("../samples/health-checks.xml");
    const RECORDS: &str = include_str!("../samples/records.xml");

    fn answered(seen: &Health) -> String {
        let health = health(&read_checks(CHECKS).unwrap(), seen);
        let records = read_records(RECORDS).unwrap();
        answer(&records, &health, "forum.test")
            .unwrap()
            .points_to
            .clone()
    }

    #[test]
    fn each_of_the_27_combinations_of_markers_is_answered_as_the_core_says() {
        let all = [Seen::Present, Seen::Absent, Seen::Unreachable];
        for serve in all {
            for fenced in all {
                for reclaim in all {
                    let seen = Marker::ALL.map(|marker| match marker {
                        Marker::Serve => (marker.key().to_owned(), serve == Seen::Present),
                        Marker::Fenced => (marker.key().to_owned(), fenced == Seen::Present),
                        Marker::Reclaim => (marker.key().to_owned(), reclaim == Seen::Present),
                    });
                    let expected = match answers(serve, fenced, reclaim) {
                        Side::Home => "forum-us-east-1-1.us-east-1.elb.amazonaws.com",
                        Side::Standby => "forum-us-west-2-1.us-west-2.elb.amazonaws.com",
                    };
                    assert_eq!(
                        answered(&Health::from(seen)),
                        expected,
                        "{serve:?} {fenced:?} {reclaim:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_primary_answers_when_nothing_is_healthy() {
        let mut records = read_records(RECORDS).unwrap();
        for record in &mut records {
            record.check = Some("gone".to_owned());
        }
        let health = Health::from([("gone".to_owned(), false)]);
        let chosen = answer(&records, &health, "forum.test").unwrap();
        assert_eq!(chosen.failover, Some(Failover::Primary));
    }

    #[test]
    fn a_regional_name_answers_its_own_load_balancer_whoever_serves() {
        let records = read_records(RECORDS).unwrap();
        let chosen = answer(&records, &Health::new(), "us-west-2.forum.test.").unwrap();
        assert_eq!(
            chosen.points_to,
            "forum-us-west-2-1.us-west-2.elb.amazonaws.com"
        );
        assert!(answer(&records, &Health::new(), "elsewhere.test").is_none());
    }
}
