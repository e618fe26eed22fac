//! A registry that does what it is told, wrong things too.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{Router, extract::DefaultBodyLimit};
use futures::future::BoxFuture;
use jiff::Timestamp;
use lifeboat_core::Failure;
use lifeboat_image_sync::{
    reference::Digest,
    registry::{Credential, Keeper, Token},
    survey::Listed,
};
use serde_json::{Value, json};

use crate::server::answer;

pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
/// What the fake is told with each request, and must never see elsewhere.
pub(crate) const TOKEN: &str = "QVdTOnNlY3JldA==";

#[derive(Debug, Default)]
pub(crate) struct Repository {
    pub(crate) blobs: BTreeMap<String, Vec<u8>>,
    pub(crate) manifests: BTreeMap<String, (String, Vec<u8>)>,
    pub(crate) tags: BTreeMap<String, String>,
}

#[derive(Debug, Default)]
pub(crate) struct Inner {
    pub(crate) repositories: BTreeMap<String, Repository>,
    /// Every request: method, path and query.
    pub(crate) log: Vec<String>,
    /// Put before the path where an upload goes on.
    pub(crate) location: String,
    /// Where blobs are to be fetched instead.
    pub(crate) storage: Option<String>,
    /// Served with their last byte changed.
    pub(crate) rotten: BTreeSet<String>,
    pub(crate) uploads_left: Option<u32>,
    /// So many requests are answered 503 first.
    pub(crate) hiccups: u32,
    pub(crate) upload_takes: Duration,
    /// By a clock that stands still but for them, each upload takes so long.
    pub(crate) upload_lasts: Duration,
    /// So many blobs are read; whoever reads another waits for ever.
    pub(crate) downloads_left: Option<u32>,
    pub(crate) immutable: bool,
    /// Everything is refused with this body, as storage does.
    pub(crate) forbidden: Option<String>,
    pub(crate) credentials_seen: u32,
    /// Only this token is accepted, where it is not the usual one.
    pub(crate) token: Option<String>,
    pub(crate) tokens_given: u32,
    /// Repositories are there only once they were created.
    pub(crate) strict: bool,
    pub(crate) mounts: Mounts,
    /// So many requests are answered; nobody hears of the others, though the next one is still done.
    pub(crate) answers_left: Option<u32>,
    /// So many requests are told to wait, this many seconds.
    pub(crate) busy: u32,
    pub(crate) busy_for: u32,
    /// Everything is answered with this status.
    pub(crate) status: Option<u16>,
    /// Blobs break off halfway, so many times.
    pub(crate) breaks: u32,
    pub(crate) referrers: Referrers,
    /// Blobs may be removed.
    pub(crate) removes: Removes,
    /// Blobs are gone once a tag was written.
    pub(crate) loses: bool,
    /// When all its images were pushed.
    pub(crate) pushed: Option<Timestamp>,
}

/// When a blob is taken over from another repository.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mounts {
    #[default]
    AtOnce,
    AfterManifest,
    Never,
}

/// Whether it knows what refers to an image.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Referrers {
    #[default]
    NotFound,
    /// It calls the path a bad one.
    BadRequest,
    Known,
    /// One in each answer.
    Paged,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Removes {
    #[default]
    Never,
    Wholly,
    /// The content stays until somebody collects the garbage.
    TheName,
}

impl Keeper for Fake {
    fn token(&self) -> BoxFuture<'_, Result<Token, Failure>> {
        let mut inner = self.inner();
        inner.tokens_given += 1;
        let token = inner.token.clone().unwrap_or_else(|| TOKEN.to_owned());
        let credential = Credential::new(&token).unwrap();
        let token = Token {
            credential,
            expires: None,
        };
        Box::pin(async { Ok(token) })
    }

    fn create<'a>(&'a self, repository: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        let mut inner = self.inner();
        inner.log.push(format!("CREATE {repository}"));
        inner.repositories.entry(repository.into()).or_default();
        Box::pin(async { Ok(()) })
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Fake {
    pub(crate) endpoint: String,
    inner: Arc<Mutex<Inner>>,
}

impl Fake {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Mutex::new(Inner::default()));
        let app = Router::new()
            .fallback(answer)
            .layer(DefaultBodyLimit::disable())
            .with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { endpoint, inner }
    }

    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    pub(crate) fn blob(&self, repository: &str, content: &[u8]) -> Value {
        let digest = Digest::of(content);
        let mut inner = self.inner();
        let repository = inner.repositories.entry(repository.into()).or_default();
        repository.blobs.insert(digest.to_string(), content.into());
        json!({"mediaType": "x", "digest": digest, "size": content.len()})
    }

    /// A manifest with its own spacing, since nobody may write it anew; answers how a list would name it.
    pub(crate) fn manifest(
        &self,
        repository: &str,
        tag: Option<&str>,
        media_type: &str,
        content: &Value,
    ) -> Value {
        let bytes = serde_json::to_string_pretty(content).unwrap() + "\n \n";
        let digest = Digest::of(bytes.as_bytes());
        let described = json!({"mediaType": media_type, "digest": digest, "size": bytes.len()});
        let mut inner = self.inner();
        let repository = inner.repositories.entry(repository.into()).or_default();
        repository
            .manifests
            .insert(digest.to_string(), (media_type.into(), bytes.into()));
        if let Some(tag) = tag {
            repository.tags.insert(tag.into(), digest.to_string());
        }
        described
    }

    /// An image of a layer that all share and one of its own.
    pub(crate) fn image(&self, repository: &str, tag: Option<&str>, version: &str) -> String {
        let config = format!("{{\"config\":\"{version}\"}}");
        self.image_of(repository, tag, version, &config)
    }

    /// One that says what it runs on.
    pub(crate) fn runnable(
        &self,
        repository: &str,
        tag: Option<&str>,
        version: &str,
        architecture: &str,
    ) -> String {
        let config = json!({"os": "linux", "architecture": architecture, "config": version});
        self.image_of(repository, tag, version, &config.to_string())
    }

    fn image_of(&self, repository: &str, tag: Option<&str>, version: &str, config: &str) -> String {
        let layers = [
            self.blob(repository, b"base"),
            self.blob(repository, version.repeat(300_000).as_bytes()),
        ];
        let config = self.blob(repository, config.as_bytes());
        let content = json!({"schemaVersion": 2, "config": config, "layers": layers});
        let described = self.manifest(repository, tag, IMAGE, &content);
        described["digest"].as_str().unwrap().to_owned()
    }

    pub(crate) fn tag(&self, repository: &str, tag: &str) -> Option<String> {
        self.inner()
            .repositories
            .get(repository)?
            .tags
            .get(tag)
            .cloned()
    }

    pub(crate) fn content(&self, repository: &str, digest: &str) -> Option<(String, Vec<u8>)> {
        self.inner()
            .repositories
            .get(repository)?
            .manifests
            .get(digest)
            .cloned()
    }

    pub(crate) fn holds_blob(&self, repository: &str, content: &[u8]) -> bool {
        let digest = Digest::of(content).to_string();
        let inner = self.inner();
        inner
            .repositories
            .get(repository)
            .is_some_and(|found| found.blobs.contains_key(&digest))
    }

    /// What ECR would list of it.
    pub(crate) fn list(&self, repository: &str) -> Option<Vec<Listed>> {
        let mut inner = self.inner();
        inner.log.push(format!("LIST {repository}"));
        let found = inner.repositories.get(repository)?;
        let images = found.manifests.keys().map(|digest| {
            let tags = found.tags.iter().filter(|(_, named)| *named == digest);
            Listed {
                digest: Digest::parse("", digest).unwrap(),
                tags: tags.map(|(tag, _)| tag.clone()).collect(),
                pushed: inner.pushed,
            }
        });
        Some(images.collect())
    }

    /// As a lifecycle rule removes an image.
    pub(crate) fn forget(&self, repository: &str, digest: &str) {
        if let Some(found) = self.inner().repositories.get_mut(repository) {
            found.manifests.remove(digest);
            found.tags.retain(|_, named| named != digest);
        }
    }

    pub(crate) fn lose(&self, repository: &str, content: &[u8]) {
        let digest = Digest::of(content).to_string();
        if let Some(found) = self.inner().repositories.get_mut(repository) {
            found.blobs.remove(&digest);
        }
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.inner().log.clone()
    }

    /// Requests that change something, reads left out.
    pub(crate) fn writes(&self) -> Vec<String> {
        let reads = ["GET", "HEAD", "LIST"];
        let writes = |line: &String| !reads.iter().any(|read| line.starts_with(read));
        self.log().into_iter().filter(writes).collect()
    }
}
