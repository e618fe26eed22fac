//! What to do where a right is missing. AWS names the action and the resource in most of its refusals.

/// Advice for a refusal; nothing for any other trouble.
pub(crate) fn advice(text: &str) -> Option<String> {
    if !refused(text) {
        return None;
    }
    Some(named(text).map_or_else(
        || "Your credentials may not do this: what was asked, of which object and in which region stands before the refusal. See that they are those of the right account (aws sts get-caller-identity), and have their policy allow it".into(),
        |(action, resource)| lacks(action, resource),
    ))
}

/// The same where it is known what was to be allowed; a refusal that names another action knows better.
pub(crate) fn lacking(text: &str, action: &str, resource: &str) -> Option<String> {
    let (action, resource) = named(text).unwrap_or((action, resource));
    refused(text).then(|| lacks(action, resource))
}

fn refused(text: &str) -> bool {
    let words = [
        "AccessDenied",
        "UnauthorizedOperation",
        "is not authorized to perform",
    ];
    words.iter().any(|word| text.contains(word))
}

fn lacks(action: &str, resource: &str) -> String {
    format!(
        "Your credentials lack {action} on {resource}. Have their policy allow it, or use a profile that may (AWS_PROFILE); where an explicit deny is named, it is that which is in the way"
    )
}

/// `User: … is not authorized to perform: ACTION on resource: RESOURCE because …`
fn named(text: &str) -> Option<(&str, &str)> {
    let (_, rest) = text.split_once("not authorized to perform: ")?;
    let (action, rest) = rest.split_once(" on resource: ")?;
    let resource = rest.split_whitespace().next()?;
    let resource = resource.trim_matches(|c: char| matches!(c, '"' | '\'' | ',' | '.' | ';'));
    (!action.contains(' ') && !resource.is_empty()).then_some((action, resource))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_by_action_and_resource_and_what_to_do() {
        for text in [
            "ask forum-backup in us-east-1: AccessDeniedException User: arn:aws:iam::1:user/ada is not authorized to perform: lambda:InvokeFunction on resource: arn:aws:lambda:us-east-1:1:function:forum-backup because no identity-based policy allows the lambda:InvokeFunction action",
            "read x: AccessDenied User: ada is not authorized to perform: lambda:InvokeFunction on resource: \"arn:aws:lambda:us-east-1:1:function:forum-backup\"",
        ] {
            let advice = advice(text).unwrap();
            let lacks =
                "lack lambda:InvokeFunction on arn:aws:lambda:us-east-1:1:function:forum-backup. ";
            assert!(advice.contains(lacks), "{advice}");
        }
        let bare =
            advice("read control/state.json in us-east-1: AccessDenied Access Denied").unwrap();
        assert!(bare.contains("get-caller-identity"), "{bare}");
        let silent = "read control/state.json in us-east-1: timed out";
        assert_eq!(advice(silent), None);
        assert_eq!(lacking(silent, "s3:GetObject", "x"), None);
        let known = lacking("look at x: AccessDenied Access Denied", "s3:GetObject", "x").unwrap();
        assert!(known.contains("lack s3:GetObject on x. "), "{known}");
        let better = "is not authorized to perform: kms:Decrypt on resource: arn:key";
        let better = lacking(better, "s3:GetObject", "x").unwrap();
        assert!(better.contains("lack kms:Decrypt on arn:key. "), "{better}");
    }
}
