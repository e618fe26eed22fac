use super::*;

#[test]
fn an_empty_service_list_is_refused() {
    let mut configuration = sample("us-east-1");
    configuration.services.clear();
    assert_eq!(
        configuration.validate().unwrap_err().to_string(),
        "services: expected at least one service, found an empty list"
    );
}

#[test]
fn the_same_region_twice_is_refused() {
    let mut configuration = sample("us-east-1");
    configuration.standby = configuration.home.clone();
    assert_eq!(configuration.validate().unwrap_err().field, "standby");
}

#[test]
fn a_region_outside_the_pair_a_service_twice_and_bounds_that_make_no_sense_are_refused() {
    let mut outside = sample("us-east-1");
    outside.region = Region::new("eu-west-1").unwrap();
    assert_eq!(outside.validate().unwrap_err().field, "region");
    let mut twice = sample("us-east-1");
    twice.services.push(twice.services[0].clone());
    assert_eq!(twice.validate().unwrap_err().found, "users twice");
    let mut zero = sample("us-east-1");
    zero.services[0].minimum = 0;
    assert_eq!(zero.validate().unwrap_err().field, "services.users.minimum");
    let mut below = sample("us-east-1");
    below.services[1].maximum = 1;
    assert_eq!(
        below.validate().unwrap_err().to_string(),
        "services.posts.maximum: expected at least the minimum of 2, found 1"
    );
}

#[test]
fn an_unknown_service_is_refused_and_the_known_ones_are_named() {
    let refused = sample("us-east-1").service("threads").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "service: expected one of users, posts, found \"threads\""
    );
}

#[test]
fn an_unknown_field_is_refused() {
    let mut json = serde_json::to_value(sample("us-east-1")).unwrap();
    json["rpo_minutes"] = 60.into();
    assert!(
        Configuration::parse(json.to_string().as_bytes())
            .unwrap_err()
            .to_string()
            .contains("rpo_minutes")
    );
}

#[test]
fn an_images_reference_is_its_tag_or_its_digest() {
    let image = |image: &str| ServiceResources {
        service: String::new(),
        repository: String::new(),
        image: image.into(),
        scalable_target: String::new(),
    };
    assert_eq!(
        image("127.0.0.1:5001/forum/users:stable").reference(),
        "stable"
    );
    assert_eq!(
        image("1.dkr.ecr.us-east-1.amazonaws.com/forum/users@sha256:ab").reference(),
        "sha256:ab"
    );
    assert_eq!(image("127.0.0.1:5001/forum/users").reference(), "latest");
}
