use std::{sync::Arc, time::Duration};

use aws_sdk_secretsmanager::Client;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use lifeboat_aws::{
    Bucket, Patience, explain,
    function::{self, Start},
    parse_event,
};
use lifeboat_backup::{Backup, Beyond, LEVEL, Secrets, Token, handle, so_far};
use lifeboat_core::Failure;

/// Kept for what follows the reading: the packs that are on their way, and the manifest or what the next invocation needs.
const AFTER_READING: SignedDuration = SignedDuration::from_secs(60);

/// Kept for words: whoever is ended by Lambda says none.
const WORDS: SignedDuration = SignedDuration::from_secs(5);

#[derive(Debug)]
struct Region(Start);

impl Beyond<Bucket> for Region {
    fn bucket(&self, name: &str) -> Bucket {
        self.0.own_bucket(name)
    }
}

impl Secrets for Region {
    fn token<'a>(&'a self, secret: &'a str) -> BoxFuture<'a, Result<Token, Failure>> {
        let region = &self.0.configuration.region;
        let client = Client::new(&self.0.aws.region(region, Patience::Own));
        Box::pin(async move {
            let answer = client.get_secret_value().secret_id(secret).send().await;
            let failed = |why: String| Failure::unavailable("read", secret, region, why);
            let answer = answer.map_err(|why| failed(explain(&why)))?;
            let token = answer.secret_string().and_then(Token::new);
            token.ok_or_else(|| {
                Failure::Refused(format!(
                    "{secret} in {region} holds nothing that HTTP can carry; put the service's token into it as text, and nothing else"
                ))
            })
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    function::run(async |start, event| {
        let action = event["action"].to_string();
        let event = parse_event(event)?;
        let so_far = so_far(&event);
        let backups = start.own_bucket(&start.configuration.own().backups_bucket);
        let backup = Backup {
            configuration: &start.configuration,
            control: &start.control,
            backups: &backups,
            beyond: Arc::new(Region(start.clone())),
            level: LEVEL,
            until: before(start.ends, AFTER_READING),
        };
        let left = before(start.ends, WORDS).duration_since(Timestamp::now());
        let left = Duration::try_from(left).unwrap_or_default();
        let done = tokio::time::timeout(left, handle(&backup, event, Timestamp::now));
        done.await.unwrap_or_else(|_| {
            let why = format!("the time of one invocation was not enough; {so_far}");
            let region = &start.configuration.region;
            Err(Failure::unavailable("finish", action, region, why))
        })
    })
    .await
}

fn before(ends: Timestamp, by: SignedDuration) -> Timestamp {
    ends.checked_sub(by).unwrap_or(Timestamp::MIN)
}
