//! Names, keys, manifests and the choice of a backup.

use std::{collections::BTreeMap, fmt, str::FromStr};

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{Epoch, Failure, Invalid, Region, RegionState, SCHEMA, check_schema};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Backup,
    /// What a fenced region still held; never restored by itself.
    Salvage,
}

impl Kind {
    pub fn word(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Salvage => "salvage",
        }
    }

    /// The folder of the bucket that holds this kind.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Backup => "backups/",
            Self::Salvage => "salvage/",
        }
    }
}

/// `backup-20241123-120000`, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BackupName {
    pub at: Timestamp,
    pub kind: Kind,
}

impl BackupName {
    /// The name of a backup taken now; names know seconds.
    pub fn new(kind: Kind, now: Timestamp) -> Self {
        let at = Timestamp::from_second(now.as_second()).unwrap_or(now);
        Self { at, kind }
    }
}

impl fmt::Display for BackupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}-{}",
            self.kind.word(),
            self.at.strftime("%Y%m%d-%H%M%S")
        )
    }
}

impl FromStr for BackupName {
    type Err = Invalid;
    fn from_str(name: &str) -> Result<Self, Invalid> {
        let invalid = || {
            Invalid::new(
                "backup",
                "newest, or a name such as backup-20241123-120000",
                format!("{name:?}"),
            )
        };
        let (word, time) = name.split_once('-').ok_or_else(invalid)?;
        let kind = [Kind::Backup, Kind::Salvage]
            .into_iter()
            .find(|k| k.word() == word)
            .ok_or_else(invalid)?;
        if time.len() != 15 {
            return Err(invalid());
        }
        let at = DateTime::strptime("%Y%m%d-%H%M%S", time)
            .and_then(|civil| TimeZone::UTC.to_timestamp(civil))
            .map_err(|_| invalid())?;
        Ok(Self { at, kind })
    }
}

impl TryFrom<String> for BackupName {
    type Error = Invalid;
    fn try_from(name: String) -> Result<Self, Invalid> {
        name.parse()
    }
}

impl From<BackupName> for String {
    fn from(name: BackupName) -> Self {
        name.to_string()
    }
}

/// Where a backup lies. The key carries epoch and region, so that the newest is found by listing alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupKey {
    pub epoch: Epoch,
    pub name: BackupName,
    pub region: Region,
}

impl BackupKey {
    pub fn folder(&self) -> String {
        format!(
            "{}{:010}/{}/{}/",
            self.name.kind.prefix(),
            self.epoch.0,
            self.region,
            self.name
        )
    }

    pub fn manifest(&self) -> String {
        format!("{}manifest.json", self.folder())
    }

    pub fn data(&self, service: &str) -> String {
        format!("{}{service}.json.gz", self.folder())
    }

    /// The backup whose manifest this key is; anything else in the bucket is no backup.
    pub fn of_manifest(key: &str) -> Option<Self> {
        let [folder, epoch, region, name, "manifest.json"] = key.split('/').collect::<Vec<_>>()[..]
        else {
            return None;
        };
        let name: BackupName = name.parse().ok()?;
        let matches = name.kind.prefix().trim_end_matches('/') == folder;
        (matches && epoch.len() == 10).then_some(())?;
        Some(Self {
            epoch: Epoch(epoch.parse().ok()?),
            region: Region::new(region).ok()?,
            name,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub schema: u32,
    pub application: String,
    pub backup: BackupKey,
    pub files: Vec<File>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub service: String,
    pub key: String,
    /// Of the data itself, in hexadecimal.
    pub sha256: String,
    pub bytes: u64,
    pub compressed_sha256: String,
    pub compressed_bytes: u64,
}

impl Manifest {
    pub fn new(application: &str, backup: BackupKey, files: Vec<File>) -> Self {
        Self {
            schema: SCHEMA,
            application: application.into(),
            backup,
            files,
        }
    }

    /// Reads and checks a manifest; what is wrong with it is wrong with the data.
    pub fn parse(
        bytes: &[u8],
        application: &str,
        backup: &BackupKey,
        services: &[&str],
    ) -> Result<Self, Failure> {
        let manifest: Self = serde_json::from_slice(bytes).map_err(|why| {
            Failure::NotVerified(format!("{}: not a manifest: {why}", backup.manifest()))
        })?;
        manifest
            .check(application, backup, services)
            .map_err(|why| Failure::NotVerified(format!("{}: {why}", backup.manifest())))?;
        Ok(manifest)
    }

    /// A manifest that speaks of another backup, or lacks a service, is none.
    pub fn check(
        &self,
        application: &str,
        backup: &BackupKey,
        services: &[&str],
    ) -> Result<(), Invalid> {
        check_schema("manifest.schema", self.schema)?;
        if self.application != application {
            return Err(Invalid::new(
                "manifest.application",
                application,
                &self.application,
            ));
        }
        if self.backup != *backup {
            return Err(Invalid::new(
                "manifest.backup",
                backup.folder(),
                self.backup.folder(),
            ));
        }
        for service in services {
            match self
                .files
                .iter()
                .filter(|f| f.service == *service)
                .collect::<Vec<_>>()[..]
            {
                [file] if file.key == backup.data(service) => {}
                [file] => {
                    return Err(Invalid::new(
                        "manifest.files.key",
                        backup.data(service),
                        &file.key,
                    ));
                }
                ref found => {
                    return Err(Invalid::new(
                        "manifest.files",
                        format!("one file of {service}"),
                        found.len(),
                    ));
                }
            }
        }
        Ok(())
    }
}

/// What a restore put in place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restored {
    pub backup: BackupKey,
    pub started: Timestamp,
    pub finished: Timestamp,
    /// Service by service; a service whose data was the backup's already was left alone.
    pub services: BTreeMap<String, u64>,
}

/// Highest epoch first, then time.
pub fn newest<'a>(backups: impl IntoIterator<Item = &'a BackupKey>) -> Option<&'a BackupKey> {
    backups
        .into_iter()
        .filter(|b| b.name.kind == Kind::Backup)
        .max_by_key(|b| (b.epoch, b.name.at))
}

/// Which backup a restore takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Choice {
    Newest,
    Named(BackupName),
}

impl TryFrom<String> for Choice {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        if text == "newest" {
            Ok(Self::Newest)
        } else {
            text.parse().map(Self::Named)
        }
    }
}

impl From<Choice> for String {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::Newest => "newest".into(),
            Choice::Named(name) => name.to_string(),
        }
    }
}

/// The backup to restore; one of a lower epoch than the newest is refused.
pub fn choose(backups: &[BackupKey], choice: Choice) -> Result<&BackupKey, Invalid> {
    let newest = newest(backups)
        .ok_or_else(|| Invalid::new("backup", "at least one complete backup", "none"))?;
    let Choice::Named(name) = choice else {
        return Ok(newest);
    };
    let named = backups
        .iter()
        .filter(|b| b.name == name)
        .max_by_key(|b| b.epoch)
        .ok_or_else(|| {
            Invalid::new(
                "backup",
                format!("an existing backup (the newest is {})", newest.name),
                name,
            )
        })?;
    if named.epoch < newest.epoch {
        return Err(Invalid::new(
            "backup",
            format!(
                "a backup of epoch {} (the newest is {})",
                newest.epoch, newest.name
            ),
            format!("{name} of epoch {}", named.epoch),
        ));
    }
    Ok(named)
}

/// Whether a region may write a backup, from what it can read in its own region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    Active(Epoch),
    Passive { epoch: Epoch, reason: String },
}

pub fn turn(me: &Region, state: &RegionState, backups: &[BackupKey]) -> Turn {
    let (epoch, active) = state.highest(None);
    if active != *me {
        return Turn::Passive {
            epoch,
            reason: format!("{active} is active at epoch {epoch}"),
        };
    }
    match newest(backups) {
        Some(b) if b.epoch > epoch && b.region != *me => Turn::Passive {
            epoch: b.epoch,
            reason: format!("{} has written {} at epoch {}", b.region, b.name, b.epoch),
        },
        _ => Turn::Active(epoch),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RegionPair;

    fn key(epoch: u64, region: &str, name: &str) -> BackupKey {
        BackupKey {
            epoch: Epoch(epoch),
            region: Region::new(region).unwrap(),
            name: name.parse().unwrap(),
        }
    }

    #[test]
    fn a_name_is_its_time_in_utc() {
        let name: BackupName = "backup-20241123-120000".parse().unwrap();
        assert_eq!(name.at.to_string(), "2024-11-23T12:00:00Z");
        assert_eq!(name.to_string(), "backup-20241123-120000");
        for wrong in [
            "",
            "newest",
            "backup-2024",
            "backup-20241323-120000",
            "restore-20241123-120000",
            "backup-20241123-120000/../x",
        ] {
            assert!(wrong.parse::<BackupName>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_a_manifest_makes_a_backup() {
        let backup = key(3, "us-west-2", "backup-20241123-120000");
        assert_eq!(
            BackupKey::of_manifest(&backup.manifest()),
            Some(backup.clone())
        );
        assert_eq!(BackupKey::of_manifest(&backup.data("users")), None);
        assert_eq!(
            BackupKey::of_manifest(
                "salvage/0000000003/us-west-2/backup-20241123-120000/manifest.json"
            ),
            None
        );
    }

    #[test]
    fn the_newest_has_the_highest_epoch_then_the_latest_time() {
        let late = key(0, "us-east-1", "backup-20241123-130000");
        let early = key(1, "us-west-2", "backup-20241123-120000");
        let salvage = key(5, "us-east-1", "salvage-20241123-140000");
        assert_eq!(newest([&late, &early, &salvage]), Some(&early));
    }

    #[test]
    fn a_restore_refuses_an_unknown_backup_and_one_of_a_lower_epoch() {
        let all = [
            key(0, "us-east-1", "backup-20241123-130000"),
            key(1, "us-west-2", "backup-20241123-120000"),
        ];
        assert_eq!(choose(&all, Choice::Newest).unwrap(), &all[1]);
        assert!(
            choose(&all, Choice::Named(all[0].name))
                .unwrap_err()
                .to_string()
                .contains("epoch 0")
        );
        let unknown = "backup-20200101-000000".parse().unwrap();
        assert!(
            choose(&all, Choice::Named(unknown))
                .unwrap_err()
                .to_string()
                .contains("the newest is")
        );
        assert!(choose(&[], Choice::Newest).is_err());
    }

    #[test]
    fn a_region_that_sees_a_higher_epoch_of_the_other_answers_passive() {
        let pair = RegionPair::new(
            Region::new("us-east-1").unwrap(),
            Region::new("us-west-2").unwrap(),
        )
        .unwrap();
        let state = RegionState::genesis(&pair);
        assert_eq!(turn(&pair.home, &state, &[]), Turn::Active(Epoch(0)));
        assert!(matches!(
            turn(&pair.standby, &state, &[]),
            Turn::Passive { .. }
        ));
        let replica = key(1, "us-west-2", "backup-20241123-120000");
        assert!(matches!(
            turn(&pair.home, &state, &[replica]),
            Turn::Passive {
                epoch: Epoch(1),
                ..
            }
        ));
    }

    #[test]
    fn a_manifest_of_another_backup_or_without_a_service_is_refused() {
        let backup = key(0, "us-east-1", "backup-20241123-120000");
        let file = File {
            service: "users".into(),
            key: backup.data("users"),
            sha256: String::new(),
            bytes: 0,
            compressed_sha256: String::new(),
            compressed_bytes: 0,
        };
        let manifest = Manifest::new("forum", backup.clone(), vec![file]);
        assert!(manifest.check("forum", &backup, &["users"]).is_ok());
        assert!(
            manifest
                .check("forum", &backup, &["users", "posts"])
                .unwrap_err()
                .to_string()
                .contains("one file of posts")
        );
        assert!(manifest.check("shop", &backup, &["users"]).is_err());
        assert!(
            manifest
                .check(
                    "forum",
                    &key(1, "us-east-1", "backup-20241123-120000"),
                    &["users"]
                )
                .is_err()
        );
    }
}
