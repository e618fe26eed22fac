//! What the local cloud needs of Python, installed once into the project's ignored folder.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{Context, Result, shell, workspace};

const REQUIREMENTS: &str = include_str!("../local-cloud/requirements.txt");
const PYTHONS: [&str; 5] = [
    "python3",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
];

/// Everything that the project makes on this machine, and git ignores.
pub fn local_folder() -> PathBuf {
    workspace().join(".local")
}

/// A Python that has the emulator and what it needs; installs them first where they are missing or of other versions.
pub async fn emulators_python() -> Result<PathBuf> {
    let tools = local_folder().join("tools");
    std::fs::create_dir_all(&tools).context(|| format!("create {}", tools.display()))?;
    let venv = tools.join("python");
    let own_python = venv.join("bin/python");
    let stamp = venv.join("installed");

    let _only_one = lock(tools.join("lock")).await?;
    if still_serves(&own_python, &stamp).await {
        return Ok(own_python);
    }
    let python = python().await?;
    let log = tools.join("install.log");
    shell::run_logged(
        shell::command(python)
            .args(["-m", "venv", "--clear"])
            .arg(&venv),
        &log,
    )
    .await?;
    let requirements = tools.join("requirements.txt");
    std::fs::write(&requirements, REQUIREMENTS)
        .context(|| format!("write {}", requirements.display()))?;
    let mut install = shell::command(&own_python);
    install.args([
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-deps",
        "--requirement",
    ]);
    shell::run_logged(install.arg(&requirements), &log).await?;
    // Fails where a package is missing in the requirements, which `--no-deps` did not see.
    let mut check = shell::command(&own_python);
    shell::run_logged(check.args(["-m", "pip", "check"]), &log).await?;
    let installed = installed(&version(&own_python).await?);
    std::fs::write(&stamp, installed).context(|| format!("write {}", stamp.display()))?;
    Ok(own_python)
}

/// Whether this Python runs, and was given these requirements when it was of the version that it has now.
async fn still_serves(python: &Path, stamp: &Path) -> bool {
    match (version(python).await, std::fs::read_to_string(stamp)) {
        (Ok(version), Ok(found)) => found == installed(&version),
        _ => false,
    }
}

/// What the stamp says.
fn installed(version: &str) -> String {
    format!("# Python {version}\n{REQUIREMENTS}")
}

/// Whether a Docker engine answers; without one there are no containers, hence no drill.
pub async fn docker_answers() -> bool {
    let mut version = shell::command("docker");
    version.args(["version", "--format", "{{.Server.Version}}"]);
    let answer = tokio::time::timeout(Duration::from_secs(20), shell::run(&mut version)).await;
    matches!(answer, Ok(Ok(_)))
}

/// An empty file that is locked as long as it is open here or in a child that writes to it; waits for whoever has it.
pub(crate) fn locked(path: &Path) -> Result<File> {
    let file = File::create(path).context(|| format!("open {}", path.display()))?;
    file.lock().context(|| format!("lock {}", path.display()))?;
    Ok(file)
}

async fn lock(path: PathBuf) -> Result<File> {
    tokio::task::spawn_blocking(move || locked(&path))
        .await
        .context(|| "wait for another installation".to_owned())?
}

async fn python() -> Result<&'static str> {
    let mut seen = Vec::new();
    for name in PYTHONS {
        if let Ok(found) = version(Path::new(name)).await {
            if new_enough(&found) {
                return Ok(name);
            }
            seen.push(format!("{name} is {}", found.replace(' ', ".")));
        }
    }
    let seen = if seen.is_empty() {
        "none was found".to_owned()
    } else {
        seen.join(", ")
    };
    Err(format!("the local cloud needs Python 3.11 or newer ({seen}): install it and put it on the PATH as python3").into())
}

/// The major and the minor version, which a venv's packages are bound to.
async fn version(python: &Path) -> Result<String> {
    let mut ask = shell::command(python);
    ask.args([
        "-c",
        "import sys; print(sys.version_info[0], sys.version_info[1])",
    ]);
    shell::run(&mut ask).await
}

fn new_enough(version: &str) -> bool {
    let numbers: Vec<u32> = version
        .split(' ')
        .filter_map(|number| number.parse().ok())
        .collect();
    matches!(numbers[..], [major, minor] if (major, minor) >= (3, 11))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_python_older_than_3_11_is_refused() {
        assert!(!new_enough("3 10"));
        assert!(!new_enough("2 7"));
        assert!(!new_enough("nonsense"));
        assert!(new_enough("3 11"));
        assert!(new_enough("4 0"));
    }

    #[test]
    fn every_requirement_is_pinned_to_one_version() {
        let pinned = |line: &str| {
            line.split_once("==").is_some_and(|(_, version)| {
                version
                    .chars()
                    .all(|one| one.is_ascii_alphanumeric() || one == '.')
            })
        };
        let mut requirements = REQUIREMENTS.lines().filter(|line| !line.starts_with('#'));
        assert!(requirements.all(pinned), "{REQUIREMENTS}");
    }

    #[tokio::test]
    async fn a_python_serves_while_it_runs_and_has_its_version_and_these_requirements() {
        let folder = tempfile::tempdir().unwrap();
        let stamp = folder.path().join("installed");
        // Stands in for a Python: it runs, and its answer is taken for its version.
        let python = Path::new("echo");
        let own = version(python).await.unwrap();
        assert!(!still_serves(python, &stamp).await);

        std::fs::write(&stamp, installed(&own)).unwrap();
        assert!(still_serves(python, &stamp).await);
        assert!(!still_serves(&folder.path().join("gone"), &stamp).await);

        for other in [installed("3 10"), installed(&own).replace("==", "==0.")] {
            std::fs::write(&stamp, other).unwrap();
            assert!(!still_serves(python, &stamp).await);
        }
    }
}
