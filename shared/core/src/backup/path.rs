use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// A file's name below the place where its service's data lies. It cannot lead anywhere else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FilePath(String);

/// What a key of S3 can hold.
const LONGEST: usize = 1024;
/// What a file system takes for one name, less what is added to it while a file is put in place.
const LONGEST_NAME: usize = 200;

impl FilePath {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folders above it, the nearest first.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        let cuts = self.0.rmatch_indices('/');
        cuts.map(|(at, _)| &self.0[..at])
    }
}

impl FromStr for FilePath {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let safe = |name: &str| {
            let walks = matches!(name, "" | "." | "..");
            !walks
                && name.len() <= LONGEST_NAME
                && !name.chars().any(|c| c.is_control() || c == '\\')
        };
        if text.len() <= LONGEST && text.split('/').all(safe) {
            return Ok(Self(text.to_owned()));
        }
        let shown: String = text.chars().take(80).collect();
        Err(Invalid::new(
            "path",
            "a path below the service's data",
            format!("{shown:?}"),
        ))
    }
}

impl TryFrom<String> for FilePath {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl From<FilePath> for String {
    fn from(path: FilePath) -> Self {
        path.0
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out_of_its_folder() {
        let (long, deep) = ("x".repeat(201), "x/".repeat(600) + "x");
        for wrong in [
            "",
            "/",
            "/etc/passwd",
            "..",
            "../x",
            "a/../b",
            "a//b",
            "a/",
            "./a",
            "a\\..\\b",
            "a\0b",
            "a\nb",
            &long,
            &deep,
        ] {
            assert!(wrong.parse::<FilePath>().is_err(), "{wrong:?}");
        }
        for right in ["db.json", "2026/11/db.json", "...", "a..b", "ü", ".hidden"] {
            assert_eq!(right.parse::<FilePath>().unwrap().as_str(), right);
        }
    }

    #[test]
    fn the_folders_above_it_are_named_from_the_nearest() {
        let path: FilePath = "a/b/c".parse().unwrap();
        assert_eq!(path.folders().collect::<Vec<_>>(), ["a/b", "a"]);
    }
}
