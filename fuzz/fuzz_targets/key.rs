//! A key or a name of any text is none, or is written back as the very same: nothing in a bucket has two names.
#![no_main]

use std::path::{Component, Path};

use libfuzzer_sys::fuzz_target;
use lifeboat_core::backup::{BackupKey, BackupName, Choice, ContentId, FilePath, PackId};

fuzz_target!(|text: &str| {
    if let Some(backup) = BackupKey::of_manifest(text) {
        assert_eq!(backup.manifest(), text);
    }
    if let Some(backup) = BackupKey::of_kept(text) {
        assert!(text.starts_with(&backup.kept()));
    }
    if let Some(pack) = PackId::of_key(text) {
        assert_eq!(pack.key(), text);
    }
    if let Ok(name) = text.parse::<BackupName>() {
        assert_eq!(name.to_string(), text);
    }
    if let Ok(content) = text.parse::<ContentId>() {
        assert_eq!(content.to_string(), text);
    }
    if let Ok(path) = text.parse::<FilePath>() {
        assert_eq!(path.as_str(), text);
        let mut names = Path::new(text).components();
        assert!(names.all(|name| matches!(name, Component::Normal(_))));
    }
    if let Ok(choice) = Choice::try_from(text.to_owned()) {
        assert_eq!(Choice::try_from(String::from(choice)), Ok(choice));
    }
});
