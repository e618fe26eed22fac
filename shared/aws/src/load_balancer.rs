//! A region's services as users reach them: through its load balancer.

use std::time::{Duration, Instant};

use lifeboat_core::{
    configuration::Endpoint,
    liveness::{Answer, Asked},
};
use reqwest::{Client, StatusCode, header::HOST};

use crate::{clients::PEER, explain::because};

/// How long one may take to answer.
pub const PATIENCE: Duration = PEER;

pub async fn ask(client: &Client, load_balancer: &Endpoint, path: &str) -> Asked {
    let begun = Instant::now();
    let answer = answer(client, load_balancer, path).await;
    let milliseconds = begun.elapsed().as_millis();
    Asked {
        answer,
        milliseconds: milliseconds.try_into().unwrap_or(u64::MAX),
    }
}

async fn answer(client: &Client, load_balancer: &Endpoint, path: &str) -> Answer {
    let url = format!("{}{path}", load_balancer.endpoint.trim_end_matches('/'));
    let request = client.get(url).header(HOST, &load_balancer.host);
    let request = request.timeout(PATIENCE);
    match request.send().await.map_err(reqwest::Error::without_url) {
        Ok(response) if response.status() == StatusCode::OK => Answer::Good,
        Ok(response) => Answer::Bad(format!("status {}", response.status())),
        Err(error) if error.is_timeout() => {
            Answer::Silent(format!("nothing within {} s", PATIENCE.as_secs_f32()))
        }
        Err(error) => Answer::Silent(because(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::http;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    async fn ask_at(endpoint: String) -> Asked {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = http().unwrap();
        let host = "us-east-1.forum.test".to_owned();
        ask(&client, &Endpoint { host, endpoint }, "/users/health").await
    }

    /// Answers one request, and says what it was.
    async fn answered(with: &'static str) -> (Answer, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).await.unwrap();
            stream.write_all(with.as_bytes()).await.unwrap();
            String::from_utf8_lossy(&request[..read]).to_lowercase()
        };
        let (asked, request) = tokio::join!(ask_at(endpoint), serve);
        (asked.answer, request)
    }

    #[tokio::test]
    async fn a_service_is_asked_for_under_the_load_balancers_name() {
        let (answer, request) = answered("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        assert_eq!(answer, Answer::Good);
        assert!(
            request.starts_with("get /users/health http/1.1\r\n"),
            "{request}"
        );
        assert!(
            request.contains("host: us-east-1.forum.test\r\n"),
            "{request}"
        );
    }

    #[tokio::test]
    async fn any_other_status_is_bad_and_no_redirect_is_followed() {
        let (answer, _) =
            answered("HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n").await;
        assert_eq!(answer, Answer::Bad("status 302 Found".into()));
        let (answer, _) = answered("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n").await;
        assert_eq!(answer, Answer::Bad("status 503 Service Unavailable".into()));
    }

    #[tokio::test]
    async fn no_connection_and_no_answer_are_silence() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let silent = ask_at(endpoint.clone()).await;
        let expected = Answer::Silent("nothing within 1.5 s".into());
        assert_eq!(silent.answer, expected);
        assert!((1500..3000).contains(&silent.milliseconds), "{silent:?}");
        drop(listener);
        let refused = ask_at(endpoint).await.answer;
        assert!(matches!(refused, Answer::Silent(why) if why.contains("refused")));
    }
}
