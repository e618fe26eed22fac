use std::collections::BTreeSet;

use lifeboat_aws::{Control, Objects};
use lifeboat_core::{Configuration, Failure, configuration::ServiceResources};

use crate::{
    Answer, Event, Outcome, Registry, bring::Wanted, check, copy::Companions, event::Push,
    reference::Reference, registry::Effort,
};

/// Both regions' image registries. The peer's is asked for only where it is needed.
#[allow(async_fn_in_trait)]
pub trait Registries {
    async fn own(&self) -> Result<Registry, Failure>;
    async fn peer(&self, effort: Effort) -> Result<Registry, Failure>;
}

/// One invocation: what it was told, and what it may ask.
#[derive(Debug)]
pub struct ImageSync<'a, R, B> {
    pub configuration: &'a Configuration,
    pub control: &'a Control<B>,
    pub registries: &'a R,
}

impl<R: Registries, B: Objects> ImageSync<'_, R, B> {
    pub async fn handle(&self, event: Event) -> Result<Answer, Failure> {
        match event {
            Event::Foreign(reason) => Ok(Answer::Outcome(Outcome::Ignored { reason })),
            Event::Push(push) => self.pushed(push).await.map(Answer::Outcome),
            Event::Reconcile => self.reconcile().await.map(Answer::Outcome),
            Event::Check { execution } => {
                check::check(self.configuration, self.registries, &execution)
                    .await
                    .map(Answer::Images)
            }
        }
    }

    async fn pushed(&self, push: Push) -> Result<Outcome, Failure> {
        let own = &self.configuration.region;
        if let Some(region) = push.region.filter(|region| region != own.as_str()) {
            let reason = format!("a push into the registry of {region}; this is {own}");
            return Ok(Outcome::Ignored { reason });
        }
        // Events come late and out of order: what counts is what the tag names now.
        let reference = match &push.tag {
            Some(tag) => Reference::parse("event.detail.image-tag", tag)?,
            None => Reference::parse("event.detail.image-digest", &push.digest)?,
        };
        let wanted: BTreeSet<Wanted<'_>> = self
            .services()
            .filter(|(own, _)| own.repository == push.repository)
            .map(|(own, peer)| Wanted {
                own: &own.repository,
                peer: &peer.repository,
                reference: reference.clone(),
            })
            .collect();
        if wanted.is_empty() {
            let reason = format!(
                "no service of {} runs images of {}",
                self.configuration.application, push.repository
            );
            return Ok(Outcome::Ignored { reason });
        }
        // A push is told again when it failed, and then the image may be there without what belongs to it.
        let (outcome, gone) = self.copy(wanted, Companions::OfAll).await?;
        match gone.first() {
            Some(image) if outcome == Outcome::UpToDate => Ok(Outcome::Ignored {
                reason: format!(
                    "{} is no longer in the registry of {own}",
                    image.reference.of(image.own)
                ),
            }),
            _ => Ok(outcome),
        }
    }

    async fn reconcile(&self) -> Result<Outcome, Failure> {
        let wanted = self.services().map(|(own, peer)| {
            let reference = Reference::parse("services.image", own.reference())?;
            Ok(Wanted {
                own: &own.repository,
                peer: &peer.repository,
                reference,
            })
        });
        let wanted = wanted.collect::<Result<BTreeSet<_>, Failure>>()?;
        let (outcome, gone) = self.copy(wanted, Companions::OfCopied).await?;
        if gone.is_empty() {
            return Ok(outcome);
        }
        let names: Vec<String> = gone
            .iter()
            .map(|image| image.reference.of(image.own))
            .collect();
        Err(Failure::Refused(format!(
            "{} is configured but not in the registry of {}: push it, or restore it to the registry",
            names.join(", "),
            self.configuration.region
        )))
    }

    /// Every service, as it is here and in the peer.
    fn services(&self) -> impl Iterator<Item = (&ServiceResources, &ServiceResources)> {
        let (own, peer) = (self.configuration.own(), self.configuration.peer());
        let names = self
            .configuration
            .services
            .iter()
            .map(|service| &service.name);
        names.filter_map(|name| Some((own.services.get(name)?, peer.services.get(name)?)))
    }
}
