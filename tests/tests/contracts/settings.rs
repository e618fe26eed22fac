//! What Terraform refuses.

use lifeboat_tests::terraform::{JOIN, Terraform};

use crate::file;

#[tokio::test]
async fn settings_that_make_no_sense_are_refused_by_the_name_of_the_variable() {
    let folder = tempfile::tempdir().unwrap();
    let terraform = Terraform::copy(folder.path().join("infra")).unwrap();
    let tests = file("tests/samples/settings.tftest.hcl");
    terraform.test(JOIN, &tests).await.unwrap();
}
