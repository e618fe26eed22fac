//! Chunks go to the bucket in packs, so that neither requests nor small objects cost more than the data.

use lifeboat_core::backup::PackId;

use crate::{Sealed, index, pack_id};

/// `LBPACK`, a zero, and the version of the format.
pub const HEADER: [u8; 8] = *b"LBPACK\0\x01";

/// A pack that has this much is full. Small enough to be held in memory, several at a time, within a function of 128 MB.
const FULL: usize = 4 << 20;

/// A pack that is being filled.
#[derive(Debug)]
pub struct Packer {
    bytes: Vec<u8>,
    entries: Vec<index::Entry>,
}

/// A full pack, as it goes to the bucket.
#[derive(Debug)]
pub struct Pack {
    pub id: PackId,
    pub bytes: Vec<u8>,
}

impl Default for Packer {
    fn default() -> Self {
        // Room for the chunk that makes it full: what grows bit by bit leaves holes in memory.
        let mut bytes = Vec::with_capacity(FULL + (1 << 20));
        bytes.extend(HEADER);
        Self {
            bytes,
            entries: Vec::new(),
        }
    }
}

impl Packer {
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn is_full(&self) -> bool {
        self.bytes.len() >= FULL || self.entries.len() >= index::MOST
    }

    /// Where the chunk lies in the pack.
    pub fn place(&mut self, sealed: &Sealed) -> index::Entry {
        let entry = index::Entry {
            id: sealed.id,
            // Packs end long before four gigabytes.
            offset: self.bytes.len() as u32,
            stored: sealed.frame.len() as u32,
            bytes: sealed.bytes,
        };
        self.bytes.extend_from_slice(&sealed.frame);
        self.entries.push(entry);
        entry
    }

    pub fn finish(mut self) -> Pack {
        index::write_index(&self.entries, &mut self.bytes);
        Pack {
            id: pack_id(&self.bytes),
            bytes: self.bytes,
        }
    }
}
