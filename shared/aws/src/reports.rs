//! What executions leave, in a region's backups bucket.

use lifeboat_core::{Failure, Invalid, Region, report::Report};

use crate::objects::Objects;

pub async fn read(
    bucket: &impl Objects,
    region: &Region,
    execution: &str,
) -> Result<Option<Report>, Failure> {
    let key = Report::key(region, execution);
    let Some(found) = bucket.get(&key).await? else {
        return Ok(None);
    };
    let report = serde_json::from_slice(&found.body);
    let report = report.map_err(|why| Invalid::new(&key, "a report of this version", why))?;
    Ok(Some(report))
}
