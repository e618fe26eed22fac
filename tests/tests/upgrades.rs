//! What earlier versions have left in their states: an upgrade keeps all of it. In a process of its own, because a local cloud that
//! ends takes with it whatever its process has started, the Terraform of other tests too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use http::Method;
use lifeboat_tests::cloud::{LocalCloud, Protected, REGIONS};
use lifeboat_tests::terraform::{Change, HOME, INFRA, JOIN, STANDBY, Terraform};
use lifeboat_tests::workspace;
use serde_json::{Value, json};

/// The settings with which all were made, and a folder for each version with the state of each root.
const STATES: &str = "tests/samples/states";
const ROOTS: [&str; 3] = [HOME, STANDBY, JOIN];

/// What an upgrade takes away or makes anew by design: the address, and the reason.
const GIVEN_UP: [(&str, &str); 0] = [];

/// A longer text is one that is changed in place (the workflow, the dashboard, a policy), and is left out of a state.
const LONGEST: usize = 1000;

#[tokio::test]
async fn an_upgrade_keeps_what_an_earlier_version_made_and_every_move_leads_somewhere() {
    let (cloud, terraform) = as_aws().await;
    load_balancers(&cloud).await;
    let (mut lost, mut moved) = (BTreeSet::new(), BTreeSet::new());
    for version in versions() {
        let plans = terraform.plans_from(&version).await.unwrap();
        for (root, plan) in ROOTS.iter().zip(plans) {
            let state = version.join(format!("{root}.json"));
            let was = resources(&state);
            let known = plan.iter().filter(|change| change.actions != ["create"]);
            let known: BTreeSet<String> = known.map(|change| before(change).to_owned()).collect();
            assert!(was.len() > 10, "{}", state.display());
            assert_eq!(known, was, "{}", state.display());
            for change in plan {
                let actions: Vec<&str> = change.actions.iter().map(String::as_str).collect();
                if !matches!(actions[..], ["no-op" | "update" | "create"]) {
                    lost.insert(change.address.clone());
                }
                moved.extend(change.moved_from.map(|from| (from, change.address)));
            }
        }
    }
    let given_up = GIVEN_UP.map(|(address, _)| address.to_owned());
    assert_eq!(
        lost,
        BTreeSet::from(given_up),
        "left is what an upgrade would destroy or make anew, right what GIVEN_UP says: move it, or name it with its reason"
    );
    let moves = moves(&workspace().join(INFRA));
    assert!(moves.len() > 10, "{moves:?}");
    for (from, to) in moves {
        let mut along = moved.iter();
        let along = along.any(|(was, is)| leads_through(was, &from) && leads_through(is, &to));
        assert!(along, "nothing in {STATES} moves from {from} to {to}");
    }
    cloud.end().await.unwrap();
}

/// Where it is in the state.
fn before(change: &Change) -> &str {
    change.moved_from.as_ref().unwrap_or(&change.address)
}

/// Whether an address is what a `moved` block names, or lies in it.
fn leads_through(address: &str, named: &str) -> bool {
    let [address, named] = [address, named].map(|path| format!(".{path}.").replace('[', ".["));
    address.contains(&named)
}

/// The addresses of what a state holds.
fn resources(state: &Path) -> BTreeSet<String> {
    let state = read(state);
    let resources = state["resources"].as_array().unwrap().iter();
    let addresses = resources.flat_map(|resource| {
        let named = ["module", "type", "name"].map(|part| resource[part].as_str());
        let address = named.into_iter().flatten().collect::<Vec<_>>().join(".");
        let instances = resource["instances"].as_array().unwrap().iter();
        instances.map(move |instance| match &instance["index_key"] {
            Value::Null => address.clone(),
            key => format!("{address}[{key}]"),
        })
    });
    addresses.collect()
}

fn read(file: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// From where to where, of each `moved` block.
fn moves(folder: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder).unwrap();
    let found = entries.flat_map(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return moves(&path);
        }
        if path.extension().is_none_or(|ending| ending != "tf") {
            return vec![];
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let blocks = text.split("\nmoved {").skip(1);
        let value = |block: &str, name: &str| {
            let mut lines = block.lines().filter_map(|line| line.split_once('='));
            let (_, value) = lines.find(|(word, _)| word.trim() == name).unwrap();
            value.trim().to_owned()
        };
        blocks
            .map(|block| (value(block, "from"), value(block, "to")))
            .collect()
    });
    found.collect()
}

fn versions() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(workspace().join(STATES)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.is_dir()).collect()
}

/// The roots, told of no local cloud.
async fn as_aws() -> (LocalCloud, Terraform) {
    let told_by_settings = Protected {
        services: vec![],
        warm: vec![],
        minimum: 0,
    };
    let cloud = LocalCloud::without_tasks(told_by_settings, false);
    let cloud = cloud.await.unwrap();
    let terraform = cloud.as_aws().unwrap();
    let mut settings = read(&workspace().join(STATES).join("settings.json"));
    settings["functions_directory"] = json!(cloud.no_functions().await.unwrap());
    let settings = settings.as_object().unwrap();
    terraform.tell(settings.clone()).unwrap();
    (cloud, terraform)
}

/// What join asks for besides its state.
async fn load_balancers(cloud: &LocalCloud) {
    for region in REGIONS {
        let make = format!("/?Action=CreateLoadBalancer&Version=2015-12-01&Name=forum-{region}");
        let service = "elasticloadbalancing";
        let made = cloud.aws.rest(region, service, Method::POST, &make, "");
        made.await.unwrap();
    }
}

#[tokio::test]
#[ignore = "writes what later versions are planned from, once for each release"]
async fn the_states_of_this_version_are_written() {
    let (cloud, terraform) = as_aws().await;
    terraform.apply().await.unwrap();
    let folder = workspace().join(STATES).join(env!("CARGO_PKG_VERSION"));
    std::fs::create_dir_all(&folder).unwrap();
    for root in ROOTS {
        let state = std::fs::read_to_string(terraform.state(root)).unwrap();
        let state = state.replace(&cloud.folder().display().to_string(), ".");
        let state = reduced(&serde_json::from_str(&state).unwrap());
        std::fs::write(folder.join(format!("{root}.json")), state).unwrap();
    }
    cloud.end().await.unwrap();
}

/// What a plan needs of a state, each resource in a line of its own. Terraform takes what is missing for null.
fn reduced(state: &Value) -> String {
    let resources = state["resources"].as_array().unwrap().iter();
    let managed = resources.filter(|resource| resource["mode"] == "managed");
    let lines: Vec<String> = managed
        .map(|resource| resource_reduced(resource.clone()).to_string())
        .collect();
    let [version, lineage] = ["version", "lineage"].map(|word| &state[word]);
    let head = format!(r#"{{"version":{version},"lineage":{lineage},"serial":1"#);
    format!("{head},\"resources\":[\n{}\n]}}\n", lines.join(",\n"))
}

fn resource_reduced(mut resource: Value) -> Value {
    for instance in resource["instances"].as_array_mut().unwrap() {
        let parts = instance.as_object_mut().unwrap();
        parts.retain(|part, _| ["index_key", "schema_version", "attributes"].contains(&&**part));
        let attributes = parts["attributes"].as_object_mut().unwrap();
        let long = |value: &Value| value.as_str().is_some_and(|text| text.len() > LONGEST);
        attributes.retain(|_, value| !value.is_null() && !long(value));
    }
    resource
}
