//! What Terraform plans for AWS, where the services' folders are on a file system.

use lifeboat_tests::{
    functions::FUNCTIONS,
    terraform::{HOME, Terraform},
};
use serde_json::json;

use crate::file;

#[tokio::test]
async fn on_aws_the_backup_function_and_the_tasks_mount_the_services_folders() {
    let folder = tempfile::tempdir().unwrap();
    let infra = folder.path().join("infra");
    let terraform = Terraform::copy(infra.clone()).unwrap();
    // Terraform hashes a zip, and nobody opens it.
    let functions = infra.join("functions");
    std::fs::create_dir(&functions).unwrap();
    for function in FUNCTIONS {
        std::fs::write(functions.join(format!("{function}.zip")), "").unwrap();
    }
    let settings = json!({ "functions_directory": functions }).to_string();
    std::fs::write(infra.join(HOME).join("terraform.tfvars.json"), settings).unwrap();
    let tests = file("tests/samples/files.tftest.hcl");
    terraform.test(HOME, &tests).await.unwrap();
}
