//! Whether the backups of a bucket are what they were: each names the one before it, with the hash of its manifest. So one
//! that was altered shows in its successor, and one that was taken away leaves a successor that names it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    BackupKey, Previous,
    damage::{may_come, mend},
    newest,
};
use crate::{Configuration, Region};

/// A manifest, as far as the chain goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// Of its bytes, in hexadecimal.
    pub sha256: String,
    /// Which it names; or why that cannot be read.
    pub previous: Result<Option<Previous>, String>,
}

#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The region whose bucket it is.
    pub here: &'a Region,
    /// Every backup of the bucket; or why its manifest could not be read.
    pub backups: &'a BTreeMap<BackupKey, Result<Read, String>>,
    /// The newest that was ever pruned here; or why nobody knows.
    pub pruned: Result<Option<BackupKey>, String>,
    pub now: Timestamp,
}

/// What a backup's word of the one before it comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    Holds(BackupKey),
    /// Its manifest is not the one that its successor was taken after.
    Altered(BackupKey),
    /// It was here, and no prune took it.
    Missing(BackupKey),
    /// It was kept no longer.
    Pruned(BackupKey),
    /// Where it is known which one it is: that one.
    CannotTell(Option<BackupKey>, String),
}

impl Link {
    fn of(&self) -> Option<&BackupKey> {
        match self {
            Self::Holds(of) | Self::Altered(of) | Self::Missing(of) | Self::Pruned(of) => Some(of),
            Self::CannotTell(of, _) => of.as_ref(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    pub by: BackupKey,
    pub link: Link,
}

/// Every link of the bucket, the oldest first; where a backup is given, from that one downwards, with what its own successors
/// say of it. A backup that names none begins a chain. Several that name the same one are what a region wrote that was
/// replaced and what its successor did; each is judged for itself.
pub fn judge(facts: &Facts<'_>, downwards: Option<&BackupKey>) -> Vec<Judged> {
    let rank = |key: &BackupKey| (key.epoch, key.name.at);
    let links = facts.backups.iter().filter_map(|(by, read)| {
        let link = link(facts, by, read.as_ref())?;
        let by = by.clone();
        Some(Judged { by, link })
    });
    let within = |judged: &Judged| {
        downwards
            .is_none_or(|from| rank(&judged.by) <= rank(from) || judged.link.of() == Some(from))
    };
    let mut links: Vec<Judged> = links.filter(within).collect();
    links.sort_by_key(|judged| rank(&judged.by));
    links
}

fn link(facts: &Facts<'_>, by: &BackupKey, read: Result<&Read, &String>) -> Option<Link> {
    let previous = match read.map(|read| &read.previous) {
        Ok(Ok(Some(previous))) => previous,
        Ok(Ok(None)) => return None,
        Ok(Err(why)) | Err(why) => return Some(Link::CannotTell(None, why.clone())),
    };
    let of = previous.backup.clone();
    Some(match facts.backups.get(&of) {
        Some(Ok(read)) if read.sha256 == previous.sha256 => Link::Holds(of),
        Some(Ok(_)) => Link::Altered(of),
        Some(Err(why)) => Link::CannotTell(Some(of), why.clone()),
        None => absent(facts, by, of),
    })
}

/// Whoever wrote here had the one before it here. What another region wrote names what that region had, and comes here by
/// itself, in any order.
fn absent(facts: &Facts<'_>, by: &BackupKey, of: BackupKey) -> Link {
    let comes = of.region != *facts.here && may_come(by, facts.here, facts.now);
    match &facts.pruned {
        Ok(Some(pruned)) if newest([&of, pruned]) == Some(pruned) => Link::Pruned(of),
        Ok(_) if comes => Link::CannotTell(Some(of), "it may still be on its way here".into()),
        Ok(_) => Link::Missing(of),
        Err(why) => Link::CannotTell(Some(of), why.clone()),
    }
}

/// What is told of a chain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// How many backups are what their successors say.
    pub holds: u64,
    /// How many were pruned since their successors were taken.
    #[serde(default, skip_serializing_if = "is_none")]
    pub pruned: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unclear: Vec<String>,
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

impl Chain {
    pub fn new(configuration: &Configuration, links: &[Judged]) -> Self {
        let mut chain = Self::default();
        for Judged { by, link } in links {
            let by = &by.name;
            match link {
                Link::Holds(_) => chain.holds += 1,
                Link::Pruned(_) => chain.pruned += 1,
                Link::Altered(of) => chain.broken.push(format!(
                    "{} is not what it was when {by} was taken: its manifest was altered since; {}",
                    of.name,
                    mend(configuration, &of.manifest())
                )),
                Link::Missing(of) => chain.broken.push(format!(
                    "{} is gone, though {by} was taken after it and no prune took it; {}",
                    of.name,
                    mend(configuration, &of.manifest())
                )),
                Link::CannotTell(Some(of), why) => chain.unclear.push(format!(
                    "whether {} is what it was when {by} was taken cannot be told: {why}",
                    of.name
                )),
                Link::CannotTell(None, why) => chain
                    .unclear
                    .push(format!("what came before {by} cannot be told: {why}")),
            }
        }
        chain
    }
}

#[cfg(test)]
mod tests;
