//! One table for all sizes, each number against its goal.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use lifeboat_core::request::Mode;

use super::{Measured, Spent};
use crate::functions::FUNCTIONS;

/// In seconds: for three services and for a hundred.
const OWN_SHARE: [(usize, f64); 2] = [(3, 10.0), (100, 20.0)];
/// In milliseconds, of 99 in 100 invocations.
const INVOCATION: f64 = 2000.0;
/// Of the operations, those that took the most time together.
const SHOWN: usize = 8;
const MODES: [Mode; 3] = [Mode::Plan, Mode::Drill, Mode::Planned];

pub(super) fn print(measured: &[Measured]) {
    let Some(fewest) = measured.iter().min_by_key(|one| one.services) else {
        return;
    };
    println!("\nOur own share of an execution, in seconds, without the states Wait and Hold:");
    println!(
        "{:>8}  {:<8}{:>4}{:>9}{:>9}{:>7}{:>9}{:>9}{:>8}{:>9}{:>11}",
        "services",
        "mode",
        "n",
        "total",
        "waiting",
        "waits",
        "own p50",
        "own max",
        "goal",
        "of goal",
        "of fewest"
    );
    for one in measured {
        for mode in MODES {
            let executions = one.of(mode);
            let own = one.own(mode);
            let median = |of: fn(&Spent) -> u64| {
                seconds(percentile(
                    executions.iter().map(|spent| of(spent)).collect(),
                    50,
                ))
            };
            let goal = goal(one.services);
            println!(
                "{:>8}  {:<8}{:>4}{:>9.1}{:>9.1}{:>7}{:>9.1}{:>9.1}{:>8.1}{:>9.2}{:>11.2}",
                one.services,
                mode.as_str(),
                executions.len(),
                median(|spent| spent.total),
                median(|spent| spent.waiting),
                percentile(
                    executions.iter().map(|spent| spent.waits as u64).collect(),
                    50
                ),
                seconds(percentile(own.clone(), 50)),
                seconds(percentile(own.clone(), 100)),
                goal,
                seconds(percentile(own.clone(), 100)) / goal,
                seconds(percentile(own, 50)) / seconds(percentile(fewest.own(mode), 50)),
            );
        }
    }
    steps(measured);
    invocations(measured);
    calls(measured);
}

fn steps(measured: &[Measured]) {
    println!("\nOf it each step, asked as often as it was, in seconds of the median:");
    let head = measured.iter().map(|one| format!("{:>8}", one.services));
    println!("{:<8}  {:<16}{}", "mode", "step", head.collect::<String>());
    for mode in MODES {
        let executions = measured.iter().flat_map(|one| one.of(mode));
        let names: BTreeSet<&String> = executions.flat_map(|spent| spent.steps.keys()).collect();
        for name in names {
            let took = measured.iter().map(|one| {
                let of = one.of(mode);
                let took = of.iter().filter_map(|spent| spent.steps.get(name).copied());
                format!("{:>8.2}", seconds(percentile(took.collect(), 50)))
            });
            println!(
                "{:<8}  {name:<16}{}",
                mode.as_str(),
                took.collect::<String>()
            );
        }
    }
}

fn invocations(measured: &[Measured]) {
    println!("\nInvocations, in milliseconds:");
    println!(
        "{:>8}  {:<16}{:>6}{:>8}{:>8}{:>8}{:>8}{:>8}{:>12}",
        "services", "function", "n", "p50", "p90", "p99", "max", "goal", "p99 of goal"
    );
    for one in measured {
        for function in FUNCTIONS {
            let all = one.invocations.iter();
            let of = all.filter(|invocation| invocation.function == function);
            let took: Vec<u64> = of.map(|invocation| invocation.milliseconds).collect();
            let p99 = percentile(took.clone(), 99);
            println!(
                "{:>8}  {:<16}{:>6}{}{INVOCATION:>8.0}{:>12.2}",
                one.services,
                function,
                took.len(),
                percentiles(&took),
                p99 as f64 / INVOCATION,
            );
        }
    }
}

fn calls(measured: &[Measured]) {
    println!(
        "\nCalls by the functions, as the proxy saw the emulator answer them, in milliseconds; and those that took the most time:"
    );
    println!(
        "{:>8}  {:<44}{:>6}{:>8}{:>8}{:>8}{:>8}",
        "services", "call", "n", "p50", "p90", "p99", "max"
    );
    for one in measured {
        let mut by_operation: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for (operation, took) in &one.calls {
            by_operation.entry(operation).or_default().push(*took);
        }
        let mut longest: Vec<_> = by_operation.into_iter().collect();
        longest.sort_by_key(|(_, took)| Reverse(took.iter().sum::<u64>()));
        longest.truncate(SHOWN);
        let all = one.calls.iter().map(|(_, took)| *took).collect();
        for (operation, took) in [("all", all)].into_iter().chain(longest) {
            println!(
                "{:>8}  {operation:<44}{:>6}{}",
                one.services,
                took.len(),
                percentiles(&took)
            );
        }
    }
}

fn percentiles(took: &[u64]) -> String {
    let columns = [50, 90, 99, 100].map(|part| format!("{:>8}", percentile(took.to_vec(), part)));
    columns.concat()
}

impl Measured {
    fn of(&self, mode: Mode) -> Vec<&Spent> {
        let executions = self.executions.iter().filter(|(of, _)| *of == mode);
        executions.map(|(_, spent)| spent).collect()
    }

    fn own(&self, mode: Mode) -> Vec<u64> {
        self.of(mode).into_iter().map(Spent::own).collect()
    }
}

/// On the line between the two goals.
fn goal(services: usize) -> f64 {
    let [(few, low), (many, high)] = OWN_SHARE;
    low + (high - low) * (services as f64 - few as f64) / (many - few) as f64
}

fn seconds(milliseconds: u64) -> f64 {
    milliseconds as f64 / 1000.0
}

/// The smallest of them that so many in a hundred do not exceed; nothing took no time.
fn percentile(mut took: Vec<u64>, part: usize) -> u64 {
    took.sort_unstable();
    let rank = (took.len() * part).div_ceil(100).saturating_sub(1);
    took.get(rank).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_numbers() {
        assert_eq!(percentile((1..=200).rev().collect(), 99), 198);
        assert_eq!(percentile(vec![7], 50), 7);
        assert_eq!(percentile(vec![1, 2], 100), 2);
        assert_eq!(percentile(vec![], 50), 0);
    }

    #[test]
    fn the_goal_grows_from_ten_seconds_for_three_services_to_twenty_for_a_hundred() {
        assert_eq!((goal(3), goal(100)), (10.0, 20.0));
        assert!((12.0..13.0).contains(&goal(30)));
    }
}
