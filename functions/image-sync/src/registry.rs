mod blobs;
mod keeper;
mod listing;
mod manifests;
mod pace;
mod referrers;

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use lifeboat_core::{Failure, Invalid, Region, configuration::Endpoint};
use reqwest::{
    Client, Method, RequestBuilder, Response, StatusCode, Url,
    header::{ACCEPT, AUTHORIZATION, HOST, LOCATION},
    redirect::Policy,
};
use tokio::sync::Mutex;

use crate::{
    manifest::ACCEPTED,
    wire::{Call, Place},
};

pub(crate) use blobs::{Begun, Removal};
pub use keeper::{Credential, Keeper, Token};
pub(crate) use manifests::Put;

const REDIRECTS: usize = 5;

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
    region: Region,
    effort: Effort,
    keys: Arc<keeper::Keys>,
    pace: Arc<pace::Pace>,
    /// It has said that it does not know what refers to an image.
    without_referrers: Arc<AtomicBool>,
    /// A list of referrers is read and written by one at a time.
    listing: Arc<Mutex<()>>,
}

/// What an answer asks of us.
enum Said {
    Answer,
    Renew,
    Wait(Duration),
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
        keeper: Arc<dyn Keeper>,
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
            region,
            effort,
            keys: Arc::new(keeper::Keys::new(keeper)),
            pace: Arc::new(pace::Pace::new()),
            without_referrers: Arc::default(),
            listing: Arc::default(),
        })
    }

    pub fn region(&self) -> &Region {
        &self.region
    }

    /// Makes a repository in it.
    pub(crate) async fn create(&self, repository: &str) -> Result<(), Failure> {
        self.keys.keeper().create(repository).await
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

    /// Sends a request to the registry itself, when its turn has come.
    async fn once(
        &self,
        call: &Call,
        patience: Duration,
        request: RequestBuilder,
    ) -> Result<(Response, Said), Failure> {
        let (number, credential) = self.keys.get().await?;
        let turn = self.pace.turn(self.effort.answer).await.map_err(|pause| {
            let pause = pause.as_secs();
            call.unavailable(format!("the registry wants no request for {pause} s"))
        })?;
        let request = request
            .header(HOST, &self.place.host)
            .header(AUTHORIZATION, credential.0);
        let answer = call.within(patience, request.send()).await?;
        let said = match pace::busy(&answer) {
            Some(asked) => Said::Wait(self.pace.throttled(asked)),
            None if answer.status() == StatusCode::UNAUTHORIZED => {
                self.keys.refused(number).await;
                Said::Renew
            }
            None => {
                self.pace.good();
                Said::Answer
            }
        };
        drop(turn);
        Ok((answer, said))
    }

    /// Sends a request that may be sent again: with a younger token where this one is no longer accepted, and later where
    /// the registry asks for that.
    async fn ask(
        &self,
        call: &Call,
        request: impl Fn(&Client) -> RequestBuilder,
    ) -> Result<Response, Failure> {
        let (mut renewed, mut waited) = (false, Duration::ZERO);
        loop {
            let request = request(&self.http);
            let (answer, said) = self.once(call, self.effort.answer, request).await?;
            match said {
                Said::Renew if !renewed => renewed = true,
                Said::Wait(pause) if waited + pause <= self.effort.answer => waited += pause,
                Said::Answer | Said::Renew | Said::Wait(_) => return Ok(answer),
            }
        }
    }

    /// Sends a request, and goes where it is sent on to; the credential is for the registry alone.
    async fn follow(&self, call: &Call, method: Method, mut url: Url) -> Result<Response, Failure> {
        for _ in 0..=REDIRECTS {
            let answer = match self.place.is_own(&url) {
                true => {
                    let request = |http: &Client| {
                        http.request(method.clone(), url.clone())
                            .header(ACCEPT, ACCEPTED.join(", "))
                    };
                    self.ask(call, request).await?
                }
                false => {
                    let request = self.http.request(method.clone(), url.clone());
                    call.within(self.effort.answer, request.send()).await?
                }
            };
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
