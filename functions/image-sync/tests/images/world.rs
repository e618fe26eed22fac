//! Two regions, each with a registry; the function runs in the first.

use std::{cell::RefCell, sync::Arc, time::Duration};

use jiff::SignedDuration;
use lifeboat_aws::{Control, memory::Memory, metrics::Metric};
use lifeboat_core::{Configuration, Epoch, Failure, Region, RegionState, configuration};
use lifeboat_image_sync::{
    Answer, Event, ImageSync, Outcome, Registries, Registry,
    fan_out::{Started, Workflow},
    lag::{Lags, Meter},
    registry::{Effort, client},
    survey::{Catalog, Listed},
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{clusters::Clusters, fake::Fake};

pub(crate) struct World {
    pub(crate) own: Fake,
    pub(crate) peer: Fake,
    pub(crate) configuration: Configuration,
    pub(crate) control: Control<Memory>,
    pub(crate) clusters: Clusters,
    http: reqwest::Client,
    /// What the token of the peer fails with.
    pub(crate) peer_dead: bool,
    /// How long an invocation may copy.
    pub(crate) time: Option<Duration>,
    /// Names of the executions that were started.
    pub(crate) started: RefCell<Vec<String>>,
    /// The lags that were published last.
    pub(crate) lags: RefCell<Lags>,
    /// Metrics that are no lags.
    pub(crate) told: RefCell<Vec<&'static str>>,
    pub(crate) publishing_fails: bool,
}

impl World {
    /// In home, which is active.
    pub(crate) async fn new() -> Self {
        let (own, peer) = (Fake::start().await, Fake::start().await);
        Self::between("us-east-1", own, peer)
    }

    /// In this region, with a registry of its own and the other one's.
    pub(crate) fn between(region: &str, own: Fake, peer: Fake) -> Self {
        // Whichever test is first installs it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut configuration = configuration::sample(region);
        let peer_region = configuration.peer_region().clone();
        let regions = [(configuration.region.clone(), &own), (peer_region, &peer)];
        for (region, fake) in regions {
            let resources = configuration.regions.get_mut(&region).unwrap();
            resources.registry.endpoint = fake.endpoint.clone();
        }
        let control = Control::new(Memory::new("control", &configuration.region));
        Self {
            own,
            peer,
            configuration,
            control,
            clusters: Clusters::default(),
            http: client().unwrap(),
            peer_dead: false,
            time: None,
            started: RefCell::default(),
            lags: RefCell::default(),
            told: RefCell::default(),
            publishing_fails: false,
        }
    }

    pub(crate) fn activate_peer(&self) {
        self.activate(&self.configuration.peer_region().clone());
    }

    pub(crate) fn activate(&self, region: &Region) {
        let mut state = RegionState::genesis(&self.configuration.pair().unwrap());
        state.epoch = Epoch(1);
        state.active = region.clone();
        self.set_state(&state);
    }

    pub(crate) fn set_state(&self, state: &RegionState) {
        let body = serde_json::to_vec(state).unwrap();
        self.control.bucket().set("state.json", body);
    }

    pub(crate) async fn handle(&self, event: Value) -> Result<Answer, Failure> {
        let sync = ImageSync {
            configuration: &self.configuration,
            control: &self.control,
            registries: self,
            until: self.time.map(|time| Instant::now() + time),
        };
        sync.handle(Event::parse(event)?).await
    }

    pub(crate) async fn outcome(&self, event: Value) -> Outcome {
        match self.handle(event).await.unwrap() {
            Answer::Outcome(outcome) => outcome,
            Answer::Reconciled(reconciled) => reconciled.copied,
            other => panic!("{other:?}"),
        }
    }

    /// The outcome of an event that copies; answers `repository:reference` of each.
    pub(crate) async fn copied(&self, event: Value) -> Vec<String> {
        match self.outcome(event).await {
            Outcome::Copied { images } => {
                let name = |image: &lifeboat_image_sync::Copied| {
                    format!("{}:{}", image.repository, image.reference)
                };
                images.iter().map(name).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    fn registry(&self, region: &str, effort: Effort) -> Result<Registry, Failure> {
        let region = Region::new(region).unwrap();
        let address = &self.configuration.regions[&region].registry;
        let keeper = Arc::new(self.fake(&region).clone());
        Registry::new(self.http.clone(), address, region, keeper, effort)
    }

    fn fake(&self, region: &Region) -> &Fake {
        match *region == self.configuration.region {
            true => &self.own,
            false => &self.peer,
        }
    }
}

impl Registries for World {
    async fn own(&self) -> Result<Registry, Failure> {
        self.registry(self.configuration.region.as_str(), Effort::OWN)
    }

    async fn peer(&self, effort: Effort) -> Result<Registry, Failure> {
        let region = self.configuration.peer_region();
        if self.peer_dead {
            return Err(Failure::unavailable(
                "get",
                "a token of the registry",
                region,
                "timed out",
            ));
        }
        self.registry(region.as_str(), effort)
    }
}

impl Catalog for World {
    async fn repositories(&self) -> Result<Vec<String>, Failure> {
        Ok(self.own.inner().repositories.keys().cloned().collect())
    }

    async fn images(
        &self,
        region: &Region,
        repository: &str,
    ) -> Result<Option<Vec<Listed>>, Failure> {
        Ok(self.fake(region).list(repository))
    }
}

impl Meter for World {
    async fn publish(&self, metrics: &[Metric<'_>]) -> Result<(), Failure> {
        if self.publishing_fails {
            let region = &self.configuration.region;
            return Err(Failure::unavailable(
                "publish",
                "metrics",
                region,
                "slow down",
            ));
        }
        let lags = metrics.iter().filter_map(|metric| {
            let (_, repository) = metric.of?;
            let lag = SignedDuration::try_from_secs_f64(metric.value).unwrap();
            Some((repository.to_owned(), lag))
        });
        let names = metrics.iter().map(|metric| metric.name);
        match names.clone().all(|name| name == "ImageLag") {
            true => drop(self.lags.replace(lags.collect())),
            false => self.told.borrow_mut().extend(names),
        }
        Ok(())
    }
}

impl Workflow for World {
    async fn start(&self, machine: &str, name: &str) -> Result<Started, Failure> {
        let mut started = self.started.borrow_mut();
        let execution = format!("{machine}:{name}");
        match started.contains(&execution) {
            true => Ok(Started::Already(execution)),
            false => {
                started.push(execution.clone());
                Ok(Started::Now(execution))
            }
        }
    }
}

/// While it is held, time goes by only where a registry says so, however busy the machine is: tokio's own clock would jump
/// to the next thing waited for whenever everybody waits for a socket, but not while work that blocks is at it.
pub(crate) struct StillClock {
    _ends: std::sync::mpsc::Sender<()>,
}

impl StillClock {
    pub(crate) fn new() -> Self {
        tokio::time::pause();
        let (ends, ended) = std::sync::mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || ended.recv().unwrap_err());
        Self { _ends: ends }
    }
}

pub(crate) fn push(repository: &str, tag: Option<&str>, digest: &str) -> Value {
    let mut event = json!({"version": "0", "source": "aws.ecr", "detail-type": "ECR Image Action", "region": "us-east-1",
        "detail": {"result": "SUCCESS", "action-type": "PUSH", "repository-name": repository, "image-digest": digest}});
    if let Some(tag) = tag {
        event["detail"]["image-tag"] = tag.into();
    }
    event
}

pub(crate) fn reconcile() -> Value {
    json!({"action": "reconcile"})
}

pub(crate) fn check() -> Value {
    json!({"action": "check", "execution": "arn:aws:states:us-east-1:1:execution:forum-failover:1"})
}

/// An address where nobody listens.
pub(crate) async fn nowhere() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
