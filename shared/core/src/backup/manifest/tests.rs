use super::*;
use serde_json::{Value, json};

fn backup() -> BackupKey {
    BackupKey {
        epoch: crate::Epoch(0),
        region: crate::Region::new("us-east-1").unwrap(),
        name: "backup-20241123-120000".parse().unwrap(),
    }
}

fn hash(digit: char) -> String {
    digit.to_string().repeat(64)
}

/// A file of 5 bytes in one pack of 100.
fn sample() -> Value {
    json!({
        "format": 1,
        "application": "forum",
        "backup": backup(),
        "started": "2024-11-23T12:00:00Z",
        "finished": "2024-11-23T12:00:01Z",
        "previous": null,
        "services": {"posts": {"db.json": {
            "bytes": 5, "content": hash('a'), "chunks": [[0, 8, 14, 5, hash('a')]],
        }}},
        "packs": [{"id": hash('b'), "bytes": 100}],
    })
}

fn parse(manifest: &Value) -> Result<Manifest, Failure> {
    let bytes = serde_json::to_vec(manifest).unwrap();
    Manifest::parse(&bytes, "forum", &backup())
}

#[test]
fn what_is_written_is_read_again() {
    let manifest = parse(&sample()).unwrap();
    assert_eq!(serde_json::to_value(&manifest).unwrap(), sample());
    assert_eq!(manifest.bytes(), 5);
    assert_eq!(manifest.needed(["posts", "users"]).count(), 1);
    assert_eq!(manifest.needed(["users"]).count(), 0);
    assert!(manifest.covers(["posts"]).is_ok());
    let lacking = manifest.covers(["posts", "users"]).unwrap_err().to_string();
    assert!(lacking.contains("nothing of users"), "{lacking}");
}

#[test]
fn a_manifest_that_speaks_of_what_cannot_be_is_refused_and_says_why() {
    let file = "/services/posts/db.json";
    for (at, wrong, says) in [
        ("/format", json!(2), "a newer version of Lifeboat"),
        ("/format", json!(0), "format"),
        ("/application", json!("shop"), "shop"),
        ("/backup/epoch", json!(1), "manifest.backup"),
        ("/packs/0/bytes", json!(21), "within the packs"),
        ("/packs/0/bytes", json!(40_000_000), "at most"),
        ("/packs/0/id", json!("b"), "64 hexadecimal digits"),
        (&format!("{file}/bytes"), json!(6), "6 bytes together"),
        (&format!("{file}/chunks/0/0"), json!(1), "pack 1"),
        (&format!("{file}/chunks/0/3"), json!(0), "of 1 to"),
        (&format!("{file}/chunks/0/3"), json!(5_000_000), "of 1 to"),
        (
            &format!("{file}/chunks/0/1"),
            json!(u32::MAX),
            "within the packs",
        ),
    ] {
        let mut manifest = sample();
        *manifest.pointer_mut(at).unwrap() = wrong;
        let refused = parse(&manifest).unwrap_err();
        assert_eq!(refused.name(), "NotVerified");
        assert!(refused.to_string().contains(says), "{at}: {refused}");
    }
}

#[test]
fn what_is_told_of_a_file_is_read_again_and_refused_where_nobody_could_put_it_back() {
    let mut manifest = sample();
    let file = &mut manifest["services"]["posts"]["db.json"];
    file["about"] = json!({
        "content_type": "application/json", "metadata": {"owner": "ada"}, "tags": {"stage": "live"},
    });
    let parsed = parse(&manifest).unwrap();
    assert_eq!(serde_json::to_value(&parsed).unwrap(), manifest);
    for wrong in [
        json!({"metadata": {"owner": "ada\r\nx-amz-acl: public-read"}}),
        json!({"tags": {"": "x"}}),
        json!({"acl": "public-read"}),
    ] {
        manifest["services"]["posts"]["db.json"]["about"] = wrong;
        assert_eq!(parse(&manifest).unwrap_err().name(), "NotVerified");
    }
}

#[test]
fn no_name_in_it_leads_out_of_its_place() {
    let file = sample()["services"]["posts"]["db.json"].clone();
    for services in [
        json!({"posts": {"../users/db.json": file}}),
        json!({"posts": {"/etc/passwd": file}}),
        json!({"../posts": {"db.json": file}}),
        json!({"": {"db.json": file}}),
        json!({"posts": {"a": file, "a/b": file}}),
    ] {
        let mut manifest = sample();
        manifest["services"] = services;
        assert_eq!(parse(&manifest).unwrap_err().name(), "NotVerified");
    }
}

#[test]
fn a_pack_is_named_once_and_unknown_fields_are_no_manifest() {
    let mut twice = sample();
    twice["packs"] = json!([{"id": hash('b'), "bytes": 100}, {"id": hash('b'), "bytes": 100}]);
    assert!(
        parse(&twice)
            .unwrap_err()
            .to_string()
            .contains("each pack once")
    );
    let mut unknown = sample();
    unknown["extra"] = json!(1);
    assert!(parse(&unknown).unwrap_err().to_string().contains("extra"));
    assert!(Manifest::parse(b"", "forum", &backup()).is_err());
}

#[test]
fn a_pack_of_which_less_than_half_is_needed_is_not_built_on() {
    let mut manifest = parse(&sample()).unwrap();
    assert_eq!(reusable(&manifest), [true]);
    manifest.packs[0].bytes = 108;
    assert_eq!(reusable(&manifest), [true]);
    let files = manifest.services.get_mut("posts").unwrap();
    let file = files.values_mut().next().unwrap();
    file.chunks.push(file.chunks[0]);
    manifest.packs[0].bytes = 109;
    assert_eq!(reusable(&manifest), [false], "one chunk twice is one");
}
