//! What an execution came to, in words.

use lifeboat_core::{
    Region,
    decide::{Answer, Decision, Fact, Verdict, Weighed},
    failure::Caught,
    plan::Effect,
    request::Mode,
};

use crate::glimpse::Glimpse;

/// A plan, and how to carry it out.
pub fn plan(run: &Glimpse, to: &Region) -> String {
    let mut lines = vec![shown(run, to)];
    lines.extend(run.plan.as_ref().map(|plan| {
        format!(
            "To carry out exactly this, and nothing when the facts have changed: lifeboat failover --to {to} --mode {} --plan {} --reason …",
            plan.mode.as_str(),
            plan.digest
        )
    }));
    lines.push("Nothing was changed.".into());
    lines.join("\n")
}

/// The facts that it would be refused for, but for those that a person overrides.
pub fn against<'a>(decision: &'a Decision, overrides: &[(Fact, String)]) -> Vec<&'a str> {
    let overridden = |fact: Fact| overrides.iter().any(|(named, _)| *named == fact);
    let facts = decision.facts.iter();
    let against = facts.filter(|weighed| {
        weighed.needed && weighed.answer != Answer::Yes && !overridden(weighed.fact)
    });
    against.map(|weighed| weighed.fact.word()).collect()
}

/// The verdict, every fact that was weighed, and each step.
pub fn shown(run: &Glimpse, to: &Region) -> String {
    let Decision { verdict, facts } = &run.decision;
    let verdict = match verdict {
        Verdict::Start => format!("It may start: {to} can take over now."),
        Verdict::Refuse => "It would be refused.".into(),
        Verdict::Hold => "It cannot be told now whether it may start.".into(),
    };
    let mut lines = vec![verdict];
    lines.extend(facts.iter().map(fact));
    if let Some(plan) = &run.plan {
        lines.push(format!("What a {} execution would do:", plan.mode.as_str()));
        let steps = plan.effects.iter().zip(1..);
        lines.extend(steps.map(|(effect, number)| format!("{number:>3}. {}", step(effect))));
    }
    lines.join("\n")
}

fn step(
    Effect {
        region,
        what,
        before,
        after,
    }: &Effect,
) -> String {
    match before.is_empty() && after.is_empty() {
        true => format!("{region}: {what}"),
        false => format!("{region}: {what} ({before} -> {after})"),
    }
}

fn fact(weighed: &Weighed) -> String {
    let Weighed {
        fact, answer, why, ..
    } = weighed;
    let note = match (weighed.needed, answer) {
        (false, Answer::No | Answer::CannotTell) => " (stops nobody here)",
        _ => "",
    };
    format!(
        "  {:<20} {:<11} {why}{note}",
        fact.word(),
        answer.to_string()
    )
}

/// A failed execution: what was the matter, what stands, and what to do.
pub fn failed(caught: &Caught, mode: Mode, execution: &str, to: &Region) -> String {
    let advice = match (caught.error.as_str(), mode) {
        (_, Mode::Plan) => "A plan changes nothing. Mend the cause and ask again.",
        ("Invalid", _) => {
            "The region did not understand what it was given; is this command as new as what is deployed there?"
        }
        ("Refused", Mode::Planned) => {
            "Mend what the reasons name, or look at it again with --mode plan, which shows every fact. If the other region is dead, it is --mode unplanned."
        }
        ("Refused", Mode::Unplanned) => {
            "Mend what the reasons name, look at it again with --mode plan, which shows every fact, or say with --override why you know better."
        }
        ("Rejected", Mode::Planned) => {
            "Nothing was stopped, and nobody was moved. When whoever said so agrees, start it again or redrive it."
        }
        ("Rejected", Mode::Unplanned) => {
            "Nobody was moved, and what was brought up stays up. When whoever said so agrees, start it again or redrive it."
        }
        ("Stale", _) => {
            "Another execution has taken over since; leave it alone until `lifeboat status` says who is in charge."
        }
        (_, Mode::Drill) => {
            "A drill leaves nothing up, and users noticed nothing. Mend the cause: a real failover would meet it, too."
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
    use lifeboat_core::plan::Plan;

    fn region() -> Region {
        Region::new("us-west-2").unwrap()
    }

    fn effect(what: &str, after: &str) -> Effect {
        let before = if after.is_empty() { "" } else { "none" };
        Effect {
            region: region(),
            what: what.into(),
            before: before.into(),
            after: after.into(),
        }
    }

    #[test]
    fn a_plan_is_told_with_every_fact_and_its_steps_by_number() {
        let weighed = |fact, answer, needed, why: &str| Weighed {
            fact,
            answer,
            why: why.into(),
            needed,
            overridden: None,
        };
        let run = Glimpse {
            decision: Decision {
                verdict: Verdict::Refuse,
                facts: vec![
                    weighed(
                        Fact::Passive,
                        Answer::No,
                        true,
                        "us-west-2 is active already",
                    ),
                    weighed(Fact::Automatic, Answer::No, false, "it is off"),
                    weighed(
                        Fact::ActiveRegionDown,
                        Answer::CannotTell,
                        true,
                        "timed out",
                    ),
                    weighed(Fact::ImagesReady, Answer::Yes, true, "every image is here"),
                ],
            },
            plan: Some(Plan {
                mode: Mode::Planned,
                effects: vec![effect("take the lease", ""), effect("scale up", "users 2")],
                digest: "d1".into(),
            }),
            waiting: None,
        };
        let expected = "\
It would be refused.
  passive              no          us-west-2 is active already
  automatic            no          it is off (stops nobody here)
  active_region_down   cannot tell timed out
  images_ready         yes         every image is here
What a planned execution would do:
  1. us-west-2: take the lease
  2. us-west-2: scale up (none -> users 2)
To carry out exactly this, and nothing when the facts have changed: lifeboat failover --to us-west-2 --mode planned --plan d1 --reason …
Nothing was changed.";
        assert_eq!(plan(&run, &region()), expected);
        let down = [(Fact::ActiveRegionDown, "I was there".to_owned())];
        assert_eq!(against(&run.decision, &down), ["passive"]);
        assert_eq!(
            against(&run.decision, &[]),
            ["passive", "active_region_down"]
        );
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
    fn what_a_person_rejected_is_not_to_be_mended() {
        let caught = Caught {
            error: "Rejected".into(),
            cause: r#"{"errorMessage":"a person said no: not now"}"#.into(),
        };
        for mode in [Mode::Planned, Mode::Unplanned] {
            let text = failed(&caught, mode, "arn", &region());
            assert!(
                text.starts_with("Rejected: a person said no: not now\n"),
                "{text}"
            );
            assert!(
                text.contains("redrive") && !text.contains("--mode"),
                "{text}"
            );
        }
    }

    #[test]
    fn every_named_failure_in_every_mode_says_what_to_do() {
        let stale = Caught {
            error: "Stale".into(),
            cause: "x".into(),
        };
        let overtaken = failed(&stale, Mode::Drill, "arn", &region());
        assert!(
            overtaken.contains("Another execution has taken over"),
            "no fault of the drill's"
        );
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
