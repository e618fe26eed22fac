use lifeboat_core::{
    Failure,
    configuration::sample,
    image::{Held, Image, Record, ServiceImages, Use},
};
use lifeboat_image_sync::{Copied, reference::Digest};
use serde_json::{Value, json};

use super::*;
use crate::{ask::memory::Scripted, person::memory::Somebody};

fn region() -> Region {
    Region::new("us-west-2").unwrap()
}

async fn asked(
    answers: impl IntoIterator<Item = Value>,
    ask: impl AsyncFnOnce(&Images<'_, Scripted>, &mut Somebody) -> Result<Answer, Trouble>,
) -> (Result<Answer, Trouble>, Vec<Value>) {
    let (configuration, region) = (sample("us-west-2"), region());
    let images = Images {
        configuration: &configuration,
        region: &region,
        function: Scripted::new(answers.into_iter().map(Ok::<_, Failure>)),
    };
    let answer = ask(&images, &mut Somebody::default()).await;
    (answer, images.function.asked.take())
}

fn sync(service: Option<&str>) -> Sync {
    Sync {
        service: service.map(str::to_owned),
        images: vec![],
        place: crate::arguments::In { region: None },
    }
}

#[tokio::test]
async fn what_was_brought_is_named_and_where_nothing_may_be_brought_the_answer_is_no() {
    let digest = Digest::of(b"");
    let copied = Outcome::Copied {
        images: vec![Copied {
            repository: "forum/users".into(),
            reference: "stable".into(),
            digest: digest.clone(),
        }],
    };
    let passive = Outcome::Passive {
        reason: "us-east-1 is active".into(),
    };
    for (outcome, says, code) in [
        (&copied, format!("  forum/users:stable ({digest})"), 0),
        (&Outcome::UpToDate, "has everything already".into(), 0),
        (
            &passive,
            "Nothing was brought: us-east-1 is active".into(),
            3,
        ),
    ] {
        let answer = serde_json::to_value(outcome).unwrap();
        let service = sample("us-west-2").services[0].name.clone();
        let wanted = sync(Some(&service));
        let (answer, events) =
            asked([answer], async |images, who| images.sync(wanted, who).await).await;
        let answer = answer.unwrap();
        assert!(answer.text.contains(&says), "{}", answer.text);
        assert_eq!(answer.exit_code(), code);
        assert_eq!(events, [json!({"action": "sync", "service": service})]);
    }
}

#[tokio::test]
async fn an_unknown_service_is_refused_with_the_near_one_and_nothing_is_asked() {
    let wanted = sync(Some("user"));
    let (answer, events) = asked([], async |images, who| images.sync(wanted, who).await).await;
    let trouble = answer.unwrap_err();
    assert_eq!(trouble.exit_code(), 2);
    assert!(
        trouble.to_string().ends_with("Did you mean users?"),
        "{trouble}"
    );
    assert!(events.is_empty());
}

#[tokio::test]
async fn what_a_region_lacks_is_told_image_by_image_and_the_answer_is_no() {
    let active = Region::new("us-east-1").unwrap();
    let mut found = Record::new(jiff::Timestamp::UNIX_EPOCH, region(), active);
    let image = Image {
        repository: "forum/users".into(),
        digest: Digest::of(b"").to_string(),
        used: Use::Running,
        held: Held::Missing("no such manifest".into()),
    };
    let users = ServiceImages {
        images: vec![image],
        doubt: None,
    };
    found.services.insert("users".into(), users);
    let mut ready = Ready {
        found,
        silent: None,
        repaired: vec![],
        lacking: vec!["users: no such manifest".into()],
        pins: [].into(),
    };
    for code in [3, 0] {
        let answer = serde_json::to_value(&ready).unwrap();
        let (answer, _) = asked([answer], async |images, who| images.ready(who).await).await;
        let answer = answer.unwrap();
        assert_eq!(answer.exit_code(), code);
        assert!(
            answer.text.contains("missing: no such manifest"),
            "{}",
            answer.text
        );
        ready.lacking.clear();
    }
}

#[tokio::test]
async fn what_was_read_and_is_not_right_is_no() {
    for (found, code) in [
        (Found::Good, 0),
        (Found::Repaired(vec!["sent again".into()]), 0),
        (Found::Damaged(vec!["push it again".into()]), 3),
        (Found::Unread("timed out".into()), 3),
    ] {
        let reread = Reread {
            read: [("forum/users@x".to_owned(), found)].into(),
            bytes: 7,
        };
        let answer = serde_json::to_value(&reread).unwrap();
        let (answer, events) =
            asked([answer], async |images, who| images.verify(None, who).await).await;
        assert_eq!(answer.unwrap().exit_code(), code);
        assert_eq!(events, [json!({"action": "verify"})]);
    }
}

#[tokio::test]
async fn what_would_be_brought_is_listed_by_the_names_of_images() {
    let stable = json!({"repository": "forum/users", "reference": "stable"});
    let list = json!({"batches": [[stable]], "images": 1, "last": null});
    let (answer, events) = asked([list], async |images, who| images.list(who).await).await;
    assert!(answer.unwrap().text.contains("  forum/users:stable\n"));
    assert_eq!(events, [json!({"action": "list"})]);
}
