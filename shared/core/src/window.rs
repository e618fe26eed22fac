//! Times in which something must not begin by itself.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Invalid;

/// Each week, or once. All times are UTC; the end is outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Window {
    /// From a minute of the week, counted from Monday's midnight, for so many minutes.
    Weekly {
        from: i64,
        minutes: i64,
    },
    Once {
        from: Timestamp,
        to: Timestamp,
    },
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY: i64 = 24 * 60;
const WEEK: i64 = 7 * DAY;

impl Window {
    pub fn open(&self, now: Timestamp) -> bool {
        match self {
            Self::Once { from, to } => *from <= now && now < *to,
            Self::Weekly { from, minutes } => {
                // The epoch began on a Thursday.
                let minute = now.as_second().div_euclid(60) + 3 * DAY;
                (minute - from).rem_euclid(WEEK) < *minutes
            }
        }
    }
}

/// The first of them that is open.
pub fn open(windows: &[Window], now: Timestamp) -> Option<&Window> {
    windows.iter().find(|window| window.open(now))
}

impl FromStr for Window {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let parsed = match text.split_once('/') {
            Some((from, to)) => once(from, to),
            None => weekly(text),
        };
        parsed.ok_or_else(|| {
            Invalid::new(
                "window",
                "a time of each week such as sat 22:00-02:00, or two moments such as 2026-11-27T00:00:00Z/2026-11-28T00:00:00Z of which the first is the earlier, in UTC",
                format!("{text:?}"),
            )
        })
    }
}

fn once(from: &str, to: &str) -> Option<Window> {
    let (from, to): (Timestamp, Timestamp) = (from.parse().ok()?, to.parse().ok()?);
    (from < to).then_some(Window::Once { from, to })
}

/// An end that is not after its beginning is on the next day.
fn weekly(text: &str) -> Option<Window> {
    let (day, times) = text.split_once(' ')?;
    let day = (0..).zip(DAYS).find(|(_, name)| *name == day)?.0;
    let (from, to) = times.split_once('-')?;
    let (from, to) = (minute_of_day(from)?, minute_of_day(to)?);
    let minutes = (to - from).rem_euclid(DAY);
    (minutes > 0).then_some(Window::Weekly {
        from: day * DAY + from,
        minutes,
    })
}

fn minute_of_day(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str, below: i64| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse::<i64>().ok().filter(|number| *number < below);
        digits.then_some(number).flatten()
    };
    Some(number(hour, 24)? * 60 + number(minute, 60)?)
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Once { from, to } => write!(f, "{from}/{to}"),
            Self::Weekly { from, minutes } => {
                let day = DAYS.into_iter().zip(0..).find(|(_, n)| *n == from / DAY);
                let time = |minute: i64| format!("{:02}:{:02}", minute % DAY / 60, minute % 60);
                let (from, to) = (time(*from), time(from + minutes));
                write!(f, "{} {from}-{to}", day.map_or("", |(name, _)| name))
            }
        }
    }
}

impl TryFrom<String> for Window {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl From<Window> for String {
    fn from(window: Window) -> Self {
        window.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_open(window: &str, now: &str) -> bool {
        let window: Window = window.parse().unwrap();
        window.open(now.parse().unwrap())
    }

    #[test]
    fn a_weekly_window_is_open_from_its_first_minute_until_before_its_end() {
        // A Saturday.
        for (now, open) in [
            ("2026-11-28T09:59:59Z", false),
            ("2026-11-28T10:00:00Z", true),
            ("2026-11-28T11:59:59Z", true),
            ("2026-11-28T12:00:00Z", false),
            ("2026-11-27T11:00:00Z", false),
        ] {
            assert_eq!(is_open("sat 10:00-12:00", now), open, "{now}");
        }
    }

    #[test]
    fn a_weekly_window_may_cross_midnight_and_the_end_of_the_week() {
        for (window, now, open) in [
            ("sat 22:00-02:00", "2026-11-28T23:00:00Z", true),
            ("sat 22:00-02:00", "2026-11-29T01:59:00Z", true),
            ("sat 22:00-02:00", "2026-11-29T02:00:00Z", false),
            ("sat 22:00-02:00", "2026-11-28T01:00:00Z", false),
            ("sun 22:00-02:00", "2026-11-30T01:00:00Z", true),
            ("sun 22:00-02:00", "2026-11-30T02:00:00Z", false),
            ("mon 00:00-23:59", "2026-11-29T23:59:00Z", false),
        ] {
            assert_eq!(is_open(window, now), open, "{window} {now}");
        }
    }

    #[test]
    fn a_window_that_comes_once_is_open_between_its_two_moments() {
        let window = "2026-11-27T00:00:00Z/2026-11-28T00:00:00Z";
        assert!(!is_open(window, "2026-11-26T23:59:59Z"));
        assert!(is_open(window, "2026-11-27T00:00:00Z"));
        assert!(!is_open(window, "2026-11-28T00:00:00Z"));
    }

    #[test]
    fn a_window_is_written_as_it_was_read() {
        for text in [
            "sat 22:00-02:00",
            "sun 00:00-23:59",
            "2026-11-27T00:00:00Z/2026-11-28T00:00:00Z",
        ] {
            let window: Window = text.parse().unwrap();
            assert_eq!(String::from(window), text);
        }
    }

    #[test]
    fn what_is_no_window_is_refused_with_what_was_found() {
        for text in [
            "",
            "sat",
            "sat 22:00",
            "Saturday 22:00-02:00",
            "sat 24:00-02:00",
            "sat 22:60-02:00",
            "sat 2:00-04:00",
            "sat +2:00-04:00",
            "sat 22:00-22:00",
            "2026-11-28T00:00:00Z/2026-11-27T00:00:00Z",
            "2026-11-27/2026-11-28",
        ] {
            let refused = text.parse::<Window>().unwrap_err().to_string();
            assert!(refused.contains(&format!("found {text:?}")), "{refused}");
            assert!(refused.contains("sat 22:00-02:00"), "{refused}");
        }
    }
}
