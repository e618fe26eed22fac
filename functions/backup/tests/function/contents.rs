use lifeboat_backup::Outcome;
use serde_json::json;

use crate::region::{Region, by_execution};

#[tokio::test]
async fn what_a_region_holds_is_told_as_what_a_restore_put_in_place() {
    let home = Region::home();
    home.create(60).await;
    let standby = Region::new("us-west-2").leased();
    home.backups.copy_to(&standby.backups);
    let restored = standby.ask(by_execution("newest"), 120).await.unwrap();
    let (Outcome::Restored { restored, .. }, Outcome::Contents { services }) = (
        restored,
        home.reply("a", json!({"action": "contents"}), 120)
            .await
            .unwrap(),
    ) else {
        panic!("other answers")
    };
    assert_eq!(restored.services, services);
    home.write("users", r#"{"users":[]}"#);
    let later = home.reply("b", json!({"action": "contents"}), 180).await;
    assert_ne!(later.unwrap(), Outcome::Contents { services });
}
