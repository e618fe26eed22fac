//! The facts as a table for people.

mod cells;
mod noted;
#[cfg(test)]
mod tests;

use lifeboat_core::{
    Side,
    marker::{Marker, Seen},
};

use super::{Facts, RegionFacts, View};
use crate::{denied, paint, words::wrap};

/// One line of the table: how a side is asked.
type Cell = fn(&Facts, &RegionFacts) -> String;

const ROWS: [(&str, Cell); 17] = [
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
    ("images", noted::images),
    ("newest backup", cells::backup),
    ("damage", noted::damage),
    ("last proof", cells::proof),
    ("last drill", cells::drill),
];

/// As wide as the widest label.
const LABEL: usize = 15;
const GAP: usize = 2;
/// Below this the regions stand one below the other: beside each other nobody could read them.
const SIDE_BY_SIDE: usize = 80;

pub fn render(facts: &Facts, width: usize) -> String {
    let mut lines = match width {
        SIDE_BY_SIDE.. => beside(facts, width),
        _ => below(facts, width),
    };
    lines.push(String::new());
    let mut below = users(facts);
    below.extend([&facts.home, &facts.standby].into_iter().filter_map(advice));
    lines.extend(below.iter().flat_map(|line| wrap(line, width)));
    lines.join("\n") + "\n"
}

fn beside(facts: &Facts, width: usize) -> Vec<String> {
    let column = (width - LABEL - 1 - GAP) / 2;
    let mut lines = vec![line(
        &facts.application,
        &paint::label("home"),
        column,
        &paint::label("standby"),
    )];
    for (label, cell) in ROWS {
        let home = folded(&cell(facts, &facts.home), column);
        let standby = folded(&cell(facts, &facts.standby), column);
        for at in 0..home.len().max(standby.len()) {
            let label = if at == 0 { label } else { "" };
            let part = |cell: &[String]| cell.get(at).cloned().unwrap_or_default();
            let (home, standby) = (part(&home), part(&standby));
            let painted = |text: &str| match at {
                0 => paint::by_word(text),
                _ => text.to_owned(),
            };
            lines.push(line(label, &painted(&home), column, &painted(&standby)));
        }
    }
    lines
}

fn below(facts: &Facts, width: usize) -> Vec<String> {
    let column = width - LABEL - 1;
    let one = |title: &str, side: &RegionFacts| {
        let mut lines = vec![paint::label(&format!("{} {title}", facts.application))];
        for (label, cell) in ROWS {
            let text = cell(facts, side);
            // Where a region said nothing there is nothing to be beside.
            for (at, part) in folded(&text, column)
                .iter()
                .enumerate()
                .filter(|_| !text.is_empty())
            {
                lines.push(match at {
                    0 => line(label, &paint::by_word(part), 0, ""),
                    _ => line("", part, 0, ""),
                });
            }
        }
        lines
    };
    let mut lines = one("home", &facts.home);
    lines.push(String::new());
    lines.extend(one("standby", &facts.standby));
    lines
}

/// Reasons stand each on a line of their own.
fn folded(cell: &str, width: usize) -> Vec<String> {
    cell.lines().flat_map(|line| wrap(line, width)).collect()
}

/// What is painted is longer than it looks.
fn line(label: &str, one: &str, column: usize, other: &str) -> String {
    let looks = anstream::adapter::strip_str(one)
        .to_string()
        .chars()
        .count();
    let gap = " ".repeat(column.saturating_sub(looks) + GAP);
    let label = format!("{label:<LABEL$}");
    match other.is_empty() {
        true => format!("{} {one}", paint::label(&label))
            .trim_end()
            .to_owned(),
        false => format!("{} {one}{gap}{other}", paint::label(&label)),
    }
}

/// Where it is our own right that is missing, no region is dead.
fn advice(side: &RegionFacts) -> Option<String> {
    let View::Unreachable { because } = &side.view else {
        return None;
    };
    let advice = denied::advice(because)?;
    Some(format!("{}: {advice}.", side.region))
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
