//! What was found, for people.

use super::{Diagnosis, Examined, Finding, Found};
use crate::{
    paint,
    words::{count, wrap},
};

/// As wide as the widest verdict, and a gap.
const MARGIN: usize = 13;

pub fn render(diagnosis: &Diagnosis, width: usize) -> String {
    let mut lines = vec![];
    for (title, examined) in [("home", &diagnosis.home), ("standby", &diagnosis.standby)] {
        lines.push(paint::label(&heading(diagnosis, title, examined)));
        for finding in &examined.findings {
            lines.extend(shown(finding, width));
        }
        lines.push(String::new());
    }
    lines.extend(wrap(&summary(diagnosis), width));
    lines.join("\n") + "\n"
}

fn heading(diagnosis: &Diagnosis, title: &str, examined: &Examined) -> String {
    let role = match examined.active {
        Some(true) => ", active",
        Some(false) => ", passive",
        None => "",
    };
    format!(
        "{} {title} ({}{role})",
        diagnosis.application, examined.region
    )
}

fn shown(finding: &Finding, width: usize) -> Vec<String> {
    let title = format!("{}: {}", finding.check.word(), finding.of);
    let (verdict, says, advice): (_, _, &[String]) = match &finding.found {
        Found::Right { says } => (paint::good(&padded("right")), says, &[]),
        Found::Wrong { says, advice } => (paint::bad(&padded("wrong")), says, advice),
        Found::CannotTell { says, advice } => (paint::doubt(&padded("cannot tell")), says, advice),
    };
    let column = width.saturating_sub(MARGIN);
    let said = says.iter().flat_map(|line| hanging("- ", line, column));
    let to_do = advice.iter().flat_map(|line| hanging("> ", line, column));
    let text = wrap(&title, column).into_iter().chain(said).chain(to_do);
    let lines = text.zip([verdict].into_iter().chain(std::iter::repeat(padded(""))));
    lines
        .map(|(text, margin)| format!("{margin}{text}"))
        .collect()
}

fn padded(verdict: &str) -> String {
    format!("{verdict:<MARGIN$}")
}

/// What follows stands below what was begun.
fn hanging(mark: &str, text: &str, width: usize) -> Vec<String> {
    let lines = wrap(text, width.saturating_sub(mark.len()));
    let marks = [mark].into_iter().chain(std::iter::repeat("  "));
    let lines = marks.zip(lines);
    lines.map(|(mark, line)| format!("{mark}{line}")).collect()
}

fn summary(diagnosis: &Diagnosis) -> String {
    let (mut right, mut wrong, mut unknown) = (0, 0, 0);
    for finding in diagnosis.findings() {
        match finding.found {
            Found::Right { .. } => right += 1,
            Found::Wrong { .. } => wrong += 1,
            Found::CannotTell { .. } => unknown += 1,
        }
    }
    let checks = count(right + wrong + unknown, "check");
    match (wrong, unknown) {
        (0, 0) => format!("{checks}: all is right."),
        _ => format!(
            "{checks}: {right} right, {wrong} wrong, {unknown} that cannot be told. What to do stands behind each >."
        ),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use lifeboat_core::Region;

    use super::*;
    use crate::doctor::Check;

    fn finding(check: Check, of: &str, found: Found) -> Finding {
        Finding {
            check,
            of: of.into(),
            found,
        }
    }

    fn examined(region: &str, active: Option<bool>, findings: Vec<Finding>) -> Examined {
        Examined {
            region: Region::new(region).unwrap(),
            active,
            findings,
        }
    }

    fn lines(all: &[&str]) -> Vec<String> {
        all.iter().map(|line| (*line).to_owned()).collect()
    }

    fn sick() -> Diagnosis {
        let wrong = Found::Wrong {
            says: lines(&[
                "/aws/lambda/forum-backup is kept for ever, and costs more each month",
                "/ecs/forum-users is not there",
            ]),
            advice: lines(&["Apply infra/home"]),
        };
        let unknown = Found::CannotTell {
            says: lines(&["look at versioning of backups in us-west-2: timed out"]),
            advice: lines(&["Ask again"]),
        };
        let right = Found::Right {
            says: lines(&["older versions are kept"]),
        };
        Diagnosis {
            at: Timestamp::UNIX_EPOCH,
            application: "forum".into(),
            home: examined(
                "us-east-1",
                Some(true),
                vec![
                    finding(Check::Logs, "5 log groups of functions and services", wrong),
                    finding(Check::Versioning, "bucket backups", right),
                ],
            ),
            standby: examined(
                "us-west-2",
                None,
                vec![finding(Check::Versioning, "bucket backups", unknown)],
            ),
        }
    }

    fn plain(diagnosis: &Diagnosis, width: usize) -> String {
        let text = render(diagnosis, width);
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn what_is_wrong_is_told_with_what_to_do_and_no_line_is_wider_than_sixty_columns() {
        let expected = "\
forum home (us-east-1, active)
wrong        logs: 5 log groups of functions and services
             - /aws/lambda/forum-backup is kept for ever,
               and costs more each month
             - /ecs/forum-users is not there
             > Apply infra/home
right        versioning: bucket backups
             - older versions are kept

forum standby (us-west-2)
cannot tell  versioning: bucket backups
             - look at versioning of backups in us-west-2:
               timed out
             > Ask again

3 checks: 1 right, 1 wrong, 1 that cannot be told. What to
do stands behind each >.
";
        assert_eq!(plain(&sick(), 60), expected);
        for width in [40, 60, 102, 160] {
            let text = plain(&sick(), width);
            let mut lines = text.lines();
            assert!(lines.all(|line| line.chars().count() <= width), "{text}");
        }
    }

    #[test]
    fn where_all_is_right_the_end_says_so() {
        let mut well = sick();
        well.standby.findings.clear();
        well.home.findings.remove(0);
        assert!(well.all_right());
        assert!(!sick().all_right());
        assert!(plain(&well, 60).ends_with("\n1 check: all is right.\n"));
    }
}
