//! Signed calls to the emulator as the account's root, past the proxy: the harness's own eyes and hands.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http::{Method, StatusCode};
use hyper::body::Bytes;
use serde_json::Value;

use crate::{Context, Result, web};

/// Credentials that the emulator takes for the account's root.
pub const ROOT_KEY: &str = "test";
pub const ROOT_SECRET: &str = "test";

/// A function may take minutes.
const PATIENCE: Duration = Duration::from_secs(120);

/// An AWS endpoint: the emulator itself, or the proxy in front of it.
#[derive(Clone, Debug)]
pub struct Aws {
    endpoint: String,
    credentials: Credentials,
}

impl Aws {
    pub fn new(address: SocketAddr) -> Self {
        Self {
            endpoint: format!("http://{address}"),
            credentials: Credentials::new(ROOT_KEY, ROOT_SECRET, None, None, "local cloud"),
        }
    }

    /// A call in the style of Lambda, S3 and Route 53: the path names what is meant.
    pub async fn rest(
        &self,
        region: &str,
        service: &str,
        method: Method,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Result<Bytes> {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.endpoint));
        self.send(region, service, request, body.into()).await
    }

    /// What is there; nothing where there is nothing.
    pub async fn found(
        &self,
        region: &str,
        service: &str,
        method: Method,
        path: &str,
    ) -> Result<Option<Vec<u8>>> {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.endpoint));
        let (name, response) = self
            .exchange(region, service, request, Bytes::new())
            .await?;
        match response.status() {
            StatusCode::NOT_FOUND => Ok(None),
            _ => Ok(Some(good(&name, response)?.to_vec())),
        }
    }

    /// A call in the style of ECS and Step Functions: a header names the action, the body is JSON.
    pub async fn json(
        &self,
        region: &str,
        service: &str,
        target: &str,
        body: &Value,
    ) -> Result<Value> {
        let request = http::Request::post(format!("{}/", self.endpoint))
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", target);
        let answer = self
            .send(region, service, request, body.to_string().into())
            .await?;
        serde_json::from_slice(&answer).context(|| format!("{target} in {region}: read the answer"))
    }

    /// Invokes a Lambda function and waits for its answer; an error of the function is an error here.
    pub async fn invoke(&self, region: &str, function: &str, event: &Value) -> Result<Value> {
        let path = format!("/2015-03-31/functions/{function}/invocations");
        let answer = self
            .rest(region, "lambda", Method::POST, &path, event.to_string())
            .await?;
        let answer: Value = serde_json::from_slice(&answer)
            .context(|| format!("invoke {function} in {region}: read the answer"))?;
        match answer.get("errorMessage") {
            Some(_) => Err(format!("{function} in {region} failed: {answer}").into()),
            None => Ok(answer),
        }
    }

    async fn send(
        &self,
        region: &str,
        service: &str,
        request: http::request::Builder,
        body: Bytes,
    ) -> Result<Bytes> {
        let (name, response) = self.exchange(region, service, request, body).await?;
        good(&name, response)
    }

    async fn exchange(
        &self,
        region: &str,
        service: &str,
        request: http::request::Builder,
        body: Bytes,
    ) -> Result<(String, web::Response)> {
        let request = request
            .body(body)
            .context(|| format!("build a call to {service}"))?;
        let name = format!(
            "{} {} ({service} in {region})",
            request.method(),
            request.uri().path()
        );
        let request = signed(request, &self.credentials, region, service)?;
        let response = web::send(request.map(http_body_util::Full::new), PATIENCE).await?;
        Ok((name, response))
    }
}

fn good(name: &str, response: web::Response) -> Result<Bytes> {
    let status = response.status();
    let body = response.into_body();
    if status.is_success() {
        return Ok(body);
    }
    let said = String::from_utf8_lossy(&body);
    Err(format!("{name} answered {status}: {said}").into())
}

fn signed(
    mut request: http::Request<Bytes>,
    credentials: &Credentials,
    region: &str,
    service: &str,
) -> Result<http::Request<Bytes>> {
    let identity = credentials.clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .context(|| format!("sign a call to {service}"))?
        .into();
    let uri = request.uri().to_string();
    let headers = request
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let signable = SignableRequest::new(
        request.method().as_str(),
        &uri,
        headers,
        SignableBody::Bytes(request.body()),
    )
    .context(|| format!("sign a call to {service}"))?;
    let (instructions, _) = sign(signable, &params)
        .context(|| format!("sign a call to {service}"))?
        .into_parts();
    instructions.apply_to_request_http1x(&mut request);
    Ok(request)
}
