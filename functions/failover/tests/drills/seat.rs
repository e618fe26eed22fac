//! The world as one invocation of the function in one region sees it, with every effect judged as it happens.

use std::{collections::BTreeSet, fmt};

use lifeboat_core::{
    Configuration, Epoch, Failure, RegionState, Side, marker::Move, run::Step, scaling::Bounds,
};

use crate::{
    faults::{How, When},
    invariants, scenario,
    world::{Place, World},
};

/// On whose behalf something is done.
#[derive(Debug, Clone)]
pub(crate) enum Actor {
    Begin,
    Step(Step, String, Option<Epoch>),
    Undo(String, Option<Epoch>),
    Hold(String, Option<Epoch>),
    Person,
    Restore(String, Epoch),
    Watch,
    Alarm,
    /// A backup function that the other region asked.
    Asked,
    /// The state machine itself.
    Workflow,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    State(String),
    Bound(String, Bounds),
    Scale(String, u32),
    Mark(Move),
    Ask(&'static str),
    /// These are closed from now on, and no other.
    Gates(BTreeSet<String>),
    Backup,
    Salvage,
    Reply,
    Restore,
    Import,
    Report,
    Notify(String),
    Remember,
    Start,
    Answer,
}

impl Effect {
    /// What became different in a region's state, in words.
    pub(crate) fn state(before: &RegionState, after: &RegionState) -> Self {
        Self::State(difference(before, after))
    }
}

fn difference(before: &RegionState, after: &RegionState) -> String {
    if after.epoch != before.epoch {
        return format!("takes epoch {}", after.epoch);
    }
    if after.active != before.active {
        return format!("says that {} serves", after.active);
    }
    let filled = |state: &RegionState| state.lease.as_ref().is_some_and(|lease| lease.filled);
    match (&before.lease, &after.lease) {
        (Some(_), None) => return "releases".into(),
        (Some(_), Some(_)) if filled(after) && !filled(before) => return "restores no more".into(),
        (before, after) if before != after => return "notes what a person says".into(),
        _ => {}
    }
    match &after.fence {
        Some(fence) => format!("notes {:?}", fence.progress),
        None => "notes something".into(),
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State(what) => f.write_str(what),
            Self::Bound(service, Bounds::CLOSED) => write!(f, "closes {service}"),
            Self::Bound(service, bounds) => {
                let Bounds {
                    minimum, maximum, ..
                } = bounds;
                write!(f, "bounds {service} by {minimum} and {maximum}")
            }
            Self::Scale(service, tasks) => write!(f, "scales {service} to {tasks}"),
            Self::Mark(Move::Raise(marker)) => write!(f, "raises {}", marker.key()),
            Self::Mark(Move::Lower(marker)) => write!(f, "lowers {}", marker.key()),
            Self::Ask(what) => write!(f, "is asked {what}"),
            Self::Reply => f.write_str("replies"),
            Self::Gates(closed) if closed.is_empty() => f.write_str("opens its gates"),
            Self::Gates(closed) => {
                let closed: Vec<&str> = closed.iter().map(String::as_str).collect();
                write!(f, "closes the gates of {}", closed.join(", "))
            }
            Self::Backup => f.write_str("takes a backup"),
            Self::Salvage => f.write_str("is salvaged"),
            Self::Restore => f.write_str("restores"),
            Self::Import => f.write_str("imports"),
            Self::Report => f.write_str("reports"),
            Self::Notify(subject) => write!(f, "tells {subject:?}"),
            Self::Remember => f.write_str("remembers what it told"),
            Self::Start => f.write_str("starts an execution"),
            Self::Answer => f.write_str("gives an answer"),
        }
    }
}

pub(crate) struct Seat<'a> {
    pub(crate) world: &'a World,
    pub(crate) side: Side,
    pub(crate) actor: Actor,
    pub(crate) configuration: Configuration,
}

impl<'a> Seat<'a> {
    pub(crate) fn new(world: &'a World, side: Side, actor: Actor) -> Self {
        let configuration = world.configuration(side);
        Self {
            world,
            side,
            actor,
            configuration,
        }
    }

    /// A call to a region, which may get no answer.
    pub(crate) fn reach(&self, side: Side, what: &str) -> Result<(), Failure> {
        let region = self.configuration.region_of(side);
        if self.world.faults.call() {
            return Err(Failure::unavailable(what, "it", region, "bad luck"));
        }
        if side != self.side && self.world.place(side).dead {
            self.world.note(format!("{region} is silent"));
            return Err(self.silent(side, what));
        }
        Ok(())
    }

    pub(crate) fn silent(&self, side: Side, what: &str) -> Failure {
        let region = self.configuration.region_of(side);
        Failure::unavailable(what, "it", region, "timed out")
    }

    pub(crate) async fn act<T>(
        &self,
        side: Side,
        effect: Effect,
        happen: impl FnOnce(&mut Place) -> T,
    ) -> Result<T, Failure> {
        self.reach(side, &effect.to_string())?;
        let faults = &self.world.faults;
        let struck = faults.effect();
        if matches!(effect, Effect::Report) {
            faults.reports.set(faults.reports.get() + 1);
        }
        self.suffer(struck, When::Before, &effect).await?;
        invariants::allow(self, side, &effect);
        let done = happen(&mut self.world.change(side));
        let region = self.configuration.region_of(side);
        self.world.note(format!("{region} {effect}"));
        self.overtaken(&effect);
        invariants::hold(self.world);
        self.suffer(struck, When::After, &effect).await?;
        Ok(done)
    }

    fn overtaken(&self, effect: &Effect) {
        let Actor::Step(step, ..) = self.actor else {
            return;
        };
        let at = &self.world.overtaken_at;
        if matches!(effect, Effect::Scale(..)) && at.get() == Some(step) {
            at.set(None);
            let mut own = self.world.change(self.side);
            own.state.epoch = Epoch(own.state.epoch.0 + 2);
            own.state.lease = scenario::lease("another");
        }
    }

    async fn suffer(
        &self,
        struck: Option<(When, How)>,
        now: When,
        effect: &Effect,
    ) -> Result<(), Failure> {
        match struck {
            Some((when, How::Dies)) if when == now => std::future::pending().await,
            Some((when, How::Stops)) if when == now => {
                self.world.stopped.set(true);
                std::future::pending().await
            }
            Some((when, How::Fails)) if when == now => Err(Failure::unavailable(
                effect,
                "it",
                &self.configuration.region,
                "struck",
            )),
            _ => Ok(()),
        }
    }

    pub(crate) fn other(&self) -> Side {
        self.side.other()
    }
}
