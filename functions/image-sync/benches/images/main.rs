//! Copying images beside skopeo, in one run between registries on this machine: `cargo bench -p lifeboat-image-sync`.
//!
//! It needs `skopeo` and `docker-registry` on the PATH, and says which is missing. The images are made anew each time, the same
//! each time. Ours runs as a process of its own, as skopeo does, and all are measured alike. Each copies into a new registry.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod data;
#[path = "../../../backup/benches/backup/measure.rs"]
mod measure;
mod ours;
mod registry;

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::atomic::Ordering,
    time::Duration,
};

use data::{IMAGES, TAG, repository};
use measure::{Taken, take};

const FAR: Duration = Duration::from_millis(80);

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    if arguments.first().is_some_and(|first| first == "ours") {
        return ours::run(&arguments[1..]);
    }
    for program in ["skopeo", "docker-registry"] {
        let found = Command::new(program).arg("--help").output();
        if found.is_err() {
            eprintln!("the bench needs {program} on the PATH");
            std::process::exit(2);
        }
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(compare(folder.path()));
}

#[derive(Clone, Copy, PartialEq)]
enum Tool {
    Copies,
    Sync,
    Ours,
}

impl Tool {
    fn name(self) -> &'static str {
        match self {
            Self::Copies => "skopeo copy --all, one by one",
            Self::Sync => "skopeo sync",
            Self::Ours => "lifeboat",
        }
    }

    fn run(self, folder: &Path, from: &str, to: &str) -> Taken {
        match self {
            Self::Ours => take(&mut ours::command(from, to)),
            Self::Copies => {
                let mut all = Taken::default();
                for image in (0..IMAGES).map(repository) {
                    let mut copy = skopeo("copy");
                    copy.args(["--src-tls-verify=false", "--dest-tls-verify=false", "--all"]);
                    copy.args([from, to].map(|host| format!("docker://{host}/{image}:{TAG}")));
                    let taken = take(&mut copy);
                    all.wall += taken.wall;
                    all.cpu += taken.cpu;
                    all.memory = all.memory.max(taken.memory);
                }
                all
            }
            Self::Sync => {
                let images: Vec<String> = (0..IMAGES)
                    .map(|image| format!("    {}: [{TAG}]\n", repository(image)))
                    .collect();
                let list = folder.join("sync.yml");
                let text = format!(
                    "'{from}':\n  tls-verify: false\n  images:\n{}",
                    images.concat()
                );
                fs::write(&list, text).unwrap();
                let mut sync = skopeo("sync");
                sync.args([
                    "--dest-tls-verify=false",
                    "--all",
                    "--src",
                    "yaml",
                    "--dest",
                    "docker",
                ]);
                sync.arg(list).arg(format!("{to}/bench"));
                take(&mut sync)
            }
        }
    }
}

fn skopeo(command: &str) -> Command {
    let mut skopeo = Command::new("skopeo");
    skopeo.args(["--insecure-policy", command]);
    skopeo.stdout(Stdio::null()).stderr(Stdio::null());
    skopeo
}

fn show(name: &str, taken: &Taken, sent: &str) {
    println!(
        "{name:<52} {:>7.2} {:>7.2} {:>7.0} {sent:>22}",
        taken.wall, taken.cpu, taken.memory
    );
}

fn ratio(what: &str, ours: f64, theirs: f64, goal: f64) {
    let verdict = if ours / theirs <= goal {
        "met"
    } else {
        "not met"
    };
    println!("  {what}: {:.2} x, goal {goal} x: {verdict}", ours / theirs);
}

async fn compare(folder: &Path) {
    let source = registry::start(folder, "source").await;
    data::push(&source).await;
    println!(
        "\n{:<52} {:>7} {:>7} {:>7} {:>22}",
        "", "wall s", "CPU s", "MB", "requests, MB sent"
    );
    let mut near = vec![];
    for tool in [Tool::Copies, Tool::Sync, Tool::Ours] {
        let target =
            registry::start(folder, &format!("near-{}", tool.name().replace(' ', "-"))).await;
        let both = ["cold", "warm"].map(|state| {
            let taken = tool.run(folder, source.host(), target.host());
            show(&format!("{}, {state}", tool.name()), &taken, "");
            taken
        });
        near.push(both);
    }
    let [copies, sync, ours] = near.try_into().unwrap();
    let best = copies[0].wall.min(sync[0].wall);
    ratio("cold wall to the faster skopeo", ours[0].wall, best, 0.67);
    ratio("cold CPU to skopeo copy", ours[0].cpu, copies[0].cpu, 0.4);
    ratio("warm wall to skopeo sync", ours[1].wall, sync[1].wall, 0.5);
    ratio("memory to 32 MB", ours[0].memory, 32.0, 1.0);

    println!("\n80 ms more for each request");
    let mut far = vec![];
    for tool in [Tool::Copies, Tool::Sync, Tool::Ours] {
        let target =
            registry::start(folder, &format!("far-{}", tool.name().replace(' ', "-"))).await;
        let (from, read) = registry::far(&source, FAR).await;
        let (to, written) = registry::far(&target, FAR).await;
        let mut both = vec![];
        for state in ["cold", "warm"] {
            let (folder, from, to) = (folder.to_owned(), from.clone(), to.clone());
            let run = tokio::task::spawn_blocking(move || tool.run(&folder, &from, &to));
            let taken = run.await.unwrap();
            let requests = read.requests.swap(0, Ordering::Relaxed)
                + written.requests.swap(0, Ordering::Relaxed);
            let sent = written.sent.swap(0, Ordering::Relaxed) as f64 / 1e6;
            show(
                &format!("{}, {state}", tool.name()),
                &taken,
                &format!("{requests}, {sent:.0}"),
            );
            both.push((taken, requests));
        }
        far.push(both);
    }
    let best = far[0][0].0.wall.min(far[1][0].0.wall);
    ratio(
        "cold wall to the faster skopeo",
        far[2][0].0.wall,
        best,
        0.4,
    );
    let two = 2.0 * IMAGES as f64;
    ratio(
        "warm requests to two an image",
        far[2][1].1 as f64,
        two,
        1.0,
    );
}
