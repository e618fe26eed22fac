use super::*;

#[test]
fn images_are_asked_for_in_a_passive_region_alone() {
    assert_eq!(
        found(Check::Images, |s| s.standing = Standing::Active),
        None
    );
    assert_eq!(found(Check::Tasks, |s| s.standing = Standing::Active), None);
    for check in [Check::Images, Check::Tasks] {
        let unknown = |seen: &mut Seen| seen.standing = Standing::Unknown("nobody".into());
        let (says, _) = cannot_tell(check, unknown);
        assert_eq!(says, "nobody");
    }
}

#[test]
fn an_image_that_is_lacking_damaged_or_not_pinned_is_wrong_and_one_that_nobody_can_name_is_a_doubt()
{
    let changed = |change: fn(&mut Ready)| {
        move |seen: &mut Seen| {
            let mut ready = ready();
            change(&mut ready);
            seen.standing = passive(ready);
        }
    };
    for (change, says) in [
        (
            (|ready| ready.lacking.push("users needs x: gone".into())) as fn(&mut Ready),
            "users needs x: gone",
        ),
        (
            |ready| ready.found.note("a@b", Some("torn")),
            "a@b is damaged: torn",
        ),
        (
            |ready| {
                let pin = Pin::Failed("throttled".into());
                ready.pins.insert("users".into(), pin);
            },
            "users is not pinned: throttled",
        ),
    ] {
        let (said, advice) = wrong(Check::Images, changed(change));
        assert_eq!(said, says);
        assert!(advice.contains("lifeboat images ready --in us-west-2"));
    }
    let (says, advice) = cannot_tell(
        Check::Images,
        changed(|ready| {
            ready.silent = Some("timed out".into());
            let doubt = Some("no task runs".into());
            let images = vec![];
            let users = ServiceImages { images, doubt };
            ready.found.services.insert("users".into(), users);
        }),
    );
    assert_eq!(
        says,
        "us-east-1 could not be asked what runs there: timed out\nwhat users runs: no task runs"
    );
    assert!(advice.contains("us-east-1"), "{advice}");
}

#[test]
fn an_execution_role_that_may_not_pull_or_log_is_wrong_and_so_is_none() {
    let check = Check::ExecutionRole;
    let denied = |seen: &mut Seen| seen.execution.push(allowed(&["ecr:BatchGetImage"]));
    let (says, advice) = wrong(check, denied);
    assert_eq!(
        says,
        "arn:aws:iam::1:role/a may not ecr:BatchGetImage on arn:aws:ecr:x"
    );
    assert!(advice.starts_with("Apply infra/standby"), "{advice}");
    let (says, _) = wrong(check, |seen| {
        seen.starts.insert("users".into(), Ok(Start::default()));
        seen.services.as_mut().unwrap().remove("posts");
    });
    assert!(says.contains("users: its task definition names no execution role"));
    assert!(says.contains("posts: forum-posts is not in cluster forum"));
    let (says, _) = wrong(check, |seen| drop(seen.starts.remove("users")));
    assert!(says.contains("users: ECS names no task definition"));
    cannot_tell(check, |seen| {
        seen.starts.insert("users".into(), Err(silence()));
    });
    cannot_tell(check, |seen| seen.execution[0].denied = Err(silence()));
}

#[test]
fn logs_that_are_missing_or_kept_for_ever_are_wrong() {
    let group = |name: &str, group| {
        let name = name.to_owned();
        move |seen: &mut Seen| drop(seen.groups.insert(name, group))
    };
    let (says, advice) = wrong(Check::Logs, group("/ecs/a", Ok(Group::KeptForEver)));
    assert!(says.contains("/ecs/a is kept for ever"), "{says}");
    assert!(advice.contains("put-retention-policy --region us-west-2"));
    let (says, _) = wrong(Check::Logs, group("/ecs/a", Ok(Group::Missing)));
    assert!(says.contains("/ecs/a is not there"), "{says}");
    cannot_tell(Check::Logs, group("/ecs/a", Err(silence())));
    assert!(right(Check::Logs, |_| {}).starts_with("kept for 30 days; "));
    let says = right(Check::Logs, group("/ecs/a", Ok(Group::Kept { days: 7 })));
    assert!(says.starts_with("kept for 7 to 30 days; "), "{says}");
}
