//! Five images of six layers that share bases, the same each time.

use lifeboat_image_sync::reference::Digest;
use reqwest::Client;
use serde_json::{Value, json};

use crate::registry::Server;

pub(crate) const IMAGES: usize = 5;
pub(crate) const TAG: &str = "v1";
const TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

pub(crate) fn repository(image: usize) -> String {
    format!("bench/r{image}")
}

/// How many megabytes, and from which seed.
fn layers(image: usize) -> [(usize, u64); 6] {
    let base = if image < 3 { 3 } else { 4 };
    let own = 10 * (image as u64 + 1);
    [
        (120, 1),
        (80, 2),
        (60, base),
        (40, own),
        (8, own + 1),
        (1, own + 2),
    ]
}

/// Nothing that compresses, as layers are.
fn bytes(megabytes: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(megabytes * 1_000_000);
    while bytes.len() < megabytes * 1_000_000 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes
}

pub(crate) async fn push(to: &Server) {
    let http = Client::new();
    for image in 0..IMAGES {
        let repository = repository(image);
        let mut named: Vec<Value> = vec![];
        for (megabytes, seed) in layers(image) {
            let content = bytes(megabytes, seed);
            named.push(blob(&http, to, &repository, LAYER, content).await);
        }
        let config = json!({"architecture": "amd64", "os": "linux", "created": "2026-01-01T00:00:00Z",
            "rootfs": {"type": "layers", "diff_ids": named.iter().map(|l| l["digest"].clone()).collect::<Vec<_>>()},
            "config": {"Labels": {"image": repository.clone()}}});
        let config = serde_json::to_vec(&config).unwrap();
        let config = blob(&http, to, &repository, CONFIG, config).await;
        let manifest =
            json!({"schemaVersion": 2, "mediaType": TYPE, "config": config, "layers": named});
        let put = http
            .put(format!("{}/v2/{repository}/manifests/{TAG}", to.endpoint))
            .header("content-type", TYPE)
            .body(serde_json::to_vec(&manifest).unwrap());
        assert!(put.send().await.unwrap().status().is_success());
    }
}

async fn blob(http: &Client, to: &Server, repository: &str, kind: &str, content: Vec<u8>) -> Value {
    let digest = Digest::of(&content);
    let named = json!({"mediaType": kind, "digest": digest, "size": content.len()});
    let begun = http.post(format!("{}/v2/{repository}/blobs/uploads/", to.endpoint));
    let begun = begun.send().await.unwrap();
    let place = begun.headers()["location"].to_str().unwrap();
    let put = http
        .put(format!("{place}&digest={digest}"))
        .header("content-type", "application/octet-stream")
        .body(content);
    assert!(put.send().await.unwrap().status().is_success());
    named
}
