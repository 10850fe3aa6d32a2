//! What of a value is drawn at once, and what a browser selects of that.

use calcstore::{ErrorKind, Selection};
use serde_json::{Value as Json, json};

use crate::cli::failure::Failure;

/// The most bytes that are drawn at once: of more, a part of the rows is shown.
const BUDGET: u64 = 32 << 20;
/// The most points of a line: browsers draw as many without delay.
const MOST_POINTS: u64 = 1 << 20;

/// The rows that are shown of a value that is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub from: u64,
    pub rows: u64,
    pub of: u64,
}

impl Part {
    /// Decides on the rows of a value of this shape, whose elements take so many bytes when they are sent. H5Web draws
    /// up to two axes at once; of more axes it selects two itself.
    pub fn new(shape: &[u64], element: u64, from: u64) -> Option<Self> {
        let (of, most) = match shape {
            [of] => (*of, (BUDGET / element.max(1)).min(MOST_POINTS)),
            [of, columns] => (*of, BUDGET / element.saturating_mul(*columns).max(1)),
            _ => return None,
        };
        let rows = most.max(1);
        (of > rows).then(|| Self { from: from.min(of - rows), rows, of })
    }

    pub fn to_json(self) -> Json {
        json!({"from": self.from, "rows": self.rows, "of": self.of})
    }
}

/// The shape that is shown.
pub fn shown(shape: &[u64], part: Option<Part>) -> Vec<u64> {
    let mut shown = shape.to_vec();
    if let (Some(first), Some(part)) = (shown.first_mut(), part) {
        *first = part.rows;
    }
    shown
}

/// Understands what H5Web selects of the shape that is shown: an index, a range with or without a step, or a colon for
/// each axis. Gives what that is in the value; it is refused where it has too many bytes.
pub fn selection(
    text: Option<&str>,
    shape: &[u64],
    part: Option<Part>,
    element: u64,
) -> Result<Selection, Failure> {
    let shown = shown(shape, part);
    let refuse = |why: &str| {
        let text = text.unwrap_or_default().chars().take(60).collect::<String>();
        Failure::invalid(format!("the selection {text:?} of the shape {shown:?}: {why}"))
    };
    let texts: Vec<&str> = match text {
        Some(text) => text.split(',').map(str::trim).collect(),
        None => vec![":"; shown.len()],
    };
    if texts.len() != shown.len() {
        return Err(refuse("another number of axes"));
    }
    let (mut selected, mut bytes) = (Vec::new(), element);
    for (axis, (text, length)) in texts.iter().zip(&shown).enumerate() {
        let offset = part.filter(|_| axis == 0).map_or(0, |part| part.from);
        let (start, end, step) = along(text, *length).ok_or_else(|| refuse("no index and no range"))?;
        if text.contains(':') {
            bytes = bytes.saturating_mul((end.max(start) - start).div_ceil(step));
            selected.push(format!("{}:{}:{step}", start + offset, end.max(start) + offset));
        } else if start < *length {
            selected.push((start + offset).to_string());
        } else {
            return Err(refuse("the index is out of range"));
        }
    }
    if bytes > BUDGET {
        let message = format!(
            "the part {shown:?} is too large to be drawn at once; calcstore cat prints it, with -s parts of it"
        );
        return Err(Failure::new(ErrorKind::WrongShape, message));
    }
    if selected.is_empty() { Ok(Selection::all()) } else { Ok(selected.join(",").parse()?) }
}

/// Beginning, end and step of what is selected along an axis; of an index the beginning alone counts.
fn along(text: &str, length: u64) -> Option<(u64, u64, u64)> {
    let number = |text: &str, otherwise: u64| match text {
        "" => Some(otherwise),
        text if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    };
    let mut numbers = text.split(':');
    let first = numbers.next()?;
    let Some(end) = numbers.next() else {
        return Some((number(first, u64::MAX)?, 0, 1));
    };
    let step = number(numbers.next().unwrap_or_default(), 1)?;
    (numbers.next().is_none() && step > 0).then_some((
        number(first, 0)?.min(length),
        number(end, length)?.min(length),
        step,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_shown_in_parts_of_one_length() {
        assert_eq!(Part::new(&[1000, 1000], 8, 0), None);
        let part = Part::new(&[10_000_000], 8, 0).unwrap();
        assert_eq!((part.from, part.rows, part.of), (0, MOST_POINTS, 10_000_000));
        assert_eq!(
            Part::new(&[10_000_000], 256, 7).unwrap(),
            Part { from: 7, rows: BUDGET / 256, of: 10_000_000 }
        );
        let last = Part::new(&[10_000_000], 8, u64::MAX).unwrap();
        assert_eq!((last.from, last.rows), (10_000_000 - part.rows, part.rows));
        assert_eq!(Part::new(&[4, u64::MAX], 8, 2).unwrap(), Part { from: 2, rows: 1, of: 4 });
        assert_eq!((Part::new(&[], 8, 0), Part::new(&[9999, 9999, 9999], 8, 0)), (None, None));
    }

    #[test]
    fn a_selection_is_within_the_part_that_is_shown() {
        let part = Some(Part { from: 100, rows: 10, of: 1000 });
        let selected = |text| selection(text, &[1000, 4], part, 8).map(|selection| selection.to_string());
        assert_eq!(selected(None).unwrap(), "100:110,0:4");
        assert_eq!(selected(Some("3,:")).unwrap(), "103,0:4");
        assert_eq!(selected(Some("2:99:2, 1")).unwrap(), "102:110:2,1");
        for wrong in ["", ":", "10,:", "-1,:", "...", "0,:,:", "[0,1],:", "0:1:0,:", "a,:", "0:1:1:1,:"] {
            assert!(selected(Some(wrong)).is_err(), "{wrong}");
        }
        assert_eq!(selection(None, &[], None, 8).unwrap(), Selection::all());
    }

    #[test]
    fn a_selection_that_is_too_large_is_refused() {
        let shape = [4, 10_000, 10_000];
        assert!(selection(Some("0,0:100,:"), &shape, None, 8).is_ok());
        assert!(selection(Some("0,:,:"), &shape, None, 8).is_err());
        assert!(selection(None, &[1 << 40, 1 << 40], None, 8).is_err());
    }
}
