//! Any bytes are refused as a manifest, or are one that a restore may believe: nothing of it lies outside of the service's data or
//! of the packs that it names.
#![no_main]

use std::path::{Component, Path};

use libfuzzer_sys::fuzz_target;
use lifeboat_core::{
    Epoch, Region,
    backup::{
        BackupKey, FilePath, Files, LONGEST_CHUNK, LONGEST_PACK, Manifest, is_newer, reusable,
    },
};
use lifeboat_fuzz::counted;

fuzz_target!(|bytes: &[u8]| {
    let backup = BackupKey {
        epoch: Epoch(0),
        region: Region::new("us-east-1").unwrap(),
        name: "backup-20241123-120000".parse().unwrap(),
    };
    let newer = is_newer(bytes);
    let (parsed, memory) = counted(|| Manifest::parse(bytes, "forum", &backup));
    assert!(memory <= 64 * bytes.len() + (64 << 10), "{memory}");
    let Ok(manifest) = parsed else { return };
    assert!(!newer);
    assert!(manifest.packs.iter().all(|pack| pack.bytes <= LONGEST_PACK));
    for files in manifest.services.values() {
        check(&manifest, files);
    }
    let services: Vec<&str> = manifest.services.keys().map(String::as_str).collect();
    manifest.covers(services.iter().copied()).unwrap();
    assert!(manifest.needed(services).count() <= manifest.packs.len());
    assert_eq!(reusable(&manifest).len(), manifest.packs.len());
    manifest.bytes();

    let written = serde_json::to_vec(&manifest).unwrap();
    let again = Manifest::parse(&written, "forum", &backup).unwrap();
    assert_eq!(again, manifest);
});

fn check(manifest: &Manifest, files: &Files) {
    for (path, file) in files {
        let names = Path::new(path.as_str()).components();
        let names: Vec<Component<'_>> = names.collect();
        let below = |name: &Component<'_>| matches!(name, Component::Normal(_));
        assert!(!names.is_empty() && names.iter().all(below), "{path}");
        for above in path.folders() {
            let above: FilePath = above.parse().unwrap();
            assert!(!files.contains_key(&above), "{path} below a file");
        }
        let mut bytes = 0;
        for chunk in &file.chunks {
            let pack = &manifest.packs[chunk.pack as usize];
            assert!(u64::from(chunk.offset) + u64::from(chunk.stored) <= pack.bytes);
            assert!((1..=LONGEST_CHUNK).contains(&chunk.bytes));
            bytes += u64::from(chunk.bytes);
        }
        assert_eq!(bytes, file.bytes);
    }
}
