//! Names that may have been meant.

use lifeboat_core::Configuration;

use crate::Trouble;

const LIKE: f64 = 0.7;
const MOST: usize = 3;

/// The nearest first.
fn near<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let like = |name: &'a str| (strsim::jaro_winkler(wrong, name), name);
    let like = known.into_iter().map(like);
    let mut like: Vec<_> = like.filter(|(like, _)| *like >= LIKE).collect();
    like.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    like.into_iter().take(MOST).map(|(_, name)| name).collect()
}

/// As a sentence to follow a refusal; nothing where no name is like it.
pub(crate) fn did_you_mean<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    match near(wrong, known).join(" or ") {
        names if names.is_empty() => names,
        names => format!(". Did you mean {names}?"),
    }
}

/// A service that there is; of one that there is not the near ones are named.
pub(crate) fn service(configuration: &Configuration, name: &str) -> Result<(), Trouble> {
    let known = configuration
        .services
        .iter()
        .map(|service| service.name.as_str());
    match configuration.service(name) {
        Ok(_) => Ok(()),
        Err(invalid) => Err(Trouble::BadInput(format!(
            "{invalid}{}",
            did_you_mean(name, known)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested_the_nearest_first_and_far_ones_are_not() {
        let services = ["posts", "threads", "users"];
        assert_eq!(near("user", services), ["users"]);
        assert_eq!(did_you_mean("psots", services), ". Did you mean posts?");
        assert_eq!(did_you_mean("mars", []), "");
        assert!(near("xyz", services).is_empty());
        let backups = [
            "backup-20241123-120000",
            "backup-20241123-130000",
            "backup-20240101-000000",
        ];
        assert_eq!(near("backup-20241123-130001", backups)[0], backups[1]);
        assert_eq!(near("backup-2024-11-23-12", backups)[0], backups[0]);
    }
}
