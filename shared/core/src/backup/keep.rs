//! Which backups are kept longer than all others: of each of the last days, weeks and months one, as a copy that needs
//! nothing else in the bucket.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Span, Timestamp, civil::Weekday, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{BackupKey, Kind, Readable};
use crate::Invalid;

/// How many of each; in UTC, and a week begins on Monday.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keep {
    #[serde(default)]
    pub daily: u32,
    #[serde(default)]
    pub weekly: u32,
    #[serde(default)]
    pub monthly: u32,
}

/// Ten years of days.
const MOST: u32 = 3660;

impl Keep {
    pub fn validate(&self) -> Result<(), Invalid> {
        let all = [
            ("daily", self.daily),
            ("weekly", self.weekly),
            ("monthly", self.monthly),
        ];
        match all.into_iter().find(|(_, count)| *count > MOST) {
            None => Ok(()),
            Some((word, count)) => Err(Invalid::new(
                format!("backup_keep.{word}"),
                format!("0 to {MOST}"),
                count,
            )),
        }
    }

    fn counts(&self) -> [(Period, u32); 3] {
        [
            (Period::Day, self.daily),
            (Period::Week, self.weekly),
            (Period::Month, self.monthly),
        ]
    }
}

#[derive(Debug, Clone, Copy)]
enum Period {
    Day,
    Week,
    Month,
}

impl Period {
    /// Which one it is that a backup was taken in; a later one is greater.
    fn of(self, backup: &BackupKey) -> (i16, i16) {
        let date = TimeZone::UTC.to_datetime(backup.name.at).date();
        match self {
            Self::Day => (date.year(), date.day_of_year()),
            Self::Week => {
                let week = date.iso_week_date();
                (week.year(), week.week().into())
            }
            Self::Month => (date.year(), date.month().into()),
        }
    }

    /// When so many periods have begun after the one that it was taken in.
    fn ends(self, backup: &BackupKey, count: u32) -> Timestamp {
        let date = TimeZone::UTC.to_datetime(backup.name.at).date();
        let count = i64::from(count);
        let (first, last) = match self {
            Self::Day => (Ok(date), Span::new().try_days(count)),
            Self::Week => {
                let monday = date.tomorrow();
                let monday = monday.and_then(|after| after.nth_weekday(-1, Weekday::Monday));
                (monday, Span::new().try_weeks(count))
            }
            Self::Month => (Ok(date.first_of_month()), Span::new().try_months(count)),
        };
        let ends = first.and_then(|first| first.checked_add(last?));
        let ends = ends.and_then(|ends| TimeZone::UTC.to_timestamp(ends.at(0, 0, 0, 0)));
        // Nothing is kept beyond the end of time.
        ends.unwrap_or(backup.name.at)
    }
}

/// What is kept, and until when at least it goes on being kept, of what there is: backups that are here, and copies that were made before. A copy that stands for its day,
/// week or month goes on doing so, or each day would make another one and remove the last.
pub fn wanted(
    here: &[BackupKey],
    kept: &[BackupKey],
    keep: Keep,
) -> BTreeMap<BackupKey, Timestamp> {
    let mut wanted = BTreeMap::new();
    for (period, count) in keep.counts() {
        let mut first = BTreeMap::<_, &BackupKey>::new();
        for backup in here {
            let best = first.entry(period.of(backup)).or_insert(backup);
            *best = better(best, backup);
        }
        let mut stands = BTreeMap::<_, &BackupKey>::new();
        for backup in kept {
            let best = stands.entry(period.of(backup)).or_insert(backup);
            *best = better(best, backup);
        }
        first.extend(stands);
        let newest = first.into_values().rev().take(count as usize);
        for backup in newest {
            let ends = period.ends(backup, count);
            let until = wanted.entry(backup.clone()).or_insert(ends);
            *until = ends.max(*until);
        }
    }
    wanted
}

/// The highest epoch, for a restore asks for it; then the earliest, which stays the earliest.
fn better<'a>(one: &'a BackupKey, other: &'a BackupKey) -> &'a BackupKey {
    let rank = |backup: &BackupKey| (std::cmp::Reverse(backup.epoch), backup.name.at);
    if rank(other) < rank(one) { other } else { one }
}

/// A copy that stands, as a listing tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptCopy {
    pub backup: BackupKey,
    pub bytes: u64,
    /// The storage classes of its objects.
    pub classes: BTreeSet<String>,
    pub readable: Readable,
}

/// Where all copies are.
pub const PREFIX: &str = "kept/";

impl BackupKey {
    /// Where the copy of a backup is: below this is everything that it needs, under the keys that it has in the bucket.
    pub fn kept(&self) -> String {
        let Self {
            epoch,
            name,
            region,
        } = self;
        format!("{PREFIX}{:010}/{region}/{name}/", epoch.0)
    }

    /// Of which backup this is a part of the copy; anything else is none.
    pub fn of_kept(key: &str) -> Option<Self> {
        let mut parts = key.strip_prefix(PREFIX)?.split('/');
        let [epoch, region, name] = [parts.next()?, parts.next()?, parts.next()?];
        parts.next()?;
        let kind = Kind::Backup.prefix();
        Self::of_manifest(&format!("{kind}{epoch}/{region}/{name}/manifest.json"))
    }
}

#[cfg(test)]
mod tests;
