use lifeboat_backup::Outcome;
use serde_json::json;

use crate::region::{Region, by_execution};

#[tokio::test]
async fn a_backup_that_does_not_match_its_manifest_changes_nothing() {
    let home = Region::home();
    home.create(60).await;
    let pack = home.packs().pop().unwrap();
    let whole = home.backups.body(&pack).unwrap();
    let mut flipped = whole.clone();
    flipped[30] ^= 1;
    let damages = [flipped, whole[..20].to_vec(), vec![0; whole.len()], vec![]];
    for damage in damages {
        let standby = Region::new("us-west-2").leased();
        standby.write("users", r#"{"users":["before"]}"#);
        home.backups.copy_to(&standby.backups);
        standby.backups.set(&pack, damage);
        for event in [
            by_execution("newest"),
            json!({"action": "verify", "backup": "newest"}),
        ] {
            let refused = standby.ask(event, 120).await.unwrap_err();
            assert_eq!(refused.name(), "NotVerified", "{refused}");
        }
        assert_eq!(standby.read("users"), r#"{"users":["before"]}"#);
        assert!(!standby.data("posts").exists());
    }
    let standby = Region::new("us-west-2").leased();
    home.backups.copy_to(&standby.backups);
    standby.backups.remove(&pack);
    let refused = standby.ask(by_execution("newest"), 120).await.unwrap_err();
    assert_eq!(refused.name(), "NotVerified", "{refused}");
}

#[tokio::test]
async fn what_is_whole_is_verified_and_nothing_is_written() {
    let home = Region::home();
    let manifest = home.create(60).await;
    let keys = home.backups.keys();
    let verify = json!({"action": "verify", "backup": "newest"});
    let Outcome::Verified { verified } = home.ask(verify, 120).await.unwrap() else {
        panic!("another answer")
    };
    assert_eq!((verified.backup, verified.packs), (manifest.backup, 1));
    assert_eq!(verified.bytes, manifest.packs[0].bytes);
    assert_eq!(home.backups.keys(), keys);
}
