//! Colours: they repeat what the words say, and say nothing of their own.

use anstyle::{AnsiColor, Style};

fn painted(style: Style, text: &str) -> String {
    match text.is_empty() {
        true => String::new(),
        false => format!("{style}{text}{style:#}"),
    }
}

pub fn good(text: &str) -> String {
    painted(AnsiColor::Green.on_default(), text)
}

pub fn bad(text: &str) -> String {
    painted(AnsiColor::Red.on_default().bold(), text)
}

pub fn doubt(text: &str) -> String {
    painted(AnsiColor::Yellow.on_default(), text)
}

pub fn label(text: &str) -> String {
    painted(Style::new().bold(), text)
}

const GOOD: [&str; 4] = ["ready", "serving", "good", "yes"];
const BAD: [&str; 9] = [
    "lacks",
    "damaged",
    "not ready",
    "down",
    "unreachable",
    "unreadable",
    "failed",
    "fenced",
    "no ",
];
const DOUBT: [&str; 4] = ["cannot tell", "impaired", "unknown", "never"];

/// By its first words.
pub fn by_word(text: &str) -> String {
    let begins = |words: &[&str]| words.iter().any(|word| text.starts_with(word));
    match () {
        () if begins(&BAD) => bad(text),
        () if begins(&DOUBT) => doubt(text),
        () if begins(&GOOD) => good(text),
        () => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_painted_by_its_first_words_and_reads_the_same_without() {
        for (text, painted) in [
            ("ready", good("ready")),
            ("not ready", bad("not ready")),
            ("cannot tell: no report", doubt("cannot tell: no report")),
            ("us-east-1", "us-east-1".to_owned()),
            ("", String::new()),
        ] {
            assert_eq!(by_word(text), painted);
            assert_eq!(anstream::adapter::strip_str(&painted).to_string(), text);
        }
    }
}
