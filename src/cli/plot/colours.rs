//! Colours that people with any colour vision can tell apart.

/// A colour: red, green, blue.
pub type Colour = [u8; 3];

/// Of lines: Okabe & Ito (2008), and black.
pub const LINES: [Colour; 8] = [
    [0x00, 0x72, 0xb2],
    [0xd5, 0x5e, 0x00],
    [0x00, 0x9e, 0x73],
    [0xcc, 0x79, 0xa7],
    [0xe6, 0x9f, 0x00],
    [0x56, 0xb4, 0xe9],
    [0x80, 0x80, 0x80],
    [0x00, 0x00, 0x00],
];

pub const BLACK: Colour = [0, 0, 0];
pub const WHITE: Colour = [0xff, 0xff, 0xff];
/// Of the lines behind a plot: at numbers, and between them.
pub const RULE: Colour = [0xbb, 0xbb, 0xbb];
pub const FAINT: Colour = [0xee, 0xee, 0xee];
/// Of cells without a number.
pub const NONE: Colour = [0xd0, 0xd0, 0xd0];

/// Nine colours of the scale viridis, evenly spaced.
const VIRIDIS: [Colour; 9] = [
    [0x44, 0x01, 0x54],
    [0x47, 0x2d, 0x7b],
    [0x3b, 0x52, 0x8b],
    [0x2c, 0x72, 0x8e],
    [0x21, 0x91, 0x8c],
    [0x28, 0xae, 0x80],
    [0x5e, 0xc9, 0x62],
    [0xad, 0xdc, 0x30],
    [0xfd, 0xe7, 0x25],
];

/// The colour of a place from 0 to 1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the place is clipped to the scale before"
)]
pub fn of_place(place: f64) -> Colour {
    let last = VIRIDIS.len() - 1;
    let at = place.clamp(0.0, 1.0) * last as f64;
    let below = (at as usize).min(last - 1);
    let share = at - below as f64;
    let mixed = |channel: usize| {
        let (one, other) = (f64::from(VIRIDIS[below][channel]), f64::from(VIRIDIS[below + 1][channel]));
        (one + (other - one) * share).round() as u8
    };
    [mixed(0), mixed(1), mixed(2)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_ends_in_its_first_and_last_colour() {
        assert_eq!((of_place(-1.0), of_place(0.0)), (VIRIDIS[0], VIRIDIS[0]));
        assert_eq!((of_place(1.0), of_place(7.0)), (VIRIDIS[8], VIRIDIS[8]));
        assert_eq!(of_place(0.5), VIRIDIS[4]);
    }
}
