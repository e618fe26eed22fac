//! What comes in bad, or goes bad meanwhile: nothing is touched by it, and each says what to do.

use std::fs;

use lifeboat_aws::memory::{Meddler, Memory};
use lifeboat_backup::Outcome;
use lifeboat_core::{
    Failure,
    backup::{Chunk, Damages, FilePath, Manifest, PackUse},
    configuration::Place,
};
use lifeboat_pack::{Compressor, Packer, Sealed, content_id};
use serde_json::{Value, json};

use crate::region::{Region, by_execution};

fn create() -> Value {
    json!({"action": "create"})
}

/// A standby into which this is to be restored, with data of its own.
fn standby_with(home: &Region, manifest: &Manifest, body: Vec<u8>) -> Region {
    let standby = Region::new("us-west-2").leased();
    standby.write("users", r#"{"users":["before"]}"#);
    home.backups.copy_to(&standby.backups);
    standby.backups.set(&manifest.backup.manifest(), body);
    standby
}

/// Nothing of it was put anywhere, neither in place nor beside it.
fn is_untouched(standby: &Region) {
    assert_eq!(standby.read("users"), r#"{"users":["before"]}"#);
    assert!(!standby.data("posts").exists());
    for service in fs::read_dir(standby.folder.path()).unwrap() {
        for entry in fs::read_dir(service.unwrap().path()).unwrap() {
            let path = entry.unwrap().path();
            let empty = path.is_dir() && fs::read_dir(&path).unwrap().count() == 0;
            assert!(empty || path == standby.data("users"), "{path:?}");
        }
    }
}

async fn refused(standby: &Region) -> Failure {
    standby.ask(by_execution("newest"), 120).await.unwrap_err()
}

#[tokio::test]
async fn a_service_of_which_every_file_vanishes_while_it_is_read_is_not_backed_up_as_empty() {
    let mut home = Region::with_bucket("us-east-1");
    for resources in home.configuration.regions.values_mut() {
        let posts = resources.services.get_mut("posts").unwrap();
        let (bucket, prefix) = ("data".into(), "posts/".into());
        posts.place = Place::Bucket { bucket, prefix };
    }
    home.put("users/db.json", r#"{"users":[]}"#);
    for key in ["posts/db.json", "posts/1"] {
        home.put(key, "[]");
    }
    let meddle = Meddler::new(|bucket: &Memory, _: &str| {
        for key in ["posts/db.json", "posts/1"] {
            bucket.remove(key);
        }
    });
    home.elsewhere.bucket.meddler.set(Some(meddle));
    let refused = home.ask(create(), 60).await.unwrap_err();
    assert_eq!(refused.name(), "Invalid");
    let said = refused.to_string();
    assert!(
        said.contains("data of posts") && said.contains("every one vanished"),
        "{said}"
    );
    let listed = home.ask(json!({"action": "list"}), 60).await.unwrap();
    assert!(
        matches!(&listed, Outcome::Listed { backups, .. } if backups.is_empty()),
        "{listed:?}"
    );
}

#[tokio::test]
async fn two_backups_at_once_are_two_and_in_one_second_they_are_one() {
    for (first, second) in [(60, 60), (60, 61)] {
        let home = Region::home();
        let (first, second) = tokio::join!(home.ask(create(), first), home.ask(create(), second));
        let created = |outcome: Result<Outcome, Failure>| match outcome {
            Ok(Outcome::Created(created)) => created.backup,
            other => panic!("{other:?}"),
        };
        let (first, second) = (created(first), created(second));
        let mut all = vec![first, second];
        all.dedup();
        for backup in all {
            let name = backup.name.to_string();
            let verify = json!({"action": "verify", "backup": name});
            home.ask(verify, 120).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_clock_that_goes_backwards_makes_no_old_backup_the_newest() {
    let home = Region::home();
    home.create(120).await;
    home.write("users", r#"{"users":["later"]}"#);
    let later = home.create(60).await;
    assert_eq!(later.backup.name.to_string(), "backup-19700101-000201");
    assert!(
        later.warnings[0].contains("see whether the clock is right"),
        "{:?}",
        later.warnings
    );
    let standby = Region::new("us-west-2").leased();
    home.backups.copy_to(&standby.backups);
    standby.ask(by_execution("newest"), 60).await.unwrap();
    assert_eq!(standby.read("users"), home.read("users"));
}

#[tokio::test]
async fn a_manifest_from_elsewhere_is_refused_says_what_to_do_and_is_remembered() {
    let home = Region::home();
    let manifest = home.create(60).await;
    let json = serde_json::to_value(&manifest).unwrap();
    let change = |pointer: &str, value: Value| {
        let mut changed = json.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        changed.to_string().into_bytes()
    };
    let mut unknown = json.clone();
    unknown["tags"] = json!([]);
    let mut elsewhere = json.clone();
    let files = elsewhere["services"]["users"].as_object_mut().unwrap();
    let file = files.remove("db.json").unwrap();
    files.insert("../../posts/db.json".into(), file);
    let large = json!(1_u64 << 50);
    for (body, says) in [
        (change("/application", json!("shop")), "found shop"),
        (
            change("/backup/region", json!("us-west-2")),
            "manifest.backup",
        ),
        (unknown.to_string().into_bytes(), "tags"),
        (elsewhere.to_string().into_bytes(), "a path below"),
        (b"<html>not found</html>".to_vec(), "not a manifest"),
        (b"".to_vec(), "not a manifest"),
        (vec![0xff; 100], "not a manifest"),
        (
            change("/services/users/db.json/bytes", large),
            "bytes together",
        ),
        (change("/packs/0/bytes", json!(u64::MAX)), "at most"),
    ] {
        let standby = standby_with(&home, &manifest, body);
        let refused = refused(&standby).await;
        assert_eq!(refused.name(), "NotVerified");
        let said = refused.to_string();
        assert!(said.contains(says) && said.contains("aws s3 cp"), "{said}");
        is_untouched(&standby);
        let noted = standby.control.bucket().body(Damages::KEY).unwrap();
        let noted: Damages = serde_json::from_slice(&noted).unwrap();
        assert!(noted.objects.contains_key(&manifest.backup.manifest()));
    }
    let newer = change("/format", json!(2));
    let standby = standby_with(&home, &manifest, newer);
    let said = refused(&standby).await.to_string();
    assert!(said.contains("a newer version of Lifeboat"), "{said}");
    is_untouched(&standby);
    let noted = standby.control.bucket().body(Damages::KEY);
    assert_eq!(noted, None, "it is no damage");
}

fn users(manifest: &mut Manifest) -> &mut lifeboat_core::backup::File {
    let path: FilePath = "db.json".parse().unwrap();
    let files = manifest.services.get_mut("users").unwrap();
    files.get_mut(&path).unwrap()
}

/// One pack with a chunk of zeros, and how the manifest tells of it.
fn zeros(manifest: &mut Manifest, bytes: u32) -> (String, Vec<u8>, Chunk) {
    let zeros = vec![0; 4 << 20];
    let sealed = Compressor::new(3).unwrap().seal(content_id(&zeros), &zeros);
    let sealed = Sealed {
        bytes,
        ..sealed.unwrap()
    };
    let mut packer = Packer::default();
    let entry = packer.place(&sealed);
    let pack = packer.finish();
    let length = pack.bytes.len() as u64;
    manifest.packs.push(PackUse {
        id: pack.id,
        bytes: length,
    });
    let chunk = Chunk {
        content: entry.id,
        pack: manifest.packs.len() as u32 - 1,
        offset: entry.offset,
        stored: entry.stored,
        bytes,
    };
    (pack.id.key(), pack.bytes, chunk)
}

#[tokio::test]
async fn a_frame_that_holds_more_than_its_chunk_is_opened_by_nobody() {
    let home = Region::home();
    let mut manifest = home.create(60).await;
    let (key, pack, chunk) = zeros(&mut manifest, 7);
    let file = users(&mut manifest);
    (file.bytes, file.chunks) = (7, vec![chunk]);
    let body = serde_json::to_vec(&manifest).unwrap();
    let standby = standby_with(&home, &manifest, body);
    standby.backups.set(&key, pack);
    let refused = refused(&standby).await;
    assert_eq!(refused.name(), "NotVerified");
    assert!(
        refused.to_string().contains("cannot be opened"),
        "{refused}"
    );
    assert_eq!(standby.read("users"), r#"{"users":["before"]}"#);
    assert!(!standby.data("posts").exists());
}

#[tokio::test]
async fn a_small_pack_that_would_fill_the_disk_is_refused_before_anything_is_written() {
    let home = Region::home();
    let mut manifest = home.create(60).await;
    let (key, pack, chunk) = zeros(&mut manifest, 4 << 20);
    let disk = rustix::fs::statvfs(home.folder.path()).unwrap();
    let free = disk.f_bavail * disk.f_frsize;
    let times = (free / (4 << 20) + 2) as usize;
    let file = users(&mut manifest);
    (file.bytes, file.chunks) = ((times as u64) << 22, vec![chunk; times]);
    let body = serde_json::to_vec(&manifest).unwrap();
    let standby = standby_with(&home, &manifest, body);
    standby.backups.set(&key, pack);
    let refused = refused(&standby).await;
    assert_eq!(refused.name(), "Refused");
    assert!(refused.to_string().contains("make room there"), "{refused}");
    is_untouched(&standby);
}

/// Where neither root nor anybody else makes a folder.
#[tokio::test]
async fn a_restore_to_where_the_function_may_not_write_is_refused_and_not_tried_again() {
    let home = Region::home();
    home.create(60).await;
    let mut standby = Region::new("us-west-2").leased();
    home.backups.copy_to(&standby.backups);
    standby.configuration.data_directory = "/sys/kernel".into();
    let refused = refused(&standby).await;
    assert_eq!(refused.name(), "Refused");
    let said = refused.to_string();
    assert!(
        said.contains("/sys/kernel/users") && said.contains("the function"),
        "{said}"
    );
}
