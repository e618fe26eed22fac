//! Whether the region that is being activated has every image it would run.

use std::{collections::BTreeMap, time::Duration};

use futures::future::try_join_all;
use jiff::Timestamp;
use lifeboat_core::{Configuration, Failure, image::Images};

use crate::{
    Registries, Registry,
    copy::{self, Place, Sent},
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
    let (sent, mut repaired, mut lost) = (Sent::default(), vec![], vec![]);
    for image in missing {
        let cause = match &peer {
            Err(cause) => cause.clone(),
            Ok(peer) => {
                match tokio::time::timeout_at(deadline, fetch(peer, own, image, &sent)).await {
                    Err(_) => late(),
                    Ok(Ok(Some(digest))) => {
                        repaired.push((image.service.to_owned(), digest));
                        continue;
                    }
                    Ok(Ok(None)) => format!("it is not in {peer_region} either"),
                    Ok(Err(Failure::Unavailable(failed))) if failed.region == region.as_str() => {
                        return Err(Failure::Unavailable(failed));
                    }
                    Ok(Err(failure)) => failure.to_string(),
                }
            }
        };
        let (service, name) = (image.service, image.reference.of(image.repository));
        lost.push(format!("{service} needs {name}, which is not in the registry of {region} and could not be fetched ({cause})"));
    }
    if lost.is_empty() {
        return Ok(repaired);
    }
    let lost = lost.join("; ");
    Err(Failure::Refused(format!(
        "{lost}: push it, or restore it to the registry, and start again"
    )))
}

/// Brings an image from the peer; none where the peer has none.
async fn fetch(
    peer: &Registry,
    own: &Registry,
    image: &Needed<'_>,
    sent: &Sent,
) -> Result<Option<Digest>, Failure> {
    let from = Place {
        registry: peer,
        repository: image.peer,
    };
    let to = Place {
        registry: own,
        repository: image.repository,
    };
    let Some(manifest) = from.manifest(&image.reference).await? else {
        return Ok(None);
    };
    copy::parts(from, to, &manifest, sent).await?;
    to.put(&image.reference, &manifest).await?;
    Ok(Some(manifest.digest))
}
