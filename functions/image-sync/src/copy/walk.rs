//! All that an image names, before anything is sent.

use std::collections::BTreeSet;

use futures::{StreamExt, TryStreamExt, stream};
use lifeboat_core::Failure;

use super::Place;
use crate::{
    manifest::{Child, Descriptor, Manifest},
    platform::Platform,
    reference::{Digest, Reference},
};

/// No image has more platforms; a list of lists could go on for ever.
const MANIFESTS: usize = 200;
/// A list of an image's platforms, and one that names such lists, is as deep as anybody goes.
const DEEP: usize = 4;
/// Manifests are held in memory until their parts are there.
const BYTES: usize = 8 * 1024 * 1024;
const AT_ONCE: usize = 8;

#[derive(Debug)]
pub(crate) struct Walked {
    pub(crate) root: Manifest,
    /// What the root names that the target lacks: each level may be written once the one before it stands.
    pub(crate) levels: Vec<Vec<Manifest>>,
    pub(crate) blobs: Vec<Descriptor>,
    pub(crate) choice: Choice,
}

/// How much of a list was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Choice {
    Whole,
    /// The chosen images of it; the others are not brought.
    Some(Vec<Digest>),
}

impl Walked {
    /// The digests of all that it brings, the root first.
    pub(crate) fn digests(&self) -> Vec<Digest> {
        let below = self.levels.iter().flatten();
        let all = [&self.root].into_iter().chain(below);
        all.map(|manifest| manifest.digest.clone()).collect()
    }
}

/// None where the source has no such image. Without a target, all is walked.
pub(crate) async fn walk(
    from: Place<'_>,
    to: Option<Place<'_>>,
    digest: &Digest,
    platforms: &[Platform],
) -> Result<Option<Walked>, Failure> {
    let Some(root) = from.manifest(&Reference::Digest(digest.clone())).await? else {
        return Ok(None);
    };
    let mut walked = Walked {
        levels: vec![],
        blobs: vec![],
        choice: Choice::Whole,
        root,
    };
    // A registry takes a manifest only after its parts, so one that is there is complete.
    if let Some(to) = to
        && to.holds(digest).await?
    {
        return Ok(Some(walked));
    }
    let mut seen = BTreeSet::from([digest.clone()]);
    let (mut bytes, mut depth, mut below) = (walked.root.bytes.len(), 0, vec![]);
    let mut open = vec![walked.root.clone()];
    while !open.is_empty() {
        let mut children = vec![];
        for manifest in &open {
            let parts = manifest.parts()?;
            for blob in parts.blobs {
                if !walked.blobs.iter().any(|other| other.digest == blob.digest) {
                    walked.blobs.push(blob);
                }
            }
            let chosen = match manifest.digest == *digest {
                true => choose(parts.children, platforms, digest, &mut walked.choice)?,
                false => parts.children,
            };
            let new = chosen.into_iter().map(|child| child.digest);
            children.extend(new.filter(|child| seen.insert(child.clone())));
        }
        if seen.len() > MANIFESTS {
            return Err(too_much(
                digest,
                format!("names more than {MANIFESTS} manifests"),
            ));
        }
        if depth >= DEEP && !children.is_empty() {
            return Err(too_much(
                digest,
                format!("is a list of lists deeper than {DEEP}"),
            ));
        }
        let level: Vec<Option<Manifest>> = stream::iter(children)
            .map(|child| child_of(from, to, digest, child))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        open = level.into_iter().flatten().collect();
        bytes += open
            .iter()
            .map(|manifest| manifest.bytes.len())
            .sum::<usize>();
        if bytes > BYTES {
            return Err(too_much(
                digest,
                format!("has manifests of more than {BYTES} bytes"),
            ));
        }
        below.extend(open.iter().cloned());
        depth += 1;
    }
    walked.levels = levels(below)?;
    Ok(Some(walked))
}

/// What names none of the others first. An image may stand in two lists of different depth.
fn levels(mut open: Vec<Manifest>) -> Result<Vec<Vec<Manifest>>, Failure> {
    let mut levels = vec![];
    while !open.is_empty() {
        let digests: BTreeSet<Digest> = open.iter().map(|one| one.digest.clone()).collect();
        let (mut free, mut bound) = (vec![], vec![]);
        for manifest in open {
            let children = manifest.parts()?.children;
            match children.iter().any(|child| digests.contains(&child.digest)) {
                true => bound.push(manifest),
                false => free.push(manifest),
            }
        }
        if free.is_empty() {
            return Err(too_much(&bound[0].digest, "names itself in the end".into()));
        }
        levels.push(free);
        open = bound;
    }
    Ok(levels)
}

fn too_much(digest: &Digest, what: String) -> Failure {
    Failure::Refused(format!("{digest} {what}; it is not copied"))
}

async fn child_of(
    from: Place<'_>,
    to: Option<Place<'_>>,
    root: &Digest,
    child: Digest,
) -> Result<Option<Manifest>, Failure> {
    if let Some(to) = to
        && to.holds(&child).await?
    {
        return Ok(None);
    }
    let (repository, region) = (from.repository, from.registry.region());
    let there = from.manifest(&Reference::Digest(child.clone())).await?;
    there.map(Some).ok_or_else(|| {
        Failure::Refused(format!(
            "{repository}@{root} in {region} names {child}, which is not there: push the image again"
        ))
    })
}

/// The images for the platforms, with what is attested about them. All where none is named.
fn choose(
    children: Vec<Child>,
    platforms: &[Platform],
    list: &Digest,
    choice: &mut Choice,
) -> Result<Vec<Child>, Failure> {
    if platforms.is_empty() || children.is_empty() {
        return Ok(children);
    }
    let count = children.len();
    let wanted = |child: &Child| {
        let platform = child.platform.as_ref();
        platform.is_some_and(|one| one.fits(platforms))
    };
    let images: BTreeSet<Digest> = children
        .iter()
        .filter(|child| wanted(child))
        .map(|child| child.digest.clone())
        .collect();
    if images.is_empty() {
        let names: Vec<String> = platforms.iter().map(Platform::to_string).collect();
        let names = names.join(", ");
        return Err(Failure::Refused(format!(
            "{list} has no image for {names}; it is not copied: push one, or name the platforms that it has"
        )));
    }
    let about = |child: &Child| {
        let about = child.about();
        about.is_some_and(|about| images.iter().any(|image| image.as_str() == about))
    };
    let chosen: Vec<Child> = children
        .into_iter()
        .filter(|child| images.contains(&child.digest) || about(child))
        .collect();
    if chosen.len() < count {
        *choice = Choice::Some(chosen.iter().map(|child| child.digest.clone()).collect());
    }
    Ok(chosen)
}
