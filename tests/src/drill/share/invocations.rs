//! Every invocation of the functions, by what their logs report.

use serde_json::{Value, json};

use crate::cloud::{APPLICATION, LocalCloud, REGIONS};
use crate::functions::FUNCTIONS;
use crate::{Context, Result};

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Invocation {
    pub(super) function: &'static str,
    pub(super) milliseconds: u64,
}

impl LocalCloud {
    /// Those of both regions that ended since then.
    pub(super) async fn invocations(&self, since: jiff::Timestamp) -> Result<Vec<Invocation>> {
        let mut invocations = vec![];
        for region in REGIONS {
            for function in FUNCTIONS {
                let took = self.reported(region, function, since).await?;
                invocations.extend(took.into_iter().map(|milliseconds| Invocation {
                    function,
                    milliseconds,
                }));
            }
        }
        Ok(invocations)
    }

    async fn reported(
        &self,
        region: &str,
        function: &str,
        since: jiff::Timestamp,
    ) -> Result<Vec<u64>> {
        let group = format!("/aws/lambda/{APPLICATION}-{function}");
        let (mut took, mut next) = (vec![], Value::Null);
        loop {
            let mut ask = json!({ "logGroupName": group, "startTime": since.as_millisecond(), "filterPattern": "REPORT" });
            if !next.is_null() {
                ask["nextToken"] = next;
            }
            let target = "Logs_20140328.FilterLogEvents";
            let answer = self.aws.json(region, "logs", target, &ask).await?;
            for event in answer["events"].as_array().into_iter().flatten() {
                let line = event["message"].as_str().unwrap_or_default();
                if line.starts_with("REPORT ") {
                    took.push(duration(line).context(|| format!("{group}: no duration: {line}"))?);
                }
            }
            next = answer["nextToken"].clone();
            if next.is_null() {
                return Ok(took);
            }
        }
    }
}

/// Of a line with fields between tabs: `REPORT RequestId: …`, `Duration: 12 ms`, `Billed Duration: …`.
fn duration(report: &str) -> Option<u64> {
    let (_, said) = report.split_once("\tDuration: ")?;
    let (number, _) = said.split_once(" ms")?;
    Some(number.parse::<f64>().ok()?.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_duration_is_read_and_not_the_billed_one() {
        let report = "REPORT RequestId: 1\tDuration: 12.51 ms\tBilled Duration: 100 ms\tMemory";
        assert_eq!(duration(report), Some(13));
        assert_eq!(
            duration("REPORT RequestId: 1\tBilled Duration: 100 ms"),
            None
        );
    }
}
