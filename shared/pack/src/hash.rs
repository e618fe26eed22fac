//! The two hashes. Content is named by BLAKE3, which is fast enough to read everything again at each backup; a pack by
//! SHA-256, because S3 computes that one itself: it refuses an upload that is not what its name says, and tells of a
//! replica whether it is, without anybody reading it.

use lifeboat_core::backup::{ContentId, Files, PackId};
use sha2::{Digest, Sha256};

pub fn content_id(content: &[u8]) -> ContentId {
    ContentId::new(*blake3::hash(content).as_bytes())
}

pub fn pack_id(pack: &[u8]) -> PackId {
    PackId::new(Sha256::digest(pack).into())
}

/// What a service has as one hash: of each file, in the order of their names, the name's length, the name and the content's id.
pub fn files_id(files: &Files) -> ContentId {
    let mut hasher = blake3::Hasher::new();
    for (path, file) in files {
        let name = path.as_str();
        hasher.update(&(name.len() as u32).to_le_bytes());
        hasher.update(name.as_bytes());
        hasher.update(file.content.bytes());
    }
    ContentId::new(*hasher.finalize().as_bytes())
}

/// The id of content that comes in parts.
#[derive(Debug, Default)]
pub struct Hasher {
    hasher: blake3::Hasher,
    bytes: u64,
}

impl Hasher {
    pub fn update(&mut self, part: &[u8]) {
        self.hasher.update(part);
        self.bytes += part.len() as u64;
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn finish(&self) -> ContentId {
        ContentId::new(*self.hasher.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_and_packs_are_named_as_anybody_computes_it() {
        assert_eq!(
            content_id(b"abc").to_string(),
            "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"
        );
        assert_eq!(
            pack_id(b"abc").to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn content_in_parts_has_the_id_of_the_whole() {
        let mut hasher = Hasher::default();
        hasher.update(b"a");
        hasher.update(b"bc");
        assert_eq!((hasher.finish(), hasher.bytes()), (content_id(b"abc"), 3));
    }
}
