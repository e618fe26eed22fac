use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum ReportVerb {
    /// Every report, the newest first.
    List,
    /// One report.
    Show {
        /// The execution's name; the newest unless given.
        name: Option<String>,
        /// Write its page to this file.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Open its page in the browser.
        #[arg(long)]
        open: bool,
    },
    /// Compare every report with the ledgers: fails where one was altered, added or taken away.
    Verify,
}
