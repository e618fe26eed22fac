//! Backups beside restic and `aws s3 cp`, in one run against one S3 server on this machine: `cargo bench -p lifeboat-backup`.
//!
//! It needs `restic`, `aws` and `weed` (SeaweedFS) on the PATH, and says which is missing. Data of 1, 50 and 500 MB is made
//! anew each time, the same each time. Ours runs as a process of its own, as the others do, and all are measured alike.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod data;
mod floor;
mod measure;
mod ours;
mod server;

use std::{fs, path::Path, process::Command};

use measure::take;

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    if arguments.first().is_some_and(|first| first == "ours") {
        return ours::run(&arguments[1..]);
    }
    if let [first, level, data] = &arguments[..]
        && first == "floor"
    {
        return floor::run(level.parse().unwrap(), Path::new(data));
    }
    for program in ["restic", "aws", "weed"] {
        let found = Command::new(program).arg("--help").output();
        if found.is_err() {
            eprintln!("the bench needs {program} on the PATH");
            std::process::exit(2);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    data::write(&data, &[("users", 1), ("threads", 50), ("posts", 500)]);
    let server = server::start(folder.path());
    // What was written a moment ago is not believed to be unchanged, and the disk comes to rest.
    std::thread::sleep(std::time::Duration::from_secs(5));
    compare(folder.path(), &data, &server);
}

fn compare(folder: &Path, data: &Path, server: &server::Server) {
    let restic = |arguments: &[&str]| {
        let mut restic = server.command("restic");
        restic.args([
            "--no-cache",
            "-q",
            "-r",
            &format!("s3:{}/bench/restic", server.endpoint),
        ]);
        restic.args(arguments);
        restic
    };
    let whole = data.to_str().unwrap();
    take(
        server
            .command("aws")
            .args(server.aws(&["s3", "mb", "s3://bench"])),
    );
    take(&mut restic(&["init"]));
    println!(
        "\n{:<40} {:>7} {:>7} {:>9} {:>5} {:>9} {:>8} {:>9}",
        "", "wall s", "CPU s", "server's", "MB", "requests", "sent MB", "stored MB"
    );
    let run = |name: &str, command: &mut Command| {
        let before = server.asked();
        let taken = take(command);
        let asked = server.asked();
        print!(
            "{name:<40} {:>7.2} {:>7.2} {:>9.2} {:>5.0} {:>9} {:>8.1}",
            taken.wall,
            taken.cpu,
            asked.cpu - before.cpu,
            taken.memory,
            asked.requests - before.requests,
            (asked.received - before.received) / 1e6,
        );
        taken
    };
    let stored = |bytes: u64| println!(" {:>9.1}", bytes as f64 / 1e6);
    let ratio = |what: &str, ours: f64, theirs: f64, goal: f64| {
        let verdict = if ours / theirs <= goal {
            "met"
        } else {
            "not met"
        };
        println!("  {what}: {:.2} x, goal {goal} x: {verdict}", ours / theirs);
    };
    let raw = [
        "s3",
        "cp",
        "--quiet",
        "--recursive",
        whole,
        "s3://bench/raw",
    ];
    run(
        "aws s3 cp, raw",
        server.command("aws").args(server.aws(&raw)),
    );
    stored(server.stored("raw/"));
    let theirs = run("restic, first", &mut restic(&["backup", whole]));
    let their_bytes = server.stored("restic/");
    stored(their_bytes);
    for (level, goal) in [(3, 0.55), (1, 0.38)] {
        let mut floor = Command::new(std::env::current_exe().unwrap());
        floor.args(["floor", &level.to_string(), whole]);
        let floor = run(
            &format!("cut, hashed, compressed, level {level}"),
            &mut floor,
        );
        println!();
        let bucket = format!("level{level}");
        let mut create = ours::command(server, &bucket, level, "create", data);
        let taken = run(&format!("lifeboat, first, level {level}"), &mut create);
        let bytes = server.stored(&format!("{bucket}/"));
        stored(bytes);
        ratio("wall to restic", taken.wall, theirs.wall, goal);
        if level == 3 {
            ratio("stored to restic", bytes as f64, their_bytes as f64, 1.0);
        }
        ratio("memory to 64 MB", taken.memory, 64.0, 1.0);
        println!(
            "  wall to what this machine needs at least: {:.2} x",
            taken.wall / floor.wall
        );
    }

    run(
        "restic, unchanged by its times",
        &mut restic(&["backup", whole]),
    );
    println!();
    let lifeboat = |name: &str, what: &str, data: &Path| {
        run(
            &format!("lifeboat, {name}"),
            &mut ours::command(server, "level3", 3, what, data),
        )
    };
    lifeboat("unchanged by its times", "create", data);
    println!();
    let theirs = run(
        "restic, unchanged, read again",
        &mut restic(&["backup", "--force", whole]),
    );
    println!();
    let taken = lifeboat("unchanged, read again", "create-anew", data);
    println!();
    ratio("wall to restic", taken.wall, theirs.wall, 0.58);

    data::change(&data.join("posts/db.json"));
    let (restic_before, ours_before) = (server.stored("restic/"), server.stored("level3/"));
    run(
        "restic, 0.1 % of the posts changed",
        &mut restic(&["backup", whole]),
    );
    let their_bytes = server.stored("restic/") - restic_before;
    stored(their_bytes);
    lifeboat("0.1 % of the posts changed", "create", data);
    let bytes = server.stored("level3/") - ours_before;
    stored(bytes);
    ratio("stored to restic", bytes as f64, their_bytes as f64, 1.2);

    let theirs = run(
        "restic, check --read-data",
        &mut restic(&["check", "--read-data"]),
    );
    println!();
    let taken = lifeboat("verify", "verify", data);
    println!();
    ratio("wall to restic", taken.wall, theirs.wall, 0.72);

    let target = folder.join("restic");
    let restore = ["restore", "latest", "--target", target.to_str().unwrap()];
    let theirs = run("restic, restore", &mut restic(&restore));
    println!();
    let target = folder.join("restored");
    let taken = lifeboat("restore", "restore", &target);
    println!();
    ratio("wall to restic", taken.wall, theirs.wall, 0.68);
    ratio("memory to 64 MB", taken.memory, 64.0, 1.0);
    for service in ["users", "threads", "posts"] {
        let file = format!("{service}/db.json");
        let same = fs::read(data.join(&file)).unwrap() == fs::read(target.join(&file)).unwrap();
        assert!(same, "{file} was not restored byte for byte");
    }
}
