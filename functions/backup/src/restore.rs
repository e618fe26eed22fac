use std::{collections::BTreeMap, path::Path, time::Duration};

use jiff::{SignedDuration, Timestamp};
use lifeboat_aws::Objects;
use lifeboat_core::{
    Failure,
    backup::{self, Contents, FilePath, Kind, Manifest, Overrides, Restored},
    idle,
};

use crate::{
    Backup, Outcome, by_hand,
    changes::{Change, Changes},
    contents::content,
    create::save_aside,
    order::{By, Chosen, Order},
    placed::{Placed, Service},
    rehearse::{Right, rehearse},
    source::{Mark, Source},
    unpack::{check_through, room, unpack},
};

/// Everything is fetched and verified beside the data, and what would be lost is a backup of its own, before any of it is
/// put in place.
pub(crate) async fn restore<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    order: &Order,
    clock: impl Fn() -> Timestamp,
) -> Result<Outcome, Failure> {
    let started = clock();
    let may = async || may_restore(backup, order, &clock).await;
    let said = may().await?;
    let mut chosen = order.choose(backup).await?;
    chosen.said(said);
    let placed = Placed::read(backup).await?;
    let mut found = vec![];
    for source in &order.sources {
        // Before anything is compared: from here on no earlier restore changes it.
        backup.io("begin in", &source.place, source.begin().await)?;
        let known = placed.standing(&source.service, &chosen.all);
        let changes = Changes::between(backup, &chosen.manifest, source, known).await?;
        if let Some(why) = changes.barred.first() {
            return Err(Failure::Refused(why.clone()));
        }
        let wanted = changes.wanted().map(|(_, path, _)| path.clone()).collect();
        backup.io("clear", &source.place, source.clear(wanted).await)?;
        found.push(changes);
    }
    let scratch = tempfile::tempdir();
    let scratch = backup.io("create", "a scratch folder", scratch)?;
    fetch(backup, &may, &chosen, &found, scratch.path()).await?;
    keep(backup, &found, &clock).await?;
    let mut put = vec![];
    for change in found.iter().flat_map(|found| &found.changes) {
        match change {
            Change::Put {
                source, path, file, ..
            } => {
                let ready = match source.place.beside(path) {
                    Some(beside) => beside,
                    None => {
                        let ready = scratch.path().join("ready");
                        let wanted = [(*file, ready.clone())];
                        unpack(backup, &chosen.from, &chosen.manifest, &wanted).await?;
                        ready
                    }
                };
                // All that takes time is over, and the right to write may have gone meanwhile.
                may().await?;
                let done = source.put(path, file, &ready).await;
                let mark = backup.io("put in place", source.place.at(path), done)?;
                put.push((*source, path, *file, mark));
            }
            Change::Remove { source, path, .. } => {
                may().await?;
                let removed = source.remove(path).await;
                backup.io("remove", source.place.at(path), removed)?;
            }
        }
    }
    for source in &order.sources {
        // The data is in place; the next restore removes what this one cannot.
        if let Err(why) = source.end().await {
            tracing::warn!("something is left in {}: {why}", source.place);
        }
    }
    let noted = note(order, &chosen.manifest, &found, put, &clock).await;
    placed.write(backup, noted).await;
    Ok(restored(backup, order, chosen, (started, clock())))
}

/// As much is fetched between two looks at whether it still may.
const AT_ONCE: u64 = 64 << 20;

/// As far as there is room beside the data; of the rest it is seen that it is there and right.
async fn fetch<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    may: impl AsyncFn() -> Result<Overrides, Failure>,
    Chosen { from, manifest, .. }: &Chosen<B>,
    found: &[Changes<'_>],
    scratch: &Path,
) -> Result<(), Failure> {
    let (mut wanted, mut later) = (vec![], vec![]);
    for (source, path, file) in found.iter().flat_map(Changes::wanted) {
        match source.place.beside(path) {
            Some(beside) => wanted.push((file, beside)),
            None => later.push((file, source.place.at(path))),
        }
    }
    if let Some(largest) = later.iter().map(|(file, _)| file.bytes).max() {
        room(backup, scratch, largest)?;
    }
    if let Some((_, to)) = wanted.first() {
        room(backup, to, wanted.iter().map(|(file, _)| file.bytes).sum())?;
    }
    let mut left = wanted.as_slice();
    while !left.is_empty() {
        may().await?;
        let mut bytes = 0;
        let fitting = left.iter().take_while(|(file, _)| {
            let fits = bytes < AT_ONCE;
            bytes += file.bytes;
            fits
        });
        let (now, rest) = left.split_at(fitting.count());
        unpack(backup, from, manifest, now).await?;
        left = rest;
    }
    may().await?;
    check_through(backup, from, manifest, &later).await
}

/// How long a restore that nobody waits for waits until marks tell: longer is a clock that is wrong.
const SETTLES: SignedDuration = SignedDuration::from_secs(5);

/// By which the next restore knows what this one has put in place, or found.
async fn note(
    order: &Order,
    manifest: &Manifest,
    found: &[Changes<'_>],
    put: Vec<(&Source, &FilePath, &backup::File, Option<Mark>)>,
    clock: impl Fn() -> Timestamp,
) -> BTreeMap<String, Service> {
    let settled = put
        .iter()
        .filter_map(|(.., mark)| Some(mark.as_ref()?.settled));
    let settled = settled.max();
    let wait = settled.map(|at| at.duration_since(clock()));
    match (&order.by, wait) {
        (By::Schedule(_), Some(wait)) if wait > SignedDuration::ZERO && wait < SETTLES => {
            tokio::time::sleep(wait.unsigned_abs() + Duration::from_millis(1)).await;
        }
        // Who waits for it, a region that shall serve or a person, is not kept waiting.
        (By::Execution(_) | By::Import(_) | By::Person | By::Schedule(_), _) => {}
    }
    let now = clock();
    let mut noted = BTreeMap::new();
    for (source, found) in order.sources.iter().zip(found) {
        let mut service = Service::new(&manifest.backup);
        for (path, file, mark) in &found.same {
            if let Some(mark) = mark {
                service.note(path, file, mark, now);
            }
        }
        noted.insert(source.service.clone(), service);
    }
    for (source, path, file, mark) in put {
        // Otherwise somebody has written it since.
        if let Some(mark) = mark
            && source.mark(path).await.ok().flatten().as_ref() == Some(&mark)
            && let Some(service) = noted.get_mut(&source.service)
        {
            service.note(path, file, &mark, now);
        }
    }
    noted
}

/// The same as far as it can be seen without touching the services' data.
pub(crate) async fn into_scratch<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    order: &Order,
    clock: impl Fn() -> Timestamp,
) -> Result<Outcome, Failure> {
    let started = clock();
    let chosen = rehearsed(backup, order, &clock).await?;
    Ok(restored(backup, order, chosen, (started, clock())))
}

/// The backup that is meant, once every byte of it that is wanted was restored beside the data and read back.
pub(crate) async fn rehearsed<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    order: &Order,
    clock: impl Fn() -> Timestamp,
) -> Result<Chosen<B>, Failure> {
    let may = async || may_restore(backup, order, &clock).await.map(drop);
    may().await?;
    let chosen = order.choose(backup).await?;
    let Chosen { manifest, from, .. } = &chosen;
    let services = order.services();
    rehearse(backup, from, manifest, services, may, &Right::default()).await?;
    Ok(chosen)
}

/// What would be lost, as a backup of its own; one that was killed is kept again from where it is.
async fn keep<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    found: &[Changes<'_>],
    clock: impl Fn() -> Timestamp,
) -> Result<(), Failure> {
    let changes = found
        .iter()
        .filter_map(|found| found.changes.iter().find(|c| c.loses()));
    let sources: Vec<Source> = changes.map(|change| change.source().clone()).collect();
    if sources.is_empty() {
        return Ok(());
    }
    let epoch = backup.state().await?.epoch;
    save_aside(backup, Kind::Replaced, epoch, sources, clock)
        .await
        .map(drop)
}

pub(crate) fn restored<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    order: &Order,
    chosen: Chosen<B>,
    (started, finished): (Timestamp, Timestamp),
) -> Outcome {
    let Chosen {
        manifest,
        overridden,
        ..
    } = chosen;
    let of = |service: &str| {
        let files = manifest.services.get(service)?;
        Some((service.to_owned(), content(files)))
    };
    let to_import = match &order.by {
        By::Execution(_) => backup.configuration.importing().filter_map(of).collect(),
        // What it is about is all.
        By::Import(_) | By::Person | By::Schedule(_) => Contents::new(),
    };
    let restored = Restored {
        backup: manifest.backup.clone(),
        started,
        finished,
        services: order.services().filter_map(of).collect(),
        to_import,
    };
    Outcome::Restored {
        restored,
        overridden,
    }
}

/// What a person's word is taken for.
pub(crate) async fn may_restore<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    order: &Order,
    clock: impl Fn() -> Timestamp,
) -> Result<Overrides, Failure> {
    let (state, me) = (backup.state().await?, &backup.configuration.region);
    match &order.by {
        By::Execution(by) => backup::may_restore(me, &state, (&by.arn, by.epoch))?,
        By::Import(by) => backup::may_import(me, &state, (&by.arn, by.epoch))?,
        By::Person => return by_hand::may(backup, order, &state, clock).await,
        By::Schedule(epoch) => idle::still(me, &state, *epoch).map_err(Failure::Stale)?,
    }
    Ok(Overrides::default())
}
