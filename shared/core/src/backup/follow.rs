//! Whether a backup has come to the other region, from what the storage here says of each of its objects.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::BackupKey;

/// What becomes of an object's copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Completed,
    /// It came from the other region itself.
    Replica,
    /// It comes, and is tried again for as long as it takes.
    Pending,
    /// The storage gave up, and never tries again.
    Failed,
    /// No rule was there for it when it was written.
    Unmarked,
}

/// An object as the storage tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    pub status: Status,
    pub written: Timestamp,
}

/// What there is to do about a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every object of it is in the other region.
    Complete,
    /// It comes by itself.
    Pending,
    /// These do not, unless they are written again.
    Again(Vec<String>),
    /// Nothing of it is copied by any rule.
    Unmarked,
    /// It is not whole here.
    Lacks(String),
}

/// `begun`: whether anything is copied at all by now. What was written before that is written again, what was written last
/// shows it.
pub fn judge(
    objects: &[(String, Option<Copied>)],
    begun: bool,
    finished: Timestamp,
    now: Timestamp,
) -> Verdict {
    let (mut again, mut pending, mut unmarked) = (vec![], false, false);
    for (key, copied) in objects {
        let Some(copied) = copied else {
            return Verdict::Lacks(key.clone());
        };
        match copied.status {
            Status::Completed | Status::Replica => {}
            Status::Pending => pending = true,
            Status::Unmarked if !begun => unmarked = true,
            Status::Failed | Status::Unmarked => match due(copied.written, finished, now) {
                true => again.push(key.clone()),
                false => pending = true,
            },
        }
    }
    match (again.is_empty(), unmarked, pending) {
        (false, ..) => Verdict::Again(again),
        (true, true, _) => Verdict::Unmarked,
        (true, false, true) => Verdict::Pending,
        (true, false, false) => Verdict::Complete,
    }
}

/// At once, and each time after twice as long: what fails for lack of a right fails again, and each try is a version more.
fn due(written: Timestamp, finished: Timestamp, now: Timestamp) -> bool {
    now.duration_since(written) >= written.duration_since(finished)
}

/// Between one look and the next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Followed {
    /// The newest backup of this region that is in the other one, and every older one with it.
    pub complete: Option<BackupKey>,
    /// What was saved aside here, replaced or salvaged, and is followed no longer: it is in the other region, or not whole here.
    /// None of it is a recovery point.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub aside: BTreeSet<BackupKey>,
    /// When the oldest was finished that is not.
    pub waiting_since: Option<Timestamp>,
}

impl Followed {
    /// In the control bucket of the region whose backups these are.
    pub const KEY: &str = "replication.json";

    /// How long a backup has been waited for that would be lost with this region.
    pub fn lag(&self, now: Timestamp) -> SignedDuration {
        let lag = self.waiting_since.map(|since| now.duration_since(since));
        lag.unwrap_or_default().max(SignedDuration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 43_200;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn verdict(objects: &[Option<(Status, i64)>], begun: bool, now: i64) -> Verdict {
        let objects = objects.iter().enumerate().map(|(n, copied)| {
            let copied = copied.map(|(status, written)| Copied {
                status,
                written: at(written),
            });
            (n.to_string(), copied)
        });
        judge(&objects.collect::<Vec<_>>(), begun, at(NOON), at(now))
    }

    #[test]
    fn a_backup_is_there_when_every_object_is_and_one_word_tells_what_else_there_is_to_do() {
        use Status::{Completed, Failed, Pending, Replica, Unmarked};
        let is = |statuses: &[Status], begun| {
            let objects: Vec<_> = statuses.iter().map(|s| Some((*s, NOON))).collect();
            verdict(&objects, begun, NOON + 1)
        };
        let again = |n: &[&str]| Verdict::Again(n.iter().map(|n| (*n).to_owned()).collect());
        assert_eq!(is(&[Completed, Replica], true), Verdict::Complete);
        assert_eq!(is(&[Completed, Pending], true), Verdict::Pending);
        assert_eq!(is(&[Failed, Pending, Failed], true), again(&["0", "2"]));
        assert_eq!(is(&[Unmarked, Pending], true), again(&["0"]));
        assert_eq!(is(&[Unmarked, Unmarked], false), Verdict::Unmarked);
        assert_eq!(is(&[Unmarked, Failed], false), again(&["1"]));
        let gone = verdict(&[Some((Failed, NOON)), None], true, NOON + 1);
        assert_eq!(gone, Verdict::Lacks("1".into()));
    }

    #[test]
    fn what_fails_again_and_again_is_written_again_each_time_after_twice_as_long() {
        let (mut written, mut tries) = (NOON - 60, vec![]);
        for minute in 0..24 * 60 {
            let now = NOON + 60 * minute + 60;
            if let Verdict::Again(_) = verdict(&[Some((Status::Failed, written))], true, now) {
                written = now;
                tries.push(minute + 1);
            }
        }
        assert_eq!(tries, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]);
    }

    #[test]
    fn the_lag_is_that_of_the_oldest_backup_that_is_waited_for() {
        let mut followed = Followed::default();
        assert_eq!(followed.lag(at(NOON)), SignedDuration::ZERO);
        followed.waiting_since = Some(at(NOON));
        assert_eq!(followed.lag(at(NOON + 90)).as_secs(), 90);
        assert_eq!(followed.lag(at(NOON - 90)), SignedDuration::ZERO);
    }
}
