use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use aws_config::{
    BehaviorVersion, SdkConfig, environment::EnvironmentVariableCredentialsProvider,
    retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use lifeboat_core::{Failure, Region};
use reqwest::{Client, redirect::Policy};

use crate::{explain::because, roots::Roots};

/// How long a region may take to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// One's own region: tried again, as usual.
    Own,
    /// One call from region to region: it may be dead, and no answer is an answer.
    Peer,
    /// Either region, asked from anywhere or for a little work: no answer is an answer.
    Brief,
    /// Either region, asked for work that takes a minute or two.
    Work,
    /// A function of either region, asked for all that one invocation may take.
    Invocation,
}

/// Between regions a round trip takes 70 ms; a new connection, its TLS and an answer take four of them. A first packet that
/// was lost is sent again after a second, and that too must still come through.
pub(crate) const PEER: Duration = Duration::from_millis(1500);

/// What Lambda gives an invocation at most, and a little more: who hangs up first does not hear how it ended.
const INVOCATION: Duration = Duration::from_secs(15 * 60 + 20);

impl Patience {
    fn timeouts(self) -> TimeoutConfig {
        let timeouts = TimeoutConfig::builder();
        let seconds = Duration::from_secs;
        match self {
            // What is read may be a large object.
            Self::Own => timeouts
                .connect_timeout(seconds(3))
                .read_timeout(seconds(30)),
            // Also the connection may take that long.
            Self::Peer => timeouts.connect_timeout(PEER).operation_timeout(PEER),
            Self::Brief => timeouts
                .connect_timeout(seconds(2))
                .operation_timeout(seconds(4)),
            Self::Work => timeouts
                .connect_timeout(seconds(2))
                .read_timeout(seconds(100)),
            Self::Invocation => timeouts
                .connect_timeout(seconds(2))
                .read_timeout(INVOCATION),
        }
        .build()
    }

    fn retries(self) -> RetryConfig {
        match self {
            Self::Own => RetryConfig::standard().with_max_attempts(3),
            // Work that was begun is not begun again.
            Self::Peer | Self::Brief | Self::Work | Self::Invocation => RetryConfig::disabled(),
        }
    }
}

/// What the SDK's clients are made from: credentials and endpoints as the environment says.
#[derive(Debug, Clone)]
pub struct Aws {
    shared: SdkConfig,
    http: Arc<OnceLock<Client>>,
}

impl Aws {
    /// Of a person's command: as their files and variables say, in a network that may have roots of its own.
    pub async fn from_environment() -> Self {
        let config = aws_config::defaults(BehaviorVersion::latest());
        let config = config.http_client(https(Roots::Systems)).load().await;
        Self::new(config)
    }

    /// Of a function, which is waited for while it starts: as Lambda says, in whose variables everything stands. What a person's
    /// command looks for in other places would be a part of each function, too.
    pub(crate) fn of_function() -> Self {
        let said = |name| std::env::var(name).ok();
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(https(Roots::of_function(std::env::vars_os())))
            .credentials_provider(SharedCredentialsProvider::new(
                EnvironmentVariableCredentialsProvider::new(),
            ));
        config.set_region(said("AWS_REGION").map(aws_config::Region::new));
        config.set_endpoint_url(said("AWS_ENDPOINT_URL"));
        Self::new(config.build())
    }

    fn new(shared: SdkConfig) -> Self {
        // For every other HTTP client of the process. The first to install it wins; nobody else does here.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            shared,
            http: Arc::default(),
        }
    }

    /// For what no SDK asks. Made when it is first needed, for it reads every root certificate, and kept for later invocations.
    pub fn http(&self, region: &Region) -> Result<Client, Failure> {
        if let Some(made) = self.http.get() {
            return Ok(made.clone());
        }
        let made = http().map_err(|error| {
            Failure::unavailable("prepare", "the HTTP client", region, because(&error))
        })?;
        Ok(self.http.get_or_init(|| made).clone())
    }

    pub fn region(&self, region: &Region, patience: Patience) -> SdkConfig {
        self.shared
            .to_builder()
            .region(aws_config::Region::new(region.as_str().to_owned()))
            .timeout_config(patience.timeouts())
            .retry_config(patience.retries())
            .build()
    }

    /// The region this process runs in.
    pub fn own_region(&self) -> Option<String> {
        self.shared
            .region()
            .map(|region| region.as_ref().to_owned())
    }
}

fn https(roots: Roots) -> SharedHttpClient {
    Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(roots.context())
        .build_https()
}

pub(crate) fn http() -> reqwest::Result<Client> {
    Client::builder()
        .redirect(Policy::none())
        // Each look makes its own connection: one from the first look proves nothing at the second.
        .pool_max_idle_per_host(0)
        .no_proxy()
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invocation_is_waited_for_longer_than_it_may_take_and_never_begun_twice() {
        let longest = Duration::from_secs(900);
        let patience = Patience::Invocation;
        assert!(patience.timeouts().read_timeout().unwrap() > longest);
        assert_eq!(patience.timeouts().operation_timeout(), None);
        assert!(!patience.retries().has_retry());
    }
}
