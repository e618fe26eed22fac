//! Whether a registry has all that a task needs to start.

use lifeboat_core::Failure;

use futures::{StreamExt, TryStreamExt, stream};

use crate::{
    copy::{Place, walk},
    manifest::{Descriptor, Manifest},
    platform::Platform,
    reference::{Digest, Reference},
};

const AT_ONCE: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The manifest, the platforms, their configurations and every layer are there.
    Ready,
    /// There is no such manifest.
    Missing,
    /// These are named and not there.
    Incomplete(Vec<Digest>),
    /// What stands there is not what was asked for, in words.
    Differs(String),
    /// Nobody can tell.
    Unreachable(Failure),
}

/// Asks for each part; [`crate::verify`] reads them.
pub async fn holds(place: Place<'_>, digest: &Digest, platforms: &[Platform]) -> Verdict {
    let found = look(place, digest, platforms).await;
    found.unwrap_or_else(|failure| match failure {
        Failure::NotVerified(what) => Verdict::Differs(what),
        failure => Verdict::Unreachable(failure),
    })
}

async fn look(
    place: Place<'_>,
    digest: &Digest,
    platforms: &[Platform],
) -> Result<Verdict, Failure> {
    let reference = Reference::Digest(digest.clone());
    let Some(root) = place.manifest(&reference).await? else {
        return Ok(Verdict::Missing);
    };
    // A list that lacks an image that was not chosen is complete; one that lacks a chosen one is not.
    let children = root.parts()?.children;
    let list = !children.is_empty();
    let wanted = children.into_iter().filter(|child| {
        let platform = child.platform.as_ref();
        platforms.is_empty() || platform.is_some_and(|one| one.fits(platforms))
    });
    let wanted: Vec<Digest> = wanted.map(|child| child.digest).collect();
    if list && wanted.is_empty() {
        return Ok(Verdict::Differs(format!(
            "the list {digest} in {} has no image for {}",
            place.repository,
            names(platforms)
        )));
    }
    let checks = stream::iter(&wanted).map(|child| async move {
        let reference = Reference::Digest(child.clone());
        let found = place.registry.digest(place.repository, &reference).await?;
        Ok::<_, Failure>(found.is_none().then(|| child.clone()))
    });
    let lacks: Vec<Option<Digest>> = checks.buffered(AT_ONCE).try_collect().await?;
    let lacks: Vec<Digest> = lacks.into_iter().flatten().collect();
    if !lacks.is_empty() {
        return Ok(Verdict::Incomplete(lacks));
    }
    let Some(walked) = walk(place, None, digest, platforms).await? else {
        return Ok(Verdict::Missing);
    };
    if let Some(wrong) = other_platform(place, &walked.root, platforms).await? {
        return Ok(Verdict::Differs(wrong));
    }
    let checks = stream::iter(&walked.blobs).map(|blob| async move {
        let there = place
            .registry
            .has_blob(place.repository, &blob.digest)
            .await?;
        Ok::<_, Failure>((!there).then(|| blob.digest.clone()))
    });
    let lacks: Vec<Option<Digest>> = checks.buffered(AT_ONCE).try_collect().await?;
    let lacks: Vec<Digest> = lacks.into_iter().flatten().collect();
    Ok(match lacks.is_empty() {
        true => Verdict::Ready,
        false => Verdict::Incomplete(lacks),
    })
}

/// An image that is no list says in its configuration what it runs on.
async fn other_platform(
    place: Place<'_>,
    root: &Manifest,
    platforms: &[Platform],
) -> Result<Option<String>, Failure> {
    let config: Option<Descriptor> = root.config();
    let Some(config) = config.filter(|_| !platforms.is_empty()) else {
        return Ok(None);
    };
    if !place
        .registry
        .has_blob(place.repository, &config.digest)
        .await?
    {
        return Ok(None);
    }
    let bytes = place.registry.small(place.repository, &config).await?;
    let platform: Option<Platform> = serde_json::from_slice(&bytes).ok();
    let fits = platform.as_ref().is_some_and(|one| one.fits(platforms));
    Ok((!fits).then(|| {
        let named = platform.filter(|one| !one.os.is_empty());
        let found = named.map_or("no platform".to_owned(), |one| one.to_string());
        let (digest, repository) = (&root.digest, place.repository);
        format!(
            "{repository}@{digest} is for {found}, not for {}",
            names(platforms)
        )
    }))
}

fn names(platforms: &[Platform]) -> String {
    let names: Vec<String> = platforms.iter().map(Platform::to_string).collect();
    names.join(" or ")
}
