//! Everything an execution sees and does, as large as the steps need it and no larger.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
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

use crate::Written;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    Now(String),
    /// One of this name was started before.
    Already(String),
}

#[allow(async_fn_in_trait)]
pub trait World {
    fn configuration(&self) -> &Configuration;
    fn now(&self) -> Timestamp;

    // In this region.
    async fn own_state(&self) -> Result<RegionState, Failure>;
    async fn change_state(
        &self,
        change: &dyn Fn(&RegionState) -> Result<RegionState, Failure>,
    ) -> Result<RegionState, Failure>;
    async fn fate(&self, execution: &str) -> Fate;
    async fn look(&self) -> Result<ProbeReport, Failure>;
    async fn backups(&self) -> Result<Vec<BackupKey>, Failure>;
    /// Why the backup is not whole here; none where it is.
    async fn lack(&self, backup: &BackupKey) -> Result<Option<Lack>, Failure>;
    /// How many of each service's own tasks are healthy in all its target groups.
    async fn healthy(&self, services: &Services) -> Result<BTreeMap<String, u32>, Failure>;
    async fn ask_service(&self, service: &str) -> Answer;
    /// Since when the alarm stands; none while it does not.
    async fn alarm(&self) -> Result<Option<Timestamp>, Failure>;
    async fn start(&self, name: &str, request: &Request) -> Result<Started, Failure>;
    /// Gives the state machine its token back; whether it still waited for it.
    async fn answer(&self, token: &str, answered: &Answered) -> Result<bool, Failure>;
    async fn notify(&self, subject: &str, text: &str) -> Result<(), Failure>;
    /// What people were last told of an alarm that starts nothing.
    async fn told(&self) -> Result<Option<Told>, Failure>;
    async fn remember(&self, told: &Told) -> Result<(), Failure>;
    async fn report(&self, execution: &str) -> Result<Option<Report>, Failure>;
    /// As JSON and as a page, entered into the ledger; the same report twice is entered once. Answers where they are.
    async fn write_report(&self, report: &Report) -> Result<Written, Failure>;

    // In either region; the other one is asked once and briefly.
    async fn services(&self, side: Side) -> Result<Services, Failure>;
    /// How many tasks of each service have not ended, also those that are no longer counted as running.
    async fn unfinished(&self, side: Side) -> Result<BTreeMap<String, u32>, Failure>;
    async fn scale(
        &self,
        side: Side,
        service: &str,
        to: Scale,
        image: Image,
    ) -> Result<(), Failure>;
    async fn mark(&self, to: Move) -> Result<(), Failure>;
    /// Of the gates' rules.
    async fn priorities(&self, side: Side, gates: &Gates) -> Result<Priorities, Failure>;
    /// All of them at once, or none.
    async fn set_priorities(&self, side: Side, to: &Priorities) -> Result<(), Failure>;

    // In the other region.
    async fn peer_state(&self) -> Result<RegionState, Failure>;
    async fn peer_gates(&self) -> Result<Gates, Failure>;
    /// Its backup function is asked, and replies when it is done.
    async fn ask_peer(&self, id: &ReplyId, to: &Question) -> Result<(), Failure>;
    async fn peer_reply(&self, id: &ReplyId) -> Result<Option<Reply>, Failure>;

    // From outside.
    async fn addresses(&self, name: &str) -> Result<BTreeSet<IpAddr>, Failure>;
}
