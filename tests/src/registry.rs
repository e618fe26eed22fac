//! What is reached by an address of its own: each region's image registry and each region's load balancer.
//!
//! Docker cannot resolve the names that AWS gives to registries, but trusts every loopback address without TLS.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;

use crate::proxy::Front;
use crate::{Context, Result};

/// The name under which the emulator knows a region's registry.
pub fn registry(account: &str, region: &str) -> Front {
    Front::Service {
        region: region.to_owned(),
        service: "registry",
        host: format!("{account}.dkr.ecr.{region}.amazonaws.com"),
    }
}

/// The name under which the emulator knows a region's load balancer.
pub fn load_balancer(application: &str, region: &str) -> Front {
    Front::Service {
        region: region.to_owned(),
        service: "load-balancer",
        host: format!("{application}-{region}.alb.localhost"),
    }
}

pub async fn listen(address: impl Into<SocketAddr>) -> Result<TcpListener> {
    let address = address.into();
    TcpListener::bind(address)
        .await
        .context(|| format!("listen on {address}"))
}

/// One port that is free on every address: an answer of DNS carries no port.
pub async fn listen_on_one_port(addresses: &[Ipv4Addr]) -> Result<Vec<TcpListener>> {
    let mut last = String::new();
    for _ in 0..50 {
        match try_one_port(addresses).await {
            Ok(listeners) => return Ok(listeners),
            Err(error) => last = error.to_string(),
        }
    }
    Err(format!("find one free port on {addresses:?}: {last}").into())
}

async fn try_one_port(addresses: &[Ipv4Addr]) -> Result<Vec<TcpListener>> {
    let (mut listeners, mut port) = (Vec::new(), 0);
    for address in addresses {
        let listener = listen((*address, port)).await?;
        port = address_of(&listener)?.port();
        listeners.push(listener);
    }
    Ok(listeners)
}

pub fn address_of(listener: &TcpListener) -> Result<SocketAddr> {
    listener
        .local_addr()
        .context(|| "read a listener's address".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn both_load_balancers_listen_on_the_same_port() {
        let addresses = [Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::new(127, 0, 0, 3)];
        let listeners = listen_on_one_port(&addresses).await.unwrap();
        let ports: Vec<u16> = listeners
            .iter()
            .map(|listener| listener.local_addr().unwrap().port())
            .collect();
        assert_eq!(ports[0], ports[1]);
        assert_ne!(ports[0], 0);
    }
}
