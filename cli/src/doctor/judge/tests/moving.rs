use super::*;

fn ranges(all: &[&str]) -> Told<Vec<IpNet>> {
    Ok(all.iter().map(|range| range.parse().unwrap()).collect())
}

fn seen_as(readers: &[&str], checkers: &[&str]) -> impl FnOnce(&mut Seen) {
    let (readers, checkers) = (ranges(readers), ranges(checkers));
    move |seen: &mut Seen| (seen.readers, seen.checkers) = (readers, checkers)
}

#[test]
fn a_range_that_route_53_checks_from_and_that_may_not_read_is_wrong() {
    let published = ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/26"];
    for (readers, missing) in [
        (&["198.51.100.0/24"][..], "192.0.2.0/24, 203.0.113.0/26"),
        (
            &["192.0.2.0/25", "198.51.100.0/24", "203.0.113.0/24"],
            "192.0.2.0/24",
        ),
        (&[], "192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/26"),
        (&["::/0"], "192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/26"),
    ] {
        let (says, advice) = wrong(Check::Markers, seen_as(readers, &published));
        let expected = format!("Route 53 also checks from {missing}, and may not");
        assert!(says.starts_with(&expected), "{says}");
        assert!(advice.starts_with("Apply infra/standby"), "{advice}");
        assert!(advice.contains("health_checker_ranges"), "{advice}");
    }
}

#[test]
fn whoever_lets_in_more_than_is_published_is_right() {
    for readers in [
        &["192.0.2.0/24"][..],
        &["192.0.0.0/16", "198.51.100.0/24"],
        &["192.0.2.0/25", "192.0.2.128/25"],
    ] {
        let published = ["192.0.2.0/24", "2001:db8::/53"];
        right(Check::Markers, seen_as(readers, &published));
    }
}

#[test]
fn where_either_side_is_not_told_nothing_is_wrong() {
    cannot_tell(Check::Markers, |seen| seen.readers = Err(silence()));
    cannot_tell(Check::Markers, |seen| seen.checkers = Err(silence()));
}
