//! Which images a service needs in this region's registry, and why.

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_core::{Configuration, Side, configuration::RegionResources, image::Use};

use crate::{
    fleet::{Definition, Running, Task},
    reference::Digest,
};

/// An image as this region's registry is to hold it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Named {
    pub(crate) repository: String,
    pub(crate) digest: Digest,
}

/// Each container's image.
pub(crate) type Runs = BTreeMap<String, Named>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Used {
    /// The same image may be needed for more than one thing: this is the first of them.
    pub(crate) images: BTreeMap<Named, Use>,
    /// What a new task is to run, or why nobody can tell.
    pub(crate) runs: Result<Runs, String>,
    pub(crate) doubt: Option<String>,
    /// An image that it would start here by its tag.
    pub(crate) by_tag: Option<String>,
}

/// What is known of a service: its tasks in the active region, or why that one cannot be asked, what it would start here, and
/// this region's pins of it, the newest first.
pub(crate) fn used(
    configuration: &Configuration,
    active: Side,
    running: Result<&Running, String>,
    current: Option<&Definition>,
    pins: &[Definition],
) -> Used {
    let own = configuration.own();
    let starts = current.map(|current| of_pin(current, own));
    let starts = starts.filter(|starts| !starts.is_empty());
    let mut used = Used {
        images: BTreeMap::new(),
        runs: Err("nothing is known to run, and nothing was pinned".into()),
        doubt: None,
        by_tag: current.and_then(|current| {
            let mut images = current.images().map(|(_, image)| image);
            let tagged = images.find(|i| own.repository_of(i).is_some() && !i.contains('@'));
            tagged.map(str::to_owned)
        }),
    };
    let tasks = running
        .as_ref()
        .map_or(&[][..], |running| running.tasks.as_slice());
    let region = configuration.region_of(active);
    let seen: Vec<(Option<&str>, Result<Runs, String>)> = tasks
        .iter()
        .map(|task| {
            let runs = of_task(task, configuration, active);
            (task.deployment.as_deref(), runs)
        })
        .collect();
    for (_, runs) in &seen {
        match runs {
            Ok(runs) => used
                .images
                .extend(runs.values().map(|image| (image.clone(), Use::Running))),
            Err(why) => used.doubt = Some(format!("{why} in {region}")),
        }
    }
    let known = running
        .as_ref()
        .is_ok_and(|running| !running.tasks.is_empty());
    let pinned = starts.or_else(|| {
        let newest = pins.first().filter(|_| !known);
        newest.map(|newest| of_pin(newest, own))
    });
    // It is what an execution starts, also where another one is to be pinned.
    let images = pinned.iter().flat_map(|runs| runs.values());
    for image in images {
        used.images.entry(image.clone()).or_insert(Use::Pinned);
    }
    match (running, pinned) {
        (Ok(running), _) if !running.tasks.is_empty() => {
            used.runs = newest(&seen, running.newest.as_deref())
                .map_err(|why| format!("{why} in {region}"));
        }
        // A region that is silent, or runs none, ran this when it was last asked.
        (_, Some(runs)) => used.runs = Ok(runs),
        (Err(why), None) => used.runs = Err(why),
        (Ok(_), None) => {}
    }
    for image in pins.iter().flat_map(|pin| of_pin(pin, own).into_values()) {
        used.images.entry(image).or_insert(Use::Deployed);
    }
    used
}

/// The images of a task that lie in its region's registry; what another registry holds is no business of ours.
fn of_task(task: &Task, configuration: &Configuration, active: Side) -> Result<Runs, String> {
    let there = configuration.resources(active);
    let containers = task.containers.iter().filter_map(|container| {
        let repository = there.repository_of(&container.image)?;
        let digest = container.digest.as_deref().unwrap_or_default();
        let image = Digest::parse("imageDigest", digest)
            .map(|digest| {
                let repository = here(configuration, active, repository).to_owned();
                (container.name.clone(), Named { repository, digest })
            })
            .map_err(|_| {
                let (name, image) = (&container.name, &container.image);
                format!(
                    "a task's container {name} runs {image}, and ECS does not say by which digest"
                )
            });
        Some(image)
    });
    containers.collect()
}

/// What a repository of that side is called on this one.
fn here<'a>(configuration: &'a Configuration, side: Side, repository: &'a str) -> &'a str {
    translated(
        configuration.resources(side),
        configuration.own(),
        repository,
    )
}

/// What a repository of this side is called in the other region.
pub(crate) fn there<'a>(configuration: &'a Configuration, repository: &'a str) -> &'a str {
    translated(configuration.own(), configuration.peer(), repository)
}

/// One that no service has is called the same in both.
fn translated<'a>(
    from: &'a RegionResources,
    to: &'a RegionResources,
    repository: &'a str,
) -> &'a str {
    let mut services = from.services.iter();
    let service = services.find(|(_, service)| service.repository == repository);
    let other = service.and_then(|(name, _)| to.services.get(name));
    other.map_or(repository, |service| &service.repository)
}

fn of_pin(pin: &Definition, own: &RegionResources) -> Runs {
    let images = pin.images().filter_map(|(name, image)| {
        let repository = own.repository_of(image)?.to_owned();
        let digest = Digest::parse("image", image.split_once('@')?.1).ok()?;
        Some((name.to_owned(), Named { repository, digest }))
    });
    images.collect()
}

/// What all tasks run, or those of the newest deployment.
fn newest(
    tasks: &[(Option<&str>, Result<Runs, String>)],
    newest: Option<&str>,
) -> Result<Runs, String> {
    let distinct = |wanted: &dyn Fn(Option<&str>) -> bool| {
        let tasks = tasks.iter().filter(|(by, _)| wanted(*by));
        let runs: Result<BTreeSet<Runs>, String> = tasks.map(|(_, runs)| runs.clone()).collect();
        runs
    };
    let all = distinct(&|_| true);
    let mut found = match all {
        Ok(all) if all.len() == 1 => all,
        _ => distinct(&|by| by.is_some() && by == newest)?,
    };
    match (found.pop_first(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        _ => Err("its tasks run several images, and nobody can tell which are the newest".into()),
    }
}

#[cfg(test)]
mod tests;
