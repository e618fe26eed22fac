use lifeboat_core::report::{Measured, Report};

use crate::Result;
use crate::drill::stage::Stage;
use crate::drill::takeover::Execution;

/// Each execution with each step's time, measured against what was promised.
pub(super) async fn print(stage: &Stage, executions: &[Execution]) -> Result<()> {
    stage.progress.act("the timeline");
    for execution in executions {
        let report = stage.cloud.report(execution.region, &execution.arn).await?;
        print_one(execution, &report);
    }
    println!(
        "\nThe drill passed. It took {:.0} s.",
        stage.progress.elapsed().as_secs_f64()
    );
    Ok(())
}

fn print_one(execution: &Execution, report: &Report) {
    println!(
        "\n{} {} → {}, epoch {} ({})",
        report.mode.as_str(),
        report.from,
        report.to,
        report.epoch.map_or(0, |epoch| epoch.0),
        lifeboat_core::run::name_of(&report.execution)
    );
    let began = report.timeline.first().map(|entry| entry.started);
    for entry in &report.timeline {
        let since = began.map_or(0.0, |began| (entry.started - began).as_secs_f64());
        let took = (entry.finished - entry.started).as_secs_f64();
        println!(
            "  +{since:6.1} s  {took:6.1} s  {:<14} {}",
            entry.step, entry.note
        );
    }
    println!("  recovery time   {}", against(report.recovery_time));
    println!("  recovery point  {}", against(report.recovery_point));
    if let Some(seconds) = report.write_pause_seconds {
        println!("  write pause     {seconds} s");
    }
    println!(
        "  first right answer at a fresh resolver after {:.1} s",
        execution.first_answer.as_secs_f64()
    );
}

fn against(measured: Option<Measured>) -> String {
    let Some(measured) = measured else {
        return "not measured".to_owned();
    };
    let Measured {
        seconds,
        objective_seconds,
    } = measured;
    let word = if measured.met() { "met" } else { "MISSED" };
    format!("{seconds} s of {objective_seconds} s: {word}")
}
