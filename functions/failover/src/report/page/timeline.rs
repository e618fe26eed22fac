//! The steps as bars over time. Places are in per cent and letters keep their size, so it fits a phone as well as a desk.

use lifeboat_core::{run::Entry, words::length};
use maud::{Markup, html};

const ROW: i64 = 34;
const TOP: i64 = 22;

/// The width of what took no whole second.
const THINNEST: f64 = 0.6;

pub(super) fn render(entries: &[Entry]) -> Markup {
    let Some(began) = entries.iter().map(|entry| entry.started).min() else {
        return html! {};
    };
    let ended = entries.iter().map(|entry| entry.finished).max();
    let seconds = |of: &Entry| {
        let since = |at: jiff::Timestamp| at.as_second() - began.as_second();
        (since(of.started), since(of.finished).max(since(of.started)))
    };
    let total = ended.map_or(0, |ended| ended.as_second() - began.as_second());
    let height = TOP + ROW * i64::try_from(entries.len()).unwrap_or(0);
    let rows = entries.iter().zip(0i64..).map(|(entry, row)| {
        let (from, to) = seconds(entry);
        let (x, width) = (percent(from, total), percent(to - from, total));
        (
            entry,
            to - from,
            x.min(100.0 - THINNEST),
            width.max(THINNEST),
            TOP + ROW * row,
        )
    });
    let rows: Vec<_> = rows.collect();
    html! {
        section {
            h2 { "Timeline" }
            svg width="100%" height=(height) role="img" aria-label={ "The steps over " (length(total)) } {
                @for part in ticks(total) {
                    @let x = percent(part, total);
                    line .grid x1={ (x) "%" } x2={ (x) "%" } y1=(TOP - 6) y2=(height) {}
                    text .axis x={ (x) "%" } y="10" text-anchor=(anchor(part, total)) { (length(part)) }
                }
                @for (entry, took, x, width, y) in &rows {
                    text .step x="0" y=(y + 12) { (entry.step.replace('_', " ")) }
                    text .took x="100%" y=(y + 12) text-anchor="end" { (length(*took)) }
                    rect .track x="0" width="100%" y=(y + 18) height="8" rx="4" {}
                    rect .bar x={ (round(*x)) "%" } width={ (round(*width)) "%" } y=(y + 18) height="8" rx="4" {
                        title { (entry.step) ": " (length(*took)) " " (entry.note) }
                    }
                }
            }
            details {
                summary { "The same as a table" }
                div .wide {
                    table {
                        thead { tr { th { "step" } th { "after" } th { "took" } th { "what came of it" } } }
                        tbody {
                            @for entry in entries {
                                @let (from, to) = seconds(entry);
                                tr { td { (entry.step) } td { (length(from)) } td { (length(to - from)) } td { (entry.note) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn percent(part: i64, of: i64) -> f64 {
    match of {
        ..=0 => 0.0,
        of => round(part as f64 * 100.0 / of as f64),
    }
}

fn round(percent: f64) -> f64 {
    (percent * 100.0).round() / 100.0
}

/// Begin, end, and as much between as can be read on a phone.
fn ticks(total: i64) -> Vec<i64> {
    match total {
        ..=0 => vec![0],
        1..4 => vec![0, total],
        _ => vec![0, total / 2, total],
    }
}

fn anchor(part: i64, total: i64) -> &'static str {
    match part {
        0 => "start",
        part if part == total => "end",
        _ => "middle",
    }
}
