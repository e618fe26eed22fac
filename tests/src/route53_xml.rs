//! Records and health checks as Route 53's API shows them.

use roxmltree::{Document, Node};

use crate::route53::{Check, Failover, Kind, Record};
use crate::{Context, Result};

pub(crate) fn read_zone_ids(xml: &str) -> Result<Vec<String>> {
    let document = parse(xml, "the hosted zones")?;
    let zones = all(document.root(), "HostedZone").filter_map(|zone| text(zone, "Id"));
    Ok(zones
        .map(|id| id.trim_start_matches("/hostedzone/").to_owned())
        .collect())
}

pub(crate) fn read_records(xml: &str) -> Result<Vec<Record>> {
    let document = parse(xml, "the records")?;
    Ok(all(document.root(), "ResourceRecordSet")
        .filter_map(record)
        .collect())
}

pub(crate) fn read_checks(xml: &str) -> Result<Vec<Check>> {
    let document = parse(xml, "the health checks")?;
    Ok(all(document.root(), "HealthCheck")
        .filter_map(check)
        .collect())
}

fn record(node: Node<'_, '_>) -> Option<Record> {
    let failover = match text(node, "Failover").as_deref() {
        Some("PRIMARY") => Some(Failover::Primary),
        Some("SECONDARY") => Some(Failover::Secondary),
        _ => None,
    };
    Some(Record {
        name: text(node, "Name")?.trim_end_matches('.').to_owned(),
        kind: text(node, "Type")?,
        failover,
        check: text(node, "HealthCheckId"),
        points_to: text(node, "DNSName").or_else(|| text(node, "Value"))?,
    })
}

fn check(node: Node<'_, '_>) -> Option<Check> {
    let number = |name| text(node, name).and_then(|number| number.parse().ok());
    let kind = match text(node, "Type")?.as_str() {
        "HTTPS_STR_MATCH" | "HTTP_STR_MATCH" => Kind::StringMatch {
            host: text(node, "FullyQualifiedDomainName")?,
            path: text(node, "ResourcePath").unwrap_or_else(|| "/".to_owned()),
            search: text(node, "SearchString")?,
            threshold: number("FailureThreshold").unwrap_or(3),
        },
        "CALCULATED" => Kind::Calculated {
            children: all(node, "ChildHealthCheck")
                .filter_map(|child| Some(child.text()?.to_owned()))
                .collect(),
            threshold: text(node, "HealthThreshold")
                .and_then(|number| number.parse().ok())
                .unwrap_or(0),
        },
        other => Kind::Other(other.to_owned()),
    };
    // The emulator writes booleans as Python does.
    let inverted =
        text(node, "Inverted").is_some_and(|inverted| inverted.eq_ignore_ascii_case("true"));
    Some(Check {
        id: text(node, "Id")?,
        inverted,
        kind,
    })
}

fn parse<'a>(xml: &'a str, what: &str) -> Result<Document<'a>> {
    Document::parse(xml).context(|| format!("read {what} of Route 53"))
}

fn all<'a, 'd: 'a>(node: Node<'a, 'd>, name: &'static str) -> impl Iterator<Item = Node<'a, 'd>> {
    node.descendants()
        .filter(move |node| node.has_tag_name(name) || node.tag_name().name() == name)
}

fn text(node: Node<'_, '_>, name: &'static str) -> Option<String> {
    all(node, name).next()?.text().map(str::to_owned)
}
