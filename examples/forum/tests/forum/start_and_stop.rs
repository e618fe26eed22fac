//! How a task begins and ends.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use crate::task::{Task, command};

#[test]
fn sigterm_ends_a_task_well_even_with_an_idle_connection_open() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut task = Task::start("users", folder.path());
    let mut idle = TcpStream::connect(&task.address).expect("a connection");
    idle.write_all(b"GET /health HTTP/1.1\r\nHost: forum\r\n")
        .expect("half a request");
    std::thread::sleep(Duration::from_millis(100));
    assert!(task.terminate().success());
}

#[test]
fn a_wrong_role_ends_the_start_with_words_that_name_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = command("moderators", folder.path())
        .output()
        .expect("a run");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        said.trim(),
        "forum: ROLE: expected users, threads or posts, found `moderators`"
    );
    assert!(!folder.path().join("db.json").exists());
}

#[test]
fn a_db_json_that_is_no_json_ends_the_start_and_is_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("db.json");
    std::fs::write(&file, "precious, but not JSON").expect("the file");
    let output = command("users", folder.path()).output().expect("a run");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("db.json") && said.contains("restore it from a backup"),
        "{said}"
    );
    assert_eq!(
        std::fs::read_to_string(&file).expect("the file"),
        "precious, but not JSON"
    );
}

#[test]
fn a_folder_that_is_not_there_ends_the_start_with_its_name() {
    let output = command("users", "/nowhere/at/all".as_ref())
        .output()
        .expect("a run");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nowhere/at/all"));
}
