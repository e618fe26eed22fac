//! One blob on its way.

use lifeboat_core::Failure;

use super::{Missing, Place, plan::Went};
use crate::{manifest::Descriptor, reference::Digest, registry::Begun, wire::again};

const TRIES: u32 = 4;

pub(super) async fn ask(to: Place<'_>, blob: &Digest) -> Went {
    match again(TRIES, || to.registry.has_blob(to.repository, blob)).await {
        Ok(true) => Went::Held,
        Ok(false) => Went::Lacking,
        Err(failure) => Went::Failed(failure),
    }
}

/// Sends a blob that may be there already: a try whose answer was lost has sent it.
pub(super) async fn send(
    from: Place<'_>,
    to: Place<'_>,
    blob: &Descriptor,
    missing: Missing,
) -> Went {
    let sent = deliver(from, to, blob, missing).await;
    sent.map_or_else(Went::Failed, |()| Went::Held)
}

/// Answers once the blob is there.
pub(crate) async fn deliver(
    from: Place<'_>,
    to: Place<'_>,
    blob: &Descriptor,
    missing: Missing,
) -> Result<(), Failure> {
    again(TRIES, || attempt(from, to, blob, missing)).await
}

async fn attempt(
    from: Place<'_>,
    to: Place<'_>,
    blob: &Descriptor,
    missing: Missing,
) -> Result<(), Failure> {
    if to.registry.has_blob(to.repository, &blob.digest).await? {
        return Ok(());
    }
    let (begun, download) = futures::join!(
        begin(to, &blob.digest, None, missing),
        from.registry.download(from.repository, blob)
    );
    // What the source lacks matters more than where it would have gone.
    let download = download?;
    let Begun::At(place) = begun? else {
        return Ok(());
    };
    let fate = download.fate();
    let uploaded = to
        .registry
        .upload(to.repository, place, blob, download.into_body())
        .await;
    // The target only saw that the body ended.
    fate.failure().map_or(uploaded, Err)
}

pub(super) async fn mount(from: &str, to: Place<'_>, blob: &Digest, missing: Missing) -> Went {
    let begun = again(TRIES, || begin(to, blob, Some(from), missing));
    match begun.await {
        Ok(Begun::Mounted) => Went::Mounted,
        // An upload that nobody goes on with is forgotten by the registry.
        Ok(Begun::At(_) | Begun::NoRepository(_)) => Went::NotMounted,
        // It may not be read there. Whether it may be written here is seen when it is sent.
        Err(Failure::Refused(_)) => Went::NotMounted,
        Err(failure) => Went::Failed(failure),
    }
}

async fn begin(
    to: Place<'_>,
    blob: &Digest,
    from: Option<&str>,
    missing: Missing,
) -> Result<Begun, Failure> {
    let (repository, region) = (to.repository, to.registry.region());
    let said = match to.registry.begin(repository, blob, from).await? {
        Begun::NoRepository(said) => said,
        begun => return Ok(begun),
    };
    match missing {
        Missing::Refuse => Err(Failure::Refused(format!(
            "{said}: create the repository {repository} in {region}, and copy again"
        ))),
        Missing::Create => {
            to.registry.create(repository).await?;
            match to.registry.begin(repository, blob, from).await? {
                Begun::NoRepository(said) => Err(said),
                begun => Ok(begun),
            }
        }
    }
}
