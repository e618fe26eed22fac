//! What Terraform plans for the probe.

use lifeboat_tests::terraform::{JOIN, Terraform};

use crate::file;

#[tokio::test]
async fn the_probe_may_describe_the_secrets_that_are_named_and_read_none_and_logs_as_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let terraform = Terraform::copy(folder.path().join("infra")).unwrap();
    // Terraform hashes a zip, and nobody opens it.
    let functions = folder.path().join("infra").join(JOIN).join("functions");
    std::fs::create_dir(&functions).unwrap();
    std::fs::write(functions.join("health-probe.zip"), "").unwrap();
    let tests = file("tests/samples/probe.tftest.hcl");
    terraform.test(JOIN, &tests).await.unwrap();
}
