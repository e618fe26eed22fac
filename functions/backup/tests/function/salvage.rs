use std::fs;

use lifeboat_backup::Outcome;
use serde_json::json;

use crate::region::Region;

#[tokio::test]
async fn what_a_replaced_region_still_holds_is_saved_once_and_what_was_lost_is_told() {
    let home = Region::home();
    let restored = home.create(60).await.backup;
    home.write(
        "posts",
        r#"{"posts":[{"id":"1","text":"hello"},{"id":"2","text":"late"}]}"#,
    );
    let event = json!({"action": "salvage", "epoch": 1, "against": restored});
    let first = home.reply("a", event.clone(), 120).await.unwrap();
    let Outcome::Salvaged { salvaged } = &first else {
        panic!("{first:?}")
    };
    assert_eq!(salvaged.lost.services["posts"], ["2"]);
    assert!(salvaged.lost.services["users"].is_empty());
    let keys = home.backups.keys();
    assert_eq!(home.reply("b", event, 180).await.unwrap(), first);
    assert_eq!(home.backups.keys(), keys);
    let listed = home.ask(json!({"action": "list"}), 180).await.unwrap();
    assert_eq!(
        listed,
        Outcome::Listed {
            backups: vec![restored],
            kept: vec![],
            notes: vec![]
        }
    );
}

#[tokio::test]
async fn a_region_that_has_lost_data_is_salvaged_as_far_as_it_goes_and_says_what_it_cannot_tell() {
    for (gone, data) in [("posts", None), ("posts", Some("{")), ("all", None)] {
        let home = Region::home();
        let restored = home.create(60).await.backup;
        for service in ["users", "posts"] {
            match data {
                _ if gone != "all" && gone != service => {}
                Some(data) => home.write(service, data),
                None => fs::remove_file(home.data(service)).unwrap(),
            }
        }
        let event = json!({"action": "salvage", "epoch": 1, "against": restored});
        let first = home.reply("a", event.clone(), 120).await.unwrap();
        let Outcome::Salvaged { salvaged } = &first else {
            panic!("{first:?}")
        };
        let why = &salvaged.lost.unknown["posts"];
        assert!(why.contains("no data") || why.contains("db.json"), "{why}");
        assert_eq!(salvaged.lost.services.contains_key("users"), gone != "all");
        let second = home.reply("b", event, 180).await.unwrap();
        assert_eq!(second, first, "and once");
    }
}

#[tokio::test]
async fn a_restored_backup_that_is_gone_keeps_nobody_from_saving_what_is_held() {
    let home = Region::home();
    let mut against = home.create(60).await.backup;
    against.name = "backup-20200101-000000".parse().unwrap();
    let event = json!({"action": "salvage", "epoch": 1, "against": against});
    let outcome = home.reply("a", event, 120).await.unwrap();
    let Outcome::Salvaged { salvaged } = outcome else {
        panic!("{outcome:?}")
    };
    assert!(salvaged.lost.unknown["users"].contains("is gone"));
    let saved = home.manifest(&salvaged.salvage);
    assert!(saved.services.contains_key("users"));
}

#[tokio::test]
async fn a_region_that_was_not_replaced_is_not_salvaged() {
    let home = Region::home();
    let restored = home.create(60).await.backup;
    let event = json!({"action": "salvage", "epoch": 0, "against": restored});
    let refused = home.reply("a", event, 120).await.unwrap_err();
    assert_eq!(refused.name(), "Stale");
}
