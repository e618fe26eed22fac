//! Backups in words.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lifeboat_backup::{Created, Effects, Outcome, Preview};
use lifeboat_core::{
    Region,
    backup::{
        BackupKey, Content, FilePath, Manifest, Proof, Readable, Restored, Verified, keep::KeptCopy,
    },
};

use crate::{
    paint,
    words::{count, length, size, table},
};

pub(super) fn outcome(outcome: &Outcome, region: &Region, now: Timestamp) -> String {
    match outcome {
        Outcome::Created(made) => created(made, region),
        Outcome::Listed {
            backups,
            kept,
            notes,
        } => listed(backups, kept, notes, region, now),
        Outcome::Restored { restored: done, .. } => restored(done, region),
        other => format!("{other:?}"),
    }
}

fn created(made: &Created, region: &Region) -> String {
    let files = count(made.files, "file");
    let mut lines = vec![format!(
        "{} stands in {region}: {files}, {}; {} went to the bucket.",
        made.backup.name,
        size(made.bytes),
        size(made.sent)
    )];
    lines.extend(
        made.warnings
            .iter()
            .map(|warning| paint::doubt(&format!("warning: {warning}"))),
    );
    lines.join("\n")
}

fn listed(
    backups: &[BackupKey],
    kept: &[KeptCopy],
    notes: &[String],
    region: &Region,
    now: Timestamp,
) -> String {
    let mut rows = vec![
        ["backup", "age", "epoch", "taken in", ""]
            .map(str::to_owned)
            .to_vec(),
    ];
    let row = |key: &BackupKey, more: String| {
        let age = length(now.as_second() - key.name.at.as_second());
        vec![
            key.name.to_string(),
            age,
            key.epoch.to_string(),
            key.region.to_string(),
            more,
        ]
    };
    rows.extend(backups.iter().map(|key| row(key, String::new())));
    rows.extend(kept.iter().map(|copy| {
        let more = format!(
            "a copy kept longer, {}{}",
            size(copy.bytes),
            readable(copy.readable)
        );
        row(&copy.backup, more)
    }));
    let mut lines = match rows.len() {
        1 => vec![format!("There is no backup in {region} yet.")],
        _ => table(&rows),
    };
    lines.extend(notes.iter().cloned());
    lines.join("\n")
}

fn readable(readable: Readable) -> String {
    match readable {
        Readable::AtOnce => String::new(),
        Readable::Until { moment } => format!(", can be read until {moment}"),
        Readable::Coming { archive } => format!(", asked back, which takes {}", archive.takes()),
        Readable::Archived { archive } => {
            format!(", in an archive: asked back it takes {}", archive.takes())
        }
    }
}

pub(super) fn manifest(manifest: &Manifest, now: Timestamp) -> String {
    let BackupKey {
        epoch,
        name,
        region,
    } = &manifest.backup;
    let age = length(now.as_second() - name.at.as_second());
    let took = length(manifest.finished.duration_since(manifest.started).as_secs());
    let packed: u64 = manifest.packs.iter().map(|pack| pack.bytes).sum();
    let mut lines = vec![
        format!("{name}, taken in {region} at epoch {epoch}, {age} ago, within {took}."),
        format!(
            "It needs {} of {} in all.",
            count(manifest.packs.len() as u64, "pack"),
            size(packed)
        ),
    ];
    let rows = manifest.services.iter().map(|(service, files)| {
        let bytes = files.values().map(|file| file.bytes).sum();
        vec![
            format!("  {service}"),
            count(files.len() as u64, "file"),
            size(bytes),
        ]
    });
    lines.extend(table(&rows.collect::<Vec<_>>()));
    lines.extend(
        manifest
            .previous
            .iter()
            .map(|previous| format!("Before it came {}.", previous.backup.name)),
    );
    lines.extend(
        manifest
            .warnings
            .iter()
            .map(|warning| paint::doubt(&format!("warning: {warning}"))),
    );
    lines.join("\n")
}

pub(super) fn verified(verified: &Verified) -> String {
    let took = length(verified.finished.duration_since(verified.started).as_secs());
    let name = verified.backup.name;
    let chain = &verified.chain;
    let mut lines = vec![paint::good(&format!(
        "{name} is what it was: {} in {} read back within {took}.",
        size(verified.bytes),
        count(verified.packs, "pack")
    ))];
    lines.push(format!(
        "It and those before it: {} as their successors say.",
        chain.holds
    ));
    lines.extend(
        chain
            .broken
            .iter()
            .map(|why| paint::bad(&format!("broken: {why}"))),
    );
    lines.extend(
        chain
            .unclear
            .iter()
            .map(|why| paint::doubt(&format!("cannot tell: {why}"))),
    );
    lines.join("\n")
}

pub(super) fn proof(proof: &Proof, region: &Region) -> String {
    let backup = proof.backup.as_ref();
    let backup = backup.map_or("no backup".to_owned(), |key| key.name.to_string());
    match &proof.failed {
        None => paint::good(&format!(
            "{backup} can be restored in {region}: {} within {}.",
            size(proof.bytes),
            length(proof.seconds)
        )),
        Some(why) => paint::bad(&format!("{backup} could not be proved in {region}: {why}")),
    }
}

/// So many paths are named of each kind; all of them are in the document.
const SHOWN: usize = 5;

pub(super) fn preview(preview: &Preview, region: &Region, now: Timestamp) -> String {
    let key = &preview.backup;
    let age = length(now.as_second() - key.name.at.as_second());
    let mut lines = vec![format!(
        "Restoring {}, {age} old, in {region} would fetch {} and do this:",
        key.name,
        size(preview.fetched_bytes)
    )];
    for (service, effects) in &preview.services {
        lines.push(format!("  {service}: {}", counted(effects)));
        for (word, paths) in [
            ("put", &effects.put),
            ("replaced", &effects.replaced),
            ("removed", &effects.removed),
        ] {
            lines.extend(named(word, paths));
        }
    }
    if preview.unlisted > 0 {
        lines.push(format!(
            "  and {} that do not fit into an answer",
            count(preview.unlisted, "more path")
        ));
    }
    lines.push("What is replaced or removed is kept as a backup of its own.".into());
    lines.extend(
        preview
            .refused
            .iter()
            .map(|why| paint::bad(&format!("It would be refused: {why}"))),
    );
    lines.join("\n")
}

fn counted(effects: &Effects) -> String {
    format!(
        "{} put, {} replaced, {} removed, {} unchanged",
        effects.put.len(),
        effects.replaced.len(),
        effects.removed.len(),
        effects.unchanged
    )
}

fn named(word: &str, paths: &[FilePath]) -> Vec<String> {
    let mut lines: Vec<String> = paths
        .iter()
        .take(SHOWN)
        .map(|path| format!("    {word:<8} {path}"))
        .collect();
    if paths.len() > SHOWN {
        lines.push(format!("    {word:<8} and {} more", paths.len() - SHOWN));
    }
    lines
}

fn restored(done: &Restored, region: &Region) -> String {
    let took = length(done.finished.duration_since(done.started).as_secs());
    let mut lines = vec![format!(
        "{} is in place in {region}, within {took}:",
        done.backup.name
    )];
    lines.extend(table(&contents(&done.services)));
    if !done.to_import.is_empty() {
        lines.push("Only running tasks can take these, and are still to be given them:".into());
        lines.extend(table(&contents(&done.to_import)));
    }
    lines.join("\n")
}

fn contents(services: &BTreeMap<String, Content>) -> Vec<Vec<String>> {
    let rows = services.iter().map(|(service, content)| {
        vec![
            format!("  {service}"),
            count(content.files, "file"),
            size(content.bytes),
        ]
    });
    rows.collect()
}
