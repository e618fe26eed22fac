//! Registries that refuse, break off, want peace, or say what cannot be.

use std::time::{Duration, Instant};

use lifeboat_image_sync::{
    Registries,
    copy::{Became, Done, Limits, Missing, copy},
    reference::Digest,
    registry::Effort,
};
use serde_json::json;

use crate::{
    fake::{Fake, IMAGE, INDEX},
    sets::{bring, wish},
    world::World,
};

async fn with_image() -> (World, String) {
    let world = World::new().await;
    let digest = world.own.image("forum/users", Some("v2"), "2");
    (world, digest)
}

async fn one(world: &World) -> Done {
    let mut done = bring(world, &[wish("forum/users", "v2")], &Limits::default()).await;
    done.remove(0)
}

#[tokio::test]
async fn each_status_has_its_name_and_nothing_is_tagged() {
    for (status, name) in [
        (401, "Refused"),
        (403, "Refused"),
        (500, "Unavailable"),
        (502, "Unavailable"),
    ] {
        for side in [
            |world: &World| world.own.clone(),
            |world: &World| world.peer.clone(),
        ] {
            let (world, _) = with_image().await;
            side(&world).inner().status = Some(status);
            let failure = one(&world).await.became.unwrap_err();
            assert_eq!(failure.name(), name, "{status}: {failure}");
            assert!(
                failure.to_string().contains(&status.to_string()),
                "{failure}"
            );
            assert_eq!(world.peer.tag("forum/users", "v2"), None);
        }
    }
}

#[tokio::test]
async fn an_image_that_is_not_there_is_gone_and_costs_nobody_anything() {
    let world = World::new().await;
    assert_eq!(one(&world).await.became, Ok(Became::Gone));
    assert_eq!(world.peer.writes(), [""; 0]);
}

#[tokio::test]
async fn a_token_that_ends_midway_is_renewed_and_asked_for_once() {
    let (world, digest) = with_image().await;
    world.peer.inner().upload_takes = Duration::from_millis(100);
    let renewed = async {
        while world.peer.writes().is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        world.peer.inner().token = Some("eW91bmdlcg==".into());
        world.own.inner().token = Some("eW91bmdlcg==".into());
    };
    let (done, ()) = futures::join!(one(&world), renewed);
    assert_eq!(
        done.became,
        Ok(Became::Copied(Digest::parse("", &digest).unwrap()))
    );
    assert_eq!(world.peer.inner().tokens_given, 2);
    assert!(world.own.inner().tokens_given <= 2);
}

#[tokio::test]
async fn a_registry_that_wants_peace_is_given_it_for_as_long_as_it_says() {
    let (world, _) = with_image().await;
    {
        let mut peer = world.peer.inner();
        (peer.busy, peer.busy_for) = (2, 1);
    }
    let begun = Instant::now();
    let done = one(&world).await;
    assert!(matches!(done.became, Ok(Became::Copied(_))), "{done:?}");
    assert!(
        begun.elapsed() >= Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn a_registry_that_never_has_time_is_unavailable_and_nothing_is_tagged() {
    let (world, _) = with_image().await;
    {
        let mut peer = world.peer.inner();
        (peer.busy, peer.busy_for) = (u32::MAX, 0);
    }
    // Whose patience is short.
    let (own, peer) = (
        Registries::own(&world).await.unwrap(),
        Registries::peer(&world, Effort::PEER).await.unwrap(),
    );
    let wishes = [wish("forum/users", "v2")];
    let done = copy(&own, &peer, &wishes, &Limits::default(), async |_| Ok(())).await;
    let failure = done[0].became.clone().unwrap_err();
    assert_eq!(failure.name(), "Unavailable", "{failure}");
    assert!(world.peer.log().len() < 50, "it was given peace");
    assert_eq!(world.peer.tag("forum/users", "v2"), None);
}

#[tokio::test]
async fn a_registry_that_wants_more_peace_than_there_is_time_is_unavailable_at_once() {
    let (world, _) = with_image().await;
    {
        let mut own = world.own.inner();
        (own.busy, own.busy_for) = (100, 3600);
    }
    let failure = one(&world).await.became.unwrap_err();
    assert_eq!(failure.name(), "Unavailable");
    assert!(
        failure.to_string().contains("wants no request for 3"),
        "{failure}"
    );
    assert_eq!(
        world.own.log().len(),
        1,
        "nobody asks again before its time"
    );
}

#[tokio::test]
async fn a_blob_that_breaks_off_is_sent_whole_again_and_one_that_always_does_is_not_taken() {
    let (world, _) = with_image().await;
    world.own.inner().breaks = 2;
    let done = one(&world).await;
    assert!(matches!(done.became, Ok(Became::Copied(_))), "{done:?}");
    let (world, _) = with_image().await;
    world.own.inner().breaks = 1000;
    let failure = one(&world).await.became.unwrap_err();
    assert_eq!(failure.name(), "Unavailable");
    assert!(
        failure.to_string().starts_with("read blob forum/users@"),
        "{failure}"
    );
    assert_eq!(world.peer.tag("forum/users", "v2"), None);
}

#[tokio::test]
async fn a_manifest_that_lies_about_the_length_of_a_blob_is_not_taken() {
    for (change, said) in [(-1_i64, "is longer than"), (1, "ended after")] {
        let world = World::new().await;
        let mut layer = world.own.blob("forum/users", &[7; 5000]);
        layer["size"] = json!(5000 + change);
        let config = world.own.blob("forum/users", b"{}");
        let content = json!({"schemaVersion": 2, "config": config, "layers": [layer]});
        world
            .own
            .manifest("forum/users", Some("v2"), IMAGE, &content);
        let failure = one(&world).await.became.unwrap_err();
        assert_eq!(failure.name(), "NotVerified");
        assert!(failure.to_string().contains(said), "{failure}");
        assert_eq!(world.peer.tag("forum/users", "v2"), None);
    }
}

/// Lists in lists, the innermost of one image.
fn nested(fake: &Fake, depth: usize) {
    let mut digest = fake.image("forum/users", None, "1");
    for level in 0..depth {
        let tag = (level + 1 == depth).then_some("v2");
        let list = json!({"manifests": [{"mediaType": INDEX, "digest": digest, "size": 1}]});
        let listed = fake.manifest("forum/users", tag, INDEX, &list);
        digest = listed["digest"].as_str().unwrap().to_owned();
    }
}

#[tokio::test]
async fn a_list_of_lists_is_copied_as_deep_as_it_is_allowed_and_refused_beyond() {
    let world = World::new().await;
    nested(&world.own, 4);
    let done = one(&world).await;
    assert!(matches!(done.became, Ok(Became::Copied(_))), "{done:?}");
    let world = World::new().await;
    nested(&world.own, 5);
    let failure = one(&world).await.became.unwrap_err();
    assert_eq!(failure.name(), "Refused");
    assert!(
        failure.to_string().contains("list of lists deeper than 4"),
        "{failure}"
    );
    assert_eq!(world.peer.writes(), [""; 0]);
}

#[tokio::test]
async fn lists_that_name_each_other_cannot_be_what_their_digests_say() {
    let world = World::new().await;
    let [a, b] = ["a", "b"].map(|name| Digest::of(name.as_bytes()).to_string());
    for (digest, other) in [(&a, &b), (&b, &a)] {
        let list = json!({"manifests": [{"mediaType": INDEX, "digest": other, "size": 1}]});
        let mut inner = world.own.inner();
        let repository = inner.repositories.entry("forum/users".into()).or_default();
        let bytes = serde_json::to_vec(&list).unwrap();
        repository
            .manifests
            .insert(digest.clone(), (INDEX.into(), bytes));
        repository.tags.insert("v2".into(), digest.clone());
    }
    let failure = one(&world).await.became.unwrap_err();
    assert_eq!(failure.name(), "NotVerified");
    assert_eq!(world.peer.writes(), [""; 0]);
}

#[tokio::test]
async fn a_manifest_that_is_too_large_or_names_too_much_is_refused() {
    let world = World::new().await;
    let large = json!({"manifests": [], "x": "x".repeat(5 << 20)});
    world.own.manifest("forum/users", Some("v2"), INDEX, &large);
    let failure = one(&world).await.became.unwrap_err();
    assert!(
        failure.to_string().contains("the manifest is larger than"),
        "{failure}"
    );

    let children: Vec<_> = (0..250)
        .map(|number: u32| json!({"digest": Digest::of(&number.to_le_bytes()), "size": 1}))
        .collect();
    world.own.manifest(
        "forum/users",
        Some("v2"),
        INDEX,
        &json!({"manifests": children}),
    );
    let failure = one(&world).await.became.unwrap_err();
    assert!(
        failure
            .to_string()
            .contains("names more than 200 manifests"),
        "{failure}"
    );
    assert_eq!(world.peer.writes(), [""; 0]);
}

#[tokio::test]
async fn a_repository_that_is_missing_in_the_peer_is_created_where_that_is_wanted_and_named_where_not()
 {
    let (world, digest) = with_image().await;
    world.peer.inner().strict = true;
    let failure = one(&world).await.became.unwrap_err();
    assert_eq!(failure.name(), "Refused");
    let expected = "create the repository forum/users in us-west-2, and copy again";
    assert!(failure.to_string().ends_with(expected), "{failure}");
    let create = Limits {
        missing: Missing::Create,
        ..Limits::default()
    };
    bring(&world, &[wish("forum/users", "v2")], &create).await;
    assert_eq!(world.peer.tag("forum/users", "v2"), Some(digest));
    assert!(world.peer.log().contains(&"CREATE forum/users".to_owned()));
}

#[tokio::test]
async fn a_tag_that_may_not_move_is_kept_and_the_image_is_there_by_its_digest() {
    let (world, digest) = with_image().await;
    let kept = world.peer.image("forum/users", Some("v2"), "1");
    world.peer.inner().immutable = true;
    let done = one(&world).await;
    let Ok(Became::Kept {
        digest: brought,
        there,
        ..
    }) = done.became
    else {
        panic!("{done:?}")
    };
    assert_eq!(
        (brought.as_str(), there.unwrap().as_str()),
        (digest.as_str(), kept.as_str())
    );
    assert!(world.peer.content("forum/users", &digest).is_some());
    assert_eq!(world.peer.tag("forum/users", "v2"), Some(kept));
}

#[tokio::test]
async fn a_tag_that_was_moved_back_is_moved_back_by_one_write() {
    let (world, _) = with_image().await;
    let first = world.own.image("forum/users", Some("v2"), "1");
    one(&world).await;
    world.own.image("forum/users", Some("v2"), "2");
    one(&world).await;
    world.own.image("forum/users", Some("v2"), "1");
    world.peer.inner().log.clear();
    assert_eq!(
        one(&world).await.became,
        Ok(Became::Copied(Digest::parse("", &first).unwrap()))
    );
    assert_eq!(world.peer.writes(), ["PUT /v2/forum/users/manifests/v2"]);
}
