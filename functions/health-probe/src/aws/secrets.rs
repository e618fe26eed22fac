//! Whether secrets and parameters are there. Nothing asks for a value here, and the role may not.

use lifeboat_core::{Failure, Region};
use serde_json::{Value, json};

use lifeboat_aws::signed::Signed;

/// One that is about to be deleted is not there any more: ECS is refused its value.
pub(super) async fn secret(signed: &Signed, arn: &str, region: &Region) -> Result<bool, Failure> {
    let asked = json!({"SecretId": arn});
    let action = "secretsmanager.DescribeSecret";
    match signed.json("secretsmanager", action, &asked).await {
        Ok(secret) => Ok(secret.get("DeletedDate").is_none_or(Value::is_null)),
        Err(trouble) if trouble.code() == Some("ResourceNotFoundException") => Ok(false),
        Err(trouble) => {
            let object = format!("secret {arn}");
            Err(Failure::unavailable("describe", object, region, trouble))
        }
    }
}

pub(super) async fn parameter(
    signed: &Signed,
    name: &str,
    region: &Region,
) -> Result<bool, Failure> {
    let failed =
        |why: String| Failure::unavailable("describe", format!("parameter {name}"), region, why);
    let filter = json!({"Key": "Name", "Option": "Equals", "Values": [name]});
    let asked = json!({"ParameterFilters": [filter]});
    let answer = signed
        .json("ssm", "AmazonSSM.DescribeParameters", &asked)
        .await;
    let answer = answer.map_err(|trouble| failed(trouble.to_string()))?;
    let found = answer.get("Parameters").and_then(Value::as_array);
    let found = found.ok_or_else(|| failed("the answer names no parameters".into()))?;
    Ok(found
        .iter()
        .any(|one| one.get("Name").and_then(Value::as_str) == Some(name)))
}

#[cfg(test)]
mod tests {
    use lifeboat_aws::signed::answering;

    use super::*;

    fn region() -> Region {
        Region::new("us-west-2").unwrap()
    }

    #[tokio::test]
    async fn a_secret_is_there_while_it_is_not_to_be_deleted() {
        for (status, body, expected) in [
            (200, r#"{"ARN":"a"}"#, Ok(true)),
            (200, r#"{"ARN":"a","DeletedDate":1.7e9}"#, Ok(false)),
            (400, r#"{"__type":"ResourceNotFoundException"}"#, Ok(false)),
            (
                400,
                r#"{"__type":"AccessDeniedException","Message":"no"}"#,
                Err("describe secret a in us-west-2: AccessDeniedException no".to_owned()),
            ),
        ] {
            let ask = async |signed: Signed| secret(&signed, "a", &region()).await;
            let (answer, request) = answering(status, body, ask).await.unwrap();
            assert_eq!(answer.map_err(|failure| failure.to_string()), expected);
            assert!(
                request.contains("secretsmanager.DescribeSecret"),
                "{request}"
            );
        }
    }

    #[tokio::test]
    async fn a_parameter_is_there_when_it_has_this_very_name() {
        for (status, body, expected) in [
            (200, r#"{"Parameters":[{"Name":"/a"}]}"#, Some(true)),
            (200, r#"{"Parameters":[{"Name":"/a/b"}]}"#, Some(false)),
            (200, r#"{"Parameters":[]}"#, Some(false)),
            (200, "{}", None),
            (400, r#"{"__type":"ThrottlingException"}"#, None),
        ] {
            let ask = async |signed: Signed| parameter(&signed, "/a", &region()).await;
            assert_eq!(
                answering(status, body, ask).await.unwrap().0.ok(),
                expected,
                "{body}"
            );
        }
    }
}
