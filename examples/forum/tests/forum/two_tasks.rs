//! Two tasks of a service on one folder, as ECS runs them.

use std::collections::HashSet;
use std::thread;

use serde_json::{Value, json};

use crate::task::{Task, request};

const WRITERS: usize = 6;
const POSTS_OF_EACH: usize = 25;

#[test]
fn two_tasks_hammered_together_lose_nothing_that_they_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let tasks = [
        Task::start("posts", folder.path()),
        Task::start("posts", folder.path()),
    ];
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let address = tasks[writer % 2].address.clone();
            thread::spawn(move || {
                (0..POSTS_OF_EACH)
                    .map(|n| acknowledged(&address, writer, n))
                    .collect::<Vec<_>>()
            })
        })
        .collect();
    let made: Vec<Value> = writers
        .into_iter()
        .flat_map(|writer| writer.join().expect("a writer"))
        .collect();
    let ids: HashSet<_> = made.iter().filter_map(|post| post["id"].as_str()).collect();
    assert_eq!(
        (made.len(), ids.len()),
        (WRITERS * POSTS_OF_EACH, WRITERS * POSTS_OF_EACH)
    );

    let text = std::fs::read(folder.path().join("db.json")).expect("the file");
    let stored: Value = serde_json::from_slice(&text).expect("valid JSON");
    let stored = stored["posts"].as_array().expect("the posts");
    assert_eq!(stored.len(), made.len());
    assert!(made.iter().all(|post| stored.contains(post)));
    for task in &tasks {
        assert_eq!(task.get("/posts"), (200, json!(stored)));
    }
}

fn acknowledged(address: &str, writer: usize, n: usize) -> Value {
    let post =
        json!({"thread": "1", "author": format!("writer {writer}"), "text": format!("post {n}")});
    let (status, made) = request(address, "POST", "/posts", &post.to_string()).expect("an answer");
    assert_eq!(status, 201, "{made}");
    made
}
