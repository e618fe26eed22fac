//! How lengths of time are written for people.

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
}
