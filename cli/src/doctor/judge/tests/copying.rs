use super::*;

#[test]
fn every_prefix_is_copied_by_an_enabled_rule_to_the_other_regions_bucket() {
    let rules = |change: fn(&mut Vec<Copies>)| {
        move |seen: &mut Seen| change(&mut seen.replication.as_mut().unwrap().rules)
    };
    let (says, advice) = wrong(Check::Replication, rules(|rules| drop(rules.remove(1))));
    assert_eq!(says, "no rule copies packs/");
    assert!(advice.contains("Apply infra/join") && advice.contains("follow.json"));
    let (says, _) = wrong(Check::Replication, rules(|rules| rules[0].enabled = false));
    assert_eq!(
        says,
        "backups/ is not copied: rule backups-to-us-east-1 is disabled"
    );
    let elsewhere = rules(|rules| rules[0].to = "elsewhere".into());
    let (says, _) = wrong(Check::Replication, elsewhere);
    assert!(says.starts_with("backups/ goes to elsewhere"), "{says}");
    let some = rules(|rules| rules[0].prefix = None);
    assert_eq!(wrong(Check::Replication, some).0, "no rule copies backups/");
    right(
        Check::Replication,
        rules(|rules| {
            rules.truncate(1);
            rules[0].prefix = Some(String::new());
        }),
    );
}

#[test]
fn backups_that_are_to_stay_have_no_rule_and_it_is_said_what_that_means() {
    let mut configuration = sample("us-west-2");
    configuration.cross_region_backup = false;
    let mut seen = well();
    let judged = |seen: &Seen| {
        let found = judge(&configuration, Side::Standby, seen);
        assert!(found.iter().all(|one| one.check != Check::ReplicationRole));
        let mut found = found.into_iter();
        found.find(|one| one.check == Check::Replication).unwrap()
    };
    let Found::Wrong { says, .. } = judged(&seen).found else {
        panic!("rules that nobody wants are wrong");
    };
    assert!(says[0].contains("copies to"), "{says:?}");
    seen.replication = Ok(Replication::default());
    let Found::Right { says } = judged(&seen).found else {
        panic!("as it was configured is right");
    };
    assert!(
        says[0].contains("us-east-1 has none to restore"),
        "{says:?}"
    );
}

#[test]
fn a_role_that_may_not_copy_is_wrong_and_without_rules_nobody_knows_it() {
    let check = Check::ReplicationRole;
    let denied = |seen: &mut Seen| seen.copier.push(allowed(&["s3:ReplicateObject"]));
    let (says, _) = wrong(check, denied);
    assert!(says.contains("may not s3:ReplicateObject"), "{says}");
    cannot_tell(check, |seen| seen.replication = Ok(Replication::default()));
    cannot_tell(check, |seen| seen.copier[0].denied = Err(silence()));
}

#[test]
fn a_bucket_that_keeps_no_older_versions_is_wrong() {
    let (says, advice) = wrong(Check::Versioning, |seen| seen.versioned = Ok(false));
    assert!(says.contains("nothing is copied to us-east-1"), "{says}");
    let bucket = "--bucket 123456789012-forum-backups-us-west-2";
    assert!(advice.contains(bucket), "{advice}");
}

#[test]
fn what_is_to_be_copied_is_what_terraform_copies() {
    let terraform = include_str!("../../../../../infra/modules/replication/main.tf");
    let all = COPIED.map(|word| format!("{word:?}")).join(", ");
    let line = format!("for_each = [{all}]");
    assert!(terraform.contains(&line), "{line}");
}
