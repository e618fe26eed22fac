//! Why backups would not cross.

use super::{Case, Found, Tally, silent};
use crate::doctor::{Copies, Replication, Seen};

/// What the other region must have a copy of; each region keeps `kept/` for itself.
pub(super) const COPIED: [&str; 5] = ["backups", "packs", "replaced", "reports", "salvage"];

pub(super) fn replication(case: &Case<'_>, seen: &Seen) -> (String, Found) {
    let found = match &seen.replication {
        Err(silence) => silent(silence),
        Ok(found) => match case.configuration.stays(case.region()) {
            Some(means) => stays(found, means),
            None => crosses(case, found),
        },
    };
    (case.bucket(), found)
}

/// As it was configured.
fn stays(found: &Replication, means: String) -> Found {
    let mut tally = Tally::default();
    let enabled = found.rules.iter().filter(|rule| rule.enabled);
    tally
        .wrong
        .extend(enabled.map(|rule| format!("rule {} copies to {} all the same", rule.id, rule.to)));
    tally.found(
        means,
        "Apply infra/join, which removes the rules, or set enable_cross_region_backup and apply all three roots",
    )
}

fn crosses(case: &Case<'_>, found: &Replication) -> Found {
    let to = &case
        .configuration
        .resources(case.side.other())
        .backups_bucket;
    let mut tally = Tally::default();
    for word in COPIED {
        let objects = format!("{word}/");
        let about = found.rules.iter().filter(|rule| {
            let prefix = rule.prefix.as_deref();
            prefix.is_some_and(|prefix| objects.starts_with(prefix))
        });
        let about: Vec<&Copies> = about.collect();
        if about.iter().any(|rule| rule.enabled && rule.to == *to) {
            continue;
        }
        tally.wrong.push(match about.first() {
            None => format!("no rule copies {objects}"),
            Some(rule) if !rule.enabled => {
                format!("{objects} is not copied: rule {} is disabled", rule.id)
            }
            Some(rule) => format!(
                "{objects} goes to {} by rule {}, and not to {to}",
                rule.to, rule.id
            ),
        });
    }
    tally.found(
        format!("every rule that is needed is enabled, and copies to {to}"),
        format!(
            "Apply infra/join, then invoke {} in {} with events/backup/follow.json: it brings what was written meanwhile",
            case.own().functions.backup,
            case.region()
        ),
    )
}

/// S3 copies in its name.
pub(super) fn role(case: &Case<'_>, seen: &Seen) -> Option<(String, Found)> {
    if !case.configuration.cross_region_backup {
        return None;
    }
    let (role, found) = match &seen.replication {
        Err(silence) => (None, silent(silence)),
        Ok(Replication { role: None, .. }) => {
            let found = Found::CannotTell {
                says: vec!["the bucket names no role that copies".into()],
                advice: vec!["Apply infra/join, which makes it".into()],
            };
            (None, found)
        }
        Ok(Replication { role, .. }) => {
            let mut tally = Tally::default();
            tally.allowed(&seen.copier);
            let found = tally.found(
                "it may read here and write there; whether keys of your own let it is not asked",
                "Apply infra/join, which gives the role these rights",
            );
            (role.as_deref(), found)
        }
    };
    let of = match role {
        Some(role) => role.to_owned(),
        None => format!("the role that copies {}", case.bucket()),
    };
    Some((of, found))
}

pub(super) fn versioning(case: &Case<'_>, seen: &Seen) -> (String, Found) {
    let found = match seen.versioned {
        Err(ref silence) => silent(silence),
        Ok(true) => Found::Right {
            says: vec!["older versions are kept".into()],
        },
        Ok(false) => Found::Wrong {
            says: vec![format!(
                "older versions are not kept: what is overwritten or deleted is gone, and nothing is copied to {}",
                case.other_region()
            )],
            advice: vec![format!(
                "{}, or: aws s3api put-bucket-versioning --region {} --bucket {} --versioning-configuration Status=Enabled",
                case.apply(),
                case.region(),
                case.own().backups_bucket
            )],
        },
    };
    (case.bucket(), found)
}
