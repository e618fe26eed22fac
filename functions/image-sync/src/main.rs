#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    lifeboat_aws::function::run(lifeboat_image_sync::handle).await
}
