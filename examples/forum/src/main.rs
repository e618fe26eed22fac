//! Wiring: settings, store, server, and a clean end when the container is stopped.

use std::future::Future;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use forum::routes;
use forum::settings::Settings;
use forum::store::Store;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Shorter than the ten seconds after which Docker kills a container that it has asked to stop.
const LAST_REQUESTS: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("forum: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::read(|name| std::env::var(name).ok())?;
    let store = Store::open(&settings.folder, settings.role)?;
    let runtime = Runtime::new()?;
    let served = runtime.block_on(serve(settings.port, store));
    // A write that still waits for another task's lock was not acknowledged: nobody loses anything when it is dropped.
    runtime.shutdown_timeout(Duration::from_secs(1));
    Ok(served?)
}

async fn serve(port: u16, store: Store) -> io::Result<()> {
    let stopped = stop_signal()?;
    let role = store.role();
    let listener = TcpListener::bind(("0.0.0.0", port))
        .await
        .map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("listen on port {port} (PORT): {error}"),
            )
        })?;
    say(&format!("{role}: listening on {}", listener.local_addr()?));

    let (told, mut stop) = watch::channel(false);
    let mut server_stop = stop.clone();
    tokio::spawn(async move {
        stopped.await;
        told.send_replace(true);
    });
    let server = axum::serve(listener, routes::router(store)).with_graceful_shutdown(async move {
        let _ = server_stop.wait_for(|stop| *stop).await;
    });
    let out_of_patience = async move {
        let _ = stop.wait_for(|stop| *stop).await;
        tokio::time::sleep(LAST_REQUESTS).await;
    };
    tokio::select! {
        ended = server => ended?,
        () = out_of_patience => {}
    }
    say(&format!("{role}: stopped"));
    Ok(())
}

/// A log that nobody reads any more is no reason to end badly, as `println!` would.
fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Handlers of its own: the kernel gives the first process of a container no default ones.
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
