//! How often a test tries.

/// A fiftieth is enough while working.
const DEFAULT: f64 = 0.02;

/// How many of the `full` tries are to be made: `CALCSTORE_SCALE` times as many, at least one. Continuous integration
/// sets it to 0.1, a release to 1 or more.
pub fn scaled(full: u64) -> u64 {
    let scale = match std::env::var("CALCSTORE_SCALE") {
        Ok(text) => text.parse().expect("CALCSTORE_SCALE is a number"),
        Err(_) => DEFAULT,
    };
    ((full as f64 * scale).round() as u64).max(1)
}
