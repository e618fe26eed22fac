//! The bounds of a region's services at Application Auto Scaling.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::{
    Client,
    types::{ScalableDimension::EcsServiceDesiredCount, ServiceNamespace::Ecs, SuspendedState},
};
use lifeboat_core::{Failure, Region, configuration::RegionResources, scaling::Bounds};

use crate::explain;

/// What one call may ask for.
const AT_ONCE: usize = 50;

/// By the service's name in the configuration.
pub(super) async fn bounds(
    client: &Client,
    resources: &RegionResources,
    region: &Region,
) -> Result<BTreeMap<String, Bounds>, Failure> {
    let all: Vec<_> = resources.services.iter().collect();
    let mut found = BTreeMap::new();
    for some in all.chunks(AT_ONCE) {
        let names = some.iter().map(|(_, named)| named.scalable_target.clone());
        let describe = client
            .describe_scalable_targets()
            .service_namespace(Ecs)
            .scalable_dimension(EcsServiceDesiredCount)
            .set_resource_ids(Some(names.collect()));
        let mut pages = describe.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|e| {
                let object = format!("scalable targets of cluster {}", resources.cluster);
                Failure::unavailable("describe", object, region, explain(&e))
            })?;
            for target in page.scalable_targets() {
                let named = some
                    .iter()
                    .find(|(_, named)| named.scalable_target == target.resource_id);
                if let Some((name, _)) = named {
                    let count = |tasks: i32| u32::try_from(tasks).unwrap_or(0);
                    let bounds = Bounds {
                        minimum: count(target.min_capacity),
                        maximum: count(target.max_capacity),
                        suspended: target.suspended_state().is_some_and(suspended),
                    };
                    found.insert((*name).clone(), bounds);
                }
            }
        }
    }
    Ok(found)
}

fn suspended(state: &SuspendedState) -> bool {
    [
        state.dynamic_scaling_in_suspended(),
        state.dynamic_scaling_out_suspended(),
        state.scheduled_scaling_suspended(),
    ] == [Some(true); 3]
}

/// One that is not there yet is made.
pub(super) async fn set(
    client: &Client,
    target: &str,
    bounds: Bounds,
    region: &Region,
) -> Result<(), Failure> {
    let count = |tasks: u32| i32::try_from(tasks).unwrap_or(i32::MAX);
    let suspended = SuspendedState::builder()
        .dynamic_scaling_in_suspended(bounds.suspended)
        .dynamic_scaling_out_suspended(bounds.suspended)
        .scheduled_scaling_suspended(bounds.suspended);
    let register = client
        .register_scalable_target()
        .service_namespace(Ecs)
        .scalable_dimension(EcsServiceDesiredCount)
        .resource_id(target)
        .min_capacity(count(bounds.minimum))
        .max_capacity(count(bounds.maximum))
        .suspended_state(suspended.build());
    let sent = register.send().await;
    sent.map(drop).map_err(|e| {
        let Bounds {
            minimum, maximum, ..
        } = bounds;
        let object = format!("scalable target {target} to {minimum} to {maximum} tasks");
        Failure::unavailable("set", object, region, explain(&e))
    })
}
