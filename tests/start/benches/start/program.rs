//! The functions as they are deployed, and their peers.

use std::{
    path::{Path, PathBuf},
    process::{Command as Build, Stdio},
};

use lifeboat_tests::{functions::FUNCTIONS, image::target_folder, workspace};
use tokio::process::Command;

use crate::{Cloud, Quota};

pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) rounds: usize,
    /// What is started: an executable, or an interpreter with its script.
    words: Vec<PathBuf>,
    environment: Vec<(&'static str, String)>,
}

impl Program {
    /// Lifeboat's four, then the default build, then Python.
    pub(crate) fn all(cloud: &Cloud) -> Vec<Self> {
        let bins = FUNCTIONS.iter().flat_map(|function| ["--bin", function]);
        let deployed = ["--config", "functions/release.toml"].into_iter();
        build(&deployed.chain(bins).collect::<Vec<_>>(), &target_folder());
        let (manifest, apart) = (
            "tests/start/default/Cargo.toml",
            target_folder().join("start"),
        );
        build(&["--manifest-path", manifest], &apart);
        let venv = Build::new(workspace().join("tests/venv"))
            .args(["boto3", "tests/start/python/requirements.txt"])
            .current_dir(workspace())
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(venv.status.success());
        let venv = PathBuf::from(String::from_utf8(venv.stdout).unwrap().trim());
        let release = |folder: &Path, name: &str| folder.join("release").join(name);
        let functions = FUNCTIONS.map(|function| Self {
            name: function,
            rounds: 15,
            words: vec![release(&target_folder(), function)],
            environment: vec![
                ("SSL_CERT_FILE", cloud.certificates("amazons")),
                // As Terraform sets them.
                ("RUST_LOG", "info".into()),
                ("MALLOC_ARENA_MAX", "1".into()),
                ("MALLOC_MMAP_THRESHOLD_", "4194304".into()),
            ],
        });
        let default = Self {
            name: "default build",
            rounds: 15,
            words: vec![release(&apart, "default")],
            environment: vec![("SSL_CERT_FILE", cloud.certificates("systems"))],
        };
        let script = workspace().join("tests/start/python/function.py");
        let python = Self {
            name: "Python, boto3",
            rounds: 5,
            words: vec![venv.join("python"), script],
            environment: vec![("AWS_CA_BUNDLE", cloud.certificates("systems"))],
        };
        let all = functions.into_iter().chain([default, python]);
        all.map(|mut program| {
            program.environment.extend([
                ("AWS_ACCESS_KEY_ID", "test".into()),
                ("AWS_SECRET_ACCESS_KEY", "test".into()),
                ("AWS_REGION", "us-west-2".into()),
                ("AWS_DEFAULT_REGION", "us-west-2".into()),
                ("AWS_ENDPOINT_URL", cloud.endpoint.clone()),
                ("AWS_LAMBDA_FUNCTION_NAME", "function".into()),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128".into()),
                ("AWS_LAMBDA_FUNCTION_VERSION", "1".into()),
                ("AWS_LAMBDA_LOG_GROUP_NAME", "group".into()),
                ("AWS_LAMBDA_LOG_STREAM_NAME", "stream".into()),
                ("CONTROL_BUCKET", "control".into()),
                ("CONFIGURATION_KEY", "configuration.json".into()),
            ]);
            program
        })
        .collect()
    }

    pub(crate) fn command(&self, quota: Option<&Quota>) -> Command {
        let mut command = match quota {
            None => Command::new(&self.words[0]),
            Some(quota) => {
                let mut shell = Command::new("sh");
                // The shell takes its share last, and becomes the program.
                shell.args(["-c", r#"echo $$ > "$0" && exec "$@""#]);
                shell.arg(quota.door()).arg(&self.words[0]);
                shell
            }
        };
        command.args(&self.words[1..]).env_clear();
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Of what is uploaded, as it is and as deflate makes it, in MB; an interpreter and its packages are not.
    pub(crate) fn size(&self) -> (f64, f64) {
        let uploaded = self.words.last().unwrap();
        let zipped = Build::new("gzip")
            .args(["-9", "--stdout"])
            .arg(uploaded)
            .output();
        let binary = std::fs::metadata(uploaded).unwrap().len();
        (
            binary as f64 / 1e6,
            zipped.unwrap().stdout.len() as f64 / 1e6,
        )
    }
}

/// As it is released.
fn build(what: &[&str], target: &Path) {
    let built = Build::new("cargo")
        .args(["build", "--quiet", "--release", "--locked"])
        .args(what)
        .env("CARGO_TARGET_DIR", target)
        .current_dir(workspace())
        .status();
    assert!(built.unwrap().success(), "{what:?}");
}
