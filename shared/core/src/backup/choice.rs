//! Which backup a restore takes, and what keeps it from being restored.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{BackupKey, BackupName, newest};
use crate::{Failure, Invalid, request::check_reason};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Choice {
    Newest,
    /// The newest that was taken before this moment.
    Before(Timestamp),
    Named(BackupName),
}

const BEFORE: &str = "before ";

impl TryFrom<String> for Choice {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        let expected = "newest, a name such as backup-20241123-120000, or a moment such as \"before 2024-11-23T12:00:00Z\"";
        let choice = match text.strip_prefix(BEFORE) {
            _ if text == "newest" => Some(Self::Newest),
            Some(moment) => moment.parse().ok().map(Self::Before),
            None => text.parse().ok().map(Self::Named),
        };
        choice.ok_or_else(|| Invalid::new("backup", expected, format!("{text:?}")))
    }
}

impl From<Choice> for String {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::Newest => "newest".into(),
            Choice::Before(moment) => format!("{BEFORE}{moment}"),
            Choice::Named(name) => name.to_string(),
        }
    }
}

/// The backup that is meant.
pub fn choose(backups: &[BackupKey], choice: Choice) -> Result<&BackupKey, Invalid> {
    let last = newest(backups)
        .ok_or_else(|| Invalid::new("backup", "at least one complete backup", "none"))?;
    match choice {
        Choice::Newest => Ok(last),
        Choice::Before(moment) => {
            let before = backups.iter().filter(|b| b.name.at < moment);
            newest(before).ok_or_else(|| {
                let first = backups.iter().map(|b| b.name).min_by_key(|name| name.at);
                let first = first.unwrap_or(last.name);
                let expected = format!("a moment after the oldest backup, which is {first}");
                Invalid::new("backup", expected, moment)
            })
        }
        Choice::Named(name) => {
            let named = backups.iter().filter(|b| b.name == name);
            named.max_by_key(|b| b.epoch).ok_or_else(|| {
                let expected = format!("an existing backup (the newest is {})", last.name);
                Invalid::new("backup", expected, name)
            })
        }
    }
}

/// What a person restores a backup in spite of, each with why. Nothing else can be overridden: what is damaged or unknown
/// cannot be restored, whatever anybody says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overrides {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower_epoch: Option<String>,
    /// Where the region serves and nobody can see it: that nothing writes there meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nothing_writes: Option<String>,
}

impl Overrides {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub fn validate(&self) -> Result<(), Invalid> {
        let Self {
            lower_epoch,
            nothing_writes,
        } = self;
        let all = [
            ("lower_epoch", lower_epoch),
            ("nothing_writes", nothing_writes),
        ];
        all.into_iter().try_for_each(|(name, reason)| match reason {
            Some(reason) => check_reason(format!("overrides.{name}"), reason),
            None => Ok(()),
        })
    }
}

/// Why a backup is of no use, whatever anybody says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// Its manifest is wrong, or a pack that is needed of it is not there in full size.
    Damaged(String),
    /// Written by a newer version.
    Newer(String),
    /// A copy in an archive, which nobody has asked back, or which is on its way.
    Archived(String),
}

/// Why a backup is not restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    Flawed(Flaw),
    LowerEpoch {
        chosen: BackupKey,
        newest: BackupKey,
    },
}

/// A chosen backup that may be restored, and what was overridden for that. The data that it would replace is of the epoch
/// of the newest one: of whoever served last.
pub fn judge<T>(
    chosen: &BackupKey,
    all: &[BackupKey],
    found: Result<T, Flaw>,
    overrides: &Overrides,
) -> Result<(T, Overrides), Refusal> {
    let newer = newest(all).filter(|newest| newest.epoch > chosen.epoch);
    match (found, newer, &overrides.lower_epoch) {
        (Err(flaw), ..) => Err(Refusal::Flawed(flaw)),
        (Ok(whole), None, _) => Ok((whole, Overrides::default())),
        (Ok(_), Some(newest), None) => Err(Refusal::LowerEpoch {
            chosen: chosen.clone(),
            newest: newest.clone(),
        }),
        (Ok(whole), Some(_), Some(reason)) => {
            let overridden = Overrides {
                lower_epoch: Some(reason.clone()),
                ..Overrides::default()
            };
            Ok((whole, overridden))
        }
    }
}

impl From<Flaw> for Failure {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::Damaged(why) | Flaw::Newer(why) => Self::NotVerified(why),
            Flaw::Archived(why) => Self::Refused(why),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Flawed(flaw) => flaw.into(),
            Refusal::LowerEpoch { chosen, newest } => Self::Refused(format!(
                "{} is of epoch {} and the newest, {}, of epoch {}: another region has served since; choose that one, or say in overrides.lower_epoch why the older is wanted",
                chosen.name, chosen.epoch, newest.name, newest.epoch
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::tests::key;

    fn all() -> [BackupKey; 3] {
        [
            key(0, "us-east-1", "backup-20241123-110000"),
            key(0, "us-east-1", "backup-20241123-130000"),
            key(1, "us-west-2", "backup-20241123-120000"),
        ]
    }

    fn choice(text: &str) -> Choice {
        text.to_owned().try_into().unwrap()
    }

    #[test]
    fn a_choice_is_a_name_the_newest_or_a_moment_and_is_written_as_it_was_read() {
        for text in [
            "newest",
            "backup-20241123-120000",
            "replaced-20241123-120000",
            "before 2024-11-23T12:00:00Z",
        ] {
            assert_eq!(String::from(choice(text)), text);
        }
        for wrong in [
            "",
            "latest",
            "before",
            "before noon",
            "before 2024-11-23",
            // Whose noon?
            "before 2024-11-23T12:00:00",
            "before backup-20241123-120000",
        ] {
            let refused = Choice::try_from(wrong.to_owned()).unwrap_err().to_string();
            assert!(
                refused.contains("before 2024-11-23T12:00:00Z") && refused.contains("newest,"),
                "{refused}"
            );
        }
    }

    #[test]
    fn what_was_taken_at_a_moment_is_not_before_it_and_a_higher_epoch_is_newer() {
        let all = all();
        let before = |time: &str| choose(&all, choice(&format!("before 2024-11-23T{time}Z")));
        assert_eq!(before("13:00:00"), Ok(&all[2]));
        assert_eq!(before("12:00:01"), Ok(&all[2]));
        assert_eq!(before("12:00:00"), Ok(&all[0]));
        assert_eq!(before("11:00:01"), Ok(&all[0]));
        let refused = before("11:00:00").unwrap_err().to_string();
        assert!(
            refused.contains("which is backup-20241123-110000"),
            "{refused}"
        );
    }

    #[test]
    fn an_unknown_name_is_refused_and_the_newest_is_named() {
        let all = all();
        assert_eq!(choose(&all, Choice::Newest), Ok(&all[2]));
        let unknown = choose(&all, choice("backup-20200101-000000")).unwrap_err();
        assert!(unknown.to_string().contains("the newest is"), "{unknown}");
        for any in ["newest", "before 2024-11-23T12:00:00Z"] {
            assert!(choose(&[], choice(any)).is_err());
        }
    }

    #[test]
    fn a_backup_is_restored_when_it_is_whole_and_of_the_highest_epoch_or_a_person_says_why_not() {
        let all = all();
        let none = Overrides::default();
        let because = Overrides {
            lower_epoch: Some("posts were garbled since".into()),
            ..Overrides::default()
        };
        for (chosen, overrides, overridden) in [
            (&all[2], &none, Some(&none)),
            (&all[2], &because, Some(&none)),
            (&all[0], &none, None),
            (&all[0], &because, Some(&because)),
        ] {
            let judged = judge(chosen, &all, Ok(()), overrides);
            assert_eq!(judged.ok().map(|((), spite)| spite).as_ref(), overridden);
            for flaw in [Flaw::Damaged("torn".into()), Flaw::Newer("torn".into())] {
                let refused = judge::<()>(chosen, &all, Err(flaw), overrides);
                let refused = Failure::from(refused.unwrap_err());
                assert_eq!(refused, Failure::NotVerified("torn".into()));
            }
        }
        let refused = judge(&all[0], &all, Ok(()), &none).unwrap_err();
        let refused = Failure::from(refused);
        assert_eq!(refused.name(), "Refused");
        let said = refused.to_string();
        assert!(
            said.contains("of epoch 0") && said.contains("overrides.lower_epoch"),
            "{said}"
        );
    }

    #[test]
    fn an_override_has_a_reason_and_only_what_is_named_here_can_be_overridden() {
        for reason in ["", " ", &"x".repeat(501)] {
            for name in ["lower_epoch", "nothing_writes"] {
                let overrides = serde_json::json!({ name: reason });
                let overrides: Overrides = serde_json::from_value(overrides).unwrap();
                let refused = overrides.validate().unwrap_err().to_string();
                let field = format!("overrides.{name}");
                assert!(refused.starts_with(&field), "{refused}");
            }
        }
        let refused = serde_json::from_str::<Overrides>(r#"{"newer_format": "I know"}"#);
        let refused = refused.unwrap_err().to_string();
        assert!(
            refused.contains("newer_format") && refused.contains("lower_epoch"),
            "{refused}"
        );
    }
}
