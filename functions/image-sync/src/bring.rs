//! Own to peer, while this region is the active one.

use std::collections::BTreeSet;

use lifeboat_aws::Objects;
use lifeboat_core::Failure;

use crate::{
    Copied, ImageSync, Outcome, Registries,
    copy::{self, Place, Sent},
    reference::Reference,
    registry::Effort,
};

/// Often enough for a tag that moves while it is copied.
const ROUNDS: usize = 3;

/// An image of this region, and where it belongs in the peer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wanted<'a> {
    pub(crate) own: &'a str,
    pub(crate) peer: &'a str,
    pub(crate) reference: Reference,
}

/// What became of one image.
enum Image {
    Copied(Copied),
    UpToDate,
    Gone,
}

impl<R: Registries, B: Objects> ImageSync<'_, R, B> {
    /// One image that cannot be copied does not keep the others from being copied; a region that does not answer does.
    pub(crate) async fn copy<'w>(
        &self,
        wanted: BTreeSet<Wanted<'w>>,
    ) -> Result<(Outcome, Vec<Wanted<'w>>), Failure> {
        if let Some(reason) = self.passive().await? {
            return Ok((Outcome::Passive { reason }, vec![]));
        }
        let (own, peer) = (
            self.registries.own().await?,
            self.registries.peer(Effort::PEER_AT_WORK).await?,
        );
        let (sent, mut images, mut gone, mut failed) = (Sent::default(), vec![], vec![], None);
        for image in wanted {
            let from = Place {
                registry: &own,
                repository: image.own,
            };
            let to = Place {
                registry: &peer,
                repository: image.peer,
            };
            match self.bring(from, to, &image.reference, &sent).await {
                Ok(Image::Copied(copied)) => images.push(copied),
                Ok(Image::UpToDate) => {}
                Ok(Image::Gone) => gone.push(image),
                Err(failure @ (Failure::Unavailable(_) | Failure::Stale(_))) => {
                    return Err(failure);
                }
                Err(failure) => {
                    tracing::warn!(image = image.reference.of(image.own), "{failure}");
                    failed.get_or_insert(failure);
                }
            }
        }
        match (failed, images.is_empty()) {
            (Some(failure), _) => Err(failure),
            (None, true) => Ok((Outcome::UpToDate, gone)),
            (None, false) => Ok((Outcome::Copied { images }, gone)),
        }
    }

    async fn bring(
        &self,
        from: Place<'_>,
        to: Place<'_>,
        reference: &Reference,
        sent: &Sent,
    ) -> Result<Image, Failure> {
        let Some(mut image) = from.manifest(reference).await? else {
            return Ok(Image::Gone);
        };
        let there = to.manifest(reference).await?;
        if there.is_some_and(|there| there.digest == image.digest) {
            return Ok(Image::UpToDate);
        }
        for _ in 0..ROUNDS {
            copy::parts(from, to, &image, sent).await?;
            // Blobs change nothing that anybody runs; a tag does, and copying may have taken minutes.
            if let Some(reason) = self.passive().await? {
                let image = reference.of(to.repository);
                return Err(Failure::Stale(format!("{image} was not tagged: {reason}")));
            }
            to.put(reference, &image).await?;
            match from.manifest(reference).await? {
                Some(now) if now.digest != image.digest => image = now,
                _ => break,
            }
        }
        tracing::info!(image = reference.of(to.repository), digest = %image.digest, "copied");
        Ok(Image::Copied(Copied {
            repository: to.repository.to_owned(),
            reference: reference.as_str().to_owned(),
            digest: image.digest,
        }))
    }

    /// Why this region may not tell its peer what to hold, where it may not.
    async fn passive(&self) -> Result<Option<String>, Failure> {
        let (state, _) = self.control.state(&self.configuration.pair()?).await?;
        let own = &self.configuration.region;
        let (epoch, active) = state.highest(None);
        Ok((active != *own).then(|| format!("{active} is active at epoch {epoch}, {own} is not")))
    }
}
