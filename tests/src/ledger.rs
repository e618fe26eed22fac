//! The faults in force, and what was seen going through.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use crate::faults::{Caller, Fault, Faults, Place};
use crate::traffic::Target;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Never answered: the caller left, or is still waiting.
    Unanswered,
    Refused,
    Answered(u16),
}

#[derive(Clone, Debug)]
pub struct Call {
    pub at: SystemTime,
    /// None when a person, Terraform, Docker or a health checker called.
    pub caller: Option<Caller>,
    pub target: Target,
    pub outcome: Outcome,
    /// From the call to its answer; none while there is none.
    pub took: Option<Duration>,
}

/// The faults in force, who is who, and the record of every call.
#[derive(Debug)]
pub struct Ledger {
    faults: watch::Sender<Faults>,
    callers: Mutex<BTreeMap<String, Caller>>,
    calls: Mutex<Vec<Call>>,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            faults: watch::Sender::new(Faults::new()),
            callers: Mutex::default(),
            calls: Mutex::default(),
        }
    }
}

impl Ledger {
    pub fn set(&self, place: Place, fault: Fault) {
        self.faults.send_modify(|faults| {
            match fault {
                Fault::Alive => faults.remove(&place),
                fault => faults.insert(place, fault),
            };
        });
    }

    pub fn watch(&self) -> watch::Receiver<Faults> {
        self.faults.subscribe()
    }

    pub fn know(&self, callers: BTreeMap<String, Caller>) {
        held(&self.callers).extend(callers);
    }

    pub fn caller(&self, target: &Target) -> Option<Caller> {
        held(&self.callers)
            .get(target.access_key.as_ref()?)
            .cloned()
    }

    pub fn begin(&self, caller: Option<Caller>, target: Target) -> usize {
        let mut calls = held(&self.calls);
        calls.push(Call {
            at: SystemTime::now(),
            caller,
            target,
            outcome: Outcome::Unanswered,
            took: None,
        });
        calls.len() - 1
    }

    pub fn end(&self, call: usize, outcome: Outcome) {
        if let Some(call) = held(&self.calls).get_mut(call) {
            call.outcome = outcome;
            call.took = call.at.elapsed().ok();
        }
    }

    pub fn calls_from(&self, first: usize) -> Vec<Call> {
        held(&self.calls)
            .get(first..)
            .map(<[Call]>::to_vec)
            .unwrap_or_default()
    }

    pub fn count(&self) -> usize {
        held(&self.calls).len()
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
