//! The registries as AWS runs them.

mod catalog;
mod meter;
mod workflow;

use std::sync::Arc;

use aws_sdk_ecr::Client;
use futures::future::BoxFuture;
use jiff::Timestamp;
use lifeboat_aws::{Aws, Patience, explain, function::Start};
use lifeboat_core::{Configuration, Failure, Region};

use crate::{
    Registries, Registry,
    registry::{self, Credential, Effort, Keeper, Token},
};

#[derive(Debug)]
pub struct Ecr<'a> {
    pub(crate) aws: &'a Aws,
    pub(crate) configuration: &'a Configuration,
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
        let address = &self.configuration.own().registry;
        let keeper = Arc::new(Cloud { client, region });
        let region = self.configuration.region.clone();
        Registry::new(self.http.clone(), address, region, keeper, Effort::OWN)
    }

    async fn peer(&self, effort: Effort) -> Result<Registry, Failure> {
        let region = self.configuration.peer_region().clone();
        let client = Client::new(&self.aws.region(&region, Patience::Peer));
        let address = &self.configuration.peer().registry;
        let keeper = Arc::new(Cloud {
            client,
            region: region.clone(),
        });
        Registry::new(self.http.clone(), address, region, keeper, effort)
    }
}

/// One region's ECR beside its registry.
#[derive(Debug)]
pub struct Cloud {
    pub client: Client,
    pub region: Region,
}

impl Keeper for Cloud {
    /// What the registry accepts for the next twelve hours.
    fn token(&self) -> BoxFuture<'_, Result<Token, Failure>> {
        Box::pin(async {
            let failed = |cause: String| {
                Failure::unavailable("get", "a token of the registry", &self.region, cause)
            };
            let answer = self.client.get_authorization_token().send().await;
            let answer = answer.map_err(|e| failed(explain(&e)))?;
            let data = answer.authorization_data().first();
            let credential = data
                .and_then(|data| data.authorization_token())
                .and_then(Credential::new)
                .ok_or_else(|| failed("the answer holds none".into()))?;
            let expires = data.and_then(|data| data.expires_at());
            let expires = expires.and_then(|at| Timestamp::from_second(at.secs()).ok());
            Ok(Token {
                credential,
                expires,
            })
        })
    }

    fn create<'a>(&'a self, repository: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let create = self.client.create_repository().repository_name(repository);
            match create.send().await {
                Ok(_) => Ok(()),
                Err(e)
                    if e.as_service_error()
                        .is_some_and(|e| e.is_repository_already_exists_exception()) =>
                {
                    Ok(())
                }
                Err(e) => {
                    let cause = explain(&e);
                    let (what, region) = ("the repository", &self.region);
                    let what = format!("{what} {repository}");
                    Err(Failure::unavailable("create", what, region, cause))
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ecr::{
        operation::{
            create_repository::{CreateRepositoryError, CreateRepositoryOutput},
            get_authorization_token::{GetAuthorizationTokenError, GetAuthorizationTokenOutput},
        },
        primitives::DateTime,
        types::{
            AuthorizationData,
            error::{RepositoryAlreadyExistsException, ServerException},
        },
    };
    use aws_smithy_mocks::{mock, mock_client};

    fn cloud(client: Client) -> Cloud {
        let region = Region::new("us-west-2").unwrap();
        Cloud { client, region }
    }

    #[tokio::test]
    async fn a_repository_is_created_once_and_one_that_somebody_else_created_will_do() {
        let created = mock!(Client::create_repository)
            .match_requests(|request| request.repository_name() == Some("forum/users"))
            .then_output(|| CreateRepositoryOutput::builder().build());
        let there = mock!(Client::create_repository).then_error(|| {
            let exists = RepositoryAlreadyExistsException::builder().build();
            CreateRepositoryError::RepositoryAlreadyExistsException(exists)
        });
        for rule in [created, there] {
            let cloud = cloud(mock_client!(aws_sdk_ecr, [&rule]));
            cloud.create("forum/users").await.unwrap();
        }
        let broken = mock!(Client::create_repository).then_error(|| {
            let broken = ServerException::builder().message("broken").build();
            CreateRepositoryError::ServerException(broken)
        });
        let cloud = cloud(mock_client!(aws_sdk_ecr, [&broken]));
        let failure = cloud.create("forum/users").await.unwrap_err().to_string();
        let expected = "create the repository forum/users in us-west-2: ";
        assert!(failure.starts_with(expected), "{failure}");
    }

    #[tokio::test]
    async fn a_token_becomes_a_credential_that_is_printed_nowhere() {
        let rule = mock!(Client::get_authorization_token).then_output(|| {
            let data = AuthorizationData::builder()
                .authorization_token("QVdTOnNlY3JldA==")
                .expires_at(DateTime::from_secs(43_200));
            GetAuthorizationTokenOutput::builder()
                .authorization_data(data.build())
                .build()
        });
        let cloud = cloud(mock_client!(aws_sdk_ecr, [&rule]));
        let token = cloud.token().await.unwrap();
        assert_eq!(token.expires, Timestamp::from_second(43_200).ok());
        let printed = format!("{token:?}");
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
            let cloud = cloud(mock_client!(aws_sdk_ecr, [&rule]));
            let failure = cloud.token().await.unwrap_err();
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
