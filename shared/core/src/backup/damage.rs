//! What was read and found damaged or gone, so that nobody chooses it or builds on it before it is whole again.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{BackupKey, PackId, keep, prune::GRACE};
use crate::{Configuration, Region, SCHEMA};

/// In what way an object is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Harm {
    #[error("is gone")]
    Gone,
    #[error("is damaged: {0}")]
    Damaged(String),
}

/// An object as it stands in the bucket. Whoever writes it again makes another one of it, which nobody has read yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    pub etag: String,
    pub written: Timestamp,
}

/// What is known to be harmed of a region's backups, as `damaged.json` in its control bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Damages {
    pub schema: u32,
    /// By key.
    pub objects: BTreeMap<String, Noted>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// What was read; none where nothing was there.
    pub version: Option<Version>,
    pub why: String,
}

/// More than these is a bucket that is lost as a whole, and no longer a list.
const MOST: usize = 10_000;

const LONGEST_WHY: usize = 500;

impl Default for Damages {
    fn default() -> Self {
        Self {
            schema: SCHEMA,
            objects: BTreeMap::new(),
        }
    }
}

impl Damages {
    pub const KEY: &str = "damaged.json";

    /// With how it stands by now: what came back meanwhile, or went, is not what was found.
    pub fn note(&mut self, key: &str, harm: &Harm, stands: Option<Version>) {
        let why = match (harm, &stands) {
            (Harm::Gone, None) => harm.to_string(),
            (Harm::Damaged(why), Some(_)) => why.chars().take(LONGEST_WHY).collect(),
            (Harm::Gone, Some(_)) | (Harm::Damaged(_), None) => return,
        };
        if self.objects.len() < MOST || self.objects.contains_key(key) {
            let version = stands;
            self.objects.insert(key.into(), Noted { version, why });
        }
    }

    /// What is known of an object that stands so; nothing of one that was written again since.
    pub fn of(&self, key: &str, stands: Option<&Version>) -> Option<&str> {
        let noted = self.objects.get(key)?;
        (noted.version.as_ref() == stands).then_some(noted.why.as_str())
    }

    /// Only what is still as it was found, and what somebody needs.
    pub fn settle(
        &mut self,
        stands: &BTreeMap<String, Option<Version>>,
        needed: &BTreeSet<String>,
    ) {
        self.objects.retain(|key, noted| {
            let same = stands.get(key).is_none_or(|now| *now == noted.version);
            same && needed.contains(key)
        });
    }
}

/// Why a backup is not whole here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lack {
    #[error("its manifest is not here")]
    Manifest,
    /// Its manifest is here and of no use, whatever comes.
    #[error("{0}")]
    Flawed(String),
    #[error("{} is not here", .0.key())]
    Missing(PackId),
    #[error("{} is cut short", .0.key())]
    Short(PackId),
    /// By what was found when it was read; it has not been written again since.
    #[error("{} is damaged: {why}", pack.key())]
    Damaged { pack: PackId, why: String },
}

impl Lack {
    /// Which of a backup's objects it is about.
    pub fn object(&self, backup: &BackupKey) -> String {
        match self {
            Self::Manifest | Self::Flawed(_) => backup.manifest(),
            Self::Missing(pack) | Self::Short(pack) | Self::Damaged { pack, .. } => pack.key(),
        }
    }

    /// And what a person does about it.
    pub fn said(&self, configuration: &Configuration, backup: &BackupKey) -> String {
        self.said_of(configuration, &self.object(backup))
    }

    /// The same where the object is called so in the bucket.
    pub fn said_of(&self, configuration: &Configuration, object: &str) -> String {
        let mend = mend(configuration, object);
        match self {
            Self::Damaged { .. } => format!("{self} (verify reads it again); {mend}"),
            _ => format!("{self}; {mend}"),
        }
    }
}

/// Whether what is not here of a backup, or before it, may still be on its way: what another region wrote comes in any order.
pub fn may_come(backup: &BackupKey, here: &Region, now: Timestamp) -> bool {
    backup.region != *here && now.duration_since(backup.name.at) <= GRACE
}

/// How an object of the backups bucket is brought back.
pub fn mend(configuration: &Configuration, object: &str) -> String {
    let (here, there) = (&configuration.region, configuration.peer_region());
    if object.starts_with(keep::PREFIX) {
        return format!(
            "there is no copy of it in {there}, because each region keeps its own; choose another backup, here or there"
        );
    }
    if !configuration.cross_region_backup {
        return format!(
            "there is no copy of it in {there}, because enable_cross_region_backup is off; choose another backup"
        );
    }
    let own = &configuration.own().backups_bucket;
    let peer = &configuration.peer().backups_bucket;
    format!(
        "choose another backup, or bring it back from {there}, where it may be whole: aws s3 cp --source-region {there} --region {here} s3://{peer}/{object} s3://{own}/{object}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration;

    fn version(etag: &str, second: i64) -> Version {
        Version {
            etag: etag.into(),
            written: Timestamp::from_second(second).unwrap(),
        }
    }

    fn torn() -> Harm {
        Harm::Damaged("torn".into())
    }

    #[test]
    fn what_was_found_damaged_is_damaged_until_it_is_written_again() {
        let mut damages = Damages::default();
        damages.note("a", &torn(), Some(version("1", 60)));
        assert_eq!(damages.of("a", Some(&version("1", 60))), Some("torn"));
        // The very same bytes, and later.
        assert_eq!(damages.of("a", Some(&version("1", 61))), None);
        assert_eq!(damages.of("a", Some(&version("2", 60))), None);
        assert_eq!(damages.of("a", None), None, "that it is gone is seen");
        assert_eq!(damages.of("b", Some(&version("1", 60))), None);
    }

    #[test]
    fn what_is_gone_is_gone_until_it_is_there() {
        let mut damages = Damages::default();
        damages.note("a", &Harm::Gone, None);
        assert_eq!(damages.of("a", None), Some("is gone"));
        assert_eq!(damages.of("a", Some(&version("1", 60))), None);
    }

    #[test]
    fn what_came_or_went_between_the_reading_and_the_noting_is_not_noted() {
        let mut damages = Damages::default();
        damages.note("a", &Harm::Gone, Some(version("1", 60)));
        damages.note("a", &torn(), None);
        assert_eq!(damages, Damages::default());
    }

    #[test]
    fn the_record_is_no_longer_than_a_list() {
        let mut damages = Damages::default();
        let long = Harm::Damaged("é".repeat(2 * LONGEST_WHY));
        for n in 0..MOST + 2 {
            damages.note(&n.to_string(), &long, Some(version("1", 60)));
        }
        assert_eq!(damages.objects.len(), MOST);
        damages.note("0", &torn(), Some(version("2", 61)));
        assert_eq!(damages.of("0", Some(&version("2", 61))), Some("torn"));
        assert_eq!(damages.objects["1"].why.chars().count(), LONGEST_WHY);
    }

    #[test]
    fn what_was_written_again_or_is_needed_no_longer_goes_off_the_record() {
        let mut damages = Damages::default();
        for key in ["same", "again", "unneeded", "unseen"] {
            damages.note(key, &torn(), Some(version("1", 60)));
        }
        damages.note("gone", &Harm::Gone, None);
        damages.note("came", &Harm::Gone, None);
        let stands = [
            ("same", Some(version("1", 60))),
            ("again", Some(version("1", 61))),
            ("unneeded", Some(version("1", 60))),
            ("gone", None),
            ("came", Some(version("1", 60))),
        ];
        let stands = stands.map(|(key, version)| (key.to_owned(), version));
        let needed = ["same", "again", "gone", "came", "unseen"].map(str::to_owned);
        damages.settle(&stands.into(), &needed.into());
        let left: Vec<&str> = damages.objects.keys().map(String::as_str).collect();
        assert_eq!(left, ["gone", "same", "unseen"]);
    }

    #[test]
    fn what_a_backup_lacks_is_told_with_what_to_do() {
        let mut configuration = configuration::sample("us-east-1");
        let backup = crate::backup::tests::key(0, "us-east-1", "backup-20241123-120000");
        let pack = PackId::new([0; 32]);
        let why = "torn".into();
        let lack = Lack::Damaged { pack, why };
        let said = lack.said(&configuration, &backup);
        let (own, peer) = (configuration.own(), configuration.peer());
        let line = format!(
            "aws s3 cp --source-region us-west-2 --region us-east-1 s3://{}/{key} s3://{}/{key}",
            peer.backups_bucket,
            own.backups_bucket,
            key = pack.key()
        );
        assert!(
            said.contains("torn") && said.ends_with(&line),
            "{said} {line}"
        );
        let said = Lack::Manifest.said(&configuration, &backup);
        assert!(said.contains(&backup.manifest()), "{said}");
        configuration.cross_region_backup = false;
        let said = Lack::Missing(pack).said(&configuration, &backup);
        assert!(
            said.contains("enable_cross_region_backup is off") && !said.contains("aws s3"),
            "{said}"
        );
    }
}
