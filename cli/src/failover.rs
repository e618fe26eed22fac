//! From an order to what became of it. Everything happens in the target's own region.

use std::{cell::Cell, time::Duration};

use jiff::Timestamp;
use lifeboat_aws::{Control, Objects};
use lifeboat_core::{
    Configuration, Failure, Side, probe::ProbeReport, report::Report, request::Mode, run::name_of,
};

use crate::{
    Trouble,
    follow::{Ending, follow},
    order::{Consent, Order},
    outcome, timeline,
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

/// Who orders: what they are told, what they answer, and whether they go away.
pub trait Person {
    fn say(&mut self, line: &str);
    /// A line that was typed; nothing where the input ends.
    fn ask(&mut self, question: &str) -> Option<String>;
}

impl<B: Objects, W: Workflow> Reach<'_, B, W> {
    pub async fn carry_out(
        &self,
        order: &Order,
        consent: Consent,
        now: Timestamp,
        person: &mut impl Person,
        gone: impl Future<Output = ()>,
    ) -> Result<(), Trouble> {
        let request = order.request()?;
        if order.mode != Mode::Plan {
            self.refuse_the_active(order).await?;
            let probe = self.target.read::<ProbeReport>(ProbeReport::KEY).await;
            let probe = probe.ok().flatten();
            person.say(&order.stakes(self.configuration, probe.as_ref(), now));
        }
        if consent == Consent::Ask {
            agree(order, person)?;
        }
        let name = order.execution(&self.configuration.application, now);
        person.say(&format!("starting {name} in {}", order.to));
        let started = Cell::new(false);
        let act = async {
            let execution = self.workflow.start(&name, &request).await;
            let execution = execution.map_err(|why| self.not_started(why))?;
            started.set(true);
            let mut say = |line: &str| person.say(line);
            let ending = follow(&self.workflow, &execution, &order.to, self.pause, &mut say);
            let ending = ending.await;
            self.tell(order, &execution, ending, person).await
        };
        tokio::select! {
            biased;
            () = gone => Err(self.left_alone(order, &name, started.get())),
            outcome = act => outcome,
        }
    }

    /// The workflow decides; this only spares the wait. What cannot be read is left to it.
    async fn refuse_the_active(&self, order: &Order) -> Result<(), Trouble> {
        let pair = self.configuration.pair()?;
        let Ok((own, _)) = self.target.state(&pair).await else {
            return Ok(());
        };
        if own.highest(None).1 != order.to {
            return Ok(());
        }
        // It may have been replaced without having heard of it.
        let other = self.other.state(&pair).await.ok().map(|(state, _)| state);
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

    fn left_alone(&self, order: &Order, name: &str, started: bool) -> Trouble {
        let stands = match started {
            true => "goes on",
            false => "may have begun",
        };
        let bucket = &self.configuration.resources(self.side).control_bucket;
        Trouble::Interrupted(format!(
            "{name} {stands} in {to}; only the watching ended.\nLook at it with: lifeboat status --region {to} --control-bucket {bucket}",
            to = order.to
        ))
    }

    async fn tell(
        &self,
        order: &Order,
        execution: &str,
        ending: Ending,
        person: &mut impl Person,
    ) -> Result<(), Trouble> {
        match ending {
            Ending::Failed(caught) => {
                let text = outcome::failed(&caught, order.mode, execution, &order.to);
                Err(Trouble::Failed(text))
            }
            Ending::Succeeded(run) if order.mode == Mode::Plan => match run {
                Some(run) => {
                    person.say(&outcome::plan(&run, &order.to));
                    Ok(())
                }
                None => Err(Trouble::Failed(format!(
                    "{execution} in {} ended well and handed on no plan that this version can read.\nIs this command as new as what is deployed there?",
                    order.to
                ))),
            },
            Ending::Succeeded(_) => {
                person.say(&self.report(execution).await);
                Ok(())
            }
        }
    }

    /// A report that cannot be read takes nothing from the failover, which is done.
    async fn report(&self, execution: &str) -> String {
        let region = self.configuration.region_of(self.side);
        let name = name_of(execution);
        match crate::report::read(&self.reports, region, name).await {
            Ok(Some(report)) => format!(
                "{}\nAs a page: lifeboat report show {name} --open",
                timeline::render(&report)
            ),
            Ok(None) => format!(
                "It is done, and left no report at {}/{}. See `lifeboat status`",
                self.reports.name(),
                Report::key(region, name)
            ),
            Err(why) => format!("It is done; its report cannot be read: {why}"),
        }
    }
}

fn agree(order: &Order, person: &mut impl Person) -> Result<(), Trouble> {
    let to = &order.to;
    let typed = person.ask(&format!("Type {to} to go on: "));
    match typed.as_deref().map(str::trim) {
        Some(typed) if typed == to.as_str() => Ok(()),
        other => Err(Trouble::BadInput(format!(
            "expected {to}, found {:?}. Nothing was started",
            other.unwrap_or_default()
        ))),
    }
}
