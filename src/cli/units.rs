//! Numbers for people.

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
    fn nothing_has_no_ratio() {
        assert_eq!(ratio(300, 100).as_deref(), Some("3.00"));
        assert_eq!((ratio(0, 100), ratio(5, 0)), (None, None));
    }
}
