use jiff::Timestamp;
use lifeboat_aws::{Control, Objects, metrics::Metric};
use lifeboat_core::{Configuration, Failure};
use tokio::time::Instant;

use crate::{
    Answer, Event, Fleet, Outcome, Reconciled, Registry,
    bring::Brought,
    check,
    copy::Companions,
    event::{Choice, Cursor, Push},
    fan_out::{self, Batches, Started, Workflow},
    lag::{self, Lags, Meter},
    reference::Reference,
    registry::Effort,
    survey::{Catalog, Survey},
    wanted::{self, Scope, Wanted},
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
    /// When to stop copying, so that there is time to say what is left.
    pub until: Option<Instant>,
}

/// What a look at both registries gives.
enum Found {
    Passive(String),
    Survey(Survey),
}

impl<R: Registries + Fleet + Catalog + Meter + Workflow, B: Objects> ImageSync<'_, R, B> {
    pub async fn handle(&self, event: Event) -> Result<Answer, Failure> {
        match event {
            Event::Foreign(reason) => Ok(Answer::Outcome(Outcome::Ignored { reason })),
            Event::Push(push) => self.pushed(push).await.map(Answer::Outcome),
            Event::Reconcile => {
                // What runs must be able to start here, however long the copies take.
                let (ready, copied) = (self.make_ready().await, self.reconcile().await);
                let (copied, ready) = (copied?, ready?);
                Ok(Answer::Reconciled(Box::new(Reconciled { copied, ready })))
            }
            Event::List(cursor) => self.list(&cursor).await.map(Answer::Batches),
            Event::Sync(choice) => self.sync(&choice).await.map(Answer::Outcome),
            Event::Ready => Ok(Answer::Ready(Box::new(self.readiness().await?))),
            Event::Verify { service } => self.reread(service.as_deref()).await.map(Answer::Reread),
            Event::Check { execution } => check::check(self, &execution).await.map(Answer::Images),
        }
    }
}

impl<R: Registries + Catalog + Meter + Workflow, B: Objects> ImageSync<'_, R, B> {
    async fn pushed(&self, push: Push) -> Result<Outcome, Failure> {
        let own = &self.configuration.region;
        if let Some(region) = &push.region
            && region != own.as_str()
        {
            let reason = format!("a push into the registry of {region}; this is {own}");
            return Ok(Outcome::Ignored { reason });
        }
        // Events come late and out of order: what counts is what the tag names now.
        let reference = match &push.tag {
            Some(tag) => Reference::parse("event.detail.image-tag", tag)?,
            None => Reference::parse("event.detail.image-digest", &push.digest)?,
        };
        let wanted = wanted::pushed(self.configuration, &push, &reference);
        if wanted.is_empty() {
            let (application, repository) = (&self.configuration.application, &push.repository);
            let image = reference.of(repository);
            let reason = format!(
                "no service of {application} runs images of {repository}, and no pattern means {image}"
            );
            return Ok(Outcome::Ignored { reason });
        }
        if let Some(reason) = self.passive().await? {
            return Ok(Outcome::Passive { reason });
        }
        // A push is told again when it failed, and then the image may be there without what belongs to it.
        let wanted: Vec<Wanted> = wanted.into_iter().collect();
        let brought = self.bring(&wanted, Companions::OfAll).await?;
        // What was there before came with another event, or with a reconcile.
        if let Some(pushed) = push.time.filter(|_| !brought.images.is_empty()) {
            let lags = lag::of_push(&push.repository, pushed, Timestamp::now());
            self.measure(&lags).await;
        }
        match brought.gone.first() {
            Some(image) if brought.images.is_empty() && brought.failed.is_none() => {
                let image = image.reference.of(&image.own);
                let reason = format!("{image} is no longer in the registry of {own}");
                Ok(Outcome::Ignored { reason })
            }
            _ => brought.outcome(),
        }
    }

    /// Brings what differs, or has the workflow do it where that is much.
    async fn reconcile(&self) -> Result<Outcome, Failure> {
        let survey = match self.find(&Choice::All).await? {
            Found::Passive(reason) => return Ok(Outcome::Passive { reason }),
            Found::Survey(survey) => survey,
        };
        match &self.configuration.image_workflow {
            Some(machine) if survey.differ.len() > fan_out::MANY => {
                self.measure(&lag::of(&survey, Timestamp::now())).await;
                let images = survey.differ.len();
                let name = fan_out::name(&self.configuration.application, Timestamp::now());
                let execution = match self.registries.start(machine, &name).await? {
                    Started::Now(execution) => execution,
                    Started::Already(execution) => {
                        tracing::info!(execution, "was started before");
                        execution
                    }
                };
                Ok(Outcome::HandedOn { images, execution })
            }
            _ => self.catch_up(survey).await,
        }
    }

    /// What differs, for the workflow.
    async fn list(&self, cursor: &Cursor) -> Result<Batches, Failure> {
        Ok(match self.find(&Choice::All).await? {
            Found::Passive(reason) => Batches::none(reason),
            Found::Survey(survey) => Batches::of(survey, cursor),
        })
    }

    async fn sync(&self, choice: &Choice) -> Result<Outcome, Failure> {
        match self.find(choice).await? {
            Found::Passive(reason) => Ok(Outcome::Passive { reason }),
            Found::Survey(survey) => self.catch_up(survey).await,
        }
    }

    /// What of the choice differs, where this region may bring it.
    async fn find(&self, choice: &Choice) -> Result<Found, Failure> {
        let named = match choice {
            Choice::All => wanted::named(self.configuration, None)?,
            Choice::Service(service) => wanted::named(self.configuration, Some(service))?,
            Choice::Images(images) => wanted::asked(self.configuration, images)?,
        };
        if let Some(reason) = self.passive().await? {
            return Ok(Found::Passive(reason));
        }
        let scope = match choice {
            Choice::All => self.everything(named).await?,
            Choice::Service(_) | Choice::Images(_) => named,
        };
        self.survey(scope).await.map(Found::Survey)
    }

    /// What is named, and all that the patterns mean.
    async fn everything(&self, named: Scope) -> Result<Scope, Failure> {
        let mut scope = named;
        if !self.configuration.images.is_empty() {
            let repositories = self.registries.repositories().await?;
            for (names, wants) in wanted::like(self.configuration, &repositories) {
                scope.entry(names).or_default().tags.extend(wants.tags);
            }
        }
        Ok(scope)
    }

    /// Brings what differs.
    async fn catch_up(&self, survey: Survey) -> Result<Outcome, Failure> {
        let wanted = survey.differ.iter().map(|differs| differs.image.clone());
        let wanted: Vec<Wanted> = wanted.collect();
        let brought = match wanted.is_empty() {
            true => Ok(Brought::default()),
            // What was deleted since it was listed is found at the next time.
            false => self.bring(&wanted, Companions::OfCopied).await,
        };
        self.measure(&lag::of(&survey, Timestamp::now())).await;
        let outcome = brought?.outcome()?;
        if survey.gone.is_empty() {
            return Ok(outcome);
        }
        let gone = survey.gone.iter();
        let names: Vec<String> = gone.map(|image| image.reference.of(&image.own)).collect();
        Err(Failure::Refused(format!(
            "{} is not in the registry of {}: push it, or restore it to the registry",
            names.join(", "),
            self.configuration.region
        )))
    }
}

impl<R: Meter, B> ImageSync<'_, R, B> {
    async fn measure(&self, lags: &Lags) {
        self.tell(&lag::metrics(lags)).await;
    }

    /// Nothing fails because nobody hears of it.
    pub(crate) async fn tell(&self, metrics: &[Metric<'_>]) {
        if let Err(failure) = self.registries.publish(metrics).await {
            tracing::warn!("metrics are not told: {failure}");
        }
    }
}

impl Brought {
    fn outcome(self) -> Result<Outcome, Failure> {
        match (self.failed, self.images) {
            (Some(failure), _) => Err(failure),
            (None, images) if images.is_empty() => Ok(Outcome::UpToDate),
            (None, images) => Ok(Outcome::Copied { images }),
        }
    }
}
