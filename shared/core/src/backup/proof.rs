//! That a backup can be restored is known when one was: how the last proof went, and how old the last good one is.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::BackupKey;
use crate::{Failure, SCHEMA, probe::NEVER_SECONDS};

/// The last proof, as `proof.json` in the region's control bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    pub schema: u32,
    pub started: Timestamp,
    pub seconds: i64,
    /// None where not one was whole.
    pub backup: Option<BackupKey>,
    /// What was restored and found to be what its manifest promises.
    pub bytes: u64,
    /// Why it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// When the last good one was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good: Option<Timestamp>,
}

impl Proof {
    pub const KEY: &str = "proof.json";

    pub fn new(
        previous: Option<&Self>,
        backup: Option<&BackupKey>,
        came: Result<u64, &Failure>,
        (started, finished): (Timestamp, Timestamp),
    ) -> Self {
        let before = previous.and_then(|previous| previous.good);
        let (bytes, failed, good) = match came {
            Ok(bytes) => (bytes, None, Some(started)),
            Err(failure) => (0, Some(failure.to_string()), before),
        };
        Self {
            schema: SCHEMA,
            started,
            seconds: finished.duration_since(started).as_secs(),
            backup: backup.cloned(),
            bytes,
            failed,
            good,
        }
    }
}

/// What a probe saw of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "what")]
pub enum Proven {
    Last(Proof),
    Never,
    CannotTell(String),
}

impl Default for Proven {
    fn default() -> Self {
        Self::CannotTell("the probe did not look for it".into())
    }
}

impl Proven {
    pub fn is_not_looked_for(&self) -> bool {
        *self == Self::default()
    }

    /// Of the last good proof.
    pub fn age_seconds(&self, now: Timestamp) -> Option<i64> {
        let good = match self {
            Self::Last(proof) => proof.good,
            Self::Never => None,
            Self::CannotTell(_) => return None,
        };
        Some(good.map_or(NEVER_SECONDS, |good| now.as_second() - good.as_second()))
    }
}

/// The backups in the order in which one is looked for that can be proven: which is the first is chance, and the chance is
/// the caller's.
pub fn draw(all: &[BackupKey], chance: u64) -> Vec<&BackupKey> {
    let mut drawn: Vec<&BackupKey> = all.iter().collect();
    if let Some(first) = chance.checked_rem(drawn.len() as u64) {
        drawn.rotate_left(first as usize);
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::tests::key;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_proof_that_failed_leaves_the_last_good_one_as_old_as_it_is() {
        let backup = key(0, "us-east-1", "backup-20241123-120000");
        let good = Proof::new(None, Some(&backup), Ok(7), (at(100), at(130)));
        assert_eq!(
            (good.seconds, good.bytes, good.good),
            (30, 7, Some(at(100)))
        );
        let torn = Failure::NotVerified("torn".into());
        let failed = Proof::new(Some(&good), Some(&backup), Err(&torn), (at(200), at(201)));
        assert_eq!(
            (failed.good, failed.failed.as_deref()),
            (Some(at(100)), Some("torn"))
        );
        let age = |proof: Proof| Proven::Last(proof).age_seconds(at(300));
        assert_eq!(age(good), Some(200));
        assert_eq!(age(failed), Some(200));
        let first = Proof::new(None, None, Err(&torn), (at(200), at(201)));
        assert_eq!(age(first), Some(NEVER_SECONDS));
        assert_eq!(Proven::Never.age_seconds(at(300)), Some(NEVER_SECONDS));
        assert_eq!(Proven::default().age_seconds(at(300)), None);
    }

    #[test]
    fn every_backup_is_drawn_first_by_some_chance_and_all_of_them_each_time() {
        let names = [
            "backup-20241123-110000",
            "backup-20241123-120000",
            "backup-20241123-130000",
        ];
        let all = names.map(|name| key(0, "us-east-1", name));
        for chance in [0, 1, 2, 3, u64::MAX] {
            let drawn = draw(&all, chance);
            assert_eq!(drawn[0], &all[(chance % 3) as usize]);
            assert!(all.iter().all(|backup| drawn.contains(&backup)));
        }
        assert!(draw(&[], 7).is_empty());
    }
}
