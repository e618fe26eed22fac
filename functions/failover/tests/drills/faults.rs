//! What goes wrong, and when: one effect or one call that fails, or at which the process dies.

use std::cell::Cell;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Before,
    After,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// An answer that says so.
    Fails,
    /// The process ends here: nobody answers, nothing after it happens.
    Dies,
    /// The process ends, and somebody stops the execution that it worked for.
    Stops,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The n-th effect, from zero.
    Effect(usize, When, How),
    /// The n-th call of any kind.
    Call(usize),
    /// Every effect of this region from the n-th on.
    EffectsFrom(usize),
}

#[derive(Debug, Default)]
pub(crate) struct Faults {
    fault: Cell<Option<Fault>>,
    pub(crate) calls: Cell<usize>,
    pub(crate) effects: Cell<usize>,
    /// Those of them that were a report.
    pub(crate) reports: Cell<usize>,
    pub(crate) struck: Cell<bool>,
}

impl Faults {
    /// Counts begin anew.
    pub(crate) fn set(&self, fault: Option<Fault>) {
        self.fault.set(fault);
        for count in [&self.calls, &self.effects, &self.reports] {
            count.set(0);
        }
        self.struck.set(false);
    }

    /// Whether this call fails.
    pub(crate) fn call(&self) -> bool {
        let n = count(&self.calls);
        let strikes = self.fault.get() == Some(Fault::Call(n));
        self.strike(strikes)
    }

    pub(crate) fn effect(&self) -> Option<(When, How)> {
        let n = count(&self.effects);
        let found = match self.fault.get() {
            Some(Fault::Effect(at, when, how)) if at == n => Some((when, how)),
            Some(Fault::EffectsFrom(at)) if at <= n => Some((When::Before, How::Fails)),
            _ => None,
        };
        self.strike(found.is_some());
        found
    }

    fn strike(&self, strikes: bool) -> bool {
        self.struck.set(self.struck.get() || strikes);
        strikes
    }
}

fn count(counter: &Cell<usize>) -> usize {
    counter.replace(counter.get() + 1)
}
