//! Into Debian's docker-registry, where it is installed.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use lifeboat_image_sync::{
    Registries, Registry,
    copy::{Became, Limits, Place, Wish},
    holds::{Verdict, holds},
    platform::Platform,
    reference::Digest,
    registry::Effort,
    verify::{Repair, repair, verify},
};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    fake::{IMAGE, INDEX},
    sets::{bring, wish},
    world::World,
};

struct Real {
    process: Child,
    folder: TempDir,
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A world whose peer is a real registry.
async fn real() -> Option<(World, Real)> {
    let mut world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let endpoint = crate::world::nowhere().await;
    let host = endpoint.trim_start_matches("http://");
    let text = format!(
        "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\nstorage: {{delete: {{enabled: true}}, filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: '{host}'}}\n",
        folder.path().join("data").display()
    );
    let configuration = folder.path().join("registry.yml");
    fs::write(&configuration, text).unwrap();
    let mut command = Command::new("docker-registry");
    command.arg("serve").arg(configuration);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(process) = command.spawn() else {
        println!("skipped: docker-registry is not installed");
        return None;
    };
    let real = Real { process, folder };
    let peer = world.configuration.peer_region().clone();
    let resources = world.configuration.regions.get_mut(&peer).unwrap();
    resources.registry.endpoint = endpoint.clone();
    while tokio::net::TcpStream::connect(host).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    Some((world, real))
}

impl Real {
    /// Where the content of a blob lies.
    fn file(&self, digest: &Digest) -> PathBuf {
        let hexadecimal = digest.as_str().trim_start_matches("sha256:");
        let blobs = Path::new("data/docker/registry/v2/blobs/sha256");
        let blob = blobs.join(&hexadecimal[..2]).join(hexadecimal);
        self.folder.path().join(blob).join("data")
    }
}

async fn peer(world: &World) -> Registry {
    Registries::peer(world, Effort::PEER_AT_WORK).await.unwrap()
}

fn digest(text: &str) -> Digest {
    Digest::parse("", text).unwrap()
}

#[tokio::test]
async fn a_set_is_copied_into_a_real_registry_and_read_again_byte_by_byte() {
    let Some((world, _real)) = real().await else {
        return;
    };
    let images = ["forum/users", "forum/posts", "forum/threads"].map(|repository| {
        (
            repository,
            world.own.image(repository, Some("v1"), repository),
        )
    });
    let wishes: Vec<Wish> = images.iter().map(|(name, _)| wish(name, "v1")).collect();
    for done in bring(&world, &wishes, &Limits::default()).await {
        assert!(matches!(done.became, Ok(Became::Copied(_))), "{done:?}");
    }
    let peer = peer(&world).await;
    for (repository, image) in &images {
        let place = Place::new(&peer, repository);
        let verified = verify(place, &digest(image), BTreeSet::new(), None)
            .await
            .unwrap();
        assert!(
            verified.damaged.is_empty() && verified.good.len() == 3,
            "{verified:?}"
        );
        assert_eq!(holds(place, &digest(image), &[]).await, Verdict::Ready);
    }
    for done in bring(&world, &wishes, &Limits::default()).await {
        assert!(matches!(done.became, Ok(Became::UpToDate(_))), "{done:?}");
    }
}

#[tokio::test]
async fn a_flipped_byte_in_a_real_registry_is_found_and_the_steps_are_named() {
    let Some((world, real)) = real().await else {
        return;
    };
    let image = digest(&world.own.image("forum/users", Some("v1"), "1"));
    bring(&world, &[wish("forum/users", "v1")], &Limits::default()).await;
    let layer = Digest::of("1".repeat(300_000).as_bytes());
    let mut content = fs::read(real.file(&layer)).unwrap();
    content[150_000] ^= 1;
    fs::write(real.file(&layer), content).unwrap();
    let (own, peer) = (Registries::own(&world).await.unwrap(), peer(&world).await);
    let (from, to) = (
        Place::new(&own, "forum/users"),
        Place::new(&peer, "forum/users"),
    );
    let verified = verify(to, &image, BTreeSet::new(), None).await.unwrap();
    assert_eq!(verified.damaged.len(), 1);
    assert_eq!(verified.damaged[0].part.digest, layer);
    // It lets the blob be removed and sent, and goes on serving what it had.
    let steps = repair(&verified.damaged[0], from, to).await.unwrap();
    assert!(
        matches!(&steps, Repair::Steps(steps) if steps.contains("garbage")),
        "{steps:?}"
    );
    // Once its content is gone as well, it takes a good one.
    fs::remove_file(real.file(&layer)).unwrap();
    let repaired = repair(&verified.damaged[0], from, to).await.unwrap();
    assert_eq!(repaired, Repair::Repaired);
    let verified = verify(to, &image, BTreeSet::new(), None).await.unwrap();
    assert!(verified.damaged.is_empty(), "{verified:?}");
}

#[tokio::test]
async fn a_real_registry_takes_no_list_that_lacks_an_image_and_all_of_a_whole_one() {
    let Some((world, _real)) = real().await else {
        return;
    };
    let children: Vec<_> = ["amd64", "arm64"]
        .map(|platform| {
            let digest = world.own.image("forum/users", None, platform);
            json!({"mediaType": IMAGE, "digest": digest, "size": 1, "platform": {"os": "linux", "architecture": platform}})
        })
        .into();
    let list = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": children});
    world.own.manifest("forum/users", Some("v2"), INDEX, &list);
    let some = Limits {
        platforms: vec![Platform::parse("platforms", "linux/arm64").unwrap()],
        ..Limits::default()
    };
    let wishes = [wish("forum/users", "v2")];
    let done = bring(&world, &wishes, &some).await;
    let Ok(Became::Parts { images, .. }) = &done[0].became else {
        panic!("{done:?}")
    };
    let peer = peer(&world).await;
    let place = Place::new(&peer, "forum/users");
    assert_eq!(holds(place, &images[0], &[]).await, Verdict::Ready);
    let done = bring(&world, &wishes, &Limits::default()).await;
    let Ok(Became::Copied(list)) = &done[0].became else {
        panic!("{done:?}")
    };
    let both = ["linux/amd64", "linux/arm64"].map(|p| Platform::parse("", p).unwrap());
    assert_eq!(holds(place, list, &both).await, Verdict::Ready);
}
