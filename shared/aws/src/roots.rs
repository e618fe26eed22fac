//! Whom a function believes to be AWS.

use std::ffi::OsString;

use aws_smithy_http_client::tls::{TlsContext, TrustStore};

/// The roots of Amazon Trust Services, from which every endpoint of AWS has its certificate: to read the hundred and forty that a
/// system has takes half of a function's start.
const AMAZON: &[u8] = include_bytes!("roots.pem");

/// By these somebody says what stands for AWS, or whom to believe.
const OTHERS: [&str; 3] = ["AWS_ENDPOINT_URL", "SSL_CERT_FILE", "SSL_CERT_DIR"];

/// Which certificates end a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Roots {
    Amazon,
    /// This machine's own, or those that its environment names.
    Systems,
}

impl Roots {
    /// Who says anything of `OTHERS` is taken at their word.
    pub(crate) fn of_function(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut names = variables.into_iter().map(|(name, _)| name);
        match names.any(|name| OTHERS.iter().any(|other| name == *other)) {
            true => Self::Systems,
            false => Self::Amazon,
        }
    }

    fn trusted(self) -> TrustStore {
        match self {
            Self::Amazon => TrustStore::empty().with_pem_certificate(AMAZON),
            Self::Systems => TrustStore::default(),
        }
    }

    pub(crate) fn context(self) -> TlsContext {
        let context = TlsContext::builder().with_trust_store(self.trusted());
        // It cannot fail with roots alone; certificates are read when the first client is made.
        context.build().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use rustls::{RootCertStore, pki_types::CertificateDer, pki_types::pem::PemObject};

    use super::*;

    #[test]
    fn five_roots_are_believed_and_each_can_be_read() {
        let mut roots = RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(AMAZON) {
            roots.add(root.unwrap()).unwrap();
        }
        assert_eq!(roots.len(), 5);
    }

    #[test]
    fn who_says_what_stands_for_aws_or_whom_to_believe_is_taken_at_their_word() {
        for (name, roots) in [
            ("AWS_REGION", Roots::Amazon),
            ("AWS_ENDPOINT_URL", Roots::Systems),
            ("SSL_CERT_FILE", Roots::Systems),
            ("SSL_CERT_DIR", Roots::Systems),
        ] {
            let variables = [("PATH", "/bin"), (name, "x")];
            let variables = variables.map(|(name, value)| (name.into(), value.into()));
            assert_eq!(Roots::of_function(variables), roots, "{name}");
        }
    }
}
