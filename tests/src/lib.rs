//! A whole AWS on the developer's machine, with two regions of which either can die.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod addresses;
mod answers;
pub mod aws;
mod checks;
pub mod cloud;
pub mod dns;
pub mod drill;
mod emulator;
pub mod events;
pub mod faults;
pub mod forum_client;
pub mod functions;
pub mod guard;
pub mod image;
pub mod ledger;
pub mod proxy;
#[cfg(test)]
mod proxy_tests;
pub mod regions;
pub mod registry;
pub mod rights;
pub mod route53;
mod route53_xml;
mod run_folder;
pub mod scaling;
pub mod shell;
pub mod terraform;
pub mod tools;
pub mod traffic;
mod wait;
pub mod web;
pub type Error = Box<dyn std::error::Error + Send + Sync>;
pub type Result<T> = std::result::Result<T, Error>;

/// Says what was being done when something failed.
pub trait Context<T> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: std::fmt::Display> Context<T> for std::result::Result<T, E> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| format!("{}: {error}", what()).into())
    }
}

impl<T> Context<T> for Option<T> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T> {
        self.ok_or_else(|| what().into())
    }
}

/// The folder that holds the workspace's `Cargo.toml`.
pub fn workspace() -> std::path::PathBuf {
    let tests = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_path_buf()
}
