//! How often a test tries, as in `tests/safety/scale.rs`.

/// A fiftieth is enough while working.
const DEFAULT: f64 = 0.02;

/// How many of the `full` tries are to be made: `CALCSTORE_SCALE` times as many, at least one. Continuous integration
/// sets it to 1, a release to 10.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "numbers of tries are small"
)]
pub(super) fn scaled(full: u64) -> u64 {
    let scale = match std::env::var("CALCSTORE_SCALE") {
        Ok(text) => text.parse().expect("CALCSTORE_SCALE is a number"),
        Err(_) => DEFAULT,
    };
    ((full as f64 * scale).round() as u64).max(1)
}

/// Numbers that look random, and are the same in each run.
pub(super) struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}
