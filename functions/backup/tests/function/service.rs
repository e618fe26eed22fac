//! A service that is spoken to over HTTP: it exports, imports, and holds still.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header::AUTHORIZATION},
    response::{IntoResponse, Response},
};
use lifeboat_core::configuration::{Export, Hook, Place, Writes, sample_export};
use serde_json::Value;

use crate::region::Region;

pub(crate) const TOKEN: &str = "a-token-that-nobody-prints";
pub(crate) const SECRET: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:users";

#[derive(Debug, Clone)]
pub(crate) struct Fake {
    pub(crate) address: String,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
pub(crate) struct Inner {
    /// What was asked of it, in order.
    pub(crate) log: Vec<String>,
    pub(crate) data: Vec<u8>,
    /// What it answers instead of what was asked.
    pub(crate) answers: BTreeMap<&'static str, u16>,
    /// Where it sends everybody on to.
    pub(crate) sends_on: Option<String>,
    pub(crate) takes: Duration,
    /// Without saying how much there is.
    pub(crate) streams: bool,
    /// It says that it has imported, and has not.
    pub(crate) forgets: bool,
}

impl Fake {
    pub(crate) async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Mutex::new(Inner::default()));
        let service = axum::Router::new()
            .fallback(answer)
            .with_state(inner.clone());
        tokio::spawn(async { axum::serve(listener, service).await });
        Self { address, inner }
    }

    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    pub(crate) fn answers(&self, what: &'static str, status: u16) {
        self.inner().answers.insert(what, status);
    }

    pub(crate) fn streams(&self, data: Vec<u8>) {
        let mut inner = self.inner();
        (inner.streams, inner.data) = (true, data);
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.inner().log.clone()
    }

    pub(crate) fn export(&self) -> Place {
        self.export_within(60)
    }

    pub(crate) fn export_within(&self, longest_seconds: u32) -> Place {
        let sample = sample_export(&format!("{}/export", self.address));
        Place::Http(Export {
            longest_bytes: 1000,
            longest_seconds,
            ..sample
        })
    }

    pub(crate) fn hook(&self) -> Hook {
        Hook {
            address: format!("{}/hold", self.address).parse().unwrap(),
            secret: SECRET.into(),
            longest_seconds: 60,
        }
    }
}

impl Region {
    /// How users are found in this region.
    pub(crate) fn users(&mut self, place: Place, hook: Option<Hook>) {
        for resources in self.configuration.regions.values_mut() {
            resources.hosts = vec!["127.0.0.1".into()];
            let users = resources.services.get_mut("users").unwrap();
            (users.place, users.hook) = (place.clone(), hook.clone());
        }
        if matches!(place, Place::Http(_)) {
            let mut services = self.configuration.services.iter_mut();
            let users = services.find(|service| service.name == "users").unwrap();
            users.writes = Writes::Http {
                longest_seconds: 10,
            };
        }
        self.configuration.validate().unwrap();
    }
}

async fn answer(
    State(inner): State<Arc<Mutex<Inner>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let takes = inner.lock().unwrap().takes;
    tokio::time::sleep(takes).await;
    let mut inner = inner.lock().unwrap();
    let word: Value = serde_json::from_slice(&body).unwrap_or_default();
    let action = word["action"].as_str().unwrap_or_default();
    let asked = match (method.as_str(), uri.path(), action) {
        ("GET", "/export", _) => "export",
        ("PUT", "/export", _) => "import",
        ("POST", "/hold", "pause") => "pause",
        ("POST", "/hold", "release") => "release",
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    inner.log.push(match asked {
        "pause" => format!("pause {} for {}", word["id"], word["longest_seconds"]),
        "release" => format!("release {}", word["id"]),
        other => other.to_owned(),
    });
    if let Some(to) = &inner.sends_on {
        let location = format!("{to}{}", uri.path());
        return (StatusCode::TEMPORARY_REDIRECT, [("location", location)]).into_response();
    }
    let token = headers
        .get(AUTHORIZATION)
        .map(|value| value.to_str().unwrap());
    if token != Some(&format!("Bearer {TOKEN}")) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if let Some(status) = inner.answers.get(asked) {
        let status = StatusCode::from_u16(*status).unwrap();
        return (status, "what a user wrote").into_response();
    }
    match asked {
        "export" if inner.streams => {
            let parts: Vec<_> = inner
                .data
                .chunks(100)
                .map(|part| Ok::<_, std::io::Error>(part.to_vec()))
                .collect();
            Body::from_stream(futures::stream::iter(parts)).into_response()
        }
        "export" => inner.data.clone().into_response(),
        "import" => {
            if !inner.forgets {
                inner.data = body.to_vec();
            }
            StatusCode::NO_CONTENT.into_response()
        }
        _ => StatusCode::OK.into_response(),
    }
}
