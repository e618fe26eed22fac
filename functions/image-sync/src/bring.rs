//! Own to peer, while this region is the active one.

use std::{slice, time::Duration};

use futures::{StreamExt, stream};
use lifeboat_aws::Objects;
use lifeboat_core::{Failure, Region};

use crate::{
    Copied, ImageSync, Registries, Registry,
    copy::{self, Became, Companions, Limits, Missing, Place, Wish},
    holds::{Verdict, holds},
    platform::Platform,
    reference::Digest,
    registry::Effort,
    wanted::Wanted,
};

/// What became of a set of images.
#[derive(Debug, Default)]
pub(crate) struct Brought {
    /// What the peer holds now and did not hold before.
    pub(crate) images: Vec<Copied>,
    /// What this region has no longer.
    pub(crate) gone: Vec<Wanted>,
    /// Why the first of the others is not there.
    pub(crate) failed: Option<Failure>,
}

/// So many images are looked at together when they were copied.
const AT_ONCE: usize = 4;
/// How long they may be looked at when the time for copying is over.
const LOOKING: Duration = Duration::from_secs(30);
/// So many names of what is left are told.
const NAMES: usize = 5;

impl<R: Registries, B: Objects> ImageSync<'_, R, B> {
    /// One image that cannot be copied does not keep the others from being copied; a region that does not answer does.
    pub(crate) async fn bring(
        &self,
        wanted: &[Wanted],
        companions: Companions,
    ) -> Result<Brought, Failure> {
        let platforms = self.platforms()?;
        let limits = Limits {
            platforms: platforms.clone(),
            missing: match self.configuration.create_missing_repositories {
                true => Missing::Create,
                false => Missing::Refuse,
            },
            companions,
            until: self.until,
            ..Limits::default()
        };
        let (own, peer) = (
            self.registries.own().await?,
            self.registries.peer(Effort::PEER_AT_WORK).await?,
        );
        let wishes: Vec<Wish> = wanted.iter().map(Wanted::wish).collect();
        let may_tag = async |wish: &Wish| self.may_tag(wish).await;
        let done = copy::copy(&own, &peer, &wishes, &limits, may_tag).await;
        let looks = wanted.iter().zip(&done);
        let looks = looks.map(|(image, done)| self.doubt(&peer, image, &done.became, &platforms));
        let doubts: Vec<Option<Failure>> = stream::iter(looks).buffered(AT_ONCE).collect().await;
        let (mut brought, mut left) = (Brought::default(), vec![]);
        for ((image, done), doubt) in wanted.iter().zip(done).zip(doubts) {
            let copied = |reference: &str, digest| Copied {
                repository: image.peer.clone(),
                reference: reference.to_owned(),
                digest,
            };
            let lost = done.lost.into_iter().next();
            let failure = match doubt.map_or(done.became, Err) {
                Ok(Became::Copied(digest)) => {
                    let name = image.reference.as_str();
                    brought.images.push(copied(name, digest));
                    lost
                }
                Ok(Became::UpToDate(_)) => lost,
                Ok(Became::Gone) => {
                    brought.gone.push(image.clone());
                    None
                }
                Ok(Became::Kept {
                    digest,
                    there,
                    said,
                }) => Some(kept(image, &digest, there.as_ref(), &said)),
                // Chosen platforms are what was asked for.
                Ok(Became::Parts { images, .. }) => {
                    let parts = images.into_iter();
                    let parts = parts.map(|digest| copied(digest.clone().as_str(), digest));
                    brought.images.extend(parts);
                    lost
                }
                Err(failure) => Some(failure),
            };
            match failure {
                None => {}
                Some(Failure::Unfinished(_)) => left.push(image),
                Some(failure) => {
                    tracing::warn!(image = image.reference.of(&image.own), "{failure}");
                    brought.failed.get_or_insert(failure);
                }
            }
        }
        // Whoever is told so goes on, and meets the other failure in the end.
        if !left.is_empty() && !matches!(brought.failed, Some(Failure::Stale(_))) {
            brought.failed = Some(unfinished(wanted.len(), &left, peer.region()));
        }
        Ok(brought)
    }

    /// Why what was copied is not believed to be in the peer, where it is not: it is looked at once more, part by part.
    async fn doubt(
        &self,
        peer: &Registry,
        image: &Wanted,
        became: &Result<Became, Failure>,
        platforms: &[Platform],
    ) -> Option<Failure> {
        let digests = match became {
            Ok(Became::Copied(digest)) => slice::from_ref(digest),
            Ok(Became::Parts { images, .. }) => images,
            Ok(Became::UpToDate(_) | Became::Gone | Became::Kept { .. }) | Err(_) => return None,
        };
        let place = Place::new(peer, &image.peer);
        let look = async {
            for digest in digests {
                let verdict = match holds(place, digest, &[]).await {
                    // A list may lack what nobody chose.
                    Verdict::Incomplete(_) if !platforms.is_empty() => {
                        holds(place, digest, platforms).await
                    }
                    verdict => verdict,
                };
                if let Some(doubt) = unheld(image, peer.region(), verdict) {
                    return Some(doubt);
                }
            }
            None
        };
        match self.until {
            None => look.await,
            Some(until) => tokio::time::timeout_at(until + LOOKING, look)
                .await
                .unwrap_or_else(|_| Some(Failure::Unfinished("not looked at in time".into()))),
        }
    }

    /// Which platforms of an image are brought.
    pub(crate) fn platforms(&self) -> Result<Vec<Platform>, Failure> {
        let names = self.configuration.platforms.iter();
        let platforms = names.map(|name| Ok(Platform::parse("platforms", name)?));
        platforms.collect()
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
    pub(crate) async fn passive(&self) -> Result<Option<String>, Failure> {
        let state = self.control.state(&self.configuration.pair()?).await?;
        let own = &self.configuration.region;
        let (epoch, active) = state.highest(None);
        Ok((active != *own).then(|| format!("{active} is active at epoch {epoch}, {own} is not")))
    }
}

fn unheld(image: &Wanted, peer: &Region, verdict: Verdict) -> Option<Failure> {
    let what = match verdict {
        Verdict::Ready => return None,
        Verdict::Missing => "its manifest is not there".to_owned(),
        Verdict::Incomplete(parts) => format!("{} of its parts are not there", parts.len()),
        Verdict::Differs(what) => what,
        Verdict::Unreachable(failure) => return Some(failure),
    };
    let image = image.reference.of(&image.peer);
    Some(Failure::NotVerified(format!(
        "{image} was copied to {peer}, whose registry took all of it, and is not whole there: {what}. Copy it again; if that \
         does not help, delete it there first"
    )))
}

fn unfinished(wanted: usize, left: &[&Wanted], peer: &Region) -> Failure {
    let names = left.iter().map(|image| image.reference.of(&image.peer));
    let mut names: Vec<String> = names.take(NAMES).collect();
    if left.len() > NAMES {
        names.push(format!("{} more", left.len() - NAMES));
    }
    let (done, names) = (wanted - left.len(), names.join(", "));
    Failure::Unfinished(format!(
        "of {wanted} images {done} were looked after in time, and {} are not in {peer} or lack what belongs to them: {names}. \
         What was copied stays; ask again to go on",
        left.len()
    ))
}

fn kept(image: &Wanted, digest: &Digest, there: Option<&Digest>, said: &Failure) -> Failure {
    let name = image.reference.of(&image.peer);
    let there = there.map_or("another image".to_owned(), Digest::to_string);
    Failure::Refused(format!(
        "{said}; {name} goes on naming {there}, and {digest} is there by its digest: remove the old tag, or push under a new one"
    ))
}
