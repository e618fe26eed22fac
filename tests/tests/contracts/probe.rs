//! What Terraform plans for the probe.

use lifeboat_tests::terraform::JOIN;

use crate::planned;

#[tokio::test]
async fn the_probe_may_describe_the_secrets_that_are_named_and_read_none_and_logs_as_it_is_told() {
    planned(JOIN, "probe").await;
}
