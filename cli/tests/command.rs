//! The command itself, as a shell runs it, against a server that answers as S3 and Lambda do.
#![allow(clippy::unwrap_used)]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Output},
    sync::mpsc::{Receiver, channel},
};

use lifeboat_core::configuration::sample;
use serde_json::{Value, json};

/// What one invocation comes to.
#[derive(Clone)]
enum Came {
    Answer(Value),
    Failed(&'static str, &'static str),
    Denied,
}

/// A cloud that serves the sample's configuration and answers invocations one after the other.
struct Cloud {
    address: String,
    asked: Receiver<Value>,
}

impl Cloud {
    fn that_answers(answers: impl IntoIterator<Item = Came>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let mut answers: Vec<Came> = answers.into_iter().collect();
        answers.reverse();
        let (tell, asked) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let (path, body) = request(&stream);
                let (status, header, body) = if path.contains("/invocations") {
                    tell.send(serde_json::from_slice(&body).unwrap()).unwrap();
                    invoked(answers.pop().unwrap())
                } else if path.contains("configuration.json") {
                    let body = serde_json::to_string(&sample("us-east-1")).unwrap();
                    ("200 OK", "etag: \"1\"\r\n", body)
                } else {
                    let body = "<Error><Code>NoSuchKey</Code></Error>".to_owned();
                    ("404 Not Found", "", body)
                };
                let length = body.len();
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status}\r\n{header}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
            }
        });
        Self { address, asked }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_lifeboat"))
            .args(arguments)
            .env("AWS_ACCESS_KEY_ID", "x")
            .env("AWS_SECRET_ACCESS_KEY", "y")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ENDPOINT_URL", format!("http://{}", self.address))
            .env("LIFEBOAT_CONTROL_BUCKET", "control")
            .env("COLUMNS", "60")
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap()
    }

    /// Every invocation so far.
    fn asked(&self) -> Vec<Value> {
        self.asked.try_iter().collect()
    }
}

fn request(stream: &TcpStream) -> (String, Vec<u8>) {
    let mut reader = BufReader::new(stream);
    let mut lines = vec![];
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_lowercase()),
        }
    }
    let length = lines
        .iter()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    (lines.first().cloned().unwrap_or_default(), body)
}

fn invoked(came: Came) -> (&'static str, &'static str, String) {
    match came {
        Came::Answer(answer) => ("200 OK", "", answer.to_string()),
        Came::Failed(name, message) => {
            let body = json!({ "errorType": name, "errorMessage": message });
            (
                "200 OK",
                "x-amz-function-error: Unhandled\r\n",
                body.to_string(),
            )
        }
        Came::Denied => {
            let body = json!({ "Message": "User: ada is not authorized to perform: lambda:InvokeFunction on resource: arn:b" });
            (
                "403 Forbidden",
                "x-amzn-errortype: AccessDeniedException\r\n",
                body.to_string(),
            )
        }
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn key(name: &str) -> Value {
    json!({ "epoch": 0, "name": name, "region": "us-east-1" })
}

fn listed() -> Came {
    let backups = [key("backup-20241123-120000")];
    Came::Answer(json!({ "is": "listed", "backups": backups }))
}

fn created() -> Came {
    let backup = key("backup-20241123-120000");
    Came::Answer(json!({ "is": "created", "backup": backup, "files": 3, "bytes": 7, "sent": 7 }))
}

#[test]
fn with_json_the_standard_output_is_one_document_and_narration_is_beside_it() {
    let cloud = Cloud::that_answers([Came::Failed("Unfinished", "1 of 3 GB"), created()]);
    let output = cloud.run(&["--output", "json", "backup", "create"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let document: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(document["backup"]["name"], "backup-20241123-120000");
    assert!(err(&output).contains("1 of 3 GB"));
    let create = json!({ "action": "create" });
    assert_eq!(cloud.asked(), [create.clone(), create]);
}

#[test]
fn scripts_can_rely_on_the_exit_codes() {
    let damaged = Came::Failed("NotVerified", "packs/1 is torn");
    for (answers, arguments, code, says) in [
        (vec![], &["status"][..], 0, ""),
        (
            vec![Came::Denied],
            &["backup", "list"],
            1,
            "lambda:InvokeFunction on arn:b",
        ),
        (vec![Came::Denied], &["doctor"], 3, ""),
        (vec![], &["backup", "restore", "newest"], 2, "--yes"),
        (
            vec![],
            &[
                "failover",
                "--to",
                "us-west-2",
                "--mode",
                "planned",
                "--reason",
                "x",
            ],
            2,
            "--yes",
        ),
        (
            vec![listed(), damaged],
            &["backup", "verify"],
            3,
            "packs/1 is torn",
        ),
    ] {
        let output = Cloud::that_answers(answers).run(arguments);
        let said = err(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(says), "{arguments:?}: {said}");
    }
}

#[test]
fn a_pipe_has_no_colours_and_sixty_columns_are_kept() {
    for verb in ["status", "doctor"] {
        let output = Cloud::that_answers([Came::Denied]).run(&[verb]);
        let text = out(&output);
        assert!(
            text.lines().all(|line| line.chars().count() <= 60),
            "{text}"
        );
        assert!(!text.contains('\x1b'), "{text:?}");
    }
}

#[test]
fn a_doctor_who_is_told_nothing_says_of_both_regions_what_it_may_not_ask() {
    let output = Cloud::that_answers([Came::Denied]).run(&["--output", "json", "doctor"]);
    assert_eq!(output.status.code(), Some(3), "{}", err(&output));
    let document: Value = serde_json::from_str(&out(&output)).unwrap();
    for (side, checks) in [("home", 7), ("standby", 9)] {
        let findings = document[side]["findings"].as_array().unwrap();
        assert_eq!(findings.len(), checks, "{document:#}");
    }
    let images = &document["standby"]["findings"][0];
    assert_eq!(images["found"], "cannot_tell");
    let advice = images["advice"][0].as_str().unwrap();
    assert!(
        advice.contains("lambda:InvokeFunction on arn:b"),
        "{advice}"
    );
}
