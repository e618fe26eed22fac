//! What is brought from the peer while people wait.

use std::{collections::BTreeMap, time::Duration};

use lifeboat_core::{Configuration, Failure, Region};
use tokio::time::Instant;

use super::Needed;
use crate::{
    Registries, Registry,
    copy::{self, Companions, Limits, Wish},
    holds::Verdict,
    mend::{self, Image, Mended, brought},
    reference::Digest,
    registry::Effort,
};

/// What it may take altogether.
const REPAIR: Duration = Duration::from_secs(60);

/// What was asked of the peer, and what came of it.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    tags: BTreeMap<String, Result<Digest, Failure>>,
    images: BTreeMap<Image, Mended>,
}

/// A registry of our own that does not answer is another matter: the workflow tries again.
pub(super) async fn fetch<R: Registries>(
    configuration: &Configuration,
    registries: &R,
    own: &Registry,
    (needed, named): (&[Needed<'_>], &[Option<Digest>]),
    lacking: BTreeMap<Image, Verdict>,
) -> Result<Fetched, Failure> {
    let deadline = Instant::now() + REPAIR;
    let peer = tokio::time::timeout_at(deadline, registries.peer(Effort::PEER)).await;
    let peer = peer.unwrap_or_else(|_| Err(late()));
    let unnamed = needed.iter().zip(named);
    let unnamed = unnamed.filter(|(_, digest)| digest.is_none());
    let unnamed: Vec<&Needed<'_>> = unnamed.map(|(image, _)| image).collect();
    let mut fetched = Fetched::default();
    match peer {
        Err(failure) => {
            let given_up = |image: &&Needed<'_>| (image.service.to_owned(), Err(failure.clone()));
            fetched.tags = unnamed.iter().map(given_up).collect();
            let given_up = |verdict| Mended::lacking(verdict, Some(failure.clone()));
            let lacking = lacking.into_iter();
            fetched.images = lacking.map(|(image, v)| (image, given_up(v))).collect();
        }
        Ok(peer) => {
            let wishes: Vec<Wish> = unnamed.iter().map(|image| image.wish()).collect();
            let limits = Limits {
                until: Some(deadline),
                companions: Companions::OfNone,
                ..Limits::default()
            };
            let done = copy::copy(&peer, own, &wishes, &limits, async |_| Ok(())).await;
            for (image, done) in unnamed.into_iter().zip(done) {
                let digest = brought(done, &peer);
                fetched.tags.insert(image.service.to_owned(), digest);
            }
            fetched.images = mend::mend(own, &peer, lacking, Some(deadline)).await;
        }
    }
    let tags = fetched.tags.values().filter_map(|tag| tag.as_ref().err());
    let images = fetched.images.values();
    let images = images.filter_map(|mended| match &mended.verdict {
        Verdict::Unreachable(failure) => Some(failure),
        _ => mended.failed.as_ref(),
    });
    let own = |failure: &&Failure| is_of(failure, &configuration.region);
    match tags.chain(images).find(own) {
        Some(failure) => Err(failure.clone()),
        None => Ok(fetched),
    }
}

impl Fetched {
    /// What the service would run, and whether that was brought just now; or why it lacks it.
    pub(super) fn of(
        &self,
        image: &Needed<'_>,
        named: Option<Digest>,
        region: &Region,
    ) -> Result<(Digest, bool), String> {
        let Some(digest) = named else {
            let absent = |failure| {
                let could_not = format!(" and could not be fetched ({})", why(failure));
                told(image, &Verdict::Missing, &could_not, region)
            };
            return match self.tags.get(image.service) {
                Some(Ok(digest)) => Ok((digest.clone(), true)),
                Some(Err(failure)) => Err(absent(failure)),
                None => Err(absent(&late())),
            };
        };
        match self.images.get(&image.by(digest.clone())) {
            None => Ok((digest, false)),
            Some(mended) if mended.brought => Ok((digest, true)),
            Some(mended) => {
                let failed = mended.failed.as_ref().map(why);
                let could_not = failed.map(|why| format!(" and could not be fetched ({why})"));
                let could_not = could_not.unwrap_or_default();
                Err(told(image, &mended.verdict, &could_not, region))
            }
        }
    }
}

fn told(image: &Needed<'_>, verdict: &Verdict, could_not: &str, region: &Region) -> String {
    let needs = format!(
        "{} needs {}",
        image.service,
        image.reference.of(image.repository)
    );
    match verdict {
        Verdict::Missing | Verdict::Ready => {
            format!("{needs}, which is not in the registry of {region}{could_not}")
        }
        Verdict::Incomplete(parts) => {
            let parts: Vec<&str> = parts.iter().map(Digest::as_str).collect();
            let parts = parts.join(", ");
            format!("{needs}, of which {parts} is not in the registry of {region}{could_not}")
        }
        Verdict::Differs(what) => format!("{needs}, and {what}"),
        Verdict::Unreachable(failure) => format!("{needs}: {}", why(failure)),
    }
}

fn why(failure: &Failure) -> String {
    match failure {
        Failure::Unfinished(_) => late().to_string(),
        failure => failure.to_string(),
    }
}

fn is_of(failure: &Failure, region: &Region) -> bool {
    matches!(failure, Failure::Unavailable(failed) if failed.region == region.as_str())
}

fn late() -> Failure {
    Failure::Unfinished(format!("it took longer than {} s", REPAIR.as_secs()))
}
