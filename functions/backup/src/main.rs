use jiff::Timestamp;
use lifeboat_aws::{function, parse_event};
use lifeboat_backup::{Backup, LEVEL, handle};

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    function::run(async |start, event| {
        let event = parse_event(event)?;
        let backups = start.own_bucket(&start.configuration.own().backups_bucket);
        let backup = Backup {
            configuration: &start.configuration,
            control: &start.control,
            backups: &backups,
            level: LEVEL,
        };
        handle(&backup, event, Timestamp::now).await
    })
    .await
}
