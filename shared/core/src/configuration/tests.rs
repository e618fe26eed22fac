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

fn pages(change: impl Fn(&mut Service)) -> Configuration {
    let mut configuration = sample("us-east-1");
    let pages = configuration.services.last_mut().unwrap();
    (pages.holds, pages.warm) = (Holds::Nothing, 2);
    change(pages);
    configuration
}

#[test]
fn warm_tasks_are_of_a_service_that_holds_nothing_and_no_more_than_its_minimum() {
    assert_eq!(pages(|_| {}).validate(), Ok(()));
    let refused = |change: fn(&mut Service)| pages(change).validate().unwrap_err().to_string();
    assert_eq!(
        refused(|pages| pages.warm = 3),
        "services.posts.warm: expected at most the minimum of 2, found 3"
    );
    assert_eq!(
        refused(|pages| pages.holds = Holds::Data),
        "services.posts.warm: expected 0, because it holds data, and nothing is restored beside tasks, found 2"
    );
}

#[test]
fn what_holds_nothing_has_no_place_and_some_service_holds_something() {
    let mut configuration = pages(|_| {});
    let home = configuration.home.clone();
    let home = configuration.regions.get_mut(&home).unwrap();
    home.services.get_mut("posts").unwrap().place = Place::Bucket {
        bucket: "data".into(),
        prefix: "posts/".into(),
    };
    let refused = configuration.validate().unwrap_err();
    assert_eq!(refused.field, "regions.us-east-1.services.posts");
    let mut nothing = sample("us-east-1");
    for service in &mut nothing.services {
        service.holds = Holds::Nothing;
    }
    let refused = nothing.validate().unwrap_err().to_string();
    assert_eq!(
        refused,
        "services: expected at least one that holds data, found none that does"
    );
}

#[test]
fn a_service_with_data_and_without_warm_tasks_is_written_as_it_was_before_there_were_any() {
    let written = |configuration: Configuration| serde_json::to_string(&configuration).unwrap();
    let plain = written(sample("us-east-1"));
    assert!(!plain.contains("holds") && !plain.contains("warm"));
    let warm = written(pages(|_| {}));
    assert!(warm.contains(r#""holds":"nothing","warm":2"#), "{warm}");
    assert_eq!(Configuration::parse(warm.as_bytes()), Ok(pages(|_| {})));
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
fn what_the_next_version_configures_is_passed_over_and_what_its_schema_changes_is_refused() {
    let configuration = sample("us-east-1");
    let mut json = serde_json::to_value(&configuration).unwrap();
    json["rpo_minutes"] = 60.into();
    json["services"][0]["colour"] = "green".into();
    let read = Configuration::parse(json.to_string().as_bytes());
    assert_eq!(read.unwrap(), configuration);
    json["schema"] = (crate::SCHEMA + 1).into();
    let refused = Configuration::parse(json.to_string().as_bytes()).unwrap_err();
    assert_eq!(refused.field, "configuration.json.schema");
}

#[test]
fn an_images_reference_is_its_tag_or_its_digest() {
    let image = |image: &str| ServiceResources {
        service: String::new(),
        repository: String::new(),
        image: image.into(),
        scalable_target: String::new(),
        template: None,
        place: Place::Folder,
        hook: None,
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

#[test]
fn a_service_is_asked_at_the_path_of_its_name_unless_another_is_given() {
    let mut configuration = sample("us-east-1");
    configuration.services[0].health = Some("/api/users/healthz".into());
    assert_eq!(configuration.validate(), Ok(()));
    assert_eq!(configuration.health("users"), "/api/users/healthz");
    assert_eq!(configuration.health("posts"), "/posts/health");
    configuration.services[0].health = Some("healthz".into());
    assert_eq!(
        configuration.validate().unwrap_err().to_string(),
        "services.users.health: expected a path that begins with /, found \"healthz\""
    );
}

#[test]
fn a_template_has_the_services_name_and_a_zone_the_domains_unless_others_are_given() {
    let mut configuration = sample("us-east-1");
    assert_eq!(
        configuration.own().services["users"].template(),
        "forum-users"
    );
    assert_eq!(configuration.traffic.zone(), "forum.test");
    configuration.traffic.zone = Some("test".into());
    assert_eq!(configuration.traffic.zone(), "test");
    let mut users = configuration.own().services["users"].clone();
    users.template = Some("users".into());
    assert_eq!(users.template(), "users");
}

#[test]
fn a_configuration_that_names_no_windows_and_no_quorum_has_none_and_two() {
    let configuration = sample("us-east-1");
    assert_eq!(configuration.down_quorum, 2);
    assert!(configuration.maintenance_windows.is_empty());
    assert!(configuration.drill_blocked_windows.is_empty());
}

#[test]
fn a_quorum_that_three_looks_cannot_reach_and_a_window_that_is_none_are_refused() {
    for (quorum, good) in [(0, false), (1, true), (3, true), (4, false)] {
        let mut configuration = sample("us-east-1");
        configuration.down_quorum = quorum;
        assert_eq!(configuration.validate().is_ok(), good, "{quorum}");
    }
    let mut json = serde_json::to_value(sample("us-east-1")).unwrap();
    json["maintenance_windows"] = serde_json::json!(["saturday"]);
    let refused = Configuration::parse(json.to_string().as_bytes()).unwrap_err();
    assert!(refused.to_string().contains("sat 22:00-02:00"), "{refused}");
}

#[test]
fn a_configuration_without_patterns_has_none_and_a_bad_one_is_refused_by_its_place() {
    let configuration = sample("us-east-1");
    assert!(configuration.images.is_empty() && configuration.platforms.is_empty());
    assert!(!configuration.create_missing_repositories);
    let mut json = serde_json::to_value(configuration).unwrap();
    json["images"] = serde_json::json!([{"repository": "team/*", "tags": ["*"]}, {"repository": "team/**", "tags": ["*"]}]);
    let refused = Configuration::parse(json.to_string().as_bytes()).unwrap_err();
    assert_eq!(refused.field, "images.1.repository");
}

#[test]
fn a_functions_name_is_read_from_the_arn_of_its_alias() {
    let alias = "arn:aws:lambda:us-west-2:111122223333:function:forum-backup:live";
    assert_eq!(function_name(alias), "forum-backup");
}
