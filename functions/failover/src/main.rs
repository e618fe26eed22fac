use lifeboat_aws::function;
use lifeboat_failover::{Event, aws::Region, handle};

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    function::run(async |start, event| {
        let event = Event::parse(event)?;
        let region = Region::new(start)?;
        handle(&region, event).await
    })
    .await
}
