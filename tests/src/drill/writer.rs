use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::forum_client::ForumClient;
use crate::{Context, Result};

/// A user who posts several times a second, whatever the answer.
pub(super) struct Writer {
    stop: tokio::sync::oneshot::Sender<()>,
    task: tokio::task::JoinHandle<Written>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Written {
    pub(super) acknowledged: usize,
    pub(super) refused: usize,
}

impl Writer {
    pub(super) fn start(forum: &Arc<ForumClient>, during: &'static str) -> Self {
        let (stop, mut stopped) = tokio::sync::oneshot::channel();
        let forum = Arc::clone(forum);
        let task = tokio::spawn(async move {
            let mut written = Written::default();
            while stopped.try_recv().is_err() {
                let text = format!("during {during} {}", written.acknowledged);
                let post = json!({ "thread": "1", "author": "Bo", "text": text });
                match forum.create("posts", &post).await {
                    Ok(_) => written.acknowledged += 1,
                    Err(_) => written.refused += 1,
                }
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            written
        });
        Self { stop, task }
    }

    pub(super) async fn stop(self) -> Result<Written> {
        // It has ended already when nobody listens any more.
        let _ = self.stop.send(());
        self.task
            .await
            .context(|| "wait for the writing user".to_owned())
    }
}
