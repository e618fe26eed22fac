use super::*;
use crate::configuration::sample;

const NOON: &str = "2024-11-23T12:00:00Z";

fn after(seconds: i64) -> Timestamp {
    let noon: Timestamp = NOON.parse().unwrap();
    Timestamp::from_second(noon.as_second() + seconds).unwrap()
}

fn image(digest: &str, used: Use, held: Held) -> Image {
    Image {
        repository: "forum/users".into(),
        digest: digest.into(),
        used,
        held,
    }
}

fn record(images: Vec<Image>) -> Record {
    let region = |name| Region::new(name).unwrap();
    let mut record = Record::new(after(0), region("us-west-2"), region("us-east-1"));
    let doubt = None;
    record
        .services
        .insert("users".into(), ServiceImages { images, doubt });
    record
}

fn not(record: &Record, seconds: i64) -> Fact {
    match record.says("users", after(seconds)) {
        Said::Not(fact) => fact,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_ready_is_told_by_its_digests_and_a_lost_way_back_costs_nothing() {
    let record = record(vec![
        image("sha256:a", Use::Running, Held::Ready),
        image("sha256:b", Use::Deployed, Held::Missing("gone".into())),
    ]);
    let Said::Held(images) = record.says("users", after(3600)) else {
        panic!("not held")
    };
    assert_eq!(images.len(), 1);
    assert_eq!(images[0].name(), "forum/users@sha256:a");
}

#[test]
fn each_verdict_but_ready_is_said_with_its_reason() {
    for (held, missing) in [
        (Held::Missing("why".into()), true),
        (Held::Incomplete("why".into()), true),
        (Held::Differs("why".into()), true),
        (Held::Unreachable("why".into()), false),
    ] {
        for used in [Use::Running, Use::Pinned] {
            let why = "forum/users@sha256:a in us-west-2: why".to_owned();
            let expected = match missing {
                true => Fact::Missing(why),
                false => Fact::CannotTell(why),
            };
            let record = record(vec![image("sha256:a", used, held.clone())]);
            assert_eq!(not(&record, 0), expected);
        }
    }
}

#[test]
fn an_old_record_and_a_doubt_cannot_tell_and_what_is_lacking_is_said_before_a_doubt() {
    let mut record = record(vec![image("sha256:a", Use::Running, Held::Ready)]);
    let old = "image-sync looked 3601 s ago; see why its reconcile does not run in us-west-2";
    assert_eq!(not(&record, 3601), Fact::CannotTell(old.into()));
    let service = record.services.get_mut("users").unwrap();
    service.doubt = Some("a task has no digest".into());
    assert_eq!(
        not(&record, 0),
        Fact::CannotTell("a task has no digest".into())
    );
    let service = record.services.get_mut("users").unwrap();
    service.images[0].held = Held::Missing("gone".into());
    assert!(matches!(not(&record, 0), Fact::Missing(_)));
}

#[test]
fn a_service_that_was_not_looked_for_or_of_which_nothing_is_known_is_looked_for_by_its_tag() {
    let nothing = record(vec![]);
    assert_eq!(nothing.says("users", after(0)), Said::Nothing);
    assert_eq!(nothing.says("posts", after(0)), Said::Nothing);
    assert_eq!(nothing.says("posts", after(9999)), Said::Nothing);
}

#[test]
fn damage_costs_readiness_until_it_is_mended_whoever_needs_it_and_is_forgotten_with_the_image() {
    let mut before = record(vec![image("sha256:a", Use::Running, Held::Ready)]);
    before
        .damaged
        .insert("forum/users@sha256:a".into(), "a byte has flipped".into());
    before.seen = Some(after(-60));
    let (name, none) = ("forum/users@sha256:a".to_owned(), BTreeSet::new());
    let again = record(vec![image("sha256:a", Use::Running, Held::Ready)]);
    assert_eq!(before.unneeded(&again), none);
    let again = again.after(Some(&before), &none);
    assert_eq!(
        not(&again, 0),
        Fact::Missing("forum/users@sha256:a in us-west-2: a byte has flipped".into())
    );
    assert_eq!(again.seen, before.seen);
    let other = record(vec![image("sha256:b", Use::Running, Held::Ready)]);
    let gone = before.unneeded(&other);
    assert_eq!(gone, [name.clone()].into());
    let kept = other.clone().after(Some(&before), &none);
    assert!(kept.damaged.contains_key(&name));
    assert!(other.after(Some(&before), &gone).damaged.is_empty());
}

#[test]
fn images_lack_since_the_first_of_an_unbroken_row_of_looks_and_not_knowing_neither_begins_nor_ends_it()
 {
    let missing = || Held::Missing("gone".into());
    let unknown = || Held::Unreachable("timed out".into());
    let mut last = record(vec![]);
    for (second, used, held, expected) in [
        (0, Use::Running, unknown(), None),
        (60, Use::Running, missing(), Some(60)),
        (120, Use::Pinned, unknown(), Some(60)),
        (180, Use::Running, missing(), Some(60)),
        (240, Use::Running, Held::Ready, None),
        (300, Use::Deployed, missing(), None),
        (360, Use::Running, Held::Differs("x".into()), Some(360)),
    ] {
        let mut now = record(vec![image("sha256:a", used, held)]);
        now.at = after(second);
        last = now.after(Some(&last), &BTreeSet::new());
        assert_eq!(last.lacking_since, expected.map(after), "{second}");
    }
}

#[test]
fn a_record_is_read_back_and_one_of_a_later_schema_is_refused_by_its_field() {
    let record = record(vec![image(
        "sha256:a",
        Use::Pinned,
        Held::Missing("x".into()),
    )]);
    let mut json = serde_json::to_value(&record).unwrap();
    assert_eq!(json["services"]["users"]["images"][0]["for"], "pinned");
    json["heard_of_later"] = true.into();
    assert_eq!(Record::parse(json.to_string().as_bytes()), Ok(record));
    json["schema"] = 9.into();
    let refused = Record::parse(json.to_string().as_bytes()).unwrap_err();
    assert_eq!(refused.field, "images.json.schema");
}

#[test]
fn an_images_repository_is_told_by_the_addresses_that_tasks_pull_from() {
    let configuration = sample("us-east-1");
    let own = configuration.own();
    assert_eq!(own.services["users"].address(), Some("127.0.0.1:5001"));
    let host = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
    for (image, repository) in [
        ("127.0.0.1:5001/forum/users:stable", Some("forum/users")),
        ("127.0.0.1:5001/forum/users", Some("forum/users")),
        ("127.0.0.1:5001/log/router@sha256:ab", None),
        ("127.0.0.1:5002/forum/users:stable", None),
        ("docker.io/library/nginx", None),
        ("nginx:1", None),
    ] {
        assert_eq!(own.repository_of(image), repository, "{image}");
    }
    let named = format!("{host}/forum/users:v1@sha256:ab");
    assert_eq!(own.repository_of(&named), Some("forum/users"));
}
