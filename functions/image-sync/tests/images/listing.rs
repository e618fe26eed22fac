//! What refers to an image is written down for a registry that does not know it by itself.

use lifeboat_image_sync::copy::{Companions, Done, Limits};
use serde_json::{Value, json};

use crate::{
    companions::{about, tagged},
    fake::{Fake, IMAGE, INDEX, Referrers},
    sets::{bring, wish},
    world::World,
};

/// An image with two that refer to it, in a region whose registry knows that; the other one's does not.
async fn world() -> (World, String, [String; 2]) {
    let world = World::new().await;
    world.own.inner().referrers = Referrers::Known;
    let image = world.own.image("forum/users", Some("v1"), "1");
    let both = ["contents", "signature"].map(|what| about(&world.own, None, &image, what));
    (world, image, both)
}

async fn copy(world: &World) -> Done {
    let all = Limits {
        companions: Companions::OfAll,
        ..Limits::default()
    };
    bring(world, &[wish("forum/users", "v1")], &all)
        .await
        .remove(0)
}

/// The digests that the image's list names, and the list.
fn listed(fake: &Fake, image: &str) -> Option<(Vec<String>, Value)> {
    let list = fake.tag("forum/users", &tagged(image, ""))?;
    let (media_type, bytes) = fake.content("forum/users", &list)?;
    assert_eq!(media_type, INDEX);
    let list: Value = serde_json::from_slice(&bytes).unwrap();
    let named = list["manifests"].as_array().unwrap().iter();
    let digests = named.map(|one| one["digest"].as_str().unwrap().to_owned());
    Some((digests.collect(), list))
}

#[tokio::test]
async fn what_comes_at_once_is_all_listed_with_its_kind_and_twice_it_is_listed_once() {
    let (world, image, mut both) = world().await;
    both.sort();
    for _ in 0..2 {
        let done = copy(&world).await;
        assert!(done.lost.is_empty(), "{done:?}");
        let (mut digests, list) = listed(&world.peer, &image).unwrap();
        digests.sort();
        assert_eq!(digests, both);
        for one in list["manifests"].as_array().unwrap() {
            let digest = one["digest"].as_str().unwrap();
            let (_, bytes) = world.peer.content("forum/users", digest).unwrap();
            let expected = json!({"mediaType": IMAGE, "artifactType": "x/y", "digest": digest, "size": bytes.len()});
            assert_eq!(*one, expected);
        }
    }
}

#[tokio::test]
async fn a_registry_that_knows_what_refers_to_an_image_is_given_no_list() {
    let (world, image, both) = world().await;
    world.peer.inner().referrers = Referrers::Known;
    for _ in 0..2 {
        let done = copy(&world).await;
        assert!(done.lost.is_empty(), "{done:?}");
    }
    assert_eq!(world.peer.tag("forum/users", &tagged(&image, "")), None);
    for digest in both {
        assert!(world.peer.content("forum/users", &digest).is_some());
    }
}

#[tokio::test]
async fn what_a_copy_that_was_cut_short_did_not_list_is_listed_by_the_next_one() {
    let (world, image, _) = world().await;
    copy(&world).await;
    let list = world.peer.tag("forum/users", &tagged(&image, "")).unwrap();
    world.peer.forget("forum/users", &list);
    copy(&world).await;
    assert_eq!(listed(&world.peer, &image).unwrap().0.len(), 2);
}

#[tokio::test]
async fn what_stood_in_the_list_stays_and_what_is_no_list_is_not_overwritten() {
    let (world, image, both) = world().await;
    let foreign = about(&world.peer, None, &image, "of somebody else");
    let list = json!({"schemaVersion": 2, "mediaType": INDEX, "annotations": {"by": "somebody"},
        "manifests": [{"mediaType": IMAGE, "digest": foreign, "size": 1}]});
    let tag = tagged(&image, "");
    world.peer.manifest("forum/users", Some(&tag), INDEX, &list);
    copy(&world).await;
    let (digests, list) = listed(&world.peer, &image).unwrap();
    assert_eq!((digests.len(), &digests[0]), (3, &foreign));
    assert!(both.iter().all(|digest| digests.contains(digest)));
    assert_eq!(list["annotations"]["by"], "somebody");

    let (world, image, _) = self::world().await;
    let tag = tagged(&image, "");
    let other = world.peer.image("forum/users", Some(&tag), "2");
    let done = copy(&world).await;
    let said = done.lost[0].to_string();
    assert!(
        said.contains("is something else: remove that tag, and copy again"),
        "{said}"
    );
    assert_eq!(world.peer.tag("forum/users", &tag), Some(other));
    assert_eq!(world.peer.tag("forum/users", "v1"), Some(image));
}
