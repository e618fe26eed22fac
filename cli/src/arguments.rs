use std::path::PathBuf;

use clap::{
    Args, Parser, Subcommand,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use lifeboat_core::{Invalid, Region, decide::Fact, request::Mode};

/// Disaster recovery for services on ECS Fargate: how both regions stand, and moving from one to the other.
///
/// Exit codes: 0 good, 1 failed, 2 bad input.
#[derive(Debug, Parser)]
#[command(name = "lifeboat", version)]
pub struct Arguments {
    /// The control bucket of a region that is alive; the configuration in it describes both regions.
    #[arg(
        long,
        global = true,
        env = "LIFEBOAT_CONTROL_BUCKET",
        value_name = "NAME"
    )]
    pub control_bucket: Option<String>,
    /// The region of that bucket.
    #[arg(long, global = true, env = "AWS_REGION", value_name = "REGION", value_parser = region)]
    pub region: Option<Region>,
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show both regions side by side, and where users are sent. Changes nothing.
    ///
    /// Fails only where neither region answers.
    Status {
        /// The same facts as JSON.
        #[arg(long)]
        json: bool,
    },
    /// What executions left: every one leaves a report, however it ended. Changes nothing.
    #[command(subcommand)]
    Report(ReportVerb),
    /// Start an execution in the region that is to take over, and follow it until it ends.
    Failover {
        /// The region that is to take over; one of the pair.
        #[arg(long, value_name = "REGION", value_parser = region)]
        to: Region,
        /// How much is presumed of the other region.
        #[arg(long, value_parser = modes())]
        mode: Mode,
        /// Why; it stands in the report.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// With --mode plan: the mode that is planned for; the one that would be right now unless given.
        #[arg(long, value_parser = modes())]
        of: Option<Mode>,
        /// The digest of a plan: nothing is begun when the facts are others than that plan's.
        #[arg(long, value_name = "DIGEST")]
        plan: Option<String>,
        /// With --mode drill: tasks of each service; as many as in production unless given.
        #[arg(long, value_name = "NUMBER")]
        tasks: Option<u32>,
        /// Start in spite of a fact, and why; may be given for several. A plan shows every fact.
        #[arg(long = "override", value_name = "FACT=REASON", value_parser = overriding)]
        overrides: Vec<(Fact, String)>,
        /// Do not ask; needed where nobody can answer.
        #[arg(long)]
        yes: bool,
    },
    /// Let the execution at work stop before its next step.
    Pause(Word),
    /// Let a paused execution go on.
    Resume(Word),
    /// Go on without a source that stopped answering: a planned execution becomes unplanned.
    Turn(Word),
    /// Let users be moved.
    Approve(Word),
    /// Let nobody be moved; what was changed is put back.
    Reject(Word),
    /// Let a planned failover that has moved users stand.
    Commit(Word),
    /// Say that a planned failover that has moved users is to be taken back.
    Cancel(Word),
    /// End the cool-down after an automatic failover, and forget the day's automatic starts.
    Acknowledge(Word),
}

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

/// What a person says to the execution that is at work.
#[derive(Debug, Args)]
pub struct Word {
    /// The region that is to take over; one of the pair.
    #[arg(long, value_name = "REGION", value_parser = region)]
    pub to: Region,
    /// The execution that is meant; the one at work unless given.
    #[arg(long, value_name = "NAME")]
    pub execution: Option<String>,
    /// Why; it stands in the report.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

fn region(name: &str) -> Result<Region, Invalid> {
    Region::new(name)
}

fn overriding(text: &str) -> Result<(Fact, String), Invalid> {
    let (fact, reason) = text.split_once('=').ok_or_else(|| {
        let expected = "a fact, an equals sign and a reason";
        Invalid::new("override", expected, format!("{text:?}"))
    })?;
    Ok((fact.parse()?, reason.trim().to_owned()))
}

const MODES: [(Mode, &str); 4] = [
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

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(arguments: &[&str]) -> String {
        let all = [&["lifeboat"], arguments].concat();
        let error = Arguments::try_parse_from(all).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        error.to_string()
    }

    #[test]
    fn the_definition_is_sound() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_mode_is_known_by_its_own_word() {
        for (mode, _) in MODES {
            let word = mode.as_str();
            let all = "lifeboat failover --to us-west-2 --reason x --mode".split(' ');
            let read = Arguments::try_parse_from(all.chain([word])).unwrap();
            assert!(matches!(read.verb, Verb::Failover { mode: found, .. } if found == mode));
        }
    }

    #[test]
    fn an_unknown_mode_is_refused_and_the_known_ones_are_named() {
        let message = refused(&[
            "failover",
            "--to",
            "us-west-2",
            "--mode",
            "sideways",
            "--reason",
            "x",
        ]);
        for word in ["sideways", "plan", "planned", "unplanned"] {
            assert!(message.contains(word), "{message}");
        }
    }

    #[test]
    fn an_override_is_a_known_fact_and_a_reason_and_may_be_given_for_several() {
        let all = "lifeboat failover --to us-west-2 --mode unplanned --reason x".split(' ');
        let overrides = [
            "--override",
            "active_region_down=users = none",
            "--override",
            "backup_fresh=it will do",
        ];
        let read = Arguments::try_parse_from(all.chain(overrides)).unwrap();
        let expected = vec![
            (Fact::ActiveRegionDown, "users = none".to_owned()),
            (Fact::BackupFresh, "it will do".to_owned()),
        ];
        assert!(matches!(read.verb, Verb::Failover { overrides, .. } if overrides == expected));
        for (bad, says) in [("weather=fine", "backup_fresh"), ("backup_fresh", "equals")] {
            let message = refused(&["failover", "--override", bad]);
            assert!(message.contains(says), "{message}");
        }
    }

    #[test]
    fn what_is_no_region_is_refused_by_its_option() {
        let message = refused(&[
            "failover", "--to", "mars", "--mode", "plan", "--reason", "x",
        ]);
        assert!(
            message.contains("--to") && message.contains("such as us-east-1"),
            "{message}"
        );
        assert!(refused(&["--region", "mars", "status"]).contains("--region"));
    }

    #[test]
    fn a_failover_without_a_reason_or_a_target_is_refused() {
        let message = refused(&["failover", "--mode", "plan"]);
        assert!(
            message.contains("--to") && message.contains("--reason"),
            "{message}"
        );
    }
}
