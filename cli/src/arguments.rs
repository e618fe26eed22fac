mod backup;
mod failover;
mod images;
mod moment;
mod report;
mod test_dr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use lifeboat_core::Region;

pub use backup::{BackupVerb, In, Restoring, Which};
use failover::region;
pub use failover::{Agreed, Failback, Failover};
pub use images::{ImagesVerb, Sync};
pub use report::ReportVerb;
pub use test_dr::TestDr;

/// Disaster recovery for services on ECS Fargate: how both regions stand, and moving from one to the other.
///
/// Regions, credentials and profile are those of the usual AWS configuration.
#[derive(Debug, Parser)]
#[command(name = "lifeboat", version, after_help = EXIT_CODES)]
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
    /// Text for people, or one JSON document on the standard output with everything else on the standard error.
    #[arg(long, global = true, value_enum, default_value_t = Output::Text)]
    pub output: Output,
    #[command(subcommand)]
    pub verb: Verb,
}

const EXIT_CODES: &str = "Exit codes:
  0    good
  1    failed
  2    bad input; nothing was touched
  3    the answer is no, or cannot be told: not ready, refused by a plan, found damaged or wrong
  130  interrupted; what was started goes on";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show both regions side by side, and where users are sent. Changes nothing.
    ///
    /// Fails only where neither region answers.
    Status,
    /// Take, look at, verify and restore backups.
    #[command(subcommand)]
    Backup(BackupVerb),
    /// Bring images to the other region now: everything, one service, or images by their names.
    Sync(Sync),
    /// See what images a region lacks, and read them again.
    #[command(subcommand)]
    Images(ImagesVerb),
    /// What executions left: every one leaves a report, however it ended. Changes nothing.
    #[command(subcommand)]
    Report(ReportVerb),
    /// Say whether the passive region could take over now; with --start, rehearse it.
    TestDr(TestDr),
    /// Start an execution in the region that is to take over, and follow it until it ends.
    ///
    /// Planned or unplanned, the plan is shown first and agreed to by typing the region's name. With --yes it begins at once.
    Failover(Failover),
    /// Bring everyone home: a planned failover towards the home region.
    Failback(Failback),
    /// Follow an execution again, until it ends.
    Follow(Lookup),
    /// Look for what would keep services from starting, backups from crossing and users from moving, and for what costs more than it should. Changes nothing.
    ///
    /// In both regions: images, execution roles, logs, replication and its role, versioning, who may read the markers, tasks of the passive region, lifecycle.
    Doctor,
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
    /// Write what a shell completes this command with.
    Completions {
        #[arg(value_enum)]
        shell: Shell,
    },
}

/// Which execution.
#[derive(Debug, Args)]
pub struct Lookup {
    /// The region that is to take over; the one where an execution is at work unless given.
    #[arg(long, value_name = "REGION", value_parser = region)]
    pub to: Option<Region>,
    /// Its name; the one at work unless given.
    #[arg(long, value_name = "NAME")]
    pub execution: Option<String>,
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

#[cfg(test)]
mod tests {
    use super::{failover::MODES, *};
    use lifeboat_core::decide::Fact;

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
            assert!(
                matches!(read.verb, Verb::Failover(Failover { mode: found, .. }) if found == mode)
            );
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
        assert!(matches!(read.verb, Verb::Failover(found) if found.agreed.overrides == expected));
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

    #[test]
    fn a_verb_that_is_misspelt_is_told_the_near_one() {
        assert!(refused(&["stauts"]).contains("'status'"));
        assert!(refused(&["backup", "restor", "newest"]).contains("'restore'"));
    }

    #[test]
    fn help_says_what_each_exit_code_means() {
        use clap::CommandFactory;
        let help = Arguments::command().render_help().to_string();
        for code in ["0    good", "3    the answer is no", "130  interrupted"] {
            assert!(help.contains(code), "{help}");
        }
    }

    #[test]
    fn a_backup_is_meant_by_name_or_by_a_moment_with_its_zone() {
        let verb = |arguments: &str| {
            let all = format!("lifeboat backup {arguments}");
            Arguments::try_parse_from(all.split(' ')).map(|read| read.verb)
        };
        assert!(verb("restore newest --service posts").is_ok());
        assert!(verb("restore --before 2024-11-23T12:00:00Z").is_ok());
        assert!(verb("restore").is_err(), "what is to be restored is said");
        assert!(verb("restore newest --before 2024-11-23T12:00:00Z").is_err());
        assert!(verb("verify").is_ok());
        let message = refused(&["backup", "restore", "--before", "2024-11-23 12:00"]);
        assert!(message.contains("2024-11-23T12:00:00Z"), "{message}");
        let message = refused(&["backup", "preview", "before 2024-11-23 12:00"]);
        assert!(message.contains("2024-11-23T12:00:00Z"), "{message}");
        let message = refused(&["backup", "restore", "newest", "--override", "damaged=x"]);
        assert!(message.contains("lower_epoch"), "{message}");
    }

    #[test]
    fn the_region_of_the_bucket_is_not_where_a_verb_is_carried_out() {
        for verb in ["backup prove", "images ready", "sync"] {
            let read = |more: &str| {
                let all = format!("lifeboat --region us-west-2 {verb}{more}");
                match Arguments::try_parse_from(all.split(' ')).unwrap().verb {
                    Verb::Backup(verb) => verb.place().region.clone(),
                    Verb::Images(verb) => verb.place().region.clone(),
                    Verb::Sync(sync) => sync.place.region,
                    other => panic!("{other:?}"),
                }
            };
            assert_eq!(read(""), None, "{verb}");
            let named = Region::new("us-east-1").ok();
            assert_eq!(read(" --in us-east-1"), named, "{verb}");
        }
    }

    #[test]
    fn an_image_is_named_by_repository_and_tag_or_digest() {
        let digest = format!("forum/users@sha256:{}", "a".repeat(64));
        for good in ["forum/users:stable", &digest] {
            let all = ["lifeboat", "sync", "--image", good];
            assert!(Arguments::try_parse_from(all).is_ok(), "{good}");
        }
        for bad in [
            "forum/users",
            "forum/users@stable",
            ":stable",
            "forum/users:",
        ] {
            assert!(
                refused(&["sync", "--image", bad]).contains("--image"),
                "{bad}"
            );
        }
        let both = [
            "sync",
            "--image",
            "forum/users:stable",
            "--service",
            "users",
        ];
        assert!(refused(&both).contains("cannot be used with"));
    }

    #[test]
    fn a_test_of_the_passive_region_starts_nothing_unless_it_is_told_to() {
        let read = |all: &str| Arguments::try_parse_from(all.split(' ')).map(|read| read.verb);
        let verb = read("lifeboat test-dr").unwrap();
        assert!(matches!(verb, Verb::TestDr(TestDr { start: false, .. })));
        assert!(read("lifeboat test-dr --start --tasks 1 --reason monthly").is_ok());
        assert!(refused(&["test-dr", "--tasks", "1"]).contains("--start"));
        let word = ["--override", "outside_drill_block=seen"];
        assert!(refused(&[&["test-dr"], &word[..]].concat()).contains("--start"));
        let all = [&["lifeboat", "test-dr", "--start"], &word[..]].concat();
        let Verb::TestDr(test) = Arguments::try_parse_from(all).unwrap().verb else {
            panic!("it is read as another verb");
        };
        let order = test.order(Region::new("us-west-2").unwrap());
        let seen = (Fact::OutsideDrillBlock, "seen".to_owned());
        assert_eq!(order.overrides, [seen]);
    }

    #[test]
    fn a_failback_needs_a_reason_and_no_region() {
        let all = "lifeboat failback --reason well".split(' ');
        assert!(matches!(
            Arguments::try_parse_from(all).unwrap().verb,
            Verb::Failback(_)
        ));
        assert!(refused(&["failback"]).contains("--reason"));
    }
}
