//! What a role may do, as IAM itself would decide it: by all its policies and its boundary.

use lifeboat_aws::signed::Signed;
use lifeboat_core::{Failure, Region};
use roxmltree::Document;

/// Which of these actions the role may not do. One resource for each call, so that the answer has one decision for each action.
pub(super) async fn denied(
    signed: &Signed,
    role: &str,
    actions: &[&str],
    resource: &str,
    region: &Region,
) -> Result<Vec<String>, Failure> {
    let failed = |why: String| {
        let object = format!("what {role} may do on {resource}");
        Failure::unavailable("simulate", object, region, why)
    };
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut fields = vec![
        field("Action", "SimulatePrincipalPolicy"),
        field("Version", "2010-05-08"),
        field("PolicySourceArn", role),
        field("ResourceArns.member.1", resource),
    ];
    let named = actions.iter().zip(1..);
    fields.extend(named.map(|(action, n)| (format!("ActionNames.member.{n}"), (*action).into())));
    let answer = signed.form("iam", &fields).await;
    let answer = answer.map_err(|trouble| failed(trouble.to_string()))?;
    let decided = decided(&answer).filter(|decided| decided.len() == actions.len());
    let decided = decided.ok_or_else(|| failed("the answer cannot be understood".into()))?;
    let denied = decided.into_iter().filter(|(_, allowed)| !allowed);
    Ok(denied.map(|(action, _)| action).collect())
}

fn decided(answer: &str) -> Option<Vec<(String, bool)>> {
    let answer = Document::parse(answer).ok()?;
    let mut elements = answer.descendants();
    let results = elements.find(|one| one.has_tag_name("EvaluationResults"))?;
    let members = results.children().filter(|one| one.has_tag_name("member"));
    let read = members.map(|member| {
        let text = |name: &str| {
            let found = member.children().find(|child| child.has_tag_name(name));
            found.and_then(|found| found.text())
        };
        Some((
            text("EvalActionName")?.to_owned(),
            text("EvalDecision")? == "allowed",
        ))
    });
    read.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lifeboat_aws::signed::answering;

    fn simulated(decisions: &[(&str, &str)]) -> String {
        let members = decisions.iter().map(|(action, decision)| {
            format!(
                "<member><EvalActionName>{action}</EvalActionName><EvalResourceName>r</EvalResourceName><EvalDecision>{decision}</EvalDecision></member>"
            )
        });
        let members: String = members.collect();
        format!(
            r#"<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>{members}</EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"#
        )
    }

    async fn asked(status: u16, body: &str) -> (Result<Vec<String>, Failure>, String) {
        let region = Region::new("us-west-2").unwrap();
        let ask = async |signed: Signed| {
            denied(&signed, "role", &["s3:A", "s3:B"], "arn:x", &region).await
        };
        answering(status, body, ask).await.unwrap()
    }

    #[tokio::test]
    async fn whatever_is_not_allowed_is_denied() {
        for (decision, expected) in [
            ("allowed", vec![]),
            ("implicitDeny", vec!["s3:B"]),
            ("explicitDeny", vec!["s3:B"]),
        ] {
            let body = simulated(&[("s3:A", "allowed"), ("s3:B", decision)]);
            let (denied, request) = asked(200, &body).await;
            assert_eq!(denied.unwrap(), expected);
            for part in [
                "PolicySourceArn=role",
                "ResourceArns.member.1=arn%3Ax",
                "ActionNames.member.2=s3%3AB",
            ] {
                assert!(request.contains(part), "{request}");
            }
        }
    }

    #[tokio::test]
    async fn a_refusal_or_an_answer_of_something_else_allows_nothing_and_denies_nothing() {
        let error = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>";
        let one = simulated(&[("s3:A", "allowed")]);
        for (status, body, says) in [
            (403, error, "AccessDenied no"),
            (200, &one, "cannot be understood"),
            (200, "<a/>", "cannot be understood"),
            (200, "{}", "cannot be understood"),
        ] {
            let failure = asked(status, body).await.0.unwrap_err().to_string();
            assert!(failure.ends_with(says), "{failure}");
            assert!(failure.contains("what role may do on arn:x"), "{failure}");
        }
    }
}
