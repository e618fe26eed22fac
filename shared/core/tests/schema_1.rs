//! What schema 1 has written is read, by this version and by every one that says it reads schema 1. The samples stay as they are.
#![allow(clippy::unwrap_used)]

use lifeboat_core::{
    Configuration, RegionState,
    backup::{Damages, Proof, follow::Followed, prune::Condemned},
    image::Record,
    probe::ProbeReport,
    report::{Drilled, Report, ledger::Ledger},
    run::Run,
    stored::assert_reads,
    told::Told,
};

#[test]
fn what_terraform_tells_the_functions_is_read() {
    let configuration: Configuration = assert_reads(Configuration::KEY);
    configuration.validate().unwrap();
}

#[test]
fn what_a_region_knows_for_certain_is_read() {
    let state: RegionState = assert_reads("state.json");
    let lease = state.lease.unwrap();
    assert!(lease.hold.is_some() && state.fence.is_some());
}

#[test]
fn what_a_probe_saw_is_read() {
    assert_reads::<ProbeReport>(ProbeReport::KEY);
}

#[test]
fn what_an_execution_carries_from_step_to_step_is_read() {
    let run: Run = assert_reads("run.json");
    run.validate(&run.target).unwrap();
}

#[test]
fn reports_and_their_ledger_are_read_and_the_chain_holds() {
    assert_reads::<Report>("report.json");
    let ledger: Ledger = assert_reads("ledger.json");
    assert_eq!(
        ledger.head(),
        "dae1884c981a9614ac373f564ad3abe23d397fa74ffcadfb3225b93f10ae09a1",
        "the hash of an entry is what it was"
    );
}

#[test]
fn what_was_found_of_images_and_backups_is_read() {
    assert_reads::<Record>(Record::KEY);
    assert_reads::<Followed>(Followed::KEY);
    assert_reads::<Damages>(Damages::KEY);
    assert_reads::<Proof>(Proof::KEY);
    assert_reads::<Condemned>("prune.json");
}

#[test]
fn what_is_remembered_of_drills_and_notices_is_read() {
    assert_reads::<Drilled>(Drilled::KEY);
    assert_reads::<Told>(Told::KEY);
}
