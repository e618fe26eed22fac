//! The facts as a table for people.

mod cells;
#[cfg(test)]
mod tests;

use lifeboat_core::{
    Side,
    marker::{Marker, Seen},
};

use super::{Facts, RegionFacts};
use crate::words::wrap;

/// One line of the table: how a side is asked.
type Cell = fn(&Facts, &RegionFacts) -> String;

const ROWS: [(&str, Cell); 14] = [
    ("region", |_, side| side.region.to_string()),
    ("answers", cells::answers),
    ("role", cells::role),
    ("epoch", cells::epoch),
    ("execution", cells::owner),
    ("capacity", cells::capacity),
    ("cool-down", cells::cool_down),
    ("owed fence", cells::owed),
    ("last probe", cells::probed),
    ("own fence", cells::fenced),
    ("sees peer", cells::liveness),
    ("ready", cells::readiness),
    ("newest backup", cells::backup),
    ("last proof", cells::proof),
];

const LABEL: usize = 15;
const WIDTH: usize = 42;

pub fn render(facts: &Facts) -> String {
    let mut lines = vec![line(&facts.application, "home", "standby")];
    for (label, cell) in ROWS {
        let home = folded(&cell(facts, &facts.home));
        let standby = folded(&cell(facts, &facts.standby));
        for at in 0..home.len().max(standby.len()) {
            let label = if at == 0 { label } else { "" };
            let part = |cell: &[String]| cell.get(at).cloned().unwrap_or_default();
            lines.push(line(label, &part(&home), &part(&standby)));
        }
    }
    lines.push(String::new());
    lines.extend(users(facts));
    lines.join("\n") + "\n"
}

/// Reasons stand each on a line of their own.
fn folded(cell: &str) -> Vec<String> {
    cell.lines().flat_map(|line| wrap(line, WIDTH)).collect()
}

fn line(label: &str, home: &str, standby: &str) -> String {
    format!("{label:<LABEL$} {home:<WIDTH$}  {standby}")
        .trim_end()
        .to_owned()
}

fn users(facts: &Facts) -> Vec<String> {
    let seen = |marker| match marker {
        Marker::Serve => facts.markers.serve,
        Marker::Fenced => facts.markers.fenced,
        Marker::Reclaim => facts.markers.reclaim,
    };
    let told = Marker::ALL.map(|marker| {
        let word = match seen(marker) {
            Seen::Present => "raised",
            Seen::Absent => "down",
            Seen::Unreachable => "unreachable",
        };
        format!("{} {word}", marker.key())
    });
    let side = match facts.users {
        Side::Home => "home",
        Side::Standby => "standby",
    };
    let region = &facts.region(facts.users).region;
    let mut lines = vec![format!(
        "Users are sent to {region} ({side}); markers as seen from here: {}.",
        told.join(", ")
    )];
    if facts.active.as_ref().is_some_and(|active| active != region) {
        lines.push(
            "That is not the active region. While an execution moves traffic this is so for a moment; otherwise somebody must look."
                .into(),
        );
    }
    lines
}
