//! From where Route 53 checks, as it publishes that itself.

use std::net::IpAddr;

use ipnet::IpNet;
use lifeboat_aws::signed::Signed;
use lifeboat_core::{Failure, Region};
use roxmltree::Document;

pub(super) async fn published(signed: &Signed, region: &Region) -> Result<Vec<IpNet>, Failure> {
    let failed = |why: String| {
        let object = "the addresses of Route 53's checkers";
        Failure::unavailable("look up", object, region, why)
    };
    let answer = signed.get("route53", "/2013-04-01/checkeripranges").await;
    let answer = answer.map_err(|trouble| failed(trouble.to_string()))?;
    let answer = Document::parse(&answer).map_err(|why| failed(why.to_string()))?;
    let members = answer
        .descendants()
        .filter(|one| one.has_tag_name("member"));
    let ranges = members.map(|one| range(one.text().unwrap_or_default()).map_err(failed));
    let ranges: Vec<IpNet> = ranges.collect::<Result<_, _>>()?;
    match ranges.is_empty() {
        true => Err(failed("the answer names no address range".into())),
        false => Ok(ranges),
    }
}

/// An address by itself is a range of one.
pub(super) fn range(text: &str) -> Result<IpNet, String> {
    let range = text.parse::<IpNet>();
    let range = range.or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    range.map_err(|_| format!("{text:?} is no address range"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lifeboat_aws::signed::answering;

    fn answer(ranges: &[&str]) -> String {
        let members = ranges
            .iter()
            .map(|range| format!("<member>{range}</member>"));
        let members: String = members.collect();
        format!(
            r#"<?xml version="1.0"?><GetCheckerIpRangesResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><CheckerIpRanges>{members}</CheckerIpRanges></GetCheckerIpRangesResponse>"#
        )
    }

    async fn asked(status: u16, body: &str) -> (Result<Vec<IpNet>, Failure>, String) {
        let region = Region::new("us-west-2").unwrap();
        let ask = async |signed: Signed| published(&signed, &region).await;
        answering(status, body, ask).await.unwrap()
    }

    #[tokio::test]
    async fn every_range_that_route_53_publishes_is_told() {
        let body = answer(&["192.0.2.0/24", "2001:db8::/53", "198.51.100.7"]);
        let (found, request) = asked(200, &body).await;
        let found: Vec<String> = found.unwrap().iter().map(IpNet::to_string).collect();
        assert_eq!(found, ["192.0.2.0/24", "2001:db8::/53", "198.51.100.7/32"]);
        let path = "GET /2013-04-01/checkeripranges ";
        assert!(request.starts_with(path), "{request}");
    }

    #[tokio::test]
    async fn an_answer_without_ranges_or_with_something_else_is_none() {
        let error = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>";
        for (status, body, says) in [
            (403, error, "AccessDenied no"),
            (200, &answer(&[]), "names no address range"),
            (
                200,
                &answer(&["somewhere"]),
                "\"somewhere\" is no address range",
            ),
            (
                200,
                "{}",
                "look up the addresses of Route 53's checkers in us-west-2",
            ),
        ] {
            let failure = asked(status, body).await.0.unwrap_err().to_string();
            assert!(failure.contains(says), "{failure}");
        }
    }
}
