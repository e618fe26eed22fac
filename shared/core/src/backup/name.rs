use std::{fmt, str::FromStr};

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::Invalid;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Backup,
    /// What a fenced region still held; never restored by itself.
    Salvage,
    /// What a restore replaced.
    Replaced,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Backup, Self::Salvage, Self::Replaced];

    pub fn word(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Salvage => "salvage",
            Self::Replaced => "replaced",
        }
    }

    /// The folder of the bucket that holds this kind.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Backup => "backups/",
            Self::Salvage => "salvage/",
            Self::Replaced => "replaced/",
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
        let kind = Kind::ALL
            .into_iter()
            .find(|k| k.word() == word)
            .ok_or_else(invalid)?;
        if time.len() != 15 {
            return Err(invalid());
        }
        let at = DateTime::strptime("%Y%m%d-%H%M%S", time)
            .and_then(|civil| TimeZone::UTC.to_timestamp(civil))
            .map_err(|_| invalid())?;
        let found = Self { at, kind };
        // One spelling: a date is also read with blanks in it.
        match found.to_string() == name {
            true => Ok(found),
            false => Err(invalid()),
        }
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
