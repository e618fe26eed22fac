//! Where a service is spoken to.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// Under TLS, unless what is said never leaves the machine: whoever is spoken to is told a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    text: String,
    host: String,
}

const LONGEST: usize = 500;

impl Address {
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn host(&self) -> &str {
        &self.host
    }
}

/// Its host, where it is one that a token may be sent to. What is left out of it (users, questions, fragments) no endpoint needs.
fn host(text: &str) -> Option<&str> {
    let (secure, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => (true, rest),
        (None, rest) => (false, rest?),
    };
    let (authority, path) = rest.split_at(rest.find('/')?);
    let (host, port) = match authority.rfind(':').filter(|_| !authority.ends_with(']')) {
        Some(at) => (&authority[..at], &authority[at + 1..]),
        None => (authority, "443"),
    };
    let local = match host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        Some(address) => address.parse::<Ipv6Addr>().ok()?.is_loopback(),
        None => {
            let named = host.split('.').all(|part| {
                let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
                !part.is_empty() && part.chars().all(letter)
            });
            named.then_some(())?;
            let address = host.parse::<Ipv4Addr>();
            host == "localhost" || address.is_ok_and(|address| address.is_loopback())
        }
    };
    let digits = port.chars().all(|c| c.is_ascii_digit());
    let port = digits.then(|| port.parse::<u16>().ok()).flatten()?;
    let path = path
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "/-_.~%".contains(c));
    (port > 0 && path && (secure || local) && text.len() <= LONGEST).then_some(host)
}

impl FromStr for Address {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let host = host(text).ok_or_else(|| {
            // What is wrong with it may be that it holds a secret.
            let expected = "https://HOST/PATH in lower case, without user, question or fragment (http:// only on this machine)";
            Invalid::new("address", expected, "something else")
        })?;
        Ok(Self {
            text: text.to_owned(),
            host: host.to_owned(),
        })
    }
}

impl TryFrom<String> for Address {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.text
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_sent_under_tls_or_to_this_machine() {
        for (text, host) in [
            (
                "https://users.forum.test/lifeboat/export",
                "users.forum.test",
            ),
            ("https://forum.test:8443/", "forum.test"),
            ("https://10.0.0.1/a", "10.0.0.1"),
            ("http://127.0.0.1:4566/users/export", "127.0.0.1"),
            ("http://127.9.9.9/a", "127.9.9.9"),
            ("http://localhost:80/a", "localhost"),
            ("http://[::1]:80/a", "[::1]"),
            ("https://[::1]/a", "[::1]"),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!((address.host(), address.as_str()), (host, text));
        }
        let long = format!("https://forum.test/{}", "a".repeat(500));
        for wrong in [
            "http://forum.test/a",
            "http://10.0.0.1/a",
            "http://127.0.0.1.forum.test/a",
            "http://localhost.forum.test/a",
            "https://forum.test",
            "https:///a",
            "https://user:password@forum.test/a",
            "https://forum.test@other.test/a",
            "https://forum.test/a?token=1",
            "https://forum.test/a#b",
            "https://forum.test\\@other.test/a",
            "https://Forum.test/a",
            "https://forum..test/a",
            "https://forum.test:/a",
            "https://forum.test:0/a",
            "https://forum.test:65536/a",
            "https://forum.test:+80/a",
            "https://[::2/a",
            "http://[::2]/a",
            "https://forum.test/a b",
            "https://forum.test/\u{e4}",
            "ftp://forum.test/a",
            "//forum.test/a",
            "",
            &long,
        ] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn one_that_is_refused_is_not_repeated() {
        let refused = "https://user:password@forum.test/".parse::<Address>();
        assert!(!refused.unwrap_err().to_string().contains("password"));
    }
}
