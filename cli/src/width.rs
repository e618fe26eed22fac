//! How wide lines may be.

/// Where nobody says: a pipe, a file.
const WIDE: usize = 102;
const NARROWEST: usize = 40;
const WIDEST: usize = 160;

/// By `COLUMNS`, else by the terminal.
pub fn width(columns: Option<&str>, terminal: Option<usize>) -> usize {
    let said = columns
        .and_then(|text| text.trim().parse().ok())
        .filter(|n| *n > 0);
    said.or(terminal).unwrap_or(WIDE).clamp(NARROWEST, WIDEST)
}

pub fn of_process() -> usize {
    let terminal = terminal_size::terminal_size().map(|(width, _)| width.0.into());
    width(std::env::var("COLUMNS").ok().as_deref(), terminal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_come_before_the_terminal_and_a_pipe_is_wide() {
        for (columns, terminal, wide) in [
            (Some("60"), Some(100), 60),
            (Some("zero"), Some(100), 100),
            (Some("0"), None, 102),
            (None, None, 102),
            (None, Some(5), 40),
            (None, Some(999), 160),
        ] {
            assert_eq!(width(columns, terminal), wide);
        }
    }
}
