use aws_sdk_ecr::{Client, types::ImageDetail};
use jiff::Timestamp;
use lifeboat_aws::{Patience, explain};
use lifeboat_core::{Failure, Region};

use super::Ecr;
use crate::{
    reference::Digest,
    survey::{Catalog, Listed},
};

/// As many as ECR lists in a request.
const PAGE: i32 = 1000;

impl Catalog for Ecr<'_> {
    async fn repositories(&self) -> Result<Vec<String>, Failure> {
        let region = &self.configuration.region;
        let client = Client::new(&self.aws.region(region, Patience::Own));
        repositories(&client, region).await
    }

    async fn images(
        &self,
        region: &Region,
        repository: &str,
    ) -> Result<Option<Vec<Listed>>, Failure> {
        // Nobody waits for it, in either region.
        let client = Client::new(&self.aws.region(region, Patience::Own));
        images(&client, region, repository).await
    }
}

async fn repositories(client: &Client, region: &Region) -> Result<Vec<String>, Failure> {
    let describe = client.describe_repositories().max_results(PAGE);
    let mut pages = describe.into_paginator().send();
    let mut found = vec![];
    while let Some(page) = pages.next().await {
        let page = page.map_err(|e| {
            Failure::unavailable(
                "list",
                "the repositories of the registry",
                region,
                explain(&e),
            )
        })?;
        let names = page.repositories().iter();
        found.extend(names.filter_map(|one| one.repository_name().map(str::to_owned)));
    }
    Ok(found)
}

async fn images(
    client: &Client,
    region: &Region,
    repository: &str,
) -> Result<Option<Vec<Listed>>, Failure> {
    let describe = client.describe_images().repository_name(repository);
    let mut pages = describe.max_results(PAGE).into_paginator().send();
    let mut found = vec![];
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => found.extend(page.image_details().iter().filter_map(listed)),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|e| e.is_repository_not_found_exception()) =>
            {
                return Ok(None);
            }
            Err(error) => {
                let what = format!("the images of {repository}");
                return Err(Failure::unavailable("list", what, region, explain(&error)));
            }
        }
    }
    Ok(Some(found))
}

/// None of an image whose digest is of another kind: that cannot be copied.
fn listed(image: &ImageDetail) -> Option<Listed> {
    let digest = Digest::parse("imageDigest", image.image_digest()?).ok()?;
    let pushed = image.image_pushed_at();
    Some(Listed {
        digest,
        tags: image.image_tags().to_vec(),
        pushed: pushed.and_then(|at| Timestamp::from_second(at.secs()).ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ecr::{
        operation::{
            describe_images::{DescribeImagesError, DescribeImagesOutput},
            describe_repositories::DescribeRepositoriesOutput,
        },
        primitives::DateTime,
        types::{
            Repository,
            error::{RepositoryNotFoundException, ServerException},
        },
    };
    use aws_smithy_mocks::{RuleMode, mock, mock_client};

    fn region() -> Region {
        Region::new("us-west-2").unwrap()
    }

    #[tokio::test]
    async fn every_page_of_a_repository_is_read_and_what_has_no_sha_256_is_left_out() {
        let digest = Digest::of(b"1");
        let image = |digest: &str, tags: &[&str]| {
            let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
            ImageDetail::builder()
                .image_digest(digest)
                .set_image_tags(Some(tags))
                .image_pushed_at(DateTime::from_secs(60))
                .build()
        };
        let (first, other) = (
            image(digest.as_str(), &["v1", "stable"]),
            image("sha512:1", &[]),
        );
        let first = mock!(Client::describe_images)
            .match_requests(|r| r.repository_name() == Some("team/a") && r.next_token().is_none())
            .then_output(move || {
                let page = DescribeImagesOutput::builder().image_details(first.clone());
                page.next_token("2").build()
            });
        let last = mock!(Client::describe_images)
            .match_requests(|r| r.next_token() == Some("2"))
            .then_output(move || {
                DescribeImagesOutput::builder()
                    .image_details(other.clone())
                    .build()
            });
        let client = mock_client!(aws_sdk_ecr, RuleMode::MatchAny, [&first, &last]);
        let expected = Listed {
            digest,
            tags: vec!["v1".into(), "stable".into()],
            pushed: Timestamp::from_second(60).ok(),
        };
        let found = images(&client, &region(), "team/a").await;
        assert_eq!(found, Ok(Some(vec![expected])));
        assert_eq!(last.num_calls(), 1);
    }

    #[tokio::test]
    async fn a_repository_that_is_not_there_is_an_answer_and_no_answer_is_none() {
        let absent = mock!(Client::describe_images).then_error(|| {
            let absent = RepositoryNotFoundException::builder().build();
            DescribeImagesError::RepositoryNotFoundException(absent)
        });
        let client = mock_client!(aws_sdk_ecr, [&absent]);
        assert_eq!(images(&client, &region(), "team/a").await, Ok(None));
        let broken = mock!(Client::describe_images).then_error(|| {
            let broken = ServerException::builder().message("broken").build();
            DescribeImagesError::ServerException(broken)
        });
        let client = mock_client!(aws_sdk_ecr, [&broken]);
        let failure = images(&client, &region(), "team/a").await.unwrap_err();
        let failure = failure.to_string();
        assert!(
            failure.starts_with("list the images of team/a in us-west-2: "),
            "{failure}"
        );
    }

    #[tokio::test]
    async fn every_page_of_the_repositories_is_read() {
        let page = |name: &str| {
            let repository = Repository::builder().repository_name(name).build();
            DescribeRepositoriesOutput::builder().repositories(repository)
        };
        let (first, second) = (
            page("team/a").next_token("2").build(),
            page("team/b").build(),
        );
        let first = mock!(Client::describe_repositories)
            .match_requests(|r| r.next_token().is_none())
            .then_output(move || first.clone());
        let second = mock!(Client::describe_repositories)
            .match_requests(|r| r.next_token() == Some("2"))
            .then_output(move || second.clone());
        let client = mock_client!(aws_sdk_ecr, RuleMode::MatchAny, [&first, &second]);
        let found = repositories(&client, &region()).await;
        assert_eq!(found, Ok(vec!["team/a".to_owned(), "team/b".to_owned()]));
    }
}
