//! A service whose data is the objects of a bucket.

use std::sync::{Arc, Mutex};

use lifeboat_aws::memory::{Meddler, Memory};
use lifeboat_backup::Outcome;
use lifeboat_core::{backup::Reading, configuration::Place};
use serde_json::json;

use crate::region::{Region, by_execution};

impl Region {
    /// Users' data is in a bucket; posts' stays in its folder.
    pub(crate) fn with_bucket(name: &str) -> Self {
        let mut region = Self::new(name);
        for resources in region.configuration.regions.values_mut() {
            let users = resources.services.get_mut("users").unwrap();
            let (bucket, prefix) = ("data".into(), "users/".into());
            users.place = Place::Bucket { bucket, prefix };
        }
        region.configuration.validate().unwrap();
        region.elsewhere.bucket.set("other/1", "not ours");
        region
    }

    pub(crate) fn home_with_bucket() -> Self {
        let home = Self::with_bucket("us-east-1");
        home.write("posts", r#"{"posts":[]}"#);
        home.put("users/db.json", r#"{"users":[{"id":"1"}]}"#);
        home.put("users/pictures/1", "picture");
        home.put("users/empty", "");
        home
    }

    pub(crate) fn put(&self, key: &str, body: impl Into<Vec<u8>>) {
        self.elsewhere.bucket.set(key, body);
    }

    fn object(&self, key: &str) -> Option<String> {
        let body = self.elsewhere.bucket.body(key);
        body.map(|body| String::from_utf8(body).unwrap())
    }
}

/// A standby that has what home has backed up, and older objects.
pub(crate) fn standby(home: &Region) -> Region {
    let standby = Region::with_bucket("us-west-2").leased();
    standby.put("users/db.json", r#"{"users":["before"]}"#);
    standby.put("users/old", "old");
    home.backups.copy_to(&standby.backups);
    standby
}

fn is_restored(standby: &Region, home: &Region) -> bool {
    let key = |region: &Region, key: &str| region.object(key);
    let same = |name: &str| key(standby, name) == key(home, name);
    ["users/db.json", "users/pictures/1", "users/empty"]
        .into_iter()
        .all(same)
        && standby.object("users/old").is_none()
}

#[tokio::test]
async fn objects_are_restored_into_the_other_regions_bucket_and_what_they_replace_is_kept() {
    let home = Region::home_with_bucket();
    home.create(60).await;
    let standby = standby(&home);
    for at in [120, 180] {
        standby.ask(by_execution("newest"), at).await.unwrap();
        assert!(is_restored(&standby, &home));
        let kept = standby.only("replaced/");
        let names: Vec<&str> = kept.services["users"].keys().map(|p| p.as_str()).collect();
        assert_eq!(names, ["db.json", "old"]);
    }
    assert_eq!(standby.object("other/1").unwrap(), "not ours");
    assert_eq!(
        standby.elsewhere.bucket.keys().len(),
        4,
        "and nothing is left beside them"
    );
}

#[tokio::test]
async fn an_object_that_did_not_change_is_not_read_again() {
    let home = Region::home_with_bucket();
    home.create(60).await;
    let read = Arc::new(Mutex::new(vec![]));
    let reads = read.clone();
    let seen =
        Meddler::new(move |_: &Memory, key: &str| reads.lock().unwrap().push(key.to_owned()));
    home.elsewhere.bucket.meddler.set(Some(seen));
    assert_eq!(home.created(120).await.sent, 0);
    assert_eq!(*read.lock().unwrap(), [""; 0]);
    home.put("users/pictures/1", "another");
    assert!(home.created(180).await.sent > 0);
    assert_eq!(*read.lock().unwrap(), ["users/pictures/1"]);
}

/// Longer than what is asked for at once.
fn long(version: u8) -> Vec<u8> {
    vec![version; 5 << 20]
}

#[tokio::test]
async fn an_object_that_changes_while_it_is_read_is_read_again_and_never_mixed_unseen() {
    let path = "pictures/1".parse().unwrap();
    for changes in [1, 3, u8::MAX] {
        let home = Region::home_with_bucket();
        home.put("users/pictures/1", long(u8::MAX));
        let left = Mutex::new(changes);
        let meddle = Meddler::new(move |bucket: &Memory, key: &str| {
            let mut left = left.lock().unwrap();
            if key == "users/pictures/1" && *left > 0 {
                *left -= 1;
                bucket.set(key, long(*left));
            }
        });
        home.elsewhere.bucket.meddler.set(Some(meddle));
        let manifest = home.create(60).await;
        let file = &manifest.services["users"][&path];
        let held = changes < u8::MAX;
        assert_eq!(file.reading == Reading::Consistent, held, "{changes}");
        assert_eq!(
            manifest.warnings.is_empty(),
            held,
            "{:?}",
            manifest.warnings
        );
        assert_eq!(file.mark.is_some(), held);
        if !held {
            assert!(manifest.warnings[0].contains("pictures/1 of users changed each time"));
        }
    }
}

#[tokio::test]
async fn an_object_that_comes_back_as_it_was_between_two_parts_is_not_taken_for_held() {
    let home = Region::home_with_bucket();
    home.put("users/pictures/1", vec![0; 9 << 20]);
    // The second of three parts is another version's, each time.
    let count = Mutex::new(0);
    let meddle = Meddler::new(move |bucket: &Memory, key: &str| {
        let mut count = count.lock().unwrap();
        if key == "users/pictures/1" {
            *count += 1;
            let version = u8::from(*count % 3 == 1);
            bucket.set(key, vec![version; 9 << 20]);
        }
    });
    home.elsewhere.bucket.meddler.set(Some(meddle));
    let manifest = home.create(60).await;
    let file = &manifest.services["users"][&"pictures/1".parse().unwrap()];
    assert_eq!(file.reading, Reading::ChangedMeanwhile);
}

#[tokio::test]
async fn an_object_that_vanished_and_a_key_that_is_no_path_are_warned_of() {
    let home = Region::home_with_bucket();
    for key in [
        "users/",
        "users//a",
        "users/a/",
        "users/../posts/db.json",
        "users/empty/too",
    ] {
        home.put(key, "");
    }
    let meddle = Meddler::new(|bucket: &Memory, _: &str| bucket.remove("users/pictures/1"));
    home.elsewhere.bucket.meddler.set(Some(meddle));
    let manifest = home.create(60).await;
    let names: Vec<&str> = manifest.services["users"]
        .keys()
        .map(|p| p.as_str())
        .collect();
    assert_eq!(names, ["db.json", "empty/too"]);
    let said = manifest.warnings.join("\n");
    for part in [
        "\"/a\" of users is no path",
        "\"a/\" of users is no path",
        "\"../posts/db.json\" of users is no path",
        "empty of users is an object where others have a folder",
        "pictures/1 of users vanished while it was backed up",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert_eq!(manifest.warnings.len(), 5);
    home.elsewhere.bucket.meddler.set(None);
    let standby = standby(&home);
    standby.put("users//a", "left alone");
    standby.ask(by_execution("newest"), 120).await.unwrap();
    assert_eq!(standby.object("users//a").unwrap(), "left alone");
}

#[tokio::test]
async fn a_prefix_without_objects_and_a_bucket_that_does_not_answer_are_named() {
    let home = Region::with_bucket("us-east-1");
    home.write("posts", r#"{"posts":[]}"#);
    let create = json!({"action": "create"});
    let refused = home.ask(create.clone(), 60).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "data of users: expected files in data/users/, found none; see whether bucket and prefix are the right ones"
    );
    home.put("users/db.json", "{}");
    home.elsewhere.bucket.dead.set(true);
    let failed = home.ask(create, 60).await.unwrap_err();
    assert_eq!(failed.name(), "Unavailable");
    assert_eq!(
        failed.to_string(),
        "list data/users/ in us-east-1: timed out"
    );
    assert!(home.backups.keys().is_empty());
}

#[tokio::test]
async fn an_object_that_should_hold_json_and_does_not_is_refused_by_its_name() {
    let home = Region::home_with_bucket();
    home.put("users/db.json", "{");
    let refused = home.ask(json!({"action": "create"}), 60).await.unwrap_err();
    assert_eq!(refused.name(), "Invalid");
    assert!(
        refused
            .to_string()
            .contains("data/users/db.json holding JSON"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_restore_that_was_killed_anywhere_is_gone_on_with() {
    for writes in 0..5 {
        let home = Region::home_with_bucket();
        home.create(60).await;
        let standby = standby(&home);
        standby.elsewhere.bucket.writes_left.set(Some(writes));
        let killed = standby.ask(by_execution("newest"), 120).await;
        assert_eq!(killed.is_err(), writes < 4, "{writes}");
        standby.elsewhere.bucket.writes_left.set(None);
        standby.ask(by_execution("newest"), 180).await.unwrap();
        assert!(is_restored(&standby, &home));
    }
}

#[tokio::test]
async fn a_backup_that_is_damaged_or_cannot_be_kept_aside_changes_no_object() {
    let home = Region::home_with_bucket();
    home.create(60).await;
    let pack = home.packs().pop().unwrap();
    let unchanged = |standby: &Region| {
        standby.object("users/old").is_some() && standby.object("users/empty").is_none()
    };
    let standby = standby(&home);
    standby.backups.writes_left.set(Some(0));
    standby.ask(by_execution("newest"), 120).await.unwrap_err();
    assert!(unchanged(&standby));
    standby.backups.writes_left.set(None);
    let mut damaged = home.backups.body(&pack).unwrap();
    damaged[30] ^= 1;
    standby.backups.set(&pack, damaged);
    let refused = standby.ask(by_execution("newest"), 120).await.unwrap_err();
    assert_eq!(refused.name(), "NotVerified", "{refused}");
    assert!(unchanged(&standby));
}

#[tokio::test]
async fn a_rehearsal_touches_no_object_and_refuses_what_a_restore_would() {
    let home = Region::home_with_bucket();
    home.create(60).await;
    let standby = standby(&home);
    let before = standby.elsewhere.bucket.keys();
    standby.elsewhere.bucket.writes_left.set(Some(0));
    let mut rehearse = by_execution("newest");
    rehearse["scratch"] = true.into();
    standby.ask(rehearse.clone(), 120).await.unwrap();
    assert_eq!(standby.elsewhere.bucket.keys(), before);
    let pack = standby.packs().pop().unwrap();
    standby.backups.set(&pack, "not what it was");
    let refused = standby.ask(rehearse, 120).await.unwrap_err();
    assert_eq!(refused.name(), "NotVerified");
}

#[tokio::test]
async fn what_a_bucket_holds_is_told_as_what_a_restore_put_in_place() {
    let home = Region::home_with_bucket();
    home.create(60).await;
    let standby = standby(&home);
    let restored = standby.ask(by_execution("newest"), 120).await.unwrap();
    let contents = json!({"action": "contents"});
    let contents = home.reply("a", contents, 120).await.unwrap();
    let (Outcome::Restored { restored, .. }, Outcome::Contents { services }) = (restored, contents)
    else {
        panic!("other answers")
    };
    assert_eq!(restored.services, services);
}

#[tokio::test]
async fn what_a_replaced_regions_bucket_still_holds_is_saved_once_and_what_was_lost_is_told() {
    let home = Region::home_with_bucket();
    let restored = home.create(60).await.backup;
    home.put("users/db.json", r#"{"users":[{"id":"1"},{"id":"2"}]}"#);
    home.put("users/pictures/2", "late");
    let event = json!({"action": "salvage", "epoch": 1, "against": restored});
    let first = home.reply("a", event.clone(), 120).await.unwrap();
    let Outcome::Salvaged { salvaged } = &first else {
        panic!("{first:?}")
    };
    assert_eq!(
        salvaged.lost.services["users"],
        ["2", "(the file pictures/2)"]
    );
    assert_eq!(home.reply("b", event.clone(), 180).await.unwrap(), first);
    home.elsewhere.bucket.dead.set(true);
    let outcome = home.reply("c", event, 240).await.unwrap();
    let Outcome::Salvaged { salvaged } = outcome else {
        panic!("{outcome:?}")
    };
    let why = &salvaged.lost.unknown["users"];
    assert!(
        why.contains("data/users/") && why.contains("timed out"),
        "{why}"
    );
    assert!(salvaged.lost.services["posts"].is_empty());
}

#[tokio::test]
async fn what_somebody_else_writes_after_it_was_looked_at_is_not_replaced() {
    let home = Region::home_with_bucket();
    home.create(60).await;
    let standby = standby(&home);
    let (data, count) = (standby.elsewhere.bucket.clone(), Mutex::new(0));
    let meddle = Meddler::new(move |_: &Memory, _: &str| {
        let mut count = count.lock().unwrap();
        *count += 1;
        data.set("users/empty", format!("written late, {count}"));
    });
    standby.backups.meddler.set(Some(meddle));
    let failed = standby.ask(by_execution("newest"), 120).await.unwrap_err();
    assert_eq!(failed.name(), "Unavailable");
    let said = failed.to_string();
    assert!(
        said.contains("data/users/empty in us-west-2: somebody else"),
        "{said}"
    );
    assert!(standby.object("users/empty").unwrap().contains("late"));
    standby.backups.meddler.set(None);
    standby.ask(by_execution("newest"), 180).await.unwrap();
    assert!(is_restored(&standby, &home));
}
