//! What an execution would do, in order, and the facts that this stands on.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Epoch, Region, backup::BackupKey, liveness, readiness, request::Mode};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The mode that would be the right one now.
    pub mode: Mode,
    pub effects: Vec<Effect>,
    /// An execution that is given this begins only while the facts are the same.
    pub digest: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    pub region: Region,
    pub what: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub before: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub after: String,
}

/// What a plan is made of, and all that its digest covers: numbers that change by the second are not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facts<'a> {
    pub mode: Mode,
    pub target: &'a Region,
    pub source: &'a Region,
    pub epoch: Epoch,
    pub next_epoch: Epoch,
    pub active: &'a Region,
    pub liveness: liveness::Verdict,
    pub readiness: readiness::Verdict,
    /// The backup that an unplanned execution would restore, for what is lost is agreed to; a planned one takes its own.
    pub backup: Option<&'a BackupKey>,
    /// Tasks per service: in the target now, in the source now where it answers, and in the target afterwards.
    pub target_tasks: &'a BTreeMap<String, u32>,
    pub source_tasks: Option<&'a BTreeMap<String, u32>>,
    pub capacity: &'a BTreeMap<String, u32>,
    /// Services that a planned execution stops by their gates.
    pub gated: &'a BTreeSet<String>,
    /// Services whose data their own tasks take, once they run.
    pub importing: &'a BTreeSet<String>,
    /// Tasks that a passive region keeps running, of those services that have any.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub warm: &'a BTreeMap<String, u32>,
}

/// The mode that would be the right one, and whether it could begin: an execution is held to what its plan said.
pub fn plan(facts: &Facts<'_>) -> Plan {
    Plan {
        mode: facts.mode,
        effects: effects(facts),
        digest: digest(facts),
    }
}

pub fn digest(facts: &Facts<'_>) -> String {
    let text = serde_json::to_vec(facts).unwrap_or_default();
    hex::encode(&Sha256::digest(text)[..8])
}

fn effects(facts: &Facts<'_>) -> Vec<Effect> {
    let (target, source) = (facts.target, facts.source);
    let effect = |region: &Region, what: &str, before: String, after: String| Effect {
        region: region.clone(),
        what: what.into(),
        before,
        after,
    };
    let plain = |region: &Region, what: &str| effect(region, what, String::new(), String::new());
    let source_tasks = facts.source_tasks.map_or("unknown".into(), tasks);
    let mut effects = vec![
        effect(
            target,
            "take the lease and the next epoch",
            format!("epoch {}", facts.epoch),
            format!("epoch {}", facts.next_epoch),
        ),
        plain(
            target,
            "check every image by digest, and fetch what is missing",
        ),
    ];
    match facts.mode {
        Mode::Planned => {
            effects.extend(stops(facts));
            effects.extend([
                plain(source, "take a final backup"),
                plain(target, "wait until that backup is whole"),
            ]);
        }
        Mode::Unplanned => effects.push(plain(
            source,
            "ask for a last backup, and wait half a minute for it where that is accepted",
        )),
        Mode::Drill | Mode::Plan => {}
    }
    let backup = facts
        .backup
        .map_or("the newest backup".into(), |b| b.name.to_string());
    let (rests, sees) = match facts.warm.is_empty() {
        true => ("none".into(), "see that no task runs"),
        false => (tasks(facts.warm), "see that no task runs but the warm ones"),
    };
    effects.push(effect(
        target,
        sees,
        tasks(facts.target_tasks),
        rests.clone(),
    ));
    match facts.mode {
        Mode::Drill => effects.push(plain(
            target,
            &format!("restore {backup} into a scratch place, and remove it again"),
        )),
        Mode::Planned => effects.push(plain(
            target,
            "restore the final backup, and see that it is what the source holds",
        )),
        Mode::Unplanned | Mode::Plan => effects.push(plain(target, &format!("restore {backup}"))),
    }
    effects.push(effect(
        target,
        "scale up",
        rests.clone(),
        tasks(facts.capacity),
    ));
    let healthy = "wait until every service is healthy";
    let tested = "smoke-test through the load balancer";
    match imports(facts) {
        None => effects.push(plain(target, &format!("{healthy}, then {tested}"))),
        Some(imports) => {
            effects.extend([healthy, &imports, tested].map(|what| plain(target, what)));
        }
    }
    match facts.mode {
        Mode::Drill => effects.push(effect(
            target,
            "tear everything down",
            tasks(facts.capacity),
            rests,
        )),
        Mode::Planned | Mode::Unplanned | Mode::Plan => {
            let fence = effect(source, "fence", source_tasks, "none".into());
            let moved = effect(
                target,
                "move traffic, and prove it by asking the name servers",
                facts.active.to_string(),
                target.to_string(),
            );
            // What reads on does so until users have left.
            effects.extend(
                match facts.mode == Mode::Planned && !facts.gated.is_empty() {
                    true => [moved, fence],
                    false => [fence, moved],
                },
            );
        }
    }
    effects.push(plain(target, "write the report, release the lease"));
    effects
}

/// What is done with the data that only running tasks take.
fn imports(facts: &Facts<'_>) -> Option<String> {
    let services: Vec<&str> = facts.importing.iter().map(String::as_str).collect();
    let services = Some(services.join(", ")).filter(|services| !services.is_empty())?;
    Some(match facts.mode {
        Mode::Drill => format!("see that {services} would export and import, and import nothing"),
        Mode::Planned | Mode::Unplanned | Mode::Plan => {
            format!("have {services} import what their own tasks take")
        }
    })
}

/// How the source is made to write no more: by its gates where it may be, by stopping tasks otherwise.
fn stops(facts: &Facts<'_>) -> Vec<Effect> {
    let effect = |what: &str, before: String, after: &str| Effect {
        region: facts.source.clone(),
        what: what.into(),
        before,
        after: after.into(),
    };
    let scaled = facts.source_tasks.map(|now| {
        let scaled = now
            .iter()
            .filter(|(service, _)| !facts.gated.contains(*service));
        scaled.map(|(s, n)| (s.clone(), *n)).collect()
    });
    let before = scaled.as_ref().map_or("unknown".into(), tasks);
    let mut stops = vec![];
    if scaled.is_none_or(|scaled: BTreeMap<String, u32>| !scaled.is_empty()) {
        let what = "stop the services, and see them at zero";
        stops.push(effect(what, before, "none"));
    }
    if !facts.gated.is_empty() {
        let gates = |position: &str| {
            let gates = facts.gated.iter().map(|s| format!("{s} {position}"));
            gates.collect::<Vec<_>>().join(", ")
        };
        let what = "close the gates: writes are answered 503, reads go on";
        stops.push(effect(what, gates("open"), &gates("closed")));
    }
    stops
}

/// A capacity in words.
pub fn tasks(capacity: &BTreeMap<String, u32>) -> String {
    let tasks: Vec<String> = capacity.iter().map(|(s, n)| format!("{s} {n}")).collect();
    tasks.join(", ")
}

/// Whether the plan that a request was made by would be the same now.
pub fn holds(facts: &Facts<'_>, wanted: &str) -> Result<(), String> {
    match digest(facts) {
        now if now == wanted => Ok(()),
        now => Err(format!(
            "the facts are no longer those of plan {wanted}, now it would be {now}: ask for a new plan and look at it"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::sample;

    fn with<T>(mode: Mode, epoch: u64, test: impl FnOnce(&Facts<'_>) -> T) -> T {
        let configuration = sample("us-west-2");
        let (two, none) = (
            [("users".to_owned(), 2)].into(),
            [("users".to_owned(), 0)].into(),
        );
        let nobody = BTreeSet::new();
        test(&Facts {
            gated: &nobody,
            importing: &nobody,
            warm: &BTreeMap::new(),
            mode,
            target: &configuration.standby,
            source: &configuration.home,
            epoch: Epoch(epoch),
            next_epoch: Epoch(epoch + 1),
            active: &configuration.home,
            liveness: liveness::Verdict::Serving,
            readiness: readiness::Verdict::Ready,
            backup: None,
            target_tasks: &none,
            source_tasks: Some(&two),
            capacity: &two,
        })
    }

    fn words(mode: Mode) -> String {
        with(mode, 0, |facts| {
            serde_json::to_string(&plan(facts)).unwrap()
        })
    }

    #[test]
    fn every_mode_says_its_effects_with_what_is_before_and_what_after() {
        for (mode, word) in [
            (Mode::Planned, "final backup"),
            (Mode::Unplanned, "half a minute"),
            (Mode::Drill, "tear everything down"),
        ] {
            assert!(words(mode).contains(word), "{mode:?}");
        }
        let scaled = with(Mode::Planned, 0, plan).effects;
        let up = scaled.iter().find(|e| e.what == "scale up").unwrap();
        assert_eq!((up.before.as_str(), up.after.as_str()), ("none", "users 2"));
    }

    #[test]
    fn a_gate_is_closed_instead_of_stopping_its_service_which_reads_on_until_traffic_has_moved() {
        let both = [("posts".to_owned(), 2), ("users".to_owned(), 2)].into();
        for (gated, stopped) in [
            (
                vec!["posts"],
                vec!["users 2 -> none", "posts open -> posts closed"],
            ),
            (
                vec!["posts", "users"],
                vec!["posts open, users open -> posts closed, users closed"],
            ),
            (vec![], vec!["posts 2, users 2 -> none"]),
        ] {
            let gated: BTreeSet<String> = gated.into_iter().map(str::to_owned).collect();
            let plan = with(Mode::Planned, 0, |facts| {
                plan(&Facts {
                    source_tasks: Some(&both),
                    gated: &gated,
                    ..facts.clone()
                })
            });
            let at = |what: &str| {
                let mut effects = plan.effects.iter();
                effects.position(|e| e.what.contains(what)).unwrap()
            };
            let said = plan.effects[2..at("final backup")].iter();
            let said: Vec<_> = said
                .map(|e| format!("{} -> {}", e.before, e.after))
                .collect();
            assert_eq!(said, stopped);
            assert_eq!(at("fence") > at("move traffic"), !gated.is_empty());
        }
    }

    #[test]
    fn what_running_tasks_take_is_imported_before_the_smoke_test_and_in_a_drill_it_is_not() {
        let users = BTreeSet::from(["users".to_owned()]);
        for (mode, says) in [
            (Mode::Planned, "have users import"),
            (Mode::Unplanned, "have users import"),
            (Mode::Drill, "import nothing"),
        ] {
            let plan = with(mode, 0, |facts| {
                plan(&Facts {
                    importing: &users,
                    ..facts.clone()
                })
            });
            let at = |what: &str| {
                let mut effects = plan.effects.iter();
                effects.position(|e| e.what.contains(what)).unwrap()
            };
            assert!(at("scale up") < at(says) && at(says) < at("smoke-test"));
        }
    }

    #[test]
    fn a_drill_says_nothing_of_the_source_and_of_traffic() {
        let drill = with(Mode::Drill, 0, |facts| plan(facts).effects);
        assert!(drill.iter().all(|e| e.region.as_str() == "us-west-2"));
        assert!(!words(Mode::Drill).contains("traffic"));
    }

    #[test]
    fn warm_tasks_stay_up_before_and_after_whatever_is_done_and_without_any_the_digest_is_what_it_was()
     {
        let warm: BTreeMap<String, u32> = [("pages".to_owned(), 1)].into();
        let plan = with(Mode::Drill, 0, |facts| {
            plan(&Facts {
                warm: &warm,
                ..facts.clone()
            })
        });
        let of = |what: &str| plan.effects.iter().find(|e| e.what == what).unwrap();
        let seen = of("see that no task runs but the warm ones");
        assert_eq!(seen.after, "pages 1");
        assert_eq!(of("scale up").before, "pages 1");
        assert_eq!(of("tear everything down").after, "pages 1");
        assert_ne!(plan.digest, with(Mode::Drill, 0, digest));
        let plain = with(Mode::Drill, 0, |facts| {
            serde_json::to_string(facts).unwrap()
        });
        assert!(!plain.contains("warm"), "{plain}");
    }

    #[test]
    fn the_same_facts_have_the_same_digest_and_others_another() {
        let of = |mode, epoch| with(mode, epoch, digest);
        assert_eq!(of(Mode::Planned, 0), of(Mode::Planned, 0));
        assert_ne!(of(Mode::Planned, 0), of(Mode::Planned, 2));
        assert_ne!(of(Mode::Planned, 0), of(Mode::Unplanned, 0));
        assert_eq!(of(Mode::Planned, 0).len(), 16);
    }

    #[test]
    fn a_plan_that_no_longer_holds_says_so() {
        let (old, now) = (
            with(Mode::Planned, 0, digest),
            with(Mode::Planned, 2, digest),
        );
        assert!(with(Mode::Planned, 0, |facts| holds(facts, &old)).is_ok());
        let said = with(Mode::Planned, 2, |facts| holds(facts, &old)).unwrap_err();
        assert!(said.contains(&old) && said.contains(&now), "{said}");
    }
}
