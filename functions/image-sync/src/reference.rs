use std::fmt;

use lifeboat_core::Invalid;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

/// The SHA-256 of what it names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

impl Digest {
    pub fn parse(field: &str, text: &str) -> Result<Self, Invalid> {
        let hexadecimal = text.strip_prefix("sha256:").unwrap_or_default();
        let good = hexadecimal.len() == 64
            && hexadecimal
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if good {
            Ok(Self(text.to_owned()))
        } else {
            let expected = "sha256: and 64 lower-case hexadecimal digits";
            Err(Invalid::new(field, expected, format!("{text:?}")))
        }
    }

    pub fn of(bytes: &[u8]) -> Self {
        Self::finish(sha2::Sha256::new_with_prefix(bytes))
    }

    pub(crate) fn finish(hasher: sha2::Sha256) -> Self {
        Self(format!("sha256:{}", hex::encode(hasher.finalize())))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag under which what belongs to it is found.
    pub(crate) fn as_tag(&self) -> String {
        self.0.replace(':', "-")
    }
}

impl TryFrom<String> for Digest {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse("digest", &text)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What follows the repository in an image's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Reference {
    Tag(String),
    Digest(Digest),
}

impl Reference {
    pub fn parse(field: &str, text: &str) -> Result<Self, Invalid> {
        if text.contains(':') {
            return Digest::parse(field, text).map(Self::Digest);
        }
        let good = (1..=128).contains(&text.len())
            && !text.starts_with(['.', '-'])
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
        if good {
            Ok(Self::Tag(text.to_owned()))
        } else {
            Err(Invalid::new(
                field,
                "a tag of an image",
                format!("{text:?}"),
            ))
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Tag(tag) => tag,
            Self::Digest(digest) => digest.as_str(),
        }
    }

    /// The image's name as people write it.
    pub fn of(&self, repository: &str) -> String {
        match self {
            Self::Tag(tag) => format!("{repository}:{tag}"),
            Self::Digest(digest) => format!("{repository}@{digest}"),
        }
    }
}

impl TryFrom<String> for Reference {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse("reference", &text)
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_sha256_of_what_it_names() {
        assert_eq!(
            Digest::of(b"").as_str(),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn a_reference_that_would_leave_its_place_in_an_address_is_refused() {
        let long = "x".repeat(129);
        for text in [
            "",
            "a/b",
            "..",
            "a?b",
            "a b",
            "sha256:ab",
            "sha512:00",
            "-a",
            &long,
        ] {
            let refused = Reference::parse("image-tag", text).unwrap_err();
            assert_eq!(refused.field, "image-tag", "{text:?}");
        }
        assert!(Reference::parse("image-tag", "v1.2_a-b").is_ok());
    }
}
