//! What different parts of the project promise each other, and nobody's compiler checks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod costs;
mod documents;
mod files;
mod images;
mod infrastructure;
mod keys;
mod probe;
mod rights;
mod runbook;
mod settings;
mod workflow;

use std::path::PathBuf;

use serde_json::Value;

fn file(path: &str) -> PathBuf {
    lifeboat_tests::workspace().join(path)
}

fn text(path: &str) -> String {
    std::fs::read_to_string(file(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn json(path: &str) -> Value {
    serde_json::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
