//! A frame of any bytes, said to be of any length: it is opened where both are right, refused where either is not, and takes no
//! more memory than was said.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lifeboat_fuzz::counted;
use lifeboat_pack::{MAXIMUM, Opener, content_id};

fuzz_target!(|input: (u32, &[u8])| {
    let (said, frame) = input;
    let mut opener = Opener::new().unwrap();
    // What is really in it, as long as any chunk may be.
    let real = zstd::bulk::decompress(frame, MAXIMUM).ok();
    let id = content_id(real.as_deref().unwrap_or_default());
    let right = real.as_ref().map(|real| real.len() as u32);
    for said in right.into_iter().chain([said, said % (MAXIMUM as u32 + 2)]) {
        let (opened, memory) = counted(|| opener.open(id, said, frame));
        assert!(memory <= said as usize + (4 << 10), "{memory} for {said}");
        match opened {
            Ok(chunk) => assert_eq!((Some(&chunk), Some(said)), (real.as_ref(), right)),
            Err(_) => assert_ne!(right, Some(said)),
        }
        let other = content_id(b"another one");
        assert!(opener.open(other, said, frame).is_err() || id == other);
    }
});
