//! Where the local cloud listens: ports that were free when it started, so that many may run at once.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, UdpSocket};

use crate::cloud::REGIONS;
use crate::registry::{address_of, listen, listen_on_one_port};
use crate::{Context, Result};

/// An address for each region's load balancer, since a name's answer is an address without a port.
pub(crate) const LOAD_BALANCERS: [Ipv4Addr; 2] =
    [Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::new(127, 0, 0, 3)];

#[derive(Clone, Debug)]
pub struct Addresses {
    pub emulator: SocketAddr,
    /// What functions, Terraform and people take for AWS.
    pub proxy: SocketAddr,
    pub name_server: SocketAddr,
    pub registries: BTreeMap<String, SocketAddr>,
    /// All on one port.
    pub load_balancers: BTreeMap<String, SocketAddr>,
}

#[derive(Debug)]
pub(crate) struct Sockets {
    pub(crate) proxy: TcpListener,
    pub(crate) name_server: UdpSocket,
    pub(crate) registries: Vec<TcpListener>,
    pub(crate) load_balancers: Vec<TcpListener>,
}

impl Sockets {
    pub(crate) async fn open() -> Result<Self> {
        let local = (Ipv4Addr::LOCALHOST, 0);
        let name_server = UdpSocket::bind(local).await;
        Ok(Self {
            proxy: listen(local).await?,
            name_server: name_server.context(|| "open the name server's socket".to_owned())?,
            registries: vec![listen(local).await?, listen(local).await?],
            load_balancers: listen_on_one_port(&LOAD_BALANCERS).await?,
        })
    }

    pub(crate) async fn addresses(&self) -> Result<Addresses> {
        // Freed at once for the emulator, which binds it itself.
        let free = listen((Ipv4Addr::LOCALHOST, 0)).await?;
        let name_server = self.name_server.local_addr();
        Ok(Addresses {
            emulator: address_of(&free)?,
            proxy: address_of(&self.proxy)?,
            name_server: name_server.context(|| "read the name server's address".to_owned())?,
            registries: by_region(&self.registries)?,
            load_balancers: by_region(&self.load_balancers)?,
        })
    }
}

fn by_region(listeners: &[TcpListener]) -> Result<BTreeMap<String, SocketAddr>> {
    let pairs = REGIONS.into_iter().zip(listeners);
    pairs
        .map(|(region, listener)| Ok((region.to_owned(), address_of(listener)?)))
        .collect()
}
