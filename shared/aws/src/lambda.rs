//! Other functions, asked and waited for.

use aws_config::SdkConfig;
use aws_sdk_lambda::{Client, primitives::Blob, types::InvocationType};
use lifeboat_core::{Failure, Region};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::explain;

/// The functions of one region.
#[derive(Debug)]
pub struct Functions {
    client: Client,
    region: Region,
}

/// What Lambda answers when the function itself failed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failed {
    #[serde(default)]
    error_type: String,
    #[serde(default)]
    error_message: String,
}

impl Functions {
    pub fn new(config: &SdkConfig, region: &Region) -> Self {
        Self {
            client: Client::new(config),
            region: region.clone(),
        }
    }

    pub async fn ask<T: DeserializeOwned>(
        &self,
        function: &str,
        event: &impl Serialize,
    ) -> Result<T, Failure> {
        let unavailable =
            |cause: String| Failure::unavailable("ask", function, &self.region, cause);
        let event = serde_json::to_vec(event).map_err(|e| unavailable(e.to_string()))?;
        let invoke = self.client.invoke().function_name(function);
        let answer = invoke.payload(Blob::new(event)).send().await;
        let answer = answer.map_err(|e| unavailable(explain(&e)))?;
        let payload = answer.payload().map(Blob::as_ref).unwrap_or_default();
        if answer.function_error().is_some() {
            return Err(self.failure(function, payload));
        }
        serde_json::from_slice(payload)
            .map_err(|e| unavailable(format!("the answer is not what was expected: {e}")))
    }

    /// Asked, and not waited for.
    pub async fn tell(&self, function: &str, event: &impl Serialize) -> Result<(), Failure> {
        let unavailable =
            |cause: String| Failure::unavailable("tell", function, &self.region, cause);
        let event = serde_json::to_vec(event).map_err(|e| unavailable(e.to_string()))?;
        let invoke = self.client.invoke().function_name(function);
        let invoke = invoke.invocation_type(InvocationType::Event);
        let taken = invoke.payload(Blob::new(event)).send().await;
        taken.map(drop).map_err(|e| unavailable(explain(&e)))
    }

    /// The function's own failure, under its own name; whatever else befell it may pass.
    fn failure(&self, function: &str, payload: &[u8]) -> Failure {
        let failed: Failed = serde_json::from_slice(payload).unwrap_or(Failed {
            error_type: "an error".into(),
            error_message: String::from_utf8_lossy(payload).into_owned(),
        });
        Failure::of_function(
            function,
            &self.region,
            &failed.error_type,
            &failed.error_message,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_lambda::operation::invoke::InvokeOutput;
    use aws_smithy_mocks::{mock, mock_client};

    async fn asked(error: Option<&'static str>, payload: &'static str) -> Result<u32, Failure> {
        let rule = mock!(Client::invoke)
            .match_requests(|r| r.function_name() == Some("forum-backup"))
            .then_output(move || {
                InvokeOutput::builder()
                    .set_function_error(error.map(Into::into))
                    .payload(Blob::new(payload))
                    .build()
            });
        let functions = Functions {
            client: mock_client!(aws_sdk_lambda, [&rule]),
            region: Region::new("us-east-1").unwrap(),
        };
        functions.ask("forum-backup", &"x").await
    }

    #[tokio::test]
    async fn an_answer_is_read_and_one_that_is_not_understood_says_so() {
        assert_eq!(asked(None, "7").await, Ok(7));
        let failure = asked(None, "{}").await.unwrap_err();
        assert_eq!(failure.name(), "Unavailable");
        assert!(failure.to_string().contains("not what was expected"));
    }

    #[tokio::test]
    async fn what_is_not_waited_for_is_an_event() {
        let rule = mock!(Client::invoke)
            .match_requests(|r| r.invocation_type() == Some(&InvocationType::Event))
            .then_output(|| InvokeOutput::builder().status_code(202).build());
        let functions = Functions {
            client: mock_client!(aws_sdk_lambda, [&rule]),
            region: Region::new("us-east-1").unwrap(),
        };
        assert_eq!(functions.tell("forum-backup", &"x").await, Ok(()));
    }

    #[tokio::test]
    async fn a_functions_own_failure_keeps_its_name_and_what_befell_it_may_pass() {
        for (payload, name) in [
            (r#"{"errorType":"Stale","errorMessage":"epoch 1"}"#, "Stale"),
            (r#"{"errorType":"Invalid","errorMessage":"x"}"#, "Refused"),
            (
                r#"{"errorType":"NotVerified","errorMessage":"x"}"#,
                "NotVerified",
            ),
            (
                r#"{"errorType":"Unfinished","errorMessage":"1 of 3"}"#,
                "Unfinished",
            ),
            (
                r#"{"errorType":"Sandbox.Timedout","errorMessage":"900 s"}"#,
                "Unavailable",
            ),
            ("killed", "Unavailable"),
        ] {
            let failure = asked(Some("Unhandled"), payload).await.unwrap_err();
            assert_eq!(failure.name(), name, "{failure}");
            assert!(failure.to_string().contains("forum-backup"), "{failure}");
        }
    }
}
