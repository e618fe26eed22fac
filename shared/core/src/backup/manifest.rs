use serde::{Deserialize, Serialize};

use super::BackupKey;
use crate::{Failure, Invalid, SCHEMA, check_schema};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub schema: u32,
    pub application: String,
    pub backup: BackupKey,
    pub files: Vec<File>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub service: String,
    pub key: String,
    /// Of the data itself, in hexadecimal.
    pub sha256: String,
    pub bytes: u64,
    pub compressed_sha256: String,
    pub compressed_bytes: u64,
}

impl Manifest {
    pub fn new(application: &str, backup: BackupKey, files: Vec<File>) -> Self {
        Self {
            schema: SCHEMA,
            application: application.into(),
            backup,
            files,
        }
    }

    /// Reads and checks a manifest; what is wrong with it is wrong with the data.
    pub fn parse(
        bytes: &[u8],
        application: &str,
        backup: &BackupKey,
        services: &[&str],
    ) -> Result<Self, Failure> {
        let manifest: Self = serde_json::from_slice(bytes).map_err(|why| {
            Failure::NotVerified(format!("{}: not a manifest: {why}", backup.manifest()))
        })?;
        manifest
            .check(application, backup, services)
            .map_err(|why| Failure::NotVerified(format!("{}: {why}", backup.manifest())))?;
        Ok(manifest)
    }

    /// A manifest that speaks of another backup, or lacks a service, is none.
    pub fn check(
        &self,
        application: &str,
        backup: &BackupKey,
        services: &[&str],
    ) -> Result<(), Invalid> {
        check_schema("manifest.schema", self.schema)?;
        if self.application != application {
            return Err(Invalid::new(
                "manifest.application",
                application,
                &self.application,
            ));
        }
        if self.backup != *backup {
            return Err(Invalid::new(
                "manifest.backup",
                backup.folder(),
                self.backup.folder(),
            ));
        }
        for service in services {
            match self
                .files
                .iter()
                .filter(|f| f.service == *service)
                .collect::<Vec<_>>()[..]
            {
                [file] if file.key == backup.data(service) => {}
                [file] => {
                    return Err(Invalid::new(
                        "manifest.files.key",
                        backup.data(service),
                        &file.key,
                    ));
                }
                ref found => {
                    return Err(Invalid::new(
                        "manifest.files",
                        format!("one file of {service}"),
                        found.len(),
                    ));
                }
            }
        }
        Ok(())
    }
}
