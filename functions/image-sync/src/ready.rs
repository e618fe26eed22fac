//! Whether this region could start every task that runs, by digest. Each region asks for itself, brings what it lacks from the
//! other one, and pins what it would start: nothing here needs the other region to do anything.

mod facts;
mod pin;
mod pins;
mod record;
#[cfg(test)]
mod samples;
mod used;

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_aws::Objects;
use lifeboat_core::{
    Configuration, Failure,
    image::{self, Held, Record, ServiceImages},
};
use serde::{Deserialize, Serialize};

use crate::{
    ImageSync, Registries, Registry,
    fleet::Fleet,
    holds::Verdict,
    lag::{self, Meter},
    mend::{self, Image, Mended},
    reference::{Digest, Reference},
    registry::Effort,
};
use facts::Facts;
pub(crate) use record::{change, read};
use used::there;

/// What was found, and what was done about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    #[serde(flatten)]
    pub found: Record,
    /// Why the active region could not be asked, where it could not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent: Option<String>,
    /// What was not ready here and was brought from the other region.
    pub repaired: Vec<String>,
    /// What is not ready, and could not be brought.
    pub lacking: Vec<String>,
    /// Of the services of a passive region.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pins: BTreeMap<String, Pin>,
}

/// What became of a service's pin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "because")]
pub enum Pin {
    /// It stays what it is.
    Kept(String),
    /// Another one is to be made, or was made before.
    Due,
    /// The service starts from this now.
    Pinned(String),
    Failed(String),
}

impl<R: Registries + Fleet + Meter, B: Objects> ImageSync<'_, R, B> {
    /// Looks, and changes nothing.
    pub(crate) async fn readiness(&self) -> Result<Ready, Failure> {
        let facts = self.facts().await?;
        let own = self.registries.own().await?;
        let looked = mend::look(&own, facts.images(self.configuration)).await;
        let looked = untouched(looked);
        let mut ready = self.report(&facts, &looked);
        let before = read(self.control).await?;
        ready.found = ready.found.after(before.as_ref(), &BTreeSet::new());
        for (service, plan) in self.plans(&facts, &ready.found) {
            let pin = match plan {
                pin::Plan::Nothing(reason) => Pin::Kept(reason),
                pin::Plan::Point(_) | pin::Plan::Register(_) => Pin::Due,
            };
            ready.pins.insert(service, pin);
        }
        Ok(ready)
    }

    /// Looks, brings what is lacking, keeps a record, and pins.
    pub(crate) async fn make_ready(&self) -> Result<Ready, Failure> {
        let facts = self.facts().await?;
        if facts.silent.is_some() {
            self.tell(&[lag::PEER_SILENT]).await;
        }
        let own = self.registries.own().await?;
        let looked = mend::look(&own, facts.images(self.configuration)).await;
        let (good, lacking): (BTreeMap<_, _>, BTreeMap<_, _>) = looked
            .into_iter()
            .partition(|(_, verdict)| *verdict == Verdict::Ready);
        let mut all = untouched(good);
        if !lacking.is_empty() {
            // What is brought may take longer than this function may work.
            let mut known = all.clone();
            known.extend(untouched(lacking.clone()));
            self.keep(self.report(&facts, &known).found).await?;
            all.extend(self.brought(&own, lacking).await);
        }
        let mut ready = self.report(&facts, &all);
        ready.found = self.keep(ready.found).await?;
        for lack in &ready.lacking {
            tracing::error!("{lack}");
        }
        let mut failed = None;
        for (service, plan) in self.plans(&facts, &ready.found) {
            let pin = match self.pin(&facts, &service, plan).await {
                Ok(pin) => pin,
                // Somebody else decides what starts here by now.
                Err(Failure::Stale(reason)) => Pin::Kept(reason),
                Err(failure) => {
                    tracing::error!("{failure}");
                    let said = failure.to_string();
                    failed.get_or_insert(failure);
                    Pin::Failed(said)
                }
            };
            ready.pins.insert(service, pin);
        }
        if doubtful(&mut ready, &facts) {
            ready.found = self.keep(ready.found).await?;
        }
        failed.map_or(Ok(ready), Err)
    }

    /// What a service needs here, or all of them do, and how that stands.
    pub(crate) async fn needed(
        &self,
        service: Option<&str>,
    ) -> Result<(Record, BTreeSet<Image>), Failure> {
        let mut facts = self.facts().await?;
        let own = self.registries.own().await?;
        let looked = mend::look(&own, facts.images(self.configuration)).await;
        let found = self.report(&facts, &untouched(looked)).found;
        facts
            .services
            .retain(|name, _| service.is_none_or(|only| only == name));
        Ok((found, facts.images(self.configuration)))
    }

    async fn brought(
        &self,
        own: &Registry,
        lacking: BTreeMap<Image, Verdict>,
    ) -> BTreeMap<Image, Mended> {
        tracing::warn!(lacking = lacking.len(), "fetching images from the peer");
        match self.registries.peer(Effort::PEER_AT_WORK).await {
            Ok(peer) => mend::mend(own, &peer, lacking, self.until).await,
            Err(failure) => {
                let given_up = |verdict| Mended::lacking(verdict, Some(failure.clone()));
                let lacking = lacking.into_iter();
                lacking
                    .map(|(image, verdict)| (image, given_up(verdict)))
                    .collect()
            }
        }
    }

    async fn keep(&self, found: Record) -> Result<Record, Failure> {
        let gone = match read(self.control).await? {
            Some(before) => self.gone(before.unneeded(&found)).await?,
            None => BTreeSet::new(),
        };
        let after = |earlier: Option<&Record>| found.clone().after(earlier, &gone);
        change(self.control, after).await
    }

    /// Of these images, by name and digest, those that this region's registry has no longer. Of what cannot be asked for nothing
    /// is known.
    async fn gone(&self, names: BTreeSet<String>) -> Result<BTreeSet<String>, Failure> {
        let mut gone = BTreeSet::new();
        if names.is_empty() {
            return Ok(gone);
        }
        let own = self.registries.own().await?;
        for (name, image) in by_name(self.configuration, &names) {
            match own
                .digest(&image.own, &Reference::Digest(image.digest))
                .await
            {
                Ok(None) => drop(gone.insert(name.clone())),
                Ok(Some(_)) => {}
                Err(failure) => tracing::warn!("{name} stays on the record: {failure}"),
            }
        }
        Ok(gone)
    }

    fn report(&self, facts: &Facts, looked: &BTreeMap<Image, Mended>) -> Ready {
        let configuration = self.configuration;
        let active = configuration.region_of(facts.active).clone();
        let mut found = Record::new(facts.at, configuration.region.clone(), active);
        found.seen = facts.silent.is_none().then_some(facts.at);
        let (mut repaired, mut lacking) = (vec![], vec![]);
        for (service, known) in &facts.services {
            let mut images = vec![];
            for (named, used) in &known.used.images {
                let image = known.image(configuration, named);
                let Some(mended) = looked.get(&image) else {
                    continue;
                };
                let image = image::Image {
                    repository: named.repository.clone(),
                    digest: named.digest.to_string(),
                    used: *used,
                    held: mended.held(),
                };
                match &image.held {
                    Held::Ready if mended.brought => repaired.push(image.name()),
                    Held::Ready => {}
                    Held::Missing(why)
                    | Held::Incomplete(why)
                    | Held::Differs(why)
                    | Held::Unreachable(why) => lacking.push(format!(
                        "{service} needs {} in {}: {why}",
                        image.name(),
                        configuration.region
                    )),
                }
                images.push(image);
            }
            let doubt = known.used.doubt.clone();
            let known = ServiceImages { images, doubt };
            found.services.insert(service.clone(), known);
        }
        Ready {
            found,
            silent: facts.silent.clone(),
            repaired,
            lacking,
            pins: BTreeMap::new(),
        }
    }
}

/// Images of this region, as the record names them.
pub(crate) fn by_name<'n>(
    configuration: &Configuration,
    names: impl IntoIterator<Item = &'n String>,
) -> Vec<(&'n String, Image)> {
    let parsed = names.into_iter().filter_map(|name| {
        let (repository, digest) = name.split_once('@')?;
        let image = Image {
            own: repository.to_owned(),
            peer: there(configuration, repository).to_owned(),
            digest: Digest::parse(Record::KEY, digest).ok()?,
            platforms: vec![],
        };
        Some((name, image))
    });
    parsed.collect()
}

/// A service that does not start what runs is no reason to be sure of it.
fn doubtful(ready: &mut Ready, facts: &Facts) -> bool {
    let mut any = false;
    for (name, pin) in &ready.pins {
        let unpinned = facts.services[name].used.by_tag.as_ref();
        let doubt = match (pin, unpinned) {
            (Pin::Failed(why), _) => format!("it was not pinned to what runs: {why}"),
            (Pin::Kept(why), Some(image)) => {
                format!("it would start {image}, whatever that names then: {why}")
            }
            (Pin::Kept(_), None) | (Pin::Due | Pin::Pinned(_), _) => continue,
        };
        if let Some(found) = ready.found.services.get_mut(name)
            && !found.images.is_empty()
        {
            found.doubt.get_or_insert(doubt);
            any = true;
        }
    }
    any
}

fn untouched(looked: BTreeMap<Image, Verdict>) -> BTreeMap<Image, Mended> {
    let looked = looked.into_iter();
    let mended = looked.map(|(image, verdict)| (image, Mended::as_found(verdict)));
    mended.collect()
}
