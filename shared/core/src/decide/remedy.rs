//! What a person can do about a decision that goes against an execution.

use super::{Answer, Asker, Decision, Fact, Need, Weighed};
use crate::{
    Region,
    request::{Mode, RequestedBy},
};

impl Decision {
    /// Why an execution does not begin: what stands in its way, and what a person can do about it.
    pub fn refusal(&self, mode: Mode, to: &Region) -> String {
        let blocking = self.facts.iter().filter(|fact| fact.blocks());
        let blocking: Vec<String> = blocking.map(ToString::to_string).collect();
        format!("{}. {}", blocking.join("; "), self.remedy(mode, to))
    }

    /// The command that would start it all the same, or what no override carries.
    pub fn remedy(&self, mode: Mode, to: &Region) -> String {
        let person = Asker::of(mode, RequestedBy::Person);
        let bad = |need| {
            let facts = self.facts.iter();
            facts.filter(move |f| f.answer != Answer::Yes && person.needs(f.fact) == need)
        };
        let brakes = [Fact::CooledDown, Fact::WithinBudget];
        let braked = self
            .facts
            .iter()
            .any(|f| f.blocks() && brakes.contains(&f.fact));
        let release = match braked {
            true => format!(
                "\nTo let alarms start again: lifeboat acknowledge --to {to} --reason \"…\""
            ),
            false => String::new(),
        };
        let fixed: Vec<&str> = bad(Need::Must).map(|f| f.fact.word()).collect();
        if !fixed.is_empty() {
            return format!("Nobody can override {}; mend that first.", fixed.join(", "));
        }
        let overrides: String = bad(Need::May).map(option).collect();
        format!(
            "A person who knows better starts it with: lifeboat failover --to {to} --mode {} --reason \"…\"{overrides}{release}",
            mode.as_str()
        )
    }
}

fn option(weighed: &Weighed) -> String {
    let Weighed {
        fact, overridden, ..
    } = weighed;
    let reason = overridden.as_deref().unwrap_or("why it may be so");
    format!(" --override \"{fact}={reason}\"")
}
