//! Which backups a bucket has, and whether one is whole there. Replication keeps no order: a manifest may come before the
//! packs that it names.

use std::collections::BTreeMap;

use lifeboat_core::{
    Configuration, Failure,
    backup::{
        BackupKey, Damages, Kind, LONGEST_MANIFEST, Lack, Manifest, PackId, PackUse,
        damage::Version, newest,
    },
};

use crate::{Control, Object, Objects, Stored};

/// Every backup of the bucket; one without its manifest does not exist.
pub async fn all(bucket: &impl Objects, kind: Kind) -> Result<Vec<BackupKey>, Failure> {
    let objects = bucket.list(kind.prefix()).await?;
    Ok(objects
        .iter()
        .filter_map(|object| BackupKey::of_manifest(&object.key))
        .collect())
}

/// A manifest as it lies in the bucket.
pub async fn manifest(
    bucket: &impl Objects,
    backup: &BackupKey,
) -> Result<Option<Object>, Failure> {
    let key = backup.manifest();
    bucket.get_at_most(&key, LONGEST_MANIFEST).await
}

/// What was found damaged here. A record that cannot be read is as good as none: on the worst day it must not keep a region
/// from its backups, and a restore believes nothing that it has not read.
pub async fn damages(control: &Control<impl Objects>) -> Damages {
    match control.read(Damages::KEY).await {
        Ok(damages) => damages.unwrap_or_default(),
        Err(why) => {
            tracing::warn!("what was found damaged before is not known: {why}");
            Damages::default()
        }
    }
}

/// How an object stands; none where there is none.
pub async fn version(bucket: &impl Objects, key: &str) -> Result<Option<Version>, Failure> {
    let listed = bucket.list(key).await?;
    let found = listed.into_iter().find(|object| object.key == key);
    Ok(found.map(|object| object.version()))
}

impl Stored {
    fn version(&self) -> Version {
        Version {
            etag: self.etag.clone(),
            written: self.written,
        }
    }
}

/// The packs of a bucket, as they stand in its listing and as far as they were read.
#[derive(Debug)]
pub struct Packs {
    there: BTreeMap<String, Stored>,
    damages: Damages,
}

impl Packs {
    pub async fn of(bucket: &impl Objects, damages: Damages) -> Result<Self, Failure> {
        let listed = bucket.list(PackId::PREFIX).await?;
        let there = listed
            .into_iter()
            .map(|object| (object.key.clone(), object));
        let there = there.collect();
        Ok(Self { there, damages })
    }

    pub fn all(&self) -> impl Iterator<Item = &Stored> {
        self.there.values()
    }

    pub fn get(&self, pack: PackId) -> Option<&Stored> {
        self.there.get(&pack.key())
    }

    /// What keeps a pack from being used.
    pub fn lack(&self, pack: &PackUse) -> Option<Lack> {
        let id = pack.id;
        let Some(found) = self.get(id) else {
            return Some(Lack::Missing(id));
        };
        match self.damages.of(&found.key, Some(&found.version())) {
            Some(why) => Some(Lack::Damaged {
                pack: id,
                why: why.to_owned(),
            }),
            None => (found.bytes != pack.bytes).then_some(Lack::Short(id)),
        }
    }

    /// Of these the first that cannot be used.
    pub fn lack_one_of<'a>(&self, needed: impl IntoIterator<Item = &'a PackUse>) -> Option<Lack> {
        needed.into_iter().find_map(|pack| self.lack(pack))
    }
}

/// Why it is not whole here; none where its manifest is here and right, has something of each service, and every pack that it
/// names is here in full size and was not found damaged.
pub async fn lack(
    bucket: &impl Objects,
    control: &Control<impl Objects>,
    configuration: &Configuration,
    backup: &BackupKey,
) -> Result<Option<Lack>, Failure> {
    let packs = Packs::of(bucket, damages(control).await).await?;
    lacks(bucket, &packs, configuration, backup).await
}

/// The newest that is whole.
pub async fn newest_whole(
    bucket: &impl Objects,
    control: &Control<impl Objects>,
    configuration: &Configuration,
) -> Result<Option<BackupKey>, Failure> {
    let (backups, damages) = tokio::join!(all(bucket, Kind::Backup), damages(control));
    let mut backups = backups?;
    // After the manifests: what was there for one of them is in this listing.
    let packs = Packs::of(bucket, damages).await?;
    while let Some(best) = newest(&backups).cloned() {
        match lacks(bucket, &packs, configuration, &best).await? {
            None => return Ok(Some(best)),
            // One that is damaged will not become whole by waiting, and an older one may be.
            Some(lack) => tracing::warn!(backup = %best.name, "is not whole: {lack}"),
        }
        backups.retain(|backup| *backup != best);
    }
    Ok(None)
}

async fn lacks(
    bucket: &impl Objects,
    packs: &Packs,
    configuration: &Configuration,
    backup: &BackupKey,
) -> Result<Option<Lack>, Failure> {
    let found = match manifest(bucket, backup).await {
        Err(Failure::Harmed(why)) => return Ok(Some(Lack::Flawed(why.to_string()))),
        other => other?,
    };
    let Some(found) = found else {
        return Ok(Some(Lack::Manifest));
    };
    // On the heap, as the compiler does not look so deep.
    if let Some(altered) = Box::pin(altered(bucket, &packs.damages, backup)).await? {
        return Ok(Some(altered));
    }
    let services = configuration.holding().map(|s| s.name.as_str());
    let manifest = Manifest::parse(&found.body, &configuration.application, backup);
    match manifest.and_then(|m| m.covers(services).map(|()| m)) {
        Ok(manifest) => Ok(packs.lack_one_of(&manifest.packs)),
        Err(Failure::NotVerified(why)) => Ok(Some(Lack::Flawed(why))),
        Err(other) => Err(other),
    }
}

/// What was found of a manifest that may still read as one.
pub async fn altered(
    bucket: &impl Objects,
    damages: &Damages,
    backup: &BackupKey,
) -> Result<Option<Lack>, Failure> {
    let key = backup.manifest();
    if !damages.objects.contains_key(&key) {
        return Ok(None);
    }
    let stands = version(bucket, &key).await?;
    let why = damages.of(&key, stands.as_ref());
    Ok(why.map(|why| Lack::Flawed(format!("{key}: {why}"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Memory;
    use lifeboat_core::{
        Region,
        backup::{self, Harm},
        configuration,
    };

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
        let control = Control::new(Memory::new("control", &configuration.region));
        let newest = async || {
            let found = newest_whole(&bucket, &control, &configuration).await;
            found.unwrap()
        };
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

    #[tokio::test]
    async fn what_was_found_damaged_is_passed_over_until_it_is_written_again() {
        let configuration = configuration::sample("us-west-2");
        let bucket = Memory::new("backups", &configuration.region);
        let control = Control::new(Memory::new("control", &configuration.region));
        let (old, new) = (
            backup("backup-20241123-120000"),
            backup("backup-20241123-130000"),
        );
        let mut newer = backup::sample(&new, ["users", "posts"]);
        newer.packs[0].id = PackId::new([1; 32]);
        bucket.set(&old.manifest(), manifest(&old, &["users", "posts"]));
        bucket.set(&new.manifest(), serde_json::to_vec(&newer).unwrap());
        let packs = [PackId::new([0; 32]).key(), PackId::new([1; 32]).key()];
        packs.iter().for_each(|pack| bucket.set(pack, "123"));
        let newest = async || {
            let found = newest_whole(&bucket, &control, &configuration).await;
            found.unwrap()
        };
        let note = async |key: &str| {
            let mut damages = Damages::default();
            let stands = version(&bucket, key).await.unwrap();
            damages.note(key, &Harm::Damaged("torn".into()), stands);
            control.write(Damages::KEY, &damages).await.unwrap();
        };
        let again = |key: &str| {
            let later = bucket.now.get() + jiff::SignedDuration::from_secs(1);
            bucket.now.set(later);
            bucket.set(key, bucket.body(key).unwrap());
        };
        for key in [&packs[1], &new.manifest()] {
            assert_eq!(newest().await, Some(new.clone()));
            note(key).await;
            assert_eq!(newest().await, Some(old.clone()));
            let lack = lack(&bucket, &control, &configuration, &new).await;
            let lack = lack.unwrap().unwrap();
            assert!(lack.to_string().contains("torn"), "{lack}");
            again(key);
            assert_eq!(newest().await, Some(new.clone()));
        }
    }

    #[tokio::test]
    async fn a_record_that_cannot_be_read_makes_no_backup_unusable() {
        let configuration = configuration::sample("us-west-2");
        let bucket = Memory::new("backups", &configuration.region);
        let control = Control::new(Memory::new("control", &configuration.region));
        let only = backup("backup-20241123-120000");
        bucket.set(&only.manifest(), manifest(&only, &["users", "posts"]));
        bucket.set(&PackId::new([0; 32]).key(), "123");
        for dead in [false, true] {
            control.bucket().set(Damages::KEY, "{");
            control.bucket().dead.set(dead);
            let newest = newest_whole(&bucket, &control, &configuration).await;
            assert_eq!(newest, Ok(Some(only.clone())));
        }
    }

    #[tokio::test]
    async fn what_is_longer_than_it_may_be_is_refused_before_it_is_read() {
        let configuration = configuration::sample("us-west-2");
        let bucket = Memory::new("backups", &configuration.region);
        bucket.set("long", "1234");
        let refused = bucket.get_at_most("long", 3).await.unwrap_err();
        assert_eq!(refused.name(), "NotVerified");
        assert!(bucket.get_at_most("long", 4).await.is_ok());
        assert_eq!(bucket.get_at_most("none", 0).await, Ok(None));
    }
}
