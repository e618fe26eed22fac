//! What is done about the pins of a passive region, each effect by a right that was read right before it.

use std::collections::BTreeMap;

use lifeboat_aws::Objects;
use lifeboat_core::{
    Failure, idle,
    image::{Held, Record, pinned},
};

use super::{
    Pin,
    facts::Facts,
    pin::{self, Plan},
    used::Named,
};
use crate::{Fleet, ImageSync, Registries, reference::Digest};

impl<R: Registries + Fleet, B: Objects> ImageSync<'_, R, B> {
    /// A region that serves starts what it is told to deploy.
    pub(super) fn plans(&self, facts: &Facts, found: &Record) -> BTreeMap<String, Plan> {
        let own = self.configuration.own();
        if facts.active == self.configuration.side() {
            return BTreeMap::new();
        }
        let plans = facts.services.iter().filter_map(|(name, known)| {
            let held = pinnable(found, name);
            let plan = pin::plan(&pin::Facts {
                own,
                service: own.services.get(name)?,
                template: known.template.as_ref(),
                current: known.current.as_ref(),
                pins: &known.pins,
                runs: &known.used.runs,
                held: &held,
            });
            Some((name.clone(), plan))
        });
        plans.collect()
    }

    /// Killed between the two effects, the next run finds the pin that it would register.
    pub(super) async fn pin(&self, facts: &Facts, name: &str, plan: Plan) -> Result<Pin, Failure> {
        let service = &self.configuration.own().services[name].service;
        let arn = match plan {
            Plan::Nothing(reason) => return Ok(Pin::Kept(reason)),
            Plan::Point(arn) => arn,
            Plan::Register(definition) => {
                self.still_passive(facts, service).await?;
                let family = pinned(service);
                self.registries.register(&family, &definition).await?
            }
        };
        self.still_passive(facts, service).await?;
        self.registries.point(service, &arn).await?;
        Ok(Pin::Pinned(arn))
    }

    async fn still_passive(&self, facts: &Facts, service: &str) -> Result<(), Failure> {
        let state = self.control.state(&self.configuration.pair()?).await?;
        let still = idle::still(&self.configuration.region, &state, facts.epoch);
        still.map_err(|why| Failure::Stale(format!("{service} was not pinned: {why}")))
    }
}

/// Whether an image may be pinned: what is known to be damaged would not start.
fn pinnable(found: &Record, service: &str) -> BTreeMap<Named, Held> {
    let images = found.services.get(service).map(|known| &known.images);
    let held = images.into_iter().flatten().filter_map(|image| {
        let named = Named {
            repository: image.repository.clone(),
            digest: Digest::parse("digest", &image.digest).ok()?,
        };
        let damaged = found.damaged.get(&image.name());
        Some((
            named,
            damaged.map_or(image.held.clone(), |why| Held::Differs(why.clone())),
        ))
    });
    held.collect()
}
