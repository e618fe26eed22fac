//! Two regions, the executions in them, and the users who write, as small as the protocol can be told.

use std::sync::Arc;

use jiff::Timestamp;
use lifeboat_core::{
    Epoch, RegionState, Side,
    backup::{BackupKey, BackupName, Kind},
    marker::{Marker, Seen, answers},
    request::{Mode, RequestedBy},
};

use crate::protocol::Protocol;

/// One state of everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) places: [Place; 2],
    pub(crate) runs: Vec<Run>,
    /// Raised, in the order of `Marker::ALL`.
    pub(crate) markers: [bool; 3],
    /// Whether the regions reach each other. Users and health checkers reach both.
    pub(crate) linked: bool,
    /// Who wrote the newer backup, where both have the same epoch.
    pub(crate) later: Side,
    /// Whether no execution was ever unplanned.
    pub(crate) calm: bool,
    pub(crate) left: Left,
    pub(crate) broken: Option<Broken>,
}

/// One region.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) state: Arc<RegionState>,
    pub(crate) tasks: Tasks,
    pub(crate) dead: bool,
    /// The epoch at which what is held here was written.
    pub(crate) line: Epoch,
    /// The newest backup here that each side wrote.
    pub(crate) backups: [Option<Backup>; 2],
    /// Users who were sent here once hold on until its tasks are gone.
    pub(crate) clings: bool,
    /// The first marker of its own activation was moved.
    pub(crate) marked: bool,
    /// Tasks of an unplanned execution that has not activated this region; should it fail they stay up.
    pub(crate) left_up: bool,
    /// Tasks that a drill started.
    pub(crate) rehearsed: bool,
    /// Whoever stopped its tasks by plan may not give them back any more.
    pub(crate) given_up: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Tasks {
    None,
    Running,
    /// None is wanted, and they still write.
    Stopping,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Backup {
    /// The epoch in its key.
    pub(crate) epoch: Epoch,
    /// The epoch at which what it holds was written.
    pub(crate) line: Epoch,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Run {
    pub(crate) side: Side,
    pub(crate) mode: Mode,
    pub(crate) by: RequestedBy,
    pub(crate) at: At,
    /// The furthest step that was asked for.
    pub(crate) reached: At,
    pub(crate) flight: Flight,
    pub(crate) alive: bool,
    pub(crate) epoch: Option<Epoch>,
    pub(crate) looked: Option<Looked>,
    pub(crate) chosen: Option<(Side, Backup)>,
    pub(crate) restored: bool,
    pub(crate) smoked: bool,
}

/// What an execution does next. Steps that only wait or tell are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum At {
    Lease,
    StopSource,
    Backup,
    Quiesce,
    Restore,
    ScaleUp,
    SmokeTest,
    /// Of a drill, which goes no further.
    TearDown,
    RaiseFence,
    StopFenced,
    Activate,
    FirstMarker,
    SecondMarker,
    Release,
    Undo,
    UndoEmpty,
    /// To a region that is active already.
    UndoSend,
    UndoMarker,
    UndoTasks,
    UndoRelease,
    Over,
}

/// An invocation that has passed its check and whose effect has not happened yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Flight {
    None,
    Step,
    /// The watch puts back what a stopped execution could not.
    Watch,
}

/// What a step that takes the lease saw before.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Looked {
    pub(crate) owner: Option<(usize, Owned)>,
    pub(crate) peer: Option<Arc<RegionState>>,
    /// Only where the write is not conditional.
    pub(crate) before: Option<Arc<RegionState>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Owned {
    Running,
    Ending,
    Ended,
}

/// How often each fault may still happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Left {
    pub(crate) cuts: u8,
    pub(crate) deaths: u8,
    /// A step fails, or an execution is stopped.
    pub(crate) crashes: u8,
    /// A step comes again, late.
    pub(crate) lates: u8,
    /// A person makes a planned execution unplanned.
    pub(crate) turns: u8,
}

/// What happened and must not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Broken {
    ActedWithoutLease,
    SameEpoch,
    MovedWithoutSmokeTest,
    RestoredBesideTasks,
    RestoredAnOlderLine,
    ReplacedTheWinner,
    StoppedItself,
    PlannedLost,
    TwoWritersByPlan,
    Looped,
    BroughtHomeByAlarm,
    /// A drill did more than bring its own region up and down.
    DrillTouched,
    ServedByDrill,
}

pub(crate) const NAMES: [&str; 3] = ["a", "b", "c"];

pub(crate) const SIDES: [Side; 2] = [Side::Home, Side::Standby];

impl World {
    pub(crate) fn new(protocol: &Protocol) -> Self {
        let backup = Backup {
            epoch: Epoch(0),
            line: Epoch(0),
        };
        let place = |side: Side| Place {
            state: Arc::new(RegionState::genesis(&protocol.pair)),
            tasks: match side {
                Side::Home => Tasks::Running,
                Side::Standby => Tasks::None,
            },
            dead: false,
            line: Epoch(0),
            backups: [Some(backup), None],
            clings: side == Side::Home,
            marked: side == Side::Home,
            left_up: false,
            rehearsed: false,
            given_up: false,
        };
        Self {
            places: SIDES.map(place),
            runs: vec![],
            markers: [false; 3],
            linked: true,
            later: Side::Home,
            calm: true,
            left: protocol.bounds.left,
            broken: None,
        }
    }

    pub(crate) fn place(&self, side: Side) -> &Place {
        &self.places[side as usize]
    }

    pub(crate) fn place_mut(&mut self, side: Side) -> &mut Place {
        &mut self.places[side as usize]
    }

    pub(crate) fn state(&self, side: Side) -> &RegionState {
        &self.place(side).state
    }

    pub(crate) fn set(&mut self, side: Side, state: RegionState) {
        self.place_mut(side).state = Arc::new(state);
    }

    /// Whether `from` gets an answer of `to`.
    pub(crate) fn reaches(&self, from: Side, to: Side) -> bool {
        !self.place(to).dead && (from == to || self.linked)
    }

    pub(crate) fn raised(&self, marker: Marker) -> bool {
        self.markers[marker as usize]
    }

    fn seen(&self, marker: Marker, reached: bool) -> Seen {
        match (reached, self.raised(marker)) {
            (false, _) => Seen::Unreachable,
            (true, true) => Seen::Present,
            (true, false) => Seen::Absent,
        }
    }

    /// As a marker looks from a region.
    pub(crate) fn seen_from(&self, side: Side, marker: Marker) -> Seen {
        self.seen(marker, self.reaches(side, marker.side()))
    }

    /// Where the name leads.
    pub(crate) fn answers(&self) -> Side {
        let outside = |marker: Marker| self.seen(marker, !self.place(marker.side()).dead);
        let [serve, fenced, reclaim] = Marker::ALL.map(outside);
        answers(serve, fenced, reclaim)
    }

    /// Whether users' writes are acknowledged there.
    pub(crate) fn writes(&self, side: Side) -> bool {
        let place = self.place(side);
        !place.dead && place.tasks != Tasks::None && place.clings
    }

    pub(crate) fn both_write(&self) -> bool {
        SIDES.into_iter().all(|side| self.writes(side))
    }

    /// The keys of a region's backups, with what each holds.
    pub(crate) fn keys(&self, protocol: &Protocol, at: Side) -> Vec<(BackupKey, Side, Backup)> {
        let written = SIDES.map(|by| {
            let backup = self.place(at).backups[by as usize]?;
            let second = 1 + i64::from(self.later == by);
            Some((protocol.key(by, backup.epoch, second), by, backup))
        });
        written.into_iter().flatten().collect()
    }

    pub(crate) fn save(&mut self, by: Side, backup: Backup) {
        let reaches = self.reaches(by, by.other());
        let theirs = self.place(by.other()).backups[by.other() as usize];
        if theirs.is_some_and(|theirs| theirs.epoch == backup.epoch) {
            self.later = by;
        }
        self.place_mut(by).backups[by as usize] = Some(backup);
        if reaches {
            self.place_mut(by.other()).backups[by as usize] = Some(backup);
        }
    }

    /// What was written while the regions did not reach each other arrives.
    pub(crate) fn replicate(&mut self) {
        if self.linked && SIDES.iter().all(|side| !self.place(*side).dead) {
            for by in SIDES {
                let newest = self.place(by).backups[by as usize];
                self.place_mut(by.other()).backups[by as usize] = newest;
            }
        }
    }

    /// Users follow the name, and leave a region without tasks.
    pub(crate) fn follow(&mut self) {
        let answers = self.answers();
        for side in SIDES {
            let place = self.place_mut(side);
            let there = !place.dead && place.tasks != Tasks::None;
            place.clings = there && (place.clings || side == answers);
            place.left_up &= place.tasks != Tasks::None;
            place.rehearsed &= place.tasks != Tasks::None;
            place.given_up &= place.tasks != Tasks::Running;
        }
    }

    pub(crate) fn owned(&self, run: usize) -> Owned {
        match (self.runs[run].alive, self.runs[run].flight) {
            (true, _) => Owned::Running,
            (false, Flight::Step) => Owned::Ending,
            (false, Flight::None | Flight::Watch) => Owned::Ended,
        }
    }

    pub(crate) fn holder(&self, side: Side) -> Option<usize> {
        let owner = self.state(side).owner()?;
        NAMES.iter().position(|name| *name == owner)
    }

    /// Executions that nothing can be asked of any more are all alike.
    pub(crate) fn forget(&mut self) {
        let held = SIDES.map(|side| self.holder(side));
        for (index, run) in self.runs.iter_mut().enumerate() {
            let gone = run.at == At::Over
                && run.flight == Flight::None
                && !run.alive
                && !held.contains(&Some(index));
            if gone && self.left.lates == 0 {
                *run = Run::over();
            }
        }
    }
}

impl Run {
    pub(crate) fn new(side: Side, mode: Mode, by: RequestedBy) -> Self {
        Self {
            side,
            mode,
            by,
            at: At::Lease,
            reached: At::Lease,
            flight: Flight::None,
            alive: true,
            epoch: None,
            looked: None,
            chosen: None,
            restored: false,
            smoked: false,
        }
    }

    fn over() -> Self {
        Self {
            at: At::Over,
            alive: false,
            ..Self::new(Side::Home, Mode::Planned, RequestedBy::Person)
        }
    }
}

pub(crate) fn name(kind: Kind, second: i64) -> BackupName {
    BackupName {
        at: Timestamp::from_second(second).unwrap(),
        kind,
    }
}
