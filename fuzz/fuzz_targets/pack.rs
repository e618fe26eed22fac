//! Any bytes are refused as a pack, or its chunks lie in it one behind the other and fill it; each is opened in no more memory
//! than it says, and given out only as what its name says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lifeboat_core::backup::PACK_ENTRY;
use lifeboat_fuzz::counted;
use lifeboat_pack::{Entry, Found, HEADER, MAXIMUM, Opener, content_id, find_index, read_index};

/// What is said of an error, beside the chunk itself.
const WORDS: usize = 4 << 10;

fuzz_target!(|bytes: &[u8]| {
    let whole = bytes.len() as u64;
    if let Ok(entries) = read_index(bytes) {
        assert_eq!(
            find_index(bytes, whole),
            Ok(Found::Entries(entries.clone()))
        );
        check(bytes, &entries);
        open(bytes, &entries);
    }
    // By its end alone, as it is read from the bucket, and where that is shorter or longer than the pack is said to be.
    for end in [8, 64, bytes.len() / 2, bytes.len()] {
        let end = &bytes[bytes.len() - end.min(bytes.len())..];
        for said in [whole, whole + 1, end.len() as u64, u64::MAX] {
            let (found, memory) = counted(|| find_index(end, said));
            assert!(memory <= 2 * end.len() + WORDS, "{memory}");
            if let Ok(Found::Longer(needed)) = found {
                assert!(needed > end.len() as u64 && needed <= said);
            }
        }
    }
});

fn check(pack: &[u8], entries: &[Entry]) {
    let mut at = HEADER.len();
    for entry in entries {
        assert_eq!(entry.offset as usize, at);
        assert!(entry.bytes as usize <= MAXIMUM);
        at += entry.frame(pack).unwrap().len();
    }
    assert_eq!(at + entries.len() * PACK_ENTRY + 8, pack.len());
}

fn open(pack: &[u8], entries: &[Entry]) {
    let mut opener = Opener::new().unwrap();
    for entry in entries {
        let frame = entry.frame(pack).unwrap();
        let (opened, memory) = counted(|| opener.open(entry.id, entry.bytes, frame));
        assert!(memory <= entry.bytes as usize + WORDS, "{memory}");
        if let Ok(chunk) = opened {
            assert_eq!(chunk.len(), entry.bytes as usize);
            assert_eq!(content_id(&chunk), entry.id);
        }
    }
}
