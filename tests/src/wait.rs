use std::time::{Duration, Instant};

use crate::Result;

const BETWEEN_QUESTIONS: Duration = Duration::from_millis(500);

/// Waits until a condition holds; `heard` is told what keeps it from holding, and so is the error in the end.
pub(crate) async fn until<T>(
    what: &str,
    patience: Duration,
    mut found: impl AsyncFnMut() -> Result<T>,
    mut heard: impl FnMut(&str),
) -> Result<T> {
    let begun = Instant::now();
    loop {
        let error = match found().await {
            Ok(value) => return Ok(value),
            Err(error) => error.to_string(),
        };
        if begun.elapsed() >= patience {
            let seconds = patience.as_secs();
            return Err(format!("{what}: not within {seconds} s: {error}").into());
        }
        heard(&error);
        tokio::time::sleep(BETWEEN_QUESTIONS).await;
    }
}
