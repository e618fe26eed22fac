use jiff::Timestamp;

use super::{Judged, Listed};
use crate::words::length;

pub fn listed(all: &[Listed], now: Timestamp) -> String {
    if all.is_empty() {
        return "No execution has left a report yet.".into();
    }
    let width = all.iter().map(|one| one.name.len()).max().unwrap_or(0);
    let lines = all.iter().map(|one| {
        let age = length(now.as_second() - one.written.as_second());
        format!("{:<width$}  {}, {age} ago", one.name, one.region)
    });
    lines.collect::<Vec<_>>().join("\n")
}

pub fn judged(all: &[Judged]) -> String {
    let mut lines = vec![];
    for one in all {
        let (region, entries) = (&one.region, one.entries);
        lines.push(match one.wrong.is_empty() {
            true => format!("{region}: {entries} entries, and all is as it was written"),
            false => format!("{region}: {entries} entries, and not all is as it was written:"),
        });
        lines.extend(one.wrong.iter().map(|wrong| format!("  - {wrong}")));
        if one.copy && !one.wrong.is_empty() {
            lines.push("  This is a copy: what was just written may still be on its way. Ask the region itself where it answers.".into());
        }
        if entries > 0 {
            lines.push(format!("  hash {}", one.head));
        }
    }
    lines.push("Somebody who may write to the bucket can write reports and ledger anew: compare the hash with the one in the notice of the newest report.".into());
    lines.join("\n")
}
