//! Whether the region that is being activated has every image it would run.

use std::{collections::BTreeMap, time::Duration};

use futures::future::try_join_all;
use jiff::Timestamp;
use lifeboat_core::{Configuration, Failure, image::Images};

use crate::{
    Registries, Registry,
    copy::{self, Became, Companions, Limits, Wish},
    reference::{Digest, Reference},
    registry::Effort,
};

/// What fetching from the peer may take altogether; people are waiting.
const REPAIR: Duration = Duration::from_secs(60);

/// An image that a service would run here.
struct Needed<'a> {
    service: &'a str,
    repository: &'a str,
    /// The same image's repository in the peer.
    peer: &'a str,
    reference: Reference,
}

pub async fn check<R: Registries>(
    configuration: &Configuration,
    registries: &R,
    execution: &str,
) -> Result<Images, Failure> {
    let started = Timestamp::now();
    let needed = needed(configuration)?;
    let own = registries.own().await?;
    let found = try_join_all(
        needed
            .iter()
            .map(|image| own.manifest(image.repository, &image.reference)),
    )
    .await?;
    let (mut digests, mut missing) = (BTreeMap::new(), vec![]);
    for (image, manifest) in needed.iter().zip(found) {
        match manifest {
            Some(manifest) => {
                drop(digests.insert(image.service.to_owned(), manifest.digest.to_string()))
            }
            None => missing.push(image),
        }
    }
    let mut repaired = vec![];
    if !missing.is_empty() {
        tracing::warn!(
            execution,
            missing = missing.len(),
            "fetching images from the peer"
        );
        for (service, digest) in repair(configuration, registries, &own, &missing).await? {
            digests.insert(service.clone(), digest.to_string());
            repaired.push(service);
        }
    }
    Ok(Images {
        started,
        finished: Timestamp::now(),
        digests,
        repaired,
    })
}

fn needed(configuration: &Configuration) -> Result<Vec<Needed<'_>>, Failure> {
    let (own, peer) = (
        &configuration.own().services,
        &configuration.peer().services,
    );
    let names = configuration.services.iter().map(|service| &service.name);
    let both = names.filter_map(|name| Some((name, own.get(name)?, peer.get(name)?)));
    both.map(|(service, own, peer)| {
        Ok(Needed {
            service,
            repository: &own.repository,
            peer: &peer.repository,
            reference: Reference::parse(&format!("services.{service}.image"), own.reference())?,
        })
    })
    .collect()
}

/// All of the missing images, or a refusal that names those that nobody has. A registry of our own that does not answer
/// is another matter: the workflow tries again.
async fn repair<R: Registries>(
    configuration: &Configuration,
    registries: &R,
    own: &Registry,
    missing: &[&Needed<'_>],
) -> Result<Vec<(String, Digest)>, Failure> {
    let (region, peer_region) = (&configuration.region, configuration.peer_region());
    let deadline = tokio::time::Instant::now() + REPAIR;
    let late = || format!("it took longer than {} s", REPAIR.as_secs());
    let peer = match tokio::time::timeout_at(deadline, registries.peer(Effort::PEER)).await {
        Ok(peer) => peer.map_err(|failure| failure.to_string()),
        Err(_) => Err(late()),
    };
    let wishes: Vec<Wish> = missing.iter().map(|image| image.wish()).collect();
    let limits = Limits {
        until: Some(deadline),
        companions: Companions::OfNone,
        ..Limits::default()
    };
    let fetched = match &peer {
        Err(cause) => vec![Err(cause.clone()); missing.len()],
        Ok(peer) => {
            let done = copy::copy(peer, own, &wishes, &limits, async |_| Ok(())).await;
            let mut fetched = vec![];
            for done in done {
                fetched.push(match done.became {
                    Ok(Became::Copied(digest) | Became::UpToDate(digest)) => Ok(digest),
                    Ok(Became::Gone) => Err(format!("it is not in {peer_region} either")),
                    Ok(Became::Kept { said, .. } | Became::Parts { said, .. }) => {
                        Err(said.to_string())
                    }
                    Err(Failure::Unfinished(_)) => Err(late()),
                    Err(Failure::Unavailable(failed)) if failed.region == region.as_str() => {
                        return Err(Failure::Unavailable(failed));
                    }
                    Err(failure) => Err(failure.to_string()),
                });
            }
            fetched
        }
    };
    let (mut repaired, mut lost) = (vec![], vec![]);
    for (image, fetched) in missing.iter().zip(fetched) {
        match fetched {
            Ok(digest) => repaired.push((image.service.to_owned(), digest)),
            Err(cause) => {
                let (service, name) = (image.service, image.reference.of(image.repository));
                lost.push(format!("{service} needs {name}, which is not in the registry of {region} and could not be fetched ({cause})"));
            }
        }
    }
    if lost.is_empty() {
        return Ok(repaired);
    }
    let lost = lost.join("; ");
    Err(Failure::Refused(format!(
        "{lost}: push it, or restore it to the registry, and start again"
    )))
}

impl Needed<'_> {
    fn wish(&self) -> Wish {
        Wish {
            from: self.peer.to_owned(),
            to: self.repository.to_owned(),
            reference: self.reference.clone(),
        }
    }
}
