//! The same world, in which every call takes as long as it does on AWS.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::Duration,
};

use jiff::Timestamp;
use lifeboat_aws::ecs::{Image, Services};
use lifeboat_backup::{Question, Reply};
use lifeboat_core::{
    Configuration, Failure, RegionState, ReplyId, Side,
    backup::{BackupKey, Lack},
    gate::{Gates, Priorities},
    lease::Fate,
    liveness::Answer,
    marker::Move,
    person::Answered,
    probe::ProbeReport,
    report::Report,
    request::Request,
    scaling::Scale,
    told::Told,
};
use lifeboat_failover::{Started, World, Written};

use crate::seat::Seat;

/// A call in one's own region, one to the other region, and one that gets no answer.
const OWN: Duration = Duration::from_millis(40);
const PEER: Duration = Duration::from_millis(120);
const SILENCE: Duration = Duration::from_millis(1500);
/// The probe asks the other region three things at once, and waits for the slowest.
const LOOK: Duration = Duration::from_millis(1600);

pub(crate) struct Slow<'a>(pub(crate) Seat<'a>);

impl Slow<'_> {
    async fn own<T>(&self, call: impl Future<Output = T>) -> T {
        tokio::time::sleep(OWN).await;
        call.await
    }

    async fn peer<T>(&self, side: Side, call: impl Future<Output = T>) -> T {
        let dead = self.0.world.place(side).dead;
        let takes = match (side == self.0.side, dead) {
            (true, _) => OWN,
            (false, true) => SILENCE,
            (false, false) => PEER,
        };
        tokio::time::sleep(takes).await;
        call.await
    }
}

impl World for Slow<'_> {
    fn configuration(&self) -> &Configuration {
        self.0.configuration()
    }
    fn now(&self) -> Timestamp {
        self.0.now()
    }
    async fn own_state(&self) -> Result<RegionState, Failure> {
        self.own(self.0.own_state()).await
    }
    async fn change_state(
        &self,
        change: &dyn Fn(&RegionState) -> Result<RegionState, Failure>,
    ) -> Result<RegionState, Failure> {
        self.own(self.own(self.0.change_state(change))).await
    }
    async fn fate(&self, execution: &str) -> Fate {
        self.own(self.0.fate(execution)).await
    }
    async fn look(&self) -> Result<ProbeReport, Failure> {
        tokio::time::sleep(LOOK).await;
        self.0.look().await
    }
    async fn backups(&self) -> Result<Vec<BackupKey>, Failure> {
        self.own(self.0.backups()).await
    }
    async fn lack(&self, backup: &BackupKey) -> Result<Option<Lack>, Failure> {
        self.own(self.own(self.0.lack(backup))).await
    }
    /// The tasks, their addresses, and each service's targets, 25 at once.
    async fn healthy(&self, services: &Services) -> Result<BTreeMap<String, u32>, Failure> {
        for _ in 0..services.len().div_ceil(25) {
            self.own(async {}).await;
        }
        self.own(self.own(self.0.healthy(services))).await
    }
    async fn ask_service(&self, service: &str) -> Answer {
        self.own(self.0.ask_service(service)).await
    }
    async fn alarm(&self) -> Result<Option<Timestamp>, Failure> {
        self.own(self.0.alarm()).await
    }
    async fn start(&self, name: &str, request: &Request) -> Result<Started, Failure> {
        self.own(self.0.start(name, request)).await
    }
    async fn answer(&self, token: &str, answered: &Answered) -> Result<bool, Failure> {
        self.own(self.0.answer(token, answered)).await
    }
    async fn notify(&self, subject: &str, text: &str) -> Result<(), Failure> {
        self.own(self.0.notify(subject, text)).await
    }
    async fn told(&self) -> Result<Option<Told>, Failure> {
        self.own(self.0.told()).await
    }
    async fn remember(&self, told: &Told) -> Result<(), Failure> {
        self.own(self.0.remember(told)).await
    }
    async fn report(&self, execution: &str) -> Result<Option<Report>, Failure> {
        self.own(self.0.report(execution)).await
    }
    async fn write_report(&self, report: &Report) -> Result<Written, Failure> {
        self.own(self.0.write_report(report)).await
    }
    /// Ten services in one call, one call after the other.
    async fn services(&self, side: Side) -> Result<Services, Failure> {
        let calls = self.0.configuration.services.len().div_ceil(10);
        for _ in 1..calls {
            self.peer(side, async {}).await;
        }
        self.peer(side, self.0.services(side)).await
    }
    /// The tasks, and what has become of each.
    async fn unfinished(&self, side: Side) -> Result<BTreeMap<String, u32>, Failure> {
        self.peer(side, async {}).await;
        self.peer(side, self.0.unfinished(side)).await
    }
    /// The bounds, and then the tasks.
    async fn scale(
        &self,
        side: Side,
        service: &str,
        to: Scale,
        image: Image,
    ) -> Result<(), Failure> {
        let bounds = self.peer(side, async {});
        bounds.await;
        self.peer(side, self.0.scale(side, service, to, image))
            .await
    }
    async fn mark(&self, to: Move) -> Result<(), Failure> {
        self.peer(to.marker().side(), self.0.mark(to)).await
    }
    async fn priorities(&self, side: Side, gates: &Gates) -> Result<Priorities, Failure> {
        self.peer(side, self.0.priorities(side, gates)).await
    }
    async fn set_priorities(&self, side: Side, to: &Priorities) -> Result<(), Failure> {
        self.peer(side, self.0.set_priorities(side, to)).await
    }
    async fn peer_gates(&self) -> Result<Gates, Failure> {
        self.peer(self.0.other(), self.0.peer_gates()).await
    }
    async fn peer_state(&self) -> Result<RegionState, Failure> {
        self.peer(self.0.other(), self.0.peer_state()).await
    }
    async fn ask_peer(&self, id: &ReplyId, to: &Question) -> Result<(), Failure> {
        self.peer(self.0.other(), self.0.ask_peer(id, to)).await
    }
    async fn peer_reply(&self, id: &ReplyId) -> Result<Option<Reply>, Failure> {
        self.peer(self.0.other(), self.0.peer_reply(id)).await
    }
    async fn addresses(&self, name: &str) -> Result<BTreeSet<IpAddr>, Failure> {
        self.own(self.0.addresses(name)).await
    }
}
