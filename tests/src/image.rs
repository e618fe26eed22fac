//! The services' images: one static binary each, built here, pushed to the home region's registry for each service.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use crate::cloud::{APPLICATION, LocalCloud};
use crate::{Context, Result, shell, wait, workspace};

/// The processor architecture of this machine, in AWS's words.
pub const ARCHITECTURE: &str = if cfg!(target_arch = "aarch64") {
    "arm64"
} else {
    "x86_64"
};
const TARGET: &str = if cfg!(target_arch = "aarch64") {
    "aarch64-unknown-linux-gnu"
} else {
    "x86_64-unknown-linux-gnu"
};
const TAG: &str = "stable";
/// How long Terraform may take to create the repositories.
const REPOSITORY: Duration = Duration::from_secs(300);

/// What an image runs: the forum, or a service that only makes their number larger.
#[derive(Clone, Copy, Debug)]
pub enum Program {
    Forum,
    Extra,
}

impl Program {
    fn name(self) -> &'static str {
        match self {
            Self::Forum => "forum",
            Self::Extra => "extra",
        }
    }
}

impl LocalCloud {
    /// Builds a program; its folder holds what Docker needs and nothing else.
    pub async fn build_image(&self, program: Program) -> Result<PathBuf> {
        let mut build = shell::command("cargo");
        build.current_dir(workspace()).args([
            "build",
            "--locked",
            "--package",
            "forum",
            "--bin",
            program.name(),
            "--target",
            TARGET,
        ]);
        build
            .env("RUSTFLAGS", "-C target-feature=+crt-static")
            .env_remove("CARGO_ENCODED_RUSTFLAGS");
        shell::run_logged(&mut build, &self.run.file("build-forum.log")).await?;
        let folder = self.run.folder(&format!("image/{}", program.name()))?;
        let built = target_folder().join(TARGET).join("debug");
        // The Dockerfile knows one program.
        for (source, name) in [
            (built.join(program.name()), "forum"),
            (workspace().join("examples/forum/Dockerfile"), "Dockerfile"),
        ] {
            std::fs::copy(&source, folder.join(name))
                .context(|| format!("copy {}", source.display()))?;
        }
        Ok(folder)
    }

    /// Pushes an image of the service to a region's registry, as soon as the repository is there; answers its digest.
    ///
    /// Images of different services or versions differ in their label, hence in their digest.
    pub async fn push_image(
        &self,
        folder: &std::path::Path,
        region: &str,
        service: &str,
        version: &str,
    ) -> Result<String> {
        let registry = self
            .addresses
            .registries
            .get(region)
            .context(|| format!("no registry in {region}"))?;
        let repository = format!("{APPLICATION}/{service}");
        let image = format!("{registry}/{repository}:{TAG}");
        let mut build = shell::command("docker");
        build
            .env("DOCKER_BUILDKIT", "0")
            .args(["build", "--quiet", "--tag", &image]);
        build.args([
            "--label",
            &format!("service={service}"),
            "--label",
            &format!("version={version}"),
        ]);
        shell::run(build.arg(folder)).await?;

        let what = format!("the repository {repository} in {region}");
        let ask = json!({ "repositoryNames": [repository] });
        let target = "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories";
        wait::until(
            &what,
            REPOSITORY,
            async || self.aws.json(region, "ecr", target, &ask).await,
            |_| {},
        )
        .await?;
        shell::run(shell::command("docker").args(["push", "--quiet", &image])).await?;
        self.digest(region, service, TAG).await
    }

    /// The digest that a tag names in a region's registry.
    pub async fn digest(&self, region: &str, service: &str, tag: &str) -> Result<String> {
        let repository = format!("{APPLICATION}/{service}");
        let ask = json!({ "repositoryName": repository, "imageIds": [{ "imageTag": tag }] });
        let target = "AmazonEC2ContainerRegistry_V20150921.DescribeImages";
        let answer = self.aws.json(region, "ecr", target, &ask).await?;
        let digest = answer["imageDetails"][0]["imageDigest"]
            .as_str()
            .map(str::to_owned);
        digest.context(|| format!("{repository}:{tag} in {region} has no digest: {}", answer))
    }
}

/// Where cargo puts what it builds.
pub fn target_folder() -> PathBuf {
    let named = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    named.map_or_else(
        || workspace().join("target"),
        |folder| workspace().join(folder),
    )
}
