use jiff::Timestamp;
use lifeboat_aws::memory::Memory;
use lifeboat_core::{configuration::sample, report::ledger::Ledger, request::Mode};

use super::*;

fn west() -> Region {
    sample("us-west-2").region
}

/// With one report for each name, in the order of their writing.
fn archive(names: &[&str]) -> Archive<Memory> {
    let bucket = Memory::new("backups", &west());
    let mut ledger = Ledger::new(&west());
    for (name, second) in names.iter().zip(1..) {
        let mut report = crate::timeline::tests::report(Mode::Planned);
        report.execution = (*name).into();
        let json = serde_json::to_vec(&report).unwrap();
        let page = format!("<h1>{name}</h1>").into_bytes();
        bucket.set(&Report::key(&west(), name), json.clone());
        bucket.set(&Report::page_key(&west(), name), page.clone());
        let now = Timestamp::from_second(second).unwrap();
        ledger = ledger.with(name, &json, &page, now).unwrap();
    }
    bucket.set(&Ledger::key(&west()), serde_json::to_vec(&ledger).unwrap());
    Archive::new(bucket, [sample("us-east-1").region, west()])
}

#[tokio::test]
async fn the_newest_report_is_meant_unless_another_is_named() {
    let archive = archive(&["forum-drill-1", "forum-drill-2"]);
    let meant = async |name| chosen(&archive, name).await.unwrap().1.execution;
    assert_eq!(meant(None).await, "forum-drill-2");
    assert_eq!(meant(Some("forum-drill-1")).await, "forum-drill-1");
    assert_eq!(
        meant(Some("arn:aws:states:x:forum-drill-1")).await,
        "forum-drill-1"
    );
    let told = listed(
        &archive.list().await.unwrap(),
        Timestamp::from_second(62).unwrap(),
    );
    assert_eq!(
        told,
        "forum-drill-2  us-west-2, 1 min ago\nforum-drill-1  us-west-2, 1 min 1 s ago"
    );
}

#[tokio::test]
async fn a_name_that_nobody_has_is_bad_input_and_an_empty_archive_says_so() {
    let trouble = chosen(&archive(&["a"]), Some("b")).await.unwrap_err();
    assert_eq!(trouble.exit_code(), 2);
    assert!(trouble.to_string().contains("report list"), "{trouble}");
    let trouble = chosen(&archive(&[]), None).await.unwrap_err();
    assert!(trouble.to_string().contains("no execution has ended"));
    assert_eq!(
        listed(&[], Timestamp::UNIX_EPOCH),
        "No execution has left a report yet."
    );
}

#[tokio::test]
async fn what_was_left_alone_holds_and_what_was_altered_added_or_taken_away_is_named() {
    let archive = archive(&["a", "b"]);
    let all = archive.verify().await.unwrap();
    assert!(all.iter().all(|one| one.wrong.is_empty()), "{all:?}");
    assert!(judged(&all).contains("us-west-2: 2 entries, and all is as it was written"));
    archive.bucket().set(&Report::key(&west(), "a"), "{}");
    archive.bucket().set("reports/us-west-2/c.json", "{}");
    archive
        .bucket()
        .delete(&Report::page_key(&west(), "b"))
        .await
        .unwrap();
    let told = judged(&archive.verify().await.unwrap());
    for wrong in [
        "a: its report is not what entry 1 says",
        "b: its page is gone",
        "c: no entry names it",
    ] {
        assert!(told.contains(wrong), "{told}");
    }
}

#[tokio::test]
async fn reports_without_any_ledger_are_wrong() {
    let archive = archive(&["a"]);
    archive
        .bucket()
        .delete(&Ledger::key(&west()))
        .await
        .unwrap();
    let told = judged(&archive.verify().await.unwrap());
    assert!(told.contains("no ledger names them"), "{told}");
}

#[tokio::test]
async fn a_page_is_saved_where_it_is_wanted_and_a_place_that_cannot_be_written_is_named() {
    let archive = archive(&["a"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.html");
    save(&archive, &west(), "a", Some(&file)).await.unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "<h1>a</h1>");
    let nowhere = folder.path().join("none/a.html");
    let trouble = save(&archive, &west(), "a", Some(&nowhere))
        .await
        .unwrap_err();
    assert!(trouble.to_string().contains("none/a.html"), "{trouble}");
}
