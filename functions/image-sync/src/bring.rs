//! Own to peer, while this region is the active one.

use std::collections::BTreeSet;

use lifeboat_aws::Objects;
use lifeboat_core::Failure;

use crate::{
    Copied, ImageSync, Outcome, Registries,
    copy::{self, Became, Companions, Limits, Wish},
    reference::{Digest, Reference},
    registry::Effort,
};

/// An image of this region, and where it belongs in the peer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wanted<'a> {
    pub(crate) own: &'a str,
    pub(crate) peer: &'a str,
    pub(crate) reference: Reference,
}

impl<R: Registries, B: Objects> ImageSync<'_, R, B> {
    /// One image that cannot be copied does not keep the others from being copied; a region that does not answer does.
    pub(crate) async fn copy<'w>(
        &self,
        wanted: BTreeSet<Wanted<'w>>,
        companions: Companions,
    ) -> Result<(Outcome, Vec<Wanted<'w>>), Failure> {
        if let Some(reason) = self.passive().await? {
            return Ok((Outcome::Passive { reason }, vec![]));
        }
        let (own, peer) = (
            self.registries.own().await?,
            self.registries.peer(Effort::PEER_AT_WORK).await?,
        );
        let wishes: Vec<Wish> = wanted.iter().map(Wanted::wish).collect();
        let may_tag = async |wish: &Wish| self.may_tag(wish).await;
        let limits = Limits {
            companions,
            ..Limits::default()
        };
        let done = copy::copy(&own, &peer, &wishes, &limits, may_tag).await;
        let (mut images, mut gone, mut failed) = (vec![], vec![], None);
        for (image, done) in wanted.into_iter().zip(done) {
            let copied = |digest| Copied {
                repository: image.peer.to_owned(),
                reference: image.reference.as_str().to_owned(),
                digest,
            };
            let lost = done.lost.into_iter().next();
            let failure = match done.became {
                Ok(Became::Copied(digest)) => {
                    images.push(copied(digest));
                    lost
                }
                Ok(Became::UpToDate(_)) => lost,
                Ok(Became::Gone) => {
                    gone.push(image.clone());
                    None
                }
                Ok(Became::Kept {
                    digest,
                    there,
                    said,
                }) => Some(kept(&image, &digest, there.as_ref(), &said)),
                Ok(Became::Parts { said, .. }) => Some(said),
                Err(failure) => Some(failure),
            };
            if let Some(failure) = failure {
                tracing::warn!(image = image.reference.of(image.own), "{failure}");
                failed.get_or_insert(failure);
            }
        }
        match (failed, images.is_empty()) {
            (Some(failure), _) => Err(failure),
            (None, true) => Ok((Outcome::UpToDate, gone)),
            (None, false) => Ok((Outcome::Copied { images }, gone)),
        }
    }

    /// Blobs change nothing that anybody runs; a tag does, and copying may have taken minutes.
    async fn may_tag(&self, wish: &Wish) -> Result<(), Failure> {
        match self.passive().await? {
            None => Ok(()),
            Some(reason) => {
                let image = wish.reference.of(&wish.to);
                Err(Failure::Stale(format!("{image} was not tagged: {reason}")))
            }
        }
    }

    /// Why this region may not tell its peer what to hold, where it may not.
    async fn passive(&self) -> Result<Option<String>, Failure> {
        let (state, _) = self.control.state(&self.configuration.pair()?).await?;
        let own = &self.configuration.region;
        let (epoch, active) = state.highest(None);
        Ok((active != *own).then(|| format!("{active} is active at epoch {epoch}, {own} is not")))
    }
}

impl Wanted<'_> {
    fn wish(&self) -> Wish {
        Wish {
            from: self.own.to_owned(),
            to: self.peer.to_owned(),
            reference: self.reference.clone(),
        }
    }
}

fn kept(image: &Wanted<'_>, digest: &Digest, there: Option<&Digest>, said: &Failure) -> Failure {
    let name = image.reference.of(image.peer);
    let there = there.map_or("another image".to_owned(), Digest::to_string);
    Failure::Refused(format!(
        "{said}; {name} goes on naming {there}, and {digest} is there by its digest: remove the old tag, or push under a new one"
    ))
}
