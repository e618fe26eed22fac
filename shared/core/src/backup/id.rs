//! The names of what is stored: hashes of it. They are computed where the bytes are.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Invalid;

const LENGTH: usize = 32;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; LENGTH]);

        impl $name {
            pub fn new(hash: [u8; LENGTH]) -> Self {
                Self(hash)
            }

            pub fn bytes(&self) -> &[u8; LENGTH] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = Invalid;
            fn from_str(text: &str) -> Result<Self, Invalid> {
                let shown: String = text.chars().take(80).collect();
                let expected = "a hash of 64 hexadecimal digits in lower case";
                let invalid = || Invalid::new("hash", expected, format!("{shown:?}"));
                let mut hash = [0; LENGTH];
                hex::decode_to_slice(text, &mut hash).map_err(|_| invalid())?;
                // One spelling, so that what is the same has the same key.
                let lower = !text.bytes().any(|b| b.is_ascii_uppercase());
                lower.then_some(Self(hash)).ok_or_else(invalid)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;
            fn try_from(text: String) -> Result<Self, Invalid> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

id! {
    /// The BLAKE3 of a chunk, of a file, or of what a service has.
    ContentId
}

id! {
    /// The SHA-256 of a pack: S3 computes this one itself, so it refuses an upload that is not what its name says.
    PackId
}

impl PackId {
    /// Where every pack lies.
    pub const PREFIX: &str = "packs/";

    pub fn key(&self) -> String {
        format!("{}{self}", Self::PREFIX)
    }

    /// The pack that this key names; anything else in the bucket is none.
    pub fn of_key(key: &str) -> Option<Self> {
        key.strip_prefix(Self::PREFIX)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let id: PackId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!(PackId::of_key(&id.key()), Some(id));
        let (upper, longer) = (text.to_uppercase(), format!("{text}00"));
        for wrong in ["", "ba78", &upper, &longer, &text.replace('7', "g")] {
            assert!(wrong.parse::<PackId>().is_err(), "{wrong}");
            assert_eq!(PackId::of_key(&format!("packs/{wrong}")), None);
        }
    }
}
