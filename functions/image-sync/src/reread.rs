//! By hand: every byte of what this region would run is read again and hashed, and what is damaged is replaced where the
//! registry lets it.

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_aws::Objects;
use lifeboat_core::{Failure, image::Record};
use serde::{Deserialize, Serialize};

use crate::{
    ImageSync, Registries,
    copy::Place,
    fleet::Fleet,
    mend::Image,
    ready::change,
    reference::Digest,
    registry::Effort,
    verify::{Damage, Repair, repair, verify},
};

/// Images are read whole.
const ALL: u64 = u64::MAX;

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

impl<R: Registries + Fleet, B: Objects> ImageSync<'_, R, B> {
    /// What comes of it stands in the record until it is read again.
    pub(crate) async fn reread(&self, service: Option<&str>) -> Result<Reread, Failure> {
        if let Some(service) = service {
            self.configuration.service(service)?;
        }
        let (found, images) = self.needed(service).await?;
        if images.is_empty() {
            let whose = service.map_or("any service".to_owned(), str::to_owned);
            let region = &self.configuration.region;
            return Err(Failure::Refused(format!(
                "nobody knows by digest what {whose} runs, so there is nothing to read: run reconcile in {region} once its tasks run, and verify again"
            )));
        }
        let own = self.registries.own().await?;
        let (mut reread, mut good) = (Reread::default(), BTreeSet::new());
        for image in images {
            let place = Place::new(&own, &image.own);
            let name = format!("{}@{}", image.own, image.digest);
            let found = match verify(place, &image.digest, std::mem::take(&mut good), ALL).await {
                Ok(verified) => {
                    reread.bytes += verified.read;
                    good = verified.good;
                    self.replaced(place, &image, verified.damaged, &mut good)
                        .await
                }
                Err(Failure::NotVerified(what)) => Found::Damaged(vec![manifest(&name, &what)]),
                Err(failure) => Found::Unread(failure.to_string()),
            };
            reread.read.insert(name, found);
        }
        change(self.control, |record| {
            let record = record.cloned().unwrap_or_else(|| found.clone());
            noted(record, &reread)
        })
        .await?;
        Ok(reread)
    }

    async fn replaced(
        &self,
        place: Place<'_>,
        image: &Image,
        damaged: Vec<Damage>,
        good: &mut BTreeSet<Digest>,
    ) -> Found {
        if damaged.is_empty() {
            return Found::Good;
        }
        let peer = self.registries.peer(Effort::PEER_AT_WORK).await;
        let (mut repaired, mut left) = (vec![], vec![]);
        for damage in damaged {
            let repair = match &peer {
                Ok(peer) => repair(&damage, Place::new(peer, &image.peer), place).await,
                Err(failure) => Err(failure.clone()),
            };
            let (blob, what) = (&damage.part.digest, &damage.what);
            match repair {
                Ok(Repair::Repaired) => {
                    good.insert(blob.clone());
                    repaired.push(format!("{blob}: {what}"));
                }
                Ok(Repair::Steps(steps)) => left.push(steps),
                Err(why) => left.push(format!(
                    "the blob {blob} is damaged ({what}), and was not replaced ({why}): verify again when that answers"
                )),
            }
        }
        match left.is_empty() {
            true => Found::Repaired(repaired),
            false => Found::Damaged(left),
        }
    }
}

fn manifest(name: &str, what: &str) -> String {
    format!(
        "{what}: remove {name} from the registry, and the next reconcile brings it from the other region"
    )
}

/// What was not read keeps what was known of it.
fn noted(mut record: Record, reread: &Reread) -> Record {
    for (name, found) in &reread.read {
        match found {
            Found::Good | Found::Repaired(_) => drop(record.damaged.remove(name)),
            Found::Damaged(what) => drop(record.damaged.insert(name.clone(), what.join("; "))),
            Found::Unread(_) => {}
        }
    }
    record
}
