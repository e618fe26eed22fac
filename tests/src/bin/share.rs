//! Measures our own share of executions on the local cloud and prints it: `share [--services 3,10,30]`.

use std::ops::RangeInclusive;
use std::process::ExitCode;

use lifeboat_tests::drill::share;

const USUAL: [usize; 3] = [3, 10, 30];
/// The forum has three of its own.
const POSSIBLE: RangeInclusive<usize> = 3..=100;

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let sizes = match sizes(&words) {
        Ok(sizes) => sizes,
        Err(wrong) => {
            eprintln!("share: {wrong}");
            return ExitCode::from(2);
        }
    };
    match share::run(&sizes).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nThe measurement failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn sizes(words: &[&str]) -> Result<Vec<usize>, String> {
    match words {
        [] => Ok(USUAL.to_vec()),
        ["--services", numbers] => numbers.split(',').map(size).collect(),
        other => Err(format!(
            "expected nothing or --services with numbers such as 3,10,30, found {}",
            other.join(" ")
        )),
    }
}

fn size(text: &str) -> Result<usize, String> {
    let number = text.trim().parse().ok();
    number.filter(|number| POSSIBLE.contains(number)).ok_or_else(|| {
        let (fewest, most) = POSSIBLE.into_inner();
        format!("--services: expected numbers from {fewest} to {most}, such as 3,10,30, found `{text}`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_services_are_read_in_their_order() {
        assert_eq!(sizes(&[]), Ok(vec![3, 10, 30]));
        assert_eq!(sizes(&["--services", "30,3"]), Ok(vec![30, 3]));
    }

    #[test]
    fn anything_else_is_refused_with_what_was_expected() {
        let expected = "--services: expected numbers from 3 to 100, such as 3,10,30, found `";
        for wrong in ["2", "101", "3,", "many", "-3", ""] {
            let refused = sizes(&["--services", wrong]).unwrap_err();
            assert!(refused.starts_with(expected), "{wrong}: {refused}");
        }
        let expected = "expected nothing or --services with numbers such as 3,10,30, found --keep";
        assert_eq!(sizes(&["--keep"]), Err(expected.to_owned()));
        assert!(sizes(&["--services"]).is_err());
    }
}
