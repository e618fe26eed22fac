//! The three environment variables, read once.

use std::path::PathBuf;

use thiserror::Error;

use crate::roles::{Role, UnknownRole};

pub const DEFAULT_FOLDER: &str = "/data";
pub const DEFAULT_PORT: u16 = 8080;

#[derive(Debug, PartialEq, Eq)]
pub struct Settings {
    pub role: Role,
    pub folder: PathBuf,
    pub port: u16,
}

#[derive(Debug, Error, PartialEq, Eq)]
pub enum SettingsError {
    #[error("ROLE is not set: expected users, threads or posts")]
    NoRole,
    #[error("ROLE: {0}")]
    Role(#[from] UnknownRole),
    #[error("PORT: expected a number from 0 to 65535 (0 = any free port), found `{0}`")]
    Port(String),
}

impl Settings {
    /// `variable` answers a variable's value: the process's environment, or a test's.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let role = variable("ROLE").ok_or(SettingsError::NoRole)?.parse()?;
        let port = match variable("PORT") {
            None => DEFAULT_PORT,
            Some(text) => text.parse().map_err(|_| SettingsError::Port(text))?,
        };
        let folder = variable("DATA").map_or_else(|| PathBuf::from(DEFAULT_FOLDER), PathBuf::from);
        Ok(Settings { role, folder, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        Settings::read(|name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn only_the_role_has_to_be_given() {
        let expected = Settings {
            role: Role::Posts,
            folder: PathBuf::from("/data"),
            port: 8080,
        };
        assert_eq!(read(&[("ROLE", "posts")]), Ok(expected));
    }

    #[test]
    fn a_wrong_variable_is_named_with_what_was_expected() {
        let said =
            |variables: &[(&str, &str)]| read(variables).expect_err("must be refused").to_string();
        assert_eq!(
            said(&[]),
            "ROLE is not set: expected users, threads or posts"
        );
        assert_eq!(
            said(&[("ROLE", "all")]),
            "ROLE: expected users, threads or posts, found `all`"
        );
        assert_eq!(
            said(&[("ROLE", "users"), ("PORT", "http")]),
            "PORT: expected a number from 0 to 65535 (0 = any free port), found `http`"
        );
    }
}
