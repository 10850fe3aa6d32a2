//! Numbers for people.

use std::time::Duration;

/// A size in bytes with an IEC prefix: `512 B`, `15.6 KiB`.
pub fn iec(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut size = bytes as f64 / 1024.0;
    let mut unit = 0;
    // What would be rounded to 1024.0 is shown as 1.0 of the next unit.
    while size >= 1023.95 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    format!("{size:.1} {}", UNITS[unit])
}

/// Understands a size in bytes: `4096`, `512MiB`, `1.5G`; without `i` and with it the prefixes are those of 1024.
pub fn parse_size(text: &str) -> Result<u64, String> {
    const PREFIXES: &str = "KMGTPE";
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.trim().trim_end_matches(['B', 'b']).trim_end_matches('i').to_ascii_uppercase();
    let power = match unit.as_str() {
        "" => Some(0),
        unit => PREFIXES.find(unit).filter(|_| unit.len() == 1).map(|at| at + 1),
    };
    let refuse = || "not a size; sizes are such as 4096, 512MiB, 1.5GiB".to_owned();
    let scale = 1_u64 << (10 * power.ok_or_else(refuse)?);
    if let Ok(number) = number.parse::<u64>() {
        return number.checked_mul(scale).ok_or_else(|| "more than 16 EiB".to_owned());
    }
    let number: f64 = number.parse().map_err(|_| refuse())?;
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what is beyond is clipped"
    )]
    Ok((number * scale as f64) as u64)
}

/// Understands a length of time: `90` seconds, `45m`, `12h`, `30d`, `2w`.
pub fn parse_age(text: &str) -> Result<Duration, String> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let refuse = || "not a length of time; these are such as 90s, 45m, 12h, 30d, 2w".to_owned();
    let seconds = match unit {
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        "w" => 604_800.0,
        _ => return Err(refuse()),
    };
    let number: f64 = number.parse().map_err(|_| refuse())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| "more time than there is".to_owned())
}

/// A length of time for people, in its two largest units: `0 s`, `12 min 5 s`, `3 h 20 min`, `2 d 4 h`.
pub fn elapsed(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let two = |more: u64, unit: &str, less: u64, small: &str| {
        if less == 0 { format!("{more} {unit}") } else { format!("{more} {unit} {less} {small}") }
    };
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => two(minutes, "min", seconds % 60, "s"),
        (0, ..) => two(hours, "h", minutes % 60, "min"),
        _ => two(days, "d", hours % 24, "h"),
    }
}

/// A count of things: `1 node`, `3 nodes`.
pub fn counted(count: u64, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

/// How many times smaller `stored` is than `bytes`: above 1 where storing it saved space.
pub fn ratio(bytes: u64, stored: u64) -> Option<String> {
    if bytes == 0 || stored == 0 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
    let ratio = bytes as f64 / stored as f64;
    Some(format!("{ratio:.2}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_iec_prefixes() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (16_000, "15.6 KiB"),
            (1024 * 1024 - 1, "1.0 MiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(iec(bytes), text);
        }
    }

    #[test]
    fn one_thing_is_singular() {
        assert_eq!(
            [counted(0, "node"), counted(1, "node"), counted(2, "node")],
            ["0 nodes", "1 node", "2 nodes"]
        );
    }

    #[test]
    fn times_are_read_and_written_in_the_units_of_people() {
        for (text, seconds) in
            [("90", 90), ("45m", 2700), ("1.5h", 5400), ("30d", 2_592_000), ("2w", 1_209_600)]
        {
            assert_eq!(parse_age(text), Ok(Duration::from_secs(seconds)));
        }
        for text in ["", "d", "1 d", "-1d", "1e3s", "1y", "1e999d", "99999999999999999999w"] {
            assert!(parse_age(text).is_err(), "{text}");
        }
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (125, "2 min 5 s"),
            (12_000, "3 h 20 min"),
            (187_200, "2 d 4 h"),
        ] {
            assert_eq!(elapsed(seconds), text);
        }
    }

    #[test]
    fn nothing_has_no_ratio() {
        assert_eq!(ratio(300, 100).as_deref(), Some("3.00"));
        assert_eq!((ratio(0, 100), ratio(5, 0)), (None, None));
    }
}
