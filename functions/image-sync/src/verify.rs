//! Every byte of an image, read again where it lies. Whoever copies looks only whether a blob is there, and so does every
//! other tool: a byte that has flipped is found here alone.

use std::collections::BTreeSet;

use lifeboat_core::{Failure, Region};
use tokio::time::Instant;

use crate::{
    copy::{Missing, Place, deliver, walk},
    manifest::Descriptor,
    mend::within,
    reference::{Digest, Reference},
    registry::Removal,
};

/// What was found, and which blobs are known to be good, for whoever goes on another time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    pub good: BTreeSet<Digest>,
    pub damaged: Vec<Damage>,
    /// Bytes that were read.
    pub read: u64,
    /// Blobs that were not read any more.
    pub left: usize,
}

/// A part of an image that is not what its digest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    pub region: Region,
    pub repository: String,
    pub part: Descriptor,
    pub what: String,
}

/// What became of a damage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repair {
    /// It was removed, sent again and read again.
    Repaired,
    /// The registry keeps what it has, and a person must do what this says.
    Steps(String),
}

/// Reads until then, and nothing that is good already.
pub async fn verify(
    place: Place<'_>,
    digest: &Digest,
    good: BTreeSet<Digest>,
    until: Option<Instant>,
) -> Result<Verified, Failure> {
    let mut verified = Verified {
        good,
        ..Verified::default()
    };
    let (repository, region) = (place.repository, place.registry.region());
    let Some(walked) = walk(place, None, digest, &[]).await? else {
        let reference = Reference::Digest(digest.clone());
        let image = reference.of(repository);
        return Err(Failure::Refused(format!(
            "{image} is not in {region}, so nothing can be read: copy it first"
        )));
    };
    for blob in walked.blobs {
        if verified.good.contains(&blob.digest) {
            continue;
        }
        let came = within(until, read(place, &blob)).await;
        if let Err(Failure::Unfinished(_)) = came {
            verified.left += 1;
            continue;
        }
        verified.read += blob.size;
        let what = match came {
            Ok(()) => {
                verified.good.insert(blob.digest);
                continue;
            }
            Err(Failure::NotVerified(what)) => what,
            // What is not there is damage as well; what may not be read is no verdict.
            Err(Failure::Refused(what)) if !held(place, &blob).await? => what,
            Err(failure) => return Err(failure),
        };
        verified.damaged.push(Damage {
            region: region.clone(),
            repository: repository.to_owned(),
            part: blob,
            what,
        });
    }
    Ok(verified)
}

async fn read(place: Place<'_>, blob: &Descriptor) -> Result<(), Failure> {
    place.registry.read(place.repository, blob).await
}

async fn held(place: Place<'_>, blob: &Descriptor) -> Result<bool, Failure> {
    let (registry, repository) = (place.registry, place.repository);
    registry.has_blob(repository, &blob.digest).await
}

/// Puts a good copy in the place of a damaged blob, where the registry lets it. It is removed only when the source's has been
/// read and is good. Some registries go on serving what they had: docker-registry keeps the content when the blob is removed
/// until its garbage is collected, and ECR removes no blob while an image names it. So the outcome is what is read last.
pub async fn repair(damage: &Damage, from: Place<'_>, to: Place<'_>) -> Result<Repair, Failure> {
    read(from, &damage.part).await?;
    let removed = to
        .registry
        .remove(to.repository, &damage.part.digest)
        .await?;
    if let Removal::NotAllowed(said) = removed {
        return Ok(Repair::Steps(damage.steps(&said.to_string())));
    }
    deliver(from, to, &damage.part, Missing::Refuse).await?;
    match read(to, &damage.part).await {
        Ok(()) => Ok(Repair::Repaired),
        Err(Failure::NotVerified(what)) => Ok(Repair::Steps(damage.steps(&what))),
        Err(failure) => Err(failure),
    }
}

impl Damage {
    pub(crate) fn told(&self) -> String {
        let (digest, what) = (&self.part.digest, &self.what);
        format!("the blob {digest} is damaged ({what}): verify again to have it replaced")
    }

    fn steps(&self, said: &str) -> String {
        let (digest, repository, region) = (&self.part.digest, &self.repository, &self.region);
        format!(
            "the blob {digest} in {repository} in {region} is damaged, and the registry does not let it be replaced ({said}): \
             remove from the registry every image that names it (ECR: batch-delete-image), let the registry collect its \
             garbage where it has to be told to, and copy the images again"
        )
    }
}
