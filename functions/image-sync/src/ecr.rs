//! The registries as AWS runs them.

use aws_sdk_ecr::Client;
use lifeboat_aws::{Aws, Patience, explain, function::Start};
use lifeboat_core::{Configuration, Failure, Region};

use crate::{
    Registries, Registry,
    registry::{self, Credential, Effort},
};

#[derive(Debug)]
pub struct Ecr<'a> {
    aws: &'a Aws,
    configuration: &'a Configuration,
    http: reqwest::Client,
}

impl<'a> Ecr<'a> {
    pub fn new(start: &'a Start) -> Result<Self, Failure> {
        let configuration = &start.configuration;
        let http = registry::client().map_err(|e| {
            Failure::unavailable("build", "a client of registries", &configuration.region, e)
        })?;
        Ok(Self {
            aws: &start.aws,
            configuration,
            http,
        })
    }
}

impl Registries for Ecr<'_> {
    async fn own(&self) -> Result<Registry, Failure> {
        let region = self.configuration.region.clone();
        let client = Client::new(&self.aws.region(&region, Patience::Own));
        let credential = credential(&client, &region).await?;
        let address = &self.configuration.own().registry;
        Registry::new(self.http.clone(), address, region, credential, Effort::OWN)
    }

    async fn peer(&self, effort: Effort) -> Result<Registry, Failure> {
        let region = self.configuration.peer_region().clone();
        let client = Client::new(&self.aws.region(&region, Patience::Peer));
        let credential = credential(&client, &region).await?;
        let address = &self.configuration.peer().registry;
        Registry::new(self.http.clone(), address, region, credential, effort)
    }
}

/// What the registry of the client's region accepts for the next twelve hours.
pub async fn credential(client: &Client, region: &Region) -> Result<Credential, Failure> {
    let failed =
        |cause: String| Failure::unavailable("get", "a token of the registry", region, cause);
    let answer = client.get_authorization_token().send().await;
    let answer = answer.map_err(|e| failed(explain(&e)))?;
    let token = answer
        .authorization_data()
        .first()
        .and_then(|data| data.authorization_token());
    token
        .and_then(Credential::new)
        .ok_or_else(|| failed("the answer holds none".into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ecr::{
        operation::get_authorization_token::{
            GetAuthorizationTokenError, GetAuthorizationTokenOutput,
        },
        types::{AuthorizationData, error::ServerException},
    };
    use aws_smithy_mocks::{mock, mock_client};

    fn region() -> Region {
        Region::new("us-west-2").unwrap()
    }

    #[tokio::test]
    async fn a_token_becomes_a_credential_that_is_printed_nowhere() {
        let rule = mock!(Client::get_authorization_token).then_output(|| {
            let data = AuthorizationData::builder().authorization_token("QVdTOnNlY3JldA==");
            GetAuthorizationTokenOutput::builder()
                .authorization_data(data.build())
                .build()
        });
        let client = mock_client!(aws_sdk_ecr, [&rule]);
        let credential = credential(&client, &region()).await.unwrap();
        let printed = format!("{credential:?}");
        assert!(
            !printed.contains("QVdT") && !printed.contains("secret"),
            "{printed}"
        );
    }

    #[tokio::test]
    async fn an_answer_without_a_token_and_no_answer_are_unavailable_and_say_where() {
        let empty = mock!(Client::get_authorization_token)
            .then_output(|| GetAuthorizationTokenOutput::builder().build());
        let broken = mock!(Client::get_authorization_token).then_error(|| {
            GetAuthorizationTokenError::ServerException(
                ServerException::builder().message("broken").build(),
            )
        });
        for rule in [empty, broken] {
            let client = mock_client!(aws_sdk_ecr, [&rule]);
            let failure = credential(&client, &region()).await.unwrap_err();
            assert_eq!(failure.name(), "Unavailable");
            assert!(
                failure
                    .to_string()
                    .starts_with("get a token of the registry in us-west-2: "),
                "{failure}"
            );
        }
    }
}
