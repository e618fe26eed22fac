//! Which region is meant where none was named.

use lifeboat_aws::{Control, Objects};
use lifeboat_core::{Configuration, Failure, Region, RegionState, Side, run::name_of};

use crate::{Trouble, arguments::Lookup};

/// What each region knows, or why it did not say.
#[derive(Debug)]
pub struct States {
    pub home: Result<RegionState, Failure>,
    pub standby: Result<RegionState, Failure>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Wanted {
    pub side: Side,
    pub name: String,
}

pub async fn states<B: Objects>(
    configuration: &Configuration,
    home: &Control<B>,
    standby: &Control<B>,
) -> Result<States, Trouble> {
    let pair = configuration.pair()?;
    let (home, standby) = tokio::join!(home.state(&pair), standby.state(&pair));
    Ok(States { home, standby })
}

/// The active one, as far as either region knows.
pub fn active(configuration: &Configuration, states: &States) -> Result<Side, Trouble> {
    let highest = match (&states.home, &states.standby) {
        (Ok(state), other) => state.highest(other.as_ref().ok()),
        (Err(_), Ok(state)) => state.highest(None),
        (Err(home), Err(standby)) => {
            return Err(Trouble::Failed(format!(
                "neither region says which one is active: {home}; {standby}.\nName the one that is meant: --in REGION"
            )));
        }
    };
    Ok(configuration.pair()?.side(&highest.1)?)
}

pub fn side(configuration: &Configuration, option: &str, region: &Region) -> Result<Side, Trouble> {
    configuration.pair()?.side(region).map_err(|invalid| {
        Trouble::BadInput(format!(
            "{option}: expected {}, found {}. Nothing was done",
            invalid.expected, invalid.found
        ))
    })
}

/// The execution that was named, or the one at work.
pub fn execution(
    configuration: &Configuration,
    states: &States,
    lookup: &Lookup,
) -> Result<Wanted, Trouble> {
    let named = lookup.to.as_ref();
    let to = named
        .map(|region| side(configuration, "--to", region))
        .transpose()?;
    let sides = [(Side::Home, &states.home), (Side::Standby, &states.standby)];
    let at_work = sides.into_iter().filter_map(|(side, state)| {
        let owner = state.as_ref().ok()?.owner()?;
        Some(Wanted {
            side,
            name: name_of(owner).to_owned(),
        })
    });
    let meant = at_work.filter(|wanted| to.is_none_or(|to| to == wanted.side));
    let meant: Vec<Wanted> = meant.collect();
    if let Some(name) = lookup.execution.as_deref().map(name_of) {
        let found = meant.into_iter().find(|wanted| wanted.name == name);
        let side = found.map(|wanted| wanted.side).or(to);
        let side = side.ok_or_else(|| {
            Trouble::BadInput(format!(
                "{name} is at work in neither region. If it has ended, say where it was: --to {} or --to {}",
                configuration.home, configuration.standby
            ))
        })?;
        return Ok(Wanted {
            side,
            name: name.to_owned(),
        });
    }
    let mut meant = meant.into_iter();
    match (meant.next(), meant.next()) {
        (Some(wanted), None) => Ok(wanted),
        (Some(_), Some(_)) => Err(Trouble::BadInput(format!(
            "an execution is at work in either region; say which one: --to {} or --to {}",
            configuration.home, configuration.standby
        ))),
        (None, _) => Err(Trouble::BadInput(format!(
            "no execution is at work{}. One that has ended is followed by its name: --execution NAME --to REGION",
            unheard(states)
        ))),
    }
}

/// What a region that did not answer may hide.
fn unheard(states: &States) -> String {
    let silent = [&states.home, &states.standby].into_iter();
    let silent = silent.filter_map(|state| state.as_ref().err());
    silent
        .map(|why| format!(", as far as can be seen ({why})"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lifeboat_core::{Epoch, configuration::sample, request::Mode, state::Lease};

    fn state() -> RegionState {
        RegionState::genesis(&sample("us-east-1").pair().unwrap())
    }

    fn silent() -> Failure {
        let region = Region::new("us-east-1").unwrap();
        Failure::unavailable("read", "state.json", &region, "timed out")
    }

    fn working(name: &str) -> RegionState {
        let mut state = state();
        let arn = format!("arn:aws:states:x:1:execution:forum:{name}");
        state.lease = Some(Lease::new(arn, Mode::Planned, &Default::default()));
        state
    }

    fn lookup(to: Option<&str>, execution: Option<&str>) -> Lookup {
        Lookup {
            to: to.map(|name| Region::new(name).unwrap()),
            execution: execution.map(str::to_owned),
        }
    }

    #[test]
    fn the_active_region_is_the_one_that_either_knows_and_a_dead_one_keeps_nobody_from_it() {
        let configuration = sample("us-east-1");
        let mut moved = state();
        (moved.epoch, moved.active) = (Epoch(1), configuration.standby.clone());
        for (home, standby, expected) in [
            (Ok(state()), Ok(state()), Side::Home),
            (Ok(state()), Ok(moved.clone()), Side::Standby),
            (Err(silent()), Ok(moved.clone()), Side::Standby),
            (Ok(state()), Err(silent()), Side::Home),
        ] {
            let states = States { home, standby };
            assert_eq!(active(&configuration, &states), Ok(expected));
        }
        let states = States {
            home: Err(silent()),
            standby: Err(silent()),
        };
        assert!(
            active(&configuration, &states)
                .unwrap_err()
                .to_string()
                .contains("--in")
        );
        let mars = Region::new("eu-west-1").unwrap();
        let refused = side(&configuration, "--in", &mars).unwrap_err();
        assert_eq!(refused.exit_code(), 2);
        assert!(
            refused.to_string().contains("us-east-1 or us-west-2"),
            "{refused}"
        );
    }

    #[test]
    fn the_execution_at_work_is_followed_unless_another_is_named() {
        let configuration = sample("us-east-1");
        let meant = |states: &States, lookup: &Lookup| {
            let wanted = execution(&configuration, states, lookup);
            wanted
                .map(|wanted| (wanted.side, wanted.name))
                .map_err(|why| why.to_string())
        };
        let one = States {
            home: Err(silent()),
            standby: Ok(working("forum-1")),
        };
        let found = Ok((Side::Standby, "forum-1".to_owned()));
        assert_eq!(meant(&one, &lookup(None, None)), found);
        assert_eq!(meant(&one, &lookup(None, Some("a:b:forum-1"))), found);
        let ended = lookup(Some("us-east-1"), Some("forum-0"));
        assert_eq!(meant(&one, &ended), Ok((Side::Home, "forum-0".into())));
        assert!(
            meant(&one, &lookup(None, Some("forum-0")))
                .unwrap_err()
                .contains("--to us-east-1")
        );
        let none = meant(&one, &lookup(Some("us-east-1"), None)).unwrap_err();
        assert!(
            none.contains("as far as can be seen") && none.contains("timed out"),
            "{none}"
        );
        let both = States {
            home: Ok(working("forum-2")),
            standby: Ok(working("forum-1")),
        };
        assert!(
            meant(&both, &lookup(None, None))
                .unwrap_err()
                .contains("either region")
        );
        assert_eq!(meant(&both, &lookup(Some("us-west-2"), None)), found);
    }
}
