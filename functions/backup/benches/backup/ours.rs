//! The function itself, over a real bucket, in a process of its own.

use std::{path::Path, process::Command, sync::Arc};

use futures::future::BoxFuture;
use jiff::Timestamp;
use lifeboat_aws::{Bucket, Control, clients::Aws, clients::Patience, memory::Memory, s3};
use lifeboat_backup::{Backup, Beyond, Event, Secrets, Token, handle};
use lifeboat_core::{
    Configuration, Epoch, Failure, RegionState,
    backup::{Choice, Overrides},
    configuration::{self, Data},
};

use crate::server::Server;

pub(crate) fn command(
    server: &Server,
    bucket: &str,
    level: i32,
    what: &str,
    data: &Path,
) -> Command {
    if what == "create" {
        // There already, the second time.
        let _ = server
            .command("aws")
            .args(server.aws(&["s3", "mb", &format!("s3://{bucket}")]))
            .output();
    }
    let mut command = server.command(std::env::current_exe().unwrap().to_str().unwrap());
    // As the functions are deployed.
    command.env("MALLOC_ARENA_MAX", "1");
    command.env("MALLOC_MMAP_THRESHOLD_", "4194304");
    command.args([
        "ours",
        what,
        bucket,
        &level.to_string(),
        data.to_str().unwrap(),
    ]);
    command
}

#[derive(Debug)]
struct Nothing;

impl Beyond<Bucket> for Nothing {
    fn bucket(&self, name: &str) -> Bucket {
        panic!("{name}")
    }
}

impl Secrets for Nothing {
    fn token<'a>(&'a self, secret: &'a str) -> BoxFuture<'a, Result<Token, Failure>> {
        panic!("{secret}")
    }
}

#[tokio::main]
pub(crate) async fn run(arguments: &[String]) {
    let [what, bucket, level, data] = arguments else {
        panic!("{arguments:?}")
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut configuration: Configuration = configuration::sample("us-east-1");
    configuration.data_directory.clone_from(data);
    let mut service = configuration.services[0].clone();
    // As for the others, for whom it is bytes.
    service.data = Data::Any;
    configuration.services.clear();
    for name in ["users", "threads", "posts"] {
        service.name = name.into();
        configuration.services.push(service.clone());
    }
    for region in configuration.regions.values_mut() {
        let threads = region.services["posts"].clone();
        region.services.insert("threads".into(), threads);
    }
    let region = configuration.region.clone();
    let aws = Aws::from_environment().await;
    let client = s3::client(&aws.region(&region, Patience::Own));
    let backups = Bucket::new(client, bucket.as_str(), region.clone());
    let control = Memory::new("control", &region);
    if what == "restore" {
        // A region that does not serve.
        let mut state = RegionState::genesis(&configuration.pair().unwrap());
        state.active = configuration.peer_region().clone();
        state.epoch = Epoch(1);
        control.set("state.json", serde_json::to_vec(&state).unwrap());
    }
    let control = Control::new(control);
    if what == "create-anew" {
        // Times that nobody knows.
        for service in ["users", "threads", "posts"] {
            let file = Path::new(data).join(service).join("db.json");
            let file = std::fs::File::options().append(true).open(file).unwrap();
            let now = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
            file.set_modified(now).unwrap();
        }
    }
    let backup = Backup {
        configuration: &configuration,
        control: &control,
        backups: &backups,
        beyond: Arc::new(Nothing),
        level: level.parse().unwrap(),
        until: Timestamp::MAX,
    };
    let newest = Choice::Newest;
    let event = match what.as_str() {
        "create" | "create-anew" => Event::Create {},
        "verify" => Event::Verify { backup: newest },
        _ => Event::Restore {
            backup: newest,
            services: None,
            overrides: Overrides::default(),
            scratch: false,
            execution: None,
        },
    };
    handle(&backup, event, Timestamp::now).await.unwrap();
}
