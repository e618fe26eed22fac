//! What a restore by hand would do, and why it would be refused. It touches nothing, and needs no right to.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lifeboat_aws::Objects;
use lifeboat_core::{
    Failure,
    backup::{BackupKey, FilePath, judge},
};
use serde::{Deserialize, Serialize};

use crate::{
    Backup, Outcome,
    changes::{Change, Changes},
    order::Order,
    placed::Placed,
    restore::may_restore,
    source::Held,
    unpack::room,
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    pub backup: BackupKey,
    /// Why a restore would be refused now; empty where it would not.
    pub refused: Vec<String>,
    pub services: BTreeMap<String, Effects>,
    /// What would be fetched from the bucket.
    pub fetched_bytes: u64,
    /// Paths that do not fit into an answer.
    pub unlisted: u64,
}

/// What would become of a service's files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effects {
    pub put: Vec<FilePath>,
    pub replaced: Vec<FilePath>,
    pub removed: Vec<FilePath>,
    pub unchanged: u64,
}

/// How many paths are listed: an answer has at most six million bytes, and a path 1024.
const LISTED: usize = 2000;

pub(crate) async fn preview<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    order: &Order,
    clock: impl Fn() -> Timestamp,
) -> Result<Outcome, Failure> {
    let found = order.find(backup).await?;
    let manifest = found.manifest.as_ref();
    let judged = judge(
        &found.key,
        &found.all,
        manifest.map_err(Clone::clone),
        &order.overrides,
    );
    let mut refused = vec![];
    let may = may_restore(backup, order, clock).await;
    refused.extend(said(may.map(drop))?);
    refused.extend(
        judged
            .err()
            .map(|refusal| Failure::from(refusal).to_string()),
    );
    let mut preview = Preview {
        backup: found.key.clone(),
        refused,
        services: BTreeMap::new(),
        fetched_bytes: 0,
        unlisted: 0,
    };
    let Ok(manifest) = manifest else {
        return Ok(Outcome::Previewed { preview });
    };
    let placed = Placed::read(backup).await?;
    let mut left = LISTED;
    for source in &order.sources {
        let known = placed.standing(&source.service, &found.all);
        let changes = Changes::between(backup, manifest, source, known).await?;
        let first = changes.wanted().next();
        if let Some(beside) = first.and_then(|(source, path, _)| source.place.beside(path)) {
            let needed = changes.wanted().map(|(.., file)| file.bytes).sum();
            preview.refused.extend(said(room(backup, &beside, needed))?);
        }
        let chunks = changes.wanted().flat_map(|(.., file)| &file.chunks);
        preview.fetched_bytes += chunks.map(|chunk| u64::from(chunk.stored)).sum::<u64>();
        preview.unlisted += changes.changes.len().saturating_sub(left) as u64;
        let effects = effects(&changes, &mut left);
        preview.refused.extend(changes.barred);
        preview.services.insert(source.service.clone(), effects);
    }
    Ok(Outcome::Previewed { preview })
}

/// What would be answered; what cannot be told now is an error.
fn said(outcome: Result<(), Failure>) -> Result<Option<String>, Failure> {
    match outcome {
        Ok(()) => Ok(None),
        Err(Failure::Refused(why)) => Ok(Some(why)),
        Err(other) => Err(other),
    }
}

/// As many as may still be listed.
fn effects(changes: &Changes<'_>, left: &mut usize) -> Effects {
    let mut effects = Effects {
        unchanged: changes.same.len() as u64,
        ..Effects::default()
    };
    for change in changes.changes.iter().take(*left) {
        *left -= 1;
        match change {
            Change::Put {
                path,
                held: Held::Nothing,
                ..
            } => effects.put.push(path.clone()),
            Change::Put { path, .. } => effects.replaced.push(path.clone()),
            Change::Remove { path, .. } => effects.removed.push(path.clone()),
        }
    }
    effects
}
