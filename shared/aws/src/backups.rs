use lifeboat_core::{
    Failure,
    backup::{BackupKey, Kind},
};

use crate::Objects;

/// Every backup of the bucket; one without its manifest does not exist.
pub async fn all(bucket: &impl Objects, kind: Kind) -> Result<Vec<BackupKey>, Failure> {
    let objects = bucket.list(kind.prefix()).await?;
    Ok(objects
        .iter()
        .filter_map(|object| BackupKey::of_manifest(&object.key))
        .collect())
}
