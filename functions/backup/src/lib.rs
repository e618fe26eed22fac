//! Takes the data of every service into a verified backup of the region's bucket, and brings it back.

mod by_hand;
mod chain;
mod changes;
mod contents;
mod create;
mod damage;
mod event;
mod export;
mod fetch;
mod files;
mod find;
mod folder;
mod follow;
mod hook;
mod http;
mod import;
mod keep;
mod known;
mod late;
mod lock;
#[cfg(test)]
mod nothing;
mod order;
mod placed;
mod prefix;
mod preview;
mod prove;
mod prune;
mod read;
mod refresh;
mod rehearse;
mod reply;
mod restore;
mod salvage;
mod save;
mod source;
mod unfinished;
mod unpack;
mod verify;

use std::{fmt::Display, path::PathBuf, sync::Arc};

use jiff::Timestamp;
use lifeboat_aws::{Control, Objects};
use lifeboat_core::{
    Configuration, Failure, Region, RegionState,
    configuration::{Address, Place, Service},
};
use tokio::runtime::Handle;

use export::Export;
use folder::Folder;
use hook::Hook;
use http::Endpoint;
use order::{By, Order};
use prefix::Prefix;
use source::Source;

pub use event::{Created, Event, Execution, Following, Kept, Outcome, Pruned, Question, Salvaged};
pub use http::{Secrets, Token};
pub use late::so_far;
pub use preview::{Effects, Preview};
pub use reply::Reply;

/// How hard zstd works: further up a backup takes much longer and becomes little smaller.
pub const LEVEL: i32 = 3;

/// What the function reaches of its region beyond its two buckets and the mounted data, for services whose data is elsewhere.
pub trait Beyond<B>: Secrets {
    fn bucket(&self, name: &str) -> B;
}

/// What the function works with.
#[derive(Debug)]
pub struct Backup<'a, C, B> {
    pub configuration: &'a Configuration,
    pub control: &'a Control<C>,
    pub backups: &'a B,
    pub beyond: Arc<dyn Beyond<B>>,
    pub level: i32,
    /// When an action ends, done or not: what was read is sent, and what is done is handed over to the next invocation.
    pub until: Timestamp,
}

impl<C: Objects, B: Objects> Backup<'_, C, B> {
    /// Those that hold data: of the others there is nothing in a backup.
    pub(crate) fn services(&self) -> Vec<&str> {
        let services = self.configuration.holding();
        services.map(|service| service.name.as_str()).collect()
    }

    /// Whether an action has to end, done or not, for its words to be heard.
    pub(crate) fn is_late(&self, now: Timestamp) -> bool {
        now >= self.until
    }

    pub(crate) fn folder(&self, service: &str) -> PathBuf {
        PathBuf::from(&self.configuration.data_directory).join(service)
    }

    pub(crate) fn sources(&self) -> Vec<Source> {
        let services = self.configuration.holding();
        let source = |service: &Service| Source {
            service: service.name.clone(),
            data: service.data,
            place: self.place(&service.name),
            hook: self.hook(&service.name),
        };
        services.map(source).collect()
    }

    fn place(&self, service: &str) -> Arc<dyn source::Place> {
        match &self.configuration.own().services[service].place {
            Place::Folder => Arc::new(Folder::new(self.folder(service))),
            Place::Bucket { bucket, prefix } => {
                let bucket = self.beyond.bucket(bucket);
                Arc::new(Prefix::new(bucket, prefix, Handle::current()))
            }
            Place::Http(export) => {
                let endpoint = self.endpoint(&export.address, &export.secret);
                Arc::new(Export::new(export, endpoint))
            }
        }
    }

    fn hook(&self, service: &str) -> Option<Hook> {
        let hook = self.configuration.own().services[service].hook.as_ref()?;
        Some(Hook {
            endpoint: self.endpoint(&hook.address, &hook.secret),
            longest_seconds: hook.longest_seconds,
        })
    }

    fn endpoint(&self, address: &Address, secret: &str) -> Endpoint {
        Endpoint {
            address: address.clone(),
            secret: secret.to_owned(),
            secrets: self.beyond.clone(),
            region: self.configuration.region.clone(),
            runtime: Handle::current(),
        }
    }

    /// What broke off here, and is worth another try.
    pub(crate) fn failed(
        &self,
        operation: &str,
        object: impl Display,
        why: impl Display,
    ) -> Failure {
        Failure::unavailable(operation, object, &self.configuration.region, why)
    }

    pub(crate) async fn state(&self) -> Result<RegionState, Failure> {
        self.control.state(&self.configuration.pair()?).await
    }

    pub(crate) fn io<T>(
        &self,
        operation: &str,
        at: impl Display,
        outcome: std::io::Result<T>,
    ) -> Result<T, Failure> {
        outcome.map_err(|why| unanswered(operation, at, &self.configuration.region, why))
    }
}

/// What a place answered where it said so itself; else what went wrong with it there.
pub(crate) fn unanswered(
    operation: &str,
    at: impl Display,
    region: &Region,
    why: std::io::Error,
) -> Failure {
    match why.downcast::<Failure>() {
        Ok(failure) => failure,
        Err(why) => files::failed(operation, at, region, why),
    }
}

pub async fn handle<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    event: Event,
    clock: impl Fn() -> Timestamp,
) -> Result<Outcome, Failure> {
    let came = act(backup, event, clock).await;
    damage::remember(backup, came).await
}

async fn act<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    event: Event,
    clock: impl Fn() -> Timestamp,
) -> Result<Outcome, Failure> {
    match event {
        Event::Create {} => create::create(backup, clock).await,
        Event::List {} => find::list(backup).await,
        Event::Restore {
            backup: choice,
            services,
            overrides,
            scratch,
            execution,
        } => {
            let by = execution.map_or(By::Person, By::Execution);
            let order = Order::new(backup, choice, services, overrides, by)?;
            match scratch {
                true => restore::into_scratch(backup, &order, clock).await,
                false => restore::restore(backup, &order, clock).await,
            }
        }
        Event::Import {
            backup: choice,
            mode,
            execution,
        } => import::import(backup, choice, mode, execution, clock).await,
        Event::Refresh {} => refresh::refresh(backup, clock).await,
        Event::Preview {
            backup: choice,
            services,
            overrides,
        } => {
            let order = Order::new(backup, choice, services, overrides, By::Person)?;
            preview::preview(backup, &order, clock).await
        }
        Event::Verify { backup: choice } => {
            let verified = verify::verify(backup, choice, clock).await?;
            Ok(Outcome::Verified { verified })
        }
        Event::Prove {} => prove::prove(backup, clock).await,
        Event::Prune {} => Ok(Outcome::Pruned(prune::prune(backup, clock).await?)),
        Event::Follow {} => Ok(Outcome::Followed(follow::follow(backup, clock).await?)),
        Event::Keep {} => Ok(Outcome::Kept(keep::keep(backup, clock).await?)),
        Event::Reply { id, to } => reply::reply(backup, id, to, clock).await,
    }
}
