//! Letters made of strokes, for pictures that are no text: the simplex Roman of A. V. Hershey, U.S. National Bureau of
//! Standards, 1967, which is in the public domain.
//!
//! `glyphs.txt` has a line for each character from the space to the tilde, in Hershey's own form: each pair of characters
//! is a point, counted from `R`; the first pair is the left and the right side, and ` R` lifts the pen.

use unicode_normalization::UnicodeNormalization;

const GLYPHS: &str = include_str!("glyphs.txt");
/// The height of a capital letter.
const CAPITAL: f64 = 21.0;
/// Where the letters stand, counted downwards.
const BASELINE: f64 = 9.0;
/// The height of capitals as a part of the size of a font, as other fonts have it.
const CAPITAL_SHARE: f64 = 0.72;

/// Lays a line of text out: its strokes from (0, 0) at the left of the baseline, downwards, and its width.
pub fn strokes(text: &str, size: f64) -> (Vec<Vec<(f64, f64)>>, f64) {
    let scale = size * CAPITAL_SHARE / CAPITAL;
    let (mut all, mut at) = (Vec::new(), 0.0);
    // What has an accent is drawn without it, and what has no letter as a question mark.
    for character in text.nfkd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)) {
        let character = match character {
            'µ' | 'μ' => 'u',
            '–' | '−' | '—' => '-',
            '×' => 'x',
            '·' => '.',
            'ß' => 's',
            other => other,
        };
        let place =
            u32::from(character).checked_sub(u32::from(' ')).and_then(|place| usize::try_from(place).ok());
        let glyph = place.and_then(|place| GLYPHS.lines().nth(place));
        let glyph = glyph.or_else(|| GLYPHS.lines().nth(usize::from(b'?' - b' '))).unwrap_or_default();
        let number = |byte: &u8| f64::from(*byte) - f64::from(b'R');
        let mut pairs = glyph.as_bytes().as_chunks::<2>().0.iter();
        let (left, right) = pairs.next().map_or((0.0, 0.0), |[left, right]| (number(left), number(right)));
        let mut stroke = Vec::new();
        for [x, y] in pairs {
            if [*x, *y] == *b" R" {
                all.push(std::mem::take(&mut stroke));
            } else {
                stroke.push((at + (number(x) - left) * scale, (number(y) - BASELINE) * scale));
            }
        }
        all.push(stroke);
        at += (right - left) * scale;
    }
    all.retain(|stroke: &Vec<_>| !stroke.is_empty());
    (all, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_letter_for_every_character_of_ascii() {
        assert_eq!(GLYPHS.lines().count(), 95);
        for character in ' '..='~' {
            let (strokes, width) = strokes(&character.to_string(), 10.0);
            assert_eq!(strokes.is_empty(), character == ' ', "{character}");
            assert!(width > 1.0 && width < 12.0, "{character}: {width}");
            let inside = |(x, y): &(f64, f64)| (-2.0..14.0).contains(x) && (-10.0..5.0).contains(y);
            assert!(strokes.iter().flatten().all(inside), "{character}: {strokes:?}");
        }
    }

    #[test]
    fn letters_with_accents_are_drawn_without_them() {
        assert_eq!(strokes("Größe µ²", 10.0), strokes("Grose u2", 10.0));
        assert_eq!(strokes("山", 10.0), strokes("?", 10.0));
    }
}
