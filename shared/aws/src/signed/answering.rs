//! A service that gives one answer, for tests of what is asked and of what is understood.

use std::{error::Error, io};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use lifeboat_core::Region;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::Signed;
use crate::clients::http;

/// Answers one call so, and says at the end what it was.
pub async fn answering<T>(
    status: u16,
    body: &str,
    ask: impl AsyncFnOnce(Signed) -> T,
) -> Result<(T, String), Box<dyn Error>> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let credentials = Credentials::new("key", "hidden", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(format!("http://{}", listener.local_addr()?))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    let signed = Signed {
        config,
        http: http()?,
        region: Region::new("us-west-2")?,
    };
    let serve = async {
        let (mut stream, _) = listener.accept().await?;
        let mut request = vec![0; 1 << 16];
        let read = stream.read(&mut request).await?;
        let head = format!(
            "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body.as_bytes()).await?;
        Ok::<_, io::Error>(String::from_utf8_lossy(&request[..read]).into_owned())
    };
    let (answer, request) = tokio::join!(ask(signed), serve);
    Ok((answer, request?))
}
