//! What a restore is asked for, checked before anything is touched.

use std::collections::BTreeSet;

use lifeboat_aws::{Below, Objects, backups};
use lifeboat_core::{
    Epoch, Failure, Invalid,
    backup::{self, BackupKey, BackupName, Choice, Flaw, Kind, Lack, Manifest, Overrides, judge},
    configuration::Through,
};

use crate::{
    Backup,
    event::Execution,
    find::{self, Meant, meant},
    source::Source,
};

#[derive(Debug)]
pub(crate) struct Order {
    pub choice: Choice,
    pub sources: Vec<Source>,
    pub overrides: Overrides,
    pub by: By,
}

#[derive(Debug)]
pub(crate) enum By {
    /// Before it starts tasks: all that needs none.
    Execution(Execution),
    /// Once they run: what only they can take.
    Import(Execution),
    Person,
    /// In the epoch at which it began.
    Schedule(Epoch),
}

/// The backup that is meant, whatever it is.
pub(crate) struct Candidate<B> {
    pub key: BackupKey,
    pub from: Below<B>,
    pub all: Vec<BackupKey>,
    pub manifest: Result<Manifest, Flaw>,
}

/// A backup that may be restored.
pub(crate) struct Chosen<B> {
    pub manifest: Manifest,
    /// Where it lies.
    pub from: Below<B>,
    pub all: Vec<BackupKey>,
    pub overridden: Overrides,
}

impl<B> Chosen<B> {
    /// What else a person's word was taken for.
    pub(crate) fn said(&mut self, said: Overrides) {
        if let Some(reason) = said.nothing_writes {
            let backup = &self.manifest.backup.name;
            tracing::warn!(%backup, "restored where it serves, for nothing writes there: {reason}");
            self.overridden.nothing_writes = Some(reason);
        }
    }
}

impl Order {
    pub(crate) fn new<C: Objects, B: Objects>(
        backup: &Backup<'_, C, B>,
        choice: Choice,
        services: Option<BTreeSet<String>>,
        overrides: Overrides,
        by: By,
    ) -> Result<Self, Failure> {
        overrides.validate()?;
        if matches!(by, By::Execution(_) | By::Import(_)) {
            // An execution brings up everything, and nobody stands behind it who knows better.
            let none = |field, given: bool| match given {
                true => Err(Invalid::new(field, "none for an execution", "some")),
                false => Ok(()),
            };
            none("services", services.is_some())?;
            none("overrides", !overrides.is_empty())?;
        }
        let known = backup.services().join(", ");
        let expected = format!("some of {known}");
        let mut sources = sources(backup, &by);
        if let Some(services) = services {
            if services.is_empty() {
                return Err(Invalid::new("services", expected, "an empty list").into());
            }
            let is_known = |name: &str| sources.iter().any(|source| source.service == name);
            if let Some(unknown) = services.iter().find(|name| !is_known(name)) {
                return Err(Invalid::new("services", expected, format!("{unknown:?}")).into());
            }
            sources.retain(|source| services.contains(&source.service));
        }
        Ok(Self {
            choice,
            sources,
            overrides,
            by,
        })
    }

    /// By the backup's name.
    pub(crate) fn scheduled<C: Objects, B: Objects>(
        backup: &Backup<'_, C, B>,
        newest: BackupName,
        epoch: Epoch,
    ) -> Self {
        let by = By::Schedule(epoch);
        Self {
            choice: Choice::Named(newest),
            sources: sources(backup, &by),
            overrides: Overrides::default(),
            by,
        }
    }

    pub(crate) fn services(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().map(|source| source.service.as_str())
    }

    /// The backup that is meant, if it may be restored.
    pub(crate) async fn choose<C: Objects, B: Objects>(
        &self,
        backup: &Backup<'_, C, B>,
    ) -> Result<Chosen<B>, Failure> {
        let Candidate {
            key,
            from,
            all,
            manifest,
        } = self.find(backup).await?;
        let (manifest, overridden) = judge(&key, &all, manifest, &self.overrides)?;
        if let Some(reason) = &overridden.lower_epoch {
            tracing::warn!(backup = %key.name, "restored in spite of its lower epoch: {reason}");
        }
        Ok(Chosen {
            manifest,
            from,
            all,
            overridden,
        })
    }

    pub(crate) async fn find<C: Objects, B: Objects>(
        &self,
        backup: &Backup<'_, C, B>,
    ) -> Result<Candidate<B>, Failure> {
        let all = self.all(backup).await?;
        let Meant { key, from, cold } = meant(backup, &all, self.choice).await?;
        let services: Vec<&str> = match self.by {
            // What is wrong with what is imported later is found before a task starts.
            By::Execution(_) => backup.services(),
            By::Import(_) | By::Person | By::Schedule(_) => self.services().collect(),
        };
        let manifest = match cold {
            Some(why) => Err(Flaw::Archived(why)),
            None => look(backup, &from, &key, &services).await?,
        };
        Ok(Candidate {
            key,
            from,
            all,
            manifest,
        })
    }

    /// Every backup; what a restore replaced or a salvage holds only where a person names it.
    async fn all<C: Objects, B: Objects>(
        &self,
        backup: &Backup<'_, C, B>,
    ) -> Result<Vec<BackupKey>, Failure> {
        let mut all = backups::all(backup.backups, Kind::Backup).await?;
        if let Choice::Named(BackupName { kind, .. }) = self.choice
            && kind != Kind::Backup
            && matches!(self.by, By::Person)
        {
            all.extend(backups::all(backup.backups, kind).await?);
        }
        Ok(all)
    }
}

/// What it is about.
fn sources<C: Objects, B: Objects>(backup: &Backup<'_, C, B>, by: &By) -> Vec<Source> {
    let mut sources = backup.sources();
    let through = |source: &Source| backup.configuration.through(&source.service);
    match by {
        By::Execution(_) | By::Schedule(_) => sources.retain(|s| through(s) == Through::Storage),
        By::Import(_) => sources.retain(|s| through(s) == Through::Tasks),
        By::Person => {}
    }
    sources
}

/// Its manifest, where it is right and all that is wanted of it is there.
pub(crate) async fn look<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    from: &impl Objects,
    key: &BackupKey,
    services: &[&str],
) -> Result<Result<Manifest, Flaw>, Failure> {
    let lacks = |lack: Lack| {
        let said = lack.said_of(backup.configuration, &from.object(&lack.object(key)));
        Ok(Err(Flaw::Damaged(format!(
            "{} is not whole here: {said}",
            key.name
        ))))
    };
    let found = match find::bytes(backup, from, key).await {
        Err(Failure::NotVerified(why)) => return Ok(Err(Flaw::Damaged(why))),
        other => other?,
    };
    let Some(found) = found else {
        return lacks(Lack::Manifest);
    };
    let services = || services.iter().copied();
    let read = find::parse(backup, from, key, &found.body).await;
    let covers = |manifest: Manifest| manifest.covers(services()).map(|()| manifest);
    let manifest = match read.and_then(covers) {
        Ok(manifest) => manifest,
        Err(Failure::NotVerified(why)) if backup::is_newer(&found.body) => {
            return Ok(Err(Flaw::Newer(why)));
        }
        Err(Failure::NotVerified(why)) => return Ok(Err(Flaw::Damaged(why))),
        Err(other) => return Err(other),
    };
    let damages = backups::damages(backup.control).await;
    if let Some(altered) = backups::altered(from, &damages, key).await? {
        return lacks(altered);
    }
    let packs = backups::Packs::of(from, damages).await?;
    match packs.lack_one_of(manifest.needed(services())) {
        Some(lack) => lacks(lack),
        None => Ok(Ok(manifest)),
    }
}
