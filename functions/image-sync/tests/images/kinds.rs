//! Images of every kind that people push.

use lifeboat_image_sync::copy::{Became, Limits};
use serde_json::{Value, json};

use crate::{
    fake::IMAGE,
    sets::{bring, wish},
    world::World,
};

const DOCKER: &str = "application/vnd.docker.distribution.manifest.v2+json";

fn typed(mut described: Value, media_type: &str) -> Value {
    described["mediaType"] = json!(media_type);
    described
}

/// Copies an image of these parts; answers what was written into the peer besides its manifest.
async fn copied(media_type: &str, layers: impl Fn(&World) -> Vec<Value>) -> Vec<String> {
    let world = World::new().await;
    let config = world.own.blob("forum/users", b"{}");
    let layers = layers(&world);
    let content =
        json!({"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": layers});
    let image = world
        .own
        .manifest("forum/users", Some("v1"), media_type, &content);
    let digest = image["digest"].as_str().unwrap();
    let done = bring(&world, &[wish("forum/users", "v1")], &Limits::default()).await;
    assert!(matches!(done[0].became, Ok(Became::Copied(_))), "{done:?}");
    let there = world.peer.content("forum/users", digest);
    assert_eq!(there, world.own.content("forum/users", digest));
    let writes = world.peer.writes().into_iter();
    let blobs = writes.filter_map(|line| Some(line.split_once("digest=")?.1.replace("%3A", ":")));
    blobs.collect()
}

#[tokio::test]
async fn an_image_of_dockers_kind_is_copied_with_a_layer_that_it_names_twice_sent_once() {
    let sent = copied(DOCKER, |world| {
        let layer = |content: &[u8]| {
            let gzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";
            typed(world.own.blob("forum/users", content), gzip)
        };
        let twice = layer(b"nothing changed");
        vec![twice.clone(), layer(b"files"), twice]
    });
    assert_eq!(sent.await.len(), 3);
}

#[tokio::test]
async fn a_layer_without_a_byte_and_one_of_zstd_are_copied_as_any_other() {
    let sent = copied(IMAGE, |world| {
        let layer = |content: &[u8], kind: &str| {
            let kind = format!("application/vnd.oci.image.layer.v1.tar{kind}");
            typed(world.own.blob("forum/users", content), &kind)
        };
        vec![layer(b"", ""), layer(b"\x28\xb5\x2f\xfd", "+zstd")]
    });
    assert_eq!(sent.await.len(), 3);
}

#[tokio::test]
async fn a_layer_that_is_to_be_had_elsewhere_stays_a_reference() {
    let sent = copied(DOCKER, |world| {
        let mut foreign = world.own.blob("forum/users", b"windows");
        foreign["urls"] = json!(["https://example.com/windows"]);
        let kind = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
        vec![typed(foreign, kind), world.own.blob("forum/users", b"ours")]
    });
    assert_eq!(sent.await.len(), 2);
}
