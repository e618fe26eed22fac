//! What this machine takes to cut, hash and compress the same data on all its threads, and nothing else.

use std::{
    fs::File,
    path::Path,
    sync::{Mutex, mpsc::sync_channel},
    thread,
};

use lifeboat_pack::{Compressor, Cutter, Hasher, content_id};

pub(crate) fn run(level: i32, data: &Path) {
    let threads = thread::available_parallelism().unwrap().get();
    let (to, from) = sync_channel::<Vec<u8>>(threads);
    let from = Mutex::new(from);
    let work = || {
        let mut compressor = Compressor::new(level).unwrap();
        loop {
            let next = from.lock().unwrap().recv();
            let Ok(chunk) = next else { break };
            let sealed = compressor.seal(content_id(&chunk), &chunk);
            std::hint::black_box(sealed.unwrap());
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
        for service in ["users", "threads", "posts"] {
            let mut hasher = Hasher::default();
            let file = File::open(data.join(service).join("db.json")).unwrap();
            for chunk in Cutter::new(file) {
                let chunk = chunk.unwrap();
                hasher.update(&chunk);
                to.send(chunk).unwrap();
            }
            std::hint::black_box(hasher.finish());
        }
        drop(to);
    });
}
