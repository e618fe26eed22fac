use std::{fs::File, io};

use lifeboat_aws::Objects;
use lifeboat_core::{
    Failure,
    backup::{Content, Contents},
};

use crate::{Backup, FILE, pack::Counted};

/// Reads everything and writes nothing.
pub(crate) fn contents<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
) -> Result<Contents, Failure> {
    let mut contents = Contents::new();
    for service in backup.services() {
        let data = backup.folder(service).join(FILE);
        let content = backup.io("read", &data, content(&data))?;
        contents.insert(service.to_owned(), content);
    }
    Ok(contents)
}

fn content(data: &std::path::Path) -> io::Result<Content> {
    let mut counted = Counted::new(File::open(data)?);
    io::copy(&mut counted, &mut io::sink())?;
    let sums = counted.sums();
    Ok(Content {
        bytes: sums.bytes,
        sha256: hex::encode(sums.sha256),
    })
}
