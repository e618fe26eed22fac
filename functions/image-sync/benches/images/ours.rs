//! Ours, as a process of its own.

use std::{process::Command, sync::Arc};

use futures::future::BoxFuture;
use lifeboat_core::{Failure, Region, configuration::Endpoint};
use lifeboat_image_sync::{
    Registry,
    copy::{Became, Limits, Wish, copy},
    reference::Reference,
    registry::{Credential, Effort, Keeper, Token, client},
};

use crate::data::{IMAGES, TAG, repository};

#[derive(Debug)]
struct Nobody;

impl Keeper for Nobody {
    fn token(&self) -> BoxFuture<'_, Result<Token, Failure>> {
        let credential = Credential::new("YmVuY2g6YmVuY2g=").unwrap();
        let token = Token {
            credential,
            expires: None,
        };
        Box::pin(async { Ok(token) })
    }

    fn create<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }
}

pub(crate) fn command(from: &str, to: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["ours", from, to]);
    command
}

fn registry(host: &str, region: &str) -> Registry {
    let address = Endpoint {
        endpoint: format!("http://{host}"),
        host: host.to_owned(),
    };
    let region = Region::new(region).unwrap();
    Registry::new(
        client().unwrap(),
        &address,
        region,
        Arc::new(Nobody),
        Effort::OWN,
    )
    .unwrap()
}

#[tokio::main]
pub(crate) async fn run(arguments: &[String]) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (from, to) = (
        registry(&arguments[0], "us-east-1"),
        registry(&arguments[1], "us-west-2"),
    );
    let wishes: Vec<Wish> = (0..IMAGES)
        .map(|image| Wish {
            from: repository(image),
            to: repository(image),
            reference: Reference::parse("tag", TAG).unwrap(),
        })
        .collect();
    for done in copy(&from, &to, &wishes, &Limits::default(), async |_| Ok(())).await {
        let good = matches!(done.became, Ok(Became::Copied(_) | Became::UpToDate(_)));
        assert!(good && done.lost.is_empty(), "{done:?}");
    }
}
