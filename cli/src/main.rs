use std::process::ExitCode;

use clap::Parser;
use lifeboat_cli::{arguments::Arguments, run::run, screen::screen, width};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let columns = width::of_process();
    let mut screen = screen(arguments.output, columns);
    let came = run(arguments, columns, &mut screen).await;
    ExitCode::from(screen.end(came))
}
