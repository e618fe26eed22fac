//! What the function asks of the world, answered by two regions in memory.

use std::{collections::BTreeSet, net::IpAddr};

use jiff::Timestamp;
use lifeboat_aws::ecs::Services;
use lifeboat_backup::{Outcome, Salvaged};
use lifeboat_core::{
    Configuration, Epoch, Failure, RegionState, Side,
    backup::{BackupKey, BackupName, Contents, Kind, Manifest, Turn, turn},
    lease::Fate,
    liveness::Answer,
    lost::Lost,
    marker::Move,
    person::Answered,
    probe::ProbeReport,
    report::Report,
    request::Request,
    scaling::Scale,
    told::Told,
};
use lifeboat_failover::Started;

use crate::{
    functions::contents,
    probe,
    seat::{Actor, Effect, Seat},
    world::Place,
};

impl lifeboat_failover::World for Seat<'_> {
    fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    fn now(&self) -> Timestamp {
        self.world.now()
    }

    async fn own_state(&self) -> Result<RegionState, Failure> {
        self.reach(self.side, "read state")?;
        Ok(self.world.place(self.side).state.clone())
    }

    async fn change_state(
        &self,
        change: &dyn Fn(&RegionState) -> Result<RegionState, Failure>,
    ) -> Result<RegionState, Failure> {
        let before = self.world.place(self.side).state.clone();
        let after = change(&before)?;
        if after == before {
            self.reach(self.side, "read state")?;
            return Ok(after);
        }
        let effect = Effect::state(&before, &after);
        self.act(self.side, effect, |own| own.state = after.clone())
            .await?;
        Ok(after)
    }

    async fn fate(&self, execution: &str) -> Fate {
        match self.reach(self.side, "describe") {
            Err(why) => Fate::CannotTell(why.to_string()),
            Ok(()) if self.world.forgetful.get() => Fate::Unknown,
            Ok(()) if self.world.place(self.side).running.contains(execution) => Fate::Runs,
            Ok(()) => Fate::Stopped(None),
        }
    }

    async fn look(&self) -> Result<ProbeReport, Failure> {
        self.reach(self.side, "ask the probe")?;
        Ok(probe::report(self))
    }

    async fn backups(&self) -> Result<Vec<BackupKey>, Failure> {
        self.reach(self.side, "list backups")?;
        Ok(self
            .world
            .place(self.side)
            .backups
            .keys()
            .cloned()
            .collect())
    }

    async fn whole(&self, backup: &BackupKey) -> Result<bool, Failure> {
        self.reach(self.side, "list a backup")?;
        Ok(self.world.place(self.side).backups.contains_key(backup))
    }

    async fn ask_service(&self, service: &str) -> Answer {
        if let Err(why) = self.reach(self.side, "ask") {
            return Answer::Silent(why.to_string());
        }
        let running = self.world.place(self.side).services[service].running;
        if running == 0 || self.world.mute.get() {
            return Answer::Bad("503".into());
        }
        if let Actor::Step(_, execution, _) = &self.actor {
            let mut ledger = self.world.ledger.borrow_mut();
            let answered = ledger.answered.entry(execution.clone()).or_default();
            answered.insert(service.to_owned());
        }
        let region = &self.configuration.region;
        self.world.note(format!("{region} answers for {service}"));
        Answer::Good
    }

    async fn healthy(&self, service: &str) -> Result<u32, Failure> {
        self.reach(self.side, "describe targets")?;
        Ok(self.world.place(self.side).services[service].running)
    }

    async fn alarm(&self) -> Result<Option<Timestamp>, Failure> {
        self.reach(self.side, "describe the alarm")?;
        Ok(self.world.place(self.side).alarm)
    }

    async fn start(&self, name: &str, request: &Request) -> Result<Started, Failure> {
        let arn = self.world.arn(self.side, name);
        if self.world.place(self.side).started.contains_key(&arn) {
            self.reach(self.side, "start")?;
            return Ok(Started::Already(arn));
        }
        self.act(self.side, Effect::Start, |own| {
            own.running.insert(arn.clone());
            own.started.insert(arn.clone(), request.clone());
        })
        .await?;
        Ok(Started::Now(arn))
    }

    async fn answer(&self, token: &str, answered: &Answered) -> Result<bool, Failure> {
        self.act(self.side, Effect::Answer, |own| {
            let waits = own
                .running
                .iter()
                .any(|execution| own.state.owner() == Some(execution));
            if waits {
                own.answers.insert(token.to_owned(), answered.clone());
            }
            waits
        })
        .await
    }

    async fn notify(&self, subject: &str, text: &str) -> Result<(), Failure> {
        let effect = Effect::Notify(subject.to_owned());
        self.act(self.side, effect, |own| {
            own.notices.push((subject.to_owned(), text.to_owned()));
        })
        .await
    }

    async fn told(&self) -> Result<Option<Told>, Failure> {
        self.reach(self.side, "read what was told")?;
        Ok(self.world.place(self.side).told.clone())
    }

    async fn remember(&self, told: &Told) -> Result<(), Failure> {
        self.act(self.side, Effect::Remember, |own| {
            let written = serde_json::to_string(told).unwrap();
            own.told = Some(serde_json::from_str(&written).unwrap());
        })
        .await
    }

    async fn report(&self, execution: &str) -> Result<Option<Report>, Failure> {
        self.reach(self.side, "read a report")?;
        Ok(self.world.place(self.side).reports.get(execution).cloned())
    }

    async fn write_report(&self, report: &Report) -> Result<(), Failure> {
        self.act(self.side, Effect::Report, |own| {
            let written = serde_json::to_string(report).unwrap();
            let read = serde_json::from_str(&written).unwrap();
            own.reports.insert(report.execution.clone(), read);
        })
        .await
    }

    async fn services(&self, side: Side) -> Result<Services, Failure> {
        self.reach(side, "describe services")?;
        let mut services = self.world.place(side).services.clone();
        if self.world.scaling_is_silent(side) {
            services.values_mut().for_each(|there| there.bounds = None);
        }
        Ok(services)
    }

    async fn unfinished(&self, side: Side, service: &str) -> Result<u32, Failure> {
        self.reach(side, "list tasks")?;
        Ok(self.world.place(side).services[service].running)
    }

    async fn scale(&self, side: Side, service: &str, to: Scale) -> Result<(), Failure> {
        let Scale { desired, bounds } = to;
        let effect = Effect::Bound(service.to_owned(), bounds);
        let bounded = match self.world.scaling_is_silent(side) {
            true => Err(self.silent(side, "set bounds")),
            false => {
                let bound = |there: &mut Place| {
                    there.services.get_mut(service).unwrap().bounds = Some(bounds);
                };
                self.act(side, effect, bound).await
            }
        };
        if desired > 0 && bounded.is_err() {
            return bounded;
        }
        let effect = Effect::Scale(service.to_owned(), desired);
        self.act(side, effect, |there| {
            let there = there.services.get_mut(service).unwrap();
            there.desired = desired;
            there.pending = desired.saturating_sub(there.running);
        })
        .await
        .and(bounded)
    }

    async fn mark(&self, to: Move) -> Result<(), Failure> {
        let marker = to.marker();
        self.act(marker.side(), Effect::Mark(to), |there| {
            there.markers.retain(|raised| *raised != marker);
            if matches!(to, Move::Raise(_)) {
                there.markers.push(marker);
            }
        })
        .await
    }

    async fn peer_state(&self) -> Result<RegionState, Failure> {
        self.reach(self.other(), "read state")?;
        Ok(self.world.place(self.other()).state.clone())
    }

    async fn take_backup(&self) -> Result<Outcome, Failure> {
        let region = self.configuration.peer_region();
        let there = self.world.place(self.other()).clone();
        let backups: Vec<BackupKey> = there.backups.keys().cloned().collect();
        let epoch = match turn(region, &there.state, &backups) {
            Turn::Active(epoch) => epoch,
            Turn::Passive { epoch, reason } => {
                self.reach(self.other(), "take a backup")?;
                return Ok(Outcome::Passive { epoch, reason });
            }
        };
        let backup = BackupKey {
            epoch,
            name: BackupName::new(Kind::Backup, self.now()),
            region: region.clone(),
        };
        self.act(self.other(), Effect::Backup, |there| {
            let records = there.records.clone();
            // Two in the same second are one: the first.
            there.backups.entry(backup.clone()).or_insert(records);
        })
        .await?;
        let manifest = Manifest::new("forum", backup, vec![]);
        Ok(Outcome::Created { manifest })
    }

    async fn ask_for_backup(&self) -> Result<(), Failure> {
        self.take_backup().await.map(drop)
    }

    async fn contents(&self) -> Result<Contents, Failure> {
        self.reach(self.other(), "read contents")?;
        Ok(contents(&self.world.place(self.other()).records))
    }

    async fn salvage(&self, winner: Epoch, against: &BackupKey) -> Result<Salvaged, Failure> {
        let (own, here) = (self.world.place(self.other()).state.epoch, self.now());
        if winner <= own {
            self.reach(self.other(), "salvage")?;
            return Err(Failure::Stale(format!("at epoch {own} already")));
        }
        let lost = |there: &mut Place| {
            let held = there.records.clone();
            let restored = &there.backups[against];
            let lost = held.difference(restored).map(u32::to_string).collect();
            if !there.salvaged.contains(&held) {
                there.salvaged.push(held);
            }
            lost
        };
        let lost = self.act(self.other(), Effect::Salvage, lost).await?;
        let salvage = BackupKey {
            epoch: own,
            name: BackupName::new(Kind::Salvage, here),
            region: self.configuration.peer_region().clone(),
        };
        let services = [("posts".to_owned(), lost)].into();
        let lost = Lost {
            services,
            ..Lost::default()
        };
        Ok(Salvaged { salvage, lost })
    }

    async fn addresses(&self, name: &str) -> Result<BTreeSet<IpAddr>, Failure> {
        self.reach(self.side, "look up")?;
        let side = match name {
            "forum.test" => self.world.answering(),
            "us-east-1.forum.test" => Side::Home,
            "us-west-2.forum.test" => Side::Standby,
            other => panic!("nobody knows {other}"),
        };
        let last = side as u8 + 1;
        Ok([IpAddr::from([10, 0, 0, last])].into())
    }
}
