//! Reading again what lies in the peer.

use std::{collections::BTreeSet, time::Duration};

use lifeboat_image_sync::{
    Registries, Registry,
    copy::{Limits, Place},
    holds::{Verdict, holds},
    platform::Platform,
    reference::Digest,
    registry::Effort,
    verify::{Repair, Verified, repair, verify},
};
use tokio::time::Instant;

use crate::{
    fake::Removes,
    sets::{bring, wish},
    world::World,
};

struct Copied {
    world: World,
    own: Registry,
    peer: Registry,
    digest: Digest,
    layer: Digest,
}

async fn copied() -> Copied {
    let world = World::new().await;
    let digest = world.own.image("forum/users", Some("v1"), "1");
    bring(&world, &[wish("forum/users", "v1")], &Limits::default()).await;
    Copied {
        own: Registries::own(&world).await.unwrap(),
        peer: Registries::peer(&world, Effort::PEER_AT_WORK)
            .await
            .unwrap(),
        world,
        digest: Digest::parse("", &digest).unwrap(),
        layer: Digest::of("1".repeat(300_000).as_bytes()),
    }
}

impl Copied {
    fn there(&self) -> Place<'_> {
        Place::new(&self.peer, "forum/users")
    }

    async fn verify(&self) -> Verified {
        verify(self.there(), &self.digest, BTreeSet::new(), None)
            .await
            .unwrap()
    }

    async fn holds(&self, platforms: &[&str]) -> Verdict {
        let platforms = platforms.iter().map(|p| Platform::parse("", p).unwrap());
        let platforms: Vec<Platform> = platforms.collect();
        holds(self.there(), &self.digest, &platforms).await
    }

    fn flip(&self) {
        self.world
            .peer
            .inner()
            .rotten
            .insert(self.layer.to_string());
    }
}

#[tokio::test]
async fn every_byte_is_read_and_one_that_has_flipped_is_found_and_said() {
    let copied = copied().await;
    let verified = copied.verify().await;
    assert!(verified.damaged.is_empty() && verified.left == 0);
    assert_eq!((verified.good.len(), verified.read), (3, 300_000 + 4 + 14));
    copied.flip();
    let damaged = copied.verify().await.damaged;
    assert_eq!(damaged.len(), 1);
    assert_eq!(damaged[0].part.digest, copied.layer);
    assert_eq!(
        (damaged[0].repository.as_str(), damaged[0].region.as_str()),
        ("forum/users", "us-west-2")
    );
    assert!(
        damaged[0].what.contains("has the digest sha256:"),
        "{damaged:?}"
    );
}

#[tokio::test]
async fn a_manifest_that_is_not_its_digest_is_not_verified() {
    let copied = copied().await;
    copied
        .world
        .peer
        .inner()
        .rotten
        .insert(copied.digest.to_string());
    let failure = verify(copied.there(), &copied.digest, BTreeSet::new(), None)
        .await
        .unwrap_err();
    assert_eq!(failure.name(), "NotVerified");
    assert!(matches!(copied.holds(&[]).await, Verdict::Differs(_)));
}

#[tokio::test]
async fn a_verification_stops_where_it_may_and_goes_on_another_time() {
    let copied = copied().await;
    copied.world.peer.inner().downloads_left = Some(1);
    let until = Instant::now() + Duration::from_secs(1);
    let first = verify(copied.there(), &copied.digest, BTreeSet::new(), Some(until))
        .await
        .unwrap();
    assert!(first.left > 0 && !first.good.is_empty(), "{first:?}");
    copied.world.peer.inner().downloads_left = None;
    let rest = verify(copied.there(), &copied.digest, first.good, None)
        .await
        .unwrap();
    assert_eq!((rest.good.len(), rest.left), (3, 0));
    assert_eq!(
        first.read + rest.read,
        300_000 + 4 + 14,
        "each is read once"
    );
}

#[tokio::test]
async fn a_damage_is_repaired_where_the_registry_lets_content_be_replaced() {
    let copied = copied().await;
    copied.flip();
    copied.world.peer.inner().removes = Removes::Wholly;
    let damage = copied.verify().await.damaged.remove(0);
    let from = Place::new(&copied.own, "forum/users");
    assert_eq!(
        repair(&damage, from, copied.there()).await.unwrap(),
        Repair::Repaired
    );
    assert!(copied.verify().await.damaged.is_empty());
}

#[tokio::test]
async fn where_it_keeps_what_it_has_the_steps_are_named() {
    for removes in [Removes::Never, Removes::TheName] {
        let copied = copied().await;
        copied.flip();
        copied.world.peer.inner().removes = removes;
        let damage = copied.verify().await.damaged.remove(0);
        let from = Place::new(&copied.own, "forum/users");
        let Repair::Steps(steps) = repair(&damage, from, copied.there()).await.unwrap() else {
            panic!("{removes:?}")
        };
        let expected = format!(
            "the blob {} in forum/users in us-west-2 is damaged",
            copied.layer
        );
        assert!(
            steps.starts_with(&expected) && steps.contains("copy the images again"),
            "{steps}"
        );
    }
}

#[tokio::test]
async fn nothing_is_removed_where_the_source_is_no_better() {
    let copied = copied().await;
    copied.flip();
    copied
        .world
        .own
        .inner()
        .rotten
        .insert(copied.layer.to_string());
    copied.world.peer.inner().removes = Removes::Wholly;
    let damage = copied.verify().await.damaged.remove(0);
    let from = Place::new(&copied.own, "forum/users");
    let failure = repair(&damage, from, copied.there()).await.unwrap_err();
    assert_eq!(failure.name(), "NotVerified");
    assert!(
        !copied
            .world
            .peer
            .log()
            .iter()
            .any(|line| line.starts_with("DELETE"))
    );
}

#[tokio::test]
async fn whether_a_region_holds_an_image_is_one_of_five_verdicts() {
    let copied = copied().await;
    assert_eq!(copied.holds(&[]).await, Verdict::Ready);
    assert!(matches!(
        copied.holds(&["linux/amd64"]).await,
        Verdict::Differs(_)
    ));
    let none = Digest::of(b"none");
    assert_eq!(holds(copied.there(), &none, &[]).await, Verdict::Missing);
    for found in copied.world.peer.inner().repositories.values_mut() {
        found.blobs.remove(copied.layer.as_str());
    }
    assert_eq!(
        copied.holds(&[]).await,
        Verdict::Incomplete(vec![copied.layer.clone()])
    );
    for status in [403, 500] {
        copied.world.peer.inner().status = Some(status);
        assert!(matches!(copied.holds(&[]).await, Verdict::Unreachable(_)));
    }
}
