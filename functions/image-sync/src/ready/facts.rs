//! What runs where the users are, and what this region would start.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use lifeboat_aws::Objects;
use lifeboat_core::{Configuration, Epoch, Failure, Side, image};

use super::used::{Named, Used, there, used};
use crate::{
    ImageSync, Registries,
    fleet::{DEPLOYMENTS, Definition, Fleet, Running},
    mend::Image,
};

const AT_ONCE: usize = 4;

#[derive(Debug)]
pub(super) struct Facts {
    pub(super) at: Timestamp,
    /// As this region's state says.
    pub(super) epoch: Epoch,
    pub(super) active: Side,
    /// Why the active region could not be asked.
    pub(super) silent: Option<String>,
    pub(super) services: BTreeMap<String, Known>,
}

#[derive(Debug)]
pub(super) struct Known {
    pub(super) used: Used,
    pub(super) template: Option<Definition>,
    pub(super) current: Option<Definition>,
    pub(super) pins: Vec<Definition>,
}

impl Facts {
    pub(super) fn images(&self, configuration: &Configuration) -> BTreeSet<Image> {
        let services = self.services.values();
        let images = services.flat_map(|known| {
            let images = known.used.images.keys();
            images.map(|named| known.image(configuration, named))
        });
        images.collect()
    }
}

impl Known {
    pub(super) fn image(&self, configuration: &Configuration, named: &Named) -> Image {
        let definition = self.template.as_ref().or(self.current.as_ref());
        Image {
            own: named.repository.clone(),
            peer: there(configuration, &named.repository).to_owned(),
            digest: named.digest.clone(),
            platforms: definition.map(Definition::platform).into_iter().collect(),
        }
    }
}

impl<R: Registries + Fleet, B: Objects> ImageSync<'_, R, B> {
    pub(super) async fn facts(&self) -> Result<Facts, Failure> {
        let configuration = self.configuration;
        let pair = configuration.pair()?;
        let state = self.control.state(&pair).await?;
        let (epoch, active) = state.highest(None);
        let active = pair.side(&active)?;
        let (running, current) =
            futures::join!(self.registries.running(active), self.registries.current());
        let (running, mut current) = (self.heard(active, running)?, current?);
        let services = configuration.services.iter().map(|service| &service.name);
        let defined = stream::iter(services).map(|service| self.defined(service));
        let defined: Vec<_> = defined.buffered(AT_ONCE).try_collect().await?;
        let nothing = Running::default();
        let known = |(service, template, pins): (&String, Option<Definition>, Vec<Definition>)| {
            let running = running.as_ref().map_err(Clone::clone);
            let running = running.map(|all| all.get(service).unwrap_or(&nothing));
            let current = current.remove(service);
            let known = Known {
                used: used(configuration, active, running, current.as_ref(), &pins),
                template,
                current,
                pins,
            };
            (service.clone(), known)
        };
        Ok(Facts {
            at: Timestamp::now(),
            epoch,
            active,
            silent: running.as_ref().err().cloned(),
            services: defined.into_iter().map(known).collect(),
        })
    }

    /// Of the other region no answer is an answer.
    fn heard<T>(
        &self,
        active: Side,
        running: Result<T, Failure>,
    ) -> Result<Result<T, String>, Failure> {
        match running {
            Err(failure) if active == self.configuration.side() => Err(failure),
            heard => Ok(heard.map_err(|failure| {
                tracing::error!(
                    "what runs is not known, and the last pins stand for it: {failure}"
                );
                failure.to_string()
            })),
        }
    }

    async fn defined<'s>(
        &self,
        name: &'s String,
    ) -> Result<(&'s String, Option<Definition>, Vec<Definition>), Failure> {
        let service = &self.configuration.own().services[name];
        let pinned = image::pinned(&service.service);
        let (template, pins) = futures::try_join!(
            self.registries.newest(service.template(), 1),
            self.registries.newest(&pinned, DEPLOYMENTS)
        )?;
        Ok((name, template.into_iter().next(), pins))
    }
}
