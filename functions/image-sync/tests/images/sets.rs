//! Sets of images that share layers, between registries of each kind.

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_image_sync::{
    Registries,
    copy::{Became, Done, Limits, Wish, copy},
    platform::Platform,
    reference::{Digest, Reference},
    registry::Effort,
};
use proptest::{collection::vec, prelude::*};
use serde_json::json;

use crate::{
    fake::{Fake, IMAGE, INDEX, Mounts},
    world::{StillClock, World},
};

pub(crate) async fn bring(world: &World, wishes: &[Wish], limits: &Limits) -> Vec<Done> {
    let (own, peer) = (
        Registries::own(world).await.unwrap(),
        Registries::peer(world, Effort::PEER_AT_WORK).await.unwrap(),
    );
    copy(&own, &peer, wishes, limits, async |_| Ok(())).await
}

pub(crate) fn wish(repository: &str, tag: &str) -> Wish {
    Wish {
        from: repository.into(),
        to: repository.into(),
        reference: Reference::parse("tag", tag).unwrap(),
    }
}

/// An image of these layers, each as long as its number says.
fn image(fake: &Fake, repository: &str, tag: &str, layers: &BTreeSet<u8>) -> String {
    let layers: Vec<_> = layers
        .iter()
        .map(|layer| fake.blob(repository, &vec![*layer; 1 + usize::from(*layer) * 999]))
        .collect();
    let config = fake.blob(
        repository,
        format!("{{\"{repository}\": \"{tag}\"}}").as_bytes(),
    );
    let content = json!({"schemaVersion": 2, "config": config, "layers": layers});
    let described = fake.manifest(repository, Some(tag), IMAGE, &content);
    described["digest"].as_str().unwrap().to_owned()
}

/// How often each blob was written, all in all and at most into one repository.
fn sent(fake: &Fake) -> (BTreeMap<String, usize>, usize) {
    let (mut blobs, mut places) = (BTreeMap::new(), BTreeMap::<String, usize>::new());
    for line in fake.log() {
        let Some(("PUT", rest)) = line.split_once(' ') else {
            continue;
        };
        if let Some((path, digest)) = rest.split_once("digest=") {
            *blobs.entry(digest.to_owned()).or_default() += 1;
            let (repository, _) = path.split_once("/blobs/").unwrap();
            *places.entry(format!("{repository} {digest}")).or_default() += 1;
        }
    }
    (blobs, places.into_values().max().unwrap_or_default())
}

type Set = Vec<(u8, BTreeSet<u8>)>;

fn sets() -> impl Strategy<Value = Set> {
    let layers = proptest::collection::btree_set(0..8_u8, 0..6);
    vec((0..3_u8, layers), 1..6)
}

fn kinds() -> impl Strategy<Value = Mounts> {
    prop_oneof![
        Just(Mounts::AtOnce),
        Just(Mounts::AfterManifest),
        Just(Mounts::Never)
    ]
}

async fn prepared(set: &Set, mounts: Mounts) -> (World, Vec<(Wish, String)>) {
    let world = World::new().await;
    world.peer.inner().mounts = mounts;
    let images = set
        .iter()
        .enumerate()
        .map(|(number, (repository, layers))| {
            let (repository, tag) = (format!("forum/r{repository}"), format!("v{number}"));
            let digest = image(&world.own, &repository, &tag, layers);
            (wish(&repository, &tag), digest)
        });
    let images = images.collect();
    (world, images)
}

fn same(world: &World, images: &[(Wish, String)]) {
    for (wish, digest) in images {
        let tag = wish.reference.as_str();
        assert_eq!(world.peer.tag(&wish.to, tag).as_ref(), Some(digest));
        let content = world.peer.content(&wish.to, digest);
        assert_eq!(content, world.own.content(&wish.from, digest));
        let (own, peer) = (world.own.inner(), world.peer.inner());
        let (own, peer) = (&own.repositories[&wish.from], &peer.repositories[&wish.to]);
        for (blob, content) in own.blobs.iter().filter(|(blob, _)| {
            let named = &own.manifests[digest].1;
            String::from_utf8_lossy(named).contains(*blob)
        }) {
            assert_eq!(peer.blobs.get(blob), Some(content), "{blob}");
        }
    }
}

fn once(world: &World, mounts: Mounts) {
    let (blobs, most) = sent(&world.peer);
    assert!(most <= 1, "sent twice into one repository");
    if mounts != Mounts::Never {
        assert!(blobs.values().all(|times| *times == 1), "{blobs:?}");
    }
}

async fn whole(set: Set, mounts: Mounts, at_once: usize) {
    let (world, images) = prepared(&set, mounts).await;
    let wishes: Vec<Wish> = images.iter().map(|(wish, _)| wish.clone()).collect();
    let limits = Limits {
        at_once,
        ..Limits::default()
    };
    for done in bring(&world, &wishes, &limits).await {
        assert!(matches!(done.became, Ok(Became::Copied(_))), "{done:?}");
    }
    same(&world, &images);
    once(&world, mounts);
    world.own.inner().log.clear();
    world.peer.inner().log.clear();
    for done in bring(&world, &wishes, &limits).await {
        assert!(matches!(done.became, Ok(Became::UpToDate(_))), "{done:?}");
    }
    assert_eq!(
        world.own.log().len() + world.peer.log().len(),
        2 * images.len()
    );
}

async fn killed(set: Set, mounts: Mounts, at_once: usize, answers: u32) {
    let (world, images) = prepared(&set, mounts).await;
    let wishes: Vec<Wish> = images.iter().map(|(wish, _)| wish.clone()).collect();
    let limits = Limits {
        at_once,
        ..Limits::default()
    };
    world.peer.inner().answers_left = Some(answers);
    let dead = async {
        while world.peer.inner().answers_left != Some(0) {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        _ = bring(&world, &wishes, &limits) => {}
        () = dead => {}
    }
    // What was under way arrives unheard.
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    // Nothing is tagged that is not whole.
    for (wish, digest) in &images {
        if world.peer.tag(&wish.to, wish.reference.as_str()).is_some() {
            assert!(world.peer.content(&wish.to, digest).is_some());
        }
    }
    world.peer.inner().answers_left = None;
    for done in bring(&world, &wishes, &limits).await {
        assert!(done.became.is_ok(), "{done:?}");
    }
    same(&world, &images);
    once(&world, mounts);
}

fn run(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(test);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_blob_is_sent_once_and_the_target_is_the_source_at_any_concurrency(
        set in sets(), mounts in kinds(), at_once in 1..12_usize,
    ) {
        run(whole(set, mounts, at_once));
    }

    #[test]
    fn killed_anywhere_and_run_again_each_blob_was_sent_once(
        set in sets(), mounts in kinds(), at_once in 1..12_usize, answers in 1..60_u32,
    ) {
        run(killed(set, mounts, at_once, answers));
    }
}

#[tokio::test]
async fn a_chosen_platform_is_brought_and_where_the_target_takes_no_part_of_a_list_it_says_so() {
    let world = World::new().await;
    let children: Vec<_> = ["amd64", "arm64"]
        .map(|platform| {
            let digest = world.own.image("forum/users", None, platform);
            json!({"mediaType": IMAGE, "digest": digest, "size": 1, "platform": {"os": "linux", "architecture": platform}})
        })
        .into();
    let list = json!({"schemaVersion": 2, "manifests": children});
    let listed = world.own.manifest("forum/users", Some("v2"), INDEX, &list);
    let limits = Limits {
        platforms: vec![Platform::parse("platforms", "linux/arm64").unwrap()],
        ..Limits::default()
    };
    let done = bring(&world, &[wish("forum/users", "v2")], &limits).await;
    let Ok(Became::Parts { list, images, said }) = &done[0].became else {
        panic!("{done:?}")
    };
    assert_eq!(list.as_str(), listed["digest"]);
    assert_eq!(
        images,
        &[Digest::parse("", children[1]["digest"].as_str().unwrap()).unwrap()]
    );
    assert!(said.to_string().contains("MANIFEST_BLOB_UNKNOWN"), "{said}");
    assert!(
        world
            .peer
            .content("forum/users", images[0].as_str())
            .is_some()
    );
    assert!(
        world
            .peer
            .content("forum/users", children[0]["digest"].as_str().unwrap())
            .is_none()
    );
    assert_eq!(world.peer.tag("forum/users", "v2"), None);

    let none = Limits {
        platforms: vec![Platform::parse("platforms", "linux/s390x").unwrap()],
        ..Limits::default()
    };
    let done = bring(&world, &[wish("forum/users", "v2")], &none).await;
    let failure = done[0].became.clone().unwrap_err();
    assert!(
        failure.to_string().contains("has no image for linux/s390x"),
        "{failure}"
    );
}

#[tokio::test]
async fn what_is_not_done_in_time_is_unfinished_and_what_is_done_stays() {
    let _clock = StillClock::new();
    let world = World::new().await;
    world.own.image("forum/users", Some("v1"), "1");
    let limits = Limits {
        until: Some(tokio::time::Instant::now() + std::time::Duration::from_millis(300)),
        at_once: 1,
        ..Limits::default()
    };
    world.peer.inner().upload_lasts = std::time::Duration::from_millis(200);
    let done = bring(&world, &[wish("forum/users", "v1")], &limits).await;
    assert_eq!(done[0].became.clone().unwrap_err().name(), "Unfinished");
    world.peer.inner().upload_lasts = std::time::Duration::ZERO;
    let done = bring(&world, &[wish("forum/users", "v1")], &Limits::default()).await;
    assert!(matches!(done[0].became, Ok(Became::Copied(_))), "{done:?}");
    assert_eq!(sent(&world.peer).1, 1);
}
