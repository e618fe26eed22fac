//! A copy of `infra/run` with a Terraform and an AWS that only write down what they were asked.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use lifeboat_tests::functions::FUNCTIONS;
use lifeboat_tests::terraform::{EXISTING, HOME, INFRA, JOIN, STANDBY};
use tempfile::TempDir;

use crate::text;

/// A folder of the three roots, with their settings and backends.
pub(super) struct Roots {
    pub(super) folder: &'static str,
    pub(super) settings: &'static str,
    pub(super) application: &'static str,
}

pub(super) const ALL: [Roots; 2] = [
    Roots {
        folder: INFRA,
        settings: "infra/lifeboat.tfvars",
        application: "forum",
    },
    Roots {
        folder: EXISTING,
        settings: "examples/existing-services/existing.tfvars",
        application: "shop",
    },
];

impl Roots {
    /// How people call a root: those of `infra` by their names alone.
    pub(super) fn called(&self, root: &str) -> String {
        match self.folder {
            INFRA => root.to_owned(),
            folder => format!("{folder}/{root}"),
        }
    }

    pub(super) fn backend(&self, root: &str) -> String {
        format!("{}/{root}.s3.tfbackend", self.folder)
    }
}

/// A copy of `infra/run` with all roots' settings, zips, and programs that note their arguments in `said`.
pub(super) struct Bench(TempDir);

const TERRAFORM: &str = r#"#!/bin/sh
echo "terraform $*" >> "$BENCH/said"
case "$*" in
  *"/join state list") cat "$BENCH/joined" ;;
  *"state list") cat "$BENCH/made" ;;
  *" apply "*) exit "$(cat "$BENCH/applied")" ;;
esac
"#;

const AWS: &str = r#"#!/bin/sh
echo "aws $*" >> "$BENCH/said"
case "$*" in
  *get-caller-identity*) echo 444455556666 ;;
  *head-bucket*) cat "$BENCH/looked" >&2; exit "$(cat "$BENCH/bucket")" ;;
  *list-versions*) printf '$LATEST\n1\n2\n10\n' ;;
  *get-alias*-failover*) cat "$BENCH/failover" ;;
  *get-alias*) printf '10\tr\tNone\n' ;;
esac
"#;

/// A zip is as good as what is in it.
const UNZIP: &str = r#"#!/bin/sh
[ "$1 $3" = "-p bootstrap" ] && cat "$2"
"#;

/// The beginning of a program for a processor, by its number in ELF.
pub(super) fn program(machine: u8) -> [u8; 20] {
    let mut header = [0; 20];
    header[..4].copy_from_slice(b"\x7fELF");
    header[18] = machine;
    header
}

pub(super) const X86_64: u8 = 62;
const ARM64: u8 = 183;

impl Bench {
    pub(super) fn new() -> Self {
        let bench = Self(tempfile::tempdir().unwrap());
        bench.write("infra/run", text("infra/run"));
        for roots in ALL {
            bench.write(roots.settings, text(roots.settings));
            for root in [HOME, STANDBY, JOIN] {
                let main = format!("{}/{root}/main.tf", roots.folder);
                bench.write(&main, text(&main));
                let variables = format!("{}/{root}/variables.tf", roots.folder);
                bench.write(&variables, text("infra/shared-variables.tf"));
                let backend = roots.backend(root);
                let own = text(&backend).replace("111122223333", "444455556666");
                bench.write(&backend, &own);
            }
        }
        for function in FUNCTIONS {
            bench.write(&format!("target/lambda/{function}.zip"), program(ARM64));
        }
        bench.write("bin/terraform", TERRAFORM);
        bench.write("bin/aws", AWS);
        bench.write("bin/unzip", UNZIP);
        for (name, content) in [
            ("joined", ""),
            ("made", ""),
            ("applied", "0"),
            ("bucket", "0"),
            ("looked", ""),
            ("failover", "2\tr\tNone\n"),
            ("said", ""),
        ] {
            bench.write(name, content);
        }
        for tool in ["cat", "dirname", "od", "sed", "sort", "tail"] {
            let mut places = ["/usr/bin", "/bin"]
                .map(|place| PathBuf::from(place).join(tool))
                .into_iter();
            let found = places.find(|place| place.exists()).unwrap();
            std::os::unix::fs::symlink(found, bench.path("bin").join(tool)).unwrap();
        }
        for program in ["infra/run", "bin/terraform", "bin/aws", "bin/unzip"] {
            let all = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(bench.path(program), all).unwrap();
        }
        bench
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(super) fn run(&self, words: &str) -> Output {
        Command::new("/bin/sh")
            .arg(self.path("infra/run"))
            .args(words.split_whitespace())
            .current_dir(self.0.path())
            .env("PATH", self.path("bin"))
            .env("BENCH", self.0.path())
            .output()
            .unwrap()
    }

    /// What Terraform and AWS were asked.
    pub(super) fn said(&self) -> String {
        std::fs::read_to_string(self.path("said")).unwrap()
    }

    pub(super) fn refused(&self, words: &str, why: &str) {
        let output = self.run(words);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{words}: {error}");
        assert!(error.contains(why), "{words}: {error}");
        assert!(error.contains("Nothing was touched"), "{words}: {error}");
    }
}
