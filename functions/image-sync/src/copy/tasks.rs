//! What is done beside each other.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use lifeboat_core::Failure;
use tokio::task::JoinSet;

use super::{
    Ends, Missing, Place, Wish,
    plan::Went,
    send,
    walk::{Choice, Walked, walk},
};
use crate::{
    manifest::{Descriptor, Manifest},
    platform::Platform,
    reference::{Digest, Reference},
    registry::Put,
};

const AT_ONCE: usize = 8;

/// What happened, and to which entry of the run.
#[derive(Debug)]
pub(super) enum Event {
    Looked(usize, Result<[Option<Digest>; 2], Failure>),
    Walked(usize, Result<Option<Walked>, Failure>),
    /// A manifest that stands in the target's repository names these.
    Known(String, Vec<Descriptor>),
    Blob {
        digest: Digest,
        from: Option<String>,
        to: String,
        went: Went,
    },
    Stood(usize, Result<(), Failure>),
    Named(usize, Result<Name, Failure>),
    Companions(usize, Result<Vec<Reference>, Failure>),
}

/// What the target says to an image under its name.
#[derive(Debug)]
pub(super) enum Name {
    Given {
        /// What the source has named so meanwhile.
        moved: Option<Digest>,
    },
    Kept(Failure),
    Parts(Vec<Digest>, Failure),
}

impl Ends {
    fn source<'a>(&'a self, wish: &'a Wish) -> Place<'a> {
        Place::new(&self.from, &wish.from)
    }

    fn target<'a>(&'a self, wish: &'a Wish) -> Place<'a> {
        Place::new(&self.to, &wish.to)
    }

    pub(super) async fn look(self: Arc<Self>, entry: usize, wish: Wish) -> Event {
        let (from, to) = (self.source(&wish), self.target(&wish));
        let found = futures::try_join!(
            from.registry.digest(from.repository, &wish.reference),
            to.registry.digest(to.repository, &wish.reference)
        );
        Event::Looked(entry, found.map(|(from, to)| [from, to]))
    }

    pub(super) async fn walk(
        self: Arc<Self>,
        entry: usize,
        wish: Wish,
        digest: Digest,
        platforms: Vec<Platform>,
    ) -> Event {
        let (from, to) = (self.source(&wish), self.target(&wish));
        Event::Walked(entry, walk(from, Some(to), &digest, &platforms).await)
    }

    /// What the target holds already for an image that is up to date, so that others can have it from there.
    pub(super) async fn know(self: Arc<Self>, wish: Wish, digest: Digest) -> Event {
        let walked = walk(self.target(&wish), None, &digest, &[]).await;
        // Without it something is sent that need not be.
        let blobs = walked.ok().flatten().map(|walked| walked.blobs);
        Event::Known(wish.to, blobs.unwrap_or_default())
    }

    pub(super) async fn ask(self: Arc<Self>, digest: Digest, to: String) -> Event {
        let went = send::ask(Place::new(&self.to, &to), &digest).await;
        Event::Blob {
            digest,
            from: None,
            to,
            went,
        }
    }

    pub(super) async fn send(
        self: Arc<Self>,
        blob: Descriptor,
        from: String,
        to: String,
        missing: Missing,
    ) -> Event {
        // On a core of its own where there is one, for it hashes. It ends with whoever waits for it.
        let mut task = JoinSet::new();
        let (ends, digest, target) = (self.clone(), blob.digest.clone(), to.clone());
        task.spawn(async move {
            let from = Place::new(&ends.from, &from);
            send::send(from, Place::new(&ends.to, &target), &blob, missing).await
        });
        let went = match task.join_next().await {
            Some(Ok(went)) => went,
            Some(Err(failed)) if failed.is_panic() => {
                std::panic::resume_unwind(failed.into_panic())
            }
            _ => Went::Failed(Failure::Unfinished("the process ends".into())),
        };
        Event::Blob {
            digest,
            from: None,
            to,
            went,
        }
    }

    pub(super) async fn mount(
        self: Arc<Self>,
        digest: Digest,
        from: String,
        to: String,
        missing: Missing,
    ) -> Event {
        let went = send::mount(&from, Place::new(&self.to, &to), &digest, missing).await;
        Event::Blob {
            digest,
            from: Some(from),
            to,
            went,
        }
    }

    /// Writes all that the image names, what names nothing first.
    pub(super) async fn stand(
        self: Arc<Self>,
        entry: usize,
        wish: Wish,
        levels: Vec<Vec<Manifest>>,
    ) -> Event {
        let mut stood = Ok(());
        for level in &levels {
            let puts = stream::iter(level).map(|manifest| self.put_by_digest(&wish, manifest));
            stood = puts.buffer_unordered(AT_ONCE).try_collect().await;
            if stood.is_err() {
                break;
            }
        }
        Event::Stood(entry, stood)
    }

    async fn put_by_digest(&self, wish: &Wish, manifest: &Manifest) -> Result<(), Failure> {
        let reference = Reference::Digest(manifest.digest.clone());
        match self.to.put(&wish.to, &reference, manifest).await? {
            Put::Done => Ok(()),
            Put::Immutable(said) | Put::Incomplete(said) => Err(said),
        }
    }

    pub(super) async fn name(
        self: Arc<Self>,
        entry: usize,
        wish: Wish,
        root: Manifest,
        choice: Choice,
    ) -> Event {
        Event::Named(entry, self.named(&wish, &root, choice).await)
    }

    async fn named(&self, wish: &Wish, root: &Manifest, choice: Choice) -> Result<Name, Failure> {
        let put = self.to.put(&wish.to, &wish.reference, root).await;
        match (put, choice) {
            (Ok(Put::Done), _) => {}
            (Ok(Put::Incomplete(said)) | Err(said @ Failure::Refused(_)), Choice::Some(images)) => {
                return Ok(Name::Parts(images, said));
            }
            (Ok(Put::Immutable(said)), _) => {
                self.put_by_digest(wish, root).await?;
                return Ok(Name::Kept(said));
            }
            (Ok(Put::Incomplete(said)) | Err(said), _) => return Err(said),
        }
        let Reference::Tag(_) = wish.reference else {
            return Ok(Name::Given { moved: None });
        };
        let now = self.from.digest(&wish.from, &wish.reference).await?;
        let moved = now.filter(|now| *now != root.digest);
        Ok(Name::Given { moved })
    }

    /// What refers to these images; where none is given, to the image of this digest and to all that it names.
    pub(super) async fn companions(self: Arc<Self>, entry: usize, wish: Wish, of: Of) -> Event {
        Event::Companions(entry, self.referring(&wish, of).await)
    }

    async fn referring(&self, wish: &Wish, of: Of) -> Result<Vec<Reference>, Failure> {
        // Also what was there before: a copy may have been cut short right behind it.
        if let digest @ Reference::Digest(_) = &wish.reference
            && let Some(manifest) = self.source(wish).manifest(digest).await?
        {
            self.to.write_down(&wish.to, &manifest).await?;
        }
        let digests = match of {
            Of::These(digests) => digests,
            Of::AllBelow(digest) => match walk(self.source(wish), None, &digest, &[]).await? {
                Some(walked) => walked.digests(),
                None => vec![],
            },
        };
        let found = stream::iter(&digests).map(|digest| self.from.referrers(&wish.from, digest));
        let found: Vec<Vec<Reference>> = found.buffered(AT_ONCE).try_collect().await?;
        Ok(found.concat())
    }
}

#[derive(Debug)]
pub(super) enum Of {
    These(Vec<Digest>),
    AllBelow(Digest),
}
