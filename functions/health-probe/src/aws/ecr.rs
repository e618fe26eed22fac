use aws_sdk_ecr::{Client, types::ImageIdentifier};
use lifeboat_core::{Failure, Region};

use lifeboat_aws::explain;

pub(super) async fn holds(
    client: &Client,
    repository: &str,
    reference: &str,
    region: &Region,
) -> Result<bool, Failure> {
    let image = ImageIdentifier::builder();
    let image = match reference.starts_with("sha256:") {
        true => image.image_digest(reference),
        false => image.image_tag(reference),
    };
    let describe = client.describe_images().repository_name(repository);
    match describe.image_ids(image.build()).send().await {
        Ok(_) => Ok(true),
        Err(error)
            if error.as_service_error().is_some_and(|e| {
                e.is_image_not_found_exception() || e.is_repository_not_found_exception()
            }) =>
        {
            Ok(false)
        }
        Err(error) => {
            let object = format!("image {repository} ({reference})");
            Err(Failure::unavailable(
                "describe",
                object,
                region,
                explain(&error),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ecr::{
        error::ErrorMetadata,
        operation::describe_images::{DescribeImagesError, DescribeImagesOutput},
        types::error::{ImageNotFoundException, RepositoryNotFoundException},
    };
    use aws_smithy_mocks::{mock, mock_client};

    async fn ask(client: &Client, reference: &str) -> Result<bool, Failure> {
        let region = Region::new("us-west-2").unwrap();
        holds(client, "forum/users", reference, &region).await
    }

    async fn fails(
        error: impl Fn() -> DescribeImagesError + Send + Sync + 'static,
    ) -> Result<bool, Failure> {
        let rule = mock!(Client::describe_images).then_error(error);
        ask(&mock_client!(aws_sdk_ecr, [&rule]), "stable").await
    }

    #[tokio::test]
    async fn an_image_is_asked_for_by_its_tag_or_by_its_digest() {
        let tag = mock!(Client::describe_images)
            .match_requests(|r| r.image_ids()[0].image_tag() == Some("stable"))
            .then_output(|| DescribeImagesOutput::builder().build());
        let digest = mock!(Client::describe_images)
            .match_requests(|r| r.image_ids()[0].image_digest() == Some("sha256:ab"))
            .then_output(|| DescribeImagesOutput::builder().build());
        let client = mock_client!(aws_sdk_ecr, [&tag, &digest]);
        assert_eq!(ask(&client, "stable").await, Ok(true));
        assert_eq!(ask(&client, "sha256:ab").await, Ok(true));
    }

    #[tokio::test]
    async fn an_image_that_is_not_there_is_an_answer() {
        let image = ImageNotFoundException::builder;
        let absent = fails(move || DescribeImagesError::ImageNotFoundException(image().build()));
        assert_eq!(absent.await, Ok(false));
        let repository = RepositoryNotFoundException::builder;
        let absent =
            fails(move || DescribeImagesError::RepositoryNotFoundException(repository().build()));
        assert_eq!(absent.await, Ok(false));
    }

    #[tokio::test]
    async fn a_throttled_question_is_no_answer() {
        let throttled = ErrorMetadata::builder()
            .code("ThrottlingException")
            .message("slow down")
            .build();
        let failure = fails(move || DescribeImagesError::generic(throttled.clone()));
        let failure = failure.await.unwrap_err();
        assert_eq!(failure.name(), "Unavailable");
        let text = failure.to_string();
        assert!(
            text.starts_with("describe image forum/users (stable) in us-west-2: "),
            "{text}"
        );
        assert!(text.contains("ThrottlingException"), "{text}");
    }
}
