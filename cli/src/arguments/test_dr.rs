use clap::Args;

#[derive(Debug, Args)]
pub struct TestDr {
    /// Bring services up in the passive region, test them and tear them down; users notice nothing.
    #[arg(long)]
    pub start: bool,
    /// With --start: why; it stands in the report.
    #[arg(long, value_name = "TEXT", default_value = "test-dr", requires = "start")]
    pub reason: String,
    /// With --start: tasks of each service; as many as in production unless given.
    #[arg(long, value_name = "NUMBER", requires = "start")]
    pub tasks: Option<u32>,
}
