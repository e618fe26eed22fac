//! What executions left: listed, shown, and compared with the ledgers that chain them.

mod read;
mod render;
#[cfg(test)]
mod tests;

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use lifeboat_aws::{Objects, reports};
use lifeboat_core::{Region, report::Report, run::name_of};

use crate::Trouble;

pub use read::{Archive, Judged, Listed};
pub use render::{judged, listed};

/// The report that is meant: the one of that name, or the newest.
pub async fn chosen<B: Objects>(
    archive: &Archive<B>,
    name: Option<&str>,
) -> Result<(Region, Report), Trouble> {
    let all = archive.list().await?;
    let wanted = match name {
        Some(name) => {
            let name = name_of(name);
            all.iter().find(|listed| listed.name == name)
        }
        None => all.first(),
    };
    let Some(Listed { region, name, .. }) = wanted else {
        return Err(Trouble::BadInput(match name {
            Some(name) => format!(
                "no report is named {name:?} in {}. `lifeboat report list` shows those that there are",
                archive.place()
            ),
            None => format!(
                "there is no report in {} yet: no execution has ended",
                archive.place()
            ),
        }));
    };
    let report = reports::read(archive.bucket(), region, name).await?;
    let report = report.ok_or_else(|| {
        Trouble::Failed(format!(
            "the ledger of {region} names {name}, and its report is gone from {}. `lifeboat report verify` says what else is wrong",
            archive.place()
        ))
    })?;
    Ok((region.clone(), report))
}

/// Writes the page to a file; where it is.
pub async fn save<B: Objects>(
    archive: &Archive<B>,
    region: &Region,
    name: &str,
    file: Option<&Path>,
) -> Result<PathBuf, Trouble> {
    let page = archive.page(region, name).await?;
    let file = match file {
        Some(file) => file.to_owned(),
        None => std::env::temp_dir().join(format!("{}.html", name_of(name))),
    };
    let failed = |why: std::io::Error| {
        Trouble::Failed(format!("write the report to {}: {why}", file.display()))
    };
    let mut open = std::fs::File::create(&file).map_err(failed)?;
    open.write_all(&page).map_err(failed)?;
    Ok(file)
}
