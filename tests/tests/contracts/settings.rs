//! What Terraform refuses.

use lifeboat_tests::terraform::JOIN;

use crate::planned;

#[tokio::test]
async fn settings_that_make_no_sense_are_refused_by_the_name_of_the_variable() {
    planned(JOIN, "settings").await;
}
