//! Looks at what the health checks look at, as Route 53's health checkers do.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use http::Method;
use hyper::body::Bytes;
use tokio::task::JoinSet;

use crate::aws::Aws;
use crate::route53::{Check, Kind, Record, SEARCHED_BYTES};
use crate::{Result, route53_xml, web};

/// Route 53 looks every ten seconds from many places at once, so a checker somewhere looks about every second: so do we,
/// and the number of looks that change a check's health stays as configured.
pub(crate) const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(2);

/// How often in a row a check was seen other than it counts.
#[derive(Debug)]
pub(crate) struct Looks {
    pub(crate) counts_as: bool,
    against: u32,
}

pub(crate) async fn read(route53: &Aws) -> Result<(Vec<Record>, Vec<Check>)> {
    let get = async |path: &str| -> Result<String> {
        let answer = route53
            .rest("us-east-1", "route53", Method::GET, path, Bytes::new())
            .await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    let mut records = Vec::new();
    for zone in route53_xml::read_zone_ids(&get("/2013-04-01/hostedzone").await?)? {
        let path = format!("/2013-04-01/hostedzone/{zone}/rrset");
        records.extend(route53_xml::read_records(&get(&path).await?)?);
    }
    let checks = route53_xml::read_checks(&get("/2013-04-01/healthcheck").await?)?;
    Ok((records, checks))
}

pub(crate) async fn look(proxy: SocketAddr, checks: &[Check]) -> Vec<(String, u32, bool)> {
    let mut looks = JoinSet::new();
    for check in checks.iter().cloned() {
        if let Kind::StringMatch {
            host,
            path,
            search,
            threshold,
        } = check.kind
        {
            looks.spawn(async move {
                (
                    check.id,
                    threshold,
                    matches(proxy, &host, &path, &search).await,
                )
            });
        }
    }
    looks.join_all().await
}

/// A 3xx counts as healthy on AWS as soon as the string is found, so only the string is asked for.
async fn matches(proxy: SocketAddr, host: &str, path: &str, search: &str) -> bool {
    let request = http::Request::get(format!("http://{proxy}{path}"))
        .header("host", host)
        .body(Default::default());
    let Ok(request) = request else { return false };
    let Ok(answer) = web::send(request, PATIENCE).await else {
        return false;
    };
    let reached = answer.status().is_success() || answer.status().is_redirection();
    let body = answer.body();
    let searched = &body[..body.len().min(SEARCHED_BYTES)];
    reached && String::from_utf8_lossy(searched).contains(search)
}

/// The first look decides at once; later ones change the health when there are as many in a row as configured.
pub(crate) fn count(looks: &mut BTreeMap<String, Looks>, id: String, threshold: u32, found: bool) {
    let looks = looks.entry(id).or_insert(Looks {
        counts_as: found,
        against: 0,
    });
    looks.against = if found == looks.counts_as {
        0
    } else {
        looks.against + 1
    };
    if looks.against >= threshold {
        *looks = Looks {
            counts_as: found,
            against: 0,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_changes_only_after_as_many_looks_in_a_row_as_configured() {
        let mut looks = BTreeMap::new();
        let seen: Vec<bool> = [false, true, true, false, true, true, true]
            .into_iter()
            .map(|found| {
                count(&mut looks, "serve".into(), 3, found);
                looks["serve"].counts_as
            })
            .collect();
        assert_eq!(seen, [false, false, false, false, false, false, true]);
    }
}
