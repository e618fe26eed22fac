use clap::Args;

use lifeboat_core::{Region, decide::Fact, request::Mode};

use super::failover::overriding;
use crate::order::{Course, Order};

#[derive(Debug, Args)]
pub struct TestDr {
    /// Bring services up in the passive region, test them and tear them down; users notice nothing.
    #[arg(long)]
    pub start: bool,
    /// With --start: why; it stands in the report.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "test-dr",
        requires = "start"
    )]
    pub reason: String,
    /// With --start: tasks of each service; as many as in production unless given.
    #[arg(long, value_name = "NUMBER", requires = "start")]
    pub tasks: Option<u32>,
    /// With --start: begin in spite of a fact, and why; may be given for several.
    #[arg(long = "override", value_name = "FACT=REASON", value_parser = overriding, requires = "start")]
    pub overrides: Vec<(Fact, String)>,
}

impl TestDr {
    /// The rehearsal. No user notices it, so nobody is asked.
    pub fn order(self, to: Region) -> Order {
        Order {
            to,
            mode: Mode::Drill,
            reason: self.reason,
            by: None,
            of: None,
            plan: None,
            tasks: self.tasks,
            overrides: self.overrides,
            course: Course::AtOnce,
        }
    }
}
