//! A shop that others made, protected on the local cloud. In a process of its own, for the reason of `upgrades.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use lifeboat_tests::cloud::{LocalCloud, Protected};
use lifeboat_tests::image::ARCHITECTURE;
use lifeboat_tests::terraform::{HOME, JOIN, STANDBY};
use serde_json::{Map, json};

/// A root of its own, by which what others made can be asked for a difference.
const SHOP: &str = "shop";

#[tokio::test]
async fn what_others_made_is_protected_on_the_local_cloud_and_nothing_of_it_is_changed() {
    let nobodys = Protected {
        services: vec![],
        warm: vec![],
        minimum: 0,
    };
    let cloud = LocalCloud::without_tasks(nobodys, false).await.unwrap();
    let terraform = cloud.existing().unwrap();
    let mut told = Map::from_iter([("local_cloud".to_owned(), cloud.told())]);
    terraform.add(SHOP, "tests/samples/shop").unwrap();
    terraform.tell(told.clone()).unwrap();
    terraform.init(SHOP).await.unwrap();
    terraform.apply_root(SHOP).await.unwrap();
    terraform.assert_unchanged(SHOP).await.unwrap();

    let functions = json!(cloud.no_functions().await.unwrap());
    let zone = terraform.output(SHOP, "zone").await.unwrap();
    let zone = json!({ "id": zone, "name": "shop.example.com" });
    told.extend([
        ("functions_architecture".to_owned(), json!(ARCHITECTURE)),
        ("functions_directory".to_owned(), functions),
        ("hosted_zone".to_owned(), zone),
        // The local cloud has folders in place of file systems.
        ("mount".to_owned(), json!({})),
    ]);
    terraform.tell(told).unwrap();
    terraform.apply().await.unwrap();
    for root in [HOME, STANDBY, JOIN, SHOP] {
        terraform.assert_unchanged(root).await.unwrap();
    }
    cloud.end().await.unwrap();
}
