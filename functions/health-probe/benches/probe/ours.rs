//! The function's own code, measured from inside its process.

use std::time::{Duration, Instant};

use futures::future::join_all;
use jiff::Timestamp;
use lifeboat_aws::{Aws, Bucket, Control, Patience, function::Start, load_balancer, s3};
use lifeboat_core::{
    Configuration, Region,
    configuration::{Endpoint, Writes, sample},
    liveness::Verdict as Alive,
    readiness::Verdict as Ready,
};
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

use crate::{HANGING, SERVICES, TARGETS, Taken};

const ROUNDS: usize = 5;

pub(crate) fn run(arguments: &[String]) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    // As the function's own.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let taken = runtime.block_on(async {
        match arguments {
            [what, endpoint] if what == "targets" => targets(endpoint).await,
            [what, endpoint, names] if what == "probe" => probe(endpoint, names).await,
            other => panic!("{other:?}"),
        }
    });
    println!("{} {} {}", taken.wall, taken.cpu, taken.memory);
}

fn cpu() -> Duration {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        spent.tv_sec.try_into().unwrap(),
        spent.tv_nsec.try_into().unwrap(),
    )
}

/// The most that was in memory, in MB.
fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    let kilobytes: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes / 1e3
}

async fn rounds(round: impl AsyncFn()) -> Taken {
    let (mut walls, mut cpus) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        let (begun, before) = (Instant::now(), cpu());
        round().await;
        walls.push(begun.elapsed().as_secs_f64() * 1e3);
        cpus.push((cpu() - before).as_secs_f64() * 1e3);
    }
    let median = |all: &mut Vec<f64>| {
        all.sort_by(f64::total_cmp);
        all[ROUNDS / 2]
    };
    Taken {
        wall: median(&mut walls),
        cpu: median(&mut cpus),
        memory: memory(),
    }
}

async fn targets(endpoint: &str) -> Taken {
    let region = Region::new("us-west-2").unwrap();
    let client = Aws::from_environment().await.http(&region).unwrap();
    let endpoint = Endpoint {
        host: "us-east-1.forum.test".into(),
        endpoint: endpoint.to_owned(),
    };
    rounds(async || {
        let paths: Vec<String> = (0..TARGETS).map(|n| format!("/s{n}/health")).collect();
        let asked = paths
            .iter()
            .map(|path| load_balancer::ask(&client, &endpoint, path));
        let good = join_all(asked)
            .await
            .iter()
            .filter(|asked| asked.good())
            .count();
        assert!(good == TARGETS || good == TARGETS - HANGING, "{good}");
    })
    .await
}

fn configuration(endpoint: &str, names: &str) -> Configuration {
    let mut configuration = sample("us-west-2");
    let service = configuration.services[0].clone();
    configuration.services = (0..SERVICES)
        .map(|n| {
            let mut service = service.clone();
            (service.name, service.writes) = (format!("s{n}"), Writes::Any);
            service
        })
        .collect();
    for region in configuration.regions.values_mut() {
        region.load_balancer.endpoint = endpoint.to_owned();
        let users = region.services["users"].clone();
        region.services = (0..SERVICES)
            .map(|n| {
                let mut service = users.clone();
                service.service = format!("forum-s{n}");
                service.repository = format!("forum/s{n}");
                service.scalable_target = format!("service/forum/forum-s{n}");
                (format!("s{n}"), service)
            })
            .collect();
    }
    configuration.traffic.name_servers = vec![names.to_owned()];
    configuration
}

/// Everything but the reading of the configuration, from the first look to the last effect.
async fn probe(endpoint: &str, names: &str) -> Taken {
    let configuration = configuration(endpoint, names);
    let region = configuration.region.clone();
    let aws = Aws::from_environment().await;
    rounds(async || {
        let client = s3::client(&aws.region(&region, Patience::Own));
        let bucket = &configuration.own().control_bucket;
        let start = Start {
            aws: aws.clone(),
            configuration: configuration.clone(),
            control: Control::new(Bucket::new(client, bucket, region.clone())),
            ends: Timestamp::MAX,
        };
        let event = json!({"action": "probe"});
        let report = lifeboat_health_probe::handle(start, event, Timestamp::now());
        let report = report.await.unwrap();
        assert_eq!(
            report.liveness.verdict,
            Alive::Serving,
            "{:?}",
            report.liveness
        );
        assert_eq!(
            report.readiness.verdict,
            Ready::Ready,
            "{:?}",
            report.readiness.lacks()
        );
        assert!(
            report.readiness.doubts().is_empty(),
            "{:?}",
            report.readiness.doubts()
        );
    })
    .await
}
