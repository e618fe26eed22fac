//! Debian's docker-registry on this machine, and the delay before it.

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::Method,
    response::Response,
};
use futures::StreamExt;

pub(crate) struct Server {
    process: Child,
    pub(crate) endpoint: String,
}

impl Server {
    pub(crate) fn host(&self) -> &str {
        self.endpoint.trim_start_matches("http://")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) async fn start(folder: &Path, name: &str) -> Server {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let (data, configuration) = (folder.join(name), folder.join(format!("{name}.yml")));
    let text = format!(
        "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n",
        data.display()
    );
    fs::write(&configuration, text).unwrap();
    let mut command = Command::new("docker-registry");
    command.arg("serve").arg(configuration);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let server = Server {
        process: command.spawn().unwrap(),
        endpoint: format!("http://127.0.0.1:{port}"),
    };
    let address = format!("{}/v2/", server.endpoint);
    while reqwest::get(&address).await.is_err() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server
}

/// What went through a delay.
#[derive(Debug, Default)]
pub(crate) struct Passed {
    pub(crate) requests: AtomicU64,
    /// Bytes of blobs that were written.
    pub(crate) sent: AtomicU64,
}

#[derive(Clone)]
struct Delay {
    http: reqwest::Client,
    to: String,
    delay: Duration,
    passed: Arc<Passed>,
}

/// A registry that is this far away; answers its address.
pub(crate) async fn far(to: &Server, delay: Duration) -> (String, Arc<Passed>) {
    let passed = Arc::new(Passed::default());
    let delay = Delay {
        http: reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap(),
        to: to.endpoint.clone(),
        delay,
        passed: passed.clone(),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let app = Router::new().fallback(pass).with_state(delay);
    tokio::spawn(async move { axum::serve(listener, app).await });
    (address, passed)
}

async fn pass(State(far): State<Delay>, request: Request) -> Response {
    tokio::time::sleep(far.delay).await;
    far.passed.requests.fetch_add(1, Ordering::Relaxed);
    let (parts, body) = request.into_parts();
    let address = format!("{}{}", far.to, parts.uri);
    let writes = parts.method == Method::PUT || parts.method == Method::PATCH;
    let counts = writes && parts.uri.path().contains("/blobs/uploads/");
    let passed = far.passed.clone();
    let body = body.into_data_stream().inspect(move |part| {
        if let (true, Ok(part)) = (counts, part) {
            passed.sent.fetch_add(part.len() as u64, Ordering::Relaxed);
        }
    });
    let mut request = far
        .http
        .request(parts.method.clone(), address)
        .headers(parts.headers);
    if parts.method != Method::GET && parts.method != Method::HEAD {
        request = request.body(reqwest::Body::wrap_stream(body));
    }
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut response = Response::new(Body::from_stream(answer.bytes_stream()));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
