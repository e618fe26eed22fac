//! Why it would cost more than it should.

use lifeboat_core::{configuration::Holds, scaling::Scale};

use super::{Case, Found, Tally, nobody_says, silent};
use crate::doctor::{Rule, Seen, Standing};
use crate::words::count;

/// In a passive region none run beyond those that each service rests at.
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
            let named = case.configuration.services.iter();
            let wanted = named.filter_map(|service| {
                let deployed = services.get(&service.name)?;
                let rests = Scale::resting(service).desired;
                (deployed.desired > rests).then_some((service, deployed.desired, rests))
            });
            tally.wrong.extend(wanted.map(|(service, desired, rests)| {
                let (name, tasks) = (&service.name, count(desired.into(), "task"));
                match service.holds {
                    Holds::Data => format!(
                        "{name} is set to {tasks}, which cost, and keep a backup from being restored"
                    ),
                    Holds::Nothing => {
                        format!("{name} is set to {tasks}, which cost; it rests at {rests}")
                    }
                }
            }));
            let warm = case.configuration.services.iter();
            let warm = warm.filter(|service| service.warm > 0);
            let warm: Vec<String> = warm
                .map(|service| format!("{} at {}", service.name, service.warm))
                .collect();
            let right = match warm.is_empty() {
                true => "every service is set to 0".to_owned(),
                false => format!(
                    "no service is set to more than it rests at: {}, the others at 0",
                    warm.join(", ")
                ),
            };
            tally.found(
                &right,
                format!(
                    "Set each to 0, or to what it rests at, after its scaling (docs/runbook.md, By hand): aws ecs update-service --region {} --cluster {} --desired-count 0 --service SERVICE",
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
