//! The function that `cargo bench -p lifeboat-start` starts beside Lifeboat's own: four clients, and its configuration asked for at
//! each invocation.

use aws_config::BehaviorVersion;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda_runtime::tracing::init_default_subscriber();
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true);
    let s3 = aws_sdk_s3::Client::from_conf(s3.build());
    let others = (
        aws_sdk_ecs::Client::new(&config),
        aws_sdk_ecr::Client::new(&config),
        aws_sdk_elasticloadbalancingv2::Client::new(&config),
    );
    let (s3, _others) = (&s3, &others);
    let bucket = &std::env::var("CONTROL_BUCKET")?;
    lambda_runtime::run(service_fn(|_: LambdaEvent<Value>| async move {
        let configuration = s3.get_object().bucket(bucket).key("configuration.json");
        configuration.send().await?;
        Ok::<_, Error>(())
    }))
    .await
}
