//! What Terraform plans for AWS, where the services' folders are on a file system.

use lifeboat_tests::terraform::HOME;

use crate::planned;

#[tokio::test]
async fn on_aws_the_backup_function_and_the_tasks_mount_the_services_folders() {
    planned(HOME, "files").await;
}
