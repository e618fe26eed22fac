//! Whether the region that is being activated has every image it would run.

mod fetched;

use std::collections::BTreeMap;

use futures::future::try_join_all;
use jiff::Timestamp;
use lifeboat_aws::Objects;
use lifeboat_core::{Configuration, Failure, Region, image::Images};

use crate::{
    ImageSync, Registries, Registry,
    copy::Wish,
    fleet::{Definition, Fleet},
    holds::Verdict,
    mend::{self, Image},
    platform::Platform,
    ready::read,
    reference::{Digest, Reference},
    wanted::services,
};
use fetched::{Fetched, fetch};

/// An image that a service would run here.
#[derive(Debug)]
struct Needed<'a> {
    service: &'a str,
    repository: &'a str,
    /// The same image's repository in the peer.
    peer: &'a str,
    reference: Reference,
    platforms: Vec<Platform>,
}

pub async fn check<R: Registries + Fleet, B: Objects>(
    sync: &ImageSync<'_, R, B>,
    execution: &str,
) -> Result<Images, Failure> {
    let (configuration, registries) = (sync.configuration, sync.registries);
    let started = Timestamp::now();
    let current = registries.current().await?;
    let needed = needed(configuration, &current)?;
    let own = registries.own().await?;
    let named = try_join_all(needed.iter().map(|image| image.named(&own))).await?;
    let known = needed.iter().zip(&named);
    let known = known.filter_map(|(image, digest)| Some(image.by(digest.clone()?)));
    let looked = mend::look(&own, known).await;
    let missing = named.iter().filter(|digest| digest.is_none()).count();
    let lacking: BTreeMap<Image, Verdict> = looked
        .into_iter()
        .filter(|(_, verdict)| *verdict != Verdict::Ready)
        .collect();
    let mut fetched = Fetched::default();
    if missing + lacking.len() > 0 {
        tracing::warn!(
            execution,
            missing,
            lacking = lacking.len(),
            "fetching images"
        );
        fetched = fetch(configuration, registries, &own, (&needed, &named), lacking).await?;
    }
    // No task starts from a layer that is not what its digest says, however whole the image looks.
    let record = read(sync.control).await?;
    let damaged = record.map(|record| record.damaged).unwrap_or_default();
    let (mut digests, mut repaired, mut lost) = (BTreeMap::new(), vec![], vec![]);
    for (image, named) in needed.iter().zip(named) {
        let was = named.is_some();
        match fetched.of(image, named, &configuration.region) {
            Ok((digest, brought)) => {
                let reference = Reference::Digest(digest.clone());
                let name = reference.of(image.repository);
                if let Some(what) = damaged.get(&name) {
                    lost.push(image.damaged(&name, what, &configuration.region));
                }
                digests.insert(image.service.to_owned(), digest.to_string());
                if brought || !was {
                    repaired.push(image.service.to_owned());
                }
            }
            Err(why) => lost.push(why),
        }
    }
    if !lost.is_empty() {
        let lost = lost.join("; ");
        return Err(Failure::Refused(format!(
            "{lost}: push it, or restore it to the registry, and start again"
        )));
    }
    Ok(Images {
        started,
        finished: Timestamp::now(),
        digests,
        repaired,
    })
}

/// What each service's own task definition names: a digest where it is pinned, else a tag. Of one that ECS does not know, what
/// is configured.
fn needed<'a>(
    configuration: &'a Configuration,
    current: &'a BTreeMap<String, Definition>,
) -> Result<Vec<Needed<'a>>, Failure> {
    let own = configuration.own();
    let services = services(configuration);
    let needed = services.map(|(service, here, there)| {
        let definition = current.get(service);
        let mut images = definition.into_iter().flat_map(Definition::images);
        let image =
            images.find(|(_, image)| own.repository_of(image) == Some(here.repository.as_str()));
        let reference = match image {
            Some((_, image)) => lifeboat_core::image::reference(image),
            None => here.reference(),
        };
        let platform = image.and(definition).map(Definition::platform);
        Ok(Needed {
            service,
            repository: &here.repository,
            peer: &there.repository,
            reference: Reference::parse(&format!("services.{service}.image"), reference)?,
            platforms: platform.into_iter().collect(),
        })
    });
    needed.collect()
}

impl Needed<'_> {
    /// The digest that this region's registry knows it by.
    async fn named(&self, own: &Registry) -> Result<Option<Digest>, Failure> {
        match &self.reference {
            Reference::Digest(digest) => Ok(Some(digest.clone())),
            tag @ Reference::Tag(_) => own.digest(self.repository, tag).await,
        }
    }

    fn damaged(&self, name: &str, what: &str, region: &Region) -> String {
        let service = self.service;
        format!(
            "{service} needs {name}, and {what}; once that is mended, run verify of image-sync in {region}"
        )
    }

    fn by(&self, digest: Digest) -> Image {
        Image {
            own: self.repository.to_owned(),
            peer: self.peer.to_owned(),
            digest,
            platforms: self.platforms.clone(),
        }
    }

    fn wish(&self) -> Wish {
        Wish {
            from: self.peer.to_owned(),
            to: self.repository.to_owned(),
            reference: self.reference.clone(),
        }
    }
}
