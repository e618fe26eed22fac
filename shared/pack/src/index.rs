//! The end of a pack says what is in it, so that a pack can be checked, and a lost manifest be replaced, by itself.

use lifeboat_core::backup::{ContentId, PACK_ENTRY};

use crate::{Damaged, HEADER, MAXIMUM};

/// Where a chunk lies in a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    pub id: ContentId,
    pub offset: u32,
    /// The length of its frame.
    pub stored: u32,
    /// How long it is when it is opened.
    pub bytes: u32,
}

impl Entry {
    /// Its frame in the pack; none where the pack ends before.
    pub fn frame<'a>(&self, pack: &'a [u8]) -> Option<&'a [u8]> {
        let start = self.offset as usize;
        pack.get(start..start.checked_add(self.stored as usize)?)
    }
}

/// The count of the entries, and a word that nothing follows.
const TRAILER: usize = 4 + END.len();
const END: [u8; 4] = *b"LBPE";

/// No pack has more chunks, so that its index is read with little memory.
pub(crate) const MOST: usize = 1 << 16;

pub(crate) fn write_index(entries: &[Entry], to: &mut Vec<u8>) {
    for entry in entries {
        to.extend_from_slice(entry.id.bytes());
        to.extend_from_slice(&entry.stored.to_le_bytes());
        to.extend_from_slice(&entry.bytes.to_le_bytes());
    }
    to.extend_from_slice(&(entries.len() as u32).to_le_bytes());
    to.extend_from_slice(&END);
}

/// What the end of a pack tells.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    Entries(Vec<Entry>),
    /// The index is longer than what was read: this many bytes of the pack's end hold it.
    Longer(u64),
}

/// What is in a pack of this length, by the word of its last bytes; the chunks are believed when they are opened.
pub fn find_index(end: &[u8], pack: u64) -> Result<Found, Damaged> {
    let damaged = |why: &str| Damaged(format!("not a whole pack: {why}"));
    let trailer = end.split_last_chunk::<TRAILER>();
    let (body, trailer) = trailer.ok_or_else(|| damaged("it ends before its index"))?;
    let count = trailer.strip_suffix(&END);
    let count = u32_of(count.ok_or_else(|| damaged("it does not end as one"))?) as usize;
    if count > MOST {
        return Err(damaged("it speaks of more chunks than any has"));
    }
    let length = (count * PACK_ENTRY + TRAILER) as u64;
    let frames = pack.checked_sub(length + HEADER.len() as u64);
    let frames = frames.ok_or_else(|| damaged("its index is longer than it"))?;
    let Some(start) = body.len().checked_sub(count * PACK_ENTRY) else {
        return Ok(Found::Longer(length));
    };
    let mut entries = Vec::with_capacity(count);
    let mut offset = HEADER.len() as u64;
    for entry in body[start..].chunks_exact(PACK_ENTRY) {
        let (id, lengths) = entry.split_at(32);
        let (stored, bytes) = lengths.split_at(4);
        let (stored, bytes) = (u32_of(stored), u32_of(bytes));
        if bytes as usize > MAXIMUM {
            return Err(damaged("a chunk in it is longer than any"));
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(id);
        entries.push(Entry {
            id: ContentId::new(hash),
            offset: u32::try_from(offset).map_err(|_| damaged("it is too long"))?,
            stored,
            bytes,
        });
        offset += u64::from(stored);
    }
    if offset != HEADER.len() as u64 + frames {
        return Err(damaged("its chunks do not fill it"));
    }
    Ok(Found::Entries(entries))
}

/// The same of a pack that is read whole.
pub fn read_index(pack: &[u8]) -> Result<Vec<Entry>, Damaged> {
    let damaged = |why: &str| Damaged(format!("not a whole pack: {why}"));
    let (magic, version) = HEADER.split_at(HEADER.len() - 1);
    let body = pack.strip_prefix(magic);
    let body = body.ok_or_else(|| damaged("it does not begin as one"))?;
    match body.first() {
        Some(found) if [*found] == *version => {}
        Some(other) => {
            let why = format!(
                "a pack of format {other}; this version of Lifeboat reads {}",
                version[0]
            );
            return Err(Damaged(why));
        }
        None => return Err(damaged("it ends before it begins")),
    }
    match find_index(pack, pack.len() as u64)? {
        Found::Entries(entries) => Ok(entries),
        Found::Longer(_) => Err(damaged("its index is longer than it")),
    }
}

/// Of four bytes, the lowest first.
fn u32_of(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .rev()
        .fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Compressor, Opener, Packer, content_id, pack_id};
    use proptest::prelude::*;

    fn packed(chunks: &[Vec<u8>]) -> (Vec<Entry>, crate::Pack) {
        let mut compressor = Compressor::new(1).unwrap();
        let mut packer = Packer::default();
        let place = |chunk: &Vec<u8>| {
            let sealed = compressor.seal(content_id(chunk), chunk).unwrap();
            packer.place(&sealed)
        };
        let placed = chunks.iter().map(place).collect();
        (placed, packer.finish())
    }

    proptest! {
        #[test]
        fn what_was_packed_is_found_and_opened(chunks: Vec<Vec<u8>>) {
            let (placed, pack) = packed(&chunks);
            prop_assert_eq!(pack.id, pack_id(&pack.bytes));
            let index = read_index(&pack.bytes).unwrap();
            prop_assert_eq!(&index, &placed);
            let mut opener = Opener::new().unwrap();
            for (entry, chunk) in index.iter().zip(&chunks) {
                let frame = entry.frame(&pack.bytes).unwrap();
                prop_assert_eq!(&opener.open(entry.id, entry.bytes, frame).unwrap(), chunk);
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let mut pack = HEADER.to_vec();
            pack.extend_from_slice(&bytes);
            pack.extend_from_slice(&END);
            let _ = read_index(&pack);
            let _ = read_index(&bytes);
        }
    }

    #[test]
    fn a_pack_that_is_cut_short_or_longer_is_refused() {
        let (_, pack) = packed(&[b"users".to_vec(), b"posts".to_vec()]);
        for end in 0..pack.bytes.len() {
            assert!(read_index(&pack.bytes[..end]).is_err(), "{end}");
        }
        let mut longer = pack.bytes.clone();
        longer.push(0);
        assert!(read_index(&longer).is_err());
    }

    #[test]
    fn a_newer_format_says_so() {
        let (_, mut pack) = packed(&[]);
        pack.bytes[7] = 2;
        let refused = read_index(&pack.bytes).unwrap_err().to_string();
        assert!(
            refused.contains("format 2") && refused.contains("reads 1"),
            "{refused}"
        );
    }

    #[test]
    fn the_end_of_a_pack_is_enough_and_says_how_much_of_it_is_needed() {
        let chunks: Vec<Vec<u8>> = (0..50u8).map(|n| vec![n; 10]).collect();
        let (placed, pack) = packed(&chunks);
        let end = |bytes: usize| &pack.bytes[pack.bytes.len() - bytes..];
        let whole = pack.bytes.len() as u64;
        assert_eq!(
            find_index(end(TRAILER), whole),
            Ok(Found::Longer(50 * 40 + 8))
        );
        assert_eq!(
            find_index(end(50 * 40 + 8), whole),
            Ok(Found::Entries(placed))
        );
        assert!(
            find_index(end(50 * 40 + 8), whole + 1).is_err(),
            "of another pack"
        );
    }

    #[test]
    fn an_index_that_lies_about_its_length_is_refused() {
        let (_, pack) = packed(&[b"users".to_vec()]);
        let count = pack.bytes.len() - TRAILER;
        for lie in [0, 2, u32::MAX] {
            let mut lying = pack.bytes.clone();
            lying[count..count + 4].copy_from_slice(&lie.to_le_bytes());
            assert!(read_index(&lying).is_err(), "{lie}");
        }
    }
}
