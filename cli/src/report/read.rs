use std::{cmp::Reverse, collections::BTreeMap};

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use lifeboat_aws::Objects;
use lifeboat_core::{
    Failure, Region,
    report::{
        PREFIX, Report,
        ledger::{Found, Ledger, sha256},
    },
};
use serde::Serialize;

use crate::Trouble;

const AT_ONCE: usize = 8;

/// A backups bucket: it holds the reports of its own region, and copies of the other one's.
#[derive(Debug)]
pub struct Archive<B> {
    bucket: B,
    regions: [Region; 2],
}

/// A report as its ledger names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    pub region: Region,
    pub name: String,
    pub written: Timestamp,
    /// Of its newest entry.
    pub number: u64,
}

/// What became of one region's reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judged {
    pub region: Region,
    /// It was read in the other region's bucket.
    pub copy: bool,
    pub entries: usize,
    /// Of the whole ledger: the notice of its newest report says the same.
    pub head: String,
    /// Nothing where all is as it was written.
    pub wrong: Vec<String>,
}

impl<B: Objects> Archive<B> {
    pub fn new(bucket: B, regions: [Region; 2]) -> Self {
        Self { bucket, regions }
    }

    pub fn bucket(&self) -> &B {
        &self.bucket
    }

    pub fn place(&self) -> &str {
        self.bucket.name()
    }

    /// The newest first.
    pub async fn list(&self) -> Result<Vec<Listed>, Trouble> {
        let mut all = vec![];
        for region in &self.regions {
            let Some(ledger) = self.ledger(region).await? else {
                continue;
            };
            let newest = ledger.newest();
            all.extend(newest.into_values().map(|entry| Listed {
                region: region.clone(),
                name: entry.execution.clone(),
                written: entry.written,
                number: entry.number,
            }));
        }
        all.sort_by_key(|listed| Reverse(listed.written));
        Ok(all)
    }

    /// Every report and every page is read and compared with what the ledgers say.
    pub async fn verify(&self) -> Result<Vec<Judged>, Trouble> {
        let mut all = vec![];
        for region in &self.regions {
            let copy = region != self.bucket.region();
            let found = self.found(region).await?;
            let judged = match self.ledger(region).await? {
                Some(ledger) => Judged {
                    region: region.clone(),
                    copy,
                    entries: ledger.entries.len(),
                    head: ledger.head(),
                    wrong: ledger.judge(&found),
                },
                None => Judged {
                    region: region.clone(),
                    copy,
                    entries: 0,
                    head: Ledger::new(region).head(),
                    wrong: match found.len() {
                        0 => vec![],
                        some => vec![format!(
                            "{some} reports are there, and no ledger names them"
                        )],
                    },
                },
            };
            all.push(judged);
        }
        Ok(all)
    }

    pub async fn page(&self, region: &Region, name: &str) -> Result<Vec<u8>, Trouble> {
        let key = Report::page_key(region, name);
        let found = self.bucket.get(&key).await?;
        found.map(|found| found.body).ok_or_else(|| {
            let place = self.place();
            Trouble::Failed(format!(
                "read {key} in {place}: it is not there. `lifeboat report list` shows those that are"
            ))
        })
    }

    async fn ledger(&self, region: &Region) -> Result<Option<Ledger>, Trouble> {
        match self.bucket.get(&Ledger::key(region)).await? {
            Some(found) => Ok(Some(Ledger::parse(&found.body, region)?)),
            None => Ok(None),
        }
    }

    async fn found(&self, region: &Region) -> Result<BTreeMap<String, Found>, Trouble> {
        let prefix = format!("{PREFIX}{region}/");
        let ledger = Ledger::key(region);
        let listed = self.bucket.list(&prefix).await?;
        let keys = listed
            .into_iter()
            .map(|object| object.key)
            .filter(|key| *key != ledger);
        let read = stream::iter(keys).map(async |key| {
            let body = self.bucket.get(&key).await?.map(|found| found.body);
            Ok::<_, Failure>((key, body))
        });
        let read: Vec<_> = read.buffer_unordered(AT_ONCE).try_collect().await?;
        let mut found: BTreeMap<String, Found> = BTreeMap::new();
        for (key, body) in read {
            let hash = body.map(|body| sha256(&body));
            let name = key.trim_start_matches(&prefix);
            if let Some(name) = name.strip_suffix(".json") {
                found.entry(name.into()).or_default().report = hash;
            } else if let Some(name) = name.strip_suffix(".html") {
                found.entry(name.into()).or_default().page = hash;
            } else {
                found.entry(name.into()).or_default();
            }
        }
        Ok(found)
    }
}
