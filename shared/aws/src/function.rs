//! What every function does before and after its own work.

use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use lifeboat_core::{Configuration, Failure, Invalid, Region};
use serde::Serialize;
use serde_json::Value;
use tracing::level_filters::LevelFilter;

use crate::{
    clients::{Aws, Patience},
    home::Control,
    s3::{self, Bucket},
};

/// What a function knows when it begins: its clients, its configuration, its region's control bucket.
#[derive(Debug, Clone)]
pub struct Start {
    pub aws: Aws,
    pub configuration: Configuration,
    pub control: Control<Bucket>,
    /// When Lambda ends this invocation, whatever it is at.
    pub ends: Timestamp,
}

impl Start {
    /// The configuration is read at each invocation, so that a change of it needs no new function.
    async fn read(aws: &Aws, ends: Timestamp) -> Result<Self, Failure> {
        let region = aws.own_region().ok_or_else(|| missing("AWS_REGION"))?;
        let region = Region::new(region)?;
        let name = variable("CONTROL_BUCKET")?;
        let client = s3::client(&aws.region(&region, Patience::Own));
        let control = Control::new(Bucket::new(client, name, region));
        let configuration = control
            .configuration(&variable("CONFIGURATION_KEY")?)
            .await?;
        Ok(Self {
            aws: aws.clone(),
            configuration,
            control,
            ends,
        })
    }

    pub fn own_bucket(&self, name: &str) -> Bucket {
        let region = &self.configuration.region;
        let client = s3::client(&self.aws.region(region, Patience::Own));
        Bucket::new(client, name, region.clone())
    }

    pub fn peer_bucket(&self, name: &str) -> Bucket {
        let region = self.configuration.peer_region();
        let client = s3::client(&self.aws.region(region, Patience::Peer));
        Bucket::new(client, name, region.clone())
    }
}

fn variable(name: &'static str) -> Result<String, Failure> {
    std::env::var(name).map_err(|_| missing(name))
}

fn missing(name: &str) -> Failure {
    Invalid::new(name, "an environment variable of the function", "none").into()
}

/// One level for all: to filter by more than that, each function would have a library of regular expressions in it.
fn log() {
    let said = |name| std::env::var(name).unwrap_or_default();
    let lines = tracing_subscriber::fmt()
        .with_target(false)
        .without_time()
        .with_max_level(said("RUST_LOG").parse().unwrap_or(LevelFilter::INFO));
    match said("AWS_LAMBDA_LOG_FORMAT").as_str() {
        "JSON" => lines.json().init(),
        _ => lines.init(),
    }
}

/// Runs a function until Lambda ends it. Errors carry the names that the workflow catches.
pub async fn run<T, F>(handle: F) -> Result<(), lambda_runtime::Error>
where
    T: Serialize,
    F: AsyncFn(Start, Value) -> Result<T, Failure>,
{
    log();
    let aws = Aws::of_function();
    let (aws, handle) = (&aws, &handle);
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<Value>| {
        let outcome = async {
            let ends = i64::try_from(event.context.deadline).ok();
            let ends = ends.and_then(|at| Timestamp::from_millisecond(at).ok());
            let start = Start::read(aws, ends.unwrap_or(Timestamp::MAX)).await?;
            handle(start, event.payload).await
        };
        let outcome = outcome.await;
        match &outcome {
            Ok(answer) => {
                tracing::info!(answer = %serde_json::to_value(answer).unwrap_or_default(), "done")
            }
            Err(failure) => tracing::error!(error = failure.name(), "{failure}"),
        }
        outcome.map_err(|failure| Diagnostic {
            error_type: failure.name().into(),
            error_message: failure.to_string(),
        })
    }))
    .await
}
