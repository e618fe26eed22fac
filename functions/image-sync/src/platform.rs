use std::fmt;

use lifeboat_core::Invalid;
use serde::{Deserialize, Serialize};

/// What an image runs on, as `linux/arm64` or `linux/arm/v7`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Platform {
    /// Empty where an image does not say it.
    #[serde(default)]
    pub os: String,
    #[serde(default)]
    pub architecture: String,
    #[serde(default)]
    pub variant: Option<String>,
}

impl Platform {
    pub fn parse(field: &str, text: &str) -> Result<Self, Invalid> {
        let invalid = || {
            let expected = "an operating system and an architecture, as linux/arm64";
            Invalid::new(field, expected, format!("{text:?}"))
        };
        let parts: Vec<&str> = text.split('/').collect();
        let (os, architecture, variant) = match parts.as_slice() {
            [os, architecture] => (os, architecture, None),
            [os, architecture, variant] => (os, architecture, Some(variant)),
            _ => return Err(invalid()),
        };
        let word = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        if !word(os) || !word(architecture) || !variant.is_none_or(|text| word(text)) {
            return Err(invalid());
        }
        Ok(Self {
            os: (*os).to_owned(),
            architecture: (*architecture).to_owned(),
            variant: variant.map(|text| (*text).to_owned()),
        })
    }

    /// Whether an image for this is one for any of those that are wanted.
    pub(crate) fn fits(&self, wanted: &[Self]) -> bool {
        wanted.iter().any(|one| one.takes(self))
    }

    /// Whether an image for `other` is one for this; without a variant any will do.
    pub fn takes(&self, other: &Self) -> bool {
        self.os == other.os
            && self.architecture == other.architecture
            && (self.variant.is_none() || self.variant == other.variant)
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant
            .iter()
            .try_for_each(|variant| write!(f, "/{variant}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_is_two_or_three_words_and_any_variant_will_do_where_none_is_named() {
        let platform = |text| Platform::parse("platforms", text).unwrap();
        let (arm, seven) = (platform("linux/arm"), platform("linux/arm/v7"));
        assert!(arm.takes(&seven) && !seven.takes(&arm) && seven.takes(&seven));
        assert!(!platform("linux/amd64").takes(&arm));
        assert_eq!(seven.to_string(), "linux/arm/v7");
        for text in [
            "",
            "linux",
            "linux/",
            "/amd64",
            "a/b/c/d",
            "Linux/amd64",
            "linux/a md",
        ] {
            let refused = Platform::parse("platforms", text).unwrap_err();
            assert_eq!(refused.field, "platforms", "{text:?}");
        }
    }
}
