//! An S3 server on this machine.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::Duration,
};

use crate::measure::cpu;

pub(crate) struct Server {
    process: Child,
    pub endpoint: String,
    metrics: u16,
}

/// What it was asked until now.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Asked {
    pub requests: f64,
    /// Bytes that came to it.
    pub received: f64,
    /// Seconds of CPU, of the same cores as whoever asks.
    pub cpu: f64,
}

const IDENTITIES: &str = r#"{"identities": [{"name": "bench",
    "credentials": [{"accessKey": "bench", "secretKey": "benchbench"}],
    "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}"#;

pub(crate) fn start(folder: &Path) -> Server {
    let (data, identities) = (folder.join("server"), folder.join("identities.json"));
    fs::create_dir(&data).unwrap();
    fs::write(&identities, IDENTITIES).unwrap();
    let ports: Vec<u16> = pairs().take(5).collect();
    let mut weed = Command::new("weed");
    weed.args([
        "server",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-filer",
        "-s3",
        "-volume.max=50",
    ]);
    weed.arg(format!("-dir={}", data.display()));
    weed.arg(format!("-s3.config={}", identities.display()));
    for (name, port) in ["master", "volume", "filer", "s3"].iter().zip(&ports) {
        weed.arg(format!("-{name}.port={port}"));
    }
    weed.args(["-s3.port.iceberg=0", &format!("-metricsPort={}", ports[4])]);
    let log = fs::File::create(folder.join("server.log")).unwrap();
    weed.stdout(Stdio::null()).stderr(log);
    let mut server = Server {
        process: weed.spawn().unwrap(),
        endpoint: format!("http://127.0.0.1:{}", ports[3]),
        metrics: ports[4],
    };
    while server.process.try_wait().unwrap().is_none() {
        let mut list = server.command("aws");
        list.args(server.aws(&["s3", "ls"]))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if list.status().unwrap().success() {
            return server;
        }
        sleep(Duration::from_secs(1));
    }
    panic!("{}", fs::read_to_string(folder.join("server.log")).unwrap());
}

/// Each program of the server takes this port and the one that is ten thousand above it.
fn pairs() -> impl Iterator<Item = u16> {
    let first = 20_000 + (std::process::id() % 2000) as u16;
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    (first..30_000).filter(move |port| free(port) && free(&(port + 10_000)))
}

impl Server {
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("AWS_ACCESS_KEY_ID", "bench")
            .env("AWS_SECRET_ACCESS_KEY", "benchbench")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("RESTIC_PASSWORD", "bench");
        command
    }

    pub(crate) fn aws(&self, arguments: &[&str]) -> Vec<String> {
        let endpoint = ["--endpoint-url", &self.endpoint];
        endpoint
            .iter()
            .chain(arguments)
            .map(|a| (*a).to_owned())
            .collect()
    }

    /// By the server's own count.
    pub(crate) fn asked(&self) -> Asked {
        let mut stream = TcpStream::connect(("127.0.0.1", self.metrics)).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let sum = |name: &str| {
            let lines = text.lines().filter(|line| line.starts_with(name));
            let values = lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok());
            values.sum()
        };
        Asked {
            requests: sum("SeaweedFS_s3_request_total{"),
            received: sum("SeaweedFS_s3_bucket_traffic_received_bytes_total{"),
            cpu: cpu(self.process.id()).unwrap(),
        }
    }

    /// How much lies below this prefix of the bucket.
    pub(crate) fn stored(&self, prefix: &str) -> u64 {
        let (bucket, key) = match prefix.starts_with("level") {
            true => (prefix.trim_end_matches('/'), ""),
            false => ("bench", prefix),
        };
        let query = [
            "s3api",
            "list-objects-v2",
            "--bucket",
            bucket,
            "--prefix",
            key,
        ];
        let query = [&query[..], &["--query", "sum(Contents[].Size)"]].concat();
        let output = self.command("aws").args(self.aws(&query)).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        text.trim().parse::<f64>().unwrap_or(0.0) as u64
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
