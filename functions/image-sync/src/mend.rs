//! Peer to own: what this region lacks of an image, by digest, so that no tag of its changes.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use lifeboat_core::{Failure, image::Held};
use tokio::time::Instant;

use crate::{
    Registry,
    copy::{self, Became, Companions, Done, Limits, Missing, Place, Wish, deliver, walk},
    holds::{Verdict, holds},
    platform::Platform,
    reference::{Digest, Reference},
};

/// Lists, then their images, then the layers of those.
const ROUNDS: usize = 3;
const AT_ONCE: usize = 8;

/// An image by its digest, in the repositories of both regions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Image {
    pub(crate) own: String,
    pub(crate) peer: String,
    pub(crate) digest: Digest,
    /// What tasks run it on; without one all that it has is asked for.
    pub(crate) platforms: Vec<Platform>,
}

/// What this region has of an image now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mended {
    pub(crate) verdict: Verdict,
    /// Why the rest could not be brought.
    pub(crate) failed: Option<Failure>,
    /// It was not ready before.
    pub(crate) brought: bool,
}

pub(crate) async fn look(
    own: &Registry,
    images: impl IntoIterator<Item = Image>,
) -> BTreeMap<Image, Verdict> {
    let looks = stream::iter(images).map(|image| async move {
        let place = Place::new(own, &image.own);
        let verdict = holds(place, &image.digest, &image.platforms).await;
        (image, verdict)
    });
    looks.buffer_unordered(AT_ONCE).collect().await
}

/// Each is looked at again, whatever was said of its way.
pub(crate) async fn mend(
    own: &Registry,
    peer: &Registry,
    lacking: BTreeMap<Image, Verdict>,
    until: Option<Instant>,
) -> BTreeMap<Image, Mended> {
    let mut mended: BTreeMap<Image, Mended> = lacking
        .into_iter()
        .map(|(image, verdict)| (image, Mended::lacking(verdict, None)))
        .collect();
    for _ in 0..ROUNDS {
        let open = mended.iter().filter(|(_, one)| one.open());
        let open: BTreeMap<Image, Verdict> = open
            .map(|(image, one)| (image.clone(), one.verdict.clone()))
            .collect();
        if open.is_empty() {
            break;
        }
        let mut failed = bring(own, peer, &open, until).await;
        for (image, verdict) in look(own, open.into_keys()).await {
            let failed = failed.remove(&image);
            mended.insert(image, Mended::after(verdict, failed));
        }
    }
    mended
}

impl Mended {
    pub(crate) fn as_found(verdict: Verdict) -> Self {
        Self::lacking(verdict, None)
    }

    pub(crate) fn lacking(verdict: Verdict, failed: Option<Failure>) -> Self {
        Self {
            verdict,
            failed,
            brought: false,
        }
    }

    fn after(verdict: Verdict, failed: Option<Failure>) -> Self {
        Self {
            brought: verdict == Verdict::Ready,
            ..Self::lacking(verdict, failed)
        }
    }

    /// In the words of the record.
    pub(crate) fn held(&self) -> Held {
        let cause = self.failed.as_ref();
        let cause = cause.map_or(String::new(), |why| {
            format!(", and could not be fetched ({why})")
        });
        match &self.verdict {
            Verdict::Ready => Held::Ready,
            Verdict::Missing => Held::Missing(format!("it is not there{cause}")),
            Verdict::Incomplete(parts) => {
                let parts: Vec<&str> = parts.iter().map(Digest::as_str).collect();
                let parts = parts.join(", ");
                Held::Incomplete(format!("its parts {parts} are not there{cause}"))
            }
            Verdict::Differs(what) => Held::Differs(what.clone()),
            Verdict::Unreachable(failure) => Held::Unreachable(failure.to_string()),
        }
    }

    /// What differs would have to be removed first, and of what cannot be reached nothing is known.
    fn open(&self) -> bool {
        let lacks = matches!(self.verdict, Verdict::Missing | Verdict::Incomplete(_));
        lacks && self.failed.is_none()
    }
}

/// Why which could not be brought.
async fn bring(
    own: &Registry,
    peer: &Registry,
    open: &BTreeMap<Image, Verdict>,
    until: Option<Instant>,
) -> BTreeMap<Image, Failure> {
    let (mut failed, mut wishes) = (BTreeMap::new(), vec![]);
    for (image, verdict) in open {
        let (from, to) = (Place::new(peer, &image.peer), Place::new(own, &image.own));
        let brought = match verdict {
            Verdict::Incomplete(parts) => within(until, resend(from, to, image, parts)).await,
            Verdict::Missing | Verdict::Ready | Verdict::Differs(_) | Verdict::Unreachable(_) => {
                Ok(vec![image.digest.clone()])
            }
        };
        match brought {
            Ok(manifests) => wishes.extend(manifests.into_iter().map(|digest| (image, digest))),
            Err(failure) => drop(failed.insert(image.clone(), failure)),
        }
    }
    let named = wishes.iter().map(|(image, digest)| Wish {
        from: image.peer.clone(),
        to: image.own.clone(),
        reference: Reference::Digest(digest.clone()),
    });
    let named: Vec<Wish> = named.collect();
    let limits = Limits {
        until,
        companions: Companions::OfNone,
        ..Limits::default()
    };
    let done = copy::copy(peer, own, &named, &limits, async |_| Ok(())).await;
    for ((image, _), done) in wishes.into_iter().zip(done) {
        if let Err(failure) = brought(done, peer) {
            failed.insert(image.clone(), failure);
        }
    }
    failed
}

/// Layers and configurations that are missing below a manifest that stands: whoever copies takes such an image for complete.
/// Answers the manifests that are missing below a list; they are brought as images are.
async fn resend(
    from: Place<'_>,
    to: Place<'_>,
    image: &Image,
    parts: &[Digest],
) -> Result<Vec<Digest>, Failure> {
    let walked = match walk(to, None, &image.digest, &image.platforms).await {
        Ok(Some(walked)) => walked,
        Ok(None) | Err(Failure::Refused(_)) => return Ok(parts.to_vec()),
        Err(failure) => return Err(failure),
    };
    for blob in walked.blobs.iter().filter(|b| parts.contains(&b.digest)) {
        deliver(from, to, blob, Missing::Refuse).await?;
    }
    Ok(vec![])
}

pub(crate) async fn within<T>(
    until: Option<Instant>,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let Some(until) = until else {
        return work.await;
    };
    let late = |_| Err(Failure::Unfinished("the time for it was over".into()));
    tokio::time::timeout_at(until, work)
        .await
        .unwrap_or_else(late)
}

/// The digest that a copy has brought.
pub(crate) fn brought(done: Done, peer: &Registry) -> Result<Digest, Failure> {
    match done.became? {
        Became::Copied(digest) | Became::UpToDate(digest) => Ok(digest),
        Became::Gone => {
            let peer = peer.region();
            Err(Failure::Refused(format!("it is not in {peer} either")))
        }
        Became::Kept { said, .. } | Became::Parts { said, .. } => Err(said),
    }
}
