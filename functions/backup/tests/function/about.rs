//! What a bucket tells of an object beside its bytes goes with it.

use jiff::{SignedDuration, Timestamp};
use lifeboat_core::backup::About;
use serde_json::json;

use crate::{
    bucket::standby,
    region::{Region, by_execution},
};

const PICTURE: &str = "users/pictures/1";

fn pairs(name: &str, value: &str) -> std::collections::BTreeMap<String, String> {
    [(name.to_owned(), value.to_owned())].into()
}

fn picture() -> About {
    About {
        content_type: Some("image/png".into()),
        cache_control: Some("max-age=60".into()),
        content_disposition: Some("inline".into()),
        metadata: pairs("owner", "ada"),
        tags: pairs("stage", "live"),
        ..About::default()
    }
}

fn typed(content_type: &str) -> About {
    About {
        content_type: Some(content_type.into()),
        ..About::default()
    }
}

impl Region {
    /// As if it was written again at this time.
    fn describe(&self, key: &str, about: About, at: i64) {
        let bucket = &self.elsewhere.bucket;
        let at = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(at);
        bucket.now.set(at);
        bucket.describe(key, about);
    }

    fn about(&self, key: &str) -> About {
        self.elsewhere.bucket.about(key)
    }
}

fn home() -> Region {
    let home = Region::home_with_bucket();
    home.describe(PICTURE, picture(), 10);
    home
}

#[tokio::test]
async fn what_is_told_of_an_object_comes_back_with_it() {
    let home = home();
    let manifest = home.create(60).await;
    let files = &manifest.services["users"];
    let told = |path: &str| files[&path.parse().unwrap()].about.as_deref().cloned();
    assert_eq!(told("pictures/1"), Some(picture()));
    assert_eq!(
        told("db.json"),
        None,
        "nothing but what S3 takes for itself"
    );
    let standby = standby(&home);
    standby.ask(by_execution("newest"), 120).await.unwrap();
    assert_eq!(standby.about(PICTURE), picture());
    assert_eq!(standby.about("users/db.json"), About::default());
    standby.elsewhere.bucket.writes_left.set(Some(0));
    standby.ask(by_execution("newest"), 180).await.unwrap();
}

#[tokio::test]
async fn an_object_of_the_same_bytes_of_which_something_else_is_told_is_kept_and_put_again() {
    let home = home();
    home.create(60).await;
    let standby = standby(&home);
    standby.put(PICTURE, "picture");
    standby.describe(PICTURE, typed("text/plain"), 20);
    standby.ask(by_execution("newest"), 120).await.unwrap();
    assert_eq!(standby.about(PICTURE), picture());
    let kept = standby.only("replaced/");
    let kept = &kept.services["users"][&"pictures/1".parse().unwrap()];
    assert_eq!(kept.about.as_deref(), Some(&typed("text/plain")));

    // The next backup tells something else again, and what a restore has put there itself is not kept.
    home.describe(PICTURE, typed("image/gif"), 130);
    home.create(140).await;
    home.backups.copy_to(&standby.backups);
    standby.ask(by_execution("newest"), 200).await.unwrap();
    assert_eq!(standby.about(PICTURE), typed("image/gif"));
    standby.only("replaced/");
}

#[tokio::test]
async fn what_changes_of_an_object_without_its_bytes_is_in_the_next_backup_and_nothing_else_is_asked_for()
 {
    let home = home();
    home.create(60).await;
    let looked = &home.elsewhere.bucket.looked;
    let before = looked.get();
    home.create(120).await;
    assert_eq!(looked.get(), before, "a listing tells that nothing changed");
    home.describe(PICTURE, typed("image/gif"), 130);
    let created = home.created(180).await;
    let manifest = home.manifest(&created.backup);
    let file = &manifest.services["users"][&"pictures/1".parse().unwrap()];
    assert_eq!(file.about.as_deref(), Some(&typed("image/gif")));
    assert_eq!((created.sent, looked.get()), (0, before + 1));
}

#[tokio::test]
async fn what_could_not_be_put_back_is_left_out_and_warned_of() {
    let home = home();
    let mut wrong = picture();
    wrong.metadata = pairs("owner", "ada\r\nx-amz-acl: public-read");
    home.describe(PICTURE, wrong, 20);
    let manifest = home.create(60).await;
    let file = &manifest.services["users"][&"pictures/1".parse().unwrap()];
    assert_eq!(file.about, None);
    let said = &manifest.warnings[0];
    assert!(
        said.contains("pictures/1 of users") && said.contains("control characters"),
        "{said}"
    );
}

#[tokio::test]
async fn somebody_who_writes_right_after_a_restore_is_not_taken_for_it() {
    let home = home();
    home.create(60).await;
    let standby = standby(&home);
    standby.ask(by_execution("newest"), 120).await.unwrap();
    standby.describe(PICTURE, typed("text/plain"), 130);
    standby.ask(by_execution("newest"), 180).await.unwrap();
    assert_eq!(standby.about(PICTURE), picture());
    let preview = json!({"action": "preview", "backup": "newest"});
    let preview = standby.ask(preview, 240).await.unwrap();
    let preview = serde_json::to_value(preview).unwrap();
    assert!(!preview.to_string().contains("pictures/1"), "{preview}");
}
