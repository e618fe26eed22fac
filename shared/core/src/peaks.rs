//! How many tasks production needed at most in the last day, so that a dying region's zero is not what is remembered.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

const HOUR: i64 = 3600;
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The highest count of each hour, by the hour's beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Peaks(BTreeMap<Timestamp, u32>);

impl Peaks {
    /// Counts once more, and forgets every hour that ended more than a day ago.
    pub fn see(mut self, count: u32, now: Timestamp) -> Self {
        let highest = self.0.entry(hour(now)).or_default();
        *highest = count.max(*highest);
        self.0
            .retain(|began, _| now.duration_since(*began) < DAY + SignedDuration::from_secs(HOUR));
        self
    }

    pub fn highest(&self) -> u32 {
        self.0.values().copied().max().unwrap_or_default()
    }
}

fn hour(now: Timestamp) -> Timestamp {
    let second = now.as_second();
    Timestamp::from_second(second - second.rem_euclid(HOUR)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        let noon: Timestamp = "2024-11-23T12:00:00Z".parse().unwrap();
        noon + SignedDuration::from_mins(minutes)
    }

    #[test]
    fn a_zero_after_a_peak_is_not_what_is_highest() {
        let peaks = Peaks::default().see(6, at(0)).see(0, at(1)).see(0, at(90));
        assert_eq!(peaks.highest(), 6);
        assert_eq!(Peaks::default().highest(), 0);
    }

    #[test]
    fn a_peak_is_remembered_for_a_day_and_for_less_than_an_hour_more() {
        let peaks = Peaks::default().see(6, at(30)).see(2, at(40));
        let seen = |minutes| peaks.clone().see(2, at(minutes)).highest();
        assert_eq!(seen(30 + 24 * 60), 6);
        assert_eq!(seen(59 + 24 * 60), 6);
        assert_eq!(seen(60 + 24 * 60), 2);
    }

    #[test]
    fn a_count_each_minute_for_three_days_leaves_a_days_hours() {
        let minutes = 0..3 * 24 * 60;
        let peaks = minutes.fold(Peaks::default(), |peaks, minute| {
            peaks.see(u32::try_from(minute).unwrap(), at(minute))
        });
        assert_eq!(peaks.0.len(), 25);
        assert_eq!(peaks.highest(), 3 * 24 * 60 - 1);
    }

    #[test]
    fn it_is_written_and_read_as_hours() {
        let peaks = Peaks::default().see(6, at(5)).see(2, at(65));
        let text = serde_json::to_string(&peaks).unwrap();
        assert_eq!(
            text,
            r#"{"2024-11-23T12:00:00Z":6,"2024-11-23T13:00:00Z":2}"#
        );
        assert_eq!(serde_json::from_str::<Peaks>(&text).unwrap(), peaks);
    }
}
