//! Reads what the backups of the bucket say of each other.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, stream};
use jiff::Timestamp;
use lifeboat_aws::{Objects, backups};
use lifeboat_core::{
    Failure,
    backup::{
        self, BackupKey, Chain, Harm, Kind,
        chain::{Facts, Judged, Link, Read, judge},
    },
};
use sha2::{Digest, Sha256};

use crate::{Backup, damage, prune};

/// How many manifests are read at once; each is in memory as a whole.
const AT_ONCE: usize = 4;

/// Every backup of the bucket; or why its manifest cannot be read.
pub(crate) type Backups = BTreeMap<BackupKey, Result<Read, String>>;

pub(crate) fn read(manifest: &[u8]) -> Read {
    Read {
        sha256: hex::encode(Sha256::digest(manifest)),
        previous: backup::previous(manifest),
    }
}

/// The chain from a backup downwards.
pub(crate) async fn walk<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    from: &BackupKey,
    now: Timestamp,
) -> Result<Vec<Judged>, Failure> {
    let all = backups::all(backup.backups, Kind::Backup).await?;
    let found = stream::iter(all).map(async |key| {
        let found = match backups::manifest(backup.backups, &key).await {
            Ok(Some(found)) => Ok(read(&found.body)),
            // It went since it was listed.
            Ok(None) => return None,
            Err(why) => Err(why.to_string()),
        };
        Some((key, found))
    });
    let found: Vec<_> = found.buffer_unordered(AT_ONCE).collect().await;
    let backups = found.into_iter().flatten().collect();
    Ok(links(backup, &backups, Some(from), now).await)
}

/// After the manifests were read: what a prune took meanwhile is in its record by now.
pub(crate) async fn links<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    backups: &Backups,
    from: Option<&BackupKey>,
    now: Timestamp,
) -> Vec<Judged> {
    let facts = Facts {
        here: &backup.configuration.region,
        backups,
        pruned: prune::pruned(backup).await.map_err(|why| why.to_string()),
        now,
    };
    judge(&facts, from)
}

/// Says what is broken, and remembers it.
pub(crate) async fn told<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    links: &[Judged],
) -> Chain {
    let broken = links.iter().filter_map(|Judged { by, link }| match link {
        Link::Altered(of) => {
            let why = format!("it is not what it was when {} was taken", by.name);
            Some((of.manifest(), Harm::Damaged(why)))
        }
        Link::Missing(of) => Some((of.manifest(), Harm::Gone)),
        Link::Holds(_) | Link::Pruned(_) | Link::CannotTell(..) => None,
    });
    let broken = broken.collect::<BTreeMap<_, _>>();
    if !broken.is_empty() {
        damage::note(backup, broken).await;
    }
    let chain = Chain::new(backup.configuration, links);
    for unclear in &chain.unclear {
        tracing::warn!("{unclear}");
    }
    chain
}

/// The manifests that a break in the chain is about.
pub(crate) fn broken(links: &[Judged]) -> BTreeSet<String> {
    let broken = links.iter().filter_map(|judged| match &judged.link {
        Link::Altered(of) | Link::Missing(of) => Some(of.manifest()),
        Link::Holds(_) | Link::Pruned(_) | Link::CannotTell(..) => None,
    });
    broken.collect()
}
