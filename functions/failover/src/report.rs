//! What every execution leaves, however it ends: its report as JSON and as a page, and an entry in its region's ledger. All
//! of it lies in the backups bucket, which is copied to the other region.

mod page;

use std::fmt;

use jiff::Timestamp;
use lifeboat_aws::{Objects, json};
use lifeboat_core::{
    Configuration, Failure, Region,
    report::{Report, ledger::Ledger},
};

use crate::World;

/// Where a report is, and how it can be told later that it is still the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub bucket: String,
    pub region: Region,
    /// The execution's name.
    pub name: String,
    /// Of its entry in the ledger.
    pub number: u64,
    /// The ledger's, with this entry in it.
    pub head: String,
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            bucket,
            region,
            name,
            number,
            head,
        } = self;
        write!(
            f,
            "The whole report is {} in {bucket}: lifeboat report show {name}. It is entry {number} of {region}'s ledger, whose hash is {head} with it.",
            Report::page_key(region, name)
        )
    }
}

/// The report and its page first, then the entry: what an entry names is there.
pub(crate) async fn write<B: Objects>(
    bucket: &B,
    configuration: &Configuration,
    report: &Report,
    now: Timestamp,
) -> Result<Written, Failure> {
    let region = &configuration.region;
    let key = Report::key(region, &report.execution);
    let json = json(&key, report)?;
    let page = page::render(report, configuration).into_bytes();
    bucket.put(&key, json.clone()).await?;
    bucket
        .put(&Report::page_key(region, &report.execution), page.clone())
        .await?;
    let ledger = enter(bucket, region, report.name(), &json, &page, now).await?;
    Ok(Written {
        bucket: bucket.name().into(),
        region: region.clone(),
        name: report.name().into(),
        number: ledger.newest().get(report.name()).map_or(0, |e| e.number),
        head: ledger.head(),
    })
}

async fn enter<B: Objects>(
    bucket: &B,
    region: &Region,
    name: &str,
    report: &[u8],
    page: &[u8],
    now: Timestamp,
) -> Result<Ledger, Failure> {
    let key = Ledger::key(region);
    let entered = bucket.rewrite(&key, |found| {
        let before = match found {
            Some(found) => Ledger::parse(found, region)?,
            None => Ledger::new(region),
        };
        Ok(match before.with(name, report, page, now) {
            None => (before, None),
            Some(after) => {
                let body = json(&key, &after)?;
                (after, Some(body))
            }
        })
    });
    entered.await
}

/// Where nothing else must hang on it: one failure is forgiven, and people are told where the report is, or why there is none.
pub(crate) async fn leave(world: &impl World, report: &Report) -> String {
    let written = match world.write_report(report).await {
        Err(why) => {
            tracing::warn!("{why}; it is tried once more");
            world.write_report(report).await
        }
        written => written,
    };
    match written {
        Ok(written) => written.to_string(),
        Err(why) => {
            tracing::warn!("{why}");
            format!("No report of it could be written: {why}")
        }
    }
}

#[cfg(test)]
mod tests;
