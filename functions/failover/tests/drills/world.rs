//! Two regions in memory, the users who write through the name, and a clock that the test moves.

use std::{
    cell::{Cell, Ref, RefCell, RefMut},
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use lifeboat_aws::ecs::{Deployed, Services};
use lifeboat_backup::Reply;
use lifeboat_core::{
    Configuration, Epoch, Failure, RegionState, ReplyId, Side,
    backup::{BackupKey, BackupName, Kind, Lack},
    configuration::{self, Approval, Holds, Service, Writes, sample, sample_export},
    gate::{self, Gates, Position, Priorities},
    idle,
    marker::{Marker, Seen, answers},
    person::{Answered, Verb},
    report::Report,
    request::Request,
    run::Step,
    scaling::{Bounds, Scale},
    told::Told,
};
use serde_json::Value;

use crate::{
    asked::{self, Asked, Mail},
    faults::Faults,
    invariants::Ledger,
};

/// What users wrote, one number each.
pub(crate) type Records = BTreeSet<u32>;

/// One region.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) state: RegionState,
    pub(crate) services: Services,
    pub(crate) markers: Vec<Marker>,
    /// Of the rules of this region's gates.
    pub(crate) priorities: Priorities,
    /// What the services hold.
    pub(crate) records: Records,
    pub(crate) backups: BTreeMap<BackupKey, Records>,
    /// What all of them lack.
    pub(crate) harmed: Option<Lack>,
    pub(crate) salvaged: Vec<Records>,
    /// Since when it stands.
    pub(crate) alarm: Option<Timestamp>,
    pub(crate) notices: Vec<(String, String)>,
    pub(crate) told: Option<Told>,
    pub(crate) reports: BTreeMap<String, Report>,
    /// Executions by their ARN, and those that still run.
    pub(crate) started: BTreeMap<String, Request>,
    pub(crate) running: BTreeSet<String>,
    /// What came back to the state machine, by token.
    pub(crate) answers: BTreeMap<String, Answered>,
    /// What its backup function was asked and has not come to yet, how often it was, and what it replied.
    pub(crate) asked: Vec<Asked>,
    pub(crate) questions: usize,
    pub(crate) replies: BTreeMap<ReplyId, Reply>,
    /// Nobody outside gets an answer. What runs inside goes on.
    pub(crate) dead: bool,
}

impl Place {
    pub(crate) fn empty(&self) -> bool {
        self.services.values().all(Deployed::empty)
    }

    pub(crate) fn serves(&self) -> bool {
        !self.dead && self.services.values().all(|there| there.running > 0)
    }

    /// Users may write: where there are gates, what they write goes to the services that have them.
    pub(crate) fn takes_writes(&self, gates: &Gates) -> bool {
        let open = gates.values();
        let mut open = open.map(|gate| gate.position(&self.priorities) != Position::Closed);
        let runs = |service: &String| self.services[service].running > 0;
        match gates.is_empty() {
            true => self.serves(),
            false => !self.dead && gates.keys().all(runs) && open.all(|open| open),
        }
    }

    /// No task is there, and scaling starts none.
    pub(crate) fn closed(&self) -> bool {
        let mut services = self.services.values();
        services.all(|there| there.empty() && there.set_to(Scale::NONE))
    }

    /// Scaling works here, and leaves each service the tasks that it has.
    pub(crate) fn scaled(&self) -> bool {
        let mut services = self.services.values();
        services.all(|there| there.bounds.is_some_and(|b| b.allow(there.desired)))
    }

    pub(crate) fn desired(&self) -> Vec<(&str, u32)> {
        let services = self.services.iter();
        services.map(|(s, d)| (s.as_str(), d.desired)).collect()
    }
}

#[derive(Debug)]
pub(crate) struct World {
    places: [RefCell<Place>; 2],
    configurations: [Configuration; 2],
    now: Cell<Timestamp>,
    pub(crate) down_since: Cell<Option<Timestamp>>,
    written: RefCell<Records>,
    /// Effects, answers to smoke tests and silences, in order.
    pub(crate) log: RefCell<Vec<String>>,
    pub(crate) faults: Faults,
    pub(crate) ledger: RefCell<Ledger>,
    /// The load balancers do not hear each other, and both regions are well.
    pub(crate) cut_off: Cell<bool>,
    /// The region whose Application Auto Scaling does not answer.
    pub(crate) scaling_silent: Cell<Option<Side>>,
    /// How questions come to a backup function, and what befalls it at the next of them.
    pub(crate) mail: Cell<Mail>,
    pub(crate) fails: RefCell<VecDeque<Failure>>,
    /// The services of the region being activated never answer well.
    pub(crate) mute: Cell<bool>,
    /// Some users still know home's address by heart.
    pub(crate) cling: Cell<bool>,
    /// Another execution takes the lease while this step is at its first service.
    pub(crate) overtaken_at: Cell<Option<Step>>,
    /// Step Functions knows of no execution.
    pub(crate) forgetful: Cell<bool>,
    /// Somebody stops the execution now.
    pub(crate) stopped: Cell<bool>,
    /// The source dies as this step begins.
    pub(crate) dies_at: Cell<Option<Step>>,
    /// A person turns a planned execution that has waited a minute for its source.
    pub(crate) gives_up: Cell<bool>,
    pub(crate) automatic: Cell<bool>,
    /// Whether a person is asked before users are moved, and how long after.
    pub(crate) approval: Cell<Approval>,
    pub(crate) commit_seconds: Cell<u32>,
    /// What that person says, one after the other.
    pub(crate) person: RefCell<VecDeque<Verb>>,
    pub(crate) maintenance: Cell<Option<&'static str>>,
    /// Every step is delivered twice.
    pub(crate) twice: Cell<bool>,
    /// Whether calls take time, and how much of it the failover function spent.
    pub(crate) timed: Cell<bool>,
    pub(crate) spent: Cell<Duration>,
    /// What the failover function was asked.
    pub(crate) payloads: RefCell<Vec<Value>>,
}

fn configuration(region: &str, services: &[(&str, u32)]) -> Configuration {
    let mut configuration = sample(region);
    let like = configuration.services[0].clone();
    let named = |name: &str| Service {
        name: name.into(),
        ..like.clone()
    };
    configuration.services = services.iter().map(|(name, _)| named(name)).collect();
    for resources in configuration.regions.values_mut() {
        let like = resources.services["users"].clone();
        let services = services
            .iter()
            .map(|(name, _)| ((*name).to_owned(), like.clone()));
        resources.services = services.collect();
    }
    configuration
}

/// As configured.
pub(crate) const BOUNDS: Bounds = Bounds {
    minimum: 2,
    maximum: 10,
    suspended: false,
};

pub(crate) const NOON: &str = "2024-11-23T12:00:00Z";

impl World {
    /// Both well, home active with three tasks of users and two of posts; the last write is in no backup yet.
    pub(crate) fn new() -> Self {
        Self::of(&[("posts", 2), ("users", 3)])
    }

    /// The same with these services and as many tasks of each.
    pub(crate) fn of(services: &[(&str, u32)]) -> Self {
        let noon: Timestamp = NOON.parse().unwrap();
        let minute_ago = BackupName::new(Kind::Backup, noon - SignedDuration::from_secs(60));
        let backup = BackupKey {
            epoch: Epoch(0),
            name: minute_ago,
            region: sample("us-east-1").home,
        };
        let place = |running: bool, records: Records| {
            let deployed = |tasks: u32| Deployed {
                status: "ACTIVE".into(),
                desired: tasks,
                running: tasks,
                pending: 0,
                bounds: Some(match tasks {
                    0 => Bounds::CLOSED,
                    _ => BOUNDS,
                }),
                ..Deployed::default()
            };
            let mut state = RegionState::genesis(&sample("us-east-1").pair().unwrap());
            let capacity = services.iter().map(|(name, n)| ((*name).to_owned(), *n));
            state.capacity = capacity.collect();
            let tasks = |n: u32| if running { n } else { 0 };
            RefCell::new(Place {
                state,
                services: services
                    .iter()
                    .map(|(name, n)| ((*name).to_owned(), deployed(tasks(*n))))
                    .collect(),
                markers: vec![],
                priorities: Priorities::new(),
                records,
                backups: [(backup.clone(), (1..=4).collect())].into(),
                harmed: None,
                salvaged: vec![],
                alarm: None,
                notices: vec![],
                told: None,
                reports: BTreeMap::new(),
                started: BTreeMap::new(),
                running: BTreeSet::new(),
                answers: BTreeMap::new(),
                asked: vec![],
                questions: 0,
                replies: BTreeMap::new(),
                dead: false,
            })
        };
        let places = [place(true, (1..=5).collect()), place(false, Records::new())];
        Self {
            places,
            configurations: ["us-east-1", "us-west-2"]
                .map(|region| configuration(region, services)),
            now: Cell::new(noon),
            down_since: Cell::new(None),
            written: RefCell::new((1..=5).collect()),
            log: RefCell::default(),
            faults: Faults::default(),
            ledger: RefCell::default(),
            cut_off: Cell::new(false),
            scaling_silent: Cell::new(None),
            mail: Cell::new(Mail::Comes),
            fails: RefCell::default(),
            mute: Cell::new(false),
            cling: Cell::new(false),
            overtaken_at: Cell::default(),
            forgetful: Cell::default(),
            stopped: Cell::default(),
            dies_at: Cell::default(),
            gives_up: Cell::default(),
            automatic: Cell::new(true),
            approval: Cell::default(),
            commit_seconds: Cell::new(0),
            person: RefCell::default(),
            maintenance: Cell::new(None),
            twice: Cell::new(false),
            timed: Cell::new(false),
            spent: Cell::default(),
            payloads: RefCell::default(),
        }
    }

    /// The same with pages, which hold nothing: one task of them is warm in a passive region.
    pub(crate) fn warm() -> Self {
        let mut world = Self::of(&[("pages", 2), ("posts", 2), ("users", 3)]);
        for configuration in &mut world.configurations {
            let mut services = configuration.services.iter_mut();
            let pages = services.find(|service| service.name == "pages").unwrap();
            (pages.holds, pages.warm) = (Holds::Nothing, 1);
            for resources in configuration.regions.values_mut() {
                let mut pages = resources.services["posts"].clone();
                pages.service = "forum-pages".into();
                resources.services.insert("pages".into(), pages);
            }
        }
        world.probe_rests(Side::Standby);
        let mut standby = world.change(Side::Standby);
        let pages = standby.services.get_mut("pages").unwrap();
        pages.running = 1;
        pages.newest = Some("ecs-svc/1".into());
        pages.definition = Some("…:task-definition/forum-pages-pinned:1".into());
        drop(standby);
        world
    }

    /// A passive region's probe starts the tasks that it rests at.
    fn probe_rests(&self, side: Side) {
        let (configuration, peer) = (self.configuration(side), self.place(side.other()).clone());
        let mut place = self.change(side);
        let peer = Some(&peer.state).filter(|_| !peer.dead);
        let rests = idle::rests(&configuration.region, &place.state, peer);
        if place.dead || rests.is_err() || self.scaling_is_silent(side) {
            return;
        }
        for service in configuration.services.iter().filter(|s| s.warm > 0) {
            let there = place.services.get_mut(&service.name).unwrap();
            if there.desired < service.warm {
                let Scale { desired, bounds } = Scale::resting(service);
                (there.desired, there.bounds) = (desired, Some(bounds));
            }
        }
    }

    /// Every service is as a passive region has it, and nothing beyond that runs.
    pub(crate) fn rests(&self, side: Side) -> bool {
        let (configuration, place) = (self.configuration(side), self.place(side));
        configuration.services.iter().all(|service| {
            let (there, rests) = (&place.services[&service.name], Scale::resting(service));
            there.set_to(rests) && there.has_no_more_than(rests.desired)
        })
    }

    /// No task runs that could read or write what is restored.
    pub(crate) fn restorable(&self, side: Side) -> bool {
        let (configuration, place) = (&self.configurations[side as usize], self.place(side));
        let mut holding = configuration.holding();
        holding.all(|service| place.services[&service.name].empty())
    }

    /// All that users write goes to posts, by HTTP.
    pub(crate) fn gated(mut self) -> Self {
        for side in [Side::Home, Side::Standby] {
            let configuration = &mut self.configurations[side as usize];
            let gate = gate::sample(configuration.region.as_str(), "posts");
            self.places[side as usize].get_mut().priorities = gate.at(Position::Open);
            configuration.gates = [("posts".to_owned(), gate)].into();
            let mut services = configuration.services.iter_mut();
            let posts = services.find(|service| service.name == "posts").unwrap();
            posts.writes = Writes::Http {
                longest_seconds: 10,
            };
        }
        self
    }

    /// The same, and what posts has is told and taken by its own tasks.
    pub(crate) fn exported(self) -> Self {
        let mut world = self.gated();
        for configuration in &mut world.configurations {
            for region in configuration.regions.values_mut() {
                let posts = region.services.get_mut("posts").unwrap();
                let export = sample_export("https://posts.forum.test/export");
                posts.place = configuration::Place::Http(export);
            }
        }
        world
    }

    pub(crate) fn is_exported(&self) -> bool {
        self.configurations[0].importing().next().is_some()
    }

    pub(crate) fn without_gates(mut self, side: Side) -> Self {
        self.configurations[side as usize].gates.clear();
        self
    }

    pub(crate) fn closed_gates(&self, side: Side) -> Vec<String> {
        let (gates, place) = (&self.configurations[side as usize].gates, self.place(side));
        let closed = gates
            .iter()
            .filter(|(_, gate)| gate.position(&place.priorities) == Position::Closed);
        closed.map(|(service, _)| service.clone()).collect()
    }

    pub(crate) fn configuration(&self, side: Side) -> Configuration {
        let mut configuration = self.configurations[side as usize].clone();
        configuration.automatic = self.automatic.get();
        configuration.approval = self.approval.get();
        configuration.commit_seconds = self.commit_seconds.get();
        let windows = self.maintenance.get().into_iter();
        configuration.maintenance_windows = windows.map(|window| window.parse().unwrap()).collect();
        configuration
    }

    pub(crate) fn place(&self, side: Side) -> Ref<'_, Place> {
        self.places[side as usize].borrow()
    }

    pub(crate) fn change(&self, side: Side) -> RefMut<'_, Place> {
        self.places[side as usize].borrow_mut()
    }

    pub(crate) fn scaling_is_silent(&self, side: Side) -> bool {
        self.scaling_silent.get() == Some(side)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now.get()
    }

    pub(crate) fn dies(&self, side: Side) {
        self.change(side).dead = true;
        self.change(side.other()).alarm = Some(self.now());
        self.down_since.set(Some(self.now()));
    }

    pub(crate) fn returns(&self, side: Side) {
        self.change(side).dead = false;
        self.change(side.other()).alarm = None;
        self.down_since.set(None);
    }

    /// Time goes by: tasks follow what is desired, backup functions do what they were asked, backups reach the other region, the probes see each other, users write.
    pub(crate) fn pass(&self, seconds: i64) {
        self.now
            .set(self.now() + SignedDuration::from_secs(seconds));
        for side in [Side::Home, Side::Standby] {
            for there in self.change(side).services.values_mut() {
                (there.running, there.pending) = (there.desired, 0);
            }
        }
        for side in [Side::Home, Side::Standby] {
            self.probe_rests(side);
            asked::deliver(self, side);
        }
        if !self.place(Side::Home).dead && !self.place(Side::Standby).dead {
            for side in [Side::Home, Side::Standby] {
                let theirs = self.place(side.other()).clone();
                let mut ours = self.change(side);
                ours.backups.extend(theirs.backups);
                ours.state = ours.state.clone().saw(&theirs.state);
            }
        }
        self.write(self.answering());
        if self.cling.get() {
            self.write(Side::Home);
        }
    }

    fn write(&self, side: Side) {
        let gates = &self.configurations[side as usize].gates;
        if self.place(side).takes_writes(gates) {
            let mut written = self.written.borrow_mut();
            let next = written.last().map_or(1, |last| last + 1);
            self.change(side).records.insert(next);
            written.insert(next);
        }
    }

    /// What was written and is not where users are now.
    pub(crate) fn lost(&self) -> Records {
        let here = self.place(self.answering());
        let written = self.written.borrow();
        written.difference(&here.records).copied().collect()
    }

    /// Where the name leads, by the markers as they look from outside.
    pub(crate) fn answering(&self) -> Side {
        let seen = |marker: Marker| {
            let place = self.place(marker.side());
            match (place.dead, place.markers.contains(&marker)) {
                (true, _) => Seen::Unreachable,
                (false, true) => Seen::Present,
                (false, false) => Seen::Absent,
            }
        };
        answers(
            seen(Marker::Serve),
            seen(Marker::Fenced),
            seen(Marker::Reclaim),
        )
    }

    pub(crate) fn arn(&self, side: Side, name: &str) -> String {
        let region = self.configuration(side).region;
        format!("arn:aws:states:{region}:1:execution:forum-failover:{name}")
    }

    /// How many effects there were. A report changes nothing but what is told.
    pub(crate) fn touched(&self) -> usize {
        self.faults.effects.get() - self.faults.reports.get()
    }

    /// Said twice in a row is said once.
    pub(crate) fn note(&self, what: String) {
        let mut log = self.log.borrow_mut();
        if log.last() != Some(&what) {
            log.push(what);
        }
    }

    pub(crate) fn told(&self, side: Side) -> Vec<String> {
        let notices = &self.place(side).notices;
        notices.iter().map(|(subject, _)| subject.clone()).collect()
    }
}
