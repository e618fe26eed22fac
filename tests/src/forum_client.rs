//! A user of the forum: asks the name server, calls the address it answers, and remembers what was acknowledged.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use http::{Method, StatusCode};
use serde_json::Value;

use crate::cloud::{DOMAIN, LocalCloud};
use crate::{Context, Result, dns, web};

/// A record that the forum said it has stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Acknowledged {
    pub at: SystemTime,
    pub role: String,
    pub record: Value,
}

#[derive(Debug)]
pub struct ForumClient {
    name_server: SocketAddr,
    port: u16,
    patience: Duration,
    acknowledged: Mutex<Vec<Acknowledged>>,
}

impl ForumClient {
    pub fn new(cloud: &LocalCloud) -> Self {
        let port = cloud
            .addresses
            .load_balancers
            .values()
            .next()
            .map_or(80, SocketAddr::port);
        Self {
            name_server: cloud.addresses.name_server,
            port,
            patience: Duration::from_secs(5),
            acknowledged: Mutex::default(),
        }
    }

    /// The address that the domain has right now.
    pub async fn address(&self) -> Result<Ipv4Addr> {
        let addresses = dns::ask(self.name_server, DOMAIN).await?;
        addresses
            .first()
            .copied()
            .context(|| format!("{DOMAIN} has no address"))
    }

    /// Every record of a role (`users`, `threads`, `posts`).
    pub async fn list(&self, role: &str) -> Result<Vec<Value>> {
        let answer = self
            .call(
                Method::GET,
                &format!("/{role}"),
                String::new(),
                StatusCode::OK,
            )
            .await?;
        serde_json::from_value(answer).context(|| format!("read the list of {role}"))
    }

    /// Creates a record, and remembers it once the forum has acknowledged it.
    pub async fn create(&self, role: &str, record: &Value) -> Result<Value> {
        let address = self.address().await?.into();
        let acknowledged = self.create_at(address, role, record).await?;
        let record = acknowledged.record.clone();
        self.acknowledged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(acknowledged);
        Ok(record)
    }

    /// The same at an address that a user's resolver still knows; it is not remembered.
    pub async fn create_at(
        &self,
        address: IpAddr,
        role: &str,
        record: &Value,
    ) -> Result<Acknowledged> {
        let (path, body) = (format!("/{role}"), record.to_string());
        let record = self
            .call_at(address, Method::POST, &path, body, StatusCode::CREATED)
            .await?;
        Ok(Acknowledged {
            at: SystemTime::now(),
            role: role.to_owned(),
            record,
        })
    }

    pub fn acknowledged(&self) -> Vec<Acknowledged> {
        self.acknowledged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// What was acknowledged and is not there any more, or not as it was.
    pub async fn missing(&self) -> Result<Vec<Acknowledged>> {
        let mut acknowledged = self.acknowledged();
        let mut roles: Vec<String> = acknowledged.iter().map(|one| one.role.clone()).collect();
        roles.sort();
        roles.dedup();
        for role in roles {
            let there = self.list(&role).await?;
            acknowledged.retain(|one| one.role != role || !there.contains(&one.record));
        }
        Ok(acknowledged)
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: String,
        expected: StatusCode,
    ) -> Result<Value> {
        let address = self.address().await?.into();
        self.call_at(address, method, path, body, expected).await
    }

    async fn call_at(
        &self,
        address: IpAddr,
        method: Method,
        path: &str,
        body: String,
        expected: StatusCode,
    ) -> Result<Value> {
        let what = format!("{method} {path} at {address}");
        let request = http::Request::builder()
            .method(method)
            .uri(format!("http://{address}:{}{path}", self.port))
            .header("host", DOMAIN)
            .header("content-type", "application/json")
            .body(body.into())
            .context(|| what.clone())?;
        let answer = web::send(request, self.patience)
            .await
            .context(|| what.clone())?;
        let text = String::from_utf8_lossy(answer.body());
        if answer.status() != expected {
            return Err(format!("{what} answered {}: {text}", answer.status()).into());
        }
        serde_json::from_str(&text).context(|| format!("{what}: read the answer"))
    }
}
