//! From the bucket: chunk after chunk of these files, each what its name says or an error. Parts of a pack that are wanted
//! one after the other are asked for together.

use std::io;

use futures::{Stream, StreamExt};
use lifeboat_aws::Objects;
use lifeboat_core::{
    Failure,
    backup::{Chunk, Harm, PackUse},
};
use lifeboat_pack::{Damaged, Opener};
use tokio::task::spawn_blocking;

/// How much is asked for at once, as it is once it is unpacked, and how many times at the same time: data that packs a
/// thousand times smaller takes no more memory than other data.
const ASKED: u32 = 5 << 20;
const AT_ONCE: usize = 3;

/// Chunks that lie one behind the other.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    pack: u32,
    start: u32,
    end: u32,
    chunks: Vec<Chunk>,
}

/// In the order of the chunks.
pub(crate) fn fetch<'a>(
    bucket: &'a impl Objects,
    packs: &'a [PackUse],
    chunks: impl Iterator<Item = Chunk> + 'a,
) -> impl Stream<Item = Result<Vec<Vec<u8>>, Failure>> + 'a {
    let runs = futures::stream::iter(runs(chunks));
    runs.map(async |run| read(bucket, packs, run).await)
        .buffered(AT_ONCE)
}

fn runs(chunks: impl Iterator<Item = Chunk>) -> impl Iterator<Item = Run> {
    let mut chunks = chunks.peekable();
    std::iter::from_fn(move || {
        let first = chunks.next()?;
        let mut run = Run {
            pack: first.pack,
            start: first.offset,
            end: first.offset + first.stored,
            chunks: vec![first],
        };
        let mut bytes = first.bytes;
        while let Some(next) = chunks.next_if(|next| {
            let follows = next.pack == run.pack && next.offset == run.end;
            follows && next.bytes <= ASKED.saturating_sub(bytes)
        }) {
            run.end += next.stored;
            bytes += next.bytes;
            run.chunks.push(next);
        }
        Some(run)
    })
}

async fn read(bucket: &impl Objects, packs: &[PackUse], run: Run) -> Result<Vec<Vec<u8>>, Failure> {
    let pack = &packs[run.pack as usize];
    let key = pack.id.key();
    let range = u64::from(run.start)..u64::from(run.end);
    let read = bucket.get_range(&key, range).await?;
    let read = read.ok_or_else(|| bucket.harmed(&key, Harm::Gone))?;
    let opened = spawn_blocking(move || open(&run, &read)).await;
    let opened = opened
        .map_err(io::Error::other)
        .flatten()
        .map_err(|why| bucket.failed("open", &key, why))?;
    opened.map_err(|why| bucket.harmed(&key, Harm::Damaged(why.to_string())))
}

/// What it is not, it says; an error is one of this machine.
fn open(run: &Run, read: &[u8]) -> io::Result<Result<Vec<Vec<u8>>, Damaged>> {
    let mut opener = Opener::new()?;
    let chunks = run.chunks.iter().map(|chunk| {
        let start = (chunk.offset - run.start) as usize;
        let frame = &read[start..start + chunk.stored as usize];
        opener.open(chunk.content, chunk.bytes, frame)
    });
    Ok(chunks.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use lifeboat_pack::content_id;

    fn chunk(pack: u32, offset: u32, stored: u32, bytes: u32) -> Chunk {
        Chunk {
            content: content_id(b""),
            pack,
            offset,
            stored,
            bytes,
        }
    }

    #[test]
    fn what_lies_one_behind_the_other_is_asked_for_together_up_to_a_bound_on_what_it_unpacks_to() {
        let chunks = [
            chunk(0, 8, 10, 20),
            chunk(0, 18, 5, 20),
            chunk(0, 40, 5, 20),
            chunk(1, 45, 5, 20),
            chunk(1, 50, 5, ASKED - 20),
            chunk(1, 55, 1, 1),
            chunk(1, 56, 1, u32::MAX),
            chunk(1, 57, 1, 1),
        ];
        let asked: Vec<_> = runs(chunks.into_iter())
            .map(|run| (run.pack, run.start, run.end))
            .collect();
        assert_eq!(
            asked,
            [
                (0, 8, 23),
                (0, 40, 45),
                (1, 45, 55),
                (1, 55, 56),
                (1, 56, 57),
                (1, 57, 58)
            ]
        );
    }
}
