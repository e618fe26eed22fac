//! One plain HTTP request at a time. No connection is kept, so that a region's death is felt by the very next call.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::{Context, Result};

pub type Request = http::Request<Full<Bytes>>;
pub type Response = http::Response<Bytes>;

/// Sends the request and reads the whole answer within the time given.
pub async fn send(request: Request, timeout: Duration) -> Result<Response> {
    let name = format!("{} {}", request.method(), request.uri());
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(timeout));
    let client = Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(0)
        .build(connector);
    let exchange = async {
        let response = client.request(request).await.context(|| name.clone())?;
        let (head, body) = response.into_parts();
        let body = body
            .collect()
            .await
            .context(|| format!("{name}: read the answer"))?;
        Ok(Response::from_parts(head, body.to_bytes()))
    };
    let outcome = tokio::time::timeout(timeout, exchange).await;
    outcome.context(|| format!("{name}: no answer within {timeout:?}"))?
}

pub fn get(uri: &str) -> Result<Request> {
    http::Request::get(uri)
        .body(Full::default())
        .context(|| format!("GET {uri}"))
}
