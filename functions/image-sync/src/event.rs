use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use jiff::Timestamp;
use lifeboat_aws::parse_event;
use lifeboat_core::{Failure, Invalid};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::reference::Reference;

/// What the function can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Push(Push),
    Reconcile,
    /// A person, or the workflow, wants these brought now.
    Sync(Choice),
    /// The workflow asks what differs.
    List(Cursor),
    Check {
        /// The execution that asks.
        execution: String,
    },
    /// By hand: whether this region could start what runs; nothing is changed.
    Ready,
    /// By hand: what this region would run is read again, byte by byte.
    Verify {
        /// All services where none is named.
        service: Option<String>,
    },
    /// AWS sends more than what concerns this function.
    Foreign(String),
}

/// A push into a registry, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// The region that saw it.
    pub region: Option<String>,
    pub repository: String,
    pub digest: String,
    pub tag: Option<String>,
    pub time: Option<Timestamp>,
}

/// Which images are to be brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    All,
    Service(String),
    Images(Vec<Asked>),
}

/// An image by its name in this region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    pub repository: String,
    pub reference: Reference,
}

/// Where a list goes on, in an order that an execution of the workflow has for itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Whatever tells one execution from another.
    pub order: String,
    /// The last one of the list before, as that one says it.
    pub after: Option<String>,
}

/// Payloads of our own. The braces let serde refuse unknown fields of every one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    Reconcile {},
    List {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
    Sync {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        images: Option<Vec<Asked>>,
    },
    Check {
        execution: String,
    },
    Ready {},
    Verify {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service: Option<String>,
    },
}

/// The detail of an "ECR Image Action". AWS adds fields as it likes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Detail {
    result: String,
    action_type: String,
    repository_name: String,
    image_digest: Option<String>,
    image_tag: Option<String>,
}

impl Event {
    pub fn parse(event: Value) -> Result<Self, Failure> {
        if event.get("detail-type").is_some() {
            return from_aws(event);
        }
        match parse_event(event)? {
            Action::Reconcile {} => Ok(Self::Reconcile),
            Action::List { order, after } => Ok(Self::List(Cursor {
                order: order.unwrap_or_default(),
                after,
            })),
            Action::Sync { service, images } => choice(service, images).map(Self::Sync),
            Action::Ready {} => Ok(Self::Ready),
            Action::Verify { service } => Ok(Self::Verify { service }),
            Action::Check { execution } if execution.starts_with("arn:") => {
                Ok(Self::Check { execution })
            }
            Action::Check { execution } => {
                let found = format!("{execution:?}");
                Err(Invalid::new("execution", "the ARN of an execution", found).into())
            }
        }
    }
}

fn choice(service: Option<String>, images: Option<Vec<Asked>>) -> Result<Choice, Failure> {
    match (service, images) {
        (None, None) => Ok(Choice::All),
        (Some(service), None) => Ok(Choice::Service(service)),
        (None, Some(images)) if images.is_empty() => {
            Err(Invalid::new("images", "at least one image", "an empty list").into())
        }
        (None, Some(images)) => Ok(Choice::Images(images)),
        (Some(service), Some(_)) => {
            let expected = "none where a service is named";
            Err(Invalid::new("images", expected, format!("some, and service {service:?}")).into())
        }
    }
}

fn from_aws(event: Value) -> Result<Event, Failure> {
    let envelope: EventBridgeEvent<Value> = parse_event(event)?;
    if (envelope.source.as_str(), envelope.detail_type.as_str()) != ("aws.ecr", "ECR Image Action")
    {
        let what = format!("{} of {}", envelope.detail_type, envelope.source);
        return Ok(Event::Foreign(format!(
            "{what} is no image action of a registry"
        )));
    }
    let detail = Detail::deserialize(envelope.detail)
        .map_err(|e| Invalid::new("event.detail", "an image action of a registry", e))?;
    if (detail.action_type.as_str(), detail.result.as_str()) != ("PUSH", "SUCCESS") {
        let what = format!("{} with result {}", detail.action_type, detail.result);
        return Ok(Event::Foreign(format!(
            "{what} is not a push that succeeded"
        )));
    }
    let digest = detail
        .image_digest
        .ok_or_else(|| Invalid::new("event.detail.image-digest", "a digest", "none"))?;
    let time = envelope.time.map(|time| time.timestamp());
    Ok(Event::Push(Push {
        time: time.and_then(|at| Timestamp::from_second(at).ok()),
        region: envelope.region,
        repository: detail.repository_name,
        digest,
        tag: detail.image_tag.filter(|tag| !tag.is_empty()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sample(name: &str) -> Event {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/image-sync");
        let text = std::fs::read_to_string(format!("{folder}/{name}.json")).unwrap();
        Event::parse(serde_json::from_str(&text).unwrap()).unwrap()
    }

    fn push(detail: Value) -> Result<Event, Failure> {
        Event::parse(
            json!({"source": "aws.ecr", "detail-type": "ECR Image Action", "detail": detail}),
        )
    }

    fn refused(event: Value) -> String {
        let failure = Event::parse(event).unwrap_err();
        assert_eq!(failure.name(), "Invalid");
        failure.to_string()
    }

    #[test]
    fn every_sample_event_is_understood() {
        let Event::Push(tagged) = sample("push") else {
            panic!("no push")
        };
        assert_eq!(tagged.tag.as_deref(), Some("stable"));
        assert_eq!(tagged.time, "2024-11-23T12:00:00Z".parse().ok());
        assert_eq!(
            (tagged.repository.as_str(), tagged.region.as_deref()),
            ("forum/users", Some("us-east-1"))
        );
        let Event::Push(untagged) = sample("push-without-tag") else {
            panic!("no push")
        };
        assert_eq!(untagged.tag, None);
        assert_eq!(sample("reconcile"), Event::Reconcile);
        assert_eq!(sample("list"), Event::List(Cursor::default()));
        let Event::List(cursor) = sample("list-after") else {
            panic!("no list")
        };
        assert_eq!(cursor.order, "forum-images-20241123-12");
        assert!(cursor.after.unwrap().starts_with("1 sha256:"));
        assert_eq!(sample("sync"), Event::Sync(Choice::All));
        assert_eq!(
            sample("sync-service"),
            Event::Sync(Choice::Service("users".into()))
        );
        let stable = Asked {
            repository: "forum/users".into(),
            reference: Reference::Tag("stable".into()),
        };
        assert_eq!(
            sample("sync-images"),
            Event::Sync(Choice::Images(vec![stable]))
        );
        assert_eq!(sample("ready"), Event::Ready);
        assert_eq!(sample("verify"), Event::Verify { service: None });
        let service = Some("users".to_owned());
        assert_eq!(sample("verify-service"), Event::Verify { service });
        let Event::Check { execution } = sample("check") else {
            panic!("no check")
        };
        assert!(
            execution.contains(":execution:forum-failover:"),
            "{execution}"
        );
    }

    #[test]
    fn what_others_ask_is_written_as_the_samples_are() {
        let service = Some("users".to_owned());
        let stable = Asked {
            repository: "forum/users".into(),
            reference: Reference::Tag("stable".into()),
        };
        let sync = |service, images| Action::Sync { service, images };
        let list = Action::List {
            order: None,
            after: None,
        };
        for (name, action) in [
            ("list", list),
            ("ready", Action::Ready {}),
            ("sync", sync(None, None)),
            ("sync-service", sync(service.clone(), None)),
            ("sync-images", sync(None, Some(vec![stable]))),
            ("verify", Action::Verify { service: None }),
            ("verify-service", Action::Verify { service }),
        ] {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/image-sync");
            let text = std::fs::read_to_string(format!("{folder}/{name}.json")).unwrap();
            let sample: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_value(action).unwrap(), sample);
        }
    }

    #[test]
    fn fields_that_aws_adds_are_accepted() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let event = push(
            json!({"result": "SUCCESS", "action-type": "PUSH", "repository-name": "forum/users",
            "image-digest": digest, "image-tag": "", "manifest-media-type": "x", "artifact": {"new": true}}),
        );
        let Ok(Event::Push(push)) = event else {
            panic!("{event:?}")
        };
        assert_eq!((push.digest, push.tag), (digest, None));
    }

    #[test]
    fn what_is_not_a_push_that_succeeded_is_foreign_and_no_error() {
        for (action, result) in [
            ("DELETE", "SUCCESS"),
            ("UPDATE_STORAGE_CLASS", "SUCCESS"),
            ("PUSH", "FAILURE"),
        ] {
            let event =
                push(json!({"result": result, "action-type": action, "repository-name": "x"}));
            let Ok(Event::Foreign(reason)) = event else {
                panic!("{event:?}")
            };
            assert!(
                reason.contains(action) && reason.contains(result),
                "{reason}"
            );
        }
        let scan = json!({"source": "aws.ecr", "detail-type": "ECR Image Scan", "detail": {}});
        assert!(matches!(Event::parse(scan), Ok(Event::Foreign(_))));
    }

    #[test]
    fn an_unknown_field_of_our_own_payload_is_refused_by_name() {
        let reconcile = refused(json!({"action": "reconcile", "force": true}));
        assert!(reconcile.contains("force"), "{reconcile}");
        let check =
            refused(json!({"action": "check", "execution": "arn:aws:x", "service": "users"}));
        assert!(check.contains("service"), "{check}");
    }

    #[test]
    fn a_bad_payload_is_refused_with_what_is_wrong_with_it() {
        assert!(refused(json!({"action": "copy"})).contains("`reconcile`"));
        assert!(refused(json!({"action": "check"})).contains("execution"));
        assert!(refused(json!({"action": "check", "execution": "yes"})).starts_with("execution: "));
        assert!(refused(json!([])).contains("event"));
        let image = json!({"repository": "forum/users", "reference": "stable"});
        let both = json!({"action": "sync", "service": "users", "images": [image]});
        assert!(refused(both).starts_with("images: "));
        assert!(refused(json!({"action": "sync", "images": []})).starts_with("images: "));
        let image = json!({"repository": "forum/users", "reference": "../x"});
        let bad = refused(json!({"action": "sync", "images": [image]}));
        assert!(
            bad.contains("reference: expected a tag of an image"),
            "{bad}"
        );
        let digestless =
            push(json!({"result": "SUCCESS", "action-type": "PUSH", "repository-name": "x"}));
        assert!(digestless.unwrap_err().to_string().contains("image-digest"));
    }
}
