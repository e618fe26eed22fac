//! One chunk: compressed when it is stored, believed only when it is again what its name says.

use lifeboat_core::backup::ContentId;

use crate::{MAXIMUM, content_id};

/// A chunk as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    pub id: ContentId,
    /// How long it is when it is opened again.
    pub bytes: u32,
    /// One zstd frame.
    pub frame: Vec<u8>,
}

/// In what way a chunk or a pack is not what was promised.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Damaged(pub(crate) String);

/// Compresses chunk after chunk with the same working memory.
pub struct Compressor {
    zstd: zstd::bulk::Compressor<'static>,
    /// As long as a frame could become; each is kept as long as it is.
    frame: Vec<u8>,
}

impl std::fmt::Debug for Compressor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Compressor")
    }
}

impl Compressor {
    pub fn new(level: i32) -> std::io::Result<Self> {
        let zstd = zstd::bulk::Compressor::new(level)?;
        let frame = vec![];
        Ok(Self { zstd, frame })
    }

    /// Of a chunk no longer than the longest; anything else no reader would take.
    pub fn seal(&mut self, id: ContentId, chunk: &[u8]) -> std::io::Result<Sealed> {
        let bytes = u32::try_from(chunk.len()).ok();
        let bytes = bytes.filter(|bytes| *bytes as usize <= MAXIMUM);
        let bytes = bytes.ok_or_else(|| std::io::Error::other("a chunk beyond the maximum"))?;
        self.frame.clear();
        self.frame
            .reserve(zstd::zstd_safe::compress_bound(chunk.len()));
        self.zstd.compress_to_buffer(chunk, &mut self.frame)?;
        let frame = self.frame.clone();
        Ok(Sealed { id, bytes, frame })
    }
}

/// Opens chunk after chunk with the same working memory.
pub struct Opener(zstd::bulk::Decompressor<'static>);

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Opener")
    }
}

impl Opener {
    pub fn new() -> std::io::Result<Self> {
        zstd::bulk::Decompressor::new().map(Self)
    }

    /// Never writes more than was promised, and never gives out what has another name.
    pub fn open(&mut self, id: ContentId, bytes: u32, frame: &[u8]) -> Result<Vec<u8>, Damaged> {
        let promised = bytes as usize;
        if promised > MAXIMUM {
            let why = format!(
                "chunk {id} is promised to have {bytes} bytes, and none has more than {MAXIMUM}"
            );
            return Err(Damaged(why));
        }
        let opened = self.0.decompress(frame, promised);
        let chunk = opened.map_err(|why| Damaged(format!("chunk {id} cannot be opened: {why}")))?;
        let found = content_id(&chunk);
        if chunk.len() != promised || found != id {
            let length = chunk.len();
            let why =
                format!("chunk {id} of {bytes} bytes is {found} of {length} bytes when opened");
            return Err(Damaged(why));
        }
        Ok(chunk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(chunk: &[u8]) -> Sealed {
        let mut compressor = Compressor::new(3).unwrap();
        compressor.seal(content_id(chunk), chunk).unwrap()
    }

    fn open(sealed: &Sealed) -> Result<Vec<u8>, Damaged> {
        Opener::new()
            .unwrap()
            .open(sealed.id, sealed.bytes, &sealed.frame)
    }

    #[test]
    fn what_was_sealed_is_opened() {
        for chunk in [&b""[..], b"x", &[7; 100_000]] {
            assert_eq!(open(&sealed(chunk)).unwrap(), chunk);
        }
    }

    #[test]
    fn a_chunk_beyond_the_maximum_is_neither_sealed_nor_opened() {
        let long = vec![0; MAXIMUM + 1];
        let mut compressor = Compressor::new(3).unwrap();
        assert!(compressor.seal(content_id(&long), &long).is_err());
        let mut lies = sealed(b"x");
        lies.bytes = u32::MAX;
        assert!(
            open(&lies)
                .unwrap_err()
                .to_string()
                .contains("none has more")
        );
    }

    #[test]
    fn a_bomb_is_given_no_more_memory_than_it_promised() {
        let frame = zstd::bulk::compress(&vec![0; 1 << 30], 3).unwrap();
        assert!(frame.len() < 100_000);
        let bomb = Sealed {
            id: content_id(b"x"),
            bytes: 1,
            frame,
        };
        assert!(
            open(&bomb)
                .unwrap_err()
                .to_string()
                .contains("cannot be opened")
        );
    }

    #[test]
    fn a_flipped_bit_anywhere_is_seen() {
        let whole = sealed(b"the same words, the same words, the same words");
        for byte in 0..whole.frame.len() {
            for bit in 0..8 {
                let mut damaged = whole.clone();
                damaged.frame[byte] ^= 1 << bit;
                // A bit that zstd ignores changes nothing.
                if let Ok(opened) = open(&damaged) {
                    assert_eq!(content_id(&opened), whole.id);
                }
            }
        }
        for end in 0..whole.frame.len() {
            let mut short = whole.clone();
            short.frame.truncate(end);
            assert!(open(&short).is_err(), "{end}");
        }
    }
}
