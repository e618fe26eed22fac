use jiff::Timestamp;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    lifeboat_aws::function::run(async |start, event| {
        lifeboat_health_probe::handle(start, event, Timestamp::now()).await
    })
    .await
}
