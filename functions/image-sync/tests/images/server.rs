//! How the fake registry answers.

use std::sync::{Arc, Mutex};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header::AUTHORIZATION},
    response::{IntoResponse, Response},
};
use lifeboat_image_sync::reference::Digest;
use serde_json::{Value, json};

use crate::fake::{INDEX, Inner, Mounts, Referrers, Removes, TOKEN};

pub(crate) async fn answer(
    State(inner): State<Arc<Mutex<Inner>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if method == Method::PUT && uri.path().contains("/blobs/uploads/") {
        let (takes, lasts) = {
            let inner = inner.lock().unwrap();
            (inner.upload_takes, inner.upload_lasts)
        };
        if !takes.is_zero() {
            tokio::time::sleep(takes).await;
        }
        if !lasts.is_zero() {
            tokio::time::advance(lasts).await;
        }
    }
    if method == Method::GET && uri.path().contains("/blobs/") && !may_read(&inner) {
        std::future::pending::<()>().await;
    }
    let answer = decide(&inner, &method, &uri, &headers, &body);
    let silent = {
        let mut inner = inner.lock().unwrap();
        match &mut inner.answers_left {
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                *left == 0
            }
            None => false,
        }
    };
    if silent {
        std::future::pending::<()>().await;
    }
    answer
}

fn may_read(inner: &Mutex<Inner>) -> bool {
    match &mut inner.lock().unwrap().downloads_left {
        Some(0) => false,
        Some(left) => {
            *left -= 1;
            true
        }
        None => true,
    }
}

fn decide(
    inner: &Mutex<Inner>,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
) -> Response {
    let mut inner = inner.lock().unwrap();
    if inner.answers_left == Some(0) {
        return StatusCode::GONE.into_response();
    }
    inner.log.push(format!("{method} {uri}"));
    let credential = headers
        .get(AUTHORIZATION)
        .map(|value| value.to_str().unwrap());
    inner.credentials_seen += u32::from(credential.is_some());
    if let Some(body) = &inner.forbidden {
        return (StatusCode::FORBIDDEN, body.clone()).into_response();
    }
    if let Some(status) = inner.status {
        return StatusCode::from_u16(status).unwrap().into_response();
    }
    if inner.busy > 0 {
        inner.busy -= 1;
        let after = [("retry-after", inner.busy_for.to_string())];
        return (StatusCode::TOO_MANY_REQUESTS, after).into_response();
    }
    if inner.hiccups > 0 {
        inner.hiccups -= 1;
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    // What is no registry but storage behind one wants no credential.
    if let Some(rest) = uri.path().strip_prefix("/storage/") {
        let (repository, digest) = rest.split_once('@').unwrap();
        return inner.blob(repository, digest);
    }
    let token = inner.token.clone().unwrap_or_else(|| TOKEN.to_owned());
    if credential != Some(&format!("Basic {token}")) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let path = uri.path().strip_prefix("/v2/").unwrap_or_default();
    if let Some((repository, reference)) = path.split_once("/manifests/") {
        let media_type = headers
            .get("content-type")
            .map(|value| value.to_str().unwrap());
        return inner.manifest(method, repository, reference, media_type, body);
    }
    if let Some((repository, _)) = path.split_once("/blobs/uploads/") {
        return inner.upload(method, repository, uri.query().unwrap_or_default(), body);
    }
    match path.split_once("/blobs/") {
        Some((repository, digest)) if method == Method::DELETE => inner.remove(repository, digest),
        Some((repository, digest)) if method == Method::GET && inner.breaks > 0 => {
            inner.breaks -= 1;
            inner.broken(repository, digest)
        }
        Some((repository, digest)) if method == Method::GET && inner.storage.is_some() => {
            let storage = inner.storage.clone().unwrap();
            let location = format!("{storage}/storage/{repository}@{digest}?Signature=signed");
            (StatusCode::TEMPORARY_REDIRECT, [("location", location)]).into_response()
        }
        Some((repository, digest)) => inner.blob(repository, digest),
        None => match (path.split_once("/referrers/"), inner.referrers) {
            (Some((repository, digest)), Referrers::Known) => inner.referring(repository, digest),
            (Some((repository, digest)), Referrers::Paged) => {
                inner.page_of_referring(repository, digest, uri.query())
            }
            (Some(_), Referrers::BadRequest) => StatusCode::BAD_REQUEST.into_response(),
            (Some(_), Referrers::NotFound) | (None, _) => StatusCode::NOT_FOUND.into_response(),
        },
    }
}

fn error(status: StatusCode, code: &str) -> Response {
    let body = json!({"errors": [{"code": code, "message": "says the fake"}]});
    (status, axum::Json(body)).into_response()
}

fn index(named: &[Value]) -> axum::Json<Value> {
    axum::Json(json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": named}))
}

impl Inner {
    fn rot(&self, digest: &str, mut content: Vec<u8>) -> Vec<u8> {
        if self.rotten.contains(digest) {
            *content.last_mut().unwrap() ^= 1;
        }
        content
    }

    fn blob(&self, repository: &str, digest: &str) -> Response {
        match self
            .repositories
            .get(repository)
            .and_then(|found| found.blobs.get(digest))
        {
            Some(content) => self.rot(digest, content.clone()).into_response(),
            None => error(StatusCode::NOT_FOUND, "BLOB_UNKNOWN"),
        }
    }

    /// Half of it, and then nothing.
    fn broken(&self, repository: &str, digest: &str) -> Response {
        let content = &self.repositories[repository].blobs[digest];
        let half = content[..content.len() / 2].to_vec();
        let parts = [Ok(half), Err(std::io::Error::other("broken"))];
        let body = Body::from_stream(futures::stream::iter(parts));
        ([("content-length", content.len().to_string())], body).into_response()
    }

    fn remove(&mut self, repository: &str, digest: &str) -> Response {
        let held = &mut self.repositories.get_mut(repository).unwrap().blobs;
        match self.removes {
            Removes::Never => return error(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED"),
            Removes::Wholly => drop(self.rotten.remove(digest)),
            Removes::TheName => {}
        }
        held.remove(digest);
        StatusCode::ACCEPTED.into_response()
    }

    /// One in each answer, and where the next one is.
    fn page_of_referring(&self, repository: &str, digest: &str, query: Option<&str>) -> Response {
        let page: usize = query.map_or(0, |query| query["page=".len()..].parse().unwrap());
        let mut all = self.named_referring(repository, digest);
        let more = page + 1 < all.len();
        all = all.into_iter().skip(page).take(1).collect();
        let next = format!(
            "</v2/{repository}/referrers/{digest}?page={}>; rel=\"next\"",
            page + 1
        );
        let link = more.then_some([("link", next)]);
        (link, index(&all)).into_response()
    }

    fn referring(&self, repository: &str, digest: &str) -> Response {
        index(&self.named_referring(repository, digest)).into_response()
    }

    fn named_referring(&self, repository: &str, digest: &str) -> Vec<Value> {
        let manifests = self
            .repositories
            .get(repository)
            .map(|found| &found.manifests);
        let referring = manifests.into_iter().flatten().filter(|(_, (_, bytes))| {
            let content: Value = serde_json::from_slice(bytes).unwrap();
            content["subject"]["digest"] == digest
        });
        let named = referring.map(|(digest, (media_type, bytes))| {
            json!({"mediaType": media_type, "digest": digest, "size": bytes.len()})
        });
        named.collect()
    }

    /// Whether the registry's rules let the blob be taken over from there.
    fn mountable(&self, from: &str, digest: &str) -> bool {
        match self.mounts {
            Mounts::Never => false,
            Mounts::AtOnce => true,
            Mounts::AfterManifest => self.repositories.get(from).is_some_and(|found| {
                let mut manifests = found.manifests.values();
                manifests.any(|(_, bytes)| String::from_utf8_lossy(bytes).contains(digest))
            }),
        }
    }

    fn upload(&mut self, method: &Method, repository: &str, query: &str, body: &[u8]) -> Response {
        let query = query.replace("%3A", ":").replace("%2F", "/");
        let value = |name: &str| {
            query
                .split('&')
                .find_map(|pair| pair.strip_prefix(&format!("{name}=")))
        };
        if self.strict && !self.repositories.contains_key(repository) {
            return error(StatusCode::NOT_FOUND, "NAME_UNKNOWN");
        }
        if method == Method::POST {
            if let (Some(digest), Some(from)) = (value("mount"), value("from")) {
                let found = self
                    .repositories
                    .get(from)
                    .and_then(|found| found.blobs.get(digest))
                    .filter(|_| self.mountable(from, digest))
                    .cloned();
                if let Some(found) = found {
                    self.repositories
                        .entry(repository.into())
                        .or_default()
                        .blobs
                        .insert(digest.into(), found);
                    return StatusCode::CREATED.into_response();
                }
            }
            let location = format!("{}/v2/{repository}/blobs/uploads/1?state=a", self.location);
            return (StatusCode::ACCEPTED, [("location", location)]).into_response();
        }
        match &mut self.uploads_left {
            Some(0) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
            Some(left) => *left -= 1,
            None => {}
        }
        let digest = value("digest").unwrap();
        if Digest::of(body).as_str() != digest || value("state") != Some("a") {
            return error(StatusCode::BAD_REQUEST, "DIGEST_INVALID");
        }
        self.repositories
            .entry(repository.into())
            .or_default()
            .blobs
            .insert(digest.into(), body.into());
        StatusCode::CREATED.into_response()
    }

    fn manifest(
        &mut self,
        method: &Method,
        name: &str,
        reference: &str,
        media_type: Option<&str>,
        body: &[u8],
    ) -> Response {
        if !self.repositories.contains_key(name) && (self.strict || method != Method::PUT) {
            return error(StatusCode::NOT_FOUND, "NAME_UNKNOWN");
        }
        let repository = self.repositories.entry(name.into()).or_default();
        let digest = repository
            .tags
            .get(reference)
            .cloned()
            .unwrap_or_else(|| reference.to_owned());
        if method == Method::GET || method == Method::HEAD {
            return match repository.manifests.get(&digest).cloned() {
                Some((typed, bytes)) => {
                    let headers = [
                        ("content-type", typed),
                        ("docker-content-digest", digest.clone()),
                    ];
                    (headers, self.rot(&digest, bytes)).into_response()
                }
                None => error(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN"),
            };
        }
        if self.immutable && repository.tags.contains_key(reference) {
            return error(StatusCode::BAD_REQUEST, "TAG_INVALID");
        }
        let content: Value = serde_json::from_slice(body).unwrap();
        let named = |list: &Value| list.as_array().cloned().unwrap_or_default();
        let has = |part: &Value| {
            // What is to be had elsewhere, no registry asks for.
            if part["urls"].is_array() {
                return true;
            }
            let digest = part["digest"].as_str().unwrap();
            repository.blobs.contains_key(digest) || repository.manifests.contains_key(digest)
        };
        let parts = [named(&content["layers"]), named(&content["manifests"])].concat();
        if !parts.iter().chain(content.get("config")).all(has) {
            return error(StatusCode::BAD_REQUEST, "MANIFEST_BLOB_UNKNOWN");
        }
        let written = Digest::of(body).to_string();
        repository
            .manifests
            .insert(written.clone(), (media_type.unwrap().into(), body.into()));
        if !reference.contains(':') {
            repository.tags.insert(reference.into(), written);
            if self.loses {
                repository.blobs.clear();
            }
        }
        StatusCode::CREATED.into_response()
    }
}
