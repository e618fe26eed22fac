use clap::{
    Args,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use lifeboat_core::{Invalid, Region, decide::Fact, request::Mode};

use crate::order::{Course, Order};

#[derive(Debug, Args)]
pub struct Failover {
    /// The region that is to take over; one of the pair.
    #[arg(long, value_name = "REGION", value_parser = region)]
    pub to: Region,
    /// How much is presumed of the other region.
    #[arg(long, value_parser = modes())]
    pub mode: Mode,
    /// With --mode plan: the mode that is planned for; the one that would be right now unless given.
    #[arg(long, value_parser = modes())]
    pub of: Option<Mode>,
    /// With --mode drill: tasks of each service; as many as in production unless given.
    #[arg(long, value_name = "NUMBER")]
    pub tasks: Option<u32>,
    #[command(flatten)]
    pub agreed: Agreed,
}

#[derive(Debug, Args)]
pub struct Failback {
    #[command(flatten)]
    pub agreed: Agreed,
}

/// Why, and how far it is agreed to.
#[derive(Debug, Args)]
pub struct Agreed {
    /// Why; it stands in the report.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// The digest of a plan: nothing is begun when the facts are others than that plan's.
    #[arg(long, value_name = "DIGEST")]
    pub plan: Option<String>,
    /// Start in spite of a fact, and why; may be given for several. A plan shows every fact.
    #[arg(long = "override", value_name = "FACT=REASON", value_parser = overriding)]
    pub overrides: Vec<(Fact, String)>,
    /// End after the plan: what would be done and why. Changes nothing.
    #[arg(long, conflicts_with_all = ["plan", "yes"])]
    pub dry_run: bool,
    /// Begin at once, without a plan and without a question; needed where nobody can answer.
    #[arg(long)]
    pub yes: bool,
}

impl Failover {
    pub fn order(self) -> Order {
        let Self {
            to,
            mode,
            of,
            tasks,
            agreed,
        } = self;
        Order {
            of,
            tasks,
            ..agreed.order(to, mode)
        }
    }
}

impl Agreed {
    pub fn order(self, to: Region, mode: Mode) -> Order {
        Order {
            to,
            mode,
            reason: self.reason,
            by: None,
            of: None,
            plan: self.plan,
            tasks: None,
            overrides: self.overrides,
            course: match (self.dry_run, self.yes) {
                (true, _) => Course::DryRun,
                (false, true) => Course::AtOnce,
                (false, false) => Course::Asking,
            },
        }
    }
}

pub(super) fn region(name: &str) -> Result<Region, Invalid> {
    Region::new(name)
}

pub(super) fn overriding(text: &str) -> Result<(Fact, String), Invalid> {
    let (fact, reason) = split(text)?;
    Ok((fact.parse()?, reason))
}

pub(super) fn split(text: &str) -> Result<(&str, String), Invalid> {
    let (fact, reason) = text.split_once('=').ok_or_else(|| {
        let expected = "a fact, an equals sign and a reason";
        Invalid::new("override", expected, format!("{text:?}"))
    })?;
    Ok((fact, reason.trim().to_owned()))
}

pub(super) const MODES: [(Mode, &str); 4] = [
    (
        Mode::Plan,
        "Say what would be done and why; change nothing. Asks nobody",
    ),
    (
        Mode::Drill,
        "Bring the passive region up, test it and tear it down; no user notices",
    ),
    (
        Mode::Planned,
        "Both regions are alive and nothing may be lost; a failback is this, towards home",
    ),
    (Mode::Unplanned, "The other region is presumed dead"),
];

fn modes() -> impl TypedValueParser<Value = Mode> {
    let values = MODES.map(|(mode, help)| PossibleValue::new(mode.as_str()).help(help));
    PossibleValuesParser::new(values).try_map(|word| {
        let found = MODES.into_iter().find(|(mode, _)| mode.as_str() == word);
        let unknown = || {
            Invalid::new(
                "mode",
                "plan, drill, planned or unplanned",
                format!("{word:?}"),
            )
        };
        found.map(|(mode, _)| mode).ok_or_else(unknown)
    })
}
