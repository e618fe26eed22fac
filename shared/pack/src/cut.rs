//! Cuts what it reads where the content says so: a change moves the cuts beside it and no others.

use std::io::{self, Read};

use fastcdc::v2020::FastCDC;
use lifeboat_core::backup::LONGEST_CHUNK;

// Part of the format's promise of cheap backups, not of its readability: other sizes read the same and share nothing.
pub const MINIMUM: usize = 512 << 10;
pub const AVERAGE: usize = 1 << 20;
/// No chunk is longer, whoever wrote it: a reader never needs more memory than this for one.
pub const MAXIMUM: usize = LONGEST_CHUNK as usize;

/// Half as long again as the longest chunk, so that what is left is moved to the front once in several chunks and not at each.
const BUFFER: usize = MAXIMUM + MAXIMUM / 2;

#[derive(Debug)]
pub struct Cutter<R> {
    source: R,
    buffer: Vec<u8>,
    start: usize,
    ended: bool,
}

impl<R: Read> Cutter<R> {
    pub fn new(source: R) -> Self {
        Self {
            source,
            buffer: Vec::new(),
            start: 0,
            ended: false,
        }
    }

    fn waiting(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// So that a whole chunk is there, or the end.
    fn fill(&mut self) -> io::Result<()> {
        if self.ended || self.waiting() >= MAXIMUM {
            return Ok(());
        }
        self.buffer.drain(..self.start);
        self.start = 0;
        let wanted = BUFFER - self.buffer.len();
        let source = self.source.by_ref();
        let read = source.take(wanted as u64).read_to_end(&mut self.buffer)?;
        self.ended = read < wanted;
        Ok(())
    }

    fn next_chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        self.fill()?;
        if self.waiting() == 0 {
            return Ok(None);
        }
        let (least, average, most) = (MINIMUM as u32, AVERAGE as u32, MAXIMUM as u32);
        let ahead = &self.buffer[self.start..];
        let (_, end) = FastCDC::new(ahead, least, average, most).cut(0, ahead.len());
        let chunk = ahead[..end].to_vec();
        self.start += end;
        Ok(Some(chunk))
    }
}

impl<R: Read> Iterator for Cutter<R> {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_chunk().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content_id;
    use std::collections::BTreeSet;

    /// Noise that is the same each time.
    fn noise(bytes: usize) -> Vec<u8> {
        let mut state = 1u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        };
        std::iter::repeat_with(&mut next)
            .flatten()
            .take(bytes)
            .collect()
    }

    fn cut(data: &[u8]) -> Vec<Vec<u8>> {
        Cutter::new(data).collect::<io::Result<_>>().unwrap()
    }

    /// Gives what it is asked for in small bits.
    struct Trickle<'a>(&'a [u8]);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let bit = buffer.len().min(4099);
            self.0.read(&mut buffer[..bit])
        }
    }

    #[test]
    fn the_chunks_put_together_are_the_data_and_lie_within_their_bounds() {
        for bytes in [0, 1, MINIMUM, MAXIMUM, BUFFER, BUFFER + 1, 5 * MAXIMUM + 77] {
            let data = noise(bytes);
            let chunks = cut(&data);
            assert_eq!(chunks.concat(), data);
            let but_the_last = chunks.len().saturating_sub(1);
            for chunk in &chunks[..but_the_last] {
                assert!((MINIMUM..=MAXIMUM).contains(&chunk.len()));
            }
        }
    }

    #[test]
    fn data_without_any_change_in_it_is_cut_at_the_maximum() {
        let chunks = cut(&vec![0; 2 * MAXIMUM + 5]);
        let lengths: Vec<usize> = chunks.iter().map(Vec::len).collect();
        assert_eq!(lengths, [MAXIMUM, MAXIMUM, 5]);
    }

    #[test]
    fn it_does_not_matter_in_what_bits_the_data_comes() {
        let data = noise(3 * MAXIMUM);
        let trickled: Vec<Vec<u8>> = Cutter::new(Trickle(&data)).map(Result::unwrap).collect();
        assert_eq!(trickled, cut(&data));
    }

    #[test]
    fn an_insertion_changes_the_chunks_around_it_only() {
        let before = noise(12 * MAXIMUM);
        let mut after = before.clone();
        after.splice(5_000_000..5_000_000, *b"one post more");
        let ids = |data: &[u8]| {
            cut(data)
                .iter()
                .map(|c| content_id(c))
                .collect::<BTreeSet<_>>()
        };
        let (before, after) = (ids(&before), ids(&after));
        let new = after.difference(&before).count();
        assert!((1..=2).contains(&new), "{new} of {}", after.len());
    }

    #[test]
    fn a_source_that_fails_is_no_end() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("stale file handle"))
            }
        }
        let chained = noise(10).chain(Broken);
        assert!(Cutter::new(chained).next().unwrap().is_err());
    }

    trait Chain: Sized {
        fn chain(self, next: impl Read) -> impl Read;
    }

    impl Chain for Vec<u8> {
        fn chain(self, next: impl Read) -> impl Read {
            Read::chain(io::Cursor::new(self), next)
        }
    }
}
