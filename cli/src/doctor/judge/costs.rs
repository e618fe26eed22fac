//! Why it would cost more than it should.

use lifeboat_core::scaling::Scale;

use super::{Case, Found, Tally, nobody_says, silent};
use crate::doctor::{Rule, Seen, Standing};
use crate::words::count;

/// In a passive region none run.
pub(super) fn tasks(case: &Case<'_>, seen: &Seen) -> Option<(String, Found)> {
    let lease = match &seen.standing {
        Standing::Active => return None,
        Standing::Passive { lease, .. } => Ok(lease),
        Standing::Unknown(why) => Err(why),
    };
    let found = match (&seen.services, lease) {
        (Err(silence), _) => silent(silence),
        (Ok(_), Err(why)) => nobody_says(why),
        (Ok(_), Ok(Some(execution))) => Found::Right {
            says: vec![format!(
                "{execution} is at work there, and starts and stops them; look again when it has ended"
            )],
        },
        (Ok(services), Ok(None)) => {
            let mut tally = Tally::default();
            let wanted = services.iter();
            let wanted = wanted.filter(|(_, deployed)| deployed.desired > Scale::NONE.desired);
            tally.wrong.extend(wanted.map(|(name, deployed)| {
                let tasks = count(deployed.desired.into(), "task");
                format!(
                    "{name} is set to {tasks}, which cost, and keep a backup from being restored"
                )
            }));
            tally.found(
                "every service is set to 0",
                format!(
                    "Set each to 0, after its scaling (docs/runbook.md, By hand): aws ecs update-service --region {} --cluster {} --desired-count 0 --service SERVICE",
                    case.region(),
                    case.cluster()
                ),
            )
        }
    };
    Some((format!("services of cluster {}", case.cluster()), found))
}

/// What is no longer needed goes, and nothing else does.
pub(super) fn lifecycle(case: &Case<'_>, seen: &Seen) -> (String, Found) {
    let found = match &seen.lifecycle {
        Err(silence) => silent(silence),
        Ok(rules) => {
            let mut tally = Tally::default();
            let enabled: Vec<&Rule> = rules.iter().filter(|rule| rule.enabled).collect();
            let any = |prefix: &str, does: fn(&Rule) -> bool| {
                let mut rules = enabled.iter();
                rules.any(|rule| rule.prefix.as_deref() == Some(prefix) && does(rule))
            };
            for (there, says) in [
                (
                    any("", |rule| rule.removes.older_versions),
                    "older versions are never removed",
                ),
                (
                    any("", |rule| rule.removes.unfinished_uploads),
                    "uploads that were never finished stay",
                ),
                (
                    any("kept/", |rule| rule.moves),
                    "kept copies never move into cheaper storage",
                ),
            ] {
                if !there {
                    tally.wrong.push(says.into());
                }
            }
            let ages = enabled.iter().filter(|rule| rule.removes.objects);
            tally.wrong.extend(ages.map(|rule| format!(
                "rule {} removes objects by their age alone, and newer backups need old ones: they will be damaged",
                rule.id
            )));
            tally.found(
                "what was removed goes in time, unfinished uploads end, kept copies grow cold",
                format!("{}, which writes these rules and no others", case.apply()),
            )
        }
    };
    (case.bucket(), found)
}
