//! What is missing goes over first, and what names it last: killed anywhere, the next run goes on from there.

use std::{collections::BTreeMap, sync::Mutex};

use futures::{StreamExt, TryStreamExt, stream};
use lifeboat_core::Failure;

use crate::{
    Registry,
    manifest::{Descriptor, Manifest},
    reference::{Digest, Reference},
    wire::again,
};

/// How many blobs travel at once.
const AT_ONCE: usize = 4;
const TRIES: u32 = 3;
/// No image has more platforms; a list of lists could go on for ever.
const MANIFESTS: usize = 200;

/// A repository in one region's registry.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub registry: &'a Registry,
    pub repository: &'a str,
}

impl Place<'_> {
    pub async fn manifest(&self, reference: &Reference) -> Result<Option<Manifest>, Failure> {
        self.registry.manifest(self.repository, reference).await
    }

    pub async fn put(&self, reference: &Reference, manifest: &Manifest) -> Result<(), Failure> {
        self.registry
            .put(self.repository, reference, manifest)
            .await
    }

    async fn holds(&self, digest: &Digest) -> Result<bool, Failure> {
        Ok(self
            .manifest(&Reference::Digest(digest.clone()))
            .await?
            .is_some())
    }
}

/// Which repository of the target holds a blob already, so that none is sent twice.
#[derive(Debug, Default)]
pub struct Sent(Mutex<BTreeMap<Digest, String>>);

impl Sent {
    fn elsewhere(&self, digest: &Digest, repository: &str) -> Option<String> {
        let sent = self.0.lock().ok()?;
        sent.get(digest)
            .filter(|other| *other != repository)
            .cloned()
    }

    fn note(&self, digest: &Digest, repository: &str) {
        if let Ok(mut sent) = self.0.lock() {
            sent.entry(digest.clone())
                .or_insert_with(|| repository.to_owned());
        }
    }
}

/// Brings over everything that the manifest names, but not the manifest.
pub async fn parts(
    from: Place<'_>,
    to: Place<'_>,
    root: &Manifest,
    sent: &Sent,
) -> Result<(), Failure> {
    // A registry takes a manifest only after its parts, so one that is there is complete.
    if to.holds(&root.digest).await? {
        return Ok(());
    }
    let missing = missing(from, to, root).await?;
    for (manifest, content) in missing.iter().rev() {
        stream::iter(content)
            .map(|part| blob(from, to, part, sent))
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await?;
        if manifest.digest != root.digest {
            to.put(&Reference::Digest(manifest.digest.clone()), manifest)
                .await?;
        }
    }
    Ok(())
}

/// The manifests that the target lacks, each before its children, with the blobs each names.
async fn missing(
    from: Place<'_>,
    to: Place<'_>,
    root: &Manifest,
) -> Result<Vec<(Manifest, Vec<Descriptor>)>, Failure> {
    let mut found: Vec<(Manifest, Vec<Descriptor>)> = vec![];
    let mut open = vec![root.clone()];
    while let Some(manifest) = open.pop() {
        let parts = manifest.parts()?;
        for child in parts.children {
            if to.holds(&child.digest).await? {
                continue;
            }
            let (repository, region) = (from.repository, from.registry.region());
            let there = from
                .manifest(&Reference::Digest(child.digest.clone()))
                .await?;
            open.push(there.ok_or_else(|| {
                Failure::Refused(format!(
                    "{repository}@{} in {region} names {}, which is not there: push the image again",
                    root.digest, child.digest
                ))
            })?);
        }
        found.push((manifest, parts.blobs));
        if found.len() + open.len() > MANIFESTS {
            let digest = &root.digest;
            return Err(Failure::Refused(format!(
                "{digest} names more than {MANIFESTS} manifests; it is not copied"
            )));
        }
    }
    Ok(found)
}

async fn blob(
    from: Place<'_>,
    to: Place<'_>,
    part: &Descriptor,
    sent: &Sent,
) -> Result<(), Failure> {
    if !to.registry.has_blob(to.repository, &part.digest).await? {
        let elsewhere = sent.elsewhere(&part.digest, to.repository);
        again(TRIES, async || {
            send(from, to, part, elsewhere.as_deref()).await
        })
        .await?;
    }
    sent.note(&part.digest, to.repository);
    Ok(())
}

async fn send(
    from: Place<'_>,
    to: Place<'_>,
    part: &Descriptor,
    elsewhere: Option<&str>,
) -> Result<(), Failure> {
    let Some(place) = to
        .registry
        .begin(to.repository, &part.digest, elsewhere)
        .await?
    else {
        return Ok(());
    };
    let download = from.registry.download(from.repository, part).await?;
    let fate = download.fate();
    let uploaded = to
        .registry
        .upload(to.repository, place, part, download.into_body())
        .await;
    // The target only saw that the body ended.
    fate.failure().map_or(uploaded, Err)
}
