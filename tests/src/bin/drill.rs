//! Runs the drill: `drill [--keep] [--skip-without-docker]`.
//!
//! `--keep` leaves the local cloud running until Enter, to look around; `--skip-without-docker` is for machines without an
//! engine, and says so.

use std::process::ExitCode;

use lifeboat_tests::{drill, tools};

const WORDS: [&str; 2] = ["--keep", "--skip-without-docker"];

#[tokio::main]
async fn main() -> ExitCode {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = asked.iter().find(|word| !WORDS.contains(&word.as_str())) {
        eprintln!("drill: expected {}, found {unknown}", WORDS.join(" or "));
        return ExitCode::from(2);
    }
    let said = |word: &str| asked.iter().any(|asked| asked == word);
    if said("--skip-without-docker") && !tools::docker_answers().await {
        println!(
            "SKIPPED: the drill needs a Docker engine that `docker version` reaches, and there is none."
        );
        return ExitCode::SUCCESS;
    }
    match drill::run(said("--keep")).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nThe drill failed: {error}");
            ExitCode::FAILURE
        }
    }
}
