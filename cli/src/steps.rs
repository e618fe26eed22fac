//! The workflow's states in the order of each mode, so that a bar can say how far an execution has come.

use lifeboat_core::request::Mode;

const PLAN: [&str; 1] = ["Begin"];

const DRILL: [&str; 13] = [
    "Begin",
    "Lease",
    "Images",
    "Last backup",
    "Quiesce",
    "Restore",
    "Compare",
    "Scale up",
    "Await healthy",
    "Smoke test",
    "Tear down",
    "Report",
    "Release",
];

const PLANNED: [&str; 20] = [
    "Begin",
    "Lease",
    "Images",
    "Approve",
    "Stop source",
    "Final backup",
    "Await replica",
    "Quiesce",
    "Restore",
    "Compare",
    "Scale up",
    "Await healthy",
    "Import",
    "Smoke test",
    "Fence source",
    "Move traffic",
    "Prove traffic",
    "Commit",
    "Report",
    "Release",
];

const UNPLANNED: [&str; 18] = [
    "Begin",
    "Lease",
    "Images",
    "Last backup",
    "Quiesce",
    "Restore",
    "Compare",
    "Scale up",
    "Await healthy",
    "Import",
    "Smoke test",
    "Approve",
    "Fence source",
    "Move traffic",
    "Prove traffic",
    "Commit",
    "Report",
    "Release",
];

pub fn steps(mode: Mode) -> &'static [&'static str] {
    match mode {
        Mode::Plan => &PLAN,
        Mode::Drill => &DRILL,
        Mode::Planned => &PLANNED,
        Mode::Unplanned => &UNPLANNED,
    }
}

const WIDTH: usize = 20;

/// How many steps are behind; nothing for a state that belongs to no way of this mode.
pub fn bar(mode: Mode, state: &str) -> Option<String> {
    let steps = steps(mode);
    let done = steps.iter().position(|step| *step == state)?;
    let full = WIDTH * done / steps.len();
    Some(format!(
        "[{}{}] step {} of {}",
        "#".repeat(full),
        "-".repeat(WIDTH - full),
        done + 1,
        steps.len()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    const MODES: [Mode; 4] = [Mode::Plan, Mode::Drill, Mode::Planned, Mode::Unplanned];

    #[test]
    fn every_step_is_a_state_of_the_workflow_and_every_state_of_its_way_a_step_of_some_mode() {
        let text = include_str!("../../infra/modules/failover/workflow.asl.json");
        let workflow: Value = serde_json::from_str(text).unwrap();
        let states = workflow["States"].as_object().unwrap();
        let tasks: Vec<&str> = states
            .iter()
            .filter(|(_, state)| state["Type"] == "Task")
            .map(|(name, _)| name.as_str())
            .collect();
        let all: Vec<&str> = MODES
            .into_iter()
            .flat_map(|mode| steps(mode).to_vec())
            .collect();
        for step in &all {
            assert!(tasks.contains(step), "{step} is no state of the workflow");
        }
        let beside = ["Hold", "Undo", "Failed", "Not undone"];
        for task in tasks {
            assert!(
                beside.contains(&task) || all.contains(&task),
                "{task} is no step"
            );
        }
    }

    #[test]
    fn a_bar_grows_with_each_step_and_a_state_beside_the_way_has_none() {
        assert_eq!(
            bar(Mode::Drill, "Begin").unwrap(),
            "[--------------------] step 1 of 13"
        );
        assert_eq!(
            bar(Mode::Drill, "Scale up").unwrap(),
            "[##########----------] step 8 of 13"
        );
        assert_eq!(bar(Mode::Drill, "Undo"), None);
        for mode in MODES {
            let bars: Vec<_> = steps(mode)
                .iter()
                .map(|step| bar(mode, step).unwrap())
                .collect();
            let full = |bar: &String| bar.matches('#').count();
            assert!(bars.is_sorted_by_key(full), "{bars:?}");
        }
    }
}
