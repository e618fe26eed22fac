//! By hand: every byte of what this region would run is read again and hashed, and what is damaged is replaced where the
//! registry lets it.

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_aws::Objects;
use lifeboat_core::{
    Failure,
    image::{Reading, Record},
};
use serde::{Deserialize, Serialize};

use crate::{
    ImageSync, Registries, Registry,
    copy::Place,
    fleet::Fleet,
    lag::Meter,
    mend::{Image, within},
    ready::{by_name, change, read},
    reference::Digest,
    registry::Effort,
    verify::{Damage, Repair, Verified, repair, verify},
};

/// So many names of what is left are told.
const NAMES: usize = 5;

/// By name and digest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reread {
    pub read: BTreeMap<String, Found>,
    pub bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "because")]
pub enum Found {
    Good,
    /// It was damaged, and is what its digest says again.
    Repaired(Vec<String>),
    /// It stays so; what to do is said.
    Damaged(Vec<String>),
    /// It could not be read.
    Unread(String),
}

/// One verification, and how far it has come.
struct Round {
    /// Where there is no record yet.
    found: Record,
    reading: Reading,
    good: BTreeSet<Digest>,
    bytes: u64,
}

impl<R: Registries + Fleet + Meter, B: Objects> ImageSync<'_, R, B> {
    /// What comes of each image stands in the record at once, until it is read again: whoever is ended loses nothing. One that
    /// was cut short is gone on with by the next one.
    pub(crate) async fn reread(&self, service: Option<&str>) -> Result<Reread, Failure> {
        if let Some(service) = service {
            self.configuration.service(service)?;
        }
        let (found, mut images) = self.needed(service).await?;
        let before = read(self.control).await?;
        // What is on the record is read though nobody needs it now: nothing else takes it off.
        let damaged = before.as_ref().map(|record| record.damaged.clone());
        let damaged = damaged.unwrap_or_default();
        let mut all: BTreeSet<String> = images.iter().map(name).collect();
        for (name, image) in by_name(self.configuration, damaged.keys()) {
            if self.is_of(service, &image) && all.insert(name.clone()) {
                images.insert(image);
            }
        }
        let region = &self.configuration.region;
        if images.is_empty() {
            let whose = service.map_or("any service".to_owned(), str::to_owned);
            return Err(Failure::Refused(format!(
                "nobody knows by digest what {whose} runs, so there is nothing to read: run reconcile in {region} once its tasks run, and verify again"
            )));
        }
        let own = self.registries.own().await?;
        let reading = before.as_ref().and_then(|record| record.reading.as_ref());
        let mut round = Round::new(found, reading);
        let (mut reread, mut left) = (Reread::default(), vec![]);
        for image in images {
            let name = name(&image);
            let found = match round.reading.images.contains(&name) {
                true => Some(Found::earlier(damaged.get(&name))),
                false => self.one(&own, &image, &name, &mut round).await?,
            };
            match found {
                Some(found) => drop(reread.read.insert(name, found)),
                None => left.push(name),
            }
        }
        if !left.is_empty() {
            return Err(reread.unfinished(&left, region.as_str()));
        }
        reread.bytes = round.bytes;
        let reading = round.reading.clone().without(&all);
        let end = |record: &mut Record| record.reading.clone_from(&reading);
        self.note(&round.found, end).await?;
        Ok(reread)
    }

    fn is_of(&self, service: Option<&str>, image: &Image) -> bool {
        let services = &self.configuration.own().services;
        let repository = |name| Some(&services.get(name)?.repository);
        service.is_none_or(|name| repository(name) == Some(&image.own))
    }

    /// None where the time for it was over.
    async fn one(
        &self,
        own: &Registry,
        image: &Image,
        name: &str,
        round: &mut Round,
    ) -> Result<Option<Found>, Failure> {
        let place = Place::new(own, &image.own);
        let good = std::mem::take(&mut round.good);
        let found = match verify(place, &image.digest, good.clone(), self.until).await {
            Ok(verified) => self.of(place, image, name, verified, round).await?,
            Err(failure) => {
                round.good = good;
                match failure {
                    Failure::NotVerified(what) => Some(Found::Damaged(vec![manifest(name, &what)])),
                    failure => Some(Found::Unread(failure.to_string())),
                }
            }
        };
        match &found {
            Some(Found::Unread(_)) => return Ok(found),
            Some(_) => drop(round.reading.images.insert(name.to_owned())),
            None => {
                let good = round.good.iter().map(Digest::to_string);
                round.reading.good = good.collect();
            }
        }
        let reading = round.reading.clone();
        let end = |record: &mut Record| {
            match &found {
                Some(Found::Good | Found::Repaired(_)) => record.note(name, None),
                Some(Found::Damaged(what)) => record.note(name, Some(&what.join("; "))),
                Some(Found::Unread(_)) | None => {}
            }
            record.reading = Some(reading.clone());
        };
        self.note(&round.found, end).await?;
        Ok(found)
    }

    /// What was read of an image. A damage is noted before anybody tries to mend it.
    async fn of(
        &self,
        place: Place<'_>,
        image: &Image,
        name: &str,
        verified: Verified,
        round: &mut Round,
    ) -> Result<Option<Found>, Failure> {
        round.bytes += verified.read;
        round.good = verified.good;
        if !verified.damaged.is_empty() {
            let what = verified.damaged.iter().map(Damage::told);
            let what = what.collect::<Vec<_>>().join("; ");
            let damage = |record: &mut Record| record.note(name, Some(&what));
            self.note(&round.found, damage).await?;
        }
        if verified.left > 0 {
            return Ok(None);
        }
        let (damaged, good) = (verified.damaged, &mut round.good);
        Ok(self.replaced(place, image, damaged, good).await)
    }

    async fn replaced(
        &self,
        place: Place<'_>,
        image: &Image,
        damaged: Vec<Damage>,
        good: &mut BTreeSet<Digest>,
    ) -> Option<Found> {
        if damaged.is_empty() {
            return Some(Found::Good);
        }
        let peer = self.registries.peer(Effort::PEER_AT_WORK).await;
        let (mut repaired, mut left) = (vec![], vec![]);
        for damage in damaged {
            let repair = match &peer {
                Ok(peer) => {
                    let from = Place::new(peer, &image.peer);
                    within(self.until, repair(&damage, from, place)).await
                }
                Err(failure) => Err(failure.clone()),
            };
            let (blob, what) = (&damage.part.digest, &damage.what);
            match repair {
                Ok(Repair::Repaired) => {
                    good.insert(blob.clone());
                    repaired.push(format!("{blob}: {what}"));
                }
                Ok(Repair::Steps(steps)) => left.push(steps),
                Err(Failure::Unfinished(_)) => return None,
                Err(why) => left.push(format!(
                    "the blob {blob} is damaged ({what}), and was not replaced ({why}): verify again when that answers"
                )),
            }
        }
        match left.is_empty() {
            true => Some(Found::Repaired(repaired)),
            false => Some(Found::Damaged(left)),
        }
    }

    async fn note(&self, found: &Record, note: impl Fn(&mut Record)) -> Result<(), Failure> {
        let noted = change(self.control, |record| {
            let mut record = record.cloned().unwrap_or_else(|| found.clone());
            note(&mut record);
            record
        });
        noted.await.map(drop)
    }
}

impl Round {
    fn new(found: Record, earlier: Option<&Reading>) -> Self {
        let reading = Reading::after(earlier, found.at);
        let good = reading.good.iter();
        let good = good.filter_map(|blob| Digest::parse("images.json", blob).ok());
        Self {
            good: good.collect(),
            reading,
            found,
            bytes: 0,
        }
    }
}

impl Found {
    /// As an invocation before this one has noted it.
    fn earlier(damage: Option<&String>) -> Self {
        damage.map_or(Self::Good, |what| Self::Damaged(vec![what.clone()]))
    }
}

impl Reread {
    fn unfinished(&self, left: &[String], region: &str) -> Failure {
        let read = self.read.len();
        let mut names: Vec<String> = left.iter().take(NAMES).cloned().collect();
        if left.len() > NAMES {
            names.push(format!("{} more", left.len() - NAMES));
        }
        let damaged = self.read.iter();
        let damaged = damaged.filter(|(_, found)| matches!(found, Found::Damaged(_)));
        let damaged: Vec<&str> = damaged.map(|(name, _)| name.as_str()).collect();
        let damaged = match damaged.as_slice() {
            [] => String::new(),
            damaged => format!(" Damaged: {}.", damaged.join(", ")),
        };
        Failure::Unfinished(format!(
            "of {} images in {region} {read} were read in time, and these are left: {}.{damaged} What was found stands in {}; \
             verify again within a day to go on",
            read + left.len(),
            names.join(", "),
            Record::KEY
        ))
    }
}

fn name(image: &Image) -> String {
    format!("{}@{}", image.own, image.digest)
}

fn manifest(name: &str, what: &str) -> String {
    format!(
        "{what}: remove {name} from the registry, and the next reconcile brings it from the other region"
    )
}
