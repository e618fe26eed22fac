//! Whether an execution starts, by the functions' own decision on facts that are read off the world.

use lifeboat_core::{
    RegionState, Side,
    decide::{Asker, Facts, Verdict, decide},
    lease::Owner,
    liveness::Verdict as Alive,
    marker::Marker,
    probe::{self, ProbeReport},
    request::{Mode, Request, RequestedBy},
    state::FenceProgress,
};

use crate::{
    mutants::Mutant,
    protocol::Protocol,
    world::{Owned, Run, Tasks, World},
};

/// Who may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Starts {
    /// Whom `decide` lets, in one of the ways in which the world may look. A person overrides all that a person may.
    Decided,
    /// Also on facts that have changed since: beside a lease that is held, on an activation that is not read.
    Whenever,
}

pub(crate) fn may_start(protocol: &Protocol, world: &World, run: &Run) -> bool {
    if world.place(run.side).dead {
        return false;
    }
    match protocol.bounds.starts {
        Starts::Decided => decided(protocol, world, run),
        Starts::Whenever => whenever(protocol, world, run),
    }
}

/// Not an unplanned one while the other region is seen to serve.
fn whenever(protocol: &Protocol, world: &World, run: &Run) -> bool {
    let answers = world.reaches(run.side, run.side.other());
    let may = match run.mode {
        Mode::Planned => answers,
        _ => !answers || world.place(run.side.other()).tasks != Tasks::Running,
    };
    let active = world.state(run.side).highest(None).1;
    may && (active != *protocol.region(run.side) || protocol.is(Mutant::EpochsWithoutParity))
}

fn decided(protocol: &Protocol, world: &World, run: &Run) -> bool {
    let request = request(run.mode, run.by);
    let own = world.state(run.side);
    let owner = world
        .holder(run.side)
        .map(|holder| match world.owned(holder) {
            Owned::Running => Owner::Running,
            Owned::Ending => Owner::Ending,
            Owned::Ended => Owner::Ended,
        });
    let reaches = world.reaches(run.side, run.side.other());
    let peer = reaches.then(|| salvaged(world.state(run.side.other())));
    let mut probe = probe(protocol, world, run.side);
    looks(world, run.side).iter().any(|alive| {
        probe.liveness.verdict = *alive;
        let facts = Facts {
            configuration: protocol.configuration(run.side),
            own,
            owner: owner.as_ref(),
            peer: peer.as_ref().ok_or("it does not answer"),
            probe: &probe,
            execution: None,
        };
        decide(&request, &facts, jiff::Timestamp::UNIX_EPOCH).verdict == Verdict::Start
    })
}

fn request(mode: Mode, by: RequestedBy) -> Request {
    let request = Request::new(mode, by, "the model");
    if by == RequestedBy::Alarm {
        return request;
    }
    let may = Asker::of(mode, by).may_override().into_iter();
    may.fold(request, |request, fact| request.overriding(fact, "seen"))
}

/// What the other region may look like from here.
fn looks(world: &World, side: Side) -> &'static [Alive] {
    let source = world.place(side.other());
    match (world.reaches(side, side.other()), source.tasks) {
        (false, _) => &[Alive::Down, Alive::CannotTell],
        (true, Tasks::Running) => &[Alive::Serving],
        (true, Tasks::Stopping) => &[Alive::Serving, Alive::Down],
        (true, Tasks::None) => &[Alive::Down],
    }
}

fn probe(protocol: &Protocol, world: &World, side: Side) -> ProbeReport {
    let (me, source) = (protocol.region(side), protocol.region(side.other()));
    let mut probe = probe::sample(me, source, Alive::CannotTell);
    let keys = world.keys(protocol, side).into_iter().map(|(key, ..)| key);
    probe.readiness.newest_backup = keys.max_by_key(|key| key.epoch);
    probe.readiness.reclaim = world.seen_from(side, Marker::Reclaim);
    probe
}

/// The salvage follows a fence that is acknowledged, and is left out here.
fn salvaged(state: &RegionState) -> RegionState {
    let mut state = state.clone();
    if let Some(fence) = &mut state.fence
        && fence.progress == FenceProgress::Acknowledged
    {
        fence.progress = FenceProgress::Salvaged;
    }
    state
}
