//! Keys of one's own, in Terraform's own words: what is planned with them, without them and with wrong ones.

use lifeboat_tests::terraform::JOIN;

use crate::{planned, text};

#[tokio::test]
async fn a_key_reaches_every_bucket_with_data_and_every_role_and_a_wrong_one_is_refused() {
    planned(JOIN, "keys").await;
}

/// A function that reads the other region's control bucket is given that one's key, and no other is.
#[test]
fn whoever_reads_the_other_regions_control_bucket_has_its_key() {
    for module in ["backup", "failover", "health-probe", "image-sync"] {
        let text = text(&format!("infra/modules/{module}/main.tf"));
        let reads = text.contains("${var.peer.control_bucket}/");
        let given = text.contains("  peer     = var.peer\n");
        assert_eq!(reads, given, "{module}");
    }
}
