//! Why services would not start.

use lifeboat_image_sync::ready::{Pin, Ready};

use super::{Case, Found, Tally, nobody_says, silent};
use crate::doctor::{Group, Seen, Standing};
use crate::words::count;

/// A passive region has what runs in the other one.
pub(super) fn images(case: &Case<'_>, seen: &Seen) -> Option<(String, Found)> {
    let registry = &case.own().registry.host;
    let found = match &seen.standing {
        Standing::Active => return None,
        Standing::Unknown(why) => nobody_says(why),
        Standing::Passive {
            ready: Err(silence),
            ..
        } => silent(silence),
        Standing::Passive {
            ready: Ok(ready), ..
        } => ready_images(case, ready),
    };
    Some((format!("registry {registry}"), found))
}

fn ready_images(case: &Case<'_>, ready: &Ready) -> Found {
    let mut tally = Tally::default();
    tally.wrong.extend(ready.lacking.iter().cloned());
    let damaged = ready.found.damaged.iter();
    tally
        .wrong
        .extend(damaged.map(|(image, why)| format!("{image} is damaged: {why}")));
    for (service, pin) in &ready.pins {
        match pin {
            Pin::Failed(why) => tally.wrong.push(format!("{service} is not pinned: {why}")),
            Pin::Kept(_) | Pin::Due | Pin::Pinned(_) => {}
        }
    }
    let active = &ready.found.active;
    let doubts = ready.found.services.iter();
    let doubts = doubts.filter_map(|(service, found)| {
        let doubt = found.doubt.as_ref()?;
        Some(format!("what {service} runs: {doubt}"))
    });
    let silent = ready.silent.iter();
    let silent = silent.map(|why| format!("{active} could not be asked what runs there: {why}"));
    tally.unknown.extend(silent.chain(doubts));
    if !tally.unknown.is_empty() {
        tally.ask.push(format!(
            "Look at {active} by `lifeboat status`; until it answers, what was pinned last is what counts"
        ));
    }
    let images = count(ready.found.images().count() as u64, "image");
    let services = count(ready.found.services.len() as u64, "service");
    tally.found(
        format!("{images} of {services} are there, by digest"),
        format!(
            "`lifeboat sync` brings what is missing; `lifeboat images ready --in {}` shows each image, and docs/runbook.md what to do (An image is not ready)",
            case.region()
        ),
    )
}

/// ECS pulls images and writes logs in its name before a task starts.
pub(super) fn execution_role(case: &Case<'_>, seen: &Seen) -> (String, Found) {
    let mut tally = Tally::default();
    match &seen.services {
        Err(silence) => tally.silent(silence),
        Ok(services) => {
            for service in &case.configuration.services {
                let name = &service.name;
                match (services.get(name), seen.starts.get(name)) {
                    (None, _) => tally.wrong.push(format!(
                        "{name}: {} is not in cluster {}",
                        case.own().services[name].service,
                        case.cluster()
                    )),
                    (Some(_), None) => tally
                        .wrong
                        .push(format!("{name}: ECS names no task definition for it")),
                    (Some(_), Some(Err(silence))) => tally.silent(silence),
                    (Some(_), Some(Ok(start))) if start.role.is_none() => tally.wrong.push(format!(
                        "{name}: its task definition names no execution role, so nothing may pull its image or write its logs"
                    )),
                    (Some(_), Some(Ok(_))) => {}
                }
            }
        }
    }
    tally.allowed(&seen.execution);
    let found = tally.found(
        "each may pull its images from ECR and write its logs",
        format!(
            "{}, which gives the role these rights, then deploy; a role of your own needs them in its policy, and no explicit deny or boundary in the way",
            case.apply()
        ),
    );
    (format!("services of cluster {}", case.cluster()), found)
}

/// They are there to be read, and do not grow for ever.
pub(super) fn logs(case: &Case<'_>, seen: &Seen) -> (String, Found) {
    let mut tally = Tally::default();
    let silences = seen
        .starts
        .values()
        .filter_map(|start| start.as_ref().err());
    for silence in seen.services.as_ref().err().into_iter().chain(silences) {
        tally.silent(silence);
    }
    let mut days = vec![];
    for (name, group) in &seen.groups {
        match group {
            Err(silence) => tally.silent(silence),
            Ok(Group::Missing) => tally.wrong.push(format!(
                "{name} is not there, and what writes to it may not start"
            )),
            Ok(Group::KeptForEver) => tally.wrong.push(format!(
                "{name} is kept for ever, and costs more each month"
            )),
            Ok(Group::Kept { days: kept }) => days.push(*kept),
        }
    }
    let region = case.region();
    let kept = match (days.iter().min(), days.iter().max()) {
        (Some(least), Some(most)) if least == most => format!("kept for {least} days"),
        (Some(least), Some(most)) => format!("kept for {least} to {most} days"),
        (None, _) | (_, None) => "none is asked for".into(),
    };
    let found = tally.found(
        format!("{kept}; read one by: aws logs tail GROUP --region {region} --since 1h"),
        format!(
            "{}, or: aws logs put-retention-policy --region {region} --retention-in-days 30 --log-group-name GROUP",
            case.apply()
        ),
    );
    let groups = count(seen.groups.len() as u64, "log group");
    (format!("{groups} of functions and services"), found)
}
