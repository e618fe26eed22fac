//! From an order to what became of it. Everything happens in the target's own region.

use std::{cell::Cell, pin::pin, time::Duration};

use futures::FutureExt;
use jiff::Timestamp;
use lifeboat_aws::{Control, Objects, reports};
use lifeboat_core::{
    Configuration, Failure, Side, probe::ProbeReport, report::Report, request::Mode, run::name_of,
};
use serde_json::json;

use crate::{
    Trouble,
    answer::{Answer, Says},
    follow::{Ending, follow},
    glimpse::Glimpse,
    order::{Course, Order},
    outcome,
    person::{Consent, Person, agrees},
    timeline,
    workflow::Workflow,
};

#[cfg(test)]
mod tests;

/// What an order reaches: everything of the target, and what the other region remembers.
#[derive(Debug)]
pub struct Reach<'a, B, W> {
    pub configuration: &'a Configuration,
    pub side: Side,
    pub target: Control<B>,
    pub other: Control<B>,
    /// Where the target's executions leave their reports.
    pub reports: B,
    pub workflow: W,
    /// Between two looks at the execution.
    pub pause: Duration,
}

impl<B: Objects, W: Workflow> Reach<'_, B, W> {
    pub async fn carry_out(
        &self,
        order: &Order,
        caller: impl Future<Output = Option<String>>,
        consent: Consent,
        now: Timestamp,
        person: &mut impl Person,
        gone: impl Future<Output = ()>,
    ) -> Result<Answer, Trouble> {
        order.request()?;
        let mut gone = pin!(gone);
        let (by, ()) = tokio::try_join!(caller.map(Ok), self.refuse_the_active(order))?;
        let mut order = Order {
            by,
            ..order.clone()
        };
        if let Some(first) = order.plan_first(consent) {
            let (execution, ending) = self.run(&first, now, person, &mut gone).await?;
            let run = self.handed_on(&execution, ending)?;
            let against = outcome::against(&run.decision, &order.overrides);
            if order.course == Course::DryRun {
                return self.planned(&execution, &run, against.is_empty());
            }
            person.say(&outcome::shown(&run, &order.to));
            if !against.is_empty() {
                let text = format!(
                    "It would be refused because of {}. Nothing was started",
                    against.join(", ")
                );
                return Answer::new(Says::No, text, &self.document(&execution, &run));
            }
            order.plan = run.plan.map(|plan| plan.digest);
        }
        if order.mode != Mode::Plan {
            let probe = self.target.read::<ProbeReport>(ProbeReport::KEY).await;
            let probe = probe.ok().flatten();
            person.say(&order.stakes(self.configuration, probe.as_ref(), now));
        }
        if consent == Consent::Ask {
            agrees(&order.to, person)?;
        }
        let (execution, ending) = self.run(&order, now, person, &mut gone).await?;
        match order.mode {
            Mode::Plan => {
                let run = self.handed_on(&execution, ending)?;
                let against = outcome::against(&run.decision, &[]);
                self.planned(&execution, &run, against.is_empty())
            }
            mode => self.tell(mode, &execution, ending).await,
        }
    }

    /// Follows what was started before.
    pub async fn follow(
        &self,
        name: &str,
        person: &mut impl Person,
        gone: impl Future<Output = ()>,
    ) -> Result<Answer, Trouble> {
        let execution = self.workflow.execution(name);
        let region = self.configuration.region_of(self.side);
        let act = async {
            let mode = self.workflow.mode(&execution).await.map_err(|why| {
                Trouble::from(why).next(format!(
                    "Is {name} an execution in {region}? `lifeboat status` names the one at work"
                ))
            })?;
            let ending = follow(&self.workflow, &execution, region, mode, self.pause, person);
            let ending = ending.await;
            match mode {
                Mode::Plan => {
                    let run = self.handed_on(&execution, ending)?;
                    self.planned(
                        &execution,
                        &run,
                        outcome::against(&run.decision, &[]).is_empty(),
                    )
                }
                mode => self.tell(mode, &execution, ending).await,
            }
        };
        tokio::select! {
            biased;
            () = gone => Err(self.left_alone(name, true)),
            outcome = act => outcome,
        }
    }

    /// Starts it and follows it until it ends.
    async fn run(
        &self,
        order: &Order,
        now: Timestamp,
        person: &mut impl Person,
        gone: impl Future<Output = ()>,
    ) -> Result<(String, Ending), Trouble> {
        let request = order.request()?;
        let name = order.execution(&self.configuration.application, now);
        person.say(&format!("starting {name} in {}", order.to));
        let started = Cell::new(false);
        let act = async {
            let execution = self.workflow.start(&name, &request).await;
            let execution = execution.map_err(|why| self.not_started(why))?;
            started.set(true);
            let (mode, pause) = (order.mode, self.pause);
            let ending = follow(&self.workflow, &execution, &order.to, mode, pause, person).await;
            Ok((execution, ending))
        };
        tokio::select! {
            biased;
            () = gone => Err(self.left_alone(&name, started.get())),
            outcome = act => outcome,
        }
    }

    /// The workflow decides; this only spares the wait. What cannot be read is left to it.
    async fn refuse_the_active(&self, order: &Order) -> Result<(), Trouble> {
        if order.mode == Mode::Plan {
            return Ok(());
        }
        let pair = self.configuration.pair()?;
        let Ok(own) = self.target.state(&pair).await else {
            return Ok(());
        };
        if own.highest(None).1 != order.to {
            return Ok(());
        }
        // It may have been replaced without having heard of it.
        let other = self.other.state(&pair).await.ok();
        match own.highest(other.as_ref()) {
            (epoch, active) if active == order.to => Err(order.already_active(epoch)),
            _ => Ok(()),
        }
    }

    fn not_started(&self, why: Failure) -> Trouble {
        let region = self.configuration.region_of(self.side);
        Trouble::from(why).next(format!(
            "Look at `lifeboat status` before you start another: what was not answered may have begun. Otherwise see that the workflow is deployed in {region} and that your credentials may start it"
        ))
    }

    fn left_alone(&self, name: &str, started: bool) -> Trouble {
        let stands = match started {
            true => "goes on",
            false => "may have begun",
        };
        let to = self.configuration.region_of(self.side);
        let bucket = &self.configuration.resources(self.side).control_bucket;
        Trouble::Interrupted(format!(
            "{name} {stands} in {to}; only the watching ended.\nFollow it again with: lifeboat follow --to {to} --execution {name} --region {to} --control-bucket {bucket}"
        ))
    }

    /// What a plan handed on.
    fn handed_on(&self, execution: &str, ending: Ending) -> Result<Glimpse, Trouble> {
        let to = self.configuration.region_of(self.side);
        match ending {
            Ending::Failed(caught) => Err(Trouble::Failed(outcome::failed(
                &caught,
                Mode::Plan,
                execution,
                to,
            ))),
            Ending::Succeeded(Some(run)) => Ok(run),
            Ending::Succeeded(None) => Err(Trouble::Failed(format!(
                "{execution} in {to} ended well and handed on no plan that this version can read.\nIs this command as new as what is deployed there?"
            ))),
        }
    }

    fn planned(&self, execution: &str, run: &Glimpse, may: bool) -> Result<Answer, Trouble> {
        let to = self.configuration.region_of(self.side);
        Answer::new(
            may.into(),
            outcome::plan(run, to),
            &self.document(execution, run),
        )
    }

    fn document(&self, execution: &str, run: &Glimpse) -> serde_json::Value {
        let region = self.configuration.region_of(self.side);
        json!({ "execution": execution, "region": region, "decision": run.decision, "plan": run.plan })
    }

    async fn tell(&self, mode: Mode, execution: &str, ending: Ending) -> Result<Answer, Trouble> {
        let to = self.configuration.region_of(self.side);
        if let Ending::Failed(caught) = ending {
            let text = outcome::failed(&caught, mode, execution, to);
            return Err(Trouble::Failed(text));
        }
        let (text, report) = self.report(execution).await;
        let document = json!({ "execution": execution, "region": to, "report": report });
        Answer::yes(text, &document)
    }

    /// A report that cannot be read takes nothing from the failover, which is done.
    async fn report(&self, execution: &str) -> (String, Option<Report>) {
        let region = self.configuration.region_of(self.side);
        let name = name_of(execution);
        match reports::read(&self.reports, region, name).await {
            Ok(Some(report)) => {
                let text = timeline::render(&report);
                let page = format!("As a page: lifeboat report show {name} --open");
                (format!("{text}\n{page}"), Some(report))
            }
            Ok(None) => {
                let (bucket, key) = (self.reports.name(), Report::key(region, name));
                let text = format!(
                    "It is done, and left no report at {bucket}/{key}. See `lifeboat status`"
                );
                (text, None)
            }
            Err(why) => (
                format!("It is done; its report cannot be read: {why}"),
                None,
            ),
        }
    }
}
