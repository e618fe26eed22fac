use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::cloud::HOME;
use crate::drill::stage::Stage;
use crate::forum_client::Acknowledged;
use crate::{Context, Result};

const START: Duration = Duration::from_secs(120);

pub(super) async fn post(stage: &Stage) -> Result<()> {
    let (forum, progress) = (&stage.forum, &stage.progress);
    progress.act("users post, at the forum's own name");
    for role in super::stage::SERVICES {
        let answer = async || forum.list(role).await;
        progress
            .until(&format!("the {role} of the forum"), START, answer)
            .await?;
    }
    stage.assert_forum_in(HOME).await?;
    for name in ["Ada", "Bo", "Cem"] {
        forum.create("users", &json!({ "name": name })).await?;
    }
    let thread = json!({ "title": "Hello", "author": "Ada" });
    let thread = forum.create("threads", &thread).await?;
    let thread = thread["id"]
        .as_str()
        .context(|| "the thread has no id".to_owned())?;
    for number in 1..=6 {
        let text = format!("post {number}");
        let post = json!({ "thread": thread, "author": "Ada", "text": text });
        forum.create("posts", &post).await?;
    }
    stage.assert_missing(&[]).await?;
    let records = forum.acknowledged().len();
    progress.say(&format!(
        "{records} records acknowledged, every one of them there"
    ));
    Ok(())
}

/// What is written between the last backup and the disaster.
pub(super) async fn post_late(stage: &Stage) -> Result<Vec<Acknowledged>> {
    let (forum, progress) = (&stage.forum, &stage.progress);
    progress.act("users go on posting, and home dies");
    let before = forum.acknowledged().len();
    forum.create("users", &json!({ "name": "Dee" })).await?;
    for number in 1..=4 {
        let text = format!("late post {number}");
        let post = json!({ "thread": "1", "author": "Dee", "text": text });
        forum.create("posts", &post).await?;
    }
    let late = forum.acknowledged().split_off(before);
    progress.say(&format!("{} more records acknowledged", late.len()));
    Ok(late)
}

/// When a user who asks again and again is first answered by a region, at the forum's own name.
pub(super) fn first_answer(
    stage: &Stage,
    region: &str,
    since: Instant,
) -> tokio::task::JoinHandle<Duration> {
    let forum = Arc::clone(&stage.forum);
    let there = stage.cloud.addresses.load_balancers[region].ip();
    tokio::spawn(async move {
        loop {
            let address = forum.address().await.map(IpAddr::from);
            if address.is_ok_and(|address| address == there) && forum.list("posts").await.is_ok() {
                return since.elapsed();
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    })
}
