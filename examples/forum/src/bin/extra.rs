//! A service without users, for measuring with many of them and for trying one without data: whoever asks is told that it is well,
//! and its `db.json`, where it has a folder, stays empty.

use std::io;
use std::path::Path;

use axum::Router;
use forum::settings::{DEFAULT_FOLDER, DEFAULT_PORT};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    // Before it can be asked to stop: the first process of a container has no default handler.
    let mut stop = signal(SignalKind::terminate())?;
    let folder = Path::new(DEFAULT_FOLDER);
    let data = folder.join("db.json");
    if folder.exists() && !data.exists() {
        std::fs::write(data, "{}")?;
    }
    let listener = TcpListener::bind(("0.0.0.0", DEFAULT_PORT)).await?;
    tokio::select! {
        served = axum::serve(listener, Router::new().fallback(async || "{}")) => served,
        _ = stop.recv() => Ok(()),
    }
}
