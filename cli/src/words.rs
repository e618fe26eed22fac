//! How lengths of time and lines are written for people.

/// The two largest parts say enough: `3 min 20 s`, `2 h 5 min`.
pub fn length(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600, seconds / 60);
    let parts = if days > 0 {
        [(days, "d"), (hours % 24, "h")]
    } else if hours > 0 {
        [(hours, "h"), (minutes % 60, "min")]
    } else if minutes > 0 {
        [(minutes, "min"), (seconds % 60, "s")]
    } else {
        [(seconds, "s"), (0, "")]
    };
    let [(large, unit), (small, smaller)] = parts;
    match small {
        0 => format!("{large} {unit}"),
        _ => format!("{large} {unit} {small} {smaller}"),
    }
}

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
    fn a_length_is_told_in_its_two_largest_parts() {
        let cases = [
            (-3, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (200, "3 min 20 s"),
            (3600, "1 h"),
            (7512, "2 h 5 min"),
            (90_000, "1 d 1 h"),
        ];
        for (seconds, told) in cases {
            assert_eq!(length(seconds), told);
        }
    }

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
