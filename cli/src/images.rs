//! Images, by asking the image-sync function of one region.

#[cfg(test)]
mod tests;
mod text;

use lifeboat_core::{Configuration, Region};
use lifeboat_image_sync::{
    Action, Outcome,
    event::Asked,
    fan_out::Batches,
    ready::Ready,
    reread::{Found, Reread},
};
use serde::de::DeserializeOwned;

use crate::{
    Trouble,
    answer::{Answer, Says},
    arguments::Sync,
    ask::{Ask, until_done},
    near,
    person::Person,
};

/// The images of one region.
#[derive(Debug)]
pub struct Images<'a, F> {
    pub configuration: &'a Configuration,
    pub region: &'a Region,
    pub function: F,
}

impl<F: Ask> Images<'_, F> {
    pub async fn sync(&self, sync: Sync, person: &mut impl Person) -> Result<Answer, Trouble> {
        let Sync {
            service, images, ..
        } = sync;
        self.known(service.as_deref())?;
        let images = Some(images).filter(|images: &Vec<Asked>| !images.is_empty());
        person.say(&format!("bringing images from {}", self.region));
        let outcome: Outcome = self.ask(&Action::Sync { service, images }, person).await?;
        let says = match outcome {
            Outcome::Passive { .. } | Outcome::Ignored { .. } => Says::No,
            Outcome::Copied { .. } | Outcome::UpToDate | Outcome::HandedOn { .. } => Says::Yes,
        };
        Answer::new(says, text::outcome(&outcome), &outcome)
    }

    pub async fn list(&self, person: &mut impl Person) -> Result<Answer, Trouble> {
        let batches: Batches = self
            .ask(
                &Action::List {
                    order: None,
                    after: None,
                },
                person,
            )
            .await?;
        let says = batches.passive.is_none().into();
        Answer::new(says, text::batches(&batches), &batches)
    }

    pub async fn ready(&self, person: &mut impl Person) -> Result<Answer, Trouble> {
        let ready: Ready = self.ask(&Action::Ready {}, person).await?;
        let says = ready.lacking.is_empty().into();
        Answer::new(says, text::ready(&ready, self.region), &ready)
    }

    pub async fn verify(
        &self,
        service: Option<String>,
        person: &mut impl Person,
    ) -> Result<Answer, Trouble> {
        self.known(service.as_deref())?;
        person.say(&format!("reading images in {}", self.region));
        let reread: Reread = self.ask(&Action::Verify { service }, person).await?;
        let mut found = reread.read.values();
        let good = found.all(|found| matches!(found, Found::Good | Found::Repaired(_)));
        Answer::new(good.into(), text::reread(&reread, self.region), &reread)
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        action: &Action,
        person: &mut impl Person,
    ) -> Result<T, Trouble> {
        Ok(until_done(&self.function, action, person).await?)
    }

    fn known(&self, service: Option<&str>) -> Result<(), Trouble> {
        service.map_or(Ok(()), |name| near::service(self.configuration, name))
    }
}
