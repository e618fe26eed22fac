//! Images from one registry to another: all that they name is known before anything is sent, each distinct blob goes over as
//! seldom as the target allows, and a tag is written last. Killed anywhere, the next run goes on from there.

mod plan;
mod run;
mod send;
mod tags;
mod tasks;
mod walk;

use std::sync::Arc;

use lifeboat_core::Failure;
use tokio::time::Instant;

pub(crate) use send::deliver;
pub(crate) use walk::walk;

use crate::{
    Registry,
    manifest::Manifest,
    platform::Platform,
    reference::{Digest, Reference},
};

/// A repository in one region's registry.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub registry: &'a Registry,
    pub repository: &'a str,
}

impl<'a> Place<'a> {
    pub fn new(registry: &'a Registry, repository: &'a str) -> Self {
        Self {
            registry,
            repository,
        }
    }

    pub async fn manifest(&self, reference: &Reference) -> Result<Option<Manifest>, Failure> {
        self.registry.manifest(self.repository, reference).await
    }

    async fn holds(&self, digest: &Digest) -> Result<bool, Failure> {
        let reference = Reference::Digest(digest.clone());
        let found = self.registry.digest(self.repository, &reference).await?;
        Ok(found.is_some())
    }
}

/// An image of the source's repository, and the repository of the target where it belongs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wish {
    pub from: String,
    pub to: String,
    pub reference: Reference,
}

/// What a copy may do, and for how long.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Of a list only these; all where none is named.
    pub platforms: Vec<Platform>,
    pub missing: Missing,
    pub companions: Companions,
    /// How much goes on at once, over all images.
    pub at_once: usize,
    pub until: Option<Instant>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            platforms: vec![],
            missing: Missing::Refuse,
            companions: Companions::OfCopied,
            at_once: 8,
            until: None,
        }
    }
}

/// What to do where the target has no such repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    Create,
    Refuse,
}

/// Signatures, lists of contents and attestations: of which images they are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Companions {
    /// Of none: people are waiting, and the image runs without them.
    OfNone,
    /// Of those that are copied; an image that is up to date costs two requests.
    OfCopied,
    /// Of those that are up to date too: what was signed after it was copied.
    OfAll,
}

/// What became of one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Became {
    /// The target did not name it so, and does now.
    Copied(Digest),
    UpToDate(Digest),
    /// The source has it no longer.
    Gone,
    /// The target's tag is another image's and may not move; this one is there by its digest.
    Kept {
        digest: Digest,
        there: Option<Digest>,
        said: Failure,
    },
    /// The chosen images of the list are there by their digests. The list is not: this target takes none that lacks some.
    Parts {
        list: Digest,
        images: Vec<Digest>,
        said: Failure,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    pub became: Result<Became, Failure>,
    /// What belongs to the image and could not be brought. The image runs without it.
    pub lost: Vec<Failure>,
}

/// The registries of one copy.
#[derive(Debug)]
struct Ends {
    from: Registry,
    to: Registry,
}

/// Copies the images, and answers for each in turn. An image that cannot be copied keeps no other from it; a region that does
/// not answer does. `may_tag` is asked right before each tag: blobs change nothing that anybody runs, and copying takes minutes.
pub async fn copy(
    from: &Registry,
    to: &Registry,
    wishes: &[Wish],
    limits: &Limits,
    may_tag: impl AsyncFn(&Wish) -> Result<(), Failure>,
) -> Vec<Done> {
    let ends = Arc::new(Ends {
        from: from.clone(),
        to: to.clone(),
    });
    run::Run::new(ends, limits).all(wishes, may_tag).await
}
