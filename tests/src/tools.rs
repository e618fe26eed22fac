//! What the local cloud needs of Python, installed once into the project's ignored folder.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

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
    let stamp = venv.join("requirements.sha256");
    let wanted = hex::encode(Sha256::digest(REQUIREMENTS));

    let _only_one = lock(&tools.join("lock")).await?;
    if std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
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
        "--requirement",
    ]);
    shell::run_logged(install.arg(&requirements), &log).await?;
    std::fs::write(&stamp, wanted).context(|| format!("write {}", stamp.display()))?;
    Ok(own_python)
}

/// Whether a Docker engine answers; without one there are no containers, hence no drill.
pub async fn docker_answers() -> bool {
    let mut version = shell::command("docker");
    version.args(["version", "--format", "{{.Server.Version}}"]);
    let answer = tokio::time::timeout(Duration::from_secs(20), shell::run(&mut version)).await;
    matches!(answer, Ok(Ok(_)))
}

async fn lock(path: &Path) -> Result<std::fs::File> {
    let path = path.to_path_buf();
    let locked = tokio::task::spawn_blocking(move || -> Result<std::fs::File> {
        let file = std::fs::File::create(&path).context(|| format!("open {}", path.display()))?;
        file.lock().context(|| format!("lock {}", path.display()))?;
        Ok(file)
    });
    locked
        .await
        .context(|| "wait for another installation".to_owned())?
}

async fn python() -> Result<&'static str> {
    let mut seen = Vec::new();
    for name in PYTHONS {
        let mut ask = shell::command(name);
        ask.args([
            "-c",
            "import sys; print(sys.version_info[0], sys.version_info[1])",
        ]);
        if let Ok(answer) = shell::run(&mut ask).await {
            if new_enough(&answer) {
                return Ok(name);
            }
            seen.push(format!("{name} is {}", answer.replace(' ', ".")));
        }
    }
    let seen = if seen.is_empty() {
        "none was found".to_owned()
    } else {
        seen.join(", ")
    };
    Err(format!("the local cloud needs Python 3.11 or newer ({seen}): install it and put it on the PATH as python3").into())
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
        assert!(
            REQUIREMENTS.lines().all(|line| line.contains("==")),
            "{REQUIREMENTS}"
        );
    }
}
