//! Decides whether an execution may start, carries out its steps one at a time, and keeps fencing a replaced region.

pub mod aws;
mod begin;
mod each;
mod event;
mod fresh;
mod gates;
mod hold;
mod order;
mod rehearse;
mod report;
mod scale;
mod steps;
mod trigger;
mod undo;
mod watch;
mod world;

use lifeboat_core::Failure;

pub use event::{Alarm, Answer, Event, Execution, Own, Trigger, Watched};
pub use report::Written;
pub use world::{Started, World};

pub async fn handle(world: &impl World, event: Event) -> Result<Answer, Failure> {
    match event {
        Event::Alarms(alarms) => {
            let mut triggers = vec![];
            for alarm in &alarms {
                triggers.push(trigger::alarm(world, alarm).await?);
            }
            Ok(Answer::Triggers(triggers))
        }
        Event::Own(own) => match *own {
            Own::Watch {} => watch::watch(world).await.map(Answer::Watched),
            Own::Rehearse {} => rehearse::rehearse(world).await.map(Answer::Said),
            Own::Begin { request, execution } => {
                let run = begin::begin(world, request, execution).await?;
                Ok(Answer::Run(Box::new(run)))
            }
            Own::Step { step, run } => {
                let run = steps::step(world, step, run).await?;
                Ok(Answer::Run(Box::new(run)))
            }
            Own::Hold { run, token } => {
                let said = hold::hold(world, &run, &token).await?;
                Ok(Answer::Said(said))
            }
            Own::Order { order } => order::order(world, &order).await.map(Answer::Said),
            Own::Fail {
                run,
                failure,
                redrives,
            } => {
                let run = undo::fail(world, &run, &failure, redrives).await?;
                Ok(Answer::Run(Box::new(run)))
            }
            Own::Undo {
                run,
                failure,
                redrives,
            } => {
                let run = undo::undo(world, run, &failure, redrives).await?;
                Ok(Answer::Run(Box::new(run)))
            }
        },
    }
}
