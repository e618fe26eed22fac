//! The HTTP surface: health, list, get, create; every answer is JSON, every error an object with `error` in words.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::roles::Refusal;
use crate::store::{Store, StoreError};

const LARGEST_BODY: usize = 64 * 1024;

/// A dead task's lock on a network file system may outlive it for a while; the users of the others are told, not kept.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug)]
enum Failure {
    Refused(Refusal),
    NotFound(String),
    Store(StoreError),
    TimedOut,
    Interrupted,
}

pub fn router(store: Store) -> Router {
    let role = store.role();
    Router::new()
        .route("/health", get(health))
        .route(&format!("/{role}/health"), get(health))
        .route(&format!("/{role}"), get(list).post(create))
        .route(&format!("/{role}/{{id}}"), get(one))
        .fallback(move || async move {
            Failure::NotFound(format!("no such path; this is the service of /{role}"))
        })
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(Arc::new(store))
}

/// Healthy means that the data can be read: a task without its file must not get traffic.
async fn health(State(store): State<Arc<Store>>) -> Result<Json<Value>, Failure> {
    let role = store.role();
    on_disk(move || store.records()).await?;
    Ok(Json(json!({ "role": role.name(), "status": "ok" })))
}

async fn list(State(store): State<Arc<Store>>) -> Result<Json<Vec<Value>>, Failure> {
    Ok(Json(on_disk(move || store.records()).await?))
}

async fn one(
    State(store): State<Arc<Store>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Failure> {
    let missing = format!("no record `{id}` in {}", store.role());
    let found = on_disk(move || store.record(&id)).await?;
    found.map(Json).ok_or(Failure::NotFound(missing))
}

async fn create(State(store): State<Arc<Store>>, body: Bytes) -> Result<Response, Failure> {
    let role = store.role();
    let record = role.parse(&body).map_err(Failure::Refused)?;
    let record = on_disk(move || store.append(record)).await?;
    let location = format!("/{role}/{}", record["id"].as_str().unwrap_or_default());
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(record),
    )
        .into_response())
}

async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::time::timeout(PATIENCE, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(done)) => done.map_err(Failure::Store),
        Ok(Err(_)) => Err(Failure::Interrupted),
        Err(_) => Err(Failure::TimedOut),
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Failure::Refused(refusal) => (StatusCode::BAD_REQUEST, refusal.to_string()),
            Failure::NotFound(what) => (StatusCode::NOT_FOUND, what),
            Failure::Store(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
            Failure::TimedOut => (
                StatusCode::SERVICE_UNAVAILABLE,
                format!(
                    "the data was not free within {} s; a record sent may or may not be stored",
                    PATIENCE.as_secs()
                ),
            ),
            Failure::Interrupted => (
                StatusCode::SERVICE_UNAVAILABLE,
                "the work was interrupted; try again".to_owned(),
            ),
        };
        if status == StatusCode::SERVICE_UNAVAILABLE {
            eprintln!("{error}");
        }
        (status, Json(json!({ "error": error }))).into_response()
    }
}
