//! A task that is killed at any moment: its half-done write is as if it had never begun.

use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::task::{Task, request};

const CRASHES: u64 = 8;

#[test]
fn a_task_killed_while_it_writes_keeps_all_that_it_acknowledged_and_starts_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut acknowledged: Vec<Value> = Vec::new();
    for crash in 0..CRASHES {
        let mut task = Task::start("users", folder.path());
        let address = task.address.clone();
        let writer = thread::spawn(move || until_it_dies(&address));
        thread::sleep(Duration::from_millis(40 + 7 * crash));
        task.process.kill().expect("the task killed");
        acknowledged.extend(writer.join().expect("the writer"));
    }
    assert!(
        !acknowledged.is_empty(),
        "no write was acknowledged before a crash"
    );

    let task = Task::start("users", folder.path());
    let (status, stored) = task.get("/users");
    assert_eq!(status, 200);
    let stored = stored.as_array().expect("the users");
    assert!(acknowledged.iter().all(|user| stored.contains(user)));
    assert!(
        stored.len() - acknowledged.len() <= CRASHES as usize,
        "a crash leaves at most one unacknowledged write"
    );
}

fn until_it_dies(address: &str) -> Vec<Value> {
    let mut made = Vec::new();
    while let Ok((201, user)) = request(address, "POST", "/users", r#"{"name":"Ada"}"#) {
        made.push(user);
    }
    made
}
