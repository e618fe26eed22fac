//! How lengths of time and lines are written for people.

pub use lifeboat_core::words::length;

/// As a stopwatch shows it, wide enough for an hour and a half.
pub fn elapsed(seconds: i64) -> String {
    let seconds = seconds.max(0);
    format!("{:>3}:{:02}", seconds / 60, seconds % 60)
}

/// Breaks a text between words; a word that is longer than a line is cut.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![];
    let mut line = String::new();
    for word in text.split_whitespace() {
        let mut word: Vec<char> = word.chars().collect();
        let taken = line.chars().count();
        if taken > 0 && taken + 1 + word.len() > width {
            lines.push(std::mem::take(&mut line));
        }
        while word.len() > width {
            let rest = word.split_off(width);
            lines.push(word.into_iter().collect());
            word = rest;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopwatch_goes_on_in_minutes_after_an_hour() {
        assert_eq!(elapsed(4), "  0:04");
        assert_eq!(elapsed(3725), " 62:05");
    }

    #[test]
    fn a_text_is_broken_between_words_and_a_long_word_is_cut() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("a abcdefghij", 4), ["a", "abcd", "efgh", "ij"]);
        assert_eq!(wrap("", 4), [""]);
    }
}
