//! What a restore has put in place is known to the next one, and what it has left beside it is gone.

use std::{fs, path::Path};

use futures::executor::block_on;
use jiff::{SignedDuration, Timestamp};
use lifeboat_backup::Outcome;
use lifeboat_core::idle::Idle;
use serde_json::json;

use crate::{
    refresh::probed,
    region::{Region, by_execution},
};

/// A moment from now, when what was written now tells by its times that it has not changed since.
pub(crate) fn soon() -> i64 {
    Timestamp::now().as_second() + 100
}

/// Passive, with home's backups.
fn standby_of(home: &Region) -> Region {
    let standby = Region::new("us-west-2");
    home.backups.copy_to(&standby.backups);
    standby
}

async fn restored(region: &Region, at: i64) {
    let event = json!({"action": "restore", "backup": "newest"});
    region.ask(event, at).await.unwrap();
}

pub(crate) fn replaced(region: &Region) -> usize {
    let keys = region.backups.keys();
    keys.iter()
        .filter(|key| key.starts_with("replaced/"))
        .count()
}

/// What a restore has left beside the data.
pub(crate) fn left(folder: &Path) -> Vec<String> {
    let mut left = vec![];
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.display().to_string().contains("/.lifeboat-") {
                left.push(path.display().to_string());
            }
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    left
}

#[tokio::test]
async fn what_no_backup_has_is_kept_before_it_is_replaced_or_removed() {
    let (home, now) = (Region::home(), soon());
    let old = home.create(now).await.backup;
    let standby = standby_of(&home);
    restored(&standby, now).await;
    home.write("posts", r#"{"posts":["new"]}"#);
    home.create(now + 1).await;
    home.backups.copy_to(&standby.backups);
    for (count, change) in [
        (
            1,
            &(|standby: &Region| standby.write("posts", "written here")) as &dyn Fn(&Region),
        ),
        (2, &|standby: &Region| {
            fs::write(standby.data("posts").with_file_name("x"), "x").unwrap()
        }),
        (3, &|standby: &Region| {
            // What was put there is of a backup that has been pruned since.
            standby.backups.remove(&old.manifest());
            let body = standby.control.bucket().body("placed.json").unwrap();
            let body = String::from_utf8(body).unwrap();
            let newest = lifeboat_core::backup::BackupName::new(old.name.kind, {
                Timestamp::UNIX_EPOCH + SignedDuration::from_secs(now + 1)
            });
            let body = body.replace(&newest.to_string(), &old.name.to_string());
            standby.control.bucket().set("placed.json", body);
            home.write("posts", r#"{"posts":["newer"]}"#);
        }),
    ] {
        change(&standby);
        if count == 3 {
            home.create(now + 9).await;
            home.backups.copy_to(&standby.backups);
            standby.backups.remove(&old.manifest());
        }
        restored(&standby, now + 1 + count).await;
        assert_eq!(standby.read("posts"), home.read("posts"));
        assert_eq!(replaced(&standby), count as usize);
    }
}

#[tokio::test]
async fn what_one_that_was_killed_left_is_used_or_goes() {
    let (home, now) = (Region::home(), soon());
    home.create(now).await;
    let standby = standby_of(&home);
    let users = standby.folder.path().join("users");
    for stage in [".lifeboat-1", ".lifeboat-2"] {
        let stage = users.join(stage);
        fs::create_dir_all(stage.join("pictures")).unwrap();
        fs::write(stage.join("db.json"), home.read("users")).unwrap();
        fs::write(stage.join(".lifeboat-db.json"), "half").unwrap();
        fs::write(stage.join("pictures/1"), "of another backup").unwrap();
    }
    fs::write(users.join(".lifeboat-db.json"), "of an older version").unwrap();
    restored(&standby, now).await;
    assert_eq!(standby.read("users"), home.read("users"));
    assert_eq!(left(standby.folder.path()), Vec::<String>::new());
    assert!(!users.join("pictures").exists());
}

#[tokio::test]
async fn what_is_noted_is_believed_and_what_cannot_be_is_read() {
    let (home, now) = (Region::home(), soon());
    home.create(now).await;
    let standby = standby_of(&home);
    restored(&standby, now).await;
    let bucket = standby.control.bucket();
    let noted = String::from_utf8(bucket.body("placed.json").unwrap()).unwrap();
    assert!(noted.contains("db.json") && !noted.contains("hello"));
    // As if another content had been put there: it is put there again, and was in a backup.
    let content = home.only("backups/").services["posts"]
        .values()
        .next()
        .unwrap()
        .content
        .to_string();
    let preview = json!({"action": "preview", "backup": "newest", "services": ["posts"]});
    let unchanged = async || match standby.ask(preview.clone(), now).await.unwrap() {
        Outcome::Previewed { preview } => preview.services["posts"].unchanged,
        other => panic!("{other:?}"),
    };
    assert_eq!(unchanged().await, 1);
    bucket.set("placed.json", noted.replace(&content, &"0".repeat(64)));
    assert_eq!(unchanged().await, 0, "nobody has read it");
    for damaged in ["", "{}", &noted.replace("\"schema\":1", "\"schema\":9")] {
        bucket.set("placed.json", damaged);
        assert_eq!(unchanged().await, 1);
        restored(&standby, now).await;
        let again = String::from_utf8(bucket.body("placed.json").unwrap()).unwrap();
        assert_eq!(again, noted);
    }
}

#[tokio::test]
async fn a_restore_that_cannot_be_noted_is_done_all_the_same() {
    let (home, now) = (Region::home(), soon());
    home.create(now).await;
    let standby = standby_of(&home);
    standby.control.bucket().writes_left.set(Some(0));
    restored(&standby, now).await;
    assert_eq!(standby.read("posts"), home.read("posts"));
    assert!(standby.control.bucket().body("placed.json").is_none());
}

/// The times of a file that was put there a moment ago do not tell yet.
#[tokio::test]
async fn what_was_put_in_place_a_moment_ago_is_noted_after_a_wait_where_nobody_waits_for_it() {
    let home = Region::home();
    let now = Timestamp::now().as_second();
    home.create(now).await;
    let by_hand = json!({"action": "restore", "backup": "newest"});
    let by_schedule = json!({"action": "refresh"});
    for (event, waits) in [
        (by_execution("newest"), false),
        (by_hand, false),
        (by_schedule, true),
    ] {
        let mut standby = standby_of(&home);
        if event == by_execution("newest") {
            standby = standby.leased();
        }
        probed(&standby, Idle::Yes, now - 30);
        let began = Timestamp::now();
        standby.now(event).await.unwrap();
        let took = Timestamp::now().duration_since(began).as_secs();
        assert_eq!(took >= 3, waits);
        let noted = standby.control.bucket().body("placed.json").unwrap();
        let noted = String::from_utf8(noted).unwrap();
        assert_eq!(noted.contains("db.json"), waits, "{noted}");
    }
}

#[tokio::test]
async fn one_that_is_late_puts_nothing_in_place_once_another_restore_has_begun() {
    let (home, now) = (Region::home(), soon());
    fs::write(home.data("posts").with_file_name("old"), "old").unwrap();
    home.create(now).await;
    let standby = standby_of(&home);
    standby.write(
        "users",
        r#"{"users":["what the older backup has no more"]}"#,
    );
    fs::write(standby.data("users").with_file_name("x"), "x").unwrap();
    home.write("posts", r#"{"posts":["new"]}"#);
    fs::write(home.data("users").with_file_name("x"), "x").unwrap();
    home.create(now + 1).await;
    // Each has as good a right as the other.
    let by_hand = json!({"action": "restore", "backup": "newest"});
    let late = standby
        .meanwhile(by_hand.clone(), now, |asked| {
            if asked == 2 {
                home.backups.copy_to(&standby.backups);
                block_on(standby.ask(by_hand.clone(), now + 2)).unwrap();
            }
        })
        .await;
    assert_eq!(late.unwrap_err().name(), "Unavailable");
    for service in ["users", "posts"] {
        assert_eq!(standby.read(service), home.read(service));
    }
    assert!(standby.data("users").with_file_name("x").exists());
    let noted = standby.control.bucket().body("placed.json").unwrap();
    restored(&standby, now + 3).await;
    assert_eq!(standby.control.bucket().body("placed.json").unwrap(), noted);
    assert_eq!(left(standby.folder.path()), Vec::<String>::new());
}
