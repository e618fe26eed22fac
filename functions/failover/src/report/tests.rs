use lifeboat_aws::{memory::Memory, reports::read};
use lifeboat_core::{
    configuration::sample,
    decide::{Answer, Fact, Weighed},
    lost::Lost,
    person::{Answered, Verb},
    plan::{Effect, Plan},
    report::{Measured, Outcome, ledger},
    request::Mode,
    run::{self, Entry},
};

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn report(mode: Mode) -> Report {
    let mut run = run::sample_ended(mode);
    let entry = |step: &str, started, finished, note: &str| Entry {
        step: step.into(),
        started: at(started),
        finished: at(finished),
        note: note.into(),
    };
    run.timeline = vec![
        entry(
            "begin",
            "2024-11-23T12:05:09Z",
            "2024-11-23T12:05:10Z",
            "decided to start",
        ),
        entry("lease", "2024-11-23T12:05:10Z", "2024-11-23T12:05:10Z", ""),
        entry(
            "restore",
            "2024-11-23T12:05:12Z",
            "2024-11-23T12:05:20Z",
            "backup-20241123-120000",
        ),
        entry(
            "await_healthy",
            "2024-11-23T12:05:20Z",
            "2024-11-23T12:06:30Z",
            "users 2 of 2",
        ),
        entry(
            "prove_traffic",
            "2024-11-23T12:06:41Z",
            "2024-11-23T12:07:00Z",
            "forum.example.com answers",
        ),
    ];
    let weighed = |fact, answer, why: &str, overridden: Option<&str>| Weighed {
        fact,
        answer,
        why: why.into(),
        needed: true,
        overridden: overridden.map(str::to_owned),
    };
    run.decision.facts = vec![
        weighed(
            Fact::ActiveRegionDown,
            Answer::Yes,
            "no answer for 71 s, by 3 of 3 looks",
            None,
        ),
        weighed(
            Fact::BackupFresh,
            Answer::No,
            "the newest is 5 min old",
            Some("it will do"),
        ),
    ];
    let mut report = Report::of(&run, &sample("us-west-2")).unwrap();
    if mode == Mode::Unplanned {
        report.lost = Some(Lost {
            services: [("posts".to_owned(), vec!["17".to_owned(), "18".to_owned()])].into(),
            unknown: [("threads".to_owned(), "its disk is gone".to_owned())].into(),
        });
    }
    report
}

fn bucket() -> Memory {
    Memory::new("backups", &sample("us-west-2").region)
}

async fn written(bucket: &Memory, report: &Report) -> Result<Written, Failure> {
    write(
        bucket,
        &sample("us-west-2"),
        report,
        at("2024-11-23T12:07:01Z"),
    )
    .await
}

async fn wrong(bucket: &Memory) -> (usize, Vec<String>) {
    let region = &sample("us-west-2").region;
    let key = Ledger::key(region);
    let found = bucket.get(&key).await.unwrap().unwrap();
    let ledger = Ledger::parse(&found.body, region).unwrap();
    let mut there = std::collections::BTreeMap::new();
    for entry in &ledger.entries {
        let hash = async |key: &str| {
            let found = bucket.get(key).await.unwrap();
            found.map(|found| ledger::sha256(&found.body))
        };
        let found = ledger::Found {
            report: hash(&Report::key(region, &entry.execution)).await,
            page: hash(&Report::page_key(region, &entry.execution)).await,
        };
        there.insert(entry.execution.clone(), found);
    }
    (ledger.entries.len(), ledger.judge(&there))
}

#[tokio::test]
async fn a_report_is_written_as_json_and_page_and_entered_and_read_again() {
    let bucket = bucket();
    let report = report(Mode::Unplanned);
    let told = written(&bucket, &report).await.unwrap();
    assert_eq!((told.number, told.name.as_str()), (1, "forum-1"));
    assert!(told.to_string().contains("reports/us-west-2/forum-1.html"));
    let region = &sample("us-west-2").region;
    let again = read(&bucket, region, &report.execution).await.unwrap();
    assert_eq!(again, Some(report));
    assert_eq!(wrong(&bucket).await, (1, vec![]));
}

#[tokio::test]
async fn the_same_report_twice_is_one_and_a_completed_one_is_entered_again() {
    let bucket = bucket();
    let mut report = report(Mode::Unplanned);
    let first = written(&bucket, &report).await.unwrap();
    assert_eq!(written(&bucket, &report).await.unwrap(), first);
    report.lost = Some(Lost::default());
    let completed = written(&bucket, &report).await.unwrap();
    assert_eq!(completed.number, 2);
    assert_eq!(wrong(&bucket).await, (2, vec![]));
}

#[tokio::test]
async fn a_writer_that_is_killed_anywhere_is_made_good_by_the_next() {
    for writes in 0..3 {
        let bucket = bucket();
        bucket.writes_left.set(Some(writes));
        assert!(written(&bucket, &report(Mode::Planned)).await.is_err());
        bucket.writes_left.set(None);
        written(&bucket, &report(Mode::Planned)).await.unwrap();
        assert_eq!(wrong(&bucket).await, (1, vec![]), "after {writes} writes");
    }
}

#[tokio::test]
async fn a_ledger_that_cannot_be_understood_is_left_alone_and_said() {
    let bucket = bucket();
    let key = Ledger::key(&sample("us-west-2").region);
    bucket.set(&key, "{}");
    let why = written(&bucket, &report(Mode::Planned)).await.unwrap_err();
    assert!(why.to_string().contains("ledger.json"), "{why}");
    assert_eq!(bucket.get(&key).await.unwrap().unwrap().body, b"{}");
}

/// One of each kind.
fn pages() -> Vec<(&'static str, String)> {
    let configuration = sample("us-west-2");
    let mut plan = report(Mode::Planned);
    (plan.mode, plan.recovery_time, plan.recovery_point) = (Mode::Plan, None, None);
    (plan.write_pause_seconds, plan.source, plan.timeline) = (None, None, vec![]);
    plan.plan = Some(Plan {
        mode: Mode::Planned,
        effects: vec![Effect {
            region: plan.to.clone(),
            what: "start tasks".into(),
            before: "posts 0".into(),
            after: "posts 2".into(),
        }],
        digest: "d1".into(),
    });
    let mut failed = report(Mode::Planned);
    failed.outcome = Outcome::Failed {
        why: "TimedOut: await_healthy: waited 301 s: users 0 of 2".into(),
        stands: "Traffic never moved. us-east-1 has its tasks back.".into(),
    };
    (failed.recovery_time, failed.recovery_point) = (None, None);
    let mut refused = report(Mode::Planned);
    refused.outcome = Outcome::Refused {
        why: "no backup is whole".into(),
    };
    let mut missed = report(Mode::Unplanned);
    missed.recovery_time = Some(Measured {
        seconds: 1200,
        objective_seconds: 900,
    });
    let all = [
        ("unplanned", report(Mode::Unplanned)),
        ("planned", report(Mode::Planned)),
        ("drill", report(Mode::Drill)),
        ("plan", plan),
        ("failed", failed),
        ("refused", refused),
        ("missed", missed),
    ];
    all.map(|(name, report)| (name, page::render(&report, &configuration)))
        .into()
}

#[test]
fn a_page_says_what_became_of_it_and_needs_nothing_from_anywhere() {
    for (name, page) in pages() {
        assert!(page.contains("<h1>"), "{name}");
        for foreign in ["<script", "<link", "<img", "src=", "url(", "@import"] {
            assert!(!page.contains(foreign), "{name} has {foreign}");
        }
        let addresses = page.matches("https://").count();
        assert_eq!(addresses, 1, "{name}: only the link to the console");
    }
    let page = |wanted| {
        let found = pages().into_iter().find(|(name, _)| *name == wanted);
        found.unwrap().1
    };
    assert!(page("unplanned").contains("its disk is gone"));
    assert!(page("unplanned").contains("overridden: "));
    assert!(page("drill").contains("drill passed"));
    assert!(page("plan").contains("start tasks"));
    assert!(page("failed").contains("us-east-1 has its tasks back"));
    assert!(page("missed").contains("missed"));
}

#[test]
fn what_people_typed_is_text_and_never_a_part_of_the_page() {
    let mut report = report(Mode::Planned);
    report.reason = "<script>alert(1)</script> & \"more\"".into();
    let page = page::render(&report, &sample("us-west-2"));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp;"));
    assert!(!page.contains("<script"));
}

#[test]
fn a_page_names_who_began_it_and_who_let_users_be_moved_where_that_was_said() {
    let ada = "arn:aws:iam::111122223333:user/ada";
    let mut report = report(Mode::Planned);
    assert!(!page::render(&report, &sample("us-west-2")).contains(ada));
    report.by = Some(ada.into());
    report.approved = Some(Answered {
        verb: Verb::Approve,
        reason: "seen and found good".into(),
        by: Some(ada.into()),
        at: at("2024-11-23T12:06:31Z"),
    });
    let page = page::render(&report, &sample("us-west-2"));
    assert_eq!(page.matches(ada).count(), 2);
}

/// `cargo test -p lifeboat-failover pages_to_look_at -- --ignored --nocapture`
#[test]
#[ignore = "for the eyes"]
fn pages_to_look_at() {
    let folder = std::env::temp_dir().join("lifeboat-pages");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, page) in pages() {
        let file = folder.join(format!("{name}.html"));
        std::fs::write(&file, page).unwrap();
        println!("{}", file.display());
    }
}
