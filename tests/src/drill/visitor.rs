use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use crate::forum_client::ForumClient;
use crate::{Context, Result};

/// Asks several times a second, whatever the answer.
pub(super) struct Visitor {
    stop: tokio::sync::oneshot::Sender<()>,
    task: tokio::task::JoinHandle<Answers>,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub(super) answered: usize,
    pub(super) refused: Vec<(Timestamp, String)>,
}

impl Visitor {
    pub(super) fn who_posts(forum: &Arc<ForumClient>, during: &'static str) -> Self {
        let forum = Arc::clone(forum);
        Self::start(move |number| {
            let forum = Arc::clone(&forum);
            async move {
                let text = format!("during {during} {number}");
                let post = json!({ "thread": "1", "author": "Bo", "text": text });
                forum.create("posts", &post).await.map(drop)
            }
        })
    }

    pub(super) fn who_reads(forum: &Arc<ForumClient>) -> Self {
        let forum = Arc::clone(forum);
        Self::start(move |_| {
            let forum = Arc::clone(&forum);
            async move { forum.list("posts").await.map(drop) }
        })
    }

    fn start<A, F>(ask: A) -> Self
    where
        A: Fn(usize) -> F + Send + 'static,
        F: Future<Output = Result<()>> + Send,
    {
        let (stop, mut stopped) = tokio::sync::oneshot::channel();
        let task = tokio::spawn(async move {
            let mut answers = Answers::default();
            while stopped.try_recv().is_err() {
                let at = Timestamp::now();
                match ask(answers.answered).await {
                    Ok(()) => answers.answered += 1,
                    Err(why) => answers.refused.push((at, why.to_string())),
                }
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            answers
        });
        Self { stop, task }
    }

    pub(super) async fn stop(self) -> Result<Answers> {
        // It has ended already when nobody listens any more.
        let _ = self.stop.send(());
        let what = "wait for a visitor";
        self.task.await.context(|| what.to_owned())
    }
}
