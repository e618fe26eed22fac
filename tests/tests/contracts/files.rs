//! What Terraform plans for AWS, where the services' folders are on a file system.

use lifeboat_tests::terraform::{HOME, INFRA};

use crate::{planned, prepared, sample};

#[tokio::test]
async fn on_aws_the_backup_function_and_the_tasks_mount_the_services_folders() {
    planned(HOME, "files").await;
}

#[tokio::test]
async fn the_backup_function_has_a_way_to_services_that_it_asks_by_http_and_else_to_s3_alone() {
    let (_folder, terraform) = prepared(INFRA, HOME);
    let plans = terraform.plans(HOME, &sample("files")).await.unwrap();
    let ways = |run: &str| {
        let made = plans[run].iter().map(|change| change.kind.as_str());
        let ways = made.filter(|kind| ["aws_nat_gateway", "aws_route"].contains(kind));
        ways.collect::<Vec<_>>()
    };
    assert!(ways("a_region_can_be_planned_for_aws").is_empty());
    assert_eq!(
        ways("a_region_whose_services_hold_still_when_they_are_told"),
        ["aws_nat_gateway", "aws_route"]
    );
}
