//! What must never happen, asked before and after every single effect. A violation ends the test.

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_core::{
    Epoch, RegionState, ReplyId, Side,
    marker::{Marker, Move, fences},
    run::Step,
    scaling::{Bounds, Scale},
};

use crate::{
    seat::{Actor, Effect, Seat},
    world::World,
};

/// What has to be remembered to judge an effect.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    epochs: [Epoch; 2],
    /// Services that answered well, by execution.
    pub(crate) answered: BTreeMap<String, BTreeSet<String>>,
    pub(crate) restored: BTreeSet<String>,
    /// Whose tasks were given what only they can take.
    pub(crate) imported: BTreeSet<String>,
    /// Questions that were answered while the region might still write.
    pub(crate) beside_writes: BTreeSet<ReplyId>,
}

/// Whether this reply may be read now.
pub(crate) fn allow_reply(seat: &Seat<'_>, id: &ReplyId) {
    let beside_writes = seat.world.ledger.borrow().beside_writes.contains(id);
    let planned = matches!(
        seat.actor,
        Actor::Step(Step::FinalBackup | Step::Compare, ..)
    );
    assert!(
        !(planned && beside_writes),
        "{:?} reads {id}, which was answered while the source might still write",
        seat.actor
    );
}

/// Whether this actor may do this now.
pub(crate) fn allow(seat: &Seat<'_>, side: Side, effect: &Effect) {
    may_act(seat, effect);
    let world = seat.world;
    let (own, own_side) = (world.place(seat.side), seat.side);
    let serves = own.state.active == seat.configuration.region;
    let never = |what: &str| panic!("{what}: {:?}: {side:?} {effect}", seat.actor);
    match effect {
        Effect::Restore if !world.restorable(own_side) => never("a restore beside running tasks"),
        Effect::Import if serves => never("an import over what users have written"),
        Effect::Import if own.services["posts"].running == 0 => never("an import into no task"),
        Effect::Import if !world.closed_gates(side).is_empty() => {
            never("an import that a closed gate refuses");
        }
        Effect::Mark(to) => match &seat.actor {
            Actor::Step(_, execution, _) => {
                let ledger = world.ledger.borrow();
                if world.is_exported() && !ledger.imported.contains(execution) {
                    never("a marker moved before every service had its data");
                }
                let answered = ledger.answered.get(execution).map_or(0, BTreeSet::len);
                if answered < own.services.len() {
                    never("a marker moved without a smoke test in this execution");
                }
            }
            Actor::Undo(..) | Actor::Watch if *to == Move::Lower(Marker::Fenced) && !serves => {}
            Actor::Undo(..) | Actor::Watch if finishes(seat, *to) => {}
            Actor::Watch
                if Some(*to) == fences(own_side.other()).map(Move::Raise)
                    && serves
                    && world.place(own_side.other()).state.epoch <= own.state.epoch => {}
            _ => never("a marker moved by somebody who must not"),
        },
        stop if stops(seat, side, stop) && side == own_side && serves => {
            never("the region that serves stops");
        }
        stop if stops(seat, side, stop) && side != own_side => match &seat.actor {
            Actor::Step(Step::StopSource | Step::FenceSource, ..) => {}
            Actor::Watch if serves => {}
            _ => never("the other region is stopped by somebody who must not"),
        },
        Effect::Scale(..) | Effect::Bound(..)
            if !stops(seat, side, effect)
                && side == own_side
                && !world.closed_gates(side).is_empty() =>
        {
            never("tasks are started behind a closed gate");
        }
        Effect::Scale(..) | Effect::Bound(..) if !stops(seat, side, effect) => match &seat.actor {
            Actor::Step(Step::ScaleUp, execution, _)
                if side == own_side && world.ledger.borrow().restored.contains(execution) => {}
            Actor::Watch if side != own_side && !serves => {}
            Actor::Undo(..) if side != own_side => {}
            _ => never("tasks are started without their data"),
        },
        Effect::Gates(closed) if closed.is_empty() => match &seat.actor {
            Actor::Step(Step::Quiesce, ..) if side == own_side && world.restorable(side) => {}
            Actor::Watch if side != own_side && !serves => {}
            Actor::Undo(..) if side != own_side => {}
            _ => never("a gate is opened by somebody who must not"),
        },
        Effect::Gates(_) => match &seat.actor {
            Actor::Step(Step::StopSource, ..) if side != own_side && noted(&own.state) => {}
            _ => never("a gate is closed by somebody who must not"),
        },
        _ => {}
    }
}

/// A service runs whose gate is not closed.
pub(crate) fn may_write(world: &World, side: Side) -> bool {
    let closed = world.closed_gates(side);
    let place = world.place(side);
    let mut services = place.services.iter();
    services.any(|(service, there)| !there.empty() && !closed.contains(service))
}

/// Which gates may be closed is known to whoever puts things back.
fn noted(state: &RegionState) -> bool {
    let mut lease = state.lease.iter();
    lease.any(|lease| !lease.source_gates.is_empty())
}

/// Users are sent to a region that is active, by whoever ends the execution that made it so and had tested it.
fn finishes(seat: &Seat<'_>, to: Move) -> bool {
    let own = seat.world.place(seat.side);
    let ledger = seat.world.ledger.borrow();
    let answered = own
        .state
        .owner()
        .and_then(|owner| ledger.answered.get(owner));
    let (other, me) = (seat.world.place(seat.other()), &seat.configuration.region);
    (to.marker().side() == seat.side || !own.state.overruled_by(me, &other.state))
        && own.state.active == seat.configuration.region
        && answered.is_some_and(|answered| answered.len() == own.services.len())
}

/// No task is started by it. One's own region is also stopped where it keeps what it rests at, if that many are there already;
/// of the other one nothing stays up.
fn stops(seat: &Seat<'_>, side: Side, effect: &Effect) -> bool {
    let emptied = |service: &String| {
        let desired = seat.world.place(side).services[service].desired;
        let service = seat.configuration.service(service).unwrap();
        Some(Scale::emptied(service, desired)).filter(|_| side == seat.side)
    };
    match effect {
        Effect::Scale(_, 0) | Effect::Bound(_, Bounds::CLOSED) => true,
        Effect::Scale(service, to) => emptied(service).is_some_and(|left| left.desired == *to),
        Effect::Bound(service, to) => emptied(service).is_some_and(|left| left.bounds == *to),
        _ => false,
    }
}

/// At every effect, whoever acts for an execution holds the lease of its epoch.
fn may_act(seat: &Seat<'_>, effect: &Effect) {
    let state = &seat.world.place(seat.side).state;
    let held = |execution: &str, epoch: Option<Epoch>| {
        let held = epoch.map(|epoch| state.held_by(execution, epoch));
        assert_eq!(held, Some(Ok(())), "{:?}: {effect}", seat.actor);
    };
    match &seat.actor {
        // What is told of an execution, under its own name, is no effect on anything else.
        Actor::Begin => assert!(
            matches!(effect, Effect::Report),
            "the decision had an effect: {effect}"
        ),
        Actor::Step(Step::Lease | Step::Release, ..) => {
            let told = matches!(effect, Effect::State(_) | Effect::Notify(_));
            assert!(told, "{effect}");
        }
        Actor::Step(_, execution, epoch) => held(execution, *epoch),
        Actor::Hold(execution, epoch) => held(execution, *epoch),
        Actor::Undo(execution, epoch) => {
            if !matches!(
                effect,
                Effect::State(_) | Effect::Notify(_) | Effect::Report
            ) {
                held(execution, *epoch);
            }
        }
        Actor::Restore(execution, epoch) => held(execution, Some(*epoch)),
        Actor::Watch | Actor::Alarm | Actor::Person | Actor::Workflow | Actor::Asked => {}
    }
}

/// What holds whatever was done.
pub(crate) fn hold(world: &World) {
    let mut ledger = world.ledger.borrow_mut();
    let mut owners = vec![];
    for side in [Side::Home, Side::Standby] {
        let place = world.place(side);
        let (before, epoch) = (&mut ledger.epochs[side as usize], place.state.epoch);
        assert!(epoch >= *before, "{side:?} went from {before} to {epoch}");
        assert!(
            epoch == Epoch(0) || epoch.side() == side,
            "{side:?} took {epoch}, which is the other's"
        );
        *before = epoch;
        // Behind a closed gate a region serves only while an execution stands that moves its users, and that opens it where
        // it does not.
        let (other, me) = (world.place(side.other()), world.configuration(side).region);
        let serves = place.state.active == me && !place.state.overruled_by(&me, &other.state);
        let closed = world.closed_gates(side);
        assert!(
            closed.is_empty() || !serves || noted(&other.state),
            "{side:?} serves, and the gates of {closed:?} are closed"
        );
        let owner = place.state.owner().map(str::to_owned);
        owners.extend(owner.filter(|owner| place.running.contains(owner)));
        for (service, there) in &place.services {
            let bounds = there.bounds.unwrap();
            assert!(
                bounds.suspended || bounds.allow(there.desired),
                "{side:?}: scaling would take tasks from {service}: {there:?}"
            );
        }
    }
    assert!(owners.len() < 2, "two executions act at once: {owners:?}");
}
