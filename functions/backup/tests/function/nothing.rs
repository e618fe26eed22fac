//! A service that holds nothing: its tasks may run beside whatever is done here.

use std::fs;

use lifeboat_backup::Outcome;
use lifeboat_core::configuration::Holds;
use serde_json::json;

use crate::region::{Region, by_execution};

/// Posts hold nothing there.
fn without_posts(mut region: Region) -> Region {
    let mut services = region.configuration.services.iter_mut();
    let posts = services.find(|service| service.name == "posts").unwrap();
    posts.holds = Holds::Nothing;
    region
}

#[tokio::test]
async fn it_is_in_no_backup_and_needs_no_folder() {
    let home = without_posts(Region::home());
    fs::remove_dir_all(home.folder.path().join("posts")).unwrap();
    let manifest = home.create(60).await;
    let services: Vec<&String> = manifest.services.keys().collect();
    assert_eq!(services, ["users"]);
    let standby = without_posts(Region::new("us-west-2").leased());
    home.backups.copy_to(&standby.backups);
    standby.ask(by_execution("newest"), 120).await.unwrap();
    assert_eq!(standby.read("users"), home.read("users"));
}

#[tokio::test]
async fn what_it_held_before_is_left_where_it_is_and_restored_by_nobody() {
    let home = Region::home();
    home.create(60).await;
    let standby = without_posts(Region::new("us-west-2").leased());
    standby.write("posts", "mine");
    home.backups.copy_to(&standby.backups);
    standby.ask(by_execution("newest"), 120).await.unwrap();
    assert_eq!(standby.read("posts"), "mine");
    let named = json!({
        "action": "restore", "backup": "newest", "services": ["posts"],
    });
    let standby = without_posts(Region::new("us-west-2"));
    home.backups.copy_to(&standby.backups);
    let refused = standby.ask(named, 120).await.unwrap_err().to_string();
    assert!(refused.contains("services"), "{refused}");
}

#[tokio::test]
async fn a_region_that_was_replaced_is_salvaged_without_it() {
    let home = without_posts(Region::home());
    let restored = home.create(60).await.backup;
    home.write("users", r#"{"users":[{"id":"2","name":"eve"}]}"#);
    home.write("posts", r#"{"posts":[{"id":"2","text":"late"}]}"#);
    let event = json!({"action": "salvage", "epoch": 1, "against": restored});
    let salvaged = home.reply("a", event, 120).await.unwrap();
    let Outcome::Salvaged { salvaged } = &salvaged else {
        panic!("{salvaged:?}")
    };
    let lost: Vec<&String> = salvaged.lost.services.keys().collect();
    assert_eq!(lost, ["users"]);
    assert!(salvaged.lost.unknown.is_empty());
}
