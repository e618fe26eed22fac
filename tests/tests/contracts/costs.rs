//! `docs/costs.md` counts what Terraform makes.

use std::collections::{BTreeMap, BTreeSet};

use crate::{infrastructure::modules, text};

const DOCUMENT: &str = "docs/costs.md";

/// The tables of what there is and what it costs: everything, and what is left without a standby.
const ALL: &str = "# What it costs";
const WITHOUT_STANDBY: &str = "## Without a standby";
const SETTINGS: &str = "## What settings cost";

/// The rows of the table below a heading, without its head.
fn table(heading: &str) -> Vec<Vec<String>> {
    let text = text(DOCUMENT);
    let (_, section) = text.split_once(heading).expect(heading);
    let lines = section.lines().skip_while(|line| !line.starts_with('|'));
    let rows = lines.take_while(|line| line.starts_with('|')).skip(2);
    let cells = |row: &str| {
        let cells = row.trim_matches('|').split(" | ");
        cells.map(|cell| cell.trim().to_owned()).collect()
    };
    rows.map(cells).collect()
}

/// The row of the first table that begins so: how many, and what they cost.
fn row(begins: &str) -> (u64, f64) {
    row_of(ALL, begins)
}

fn row_of(heading: &str, begins: &str) -> (u64, f64) {
    let rows = table(heading).into_iter();
    let mut found = rows.filter(|row| row[0].starts_with(begins));
    let row = found.next().expect(begins);
    (whole(&row[1]), number(&row[3]))
}

fn number(cell: &str) -> f64 {
    let plain = cell.replace([',', '*'], "");
    plain.parse().unwrap_or_else(|_| panic!("{cell}"))
}

fn whole(cell: &str) -> u64 {
    number(cell) as u64
}

/// What is written of both regions: in the active one, and in the passive one.
fn both(cell: &str) -> (f64, f64) {
    let (active, passive) = cell.split_once(", ").expect(cell);
    (number(active), number(passive))
}

fn cents(dollars: f64) -> i64 {
    (dollars * 100.0).round() as i64
}

fn resources(text: &str, kind: &str) -> usize {
    text.matches(&format!("\nresource \"{kind}\" ")).count()
}

/// What stands below the rows.
fn together(heading: &str) -> f64 {
    let mut rows = table(heading);
    number(rows.pop().unwrap().last().unwrap())
}

#[test]
fn the_rows_add_up() {
    for heading in [ALL, WITHOUT_STANDBY] {
        let mut rows = table(heading);
        rows.pop();
        let sum: i64 = rows.iter().map(|row| cents(number(&row[3]))).sum();
        assert_eq!(cents(together(heading)), sum, "{heading}");
        each_is_multiplied(&rows);
    }
    let settings = table(SETTINGS);
    assert!(settings.len() > 5);
    each_is_multiplied(&settings);
}

fn each_is_multiplied(rows: &[Vec<String>]) {
    for row in rows.iter().filter(|row| row[2] != "free") {
        let (each, unit) = row[2].split_once(" a ").unwrap_or((&row[2], "piece"));
        let of = match unit {
            "piece" => 1.0,
            "thousand" => 1e3,
            "million" => 1e6,
            other => panic!("{other}"),
        };
        let cost = number(&row[1]) * number(each) / of;
        assert_eq!(cents(cost), cents(number(&row[3])), "{row:?}");
    }
}

#[test]
fn every_alarm_is_counted() {
    let modules = modules();
    let all: String = modules.iter().map(|(_, text)| text.as_str()).collect();
    let functions = all.matches("\n  source   = \"../function\"\n").count();
    let alarms = modules.iter().map(|(path, text)| {
        let times = if path.starts_with("function/") {
            functions
        } else {
            1
        };
        times * resources(text, "aws_cloudwatch_metric_alarm")
    });
    let alarms: usize = alarms.sum();
    assert!(text(DOCUMENT).contains(&format!("alarms, {alarms} in each region")));
    assert_eq!(row("alarms, ").0, 2 * alarms as u64);
    let targets = text("infra/modules/application/main.tf")
        .matches("    ECSService")
        .count();
    let services = text("infra/lifeboat.tfvars").matches("{ name = ").count();
    let made = 2 * targets * services;
    assert_eq!(row("alarms that Application Auto Scaling").0, made as u64);
    let dashboards = resources(&all, "aws_cloudwatch_dashboard");
    assert_eq!(row("dashboards").0, 2 * dashboards as u64);
}

#[test]
fn every_metric_is_counted() {
    let mut watched = BTreeSet::new();
    for (_, text) in modules() {
        for alarm in text
            .split("\nresource \"aws_cloudwatch_metric_alarm\"")
            .skip(1)
        {
            let of = |field: &str| {
                let line = alarm.lines().find(|line| line.trim().starts_with(field));
                line.and_then(|line| line.split('"').nth(1))
                    .unwrap()
                    .to_owned()
            };
            if of("namespace") == "Lifeboat" {
                watched.insert(of("metric_name"));
            }
        }
    }
    let rows = table("## Metrics");
    let name = |row: &Vec<String>| row[0].split('`').nth(1).unwrap().to_owned();
    assert_eq!(rows.iter().map(name).collect::<BTreeSet<_>>(), watched);
    let told: u64 = rows.iter().map(|row| whole(&row[1]) + whole(&row[2])).sum();
    assert_eq!(row("custom metrics").0, told);
}

#[test]
fn every_health_check_is_counted() {
    let dns = text("infra/modules/dns/main.tf");
    assert_eq!(resources(&dns, "aws_route53_health_check"), 2);
    let markers = dns.matches(", inverted = ").count() as u64;
    let options = ["_STR_MATCH", "\"HTTPS_", "request_interval   = 10\n"];
    let options = options
        .iter()
        .filter(|option| dns.contains(*option))
        .count() as u64;
    assert_eq!(row("health checks of markers").0, markers);
    assert_eq!(row("their options").0, markers * options);
    assert_eq!(row("the health check that counts").0, 1);
}

/// Of each schedule how often it fires, by the rules of the modules.
fn schedules() -> BTreeMap<String, String> {
    let variables = text("infra/shared-variables.tf");
    let mut found = BTreeMap::new();
    for (_, module) in modules() {
        for rule in module.split("\n  source   = \"../rule\"\n").skip(1) {
            let rule = rule.split("\n}\n").next().unwrap();
            let of = |field: &str| {
                let mut lines = rule.lines().filter_map(|line| line.split_once(" = "));
                lines
                    .find(|(name, _)| name.trim() == field)
                    .map(|(_, value)| value.to_owned())
            };
            let Some(schedule) = of("schedule") else {
                continue;
            };
            let name = of("name")
                .unwrap()
                .replace("${var.application}", "<application>");
            let schedule = match schedule.strip_prefix("var.") {
                // The backup's own is called so by its module.
                Some("schedule") => default(&variables, "backup_schedule"),
                Some(name) => default(&variables, name),
                None => schedule,
            };
            found.insert(
                name.trim_matches('"').to_owned(),
                schedule.trim_matches('"').to_owned(),
            );
        }
    }
    found
}

fn default(variables: &str, name: &str) -> String {
    let (_, variable) = variables
        .split_once(&format!("variable \"{name}\""))
        .unwrap();
    let line = variable.lines().find(|line| line.contains(" default "));
    line.unwrap().split_once("= ").unwrap().1.to_owned()
}

#[test]
fn every_invocation_is_counted() {
    let mut schedules = schedules();
    // A workflow of some minutes, which has a row of its own.
    assert!(
        schedules
            .remove("<application>-drill")
            .unwrap()
            .starts_with("cron(")
    );
    let rows = table("## Invocations");
    let told = rows
        .iter()
        .map(|row| (row[0].trim_matches('`').to_owned(), row[1].clone()));
    assert_eq!(told.collect::<BTreeMap<_, _>>(), schedules);
    for row in rows {
        let every = row[1]
            .strip_prefix("rate(")
            .and_then(|rate| rate.strip_suffix(')'));
        let (count, unit) = every.unwrap().split_once(' ').unwrap();
        let minutes = match unit.trim_end_matches('s') {
            "minute" => number(count),
            "hour" => 60.0 * number(count),
            "day" => 1440.0 * number(count),
            other => panic!("{other}"),
        };
        let month = 43_200.0 / minutes;
        assert_eq!(number(&row[2]), month, "{row:?}");
        let (active, passive) = both(&row[4]);
        let spent = month * number(&row[3]) / 1024.0 * (active + passive);
        assert_eq!(number(&row[5]), spent.round(), "{row:?}");
    }
    let told = Work::of(|_| true, |_| true);
    assert_eq!(row("invocations").0, told.invocations);
    assert_eq!(row("their GB-seconds").0, told.gigabyte_seconds);
}

/// What the schedules that fire make in a month, by the tables of invocations and of requests.
struct Work {
    invocations: u64,
    gigabyte_seconds: u64,
    writes: u64,
    reads: u64,
}

impl Work {
    fn of(active: impl Fn(&str) -> bool, passive: impl Fn(&str) -> bool) -> Self {
        let name = |cell: &str| cell.trim_matches('`').replace("<application>-", "");
        let sides = |cell: &str, schedule: &str| {
            let (a, p) = both(cell);
            let fires = |fires: bool, much: f64| if fires { much } else { 0.0 };
            fires(active(schedule), a) + fires(passive(schedule), p)
        };
        let (mut invocations, mut work) = (0.0, 0.0);
        let mut month = BTreeMap::new();
        for row in table("## Invocations") {
            let (name, times) = (name(&row[0]), number(&row[2]));
            invocations += times * sides("1, 1", &name);
            work += times * number(&row[3]) / 1024.0 * sides(&row[4], &name);
            month.insert(name, times);
        }
        let (mut writes, mut reads) = (0.0, 0.0);
        for row in table("## Requests of S3") {
            let name = name(&row[0]);
            // A copy for each backup.
            let name = if month.contains_key(&name) {
                name
            } else {
                "backup".to_owned()
            };
            writes += month[&name] * sides(&row[1], &name);
            reads += month[&name] * sides(&row[2], &name);
        }
        Self {
            invocations: invocations as u64,
            gigabyte_seconds: work.round() as u64,
            writes: writes as u64,
            reads: reads as u64,
        }
    }
}

/// Told by what was planned: which schedules fire at home and in what was the standby, and how many alarms there are.
pub(crate) fn without_standby(home: &BTreeSet<String>, there: &BTreeSet<String>, alarms: u64) {
    let left = Work::of(|name| home.contains(name), |name| there.contains(name));
    let row = |begins| row_of(WITHOUT_STANDBY, begins).0;
    assert_eq!(row("alarms, "), alarms);
    assert_eq!(row("invocations"), left.invocations);
    assert_eq!(row("their GB-seconds"), left.gigabyte_seconds);
    assert_eq!(row("S3: lists"), left.writes);
    assert_eq!(row("S3: reads"), left.reads);
    let spared = cents(together(ALL)) - cents(together(WITHOUT_STANDBY));
    assert_eq!(
        cents(row_of(SETTINGS, "`enable_dr = false`: the suite").1),
        -spared
    );
}

/// Dollars a month (30 days) of what AWS asks for by the hour.
fn month(an_hour: f64) -> f64 {
    720.0 * an_hour
}

#[test]
fn the_ways_out_of_a_network_are_compared_by_their_prices() {
    const ADDRESS: f64 = 0.005;
    const NAT: f64 = 0.045;
    const ENDPOINT: f64 = 0.01;
    let variables = text("infra/shared-variables.tf");
    let zones = text("infra/lifeboat.tfvars");
    let zones = zones
        .lines()
        .find(|l| l.starts_with("dr_availability_zones"));
    let zones = zones.unwrap().matches("\"us-").count() as f64;
    let services = text("infra/lifeboat.tfvars").matches("{ name = ").count() as f64;
    let tasks = services * number(&default(&variables, "min_capacity"));
    let rows = table("## The tasks' way out");
    let heading = format!("with {tasks} tasks");
    assert!(text(DOCUMENT).contains(&heading), "{heading}");
    // ECR's two, and that of logs.
    let endpoints = month(3.0 * zones * ENDPOINT);
    let gateways = month(zones * (NAT + ADDRESS));
    let expected = [
        ("addresses of the tasks", 0.0, month(tasks * ADDRESS)),
        ("a NAT gateway in each zone", gateways, gateways),
        ("endpoints in each zone", endpoints, endpoints),
    ];
    assert_eq!(rows.len(), expected.len());
    for (row, (begins, none, some)) in rows.iter().zip(expected) {
        assert!(row[0].starts_with(begins), "{row:?}");
        assert_eq!(cents(number(&row[1])), cents(none), "{row:?}");
        assert_eq!(cents(number(&row[2])), cents(some), "{row:?}");
    }
    assert!(text("infra/modules/network/main.tf").contains("(docs/costs.md, The tasks' way out)"));
}

#[test]
fn every_request_of_s3_is_counted() {
    let told = Work::of(|_| true, |_| true);
    assert_eq!(row("S3: lists").0, told.writes);
    assert_eq!(row("S3: reads").0, told.reads);
}
