//! What a service of the passive region shall start from: Terraform's definition with the images that run in the active one.

use std::collections::BTreeMap;

use lifeboat_core::{
    configuration::{RegionResources, ServiceResources},
    image::Held,
};

use super::used::{Named, Runs};
use crate::fleet::Definition;

pub(crate) struct Facts<'a> {
    pub(crate) own: &'a RegionResources,
    pub(crate) service: &'a ServiceResources,
    /// The newest of Terraform's.
    pub(crate) template: Option<&'a Definition>,
    /// What the service's next task would be started from.
    pub(crate) current: Option<&'a Definition>,
    /// The last ones, the newest first.
    pub(crate) pins: &'a [Definition],
    pub(crate) runs: &'a Result<Runs, String>,
    pub(crate) held: &'a BTreeMap<Named, Held>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Plan {
    Nothing(String),
    /// There is a pin already, and the service is to be pointed at it.
    Point(String),
    Register(Box<Definition>),
}

pub(crate) fn plan(facts: &Facts<'_>) -> Plan {
    let wanted = match wanted(facts) {
        Ok(wanted) => wanted,
        Err(reason) => return Plan::Nothing(reason),
    };
    let mut pins = facts.pins.iter();
    match (facts.current, pins.find(|pin| pin.starts_the_same(&wanted))) {
        (None, _) => Plan::Nothing(format!(
            "there is no service {}: apply this region's Terraform",
            facts.service.service
        )),
        (Some(current), _) if current.starts_the_same(&wanted) => {
            Plan::Nothing("it starts what runs already".into())
        }
        (Some(_), Some(pin)) => Plan::Point(pin.arn.clone()),
        (Some(_), None) => Plan::Register(Box::new(wanted)),
    }
}

fn wanted(facts: &Facts<'_>) -> Result<Definition, String> {
    let runs = facts.runs.as_ref().map_err(Clone::clone)?;
    let template = facts.template.ok_or_else(|| {
        let family = facts.service.template();
        format!("there is no task definition {family}: apply this region's Terraform")
    })?;
    template.with(|container, image| {
        let Some(repository) = facts.own.repository_of(image) else {
            return Ok(None);
        };
        let running = runs.get(container);
        // What is not run there yet is not started here first.
        let running = running.filter(|running| running.repository == repository);
        let running = running
            .ok_or_else(|| format!("nobody runs {repository} as its container {container} yet"))?;
        match facts.held.get(running) {
            Some(Held::Ready) => {
                let address = lifeboat_core::image::name(image);
                Ok(Some(format!("{address}@{}", running.digest)))
            }
            Some(_) | None => {
                let digest = &running.digest;
                Err(format!(
                    "{repository}@{digest} runs there and is not ready here"
                ))
            }
        }
    })
}

#[cfg(test)]
mod tests;
