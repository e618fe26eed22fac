//! As much of Lambda and of S3 as a function meets when it starts.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Bytes,
    http::StatusCode,
    routing::{get, post},
    serve::Listener,
};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::TempDir;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc},
    time::timeout,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
    server::TlsStream,
};

use crate::{Program, Quota};

const ASKED: usize = 5;
/// Python needs some seconds at 128 MB.
const PATIENCE: Duration = Duration::from_secs(60);
const INVOCATION: &str = "/2018-06-01/runtime/invocation";
/// Where a system keeps whom it believes.
const SYSTEMS: [&str; 2] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
];

/// What one start took, in ms and MB.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    /// From its start until it asks for its first invocation.
    pub(crate) ready: f64,
    /// What it held then.
    pub(crate) idle: f64,
    /// From its start until the last answer.
    pub(crate) answered: f64,
    /// Until then.
    pub(crate) cpu: f64,
}

/// S3 by TLS, in which there is nothing.
pub(crate) struct Cloud {
    pub(crate) endpoint: String,
    certificates: TempDir,
    asked: Arc<AtomicUsize>,
}

impl Cloud {
    pub(crate) async fn open() -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificates = tempfile::tempdir().unwrap();
        let systems = SYSTEMS
            .iter()
            .find_map(|path| fs::read_to_string(path).ok());
        let systems = systems.expect("this system keeps its roots elsewhere");
        let amazons = include_str!("../../../../shared/aws/src/roots.pem");
        for (name, roots) in [("systems", &*systems), ("amazons", amazons)] {
            let roots = [roots, &cert.pem()].concat();
            fs::write(certificates.path().join(name), roots).unwrap();
        }
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let listener = Tls {
            listener: listen().await,
            acceptor: TlsAcceptor::from(Arc::new(tls)),
        };
        let endpoint = format!(
            "https://localhost:{}",
            listener.local_addr().unwrap().port()
        );
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = asked.clone();
        let nothing = async move || {
            counted.fetch_add(1, Ordering::Relaxed);
            let body = "<Error><Code>NoSuchKey</Code><Message>it is not there</Message></Error>";
            (StatusCode::NOT_FOUND, body)
        };
        tokio::spawn(async { axum::serve(listener, Router::new().fallback(nothing)).await });
        Self {
            endpoint,
            certificates,
            asked,
        }
    }

    /// A file of the roots that a system has, or of Amazon's five, and in each this cloud's own.
    pub(crate) fn certificates(&self, whose: &str) -> String {
        self.certificates.path().join(whose).display().to_string()
    }

    pub(crate) async fn start(&self, program: &Program, quota: Option<&Quota>) -> Taken {
        let before = self.asked.load(Ordering::Relaxed);
        let (mut said, go, address) = runtime().await;
        let mut command = program.command(quota);
        command.env("AWS_LAMBDA_RUNTIME_API", address.to_string());
        command.stdout(Stdio::null()).kill_on_drop(true);
        let begun = Instant::now();
        let mut child = command.spawn().unwrap();
        let mut next = async |expected: Said| {
            let said = timeout(PATIENCE, said.recv()).await;
            let said = said.unwrap_or_else(|_| panic!("{} says nothing", program.name));
            assert_eq!(said, Some(expected), "{}", program.name);
            begun.elapsed().as_secs_f64() * 1e3
        };
        let ready = next(Said::Next).await;
        let id = child.id().unwrap();
        let idle = memory(id);
        go.add_permits(ASKED);
        let mut answered = 0.0;
        for _ in 0..ASKED {
            answered = next(Said::Answered).await;
            // By then it has done all that it does for an answer.
            next(Said::Next).await;
        }
        let cpu = cpu(id);
        child.kill().await.unwrap();
        let asked = self.asked.load(Ordering::Relaxed) - before;
        assert_eq!(asked, ASKED, "{}", program.name);
        Taken {
            ready,
            idle,
            answered,
            cpu,
        }
    }
}

/// What a function says to Lambda.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Next,
    Answered,
}

/// Of one function: what it says, and how often it may be invoked.
async fn runtime() -> (mpsc::UnboundedReceiver<Said>, Arc<Semaphore>, SocketAddr) {
    let (say, said) = mpsc::unbounded_channel();
    let go = Arc::new(Semaphore::new(0));
    let (asks, may) = (say.clone(), go.clone());
    let next = async move || {
        let _ = asks.send(Said::Next);
        may.acquire().await.unwrap().forget();
        let headers = [
            ("lambda-runtime-aws-request-id", "1"),
            ("lambda-runtime-deadline-ms", "4102444800000"),
            ("lambda-runtime-invoked-function-arn", "arn"),
        ];
        (headers, r#"{"action":"probe"}"#)
    };
    // A connection on which an answer comes before the whole question is closed, and the next question lost.
    let answered = async move |_: Bytes| {
        let _ = say.send(Said::Answered);
        StatusCode::ACCEPTED
    };
    let app = Router::new()
        .route(&format!("{INVOCATION}/next"), get(next))
        .route(&format!("{INVOCATION}/1/response"), post(answered.clone()))
        .route(&format!("{INVOCATION}/1/error"), post(answered));
    let listener = listen().await;
    let address = listener.local_addr().unwrap();
    tokio::spawn(async { axum::serve(listener, app).await });
    (said, go, address)
}

async fn listen() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap()
}

struct Tls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, from) = self.listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, from);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

fn memory(id: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
    kilobytes.parse::<f64>().unwrap() / 1e3
}

/// Of all its threads.
fn cpu(id: u32) -> f64 {
    let threads = fs::read_dir(format!("/proc/{id}/task")).unwrap();
    let spent = threads.map(|thread| {
        let said = fs::read_to_string(thread.unwrap().path().join("schedstat")).unwrap();
        let nanoseconds = said.split_whitespace().next().unwrap();
        nanoseconds.parse::<f64>().unwrap() / 1e6
    });
    spent.sum()
}
