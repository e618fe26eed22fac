//! A report in sentences, the same in a terminal, a mail and a page.

use super::{Measured, Outcome, Report};
use crate::{
    lost::Lost,
    request::Mode,
    run::{SourceFenced, StoppedBy},
    words::length,
};

/// Enough to see what it is; all of them stand in the report.
const SHOWN: usize = 5;

impl Measured {
    pub fn told(self) -> String {
        let word = match self.met() {
            true => "met",
            false => "MISSED",
        };
        let (took, objective) = (self.seconds, self.objective_seconds);
        format!("{}; objective {}, {word}", length(took), length(objective))
    }
}

impl Report {
    /// What became of it, in a sentence.
    pub fn headline(&self) -> String {
        let (application, from, to) = (&self.application, &self.from, &self.to);
        match (&self.outcome, self.mode) {
            (Outcome::Refused { .. }, mode) => format!(
                "The {} execution of {application} towards {to} was refused; nothing was begun.",
                mode.as_str()
            ),
            (Outcome::Failed { .. }, mode) => format!(
                "The {} execution of {application} towards {to} failed.",
                mode.as_str()
            ),
            (Outcome::Succeeded, Mode::Plan) => {
                format!(
                    "What an execution of {application} towards {to} would do; nothing was changed."
                )
            }
            (Outcome::Succeeded, Mode::Drill) => {
                format!("The drill of {application} in {to} passed; {from} went on serving.")
            }
            (Outcome::Succeeded, Mode::Planned | Mode::Unplanned) => {
                let since = self
                    .epoch
                    .map(|epoch| format!(" since epoch {epoch}"))
                    .unwrap_or_default();
                format!("{application} serves from {to}{since}; before it was {from}.")
            }
        }
    }

    pub fn fence(&self) -> Option<String> {
        let (from, to) = (&self.from, &self.to);
        Some(match self.source.as_ref()? {
            SourceFenced::Acknowledged => format!("{from} was told to stop, and has"),
            SourceFenced::ReadsOn => {
                format!("{from} takes no writes; {to} stops its tasks within minutes of the move")
            }
            SourceFenced::Silent(why) => {
                format!("{from} did not answer ({why}); {to} keeps trying each minute")
            }
        })
    }

    pub fn lost_in_words(&self) -> String {
        match &self.lost {
            None => format!(
                "not known until {} answers and what it held is salvaged; the report will name it",
                self.from
            ),
            Some(lost) => [known(lost), unknown(lost)].concat(),
        }
    }

    pub fn stopped_in_words(&self) -> String {
        let by = self.writes_stopped.iter().map(|(service, by)| match by {
            StoppedBy::Scaling => format!("{service}: its tasks"),
            StoppedBy::Gate => format!("{service}: its gate, reading on"),
        });
        by.collect::<Vec<_>>().join("; ")
    }

    /// Whether users are known to have been moved.
    pub fn moved(&self) -> bool {
        match (&self.outcome, self.mode) {
            (Outcome::Succeeded, Mode::Planned | Mode::Unplanned) => true,
            // It failed after the move where there was something to salvage.
            (Outcome::Failed { .. }, _) => self.lost.is_some(),
            (Outcome::Refused { .. }, _) | (Outcome::Succeeded, Mode::Plan | Mode::Drill) => false,
        }
    }
}

fn known(lost: &Lost) -> String {
    match lost.count() {
        0 => "nothing".into(),
        count => format!("{count} records: {}", by_service(lost)),
    }
}

fn unknown(lost: &Lost) -> String {
    let told = lost.unknown.iter();
    told.map(|(service, why)| format!("; of {service} it cannot be told ({why})"))
        .collect()
}

fn by_service(lost: &Lost) -> String {
    let services = lost.services.iter().filter(|(_, ids)| !ids.is_empty());
    let told = services.map(|(service, ids)| {
        let shown = ids.iter().take(SHOWN).cloned().collect::<Vec<_>>();
        let more = match ids.len() > SHOWN {
            true => ", …",
            false => "",
        };
        format!("{service} {} ({}{more})", ids.len(), shown.join(", "))
    });
    told.collect::<Vec<_>>().join("; ")
}
