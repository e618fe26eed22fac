use std::{fs, path::PathBuf};

use lifeboat_core::{Epoch, backup::BackupKey};

use crate::region::{Region, by_execution};

/// Written once by the version that introduced the format, and never again.
#[tokio::test]
async fn a_backup_of_format_1_is_restored_for_ever() {
    let written = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/format-1"));
    let standby = Region::new("us-west-2").leased();
    let backup = BackupKey {
        epoch: Epoch(0),
        region: standby.configuration.home.clone(),
        name: "backup-20241123-120000".parse().unwrap(),
    };
    let manifest = fs::read(written.join("manifest.json")).unwrap();
    standby.backups.set(&backup.manifest(), manifest);
    for pack in fs::read_dir(written.join("packs")).unwrap() {
        let pack = pack.unwrap();
        let name = pack.file_name().into_string().unwrap();
        let body = fs::read(pack.path()).unwrap();
        standby.backups.set(&format!("packs/{name}"), body);
    }
    standby.ask(by_execution("newest"), 120).await.unwrap();
    assert_eq!(
        standby.read("users"),
        r#"{"users":[{"id":"1","name":"ada"}]}"#
    );
    assert_eq!(
        standby.read("posts"),
        r#"{"posts":[{"id":"1","text":"hello"}]}"#
    );
    let picture = standby.folder.path().join("users/pictures/1.bin");
    assert_eq!(
        fs::read(picture).unwrap(),
        (0..=255).cycle().take(70_000).collect::<Vec<u8>>()
    );
    assert_eq!(
        fs::read(standby.folder.path().join("users/empty")).unwrap(),
        b""
    );
}
