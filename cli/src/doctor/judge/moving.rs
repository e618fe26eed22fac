//! Why users would not be moved.

use ipnet::IpNet;

use super::{Case, Found, Tally};
use crate::doctor::Seen;

/// Whoever decides where users go can read them.
pub(super) fn markers(case: &Case<'_>, seen: &Seen) -> (String, Found) {
    let mut tally = Tally::default();
    let silences = [seen.readers.as_ref().err(), seen.checkers.as_ref().err()];
    for silence in silences.into_iter().flatten() {
        tally.silent(silence);
    }
    if let (Ok(readers), Ok(checkers)) = (&seen.readers, &seen.checkers) {
        let missing = missing(readers, checkers);
        if !missing.is_empty() {
            tally.wrong.push(format!(
                "Route 53 also checks from {}, and may not read them from there: a marker that is raised counts as absent",
                missing.join(", ")
            ));
        }
    }
    let found = tally.found(
        "from wherever Route 53 checks it may read them",
        format!(
            "{}, which lets in what is published now; where `health_checker_ranges` is set, add these to it first",
            case.apply()
        ),
    );
    (format!("bucket {}", case.own().markers_bucket), found)
}

/// A check that names a host asks it over IPv4, so nobody comes from the others.
fn missing(readers: &[IpNet], checkers: &[IpNet]) -> Vec<String> {
    let readers = IpNet::aggregate(&readers.to_vec());
    let needed = checkers
        .iter()
        .filter(|range| matches!(range, IpNet::V4(_)));
    let missing = needed.filter(|range| !readers.iter().any(|reader| reader.contains(*range)));
    missing.map(IpNet::to_string).collect()
}
