//! The adapter: the world as AWS shows it from the region being activated.

mod targets;
mod workflow;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use aws_sdk_cloudwatch::types::StateValue;
use jiff::Timestamp;
use lifeboat_aws::{
    Bucket, Control, Objects, Patience, backups, dns,
    ecs::{self, Image, Services},
    explain,
    function::Start,
    gates::Rules,
    lambda, load_balancer, reports,
};
use lifeboat_backup::{Event as BackupEvent, Question, Reply};
use lifeboat_core::{
    Configuration, Failure, RegionState, ReplyId, Side,
    backup::{BackupKey, Kind, Lack},
    configuration::RegionResources,
    gate::{self, Gates, Priorities},
    lease::{EFFECT_LASTS, Fate},
    liveness::Answer,
    marker::{Move, TOKEN},
    person::Answered,
    probe::ProbeReport,
    report::{Drilled, Report},
    request::Request,
    scaling::Scale,
    told::Told,
};

use crate::{Started, World, Written, report};

#[derive(Debug)]
pub struct Region {
    configuration: Configuration,
    start: Start,
    backups: Bucket,
    peer_control: Control<Bucket>,
    functions: lambda::Functions,
    peer_functions: lambda::Functions,
    ecs: ecs::Clients,
    peer_ecs: ecs::Clients,
    rules: Rules,
    peer_rules: Rules,
    targets: targets::Targets,
    workflow: workflow::Workflow,
    alarms: aws_sdk_cloudwatch::Client,
    notices: aws_sdk_sns::Client,
    http: reqwest::Client,
}

impl Region {
    pub fn new(start: Start) -> Result<Self, Failure> {
        let configuration = start.configuration.clone();
        let (region, other) = (&configuration.region, configuration.peer_region());
        let here = start.aws.region(region, Patience::Own);
        let there = start.aws.region(other, Patience::Peer);
        let functions = |region, patience| {
            let config = start.aws.region(region, patience);
            lambda::Functions::new(&config, region)
        };
        Ok(Self {
            backups: start.own_bucket(&configuration.own().backups_bucket),
            peer_control: Control::new(start.peer_bucket(&configuration.peer().control_bucket)),
            functions: functions(region, Patience::Brief),
            peer_functions: functions(other, Patience::Peer),
            ecs: ecs::Clients::new(&here),
            peer_ecs: ecs::Clients::new(&there),
            rules: Rules::new(&here, region),
            peer_rules: Rules::new(&there, other),
            targets: targets::Targets::new(&here, &configuration),
            workflow: workflow::Workflow::new(&here, &configuration),
            alarms: aws_sdk_cloudwatch::Client::new(&here),
            notices: aws_sdk_sns::Client::new(&here),
            http: start.aws.http(region)?,
            configuration,
            start,
        })
    }

    fn ecs(&self, side: Side) -> (&ecs::Clients, &RegionResources) {
        let clients = match side == self.configuration.side() {
            true => &self.ecs,
            false => &self.peer_ecs,
        };
        (clients, self.configuration.resources(side))
    }

    fn rules(&self, side: Side) -> &Rules {
        match side == self.configuration.side() {
            true => &self.rules,
            false => &self.peer_rules,
        }
    }

    fn markers(&self, side: Side) -> Bucket {
        let name = &self.configuration.resources(side).markers_bucket;
        match side == self.configuration.side() {
            true => self.start.own_bucket(name),
            false => self.start.peer_bucket(name),
        }
    }
}

/// Whoever takes the lease after this one counts on its last effect being over.
async fn briefly<T>(effect: impl Future<Output = T>) -> Result<T, String> {
    let patience = EFFECT_LASTS.unsigned_abs();
    let done = tokio::time::timeout(patience, effect).await;
    done.map_err(|_| format!("no answer within {} s", patience.as_secs()))
}

impl World for Region {
    fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn own_state(&self) -> Result<RegionState, Failure> {
        let pair = self.configuration.pair()?;
        self.start.control.state(&pair).await
    }

    async fn change_state(
        &self,
        change: &dyn Fn(&RegionState) -> Result<RegionState, Failure>,
    ) -> Result<RegionState, Failure> {
        let pair = self.configuration.pair()?;
        self.start.control.change(&pair, change).await
    }

    async fn fate(&self, execution: &str) -> Fate {
        self.workflow.fate(execution).await
    }

    async fn look(&self) -> Result<ProbeReport, Failure> {
        let probe = &self.configuration.own().functions.health_probe;
        let event = serde_json::json!({ "action": "look" });
        self.functions.ask(probe, &event).await
    }

    async fn backups(&self) -> Result<Vec<BackupKey>, Failure> {
        backups::all(&self.backups, Kind::Backup).await
    }

    async fn lack(&self, backup: &BackupKey) -> Result<Option<Lack>, Failure> {
        let control = &self.start.control;
        backups::lack(&self.backups, control, &self.configuration, backup).await
    }

    async fn ask_service(&self, service: &str) -> Answer {
        let own = &self.configuration.own().load_balancer;
        let path = self.configuration.health(service);
        load_balancer::ask(&self.http, own, &path).await.answer
    }

    async fn healthy(&self, services: &Services) -> Result<BTreeMap<String, u32>, Failure> {
        self.targets.healthy(services).await
    }

    async fn alarm(&self) -> Result<Option<Timestamp>, Failure> {
        let name = &self.configuration.own().alarm;
        let describe = self.alarms.describe_alarms().alarm_names(name);
        let answer = describe.send().await.map_err(|e| {
            let (object, region) = (format!("alarm {name}"), &self.configuration.region);
            Failure::unavailable("describe", object, region, explain(&e))
        })?;
        let mut alarms = answer.metric_alarms().iter();
        let standing = alarms.find(|alarm| alarm.state_value() == Some(&StateValue::Alarm));
        Ok(standing.map(|alarm| {
            let changed = alarm.state_transitioned_timestamp();
            let changed = changed.or_else(|| alarm.state_updated_timestamp());
            let second = changed.map_or(0, |changed| changed.secs());
            Timestamp::from_second(second).unwrap_or_default()
        }))
    }

    async fn start(&self, name: &str, request: &Request) -> Result<Started, Failure> {
        self.workflow.start(name, request).await
    }

    async fn answer(&self, token: &str, answered: &Answered) -> Result<bool, Failure> {
        self.workflow.answer(token, answered).await
    }

    async fn notify(&self, subject: &str, text: &str) -> Result<(), Failure> {
        let topic = &self.configuration.own().notices_topic;
        // SNS takes a hundred characters.
        let subject: String = subject.chars().take(100).collect();
        let publish = self.notices.publish().topic_arn(topic).subject(subject);
        let sent = publish.message(text).send().await;
        sent.map(drop).map_err(|e| {
            Failure::unavailable("publish to", topic, &self.configuration.region, explain(&e))
        })
    }

    async fn told(&self) -> Result<Option<Told>, Failure> {
        match self.start.control.read(Told::KEY).await {
            // What cannot be read must keep nobody from being told.
            Err(Failure::Invalid(why)) => {
                tracing::warn!("{why}");
                Ok(None)
            }
            other => other,
        }
    }

    async fn remember(&self, told: &Told) -> Result<(), Failure> {
        self.start.control.write(Told::KEY, told).await
    }

    async fn report(&self, execution: &str) -> Result<Option<Report>, Failure> {
        reports::read(&self.backups, &self.configuration.region, execution).await
    }

    async fn write_report(&self, report: &Report) -> Result<Written, Failure> {
        let now = self.now();
        let written = report::write(&self.backups, &self.configuration, report, now).await?;
        if let Some(drilled) = Drilled::of(report) {
            self.start.control.write(Drilled::KEY, &drilled).await?;
        }
        Ok(written)
    }

    async fn services(&self, side: Side) -> Result<Services, Failure> {
        let (clients, resources) = self.ecs(side);
        ecs::services(clients, resources, self.configuration.region_of(side)).await
    }

    async fn unfinished(&self, side: Side) -> Result<BTreeMap<String, u32>, Failure> {
        let (clients, resources) = self.ecs(side);
        let region = self.configuration.region_of(side);
        ecs::unfinished(&clients.ecs, resources, region).await
    }

    async fn scale(
        &self,
        side: Side,
        service: &str,
        to: Scale,
        image: Image,
    ) -> Result<(), Failure> {
        let (clients, resources) = self.ecs(side);
        let region = self.configuration.region_of(side);
        let scale = ecs::scale(clients, resources, service, to, image, region);
        briefly(scale)
            .await
            .unwrap_or_else(|why| Err(Failure::unavailable("scale", service, region, why)))
    }

    async fn mark(&self, to: Move) -> Result<(), Failure> {
        let marker = to.marker();
        let bucket = self.markers(marker.side());
        match to {
            Move::Raise(_) => bucket.put(marker.key(), TOKEN.into()).await,
            Move::Lower(_) => bucket.delete(marker.key()).await,
        }
    }

    async fn priorities(&self, side: Side, gates: &Gates) -> Result<Priorities, Failure> {
        self.rules(side).priorities(gates).await
    }

    async fn set_priorities(&self, side: Side, to: &Priorities) -> Result<(), Failure> {
        let region = self.configuration.region_of(side);
        let set = self.rules(side).set(to);
        briefly(set).await.unwrap_or_else(|why| {
            let rules: Vec<&str> = to.keys().map(String::as_str).collect();
            let object = format!("priorities of {}", rules.join(", "));
            Err(Failure::unavailable("set", object, region, why))
        })
    }

    async fn peer_gates(&self) -> Result<Gates, Failure> {
        let told: Option<gate::Told> = self.peer_control.read(Configuration::KEY).await?;
        Ok(told.unwrap_or_default().gates)
    }

    async fn peer_state(&self) -> Result<RegionState, Failure> {
        self.peer_control.state(&self.configuration.pair()?).await
    }

    async fn ask_peer(&self, id: &ReplyId, to: &Question) -> Result<(), Failure> {
        let backup = &self.configuration.peer().functions.backup;
        let event = BackupEvent::Reply {
            id: id.clone(),
            to: to.clone(),
        };
        self.peer_functions.tell(backup, &event).await
    }

    async fn peer_reply(&self, id: &ReplyId) -> Result<Option<Reply>, Failure> {
        self.peer_control.read(&id.key()).await
    }

    async fn addresses(&self, name: &str) -> Result<BTreeSet<IpAddr>, Failure> {
        let asked = dns::addresses(&self.configuration.traffic, name).await;
        asked.map_err(|why| Failure::unavailable("look up", name, &self.configuration.region, why))
    }
}
