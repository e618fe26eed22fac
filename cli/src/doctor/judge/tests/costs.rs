use lifeboat_core::configuration::Holds;

use super::*;

#[test]
fn tasks_of_a_passive_region_are_wrong_unless_an_execution_wants_them() {
    let up = |seen: &mut Seen| {
        let users = Deployed {
            desired: 2,
            ..Deployed::default()
        };
        let services = seen.services.as_mut().unwrap();
        services.insert("users".into(), users);
    };
    let (says, advice) = wrong(Check::Tasks, up);
    assert!(says.starts_with("users is set to 2 tasks, "), "{says}");
    assert!(advice.contains("--desired-count 0"), "{advice}");
    let says = right(Check::Tasks, |seen| {
        up(seen);
        seen.standing = Standing::Passive {
            lease: Some("forum-1".into()),
            ready: Ok(ready()),
        };
    });
    assert!(says.starts_with("forum-1 is at work there"), "{says}");
}

#[test]
fn warm_tasks_are_right_and_more_of_them_wrong() {
    let judged = |desired: u32| {
        let (mut configuration, mut seen) = (sample("us-west-2"), well());
        let users = &mut configuration.services[0];
        (users.holds, users.warm) = (Holds::Nothing, 2);
        let deployed = Deployed {
            desired,
            ..Deployed::default()
        };
        seen.services
            .as_mut()
            .unwrap()
            .insert("users".into(), deployed);
        let found = judge(&configuration, Side::Standby, &seen);
        let mut found = found.into_iter();
        found.find(|f| f.check == Check::Tasks).unwrap().found
    };
    for desired in [0, 2] {
        let found = judged(desired);
        let Found::Right { says } = found else {
            panic!("{found:?}")
        };
        assert_eq!(
            says,
            ["no service is set to more than it rests at: users at 2, the others at 0"]
        );
    }
    let found = judged(3);
    let Found::Wrong { says, .. } = found else {
        panic!("{found:?}")
    };
    assert_eq!(says, ["users is set to 3 tasks, which cost; it rests at 2"]);
}

#[test]
fn a_lifecycle_that_lacks_a_rule_or_removes_by_age_is_wrong() {
    let rules = |change: fn(&mut Vec<Rule>)| {
        move |seen: &mut Seen| change(seen.lifecycle.as_mut().unwrap())
    };
    let (says, _) = wrong(Check::Lifecycle, rules(Vec::clear));
    assert_eq!(says.lines().count(), 3, "{says}");
    for (number, says) in [
        (0, "older versions are never removed"),
        (1, "uploads that were never finished stay"),
        (2, "kept copies never move into cheaper storage"),
    ] {
        let disabled = move |seen: &mut Seen| {
            seen.lifecycle.as_mut().unwrap()[number].enabled = false;
        };
        let (said, advice) = wrong(Check::Lifecycle, disabled);
        assert_eq!(said, says);
        assert!(advice.starts_with("Apply infra/standby"), "{advice}");
    }
    let ages = |rules: &mut Vec<Rule>| rules[2].removes.objects = true;
    let (says, _) = wrong(Check::Lifecycle, rules(ages));
    assert!(says.contains("rule of kept/ removes objects by their age"));
}
