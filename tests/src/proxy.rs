//! Stands in front of the emulator: tells what each call is about, lets faults happen to it, and records it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use http::header::{CONTENT_TYPE, HOST, HeaderValue};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Either, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::answers::{Answer, said, throttled};
use crate::faults::{Caller, Fault, met};
use crate::ledger::{Ledger, Outcome};
use crate::scaling::{self, Scaling};
use crate::traffic::{self, Target};

/// The body of a call in the query style is read to learn its action; what is larger is passed on unread.
const LARGEST_FORM: u64 = 1024 * 1024;

/// The error that makes the server close a connection without a word.
type Silence = io::Error;
type Forwarded = Either<Incoming, Full<Bytes>>;

/// What a listener stands for.
#[derive(Clone, Debug)]
pub enum Front {
    /// Every service of every region, told apart by signature and host name.
    Aws,
    /// One service of one region, reached by address: the emulator is told `host`.
    Service {
        region: String,
        service: &'static str,
        host: String,
    },
}

#[derive(Clone, Debug)]
pub struct Proxy {
    emulator: SocketAddr,
    regions: Vec<String>,
    ledger: Arc<Ledger>,
    scaling: Arc<Scaling>,
    client: Client<HttpConnector, Forwarded>,
}

impl Proxy {
    pub fn new(
        emulator: SocketAddr,
        regions: Vec<String>,
        ledger: Arc<Ledger>,
        scaling: Arc<Scaling>,
    ) -> Self {
        // No connection is kept: the emulator closes idle ones just when they are taken again.
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build_http();
        Self {
            emulator,
            regions,
            ledger,
            scaling,
            client,
        }
    }

    /// Serves until dropped, and with it every connection.
    pub async fn serve(self, listener: TcpListener, front: Front) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => drop(connections.spawn(self.clone().connection(stream, front.clone()))),
                    Err(_) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
                },
                Some(_) = connections.join_next() => {}
            }
        }
    }

    async fn connection(self, stream: TcpStream, front: Front) {
        let service = service_fn(move |request| {
            let (proxy, front) = (self.clone(), front.clone());
            async move { proxy.answer(request, &front).await }
        });
        // It ends in an error whenever a caller leaves or a fault closes it: both are ordinary here.
        let _ = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await;
    }

    async fn answer(&self, request: Request<Incoming>, front: &Front) -> Result<Answer, Silence> {
        let (mut head, body) = request.into_parts();
        let (body, form) = read_form(&head, body).await?;
        let mut target = traffic::target(&head, &form, &self.regions);
        if let Front::Service {
            region,
            service,
            host,
        } = front
        {
            target.region = Some(region.clone());
            target.service = (*service).to_owned();
            let host = HeaderValue::from_str(host).map_err(io::Error::other)?;
            head.headers.insert(HOST, host);
        }
        let caller = self.ledger.caller(&target);
        let call = self.ledger.begin(caller.clone(), target.clone());
        let outcome = self
            .forward(Request::from_parts(head, body), &target, caller.as_ref())
            .await;
        match &outcome {
            Ok(answer) => self
                .ledger
                .end(call, Outcome::Answered(answer.status().as_u16())),
            Err(silence) if silence.kind() == io::ErrorKind::ConnectionRefused => {
                self.ledger.end(call, Outcome::Refused);
            }
            Err(_) => {}
        }
        outcome
    }

    async fn forward(
        &self,
        request: Request<Forwarded>,
        target: &Target,
        caller: Option<&Caller>,
    ) -> Result<Answer, Silence> {
        if self.gate(target, caller).await? == Fault::Throttled {
            return Ok(throttled(target));
        }
        let answer = match target.service.as_str() {
            scaling::SERVICE => {
                let body = request.into_body().collect().await;
                let body = body.map_err(io::Error::other)?.to_bytes();
                self.scaling.answer(target, &body)
            }
            _ => self.emulate(request, target).await?,
        };
        // A region that died meanwhile does not answer either, though the work may have been done.
        if let Fault::Slow(later) = self.gate(target, caller).await? {
            tokio::time::sleep(later).await;
        }
        Ok(answer)
    }

    async fn emulate(
        &self,
        mut request: Request<Forwarded>,
        target: &Target,
    ) -> Result<Answer, Silence> {
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", |path| path.as_str());
        let uri = format!("http://{}{path}", self.emulator);
        *request.uri_mut() = uri.parse().map_err(io::Error::other)?;
        Ok(match self.client.request(request).await {
            Ok(answer) => answer.map(BodyExt::boxed),
            Err(error) => {
                // Callers try again, and may then fail because the first try had done the work: this tells why.
                eprintln!("the emulator did not answer {target:?}: {error}");
                said(
                    StatusCode::BAD_GATEWAY,
                    "text/plain",
                    format!("the emulator does not answer: {error}"),
                )
            }
        })
    }

    /// Lets a call through, or keeps it until its place hangs no longer, and then drops it as a dead connection.
    async fn gate(&self, target: &Target, caller: Option<&Caller>) -> Result<Fault, Silence> {
        let mut faults = self.ledger.watch();
        let now = met(&faults.borrow_and_update(), target, caller);
        match now {
            Fault::Refusing => Err(io::ErrorKind::ConnectionRefused.into()),
            Fault::Hanging => {
                let _ = faults
                    .wait_for(|faults| met(faults, target, caller) != Fault::Hanging)
                    .await;
                Err(io::ErrorKind::TimedOut.into())
            }
            fault => Ok(fault),
        }
    }
}

async fn read_form(
    head: &http::request::Parts,
    body: Incoming,
) -> Result<(Forwarded, Bytes), Silence> {
    let kind = head.headers.get(CONTENT_TYPE);
    let form = kind.is_some_and(|kind| {
        kind.as_bytes()
            .starts_with(b"application/x-www-form-urlencoded")
    });
    if !form
        || body
            .size_hint()
            .upper()
            .is_none_or(|size| size > LARGEST_FORM)
    {
        return Ok((Either::Left(body), Bytes::new()));
    }
    let read = body.collect().await.map_err(io::Error::other)?.to_bytes();
    Ok((Either::Right(Full::new(read.clone())), read))
}
