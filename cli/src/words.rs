//! How lengths of time and lines are written for people.

pub use lifeboat_core::words::length;

/// A size in the unit that says enough: `512 bytes`, `3.4 MB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 4] = [
        (1_000_000_000_000, "TB"),
        (1_000_000_000, "GB"),
        (1_000_000, "MB"),
        (1000, "kB"),
    ];
    match UNITS.into_iter().find(|(unit, _)| bytes >= *unit) {
        None => count(bytes, "byte"),
        Some((unit, word)) => {
            let tenths = bytes / (unit / 10);
            match (tenths / 10, tenths % 10) {
                (whole, _) if whole >= 100 => format!("{whole} {word}"),
                (whole, 0) => format!("{whole} {word}"),
                (whole, tenth) => format!("{whole}.{tenth} {word}"),
            }
        }
    }
}

/// How many of something: `1 file`, `2 files`.
pub fn count(number: u64, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

/// The first columns of a line.
pub fn cut(line: &str, columns: usize) -> String {
    line.chars().take(columns).collect()
}

/// Lines of cells, each column as wide as its widest; the last is as wide as it is.
pub fn table(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let wide = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(wide).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths);
        let cells = cells.map(|(cell, width)| format!("{cell:<width$}"));
        let cells: Vec<String> = cells.collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
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
    fn a_size_is_told_in_the_unit_that_says_enough() {
        let cases = [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1000, "1 kB"),
            (3_450_000, "3.4 MB"),
            (512_900_000, "512 MB"),
            (2_000_000_000_000, "2 TB"),
        ];
        for (bytes, told) in cases {
            assert_eq!(size(bytes), told);
        }
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows = [row(["name", "age", ""]), row(["a", "2 min 5 s", "x"])];
        assert_eq!(table(&rows), ["name  age", "a     2 min 5 s  x"]);
        assert!(table(&[]).is_empty());
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
