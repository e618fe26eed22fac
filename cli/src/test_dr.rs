//! Could the passive region take over now? Asked of its own health probe, which looks once and changes nothing.

use lifeboat_core::{liveness, probe::ProbeReport, readiness::Verdict};
use lifeboat_health_probe::{Action, Event};

use crate::{Trouble, answer::Answer, ask::Ask, paint};

pub async fn look(function: &impl Ask) -> Result<ProbeReport, Trouble> {
    let action = Action::Look;
    Ok(function.ask(&Event { action }).await?)
}

pub fn answer(report: &ProbeReport) -> Result<Answer, Trouble> {
    let ready = report.readiness.verdict == Verdict::Ready;
    Answer::new(ready.into(), render(report), report)
}

fn render(report: &ProbeReport) -> String {
    let region = &report.region;
    let mut lines = vec![match report.readiness.verdict {
        Verdict::Ready => paint::good(&format!("{region} could take over now.")),
        Verdict::NotReady => paint::bad(&format!("{region} could not take over now.")),
        Verdict::CannotTell => paint::doubt(&format!(
            "It cannot be told whether {region} could take over now."
        )),
    }];
    lines.extend(
        report
            .readiness
            .services
            .iter()
            .map(|(service, facts)| match facts.lacks() {
                lacks if lacks.is_empty() => format!("  {service:<15} {}", paint::good("ready")),
                lacks => format!("  {service:<15} {}", paint::bad(&lacks.join("; "))),
            }),
    );
    // Those of services stand beside them already.
    let of_service = |lack: &String| {
        let services = &mut report.readiness.services.keys();
        services.any(|service| lack.starts_with(&format!("{service}: ")))
    };
    let lacks = report.readiness.lacks();
    lines.extend(
        lacks
            .iter()
            .filter(|lack| !of_service(lack))
            .map(|lack| format!("  {lack}")),
    );
    // They cost no readiness, and may be what fails.
    let doubts = report.readiness.doubts();
    lines.extend(
        doubts
            .iter()
            .map(|doubt| format!("  {}", paint::doubt(doubt))),
    );
    let backup = report.readiness.newest_backup.as_ref();
    lines.push(format!(
        "  newest backup   {}",
        backup.map_or("none".into(), |key| format!(
            "{} of epoch {}",
            key.name, key.epoch
        ))
    ));
    lines.push(format!("  {:<15} {}", "the other one", other(report)));
    if !report.passive() {
        let region = format!("{region} is active itself, as far as its probe knows.");
        lines.push(paint::doubt(&region));
    }
    lines.join("\n")
}

fn other(report: &ProbeReport) -> String {
    let seen = &report.liveness;
    let word = match seen.verdict {
        liveness::Verdict::Serving => "serving",
        liveness::Verdict::Impaired => "impaired",
        liveness::Verdict::Down => "down",
        liveness::Verdict::CannotTell => "cannot tell",
    };
    match seen.reasons.is_empty() {
        true => word.to_owned(),
        false => format!("{word}: {}", seen.reasons.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::memory::Scripted;
    use lifeboat_core::{Region, liveness::Verdict as Alive, probe, readiness};
    use serde_json::json;

    fn report() -> ProbeReport {
        let region = |name| Region::new(name).unwrap();
        let mut report = probe::sample(&region("us-west-2"), &region("us-east-1"), Alive::Serving);
        let facts = readiness::ServiceFacts {
            service: readiness::Fact::There,
            image: readiness::Fact::There,
            writes: readiness::Fact::There,
            definition: readiness::Fact::There,
            closed: readiness::Fact::There,
            target: readiness::Fact::There,
            secrets: readiness::Fact::There,
        };
        report
            .readiness
            .services
            .insert("posts".into(), facts.clone());
        report.readiness.services.insert("users".into(), facts);
        report
    }

    fn plain(answer: &Answer) -> String {
        anstream::adapter::strip_str(&answer.text).to_string()
    }

    #[tokio::test]
    async fn the_passive_regions_own_probe_is_asked_for_a_look() {
        let function = Scripted::new([Ok(serde_json::to_value(report()).unwrap())]);
        assert_eq!(look(&function).await, Ok(report()));
        assert_eq!(*function.asked.borrow(), [json!({"action": "look"})]);
    }

    #[test]
    fn ready_is_yes_and_everything_else_is_no_with_its_reasons() {
        let good = answer(&report()).unwrap();
        assert_eq!(good.exit_code(), 0);
        let expected = "\
us-west-2 could take over now.
  posts           ready
  users           ready
  newest backup   none
  the other one   serving";
        assert_eq!(plain(&good), expected);
        let mut lacking = report();
        lacking.readiness.verdict = Verdict::NotReady;
        lacking.readiness.backup = readiness::Fact::Missing("it is 2 h old".into());
        let users = lacking.readiness.services.get_mut("users").unwrap();
        users.image = readiness::Fact::Missing("no such manifest".into());
        let no = answer(&lacking).unwrap();
        assert_eq!(no.exit_code(), 3);
        let text = plain(&no);
        assert!(
            text.starts_with("us-west-2 could not take over now."),
            "{text}"
        );
        assert_eq!(text.matches("no such manifest").count(), 1, "{text}");
        assert!(text.contains("it is 2 h old"), "{text}");
        lacking.readiness.verdict = Verdict::CannotTell;
        assert_eq!(answer(&lacking).unwrap().exit_code(), 3);
    }
}
