//! What an execution came to, in words.

use lifeboat_core::{
    Region,
    decide::{Decision, Verdict},
    failure::Caught,
    request::Mode,
};

use crate::glimpse::Glimpse;

pub fn plan(run: &Glimpse, to: &Region) -> String {
    let Decision { verdict, reasons } = &run.decision;
    let verdict = match verdict {
        Verdict::Start => format!("It may start: {to} can take over now."),
        Verdict::Refuse => "It would be refused.".into(),
        Verdict::Hold => "It cannot be told now whether it may start.".into(),
    };
    let mut lines = vec![verdict];
    lines.extend(reasons.iter().map(|reason| format!("  - {reason}")));
    if !run.plan.is_empty() {
        lines.push("What it would do:".into());
        let steps = run.plan.iter().zip(1..);
        lines.extend(steps.map(|(step, number)| format!("{number:>3}. {step}")));
    }
    lines.push("Nothing was changed.".into());
    lines.join("\n")
}

/// A failed execution: what was the matter, what stands, and what to do.
pub fn failed(caught: &Caught, mode: Mode, execution: &str, to: &Region) -> String {
    let advice = match (caught.error.as_str(), mode) {
        (_, Mode::Plan) => "A plan changes nothing. Mend the cause and ask again.",
        ("Invalid", _) => {
            "The region did not understand what it was given; is this command as new as what is deployed there?"
        }
        ("Refused", Mode::Planned) => {
            "Mend what the reasons name, or look at it again with --mode plan. If the other region is dead, it is --mode unplanned."
        }
        ("Refused", Mode::Unplanned) => {
            "Mend what the reasons name, or look at it again with --mode plan."
        }
        ("Stale", _) => {
            "Another execution has taken over since; leave it alone until `lifeboat status` says who is in charge."
        }
        (_, Mode::Planned) => {
            "What was changed is put back where users were not moved yet. See `lifeboat status`, mend the cause and start it again."
        }
        (_, Mode::Unplanned) => {
            "What was brought up stays up. See `lifeboat status`: if users are sent there already, look at its load balancer first; if not, mend the cause and start it again."
        }
    };
    format!(
        "{}\n{advice}\nEverything that happened: aws stepfunctions get-execution-history --region {to} --execution-arn {execution}",
        caught.message()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region() -> Region {
        Region::new("us-west-2").unwrap()
    }

    #[test]
    fn a_plan_is_told_with_its_reasons_and_its_steps_by_number() {
        let run = Glimpse {
            decision: Decision {
                verdict: Verdict::Refuse,
                reasons: vec!["us-west-2 is active already, at epoch 1".into()],
            },
            plan: vec!["take the lease".into(), "move traffic".into()],
            waiting: None,
        };
        let expected = "\
It would be refused.
  - us-west-2 is active already, at epoch 1
What it would do:
  1. take the lease
  2. move traffic
Nothing was changed.";
        assert_eq!(plan(&run, &region()), expected);
    }

    #[test]
    fn a_failure_is_told_by_its_message_with_what_to_do_next() {
        let caught = Caught {
            error: "Refused".into(),
            cause: r#"{"errorMessage":"there is no backup"}"#.into(),
        };
        let text = failed(&caught, Mode::Planned, "arn:aws:states:x", &region());
        assert!(text.starts_with("Refused: there is no backup\n"), "{text}");
        assert!(text.contains("--mode unplanned"));
        assert!(text.contains("--region us-west-2 --execution-arn arn:aws:states:x"));
    }

    #[test]
    fn every_named_failure_in_every_mode_says_what_to_do() {
        for error in lifeboat_core::Failure::NAMES
            .into_iter()
            .chain(["States.Timeout"])
        {
            for mode in [Mode::Plan, Mode::Planned, Mode::Unplanned] {
                let caught = Caught {
                    error: error.into(),
                    cause: "x".into(),
                };
                let text = failed(&caught, mode, "arn", &region());
                assert_eq!(text.lines().count(), 3, "{text}");
            }
        }
    }
}
