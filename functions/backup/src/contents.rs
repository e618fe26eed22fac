use lifeboat_aws::Objects;
use lifeboat_core::{
    Failure, Invalid,
    backup::{self, Content, Contents, Files, Reading},
};
use lifeboat_pack::files_id;

use crate::Backup;

/// Reads everything and writes nothing.
pub(crate) async fn contents<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
) -> Result<Contents, Failure> {
    let mut contents = Contents::new();
    for source in backup.sources() {
        let found = source.find().await;
        let mut held = Files::new();
        for path in backup.io("list", &source.place, found)?.files {
            let at = source.place.at(&path);
            let content = backup.io("read", &at, source.content(&path).await)?;
            let (bytes, content) = content.ok_or_else(|| {
                Invalid::new(at, "data that nobody writes", "a file that vanished")
            })?;
            held.insert(path, file(bytes, content));
        }
        contents.insert(source.service, content(&held));
    }
    Ok(contents)
}

fn file(bytes: u64, content: backup::ContentId) -> backup::File {
    backup::File {
        bytes,
        content,
        mark: None,
        reading: Reading::Consistent,
        about: None,
        chunks: vec![],
    }
}

pub(crate) fn content(files: &Files) -> Content {
    Content {
        files: files.len() as u64,
        bytes: files.values().map(|file| file.bytes).sum(),
        content: files_id(files),
    }
}
