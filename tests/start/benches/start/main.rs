//! How the functions start, beside one that is built as the SDK's documentation begins and beside one in Python, in one run:
//! `cargo bench -p lifeboat-start`.
//!
//! Each is begun by a Lambda of this bench and invoked five times, at which it asks S3 for its configuration over TLS and is told
//! that there is none: what every invocation begins with. Each figure is the median of several rounds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod lambda;
mod program;
mod quota;

use lambda::{Cloud, Taken};
use program::Program;
use quota::Quota;

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(compare());
}

/// What one of them takes.
struct Row {
    name: &'static str,
    ready: f64,
    cpu: f64,
    idle: f64,
    binary: f64,
    zipped: f64,
    /// All five answered with a 128 MB function's share of a core; none where this machine lets nobody be given a share.
    share: Option<f64>,
}

/// Where the goals of eight and 110 milliseconds were set, the default build took 48 and 665. Another machine is slower as a whole.
const SHARE: f64 = 0.165;

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

async fn compare() {
    let cloud = Cloud::open().await;
    let programs = Program::all(&cloud);
    let quota = Quota::of_128_mb();
    if let Err(why) = &quota {
        println!("not measured at 128 MB, because no share of a core can be dealt out here: {why}");
    }
    let mut free: Vec<Vec<Taken>> = programs.iter().map(|_| vec![]).collect();
    let mut shared = free.clone();
    let most = programs.iter().map(|program| program.rounds).max().unwrap();
    // In turns, so that what else this machine does falls on all of them.
    for round in 0..most {
        for (program, (free, shared)) in programs.iter().zip(free.iter_mut().zip(&mut shared)) {
            if round < program.rounds {
                free.push(cloud.start(program, None).await);
                if let Ok(quota) = &quota {
                    shared.push(cloud.start(program, Some(quota)).await);
                }
            }
        }
    }
    let rows = programs.iter().zip(free.iter().zip(&shared));
    let rows = rows.map(|(program, (free, shared))| {
        let of = |one: fn(&Taken) -> f64| median(free.iter().map(one).collect());
        let (binary, zipped) = program.size();
        Row {
            name: program.name,
            ready: of(|taken| taken.ready),
            cpu: of(|taken| taken.cpu),
            idle: of(|taken| taken.idle),
            binary,
            zipped,
            share: quota
                .as_ref()
                .ok()
                .map(|_| median(shared.iter().map(|taken| taken.answered).collect())),
        }
    });
    show(&rows.collect::<Vec<_>>());
}

fn show(rows: &[Row]) {
    println!(
        "\n{:<16}{:>10}{:>12}{:>10}{:>12}{:>11}{:>13}",
        "", "ready ms", "CPU to 5 ms", "idle MB", "binary MB", "zipped MB", "at 128 MB ms"
    );
    for row in rows {
        let share = row.share.map(|ms| format!("{ms:.0}"));
        println!(
            "{:<16}{:>10.2}{:>12.1}{:>10.1}{:>12.2}{:>11.2}{:>13}",
            row.name,
            row.ready,
            row.cpu,
            row.idle,
            row.binary,
            row.zipped,
            share.unwrap_or_default()
        );
    }
    let [ours @ .., default, python] = rows else {
        panic!("no peers");
    };
    let worst = |of: fn(&Row) -> f64| ours.iter().map(of).fold(0.0, f64::max);
    println!("\nthe worst of Lifeboat's four:");
    let ready = worst(|row| row.ready);
    goal(
        "ready, of the default build's time",
        ready / default.ready,
        "x",
        0.55,
    );
    goal("ready, of Python's time", ready / python.ready, "x", 0.05);
    let cpu = worst(|row| row.cpu);
    goal("CPU to five answers", cpu, "ms", 8.0);
    goal(
        "the same, of the default build's",
        cpu / default.cpu,
        "x",
        SHARE,
    );
    goal("idle", worst(|row| row.idle), "MB", 9.0);
    goal("binary", worst(|row| row.binary), "MB", 7.0);
    goal("zipped", worst(|row| row.zipped), "MB", 3.3);
    if ours.iter().all(|row| row.share.is_some()) {
        let share = worst(|row| row.share.unwrap_or_default());
        goal("five answers at 128 MB", share, "ms", 110.0);
        let default = default.share.unwrap_or_default();
        goal(
            "the same, of the default build's",
            share / default,
            "x",
            SHARE,
        );
    }
}

fn goal(what: &str, taken: f64, unit: &str, goal: f64) {
    let verdict = if taken <= goal { "met" } else { "not met" };
    println!("{what:<36}{taken:>8.2} {unit:<3} goal {goal:>6} {unit:<3} {verdict}");
}
