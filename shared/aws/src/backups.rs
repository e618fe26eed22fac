//! Which backups a bucket has, and whether one is whole there. Replication keeps no order: a manifest may come before the
//! packs that it names.

use std::collections::BTreeMap;

use lifeboat_core::{
    Configuration, Failure,
    backup::{BackupKey, Kind, Manifest, PackId, PackUse, newest},
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

/// The packs of a bucket, as they stand in its listing.
#[derive(Debug)]
pub struct Packs(BTreeMap<String, u64>);

impl Packs {
    pub async fn of(bucket: &impl Objects) -> Result<Self, Failure> {
        let listed = bucket.list(PackId::PREFIX).await?;
        Ok(Self(listed.into_iter().map(|o| (o.key, o.bytes)).collect()))
    }

    /// One that the manifest names and that is not there in full size.
    pub fn lack(&self, manifest: &Manifest) -> Option<PackId> {
        self.lack_one_of(&manifest.packs)
    }

    pub fn lack_one_of<'a>(&self, needed: impl IntoIterator<Item = &'a PackUse>) -> Option<PackId> {
        let there = |id: PackId| self.0.get(&id.key()).copied();
        let mut needed = needed.into_iter();
        let lacking = needed.find(|pack| there(pack.id) != Some(pack.bytes));
        lacking.map(|pack| pack.id)
    }
}

/// Its manifest is here and right, has something of each service, and every pack that it names is here in full size.
pub async fn whole(
    bucket: &impl Objects,
    configuration: &Configuration,
    backup: &BackupKey,
) -> Result<bool, Failure> {
    is_whole(bucket, &Packs::of(bucket).await?, configuration, backup).await
}

/// The newest that is whole.
pub async fn newest_whole(
    bucket: &impl Objects,
    configuration: &Configuration,
) -> Result<Option<BackupKey>, Failure> {
    let mut backups = all(bucket, Kind::Backup).await?;
    // After the manifests: what was there for one of them is in this listing.
    let packs = Packs::of(bucket).await?;
    while let Some(best) = newest(&backups).cloned() {
        if is_whole(bucket, &packs, configuration, &best).await? {
            return Ok(Some(best));
        }
        backups.retain(|backup| *backup != best);
    }
    Ok(None)
}

async fn is_whole(
    bucket: &impl Objects,
    packs: &Packs,
    configuration: &Configuration,
    backup: &BackupKey,
) -> Result<bool, Failure> {
    let Some(found) = bucket.get(&backup.manifest()).await? else {
        return Ok(false);
    };
    let services = configuration.services.iter().map(|s| s.name.as_str());
    let manifest = Manifest::parse(&found.body, &configuration.application, backup);
    match manifest.and_then(|m| m.covers(services).map(|()| m)) {
        Ok(manifest) => Ok(packs.lack(&manifest).is_none()),
        // One that is damaged will not become whole by waiting, and an older one may be.
        Err(Failure::NotVerified(why)) => {
            tracing::warn!("{why}");
            Ok(false)
        }
        Err(other) => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Memory;
    use lifeboat_core::{Region, backup, configuration};

    fn manifest(backup: &BackupKey, services: &[&str]) -> Vec<u8> {
        serde_json::to_vec(&backup::sample(backup, services.iter().copied())).unwrap()
    }

    fn backup(name: &str) -> BackupKey {
        BackupKey {
            epoch: lifeboat_core::Epoch(0),
            region: Region::new("us-east-1").unwrap(),
            name: name.parse().unwrap(),
        }
    }

    #[tokio::test]
    async fn a_backup_is_whole_when_its_manifest_is_right_and_every_pack_is_there_in_full_size() {
        let configuration = configuration::sample("us-west-2");
        let bucket = Memory::new("backups", &configuration.region);
        let (old, new) = (
            backup("backup-20241123-120000"),
            backup("backup-20241123-130000"),
        );
        let both = ["users", "posts"];
        let newest = async || newest_whole(&bucket, &configuration).await.unwrap();
        bucket.set(&old.manifest(), manifest(&old, &both));
        assert_eq!(newest().await, None, "its pack is not here yet");
        let pack = format!("packs/{}", "0".repeat(64));
        bucket.set(&pack, "12");
        assert_eq!(newest().await, None, "its pack is cut short");
        bucket.set(&pack, "123");
        assert_eq!(newest().await, Some(old.clone()));
        let lacking = manifest(&new, &["users"]);
        for wrong in [b"{}".to_vec(), manifest(&old, &both), lacking] {
            bucket.set(&new.manifest(), wrong);
            assert_eq!(newest().await, Some(old.clone()), "an older one is whole");
        }
        bucket.set(&new.manifest(), manifest(&new, &both));
        assert_eq!(newest().await, Some(new));
    }
}
