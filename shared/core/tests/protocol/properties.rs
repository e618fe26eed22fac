//! What must always hold, and what must be possible at all.

use lifeboat_core::{Side, request::Mode, state::FenceProgress};
use stateright::Property;

use crate::{
    protocol::Protocol,
    settle::settles,
    world::{Broken, Run, SIDES, World},
};

pub(crate) const LEASE: &str = "an effect never happens without the lease of its epoch";
pub(crate) const EPOCH: &str = "two regions never take the same epoch";
pub(crate) const SMOKE: &str = "traffic never moves without a smoke test in the execution";
pub(crate) const BESIDE: &str = "no restore beside tasks that write";
pub(crate) const OLDER: &str =
    "no restore of anything but the newest that was written by whoever served last";
pub(crate) const WINNER: &str = "nobody stops or fences a region that was activated later";
pub(crate) const ITSELF: &str = "a region that serves is not emptied by its own execution";
pub(crate) const PLANNED: &str = "a planned execution loses nothing";
pub(crate) const WRITERS: &str = "where all is planned two regions never take writes at once";
pub(crate) const LOOP: &str = "no automatic start during a cool-down or beyond the budget";
pub(crate) const HOME: &str = "an alarm brings nobody home";
pub(crate) const DRILL: &str =
    "a drill moves nobody, restores nothing in place and touches nothing of the source";
pub(crate) const REHEARSED: &str = "no user is served by what a drill brought up";
pub(crate) const SETTLES: &str =
    "two minutes after the regions reach each other one of them takes writes and no lease is left";

/// What must be possible.
pub(crate) const TURNED: &str = "an execution that was turned takes over";
pub(crate) const GIVES_WAY: &str = "a drill that runs gives way";

pub(crate) fn all() -> Vec<Property<Protocol>> {
    vec![
        Property::always(LEASE, |_, w| never(w, Broken::ActedWithoutLease)),
        Property::always(EPOCH, |_, w| never(w, Broken::SameEpoch)),
        Property::always(SMOKE, |_, w| never(w, Broken::MovedWithoutSmokeTest)),
        Property::always(BESIDE, |_, w| never(w, Broken::RestoredBesideTasks)),
        Property::always(OLDER, |_, w| never(w, Broken::RestoredAnOlderLine)),
        Property::always(WINNER, |_, w| never(w, Broken::ReplacedTheWinner)),
        Property::always(ITSELF, |_, w| never(w, Broken::StoppedItself)),
        Property::always(PLANNED, |_, w| never(w, Broken::PlannedLost)),
        Property::always(WRITERS, |_, w| never(w, Broken::TwoWritersByPlan)),
        Property::always(LOOP, |_, w| never(w, Broken::Looped)),
        Property::always(HOME, |_, w| never(w, Broken::BroughtHomeByAlarm)),
        Property::always(DRILL, |_, w| never(w, Broken::DrillTouched)),
        Property::always(REHEARSED, |_, w| never(w, Broken::ServedByDrill)),
        Property::always(SETTLES, |p, w: &World| {
            w.broken.is_some() || settles(p, w).is_ok()
        }),
        Property::sometimes("the standby takes over", |p, w| serves(p, w, Side::Standby)),
        Property::sometimes("and home is brought back", |p, w: &World| {
            serves(p, w, Side::Home) && w.state(Side::Home).epoch.0 > 0
        }),
        Property::sometimes("both take writes for a while", |_, w: &World| {
            w.both_write()
        }),
        Property::sometimes(TURNED, |p, w: &World| {
            SIDES.iter().any(|side| {
                let lease = w.state(*side).lease.as_ref();
                serves(p, w, *side) && lease.is_some_and(|lease| lease.turned.is_some())
            })
        }),
        Property::sometimes(GIVES_WAY, |_, w: &World| {
            SIDES.iter().any(|side| {
                let drill = |run: &Run| run.mode == Mode::Drill && run.alive && run.side == *side;
                let drills = w.runs.iter().any(|run| drill(run) && run.epoch.is_some());
                drills
                    && w.holder(*side)
                        .is_some_and(|holder| w.runs[holder].mode != Mode::Drill)
            })
        }),
        Property::sometimes("a fence is acknowledged", |_, w: &World| {
            let fence = w.state(Side::Standby).fence.as_ref();
            fence.is_some_and(|fence| fence.progress == FenceProgress::Acknowledged)
        }),
    ]
}

fn never(world: &World, what: Broken) -> bool {
    world.broken != Some(what)
}

fn serves(protocol: &Protocol, world: &World, side: Side) -> bool {
    world.state(side).active == *protocol.region(side) && world.answers() == side
}

/// What can be seen in one state, whoever did it.
pub(crate) fn note(_: &Protocol, world: &mut World) {
    let [home, standby] = SIDES.map(|side| world.state(side).epoch);
    if home == standby && home.0 > 0 {
        world.broken = Some(Broken::SameEpoch);
    }
    if SIDES
        .iter()
        .any(|side| world.place(*side).rehearsed && world.writes(*side))
    {
        world.broken = Some(Broken::ServedByDrill);
    }
    if world.calm && world.both_write() {
        world.broken = Some(Broken::TwoWritersByPlan);
    }
}
