//! What the last restore put in place, so that a file that is still the same is known without reading it. It is only a
//! cache: what it does not know, or cannot know any more, is read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lifeboat_aws::{Objects, objects::Only};
use lifeboat_core::{
    Failure, SCHEMA,
    backup::{self, About, BackupKey, ContentId, FilePath},
};
use serde::{Deserialize, Serialize};

use crate::{Backup, source::Mark};

/// In the control bucket, which is not replicated: marks are of this region's files.
pub(crate) const KEY: &str = "placed.json";

#[derive(Debug, Default)]
pub(crate) struct Placed {
    pub services: BTreeMap<String, Service>,
    /// As it was read: whoever wrote meanwhile knows more.
    etag: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    schema: u32,
    services: BTreeMap<String, Service>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Service {
    /// Which all of the files are from.
    pub backup: BackupKey,
    pub files: BTreeMap<FilePath, Known>,
}

/// A file as it was put in place, or found to be the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Known {
    pub mark: String,
    pub bytes: u64,
    pub content: ContentId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Box<About>>,
}

impl Known {
    pub(crate) fn holds(&self, file: &backup::File) -> bool {
        let same = (self.bytes, self.content) == (file.bytes, file.content);
        same && self.about == file.about
    }
}

impl Service {
    pub(crate) fn new(backup: &BackupKey) -> Self {
        Self {
            backup: backup.clone(),
            files: BTreeMap::new(),
        }
    }

    /// A file that changed a moment ago is not noted: its mark would not tell if it changed again.
    pub(crate) fn note(
        &mut self,
        path: &FilePath,
        file: &backup::File,
        mark: &Mark,
        now: Timestamp,
    ) {
        if let Some(mark) = mark.settled(now) {
            let known = Known {
                mark,
                bytes: file.bytes,
                content: file.content,
                about: file.about.clone(),
            };
            self.files.insert(path.clone(), known);
        }
    }
}

impl Placed {
    pub(crate) async fn read<C: Objects, B: Objects>(
        backup: &Backup<'_, C, B>,
    ) -> Result<Self, Failure> {
        let Some(found) = backup.control.bucket().get(KEY).await? else {
            return Ok(Self::default());
        };
        let written: Option<Written> = serde_json::from_slice(&found.body).ok();
        let written = written.filter(|written| written.schema == SCHEMA);
        Ok(Self {
            services: written.map(|w| w.services).unwrap_or_default(),
            etag: Some(found.etag),
        })
    }

    /// Of a service, what is from a backup that still stands; only that may be replaced without being kept.
    pub(crate) fn standing(&self, service: &str, all: &[BackupKey]) -> Option<&Service> {
        let service = self.services.get(service)?;
        all.contains(&service.backup).then_some(service)
    }

    /// Whoever was first has noted something newer; and a restore does not fail because it cannot be remembered.
    pub(crate) async fn write<C: Objects, B: Objects>(
        mut self,
        backup: &Backup<'_, C, B>,
        services: BTreeMap<String, Service>,
    ) {
        let before = self.services.clone();
        self.services.extend(services);
        if self.services == before {
            return;
        }
        let written = Written {
            schema: SCHEMA,
            services: self.services,
        };
        let only = match &self.etag {
            Some(etag) => Only::IfStill(etag),
            None => Only::IfAbsent,
        };
        let bucket = backup.control.bucket();
        let written = match serde_json::to_vec(&written) {
            Ok(json) => bucket
                .put_only(KEY, json, only)
                .await
                .map_err(|why| why.to_string()),
            Err(why) => Err(why.to_string()),
        };
        if let Err(why) = written {
            tracing::warn!("the next restore reads every file: {why}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_schema_1_has_put_in_place_is_known() {
        let written: Written = lifeboat_core::stored::assert_reads(KEY);
        assert!(written.services["users"].files.len() == 1);
    }
}
