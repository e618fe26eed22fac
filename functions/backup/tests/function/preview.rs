//! What a restore would do is told, and nothing is done.

use std::fs;

use lifeboat_backup::{Outcome, Preview};
use serde_json::{Value, json};

use crate::region::Region;

async fn preview(region: &Region, more: Value) -> Preview {
    let mut event = json!({"action": "preview", "backup": "newest"});
    let fields = event.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    match region.ask(event, 600).await.unwrap() {
        Outcome::Previewed { preview } => preview,
        other => panic!("{other:?}"),
    }
}

/// Everything that a preview could have touched: files with what they hold, and the keys of both buckets.
fn everything(region: &Region) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![];
    let mut folders = vec![region.folder.path().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => files.push((path.display().to_string(), fs::read(&path).unwrap())),
            }
        }
    }
    files.sort();
    let buckets = [&region.backups, region.control.bucket()];
    let keys = buckets.into_iter().flat_map(|bucket| bucket.keys());
    files.extend(keys.map(|key| (key, vec![])));
    files
}

#[tokio::test]
async fn what_a_restore_would_put_replace_remove_and_fetch_is_told_and_nothing_is_touched() {
    let home = Region::home();
    fs::write(home.data("users").with_file_name("same.txt"), "same").unwrap();
    home.create(60).await;
    let standby = Region::new("us-west-2");
    home.backups.copy_to(&standby.backups);
    standby.write("users", r#"{"users":["before"]}"#);
    fs::write(standby.data("users").with_file_name("same.txt"), "same").unwrap();
    fs::write(standby.data("users").with_file_name("old.txt"), "more").unwrap();
    let before = everything(&standby);
    let told = preview(&standby, json!({})).await;
    assert_eq!(everything(&standby), before);
    assert_eq!(told.refused, Vec::<String>::new());
    let users = &told.services["users"];
    let names = |paths: &[lifeboat_core::backup::FilePath]| {
        paths
            .iter()
            .map(|path| path.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&users.replaced), ["db.json"]);
    assert_eq!(names(&users.removed), ["old.txt"]);
    assert_eq!((users.put.len(), users.unchanged), (0, 1));
    let posts = &told.services["posts"];
    assert_eq!(names(&posts.put), ["db.json"]);
    assert!(told.fetched_bytes > 0);
    let only = preview(&standby, json!({"services": ["posts"]})).await;
    assert_eq!(only.services.len(), 1);
    assert!(only.fetched_bytes < told.fetched_bytes);
}

#[tokio::test]
async fn after_a_restore_nothing_is_left_to_do() {
    let home = Region::home();
    home.create(60).await;
    let standby = Region::new("us-west-2");
    home.backups.copy_to(&standby.backups);
    let restore = json!({"action": "restore", "backup": "newest"});
    standby.ask(restore, 120).await.unwrap();
    let told = preview(&standby, json!({})).await;
    assert_eq!(told.fetched_bytes, 0);
    for effects in told.services.values() {
        assert!(effects.put.is_empty() && effects.replaced.is_empty());
        assert_eq!(effects.unchanged, 1);
    }
}

#[tokio::test]
async fn why_a_restore_would_be_refused_is_told_instead_of_being_an_error() {
    let home = Region::home();
    let manifest = home.create(60).await;
    let name = manifest.backup.manifest();
    let serving = preview(&home, json!({})).await;
    assert!(
        serving.refused[0].contains("us-east-1 serves"),
        "{serving:?}"
    );
    assert_eq!(
        serving.services.len(),
        2,
        "and all the same what it would do"
    );

    let standby = Region::new("us-west-2");
    home.backups.copy_to(&standby.backups);
    standby.backups.set(&name, "{");
    let damaged = preview(&standby, json!({})).await;
    assert!(damaged.refused[0].contains("not a manifest"), "{damaged:?}");
    assert!(damaged.services.is_empty());

    let linked = Region::new("us-west-2");
    home.backups.copy_to(&linked.backups);
    let newer = name.replace("0000000000/us-east-1", "0000000001/us-west-2");
    linked.backups.set(&newer, "{");
    fs::create_dir_all(linked.folder.path().join("users")).unwrap();
    let choice = manifest.backup.name.to_string();
    let lower = preview(&linked, json!({"backup": "before 1970-01-01T00:01:01Z"})).await;
    assert!(lower.refused[0].contains("not a manifest"), "{lower:?}");
    linked.backups.remove(&newer);
    let later = newer.replace("000100", "000200");
    linked.backups.set(&later, "{");
    let lower = preview(&linked, json!({"backup": choice})).await;
    assert!(
        lower.refused[0].contains("overrides.lower_epoch"),
        "{lower:?}"
    );
    let because = json!({"backup": choice, "overrides": {"lower_epoch": "it is garbled"}});
    assert_eq!(
        preview(&linked, because).await.refused,
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn an_answer_lists_as_many_paths_as_fit_and_counts_the_others() {
    let home = Region::home();
    for file in 0..2100 {
        fs::write(home.data("users").with_file_name(format!("{file}")), "x").unwrap();
    }
    home.create(60).await;
    let standby = Region::new("us-west-2");
    home.backups.copy_to(&standby.backups);
    let told = preview(&standby, json!({})).await;
    let listed: usize = told
        .services
        .values()
        .map(|effects| effects.put.len())
        .sum();
    assert_eq!((listed, told.unlisted), (2000, 102));
}
