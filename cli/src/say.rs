//! A person's word to the execution that is at work: handed to the failover function of its region, which decides.

use futures::FutureExt;
use lifeboat_aws::Patience;
use lifeboat_core::{
    RegionState,
    person::{Order, Verb},
};
use serde_json::json;

use crate::{Trouble, answer::Answer, arguments::Word, connection::Connection};

pub async fn say(connection: &Connection, verb: Verb, word: Word) -> Result<Answer, Trouble> {
    let configuration = &connection.configuration;
    let pair = configuration.pair()?;
    let side = pair.side(&word.to).map_err(|invalid| {
        let (expected, found) = (invalid.expected, invalid.found);
        Trouble::BadInput(format!(
            "--to: expected {expected}, found {found}. Nothing was said"
        ))
    })?;
    let control = connection.control(side, Patience::Own);
    let meant = async {
        match word.execution {
            Some(_) => order(verb, &word, None),
            None => order(verb, &word, Some(&control.state(&pair).await?)),
        }
    };
    let (mut order, by) = tokio::try_join!(meant, connection.caller(side).map(Ok))?;
    order.by = by;
    let function = &configuration.resources(side).functions.failover;
    let event = json!({ "action": "order", "order": order });
    let said: String = connection.functions(side).ask(function, &event).await?;
    let document = json!({ "region": word.to, "verb": verb.word(), "said": said });
    let text = match verb {
        Verb::Cancel => format!(
            "{said}\nThe way back is an execution of its own: lifeboat failover --to {} --mode planned --reason …",
            configuration.region_of(side.other())
        ),
        _ => said,
    };
    Answer::yes(text, &document)
}

/// Judged here, before any function is asked.
fn order(verb: Verb, word: &Word, state: Option<&RegionState>) -> Result<Order, Trouble> {
    let at_work = state.and_then(|state| state.owner()).map(str::to_owned);
    if verb != Verb::Acknowledge && word.execution.is_none() && at_work.is_none() {
        return Err(Trouble::BadInput(format!(
            "no execution is at work in {}; there is nothing to {}. Look at `lifeboat status`",
            word.to,
            verb.word()
        )));
    }
    let order = Order {
        verb,
        reason: word.reason.trim().into(),
        by: None,
        execution: word.execution.clone().or(at_work),
    };
    order.validate()?;
    Ok(order)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use lifeboat_core::{Region, configuration::sample, request::Mode, state::Lease};

    fn word(execution: Option<&str>) -> Word {
        Word {
            to: Region::new("us-west-2").unwrap(),
            execution: execution.map(str::to_owned),
            reason: " because ".into(),
        }
    }

    #[test]
    fn the_execution_at_work_is_meant_unless_another_is_named() {
        let mut state = RegionState::genesis(&sample("us-west-2").pair().unwrap());
        assert!(order(Verb::Pause, &word(None), Some(&state)).is_err());
        assert!(order(Verb::Acknowledge, &word(None), Some(&state)).is_ok());
        state.lease = Some(Lease::new("a", Mode::Planned, &BTreeMap::new()));
        let meant = |execution| order(Verb::Pause, &word(execution), Some(&state)).unwrap();
        assert_eq!(meant(None).execution.as_deref(), Some("a"));
        assert_eq!(meant(Some("b")).execution.as_deref(), Some("b"));
        assert_eq!(meant(None).reason, "because");
    }
}
