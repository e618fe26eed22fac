//! How long a probe takes beside its goals, in one run: `cargo bench -p lifeboat-health-probe`.
//!
//! The clients are the function's own; what they ask are servers on this machine that take 100 ms for each answer, in a process of
//! their own. Each figure is the median of several rounds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod aws;
mod ours;

use std::{
    net::{Ipv4Addr, SocketAddr},
    process::{Command, Stdio},
    time::Duration,
};

use axum::{Router, http::StatusCode, routing::get};
use tokio::net::{TcpListener, UdpSocket};

/// What one answer takes.
const DELAY: Duration = Duration::from_millis(100);
const TARGETS: usize = 50;
const HANGING: usize = 5;
const SERVICES: usize = 100;

/// What a round took.
#[derive(Debug, Clone, Copy)]
struct Taken {
    wall: f64,
    cpu: f64,
    memory: f64,
}

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    if let [first, rest @ ..] = &arguments[..]
        && first == "ours"
    {
        return ours::run(rest);
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(compare());
}

async fn serve(app: Router) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}

/// Services behind a load balancer, the first few of which never answer.
async fn targets(hanging: usize) -> String {
    let answer = async move |axum::extract::Path(service): axum::extract::Path<String>| {
        let number: usize = service.trim_start_matches('s').parse().unwrap();
        match number < hanging {
            true => std::future::pending::<()>().await,
            false => tokio::time::sleep(DELAY).await,
        }
        StatusCode::OK
    };
    serve(Router::new().route("/{service}/health", get(answer))).await
}

/// A name server that knows each name, and no address of it.
async fn name_server() -> SocketAddr {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    let socket = std::sync::Arc::new(socket);
    tokio::spawn(async move {
        let mut packet = [0; 512];
        loop {
            let (length, from) = socket.recv_from(&mut packet).await.unwrap();
            let (mut answer, socket) = (packet[..length].to_vec(), socket.clone());
            tokio::spawn(async move {
                tokio::time::sleep(DELAY).await;
                // The question, as an answer.
                answer[2] |= 0x80;
                socket.send_to(&answer, from).await.unwrap();
            });
        }
    });
    address
}

/// Runs it as a process of its own, to which the servers' time and memory do not count.
async fn take(arguments: &[&str], endpoint: &str) -> Taken {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .arg("ours")
        .args(arguments)
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_REGION", "us-west-2")
        // As Terraform sets them for the function.
        .env("MALLOC_ARENA_MAX", "1")
        .env("MALLOC_MMAP_THRESHOLD_", "4194304")
        .stdout(Stdio::piped());
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.unwrap().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<f64> = text
        .split_whitespace()
        .map(|n| n.parse().unwrap())
        .collect();
    let [wall, cpu, memory] = numbers[..] else {
        panic!("{text}");
    };
    Taken { wall, cpu, memory }
}

fn goal(what: &str, taken: f64, unit: &str, goal: f64) {
    let (ratio, verdict) = (taken / goal, if taken <= goal { "met" } else { "not met" });
    println!(
        "{what:<58} {taken:>8.1} {unit:<3} goal {goal:>6} {unit:<3} {ratio:>5.2} x  {verdict}"
    );
}

async fn compare() {
    println!();
    let targets_at = targets(0).await;
    let many = take(&["targets", &targets_at], &targets_at).await;
    goal("50 targets at 100 ms, wall", many.wall, "ms", 115.0);
    goal("50 targets at 100 ms, CPU", many.cpu, "ms", 10.0);
    let targets_at = targets(HANGING).await;
    let hanging = take(&["targets", &targets_at], &targets_at).await;
    goal(
        "the same, 5 of them hanging, wall",
        hanging.wall,
        "ms",
        2020.0,
    );
    let patience = lifeboat_aws::load_balancer::PATIENCE.as_secs_f64() * 1e3;
    goal(
        "  beyond the time-out of 1.5 s",
        hanging.wall - patience,
        "ms",
        20.0,
    );
    let names = name_server().await.to_string();
    let cloud = serve(aws::cloud()).await;
    let whole = take(&["probe", &cloud, &names], &cloud).await;
    goal(
        "a whole probe of 100 services, each call at 100 ms, wall",
        whole.wall,
        "ms",
        1000.0,
    );
    println!("{:<58} {:>8.1} ms", "  CPU", whole.cpu);
    goal("  memory", whole.memory, "MB", 32.0);
    goal("  memory, of 50 targets", many.memory, "MB", 32.0);
}
