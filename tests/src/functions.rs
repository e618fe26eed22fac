//! The functions' packages: what Lambda gets of each, a zip with one executable named `bootstrap`.

use std::path::{Path, PathBuf};

use crate::cloud::LocalCloud;
use crate::{Context, Result, image, shell, tools, workspace};

pub const FUNCTIONS: [&str; 4] = ["backup", "image-sync", "health-probe", "failover"];
const ZIP: &str = "import sys, zipfile
with zipfile.ZipFile(sys.argv[2], 'w', zipfile.ZIP_DEFLATED, compresslevel=1) as package:
    entry = zipfile.ZipInfo('bootstrap')
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o755 << 16
    with open(sys.argv[1], 'rb') as binary:
        package.writestr(entry, binary.read())";

impl LocalCloud {
    /// Builds the whole workspace at once, and with its tests, so that nothing is built twice with other features.
    pub async fn build(&self) -> Result<()> {
        let mut build = shell::command("cargo");
        build.current_dir(workspace());
        build.args(["build", "--locked", "--workspace", "--bins", "--tests"]);
        shell::run_logged(&mut build, &self.run.file("build.log")).await
    }

    /// Packs all four functions; answers the folder that Terraform is told.
    pub async fn pack_functions(&self) -> Result<PathBuf> {
        self.packages_of(built).await
    }

    /// As `pack_functions`, of what nobody can invoke.
    pub async fn no_functions(&self) -> Result<PathBuf> {
        self.packages_of(|_| workspace().join("README.md")).await
    }

    async fn packages_of(&self, program: impl Fn(&str) -> PathBuf) -> Result<PathBuf> {
        let folder = self.run.folder("functions")?;
        for function in FUNCTIONS {
            let package = folder.join(format!("{function}.zip"));
            pack(&program(function), &package).await?;
        }
        Ok(folder)
    }
}

/// A program of the workspace, once it is built.
pub fn built(program: &str) -> PathBuf {
    image::target_folder().join("debug").join(program)
}

/// With Python of the emulator, which is installed with it.
pub async fn pack(binary: &Path, package: &Path) -> Result<()> {
    let python = tools::local_folder().join("tools/python/bin/python");
    let mut zip = shell::command(python);
    zip.args(["-c", ZIP]).arg(binary).arg(package);
    shell::run(&mut zip)
        .await
        .context(|| format!("pack {}", binary.display()))
        .map(drop)
}
