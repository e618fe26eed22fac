//! What may happen next. Whatever the functions decide is decided by the functions' own code.

use lifeboat_core::{
    Configuration, Epoch, Region, RegionPair, Side,
    backup::{BackupKey, Kind},
    configuration::sample,
    marker::Marker,
    request::{Mode, RequestedBy},
};
use stateright::{Model, Property};

use crate::{
    minute,
    mutants::Mutant,
    properties,
    starts::{Starts, may_start},
    steps, turn,
    world::{At, Flight, Left, NAMES, Run, SIDES, Tasks, World, name},
};

#[derive(Debug, Clone)]
pub(crate) struct Protocol {
    pub(crate) bounds: Bounds,
    /// What is left out of the protocol, or wrong in it.
    pub(crate) mutant: Option<Mutant>,
    pub(crate) pair: RegionPair,
    pub(crate) configurations: [Configuration; 2],
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) executions: usize,
    /// Which may be started, and where.
    pub(crate) kinds: &'static [(Side, Mode, RequestedBy)],
    pub(crate) starts: Starts,
    pub(crate) left: Left,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Start(Side, Mode, RequestedBy),
    /// A step looks whether it may act.
    Check(usize),
    /// What a step decided to do happens.
    Act(usize),
    /// What the last step of a stopped execution decided to do never happens.
    Vanish(usize),
    Fail(usize),
    Stop(usize),
    /// A person gives the source of a planned execution up.
    Turn(usize),
    /// A step that was asked for before comes again, checks, and acts.
    Late(usize, At),
    /// The probe reads the other region's state.
    Look(Side),
    /// The probe fences its own region.
    Pull(Side),
    /// The probe lowers a left-over `reclaim`.
    LowerReclaim,
    /// The watch puts things back for an execution that was stopped, and frees its lease.
    Bury(Side),
    /// The watch fences the region that this one replaced.
    Push(Side),
    Backup(Side),
    Drained(Side),
    CoolDownOver(Side),
    Cut,
    Heal,
    Dies(Side),
    Returns(Side),
}

impl Protocol {
    pub(crate) fn new(bounds: Bounds, mutant: Option<Mutant>) -> Self {
        let configurations = ["us-east-1", "us-west-2"].map(sample);
        Self {
            bounds,
            mutant,
            pair: configurations[0].pair().unwrap(),
            configurations,
        }
    }

    pub(crate) fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    pub(crate) fn configuration(&self, side: Side) -> &Configuration {
        &self.configurations[side as usize]
    }

    pub(crate) fn region(&self, side: Side) -> &Region {
        self.pair.region(side)
    }

    pub(crate) fn side(&self, region: &Region) -> Side {
        self.pair.side(region).unwrap()
    }

    pub(crate) fn key(&self, by: Side, epoch: Epoch, second: i64) -> BackupKey {
        BackupKey {
            epoch,
            name: name(Kind::Backup, second),
            region: self.region(by).clone(),
        }
    }
}

impl Model for Protocol {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(self)]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        if world.broken.is_some() {
            return;
        }
        if world.runs.len() < self.bounds.executions {
            let kinds = self.bounds.kinds.iter();
            actions.extend(kinds.map(|(side, mode, by)| Action::Start(*side, *mode, *by)));
        }
        for (index, run) in world.runs.iter().enumerate() {
            match run.flight {
                Flight::None if run.alive => actions.push(Action::Check(index)),
                Flight::None => {}
                Flight::Step | Flight::Watch => actions.push(Action::Act(index)),
            }
            if run.flight != Flight::None && !run.alive {
                actions.push(Action::Vanish(index));
            }
            if run.alive && world.left.crashes > 0 {
                actions.extend([Action::Fail(index), Action::Stop(index)]);
            }
            if world.left.lates > 0 {
                let asked = steps::ALL.iter().filter(|at| steps::asked(run, **at));
                actions.extend(asked.map(|at| Action::Late(index, *at)));
            }
            if world.left.turns > 0 && run.mode == Mode::Planned {
                actions.push(Action::Turn(index));
            }
        }
        for side in SIDES {
            self.minute(world, side, actions);
        }
        match world.linked {
            true if world.left.cuts > 0 => actions.push(Action::Cut),
            true => {}
            false => actions.push(Action::Heal),
        }
    }

    fn next_state(&self, before: &World, action: Action) -> Option<World> {
        let mut world = before.clone();
        match action {
            Action::Start(side, mode, by) => self.start(&mut world, Run::new(side, mode, by))?,
            Action::Check(run) => steps::check(self, &mut world, run)?,
            Action::Act(run) => steps::act(self, &mut world, run)?,
            Action::Vanish(run) => steps::end(&mut world, run),
            Action::Fail(run) => steps::fail(&mut world, run)?,
            Action::Stop(run) => steps::stop(&mut world, run),
            Action::Turn(run) => turn::order(self, &mut world, run)?,
            Action::Late(run, at) => steps::late(self, &mut world, run, at)?,
            Action::Look(side) => minute::look(&mut world, side)?,
            Action::Pull(side) => minute::pull(self, &mut world, side)?,
            Action::LowerReclaim => minute::lower_reclaim(self, &mut world)?,
            Action::Bury(side) => minute::bury(self, &mut world, side)?,
            Action::Push(side) => minute::push(self, &mut world, side)?,
            Action::Backup(side) => minute::save(self, &mut world, side)?,
            Action::Drained(side) => world.place_mut(side).tasks = Tasks::None,
            Action::CoolDownOver(side) => {
                let mut state = world.state(side).clone();
                state.cool_down_until.take()?;
                world.set(side, state);
            }
            Action::Cut => {
                world.linked = false;
                world.left.cuts -= 1;
            }
            Action::Heal => {
                world.linked = true;
                world.replicate();
            }
            Action::Dies(side) => {
                world.place_mut(side).dead = true;
                world.left.deaths -= 1;
                steps::lost(&mut world, side);
            }
            Action::Returns(side) => {
                world.place_mut(side).dead = false;
                world.replicate();
            }
        }
        world.follow();
        world.forget();
        properties::note(self, &mut world);
        (world != *before).then_some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}

impl Protocol {
    fn minute(&self, world: &World, side: Side, actions: &mut Vec<Action>) {
        use Action::*;
        let place = world.place(side);
        if place.dead {
            return actions.push(Returns(side));
        }
        let state = &place.state;
        let all = [
            (Look(side), world.reaches(side, side.other())),
            (Pull(side), state.peer.is_some()),
            (Bury(side), state.lease.is_some()),
            (Push(side), state.fence.is_some()),
            (Backup(side), place.tasks == Tasks::Running),
            (Drained(side), place.tasks == Tasks::Stopping),
            (CoolDownOver(side), state.cool_down_until.is_some()),
            (Dies(side), world.left.deaths > 0),
            (
                LowerReclaim,
                side == Side::Home && world.raised(Marker::Reclaim),
            ),
        ];
        let may = all.into_iter().filter(|(_, may)| *may);
        actions.extend(may.map(|(action, _)| action));
    }

    fn start(&self, world: &mut World, run: Run) -> Option<()> {
        may_start(self, world, &run).then_some(())?;
        world.calm &= run.mode != Mode::Unplanned;
        world.runs.push(run);
        assert!(world.runs.len() <= NAMES.len());
        Some(())
    }
}
