//! The two hashes. Content is named by BLAKE3, which is fast enough to read everything again at each backup; a pack by
//! SHA-256, because S3 computes that one itself: it refuses an upload that is not what its name says, and tells of a
//! replica whether it is, without anybody reading it.

use blake3::hazmat::{
    ChainingValue, HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root,
};
use lifeboat_core::backup::{ContentId, Files, PackId};
use serde::{Deserialize, Serialize};
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

/// The id of content that comes in parts. It can be put aside and gone on with: BLAKE3 is a tree, and of every whole piece
/// of the content one hash is all that is needed later.
#[derive(Debug, Clone, Default)]
pub struct Hasher {
    /// Of what came before the piece that is being read, the largest first.
    trees: Vec<ChainingValue>,
    pieces: u64,
    /// Of the last piece, which may be a whole one: only what comes after it tells that it is not the end.
    hasher: blake3::Hasher,
    filled: usize,
}

/// A power of two of BLAKE3's own chunks.
const PIECE: usize = 1 << 20;

/// What is kept of a hasher that is put aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aside {
    pieces: u64,
    trees: Vec<ContentId>,
}

impl Aside {
    /// How much of the content it stands for. What follows is read again.
    pub fn bytes(&self) -> u64 {
        self.pieces.saturating_mul(PIECE as u64)
    }
}

impl Hasher {
    pub fn update(&mut self, mut part: &[u8]) {
        while !part.is_empty() {
            if self.filled == PIECE {
                self.next_piece();
            }
            let (now, later) = part.split_at(part.len().min(PIECE - self.filled));
            self.hasher.update(now);
            self.filled += now.len();
            part = later;
        }
    }

    fn next_piece(&mut self) {
        let mut tree = self.hasher.finalize_non_root();
        self.pieces += 1;
        // Two trees of the same size are one, as often as a binary counter carries.
        for _ in 0..self.pieces.trailing_zeros() {
            if let Some(left) = self.trees.pop() {
                tree = merge_subtrees_non_root(&left, &tree, Mode::Hash);
            }
        }
        self.trees.push(tree);
        self.hasher = at(self.pieces);
        self.filled = 0;
    }

    pub fn bytes(&self) -> u64 {
        self.pieces * PIECE as u64 + self.filled as u64
    }

    pub fn finish(&self) -> ContentId {
        let Some((first, others)) = self.trees.split_first() else {
            return ContentId::new(*self.hasher.finalize().as_bytes());
        };
        let mut tree = self.hasher.finalize_non_root();
        for left in others.iter().rev() {
            tree = merge_subtrees_non_root(left, &tree, Mode::Hash);
        }
        ContentId::new(*merge_subtrees_root(first, &tree, Mode::Hash).as_bytes())
    }

    pub fn aside(&self) -> Aside {
        let trees = self.trees.iter().map(|tree| ContentId::new(*tree));
        Aside {
            pieces: self.pieces,
            trees: trees.collect(),
        }
    }

    /// None where it was never put aside so.
    pub fn again(aside: &Aside) -> Option<Self> {
        let whole = aside.trees.len() == aside.pieces.count_ones() as usize;
        let possible = aside.pieces <= u64::MAX / PIECE as u64;
        (whole && possible).then(|| Self {
            trees: aside.trees.iter().map(|tree| *tree.bytes()).collect(),
            pieces: aside.pieces,
            hasher: at(aside.pieces),
            filled: 0,
        })
    }
}

fn at(piece: u64) -> blake3::Hasher {
    let mut hasher = blake3::Hasher::new();
    hasher.set_input_offset(piece * PIECE as u64);
    hasher
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

    /// As many pieces as make trees of several sizes, cut around each border.
    #[test]
    fn content_of_any_length_that_was_put_aside_anywhere_has_the_id_of_the_whole() {
        let all: Vec<u8> = (0..7 * PIECE as u32 + 5).map(|n| (n >> 7) as u8).collect();
        for pieces in 0..=7 {
            for length in [pieces * PIECE, pieces * PIECE + 1, pieces * PIECE + 5] {
                let whole = &all[..length.min(all.len())];
                for cut in [
                    0,
                    1,
                    PIECE - 1,
                    PIECE,
                    PIECE + 1,
                    3 * PIECE,
                    4 * PIECE + 7,
                    length,
                ] {
                    let cut = cut.min(whole.len());
                    let mut first = Hasher::default();
                    first.update(&whole[..cut]);
                    assert_eq!(first.bytes(), cut as u64);
                    let aside = first.aside();
                    assert!(
                        aside.bytes() <= cut as u64 && cut as u64 - aside.bytes() <= PIECE as u64
                    );
                    let json = serde_json::to_string(&aside).unwrap();
                    let mut second = Hasher::again(&serde_json::from_str(&json).unwrap()).unwrap();
                    second.update(&whole[aside.bytes() as usize..]);
                    assert_eq!(second.bytes(), whole.len() as u64);
                    assert_eq!(second.finish(), content_id(whole), "{length} cut at {cut}");
                }
            }
        }
    }

    #[test]
    fn what_no_hasher_has_put_aside_is_refused() {
        for (pieces, trees) in [(0, 1), (1, 0), (3, 1), (u64::MAX, 64)] {
            let trees = vec![content_id(b""); trees];
            assert!(Hasher::again(&Aside { pieces, trees }).is_none());
        }
    }
}
