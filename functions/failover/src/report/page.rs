//! A report as a page that needs nothing else: no script, no font, no picture from anywhere.

mod style;
mod timeline;

use jiff::Timestamp;
use lifeboat_core::{
    Configuration,
    decide::{Answer, Weighed},
    lost::Lost,
    person::Answered,
    plan::Plan,
    report::{Measured, Outcome, Report},
    request::{Mode, RequestedBy},
    words::length,
};
use maud::{DOCTYPE, Markup, PreEscaped, html};

pub(super) fn render(report: &Report, configuration: &Configuration) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { (report.name()) " · " (badge(report).1) }
                style { (PreEscaped(style::CSS)) }
            }
            body {
                header {
                    @let (class, word) = badge(report);
                    p class={ "badge " (class) } { (word) }
                    h1 { (report.headline()) }
                    p .sub { (report.mode.as_str()) " execution " strong { (report.name()) } ", begun " (time(report.started)) }
                }
                main {
                    (ending(&report.outcome))
                    (tiles(report))
                    (timeline::render(&report.timeline))
                    @if let Some(plan) = &report.plan { (effects(plan)) }
                    (data(report))
                    @if let Some(lost) = &report.lost { (losses(lost)) }
                    (people(report))
                    (decision(&report.facts))
                    (links(report, configuration))
                }
                footer { "All times are UTC. Whether this page is what was written then: " code { "lifeboat report verify" } }
            }
        }
    };
    page.into_string()
}

/// The class that colours it, and its word.
fn badge(report: &Report) -> (&'static str, &'static str) {
    match (&report.outcome, report.mode) {
        (Outcome::Succeeded, Mode::Plan) => ("plain", "plan"),
        (Outcome::Succeeded, Mode::Drill) => ("good", "drill passed"),
        (Outcome::Succeeded, Mode::Planned | Mode::Unplanned) => ("good", "moved"),
        (Outcome::Refused { .. }, _) => ("warn", "refused"),
        (Outcome::Failed { .. }, _) => ("bad", "failed"),
    }
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn ending(outcome: &Outcome) -> Markup {
    match outcome {
        Outcome::Succeeded => html! {},
        Outcome::Refused { why } => html! { section .box { h2 { "Why" } p .lines { (why) } } },
        Outcome::Failed { why, stands } => html! {
            section .box {
                h2 { "What was the matter" } p .lines { (why) }
                h2 { "What stands, and what to do" } p .lines { (stands) }
            }
        },
    }
}

fn tiles(report: &Report) -> Markup {
    html! {
        div .tiles {
            @if let Some(measured) = report.recovery_time { (tile("Recovery time", measured)) }
            @if let Some(measured) = report.recovery_point { (tile("Recovery point", measured)) }
            @if let Some(pause) = report.write_pause_seconds {
                section .tile { h2 { "Write pause" } p .number { (length(pause)) } p .sub { "no write was taken meanwhile" } }
            }
            @if report.moved() {
                section .tile {
                    h2 { "Lost" }
                    @match &report.lost {
                        None => { p .number { "not known yet" } p .sub { "until " (report.from) " is salvaged" } }
                        Some(lost) if lost.count() == 0 && lost.unknown.is_empty() => { p .number { "nothing" } }
                        Some(lost) => { p .number { (lost.count()) " records" } p .sub { "named below" } }
                    }
                }
            }
        }
    }
}

fn tile(name: &str, measured: Measured) -> Markup {
    let Measured {
        seconds,
        objective_seconds,
    } = measured;
    let (class, word) = match measured.met() {
        true => ("good", "met"),
        false => ("bad", "missed"),
    };
    html! {
        section .tile {
            h2 { (name) }
            p .number { (length(seconds)) }
            p .sub { "objective " (length(objective_seconds)) ", " span class=(class) { (word) } }
            meter class=(class) min="0" max=(objective_seconds.max(1)) value=(seconds.clamp(0, objective_seconds.max(1))) aria-label={ (name) " as a part of its objective" } {}
        }
    }
}

fn effects(plan: &Plan) -> Markup {
    html! {
        section {
            h2 { "What a " (plan.mode.as_str()) " execution would do" }
            ol {
                @for effect in &plan.effects {
                    li {
                        strong { (effect.region) } ": " (effect.what)
                        @if !effect.before.is_empty() || !effect.after.is_empty() {
                            span .sub { " (" (effect.before) " → " (effect.after) ")" }
                        }
                    }
                }
            }
            p .sub { "Digest " code { (plan.digest) } ": given to an execution, it begins only while the facts are the same." }
        }
    }
}

fn data(report: &Report) -> Markup {
    let stopped = (!report.writes_stopped.is_empty()).then(|| report.stopped_in_words());
    let rows = [
        (
            "Backup",
            report.backup.as_ref().map(|backup| {
                format!(
                    "{} of {}, epoch {}",
                    backup.name, backup.region, backup.epoch
                )
            }),
        ),
        ("Writes stopped by", stopped),
        (
            "Old region",
            report.fence().filter(|_| report.mode != Mode::Drill),
        ),
        ("Epoch", report.epoch.map(|epoch| epoch.to_string())),
    ];
    let rows: Vec<_> = rows
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    html! {
        @if !rows.is_empty() {
            section { h2 { "Data and the region that was left" } dl { @for (name, value) in &rows { dt { (name) } dd { (value) } } } }
        }
    }
}

fn losses(lost: &Lost) -> Markup {
    html! {
        @if lost.count() > 0 || !lost.unknown.is_empty() {
            section {
                h2 { "Lost records" }
                p .sub { "By their identity; what is in them was salvaged, and is in no report." }
                dl {
                    @for (service, ids) in lost.services.iter().filter(|(_, ids)| !ids.is_empty()) {
                        dt { (service) " (" (ids.len()) ")" } dd .ids { (ids.join(", ")) }
                    }
                    @for (service, why) in &lost.unknown { dt { (service) } dd { "it cannot be told: " (why) } }
                }
            }
        }
    }
}

fn people(report: &Report) -> Markup {
    let answered = |answered: &Answered| {
        let Answered {
            verb,
            reason,
            by,
            at,
        } = answered;
        html! { dt { (verb.word()) } dd { (reason) span .sub { " (" @if let Some(by) = by { (by) ", " } (time(*at)) ")" } } }
    };
    html! {
        section {
            h2 { "Who wanted it" }
            dl {
                dt {
                    @match report.requested_by {
                        Some(RequestedBy::Alarm) => "an alarm",
                        Some(RequestedBy::Person) => "a person",
                        Some(RequestedBy::Schedule) => "the schedule",
                        None => "begun because",
                    }
                }
                dd { (report.reason) @if let Some(by) = &report.by { span .sub { " (" (by) ")" } } }
                @if let Some(why) = &report.turned { dt { "made unplanned midway" } dd { (why) } }
                @if let Some(approved) = &report.approved { (answered(approved)) }
                @if let Some(committed) = &report.committed { (answered(committed)) }
            }
        }
    }
}

fn decision(facts: &[Weighed]) -> Markup {
    let class = |answer| match answer {
        Answer::Yes => "good",
        Answer::No => "bad",
        Answer::CannotTell => "warn",
    };
    html! {
        @if !facts.is_empty() {
            section {
                h2 { "What it was decided by" }
                div .wide {
                    table {
                        thead { tr { th { "fact" } th { "answer" } th { "why" } } }
                        tbody {
                            @for weighed in facts {
                                tr {
                                    td { (weighed.fact) }
                                    td { span class=(class(weighed.answer)) { (weighed.answer) } }
                                    td {
                                        (weighed.why)
                                        @if let Some(reason) = &weighed.overridden { p { strong { "overridden: " } (reason) } }
                                        @if !weighed.needed && weighed.answer != Answer::Yes { p .sub { "stops nobody here" } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn links(report: &Report, configuration: &Configuration) -> Markup {
    let (region, execution) = (&report.to, &report.execution);
    let console = format!(
        "https://{region}.console.aws.amazon.com/states/home?region={region}#/v2/executions/details/{execution}"
    );
    let bucket = &configuration.own().backups_bucket;
    let key = Report::key(&configuration.region, execution);
    html! {
        section {
            h2 { "More" }
            ul {
                li { a href=(console) rel="noreferrer" { "Every event of the execution, in the console" } }
                li { "The same as JSON: " code { "s3://" (bucket) "/" (key) } }
            }
        }
    }
}
