//! Moments that mean one thing everywhere.

use jiff::{Timestamp, civil};
use lifeboat_core::Invalid;

/// A moment with its zone. One without is refused, with what to write instead.
pub(super) fn moment(text: &str) -> Result<Timestamp, Invalid> {
    let refused = |expected: String| Invalid::new("moment", expected, format!("{text:?}"));
    if let Ok(moment) = text.parse() {
        return Ok(moment);
    }
    let civil = text.parse::<civil::DateTime>();
    let civil = civil.or_else(|_| text.parse::<civil::Date>().map(civil::DateTime::from));
    Err(match civil {
        Ok(local) => refused(format!(
            "a moment with its time zone, such as {local}Z for UTC or {local}+01:00"
        )),
        Err(_) => refused("a moment such as 2024-11-23T12:00:00Z".into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_without_its_zone_is_refused_with_what_to_write() {
        let noon: Timestamp = "2024-11-23T12:00:00Z".parse().unwrap();
        for same in [
            "2024-11-23T12:00:00Z",
            "2024-11-23 13:00+01:00",
            "2024-11-23T12:00Z",
        ] {
            assert_eq!(moment(same), Ok(noon), "{same}");
        }
        for (ambiguous, write) in [
            ("2024-11-23 12:00", "2024-11-23T12:00:00Z"),
            ("2024-11-23T12:00:30", "2024-11-23T12:00:30+01:00"),
            ("2024-11-23", "2024-11-23T00:00:00Z"),
            ("yesterday", "2024-11-23T12:00:00Z"),
        ] {
            let refused = moment(ambiguous).unwrap_err().to_string();
            assert!(
                refused.contains(write) && refused.contains(ambiguous),
                "{refused}"
            );
        }
    }
}
