//! Backups beside restic and `aws s3 cp`, in one run against one S3 server on this machine: `cargo bench -p lifeboat-backup`.
//!
//! It needs `restic`, `aws` and `weed` (SeaweedFS) on the PATH, and says which is missing. Data of 1, 50 and 500 MB is made
//! anew each time, the same each time. Ours runs as a process of its own, as the others do, and all are measured alike.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod data;
mod measure;
mod ours;
mod server;

use std::{fs, path::Path, process::Command};

use measure::{Taken, take};

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    if arguments.first().is_some_and(|first| first == "ours") {
        return ours::run(&arguments[1..]);
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
        "\n{:<44} {:>7} {:>7} {:>7} {:>9}",
        "", "wall s", "CPU s", "MB", "stored MB"
    );
    let show = |name: &str, taken: &Taken, stored: Option<u64>| {
        let stored = stored.map_or(String::new(), |bytes| format!("{:.1}", bytes as f64 / 1e6));
        println!(
            "{name:<44} {:>7.2} {:>7.2} {:>7.0} {stored:>9}",
            taken.wall, taken.cpu, taken.memory
        );
    };
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
    let copied = take(server.command("aws").args(server.aws(&raw)));
    show("aws s3 cp, raw", &copied, Some(server.stored("raw/")));

    let theirs = take(&mut restic(&["backup", whole]));
    let stored = server.stored("restic/");
    show("restic, first", &theirs, Some(stored));
    let mut ours = vec![];
    for level in [3, 1] {
        let prefix = format!("level{level}");
        let taken = take(&mut ours::command(server, &prefix, level, "create", data));
        let bytes = server.stored(&format!("{prefix}/"));
        show(
            &format!("lifeboat, first, level {level}"),
            &taken,
            Some(bytes),
        );
        ratio(
            "wall to restic",
            taken.wall,
            theirs.wall,
            if level == 3 { 0.55 } else { 0.38 },
        );
        if level == 3 {
            ratio("stored to restic", bytes as f64, stored as f64, 1.0);
        }
        ratio("memory to 64 MB", taken.memory, 64.0, 1.0);
        ours.push(taken);
    }

    let theirs = take(&mut restic(&["backup", whole]));
    show("restic, unchanged by its times", &theirs, None);
    let taken = take(&mut ours::command(server, "level3", 3, "create", data));
    show("lifeboat, unchanged by its times", &taken, None);
    let theirs = take(&mut restic(&["backup", "--force", whole]));
    show("restic, unchanged, read again", &theirs, None);
    let taken = take(&mut ours::command(server, "level3", 3, "create-anew", data));
    show("lifeboat, unchanged, read again", &taken, None);
    ratio("wall to restic", taken.wall, theirs.wall, 0.58);

    data::change(&data.join("posts/db.json"));
    let (restic_before, ours_before) = (server.stored("restic/"), server.stored("level3/"));
    let theirs = take(&mut restic(&["backup", whole]));
    let stored = server.stored("restic/") - restic_before;
    show("restic, 0.1 % of the posts changed", &theirs, Some(stored));
    let taken = take(&mut ours::command(server, "level3", 3, "create", data));
    let bytes = server.stored("level3/") - ours_before;
    show("lifeboat, 0.1 % of the posts changed", &taken, Some(bytes));
    ratio("stored to restic", bytes as f64, stored as f64, 1.2);

    let theirs = take(&mut restic(&["check", "--read-data"]));
    show("restic, check --read-data", &theirs, None);
    let taken = take(&mut ours::command(server, "level3", 3, "verify", data));
    show("lifeboat, verify", &taken, None);
    ratio("wall to restic", taken.wall, theirs.wall, 0.72);

    let target = folder.join("restic");
    let theirs = take(&mut restic(&[
        "restore",
        "latest",
        "--target",
        target.to_str().unwrap(),
    ]));
    show("restic, restore", &theirs, None);
    let target = folder.join("restored");
    let taken = take(&mut ours::command(server, "level3", 3, "restore", &target));
    show("lifeboat, restore", &taken, None);
    ratio("wall to restic", taken.wall, theirs.wall, 0.68);
    ratio("memory to 64 MB", taken.memory, 64.0, 1.0);
    for service in ["users", "threads", "posts"] {
        let file = format!("{service}/db.json");
        let same = fs::read(data.join(&file)).unwrap() == fs::read(target.join(&file)).unwrap();
        assert!(same, "{file} was not restored byte for byte");
    }
}
