//! In a process of its own, so that the system can say how much memory it took.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{fs, sync::Arc};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
};
use futures::{StreamExt, future::BoxFuture, stream};
use lifeboat_core::{Failure, Region, configuration::Endpoint};
use lifeboat_image_sync::{
    Registry,
    copy::{Became, Limits, Wish, copy},
    reference::{Digest, Reference},
    registry::{Credential, Effort, Keeper, Token, client},
};
use serde_json::json;
use sha2::Digest as _;

const PART: usize = 1 << 20;
/// Four travel at once, and together are twice what all of it may take. Hashing without optimization takes its time.
const PARTS: usize = 16;
const LAYERS: u8 = 4;
/// Source and target run in this process too.
const LIMIT: u64 = 32 << 20;
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

#[derive(Debug)]
struct Nobody;

impl Keeper for Nobody {
    fn token(&self) -> BoxFuture<'_, Result<Token, Failure>> {
        let credential = Credential::new("eA==").unwrap();
        let token = Token {
            credential,
            expires: None,
        };
        Box::pin(async { Ok(token) })
    }

    fn create<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }
}

fn layer(number: u8) -> Digest {
    let (mut hasher, part) = (sha2::Sha256::new(), vec![number; PART]);
    (0..PARTS).for_each(|_| hasher.update(&part));
    let digest = hex::encode(hasher.finalize());
    Digest::parse("layer", &format!("sha256:{digest}")).unwrap()
}

/// Serves layers that it never has in memory, and swallows what it is sent.
async fn answer(request: Request, manifest: Bytes, layers: Vec<Digest>) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let source = path.contains("/source/");
    match method {
        Method::POST => {
            let place = [("location", format!("{path}1?a=b"))];
            return (StatusCode::ACCEPTED, place).into_response();
        }
        Method::PUT => {
            let mut body = request.into_body().into_data_stream();
            while let Some(part) = body.next().await {
                if part.is_err() {
                    return StatusCode::BAD_REQUEST.into_response();
                }
            }
            return StatusCode::CREATED.into_response();
        }
        _ if !source => return StatusCode::NOT_FOUND.into_response(),
        _ => {}
    }
    if path.contains("/manifests/") {
        if path.contains("/sha256-") {
            return StatusCode::NOT_FOUND.into_response();
        }
        let digest = Digest::of(&manifest).to_string();
        let headers = [
            ("content-type", MANIFEST),
            ("docker-content-digest", &digest),
        ];
        return (headers, manifest).into_response();
    }
    let number = layers
        .iter()
        .position(|layer| path.ends_with(layer.as_str()));
    match number {
        Some(number) => {
            let parts = stream::iter(0..PARTS)
                .map(move |_| Ok::<_, std::io::Error>(Bytes::from(vec![number as u8; PART])));
            Body::from_stream(parts).into_response()
        }
        None if path.contains("/blobs/") => "{}".into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn most() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        << 10
}

#[tokio::test(flavor = "multi_thread")]
async fn layers_that_are_twice_what_may_be_in_memory_are_copied_at_once() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let layers: Vec<Digest> = (0..LAYERS).map(layer).collect();
    let named: Vec<_> = layers
        .iter()
        .map(|digest| json!({"digest": digest, "size": PART * PARTS}))
        .collect();
    let config = json!({"digest": Digest::of(b"{}"), "size": 2});
    let manifest = json!({"schemaVersion": 2, "config": config, "layers": named});
    let manifest = Bytes::from(serde_json::to_vec(&manifest).unwrap());
    let app = Router::new().fallback(move |request: Request| answer(request, manifest, layers));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let registry = |region| {
        let address = Endpoint {
            endpoint: format!("http://{host}"),
            host: host.clone(),
        };
        let region = Region::new(region).unwrap();
        Registry::new(
            client().unwrap(),
            &address,
            region,
            Arc::new(Nobody),
            Effort::OWN,
        )
        .unwrap()
    };
    let wishes = [Wish {
        from: "source/x".into(),
        to: "target/x".into(),
        reference: Reference::parse("tag", "v1").unwrap(),
    }];
    let (from, to) = (registry("us-east-1"), registry("us-west-2"));
    let done = copy(&from, &to, &wishes, &Limits::default(), async |_| Ok(())).await;
    assert!(matches!(done[0].became, Ok(Became::Copied(_))), "{done:?}");
    let most = most();
    assert!(most < LIMIT, "{} MB", most >> 20);
}
