//! How soon what the storage holds can be read: most of it at once, what lies in an archive hours after somebody asked for it.

use std::cmp::Reverse;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Readable {
    AtOnce,
    /// It was asked back, and goes again.
    Until {
        moment: Timestamp,
    },
    /// It was asked back, and is on its way.
    Coming {
        archive: Archive,
    },
    /// Nobody reads it before it was asked back.
    Archived {
        archive: Archive,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Archive {
    Glacier,
    DeepArchive,
}

impl Archive {
    /// As S3 calls them. Every other storage class is read at once, instant retrieval from Glacier, too.
    pub fn of(class: &str) -> Option<Self> {
        match class {
            "GLACIER" => Some(Self::Glacier),
            "DEEP_ARCHIVE" => Some(Self::DeepArchive),
            _ => None,
        }
    }

    /// What S3 takes to bring something back, unless more is paid for less.
    pub fn takes(self) -> &'static str {
        match self {
            Self::Glacier => "3 to 5 hours",
            Self::DeepArchive => "12 hours",
        }
    }
}

/// What became of it since somebody asked something back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    Coming,
    Until(Timestamp),
}

impl Readable {
    pub fn of(class: &str, asked: Option<Asked>) -> Self {
        match (Archive::of(class), asked) {
            (None, _) => Self::AtOnce,
            (Some(_), Some(Asked::Until(moment))) => Self::Until { moment },
            (Some(archive), Some(Asked::Coming)) => Self::Coming { archive },
            (Some(archive), None) => Self::Archived { archive },
        }
    }

    /// What can be said of all of these: as much as of the last of them.
    pub fn of_all(all: impl IntoIterator<Item = Self>) -> Self {
        let last = all.into_iter().max_by_key(|readable| readable.rank());
        last.unwrap_or(Self::AtOnce)
    }

    fn rank(&self) -> (u8, Option<Archive>, Option<Reverse<Timestamp>>) {
        match *self {
            Self::AtOnce => (0, None, None),
            Self::Until { moment } => (1, None, Some(Reverse(moment))),
            Self::Coming { archive } => (2, Some(archive), None),
            Self::Archived { archive } => (3, Some(archive), None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_in_an_archive_is_waited_for_and_only_until_it_was_asked_back() {
        let moment = Timestamp::UNIX_EPOCH;
        let (glacier, deep) = (Archive::Glacier, Archive::DeepArchive);
        for (class, asked, readable) in [
            ("STANDARD", None, Readable::AtOnce),
            ("STANDARD_IA", None, Readable::AtOnce),
            ("GLACIER_IR", None, Readable::AtOnce),
            ("GLACIER", None, Readable::Archived { archive: glacier }),
            ("DEEP_ARCHIVE", None, Readable::Archived { archive: deep }),
            (
                "GLACIER",
                Some(Asked::Coming),
                Readable::Coming { archive: glacier },
            ),
            (
                "DEEP_ARCHIVE",
                Some(Asked::Until(moment)),
                Readable::Until { moment },
            ),
        ] {
            assert_eq!(Readable::of(class, asked), readable, "{class} {asked:?}");
        }
    }

    #[test]
    fn a_copy_is_there_when_the_last_of_it_is_and_goes_with_the_first() {
        let until = |seconds| Readable::Until {
            moment: Timestamp::from_second(seconds).unwrap(),
        };
        let (glacier, deep) = (Archive::Glacier, Archive::DeepArchive);
        let order = [
            Readable::AtOnce,
            until(2),
            until(1),
            Readable::Coming { archive: glacier },
            Readable::Coming { archive: deep },
            Readable::Archived { archive: glacier },
            Readable::Archived { archive: deep },
        ];
        for last in 0..order.len() {
            let some = order[..=last].iter().rev().copied();
            assert_eq!(Readable::of_all(some), order[last]);
        }
        assert_eq!(Readable::of_all([]), Readable::AtOnce);
    }
}
