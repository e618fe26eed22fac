//! What the function asks of the world, answered by two regions in memory.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use jiff::Timestamp;
use lifeboat_aws::ecs::{Image, Services};
use lifeboat_backup::{Event as BackupEvent, Question, Reply};
use lifeboat_core::{
    Configuration, Failure, RegionState, ReplyId, Side,
    backup::{BackupKey, Lack},
    gate::{Gates, Position, Priorities},
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
use lifeboat_failover::{Started, Written};

use crate::{
    asked, invariants, probe,
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

    async fn lack(&self, backup: &BackupKey) -> Result<Option<Lack>, Failure> {
        self.reach(self.side, "list a backup")?;
        let place = self.world.place(self.side);
        Ok(match place.backups.contains_key(backup) {
            true => place.harmed.clone(),
            false => Some(Lack::Manifest),
        })
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

    async fn healthy(&self, services: &Services) -> Result<BTreeMap<String, u32>, Failure> {
        self.reach(self.side, "describe targets")?;
        let place = self.world.place(self.side);
        let running = |service: &String| (service.clone(), place.services[service].running);
        Ok(services.keys().map(running).collect())
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

    async fn write_report(&self, report: &Report) -> Result<Written, Failure> {
        self.act(self.side, Effect::Report, |own| {
            let written = serde_json::to_string(report).unwrap();
            let read = serde_json::from_str(&written).unwrap();
            own.reports.insert(report.execution.clone(), read);
            Written {
                bucket: "backups".into(),
                region: report.to.clone(),
                name: report.name().into(),
                number: own.reports.len() as u64,
                head: "0".repeat(64),
            }
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

    async fn unfinished(&self, side: Side) -> Result<BTreeMap<String, u32>, Failure> {
        self.reach(side, "list tasks")?;
        let place = self.world.place(side);
        let services = place.services.iter();
        Ok(services
            .map(|(name, there)| (name.clone(), there.running))
            .collect())
    }

    async fn scale(
        &self,
        side: Side,
        service: &str,
        to: Scale,
        image: Image,
    ) -> Result<(), Failure> {
        let Scale { desired, bounds } = to;
        let running = self.world.place(side).services[service].running;
        if image == Image::AsNamed && running > 0 {
            self.world.note(format!(
                "{} replaces {running} running tasks of {service}",
                self.world.configuration(side).region
            ));
        }
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

    async fn priorities(&self, side: Side, _: &Gates) -> Result<Priorities, Failure> {
        self.reach(side, "describe rules")?;
        Ok(self.world.place(side).priorities.clone())
    }

    async fn set_priorities(&self, side: Side, to: &Priorities) -> Result<(), Failure> {
        let gates = self.world.configuration(side).gates;
        let mut after = self.world.place(side).priorities.clone();
        after.extend(to.clone());
        let closed = gates
            .iter()
            .filter(|(_, gate)| gate.position(&after) == Position::Closed);
        let effect = Effect::Gates(closed.map(|(service, _)| service.clone()).collect());
        self.act(side, effect, |there| there.priorities = after)
            .await
    }

    async fn peer_gates(&self) -> Result<Gates, Failure> {
        self.reach(self.other(), "read the configuration")?;
        Ok(self.world.configuration(self.other()).gates)
    }

    async fn peer_state(&self) -> Result<RegionState, Failure> {
        self.reach(self.other(), "read state")?;
        Ok(self.world.place(self.other()).state.clone())
    }

    async fn ask_peer(&self, id: &ReplyId, to: &Question) -> Result<(), Failure> {
        let what = match to {
            Question::Create {} => "for a backup",
            Question::Contents {} => "what it holds",
            Question::Salvage { .. } => "to save what it holds",
        };
        // What travels between functions is text.
        let event = BackupEvent::Reply {
            id: id.clone(),
            to: to.clone(),
        };
        let text = serde_json::to_value(event).unwrap();
        let BackupEvent::Reply { id, to } = lifeboat_aws::parse_event(text)? else {
            panic!("another event")
        };
        let (now, mail) = (self.now(), self.world.mail.get());
        self.act(self.other(), Effect::Ask(what), |there| {
            asked::post(there, now, mail, &id, &to);
        })
        .await
    }

    async fn peer_reply(&self, id: &ReplyId) -> Result<Option<Reply>, Failure> {
        self.reach(self.other(), "read a reply")?;
        let reply = self.world.place(self.other()).replies.get(id).cloned();
        if reply.as_ref().is_some_and(Reply::stands) {
            invariants::allow_reply(self, id);
        }
        let text = serde_json::to_string(&reply).unwrap();
        Ok(serde_json::from_str(&text).unwrap())
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
