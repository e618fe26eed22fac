//! What a backup is made of. `docs/format.md` tells every field; a manifest is believed only after all of it was checked.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{About, BackupKey, ContentId, FilePath, PackId};
use crate::{Failure, Invalid};

/// The format that this version writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// No chunk is longer when it is opened, so nobody needs more memory for one.
pub const LONGEST_CHUNK: u32 = 4 << 20;

/// No pack is longer, so that one fits into memory as a whole.
pub const LONGEST_PACK: u64 = 32 << 20;

/// No manifest is longer, so that one fits into memory as a whole: enough for a terabyte, or for half a million files.
pub const LONGEST_MANIFEST: u64 = 128 << 20;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub format: u32,
    pub application: String,
    pub backup: BackupKey,
    pub started: Timestamp,
    pub finished: Timestamp,
    /// The newest backup before this one; none for the first of its region's bucket, and where a warning says why.
    pub previous: Option<Previous>,
    /// What a person should know of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    pub services: BTreeMap<String, Files>,
    /// Every pack that any file needs, once.
    pub packs: Vec<PackUse>,
}

/// A link of the chain: a backup that was taken away or altered does not go unseen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Previous {
    pub backup: BackupKey,
    /// Of its manifest's bytes, in hexadecimal.
    pub sha256: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackUse {
    pub id: PackId,
    pub bytes: u64,
}

/// What a service has, file by file.
pub type Files = BTreeMap<FilePath, File>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub bytes: u64,
    pub content: ContentId,
    /// By which the source tells that the file is still the same; its own word, which nobody else reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    #[serde(default, skip_serializing_if = "Reading::is_consistent")]
    pub reading: Reading,
    /// What the source tells of it beside its bytes; nothing of one that is no object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Box<About>>,
    pub chunks: Vec<Chunk>,
}

/// Whether a file held still while it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    #[default]
    Consistent,
    /// It changed each time: what is stored may never have been in it at any one moment.
    ChangedMeanwhile,
}

impl Reading {
    fn is_consistent(&self) -> bool {
        *self == Self::Consistent
    }
}

/// Where a part of a file lies; written as a list, because there are many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Row", into = "Row")]
pub struct Chunk {
    pub content: ContentId,
    /// Which of the manifest's packs, from 0.
    pub pack: u32,
    pub offset: u32,
    /// The length of its frame there.
    pub stored: u32,
    /// How long it is when it is opened.
    pub bytes: u32,
}

type Row = (u32, u32, u32, u32, ContentId);

impl From<Row> for Chunk {
    fn from((pack, offset, stored, bytes, content): Row) -> Self {
        Self {
            content,
            pack,
            offset,
            stored,
            bytes,
        }
    }
}

impl From<Chunk> for Row {
    fn from(chunk: Chunk) -> Self {
        (
            chunk.pack,
            chunk.offset,
            chunk.stored,
            chunk.bytes,
            chunk.content,
        )
    }
}

impl Manifest {
    /// Reads and checks a manifest; what is wrong with it is wrong with the backup.
    pub fn parse(bytes: &[u8], application: &str, backup: &BackupKey) -> Result<Self, Failure> {
        let wrong = |why: String| Failure::NotVerified(format!("{}: {why}", backup.manifest()));
        // The format comes first: the fields of a newer one are not known here.
        let format: Format =
            serde_json::from_slice(bytes).map_err(|why| wrong(format!("not a manifest: {why}")))?;
        format.check().map_err(|why| wrong(why.to_string()))?;
        let manifest: Self =
            serde_json::from_slice(bytes).map_err(|why| wrong(format!("not a manifest: {why}")))?;
        let checked = manifest.check(application, backup);
        checked.map_err(|why| wrong(why.to_string()))?;
        Ok(manifest)
    }

    /// A manifest that speaks of another backup, or of what cannot be, is none.
    pub fn check(&self, application: &str, backup: &BackupKey) -> Result<(), Invalid> {
        if self.application != application {
            return Err(Invalid::new(
                "manifest.application",
                application,
                &self.application,
            ));
        }
        if self.backup != *backup {
            let (expected, found) = (backup.folder(), self.backup.folder());
            return Err(Invalid::new("manifest.backup", expected, found));
        }
        let ids: BTreeSet<&PackId> = self.packs.iter().map(|pack| &pack.id).collect();
        if ids.len() != self.packs.len() {
            return Err(Invalid::new(
                "manifest.packs",
                "each pack once",
                "one of them twice",
            ));
        }
        if let Some(pack) = self.packs.iter().find(|pack| pack.bytes > LONGEST_PACK) {
            let expected = format!("packs of at most {LONGEST_PACK} bytes");
            return Err(Invalid::new("manifest.packs", expected, pack.bytes));
        }
        for (service, files) in &self.services {
            crate::configuration::check_name("manifest.services", service)?;
            for (path, file) in files {
                let field = format!("manifest.services.{service}.{path}");
                if let Some(folder) = path.folders().find(|above| is_file(files, above)) {
                    return Err(Invalid::new(
                        field,
                        format!("{folder} to be a folder"),
                        "a file of that name",
                    ));
                }
                self.check_file(&field, file)?;
            }
        }
        Ok(())
    }

    /// Whether a file is made of what lies within the packs, and is told nothing of that nobody could put back.
    pub fn check_file(&self, field: &str, file: &File) -> Result<(), Invalid> {
        if let Some(about) = &file.about {
            about.check(&format!("{field}.about"))?;
        }
        for chunk in &file.chunks {
            let pack = self.packs.get(chunk.pack as usize);
            let end = u64::from(chunk.offset) + u64::from(chunk.stored);
            if pack.is_none_or(|pack| end > pack.bytes) {
                let found = format!("pack {} up to byte {end}", chunk.pack);
                return Err(Invalid::new(field, "chunks within the packs", found));
            }
            if chunk.bytes > LONGEST_CHUNK || chunk.bytes == 0 {
                let expected = format!("chunks of 1 to {LONGEST_CHUNK} bytes");
                return Err(Invalid::new(field, expected, chunk.bytes));
            }
        }
        let sum: u64 = file.chunks.iter().map(|chunk| u64::from(chunk.bytes)).sum();
        if sum != file.bytes {
            let expected = format!("chunks of {} bytes together", file.bytes);
            return Err(Invalid::new(field, expected, sum));
        }
        Ok(())
    }

    /// A backup of which one of these services has nothing cannot stand in for them.
    pub fn covers<'a>(&self, services: impl IntoIterator<Item = &'a str>) -> Result<(), Failure> {
        let mut services = services.into_iter();
        match services.find(|service| !self.services.contains_key(*service)) {
            None => Ok(()),
            Some(service) => Err(Failure::NotVerified(format!(
                "{} has nothing of {service}; choose another backup",
                self.backup.manifest()
            ))),
        }
    }

    /// The packs that are needed of it for these services.
    pub fn needed<'a>(
        &self,
        services: impl IntoIterator<Item = &'a str>,
    ) -> impl Iterator<Item = &PackUse> {
        let services = services.into_iter();
        let files = services.filter_map(|service| self.services.get(service));
        let chunks = files.flat_map(Files::values).flat_map(|file| &file.chunks);
        let packs: BTreeSet<u32> = chunks.map(|chunk| chunk.pack).collect();
        packs.into_iter().map(|pack| &self.packs[pack as usize])
    }

    /// How many bytes a restore of all of it puts in place.
    pub fn bytes(&self) -> u64 {
        let files = self.services.values().flat_map(BTreeMap::values);
        files.map(|file| file.bytes).sum()
    }
}

/// What a pack has for each chunk beside its frame: hash, length there, length when opened.
pub const PACK_ENTRY: usize = 32 + 4 + 4;

/// Of each pack, whether the next backup may build on it: of one that is hardly needed any more the few chunks are stored
/// again, so that packs can be pruned and a restore does not read here and there.
pub fn reusable(manifest: &Manifest) -> Vec<bool> {
    let mut used = vec![BTreeMap::new(); manifest.packs.len()];
    let files = manifest.services.values().flat_map(BTreeMap::values);
    for chunk in files.flat_map(|file| &file.chunks) {
        if let Some(used) = used.get_mut(chunk.pack as usize) {
            used.insert(chunk.offset, u64::from(chunk.stored) + PACK_ENTRY as u64);
        }
    }
    let packs = manifest.packs.iter().zip(used);
    let used = packs.map(|(pack, used)| (pack.bytes, used.values().sum::<u64>()));
    used.map(|(bytes, used)| 2 * used >= bytes).collect()
}

fn is_file(files: &Files, path: &str) -> bool {
    path.parse()
        .is_ok_and(|path: FilePath| files.contains_key(&path))
}

/// Whether a newer version wrote it.
pub fn is_newer(manifest: &[u8]) -> bool {
    serde_json::from_slice(manifest).is_ok_and(|Format { format }| format > FORMAT)
}

/// Which backup a manifest names as the one before it, whatever else is in it.
pub fn previous(manifest: &[u8]) -> Result<Option<Previous>, String> {
    #[derive(Deserialize)]
    struct Link {
        previous: Option<Previous>,
    }
    match serde_json::from_slice(manifest) {
        Ok(Link { previous }) => Ok(previous),
        Err(why) => Err(format!("not a manifest: {why}")),
    }
}

/// As much of a manifest of any format as all of them have.
#[derive(Debug, Deserialize)]
struct Format {
    format: u32,
}

impl Format {
    fn check(&self) -> Result<(), Invalid> {
        match self.format {
            FORMAT => Ok(()),
            newer if newer > FORMAT => Err(Invalid::new(
                "manifest.format",
                format!("at most {FORMAT}; a newer version of Lifeboat wrote this, and reads it"),
                newer,
            )),
            other => Err(Invalid::new("manifest.format", FORMAT, other)),
        }
    }
}

/// A backup in which these services have a file without a byte; whether the pack that it names is there is up to the test.
#[cfg(any(test, feature = "samples"))]
pub fn sample<'a>(backup: &BackupKey, services: impl IntoIterator<Item = &'a str>) -> Manifest {
    let file = File {
        bytes: 0,
        content: ContentId::new([0; 32]),
        mark: None,
        reading: Reading::Consistent,
        about: None,
        chunks: vec![],
    };
    let path: Option<FilePath> = "db.json".parse().ok();
    let files: Files = path.into_iter().map(|path| (path, file.clone())).collect();
    let services = services.into_iter();
    Manifest {
        format: FORMAT,
        application: "forum".into(),
        backup: backup.clone(),
        started: backup.name.at,
        finished: backup.name.at,
        previous: None,
        warnings: vec![],
        services: services.map(|s| (s.to_owned(), files.clone())).collect(),
        packs: vec![PackUse {
            id: PackId::new([0; 32]),
            bytes: 3,
        }],
    }
}

#[cfg(test)]
mod tests;
