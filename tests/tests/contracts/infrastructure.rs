//! Terraform against itself, and against what must never be allowed.

use lifeboat_tests::shell;
use lifeboat_tests::terraform::{HOME, JOIN, STANDBY, Terraform};

use crate::{file, text};

#[tokio::test]
async fn terraform_is_formatted() {
    let mut fmt = shell::command("terraform");
    fmt.args(["fmt", "-check", "-recursive", "-diff"])
        .arg(file("infra"));
    shell::run(&mut fmt).await.unwrap();
}

#[tokio::test]
async fn every_root_is_valid() {
    let folder = tempfile::tempdir().unwrap();
    let terraform = Terraform::copy(folder.path().join("infra")).unwrap();
    for root in [HOME, STANDBY, JOIN] {
        terraform.validate(root).await.unwrap();
    }
}

/// In a disaster these may be gone, or must not be touched.
#[test]
fn no_role_that_acts_in_a_disaster_may_change_a_control_plane_elsewhere() {
    for module in ["backup", "failover", "health-probe", "image-sync"] {
        let text = text(&format!("infra/modules/{module}/main.tf"));
        for forbidden in [
            "\"route53:",
            "\"iam:",
            "\"cloudfront:",
            "\"s3:PutBucket",
            "\"s3:DeleteBucket",
            "\"ecs:RegisterTaskDefinition",
            "\"ecs:CreateService",
            "\"*\"]",
        ] {
            assert!(!text.contains(forbidden), "{module} may {forbidden}");
        }
    }
}

#[test]
fn the_markers_token_is_the_one_the_health_checks_look_for() {
    let token = format!("search_string      = \"{}\"", lifeboat_core::marker::TOKEN);
    assert!(text("infra/modules/dns/main.tf").contains(&token));
}
