//! What a restore would do, file by file.

use std::io;

use lifeboat_aws::Objects;
use lifeboat_core::{
    Failure,
    backup::{self, FilePath, Files, Manifest},
};

use crate::{
    Backup,
    placed::Service,
    source::{Found, Held, Mark, Source},
};

/// What a restore does to one file.
#[derive(Debug)]
pub(crate) enum Change<'a> {
    Put {
        source: &'a Source,
        path: FilePath,
        file: &'a backup::File,
        held: Held,
    },
    /// The backup has no such file.
    Remove {
        source: &'a Source,
        path: FilePath,
        held: Held,
    },
}

impl Change<'_> {
    pub(crate) fn source(&self) -> &Source {
        match self {
            Self::Put { source, .. } | Self::Remove { source, .. } => source,
        }
    }

    /// Whether something would be lost by it that is in no backup.
    pub(crate) fn loses(&self) -> bool {
        let (Self::Put { held, .. } | Self::Remove { held, .. }) = self;
        match held {
            Held::Nothing | Held::Same(_) | Held::Placed => false,
            Held::Other => true,
        }
    }
}

/// What lies between a service's data and a backup.
#[derive(Debug, Default)]
pub(crate) struct Changes<'a> {
    pub changes: Vec<Change<'a>>,
    pub same: Vec<(&'a FilePath, &'a backup::File, Option<Mark>)>,
    /// Why some of it cannot be put in place.
    pub barred: Vec<String>,
}

impl<'a> Changes<'a> {
    pub(crate) async fn between<C: Objects, B: Objects>(
        backup: &Backup<'_, C, B>,
        manifest: &'a Manifest,
        source: &'a Source,
        placed: Option<&Service>,
    ) -> Result<Self, Failure> {
        let held = match source.find().await {
            // Nothing was ever there.
            Err(why) if why.kind() == io::ErrorKind::NotFound => Found::default(),
            found => backup.io("list", &source.place, found)?,
        };
        let marks = &held.marks;
        let mut found = Self::default();
        let promised = manifest.services.get(&source.service);
        for (path, file) in promised.into_iter().flatten() {
            if let Some(why) = source.place.bars(path) {
                found.barred.push(why);
                continue;
            }
            let known = placed.and_then(|placed| placed.files.get(path));
            let held = source.compare(path, file, known, marks.get(path)).await;
            match backup.io("read", source.place.at(path), held)? {
                Held::Same(mark) => found.same.push((path, file, mark)),
                held => found.changes.push(Change::Put {
                    source,
                    path: path.clone(),
                    file,
                    held,
                }),
            }
        }
        let promises =
            |path: &FilePath| promised.is_some_and(|files: &Files| files.contains_key(path));
        for path in held.files.into_iter().filter(|path| !promises(path)) {
            let known = placed.and_then(|placed| placed.files.get(&path));
            let mark = match marks.get(&path) {
                Some(mark) => Some(mark.clone()),
                None => backup.io("read", source.place.at(&path), source.mark(&path).await)?,
            };
            let is_known =
                mark.is_some_and(|mark| known.is_some_and(|known| known.mark == mark.text));
            let held = match is_known {
                true => Held::Placed,
                false => Held::Other,
            };
            found.changes.push(Change::Remove { source, path, held });
        }
        Ok(found)
    }

    /// What is to be fetched.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = (&Source, &FilePath, &'a backup::File)> {
        self.changes.iter().filter_map(|change| match change {
            Change::Put {
                source, path, file, ..
            } => Some((*source, path, *file)),
            Change::Remove { .. } => None,
        })
    }
}
