//! A service, spoken to over HTTP with its token.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use lifeboat_core::{Failure, Region, configuration::Address};
use reqwest::{
    Body, Client, Method, Response, StatusCode,
    header::{AUTHORIZATION, CONTENT_LENGTH, HeaderValue},
    redirect::Policy,
};
use tokio::runtime::Handle;

/// What a service is told with every request. It is printed nowhere.
#[derive(Debug, Clone)]
pub struct Token(HeaderValue);

impl Token {
    /// From what its secret holds; none where that is nothing that HTTP can carry.
    pub fn new(secret: &str) -> Option<Self> {
        let secret = Some(secret.trim()).filter(|secret| !secret.is_empty())?;
        let mut value = HeaderValue::from_str(&format!("Bearer {secret}")).ok()?;
        value.set_sensitive(true);
        Some(Self(value))
    }
}

pub trait Secrets: fmt::Debug + Send + Sync {
    /// What a secret of this region holds.
    fn token<'a>(&'a self, secret: &'a str) -> BoxFuture<'a, Result<Token, Failure>>;
}

const CONNECT: Duration = Duration::from_secs(3);

#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub address: Address,
    pub secret: String,
    pub secrets: Arc<dyn Secrets>,
    pub region: Region,
    pub runtime: Handle,
}

/// What is asked of it.
#[derive(Debug)]
pub(crate) struct Request {
    pub operation: &'static str,
    pub method: Method,
    pub body: Option<(Body, u64)>,
    pub within: Duration,
}

impl Endpoint {
    /// What it answers, if that is good. Its own words are not repeated: they may be its users'.
    pub(crate) async fn ask(&self, request: Request) -> Result<Response, Failure> {
        let Request {
            operation,
            method,
            body,
            within,
        } = request;
        let failed = |cause: String| self.failed(operation, cause);
        let token = self.secrets.token(&self.secret).await?;
        let client = Client::builder()
            // A token goes to no other address than its own.
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .build();
        let client = client.map_err(|why| failed(because(why)))?;
        let mut request = client.request(method, self.address.as_str());
        request = request.header(AUTHORIZATION, token.0);
        if let Some((body, length)) = body {
            request = request.header(CONTENT_LENGTH, length).body(body);
        }
        let answer = self.in_time(operation, Instant::now() + within, request.send());
        let answer = answer.await?;
        let status = answer.status();
        let refused = |todo: &str| {
            Err(Failure::Refused(format!(
                "{operation} {} in {}: answered {status}; {todo}",
                self.address, self.region
            )))
        };
        match status {
            good if good.is_success() => Ok(answer),
            on if on.is_redirection() => refused(
                "nobody goes where it sends us on to, for its token is for this address: name the right one in the configuration",
            ),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => refused(&format!(
                "see whether the service takes the token that {} holds",
                self.secret
            )),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
                Err(failed(format!("answered {status}")))
            }
            bad if bad.is_client_error() => refused(
                "see whether the service has this endpoint, and what it says of it in its log",
            ),
            _ => Err(failed(format!("answered {status}"))),
        }
    }

    /// What comes of it until then.
    pub(crate) async fn in_time<T>(
        &self,
        operation: &str,
        until: Instant,
        answer: impl Future<Output = Result<T, reqwest::Error>>,
    ) -> Result<T, Failure> {
        match tokio::time::timeout_at(until.into(), answer).await {
            Ok(answer) => answer.map_err(|why| self.failed(operation, because(why))),
            Err(_) => Err(self.failed(operation, "it took too long")),
        }
    }

    pub(crate) fn failed(&self, operation: &str, why: impl fmt::Display) -> Failure {
        Failure::unavailable(operation, &self.address, &self.region, why)
    }
}

/// Without the address, which the failure names.
fn because(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(inner) = source {
        text.push_str(&format!(": {inner}"));
        source = inner.source();
    }
    text
}
