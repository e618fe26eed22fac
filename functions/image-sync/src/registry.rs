mod blobs;
mod manifests;

use std::time::Duration;

use lifeboat_core::{Failure, Invalid, Region, configuration::Endpoint};
use reqwest::{
    Client, Method, RequestBuilder, Response, Url,
    header::{ACCEPT, AUTHORIZATION, HOST, HeaderValue, LOCATION},
    redirect::Policy,
};

use crate::{
    manifest::ACCEPTED,
    wire::{Call, Place},
};

const REDIRECTS: usize = 5;

/// What a registry is told with every request. It is printed nowhere.
#[derive(Debug, Clone)]
pub struct Credential(HeaderValue);

impl Credential {
    /// From a token of ECR, which is a user and a password as HTTP wants them.
    pub fn new(token: &str) -> Option<Self> {
        let mut value = HeaderValue::from_str(&format!("Basic {token}")).ok()?;
        value.set_sensitive(true);
        Some(Self(value))
    }
}

/// How much a registry is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    pub tries: u32,
    /// How long an answer, or the next part of a blob, may take.
    pub answer: Duration,
}

impl Effort {
    pub const OWN: Self = Self {
        tries: 3,
        answer: Duration::from_secs(30),
    };
    /// The other region's, in a disaster: it may be dead, and no answer is an answer. The second try is for a connection
    /// that had been closed.
    pub const PEER: Self = Self {
        tries: 2,
        answer: Duration::from_secs(4),
    };
    /// The other region's, while nobody waits.
    pub const PEER_AT_WORK: Self = Self::OWN;
}

/// The image registry of one region.
#[derive(Debug, Clone)]
pub struct Registry {
    http: Client,
    place: Place,
    credential: Credential,
    region: Region,
    effort: Effort,
}

/// Redirects are followed by hand: the credential must not go along.
pub fn client() -> Result<Client, reqwest::Error> {
    Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_secs(2))
        .pool_idle_timeout(Duration::from_secs(5))
        .build()
}

impl Registry {
    pub fn new(
        http: Client,
        address: &Endpoint,
        region: Region,
        credential: Credential,
        effort: Effort,
    ) -> Result<Self, Failure> {
        let endpoint = Url::parse(&address.endpoint).map_err(|e| {
            let field = format!("regions.{region}.registry.endpoint");
            Invalid::new(field, "an address", format!("{:?}: {e}", address.endpoint))
        })?;
        let place = Place {
            endpoint,
            host: address.host.clone(),
        };
        Ok(Self {
            http,
            place,
            credential,
            region,
            effort,
        })
    }

    pub fn region(&self) -> &Region {
        &self.region
    }

    fn call(&self, operation: &'static str, object: String) -> Call {
        Call {
            operation,
            object,
            region: self.region.clone(),
        }
    }

    fn url(&self, call: &Call, repository: &str, kind: &str, last: &str) -> Result<Url, Failure> {
        let path = format!("/v2/{repository}/{kind}/{last}");
        self.place.endpoint.join(&path).map_err(|e| call.refused(e))
    }

    fn authorized(&self, method: Method, url: Url) -> RequestBuilder {
        self.http
            .request(method, url)
            .header(HOST, &self.place.host)
            .header(AUTHORIZATION, self.credential.0.clone())
    }

    /// Sends a request, and goes where it is sent on to; the credential is for the registry alone.
    async fn follow(&self, call: &Call, method: Method, mut url: Url) -> Result<Response, Failure> {
        for _ in 0..=REDIRECTS {
            let request = match self.place.is_own(&url) {
                true => self
                    .authorized(method.clone(), url.clone())
                    .header(ACCEPT, ACCEPTED.join(", ")),
                false => self.http.request(method.clone(), url.clone()),
            };
            let answer = call.within(self.effort.answer, request.send()).await?;
            if !answer.status().is_redirection() {
                return Ok(answer);
            }
            let location = answer
                .headers()
                .get(LOCATION)
                .and_then(|value| value.to_str().ok());
            let next = location.and_then(|location| self.place.locate(&url, location));
            url =
                next.ok_or_else(|| call.unavailable("the registry sent us on, but not where to"))?;
        }
        Err(call.refused(format!("sent on more than {REDIRECTS} times")))
    }
}
