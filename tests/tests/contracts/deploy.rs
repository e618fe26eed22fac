//! `infra/run`, against a Terraform and an AWS that only write down what they were asked; and how functions are invoked.

mod bench;

use lifeboat_tests::functions::FUNCTIONS;
use lifeboat_tests::terraform::{EXISTING, HOME, INFRA, JOIN, STANDBY};

use crate::{file, infrastructure::modules, planned, text};
use bench::{ALL, Bench, X86_64, program};

#[tokio::test]
async fn whatever_invokes_a_function_invokes_its_alias() {
    planned(JOIN, "versions").await;
}

#[test]
fn an_apply_leaves_each_alias_at_the_version_where_it_is() {
    let module = text("infra/modules/function/main.tf");
    let alias = module.split("\nresource \"aws_lambda_alias\" ").nth(1);
    let alias = alias.unwrap().split("\n}\n").next().unwrap();
    assert!(alias.contains("ignore_changes = [description, function_version]"));
}

#[test]
fn the_state_of_each_root_is_locked_and_in_its_own_region() {
    let provider = text("infra/shared-provider.tf");
    let backend = provider.split("backend \"s3\" {\n").nth(1).unwrap();
    let backend: Vec<_> = backend.split('}').next().unwrap().lines().collect();
    assert_eq!(
        backend.iter().map(|l| l.trim()).collect::<Vec<_>>(),
        ["encrypt      = true", "use_lockfile = true", ""],
        "where it is, each root says"
    );
    for roots in ALL {
        let settings = text(roots.settings);
        for (root, name) in [
            (HOME, "home_region"),
            (STANDBY, "dr_region"),
            (JOIN, "home_region"),
        ] {
            let called = roots.called(root);
            let of_root = text(&format!("{}/{root}/provider.tf", roots.folder));
            assert_eq!(of_root, provider, "{called}");
            let said = text(&roots.backend(root));
            assert_eq!(line(&said, "region"), line(&settings, name), "{called}");
            assert_eq!(line(&said, "key"), format!("\"{root}.tfstate\""));
            let bucket = format!("\"111122223333-{}-state-", roots.application);
            assert!(line(&said, "bucket").starts_with(&bucket), "{called}");
            let made = format!("`./make state {called}`");
            assert!(said.contains(&made), "{called}");
        }
    }
}

/// What stands behind `name =`.
fn line<'a>(settings: &'a str, name: &str) -> &'a str {
    let mut lines = settings.lines().filter_map(|line| line.split_once('='));
    let found = lines.find(|(found, _)| found.trim() == name);
    found.unwrap_or_else(|| panic!("no {name}")).1.trim()
}

#[test]
fn what_terraform_never_destroys_is_what_a_destroy_says() {
    let run = text("infra/run");
    for (path, text) in modules() {
        for resource in text.split("\nresource \"").skip(1) {
            let resource = resource.split("\n}\n").next().unwrap();
            if resource.contains("prevent_destroy = true") {
                let kind = resource.split('"').next().unwrap();
                assert!(run.contains(&format!("\\.{kind}\\.")), "{path}: {kind}");
            }
        }
    }
}

#[test]
fn what_is_missing_is_refused_by_its_name_before_anything_is_asked() {
    for words in ["", "deploy", "deploy nowhere", "fly home"] {
        let bench = Bench::new();
        bench.refused(
            words,
            "usage: infra/run state|plan|deploy|destroy home|standby|join",
        );
        assert_eq!(bench.said(), "");
    }
    let elsewhere = "bucket = \"b\"\nkey = \"standby.tfstate\"\nregion = \"us-east-1\"\n";
    for roots in ALL {
        let backend = roots.backend(STANDBY);
        let (settings, application) = (roots.settings, roots.application);
        for (name, content, why) in [
            (
                settings,
                "domain = \"a\"",
                format!("{settings} has no line application"),
            ),
            (
                &backend,
                "bucket = \"b\"",
                format!("{backend} has no line region"),
            ),
            (
                &backend,
                &text(&backend),
                format!("name one of yours, such as <account>-{application}-state-us-west-2"),
            ),
            (
                &backend,
                elsewhere,
                "keeps the state in us-east-1, and standby is in us-west-2 (dr_region)".to_owned(),
            ),
        ] {
            for verb in ["state", "plan", "deploy", "destroy"] {
                let bench = Bench::new();
                bench.write(name, content);
                bench.refused(&format!("{verb} {}", roots.called(STANDBY)), &why);
                assert_eq!(bench.said(), "");
            }
        }
    }
    for (gone, why) in [
        ("infra/standby.s3.tfbackend", "tfbackend is missing"),
        ("target/lambda/failover.zip", "failover.zip is missing"),
        ("bin/aws", "aws is not on the PATH"),
        ("bin/terraform", "terraform is not on the PATH"),
        ("bin/unzip", "unzip is not on the PATH"),
    ] {
        let bench = Bench::new();
        std::fs::remove_file(bench.path(gone)).unwrap();
        bench.refused("deploy standby", why);
        assert_eq!(bench.said(), "");
    }
}

#[test]
fn opentofu_is_asked_where_there_is_no_terraform() {
    let bench = Bench::new();
    let made = "module.suite.module.buckets.aws_s3_bucket.this[\"backups\"]\n";
    bench.write("made", made);
    std::fs::rename(bench.path("bin/terraform"), bench.path("bin/tofu")).unwrap();
    assert!(bench.run("plan standby").status.success());
    assert!(
        bench.said().contains("/standby plan -var-file="),
        "{}",
        bench.said()
    );
    bench.refused("destroy standby", "  tofu -chdir=");
    std::fs::copy(bench.path("bin/tofu"), bench.path("bin/terraform")).unwrap();
    bench.refused("destroy standby", "  terraform -chdir=");
}

#[test]
fn a_folder_that_holds_no_such_root_or_not_one_file_of_settings_is_refused() {
    let bench = Bench::new();
    bench.write("docs/standby/README.md", "");
    bench.write("bare/standby/main.tf", "");
    bench.write("two/standby/main.tf", "");
    bench.write("two/a.tfvars", "");
    bench.write("two/b.tfvars", "");
    for (root, why) in [
        ("nowhere/standby", "nowhere/ is no folder"),
        ("docs/standby", "docs has no root standby"),
        ("bare/standby", "bare has no settings"),
        ("two/standby", "two has more than one file of settings"),
        (EXISTING, "usage: "),
    ] {
        for verb in ["state", "plan", "deploy", "destroy"] {
            bench.refused(&format!("{verb} {root}"), why);
        }
    }
    assert_eq!(bench.said(), "");
}

#[test]
fn a_root_may_be_named_by_its_path_from_anywhere() {
    let bench = Bench::new();
    for named in [
        "infra/standby",
        "./infra/standby/",
        &bench.path("infra/standby").display().to_string(),
    ] {
        bench.write("said", "");
        assert!(bench.run(&format!("plan {named}")).status.success());
        let path = bench.said();
        bench.write("said", "");
        assert!(bench.run("plan standby").status.success());
        assert_eq!(path, bench.said());
    }
}

#[test]
fn a_deployment_applies_with_the_roots_settings_and_makes_what_is_newest_live() {
    for roots in ALL {
        let bench = Bench::new();
        let output = bench.run(&format!("deploy {} -auto-approve", roots.called(STANDBY)));
        assert!(output.status.success(), "{output:?}");
        let said = bench.said();
        let of = |program| said.lines().filter(move |said| said.starts_with(program));
        let asked: Vec<_> = of("terraform ").collect();
        let root = bench.path(roots.folder).join(STANDBY);
        let root = format!("-chdir={}", root.display());
        let settings = bench.path(roots.settings);
        let functions = bench.path("target/lambda");
        assert_eq!(
            asked[1],
            format!(
                "terraform {root} apply -var-file={} -var functions_directory={} -auto-approve",
                settings.display(),
                functions.display()
            )
        );
        let backend = bench.path(&roots.backend(STANDBY));
        assert_eq!(
            asked[0],
            format!(
                "terraform {root} init -input=false -backend-config={}",
                backend.display()
            )
        );
        let moved: Vec<_> = of("aws lambda update-alias").collect();
        let name = format!("{}-failover", roots.application);
        let to = format!(
            "aws lambda update-alias --region us-west-2 --function-name {name} --name live --function-version 10 --revision-id r"
        );
        assert_eq!(moved, [to], "the others are at version 10 already");
        let told = String::from_utf8_lossy(&output.stdout);
        let goes = format!("{name} goes from version 2 to 10");
        assert!(told.contains(&goes), "{told}");
    }
}

#[test]
fn a_program_for_another_processor_than_terraform_will_say_is_refused() {
    for roots in ALL {
        let bench = Bench::new();
        let standby = roots.called(STANDBY);
        let zip = "target/lambda/failover.zip";
        let folder = if roots.folder == INFRA {
            ""
        } else {
            roots.folder
        };
        let build = format!("build the functions by ./make build {folder}");
        let refused = |why: &str| {
            for verb in ["plan", "deploy"] {
                bench.refused(&format!("{verb} {standby}"), why);
                bench.refused(&format!("{verb} {standby}"), build.trim_end());
            }
            assert_eq!(bench.said(), "");
        };
        bench.write(zip, program(X86_64));
        refused("failover.zip is for x86_64, and functions_architecture is arm64 by default");
        for nothing in ["", "#!/usr/bin/env python3\n"] {
            bench.write(zip, nothing);
            refused("failover.zip has no program named bootstrap that Lambda can start");
        }
        let said = "functions_architecture = \"x86_64\"\n";
        bench.write(roots.settings, text(roots.settings) + said);
        bench.write(zip, program(X86_64));
        let settings = bench.path(roots.settings);
        refused(&format!(
            "backup.zip is for arm64, and functions_architecture is x86_64 by {}",
            settings.display()
        ));
        for function in FUNCTIONS {
            bench.write(&format!("target/lambda/{function}.zip"), program(X86_64));
        }
        assert!(bench.run(&format!("deploy {standby}")).status.success());
    }
}

#[test]
fn roots_of_another_folder_are_where_their_own_settings_say() {
    let [_, theirs] = ALL;
    let bench = Bench::new();
    let settings = text(theirs.settings);
    let moved = settings.replace("\"us-west-2\"", "\"eu-west-1\"");
    assert_ne!(settings, moved);
    bench.write(theirs.settings, &moved);
    let deploy = format!("deploy {}", theirs.called(STANDBY));
    let why = format!(
        "{EXISTING}/standby.s3.tfbackend keeps the state in us-west-2, and standby is in eu-west-1 (dr_region)"
    );
    bench.refused(&deploy, &why);
    assert_eq!(bench.said(), "");
    let backend = theirs.backend(STANDBY);
    let there = "bucket = \"b\"\nkey = \"standby.tfstate\"\nregion = \"eu-west-1\"\n";
    bench.write(&backend, there);
    std::fs::remove_file(bench.path("infra/lifeboat.tfvars")).unwrap();
    assert!(bench.run(&deploy).status.success());
    let said = bench.said();
    let mut asked = said.lines().filter(|said| said.starts_with("aws "));
    assert!(
        asked.all(|asked| asked.contains(" --region eu-west-1 ")),
        "{said}"
    );
}

#[test]
fn a_version_that_somebody_rolled_back_to_stays_until_they_say_otherwise() {
    let bench = Bench::new();
    bench.write("failover", "2\tr\tpinned: 10 holds without a reason\n");
    let output = bench.run("deploy standby");
    assert!(output.status.success(), "{output:?}");
    assert!(!bench.said().contains("update-alias"));
    let told = String::from_utf8_lossy(&output.stdout);
    let stays =
        "forum-failover stays at version 2, the newest being 10: pinned: 10 holds without a reason";
    assert!(told.contains(stays), "{told}");
}

#[test]
fn an_apply_that_fails_makes_nothing_live_and_join_has_no_functions() {
    let bench = Bench::new();
    bench.write("applied", "1");
    assert_eq!(bench.run("deploy home").status.code(), Some(1));
    let looks = ["aws sts get-caller-identity ", "aws s3api head-bucket "];
    let said = bench.said();
    let mut asked = said.lines().filter(|said| said.starts_with("aws "));
    assert!(
        asked.all(|asked| looks.iter().any(|look| asked.starts_with(look))),
        "{said}"
    );
    bench.write("said", "");
    bench.write("applied", "0");
    assert!(bench.run("deploy join").status.success());
    assert!(!bench.said().contains("aws "), "{}", bench.said());
}

#[test]
fn a_bucket_that_another_account_has_is_found_before_anything_is_made() {
    for roots in ALL {
        let bench = Bench::new();
        let standby = roots.called(STANDBY);
        bench.write("bucket", "254");
        bench.write("looked", "An error occurred (403) when calling HeadBucket");
        let bucket = format!("444455556666-{}-control-us-west-2", roots.application);
        for verb in ["plan", "deploy"] {
            let why = format!("refuses to look at the bucket {bucket}");
            bench.refused(&format!("{verb} {standby}"), &why);
        }
        assert!(!bench.said().contains("terraform"), "{}", bench.said());
        // One that is not there yet is what a first deployment finds.
        bench.write("looked", "An error occurred (404) when calling HeadBucket");
        assert!(bench.run(&format!("deploy {standby}")).status.success());
    }
}

#[test]
fn the_bucket_of_a_state_is_made_once_and_closed_each_time() {
    for roots in ALL {
        let bench = Bench::new();
        let (standby, application) = (roots.called(STANDBY), roots.application);
        bench.write("bucket", "254");
        assert!(bench.run(&format!("state {standby}")).status.success());
        let first = bench.said();
        let made = format!(
            "create-bucket --region us-west-2 --bucket 444455556666-{application}-state-us-west-2 --create-bucket-configuration LocationConstraint=us-west-2\n"
        );
        assert!(first.contains(&made), "{first}");
        bench.write("said", "");
        bench.write("bucket", "0");
        assert!(bench.run(&format!("state {standby}")).status.success());
        let again = bench.said();
        assert!(!again.contains("create-bucket"), "{again}");
        for said in [&first, &again] {
            for part in [
                "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true",
                "Status=Enabled",
                "\"SSEAlgorithm\":\"AES256\"",
                "{\"Bool\":{\"aws:SecureTransport\":\"false\"}}",
            ] {
                assert!(said.contains(part), "{part}: {said}");
            }
        }
        bench.write("bucket", "254");
        bench.write("said", "");
        let home = format!("state {}", roots.called(HOME));
        assert!(bench.run(&home).status.success());
        let made = format!(
            "create-bucket --region us-east-1 --bucket 444455556666-{application}-state-us-east-1\n"
        );
        assert!(bench.said().contains(&made), "{}", bench.said());
    }
}

#[test]
fn a_region_is_destroyed_after_join_and_not_with_what_holds_data() {
    for roots in ALL {
        let bench = Bench::new();
        let destroy = format!("destroy {}", roots.called(STANDBY));
        bench.write("joined", "module.dns.aws_route53_zone.this\n");
        let first = format!(
            "destroy it first, by ./make destroy {}.",
            roots.called(JOIN)
        );
        bench.refused(&destroy, &first);
        bench.write("joined", "");
        let made = "module.suite.module.buckets.aws_s3_bucket.this[\"backups\"]\n\
             module.suite.module.buckets.aws_s3_bucket_versioning.this\n\
             module.application.module.files[0].aws_efs_file_system.this[0]\n";
        bench.write("made", made);
        for forgotten in [
            "module.suite.module.buckets",
            "module.application.module.files[0].aws_efs_file_system.this[0]",
        ] {
            let how = format!("{}/standby state rm '{forgotten}'\n", roots.folder);
            bench.refused(&destroy, &how);
        }
        assert!(!bench.said().contains(" destroy "), "{}", bench.said());
        let kept = "module.application.module.files[0].aws_efs_mount_target.this\n";
        bench.write("made", kept);
        assert!(bench.run(&destroy).status.success());
        let settings = bench.path(roots.settings);
        let destroyed = format!(" destroy -var-file={}", settings.display());
        assert!(bench.said().contains(&destroyed), "{}", bench.said());
    }
}

/// Of what Terraform has learnt since the two went apart, nothing is used that OpenTofu 1.10 does not know.
#[test]
fn no_file_speaks_of_what_opentofu_does_not_know() {
    let version = text("infra/shared-provider.tf");
    assert!(version.contains("required_version = \">= 1.10\""));
    const BLOCKS: [&str; 9] = [
        "terraform",
        "provider",
        "variable",
        "locals",
        "data",
        "resource",
        "module",
        "output",
        "moved",
    ];
    const UNKNOWN: [&str; 8] = [
        "ephemeral =",
        "ephemeral.",
        "ephemeralasnull",
        "_wo ",
        "provider::",
        "terraform.applying",
        "action_trigger",
        "cloud {",
    ];
    let roots = ALL
        .iter()
        .flat_map(|roots| [HOME, STANDBY, JOIN].map(|root| file(roots.folder).join(root)));
    let roots = roots.flat_map(|root| {
        let files = std::fs::read_dir(root).unwrap();
        files.map(|file| file.unwrap().path()).collect::<Vec<_>>()
    });
    let roots = roots.filter(|path| path.extension().is_some_and(|end| end == "tf"));
    let roots = roots.map(|path| {
        (
            path.display().to_string(),
            std::fs::read_to_string(&path).unwrap(),
        )
    });
    for (path, text) in modules().into_iter().chain(roots) {
        for line in text.lines().filter(|line| line.ends_with('{')) {
            let block = line.split([' ', '{']).next().unwrap();
            assert!(
                block.is_empty() || BLOCKS.contains(&block),
                "{path}: {line}"
            );
        }
        let code = text.lines().map(|line| line.split("# ").next().unwrap());
        for line in code {
            for word in UNKNOWN {
                assert!(!line.contains(word), "{path}: {line}");
            }
        }
    }
}

/// A function with two of either is larger and starts more slowly; `./make deny` says more, and this says it with each test.
#[test]
fn functions_are_built_with_one_tls_stack_and_one_http_client() {
    let lock = text("Cargo.lock");
    let count = |name: &str| lock.matches(&format!("\nname = \"{name}\"\n")).count();
    let denied = text("deny.toml");
    let denied: Vec<_> = denied.split("{ name = \"").skip(1).collect();
    let denied = denied.iter().map(|rest| rest.split('"').next().unwrap());
    let denied: Vec<_> = denied.collect();
    assert!(denied.contains(&"aws-lc-sys") && denied.contains(&"aws-sdk-ec2"));
    let others = ["native-tls", "aws-lc-rs", "regex-automata"];
    for name in denied.into_iter().chain(others) {
        assert_eq!(count(name), 0, "{name}");
    }
    for name in ["rustls", "tokio-rustls", "hyper-rustls", "hyper"] {
        assert_eq!(count(name), 1, "{name}");
    }
}

/// A pipeline unpacks it where nothing else of the project is.
#[test]
fn the_archive_has_both_folders_of_roots_and_no_link_that_leads_out_of_it() {
    let tasks = text("Makefile.toml");
    let package = tasks.split("\n[tasks.package]\n").nth(1).unwrap();
    let mut lines = package.lines();
    let packed = lines.find(|line| line.contains("target/lambda/*.zip"));
    let packed = packed.unwrap().split_whitespace();
    let packed: Vec<_> = packed.take_while(|word| *word != "--directory").collect();
    for roots in ALL {
        assert!(packed.contains(&roots.folder), "{packed:?}");
    }
    let project = file("").canonicalize().unwrap();
    let mut left: Vec<_> = ALL.iter().map(|roots| file(roots.folder)).collect();
    let mut links = 0;
    while let Some(path) = left.pop() {
        if path.is_symlink() {
            let leads = path.canonicalize().unwrap();
            let mut there = packed.iter().map(|packed| project.join(packed));
            assert!(there.any(|there| leads.starts_with(there)), "{path:?}");
            links += 1;
        } else if path.is_dir() && !path.ends_with(".terraform") {
            let entries = std::fs::read_dir(path).unwrap();
            left.extend(entries.map(|entry| entry.unwrap().path()));
        }
    }
    assert!(links > 20);
}
