//! One running task of the forum, killed at the end of its test whatever happens.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

pub(crate) struct Task {
    pub(crate) process: Child,
    pub(crate) address: String,
}

pub(crate) fn command(role: &str, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_forum"));
    command
        .env_clear()
        .env("ROLE", role)
        .env("DATA", folder)
        .env("PORT", "0")
        .stderr(Stdio::piped());
    command
}

impl Task {
    pub(crate) fn start(role: &str, folder: &Path) -> Task {
        let mut process = command(role, folder)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the forum starts");
        let mut said = String::new();
        let output = process.stdout.take().expect("its output");
        BufReader::new(output)
            .read_line(&mut said)
            .expect("its first line");
        let port = said.trim().rsplit(':').next().expect("a port").to_owned();
        assert!(said.contains("listening"), "the forum said: {said}");
        Task {
            process,
            address: format!("127.0.0.1:{port}"),
        }
    }

    pub(crate) fn get(&self, path: &str) -> (u16, Value) {
        request(&self.address, "GET", path, "").expect("an answer")
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> (u16, Value) {
        request(&self.address, "POST", path, body).expect("an answer")
    }

    pub(crate) fn terminate(&mut self) -> ExitStatus {
        let id = self.process.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .expect("kill")
                .success()
        );
        let patience = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().expect("its status") {
                return status;
            }
            assert!(
                patience.elapsed() < Duration::from_secs(10),
                "the forum ignores SIGTERM"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One request on a connection of its own; an error when the task dies before it has answered in full.
pub(crate) fn request(
    address: &str,
    method: &str,
    path: &str,
    body: &str,
) -> io::Result<(u16, Value)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: forum\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let cut_off = || io::Error::new(io::ErrorKind::UnexpectedEof, "the answer is cut off");
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(cut_off)?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .ok_or_else(cut_off)?;
    let body = if body.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(body).map_err(|_| cut_off())?
    };
    Ok((status, body))
}
