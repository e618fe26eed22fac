//! What belongs to an image: signatures, lists of contents, attestations.

use lifeboat_image_sync::copy::{Became, Companions, Limits};
use serde_json::{Value, json};

use crate::{
    fake::{Fake, IMAGE, INDEX, Referrers},
    sets::{bring, wish},
    world::World,
};

/// A manifest of one small layer that refers to an image.
pub(crate) fn about(fake: &Fake, tag: Option<&str>, subject: &str, what: &str) -> String {
    let (config, layer) = (
        fake.blob("forum/users", b"{}"),
        fake.blob("forum/users", what.as_bytes()),
    );
    let mut content = json!({"schemaVersion": 2, "mediaType": IMAGE, "artifactType": "x/y", "config": config, "layers": [layer]});
    if tag.is_none() {
        content["subject"] = json!({"mediaType": IMAGE, "digest": subject, "size": 1});
    }
    let described = fake.manifest("forum/users", tag, IMAGE, &content);
    described["digest"].as_str().unwrap().to_owned()
}

pub(crate) fn tagged(digest: &str, end: &str) -> String {
    digest.replace(':', "-") + end
}

#[tokio::test]
async fn what_refers_to_an_image_comes_along_and_what_refers_to_that() {
    let world = World::new().await;
    world.own.inner().referrers = Referrers::Known;
    world.peer.inner().referrers = Referrers::Known;
    let image = world.own.image("forum/users", Some("v1"), "1");
    let contents = about(&world.own, None, &image, "contents");
    let signature = about(&world.own, None, &contents, "signature of the contents");
    let other = world.own.image("forum/users", None, "2");
    let foreign = about(&world.own, None, &other, "of another image");
    let done = bring(&world, &[wish("forum/users", "v1")], &Limits::default()).await;
    assert!(done[0].lost.is_empty(), "{done:?}");
    for digest in [&contents, &signature] {
        assert!(world.peer.content("forum/users", digest).is_some());
    }
    assert!(world.peer.content("forum/users", &foreign).is_none());
}

#[tokio::test]
async fn what_a_registry_tells_page_by_page_comes_along_to_the_last_page() {
    let world = World::new().await;
    world.own.inner().referrers = Referrers::Paged;
    let image = world.own.image("forum/users", Some("v1"), "1");
    let all =
        ["contents", "signature", "attestation"].map(|what| about(&world.own, None, &image, what));
    let done = bring(&world, &[wish("forum/users", "v1")], &Limits::default()).await;
    assert!(done[0].lost.is_empty(), "{done:?}");
    for digest in all {
        assert!(world.peer.content("forum/users", &digest).is_some());
    }
}

#[tokio::test]
async fn a_registry_that_knows_no_referrers_is_asked_for_their_tags() {
    for unknown in [Referrers::NotFound, Referrers::BadRequest] {
        let world = World::new().await;
        world.own.inner().referrers = unknown;
        world.peer.inner().referrers = unknown;
        let image = world.own.image("forum/users", Some("v1"), "1");
        let signature = about(
            &world.own,
            Some(&tagged(&image, ".sig")),
            &image,
            "signature",
        );
        let attested = about(
            &world.own,
            Some(&tagged(&image, ".att")),
            &image,
            "attested",
        );
        let contents = about(&world.own, None, &image, "contents");
        let list: Value = json!({"schemaVersion": 2, "manifests": [{"mediaType": IMAGE, "digest": contents, "size": 1}]});
        world
            .own
            .manifest("forum/users", Some(&tagged(&image, "")), INDEX, &list);
        bring(&world, &[wish("forum/users", "v1")], &Limits::default()).await;
        for (end, digest) in [(".sig", signature), (".att", attested)] {
            assert_eq!(
                world.peer.tag("forum/users", &tagged(&image, end)),
                Some(digest)
            );
        }
        assert!(world.peer.content("forum/users", &contents).is_some());
        assert!(world.peer.tag("forum/users", &tagged(&image, "")).is_some());
    }
}

#[tokio::test]
async fn what_was_signed_after_it_was_copied_is_found_where_that_is_asked_for() {
    let world = World::new().await;
    let image = world.own.image("forum/users", Some("v1"), "1");
    let wishes = [wish("forum/users", "v1")];
    bring(&world, &wishes, &Limits::default()).await;
    let tag = tagged(&image, ".sig");
    let signature = about(&world.own, Some(&tag), &image, "signature");
    bring(&world, &wishes, &Limits::default()).await;
    assert_eq!(world.peer.tag("forum/users", &tag), None);
    let all = Limits {
        companions: Companions::OfAll,
        ..Limits::default()
    };
    let done = bring(&world, &wishes, &all).await;
    assert!(
        matches!(done[0].became, Ok(Became::UpToDate(_))),
        "{done:?}"
    );
    assert_eq!(world.peer.tag("forum/users", &tag), Some(signature));
}

#[tokio::test]
async fn a_signature_that_cannot_be_brought_is_told_and_the_image_is_there() {
    let world = World::new().await;
    let image = world.own.image("forum/users", Some("v1"), "1");
    let tag = tagged(&image, ".sig");
    let signature = about(&world.own, Some(&tag), &image, "signature");
    world.own.inner().rotten.insert(signature);
    let done = bring(&world, &[wish("forum/users", "v1")], &Limits::default()).await;
    assert!(matches!(done[0].became, Ok(Became::Copied(_))), "{done:?}");
    assert_eq!(done[0].lost[0].name(), "NotVerified");
    assert_eq!(world.peer.tag("forum/users", &tag), None);
    assert_eq!(world.peer.tag("forum/users", "v1"), Some(image));
}
