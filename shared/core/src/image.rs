//! Which image each service runs, told by digest, and whether a region's registry holds it.

mod reading;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Invalid, Region, SCHEMA, readiness::Fact, stored};
pub use reading::Reading;

/// Every image was seen in the region's own registry, by digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Images {
    pub started: Timestamp,
    pub finished: Timestamp,
    /// Service by service.
    pub digests: BTreeMap<String, String>,
    /// What was missing here and fetched from the peer.
    #[serde(default)]
    pub repaired: Vec<String>,
}

/// Whether a registry holds all of an image, and if not, why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "because")]
pub enum Held {
    Ready,
    Missing(String),
    Incomplete(String),
    Differs(String),
    /// Nobody can tell.
    Unreachable(String),
}

/// What an image is held for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    /// Tasks of the active region run it.
    Running,
    /// It was pinned last, and stands for what runs while the active region cannot be asked.
    Pinned,
    /// One of the last deployments used it, and a way back may need it.
    Deployed,
}

/// An image in this region's registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    pub repository: String,
    pub digest: String,
    #[serde(rename = "for")]
    pub used: Use,
    pub held: Held,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceImages {
    pub images: Vec<Image>,
    /// Why nobody can tell all that it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<String>,
}

/// What image-sync last found, kept as `images.json` in the region's control bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub schema: u32,
    pub at: Timestamp,
    pub region: Region,
    /// The region that runs the tasks.
    pub active: Region,
    /// When its tasks could last be asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Timestamp>,
    pub services: BTreeMap<String, ServiceImages>,
    /// Since the first of an unbroken row of looks that found something lacking of what runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lacking_since: Option<Timestamp>,
    /// By name and digest what was read again and is not what its digest says, until it is read and found right.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub damaged: BTreeMap<String, String>,
    /// Of a verification that was cut short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<Reading>,
}

/// A record is written four times an hour.
pub const LASTS_SECONDS: i64 = 3600;

/// What a record says of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said<'a> {
    /// Nothing: its tag is looked for.
    Nothing,
    /// These were all ready then.
    Held(Vec<&'a Image>),
    Not(Fact),
}

impl Record {
    pub const KEY: &str = "images.json";

    pub fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
        stored::read(Self::KEY, "a record of images", bytes)
    }

    pub fn new(at: Timestamp, region: Region, active: Region) -> Self {
        Self {
            schema: SCHEMA,
            at,
            region,
            active,
            seen: None,
            services: BTreeMap::new(),
            lacking_since: None,
            damaged: BTreeMap::new(),
            reading: None,
        }
    }

    /// Takes over what an earlier one knows and this one did not look for. Damage stays, also of what nobody needs at the moment,
    /// unless its image is gone.
    #[must_use]
    pub fn after(mut self, earlier: Option<&Self>, gone: &BTreeSet<String>) -> Self {
        let before = earlier.and_then(|earlier| earlier.lacking_since);
        // Only a look that found all of it ends the row, and only one that found something lacking begins one.
        let (lacks, doubts) = (self.lacking().count() > 0, self.doubts().count() > 0);
        self.lacking_since = match (lacks, doubts) {
            (true, _) => before.or(Some(self.at)),
            (false, true) => before,
            (false, false) => None,
        };
        if let Some(earlier) = earlier {
            self.seen = self.seen.or(earlier.seen);
            self.reading = earlier.reading.clone();
            self.damaged = earlier.damaged.clone();
            self.damaged.retain(|name, _| !gone.contains(name));
        }
        self
    }

    /// What is on the record as damaged, and not needed by what was found now: whoever keeps it there must look for it.
    pub fn unneeded(&self, found: &Self) -> BTreeSet<String> {
        let mut names: BTreeSet<String> = self.damaged.keys().cloned().collect();
        for image in found.images() {
            names.remove(&image.name());
        }
        names
    }

    /// What came of reading an image: what is damaged of it, or nothing.
    pub fn note(&mut self, name: &str, damage: Option<&str>) {
        match damage {
            Some(damage) => drop(self.damaged.insert(name.to_owned(), damage.to_owned())),
            None => drop(self.damaged.remove(name)),
        }
    }

    pub fn images(&self) -> impl Iterator<Item = &Image> {
        self.services.values().flat_map(|service| &service.images)
    }

    /// What an execution needs and this region lacks, and why. A way back that is lost keeps nobody from taking over.
    pub fn lacking(&self) -> impl Iterator<Item = (&Image, &str)> {
        self.wanted().filter_map(|image| match &image.held {
            Held::Missing(why) | Held::Incomplete(why) | Held::Differs(why) => {
                Some((image, why.as_str()))
            }
            Held::Ready | Held::Unreachable(_) => None,
        })
    }

    /// Why nobody can tell all of it.
    pub fn doubts(&self) -> impl Iterator<Item = &str> {
        let images = self.wanted().filter_map(|image| match &image.held {
            Held::Unreachable(why) => Some(why.as_str()),
            Held::Ready | Held::Missing(_) | Held::Incomplete(_) | Held::Differs(_) => None,
        });
        let services = self.services.values();
        images.chain(services.filter_map(|service| service.doubt.as_deref()))
    }

    fn wanted(&self) -> impl Iterator<Item = &Image> {
        self.images().filter(|image| image.used != Use::Deployed)
    }

    pub fn says(&self, service: &str, now: Timestamp) -> Said<'_> {
        let Some(found) = self.services.get(service) else {
            return Said::Nothing;
        };
        let age = now.as_second() - self.at.as_second();
        if age > LASTS_SECONDS {
            return Said::Not(Fact::CannotTell(format!(
                "image-sync looked {age} s ago; see why its reconcile does not run in {}",
                self.region
            )));
        }
        // A way back that is lost keeps nobody from taking over.
        let wanted = found.images.iter().filter(|i| i.used != Use::Deployed);
        let wanted: Vec<&Image> = wanted.collect();
        let facts = wanted.iter().map(|image| self.fact(image));
        let doubt = found.doubt.clone().map(Fact::CannotTell);
        match Fact::worst(facts.chain(doubt)) {
            Fact::There if wanted.is_empty() => Said::Nothing,
            Fact::There => Said::Held(wanted),
            fact => Said::Not(fact),
        }
    }

    fn fact(&self, image: &Image) -> Fact {
        let (name, region) = (image.name(), &self.region);
        let lacks = |why: &str| Fact::Missing(format!("{name} in {region}: {why}"));
        match (&image.held, self.damaged.get(&name)) {
            (Held::Missing(why) | Held::Incomplete(why) | Held::Differs(why), _) => lacks(why),
            (_, Some(why)) => lacks(why),
            (Held::Unreachable(why), None) => {
                Fact::CannotTell(format!("{name} in {region}: {why}"))
            }
            (Held::Ready, None) => Fact::There,
        }
    }
}

impl Image {
    pub fn name(&self) -> String {
        format!("{}@{}", self.repository, self.digest)
    }
}

/// The family that holds a service's pins; Terraform's has the service's own name.
pub fn pinned(service: &str) -> String {
    format!("{service}-pinned")
}

/// An image's name without its tag or digest. A port stands before a slash, a tag behind the last one.
pub fn name(image: &str) -> &str {
    let name = image.split('@').next().unwrap_or(image);
    let last = name.rfind('/').map_or(0, |at| at + 1);
    let tag = name[last..].find(':');
    tag.map_or(name, |at| &name[..last + at])
}

/// What follows the repository in an image's name: a tag, or a digest.
pub fn reference(image: &str) -> &str {
    match (image.split_once('@'), &image[name(image).len()..]) {
        (Some((_, digest)), _) => digest,
        (None, "") => "latest",
        (None, tag) => &tag[1..],
    }
}

#[cfg(test)]
mod tests;
