//! What different parts of the project promise each other, and nobody's compiler checks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod costs;
mod deploy;
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

use lifeboat_tests::{functions::FUNCTIONS, terraform::Terraform};
use serde_json::Value;

/// Runs Terraform's own tests of `tests/samples` in a root, beside a folder with zips that are none: Terraform hashes them, and
/// nobody opens them.
async fn planned(root: &str, sample: &str) {
    let folder = tempfile::tempdir().unwrap();
    let infra = folder.path().join("infra");
    let terraform = Terraform::copy(infra.clone()).unwrap();
    let functions = infra.join(root).join("functions");
    std::fs::create_dir(&functions).unwrap();
    for function in FUNCTIONS {
        std::fs::write(functions.join(format!("{function}.zip")), "").unwrap();
    }
    let settings = serde_json::json!({ "functions_directory": functions }).to_string();
    std::fs::write(infra.join(root).join("terraform.tfvars.json"), settings).unwrap();
    let tests = file(&format!("tests/samples/{sample}.tftest.hcl"));
    terraform.test(root, &tests).await.unwrap();
}

fn file(path: &str) -> PathBuf {
    lifeboat_tests::workspace().join(path)
}

fn text(path: &str) -> String {
    std::fs::read_to_string(file(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn json(path: &str) -> Value {
    serde_json::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
