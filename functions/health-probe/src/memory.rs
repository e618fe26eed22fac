//! A world in memory: two regions, one of which can die.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::Duration,
};

use jiff::Timestamp;
use lifeboat_aws::{Control, memory::Memory};
use lifeboat_core::{
    Configuration, Epoch, Failure, Region, RegionState,
    backup::{self, BackupKey, BackupName, Kind},
    configuration::{Holds, sample},
    gate::Priorities,
    liveness::{Answer, Asked},
    marker::Marker,
    readiness::{Definition, Quota},
    scaling::{Bounds, Scale},
    users::Addresses,
};

use crate::world::{Groups, World};
use lifeboat_aws::ecs::{Deployed, Image, Services};

pub(crate) struct InMemory {
    pub(crate) configuration: Configuration,
    control: Control<Memory>,
    backups: Memory,
    markers: Memory,
    pub(crate) peer_control: Control<Memory>,
    pub(crate) peer_markers: Memory,
    pub(crate) services: RefCell<Services>,
    pub(crate) priorities: RefCell<Priorities>,
    /// The peer's services and its control plane.
    pub(crate) peer_serves: Cell<bool>,
    /// The peer's probe.
    pub(crate) heard: RefCell<Result<Option<Timestamp>, Answer>>,
    pub(crate) publishing_fails: Cell<bool>,
    pub(crate) published: RefCell<BTreeMap<&'static str, f64>>,
    /// What was in this region's control bucket by then.
    pub(crate) written_before: RefCell<Vec<String>>,
    /// Effects on ECS, each with the markers that were raised by then.
    pub(crate) stopped: RefCell<Vec<(String, Vec<String>)>>,
    pub(crate) started: RefCell<Vec<(String, Scale)>>,
    /// How often it was asked what is deployed, and what this region's state becomes when it is asked that often.
    pub(crate) asked: Cell<u32>,
    pub(crate) becomes: RefCell<Option<(u32, RegionState)>>,
    pub(crate) pauses: Cell<u32>,
    /// This region's registry has all but these.
    pub(crate) images_gone: RefCell<Vec<String>>,
    /// What both regions start from where nothing else is set, and what the other one does.
    pub(crate) definition: RefCell<Definition>,
    pub(crate) peer_definition: RefCell<Option<Definition>>,
    /// Target groups, secrets and parameters that are not there.
    pub(crate) gone: RefCell<BTreeSet<String>>,
    /// What this region's services answer through its load balancer.
    pub(crate) own_answer: RefCell<Answer>,
    pub(crate) free: RefCell<BTreeMap<String, u32>>,
    pub(crate) quota: RefCell<Result<Quota, Failure>>,
    pub(crate) names: RefCell<BTreeMap<String, Addresses>>,
    /// Questions that never end, by what they ask for.
    pub(crate) hangs: RefCell<BTreeSet<String>>,
}

/// The address of a load balancer.
pub(crate) fn at(last: u8) -> Addresses {
    Ok([IpAddr::from([192, 0, 2, last])].into())
}

pub(crate) const NOW: &str = "2024-11-23T12:00:00Z";

pub(crate) fn after(seconds: i64) -> Timestamp {
    let noon: Timestamp = NOW.parse().unwrap();
    Timestamp::from_second(noon.as_second() + seconds).unwrap()
}

impl InMemory {
    /// Both regions well, home active, each service with three tasks in home and a backup a minute old.
    pub(crate) fn seen_from(region: &str) -> Self {
        let configuration = sample(region);
        let bucket = |name: &str, region: &Region| Memory::new(name, region);
        let (own, peer) = (&configuration.region, configuration.peer_region());
        let desired = if *own == configuration.home { 3 } else { 0 };
        let deployed = Deployed {
            status: "ACTIVE".into(),
            desired,
            running: desired,
            bounds: (desired == 0).then_some(Bounds::CLOSED),
            groups: vec!["group".into()],
            subnets: ["a".to_owned(), "b".to_owned()].into(),
            definition: Some("definition".into()),
            ..Deployed::default()
        };
        let services = configuration.services.iter();
        let services = services
            .map(|s| (s.name.clone(), deployed.clone()))
            .collect();
        let world = Self {
            control: Control::new(bucket("control", own)),
            backups: bucket("backups", own),
            markers: bucket("markers", own),
            peer_control: Control::new(bucket("control", peer)),
            peer_markers: bucket("markers", peer),
            services: RefCell::new(services),
            priorities: RefCell::default(),
            peer_serves: Cell::new(true),
            heard: RefCell::new(Ok(Some(after(-30)))),
            publishing_fails: Cell::new(false),
            published: RefCell::default(),
            written_before: RefCell::default(),
            stopped: RefCell::default(),
            started: RefCell::default(),
            asked: Cell::new(0),
            becomes: RefCell::default(),
            pauses: Cell::new(0),
            images_gone: RefCell::default(),
            definition: RefCell::new(Definition {
                cpu: Some("256".into()),
                ..Definition::default()
            }),
            peer_definition: RefCell::default(),
            gone: RefCell::default(),
            own_answer: RefCell::new(Answer::Good),
            free: RefCell::new([("a".to_owned(), 100), ("b".to_owned(), 100)].into()),
            quota: RefCell::new(Ok(Quota {
                vcpus: 100.0,
                used: 1.0,
            })),
            names: RefCell::new(
                [
                    ("forum.test".to_owned(), at(1)),
                    ("us-east-1.forum.test".to_owned(), at(1)),
                    ("us-west-2.forum.test".to_owned(), at(2)),
                ]
                .into(),
            ),
            hangs: RefCell::default(),
            configuration,
        };
        let backup = world.backup(-60);
        let services = world.configuration.services.iter().map(|s| s.name.as_str());
        let manifest = backup::sample(&backup, services);
        world.backups.set(&manifest.packs[0].id.key(), "123");
        let json = serde_json::to_vec(&manifest).unwrap_or_default();
        world.backups.set(&backup.manifest(), json);
        world
    }

    /// Posts holds nothing, and two tasks of it are warm.
    pub(crate) fn warm(mut self) -> Self {
        let mut services = self.configuration.services.iter_mut();
        let posts = services.find(|service| service.name == "posts").unwrap();
        (posts.holds, posts.warm) = (Holds::Nothing, 2);
        self
    }

    pub(crate) fn backup(&self, seconds: i64) -> BackupKey {
        BackupKey {
            epoch: Epoch(0),
            name: BackupName::new(Kind::Backup, after(seconds)),
            region: self.configuration.home.clone(),
        }
    }

    pub(crate) fn peer_is_dead(&self, dead: bool) {
        self.peer_serves.set(!dead);
        self.peer_control.bucket().dead.set(dead);
        self.peer_markers.dead.set(dead);
    }

    pub(crate) fn own_storage_is_dead(&self) {
        for bucket in [self.control.bucket(), &self.backups, &self.markers] {
            bucket.dead.set(true);
        }
    }

    pub(crate) fn genesis(&self) -> RegionState {
        RegionState::genesis(&self.configuration.pair().unwrap())
    }

    pub(crate) fn set_state(&self, state: &RegionState) {
        let body = serde_json::to_vec(state).unwrap();
        self.control.bucket().set("state.json", body);
    }

    /// The peer was activated at this epoch.
    pub(crate) fn peer_takes_over(&self, epoch: u64) {
        let mut state = self.genesis();
        state.epoch = Epoch(epoch);
        state.active = self.configuration.peer_region().clone();
        let body = serde_json::to_vec(&state).unwrap();
        self.peer_control.bucket().set("state.json", body);
    }

    async fn hang(&self, what: &str) {
        if self.hangs.borrow().contains(what) {
            std::future::pending::<()>().await;
        }
    }

    pub(crate) fn everything_written(&self) -> Vec<String> {
        let own = [self.control.bucket(), &self.markers];
        let peer = [self.peer_control.bucket(), &self.peer_markers];
        own.iter()
            .chain(&peer)
            .flat_map(|bucket| bucket.keys())
            .collect()
    }
}

impl World for InMemory {
    type Bucket = Memory;

    fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    fn control(&self) -> &Control<Memory> {
        &self.control
    }

    fn backups(&self) -> &Memory {
        &self.backups
    }

    fn markers(&self) -> &Memory {
        &self.markers
    }

    async fn services(&self) -> Result<Services, Failure> {
        self.asked.set(self.asked.get() + 1);
        if let Some((asked, state)) = &*self.becomes.borrow()
            && *asked == self.asked.get()
        {
            self.set_state(state);
        }
        Ok(self.services.borrow().clone())
    }

    async fn priorities(&self) -> Result<Priorities, Failure> {
        Ok(self.priorities.borrow().clone())
    }

    async fn image(&self, repository: &str, reference: &str) -> Result<bool, Failure> {
        let image = format!("{repository} ({reference})");
        Ok(!self.images_gone.borrow().contains(&image))
    }

    async fn definition(&self, arn: &str) -> Result<Definition, Failure> {
        self.hang(arn).await;
        Ok(self.definition.borrow().clone())
    }

    async fn target_groups(&self, arns: &BTreeSet<String>) -> Groups {
        let mut groups = Groups::new();
        for arn in arns {
            self.hang(arn).await;
            groups.insert(arn.clone(), Ok(!self.gone.borrow().contains(arn)));
        }
        groups
    }

    async fn own_health(&self, _service: &str) -> Asked {
        Asked {
            answer: self.own_answer.borrow().clone(),
            milliseconds: 7,
        }
    }

    async fn secret(&self, arn: &str) -> Result<bool, Failure> {
        self.hang(arn).await;
        Ok(!self.gone.borrow().contains(arn))
    }

    async fn parameter(&self, name: &str) -> Result<bool, Failure> {
        self.secret(name).await
    }

    async fn free(&self, _: &BTreeSet<String>) -> Result<BTreeMap<String, u32>, Failure> {
        self.hang("subnets").await;
        Ok(self.free.borrow().clone())
    }

    async fn quota(&self) -> Result<Quota, Failure> {
        self.hang("quota").await;
        self.quota.borrow().clone()
    }

    async fn addresses(&self, name: &str) -> Addresses {
        self.hang(name).await;
        let names = self.names.borrow();
        names.get(name).cloned().unwrap_or(Ok(BTreeSet::new()))
    }

    async fn scale(&self, service: &str, to: Scale, _: Image) -> Result<(), Failure> {
        self.hang("scaling").await;
        match to {
            Scale::NONE => self
                .stopped
                .borrow_mut()
                .push((service.into(), self.markers.keys())),
            other => self.started.borrow_mut().push((service.into(), other)),
        }
        if let Some(deployed) = self.services.borrow_mut().get_mut(service) {
            (deployed.desired, deployed.running) = (to.desired, to.desired);
            deployed.bounds = Some(to.bounds);
        }
        Ok(())
    }

    async fn publish(&self, metrics: &[(&'static str, f64)]) -> Result<(), Failure> {
        if self.publishing_fails.get() {
            let region = &self.configuration.region;
            return Err(Failure::unavailable(
                "publish",
                "metrics",
                region,
                "throttled",
            ));
        }
        self.written_before.replace(self.control.bucket().keys());
        self.published.replace(metrics.iter().copied().collect());
        Ok(())
    }

    async fn peer_health(&self, _service: &str) -> Asked {
        let answer = match self.peer_serves.get() {
            true => Answer::Good,
            false => Answer::Silent("timed out".into()),
        };
        Asked {
            answer,
            milliseconds: 70,
        }
    }

    async fn peer_services(&self) -> Result<Services, Answer> {
        self.hang("peer services").await;
        if !self.peer_serves.get() {
            return Err(Answer::Silent("timed out".into()));
        }
        let services = self.configuration.services.iter().map(|service| {
            let deployed = Deployed {
                desired: 3,
                running: 3,
                definition: Some("peer definition".into()),
                ..Deployed::default()
            };
            (service.name.clone(), deployed)
        });
        Ok(services.collect())
    }

    async fn peer_definition(&self, _: &str) -> Result<Definition, Failure> {
        let own = self.definition.borrow().clone();
        Ok(self.peer_definition.borrow().clone().unwrap_or(own))
    }

    async fn peer_heartbeat(&self) -> Result<Option<Timestamp>, Answer> {
        match self.peer_control.bucket().dead.get() {
            true => Err(Answer::Silent("timed out".into())),
            false => self.heard.borrow().clone(),
        }
    }

    async fn peer_state(&self) -> Result<RegionState, Failure> {
        self.peer_control.state(&self.configuration.pair()?).await
    }

    async fn peer_marker(&self, marker: Marker) -> Result<bool, Failure> {
        use lifeboat_aws::Objects;
        Ok(self.peer_markers.get(marker.key()).await?.is_some())
    }

    async fn pause(&self, _duration: Duration) {
        self.pauses.set(self.pauses.get() + 1);
    }
}
