//! What different parts of the project promise each other, and nobody's compiler checks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod applications;
mod costs;
mod deploy;
mod documents;
mod existing;
mod files;
mod images;
mod infrastructure;
mod keys;
mod modules;
mod probe;
mod rights;
mod runbook;
mod samples;
mod settings;
mod without_standby;
mod workflow;

use std::path::PathBuf;

use lifeboat_tests::{
    functions::FUNCTIONS,
    terraform::{INFRA, Terraform},
};
use serde_json::Value;

/// Runs Terraform's own tests of `tests/samples` in a root of `infra`.
async fn planned(root: &str, name: &str) {
    let (_folder, terraform) = prepared(INFRA, root);
    terraform.test(root, &sample(name)).await.unwrap();
}

fn sample(name: &str) -> PathBuf {
    file(&format!("tests/samples/{name}.tftest.hcl"))
}

/// Roots in the folder `roots` of a folder of their own. One of them knows where zips are that are none: Terraform hashes them, and
/// nobody opens them; and what settings leave to whoever has certificates.
fn prepared(roots: &str, root: &str) -> (tempfile::TempDir, Terraform) {
    let folder = tempfile::tempdir().unwrap();
    let copied = folder.path().join("roots");
    let terraform = Terraform::copy(roots, copied.clone()).unwrap();
    let functions = copied.join(root).join("functions");
    std::fs::create_dir(&functions).unwrap();
    for function in FUNCTIONS {
        std::fs::write(functions.join(format!("{function}.zip")), "").unwrap();
    }
    let mut settings = serde_json::json!({ "functions_directory": functions });
    if roots == INFRA {
        settings["certificate_arn"] = serde_json::json!({
            "us-east-1": "arn:aws:acm:us-east-1:111122223333:certificate/1",
            "us-west-2": "arn:aws:acm:us-west-2:111122223333:certificate/1",
        });
    }
    let file = copied.join(root).join("terraform.tfvars.json");
    std::fs::write(file, settings.to_string()).unwrap();
    (folder, terraform)
}

/// As `prepared`, with the settings that these roots come with.
fn described(roots: &str, root: &str, settings: &str) -> (tempfile::TempDir, Terraform) {
    let (folder, terraform) = prepared(roots, root);
    let told = folder.path().join("roots").join(root);
    let told = told.join("settings.auto.tfvars");
    std::fs::copy(file(&format!("{roots}/{settings}")), told).unwrap();
    (folder, terraform)
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
