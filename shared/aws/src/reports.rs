//! What executions leave, in a region's backups bucket.

use lifeboat_core::{Failure, Region, report::Report, stored};

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
    let report = stored::read(&key, "a report of this version", &found.body)?;
    Ok(Some(report))
}
