//! The selection of a part of an array, as it was asked for.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::fmt::{self, Write};

use super::along::{Along, Kind, Slice};

/// An array of more axes than this is nowhere; a selection may still ask for it, and is refused with the shape.
const MOST_AXES: usize = 1023;

/// A part of an array, as numpy and h5py select it: for each axis an index, a slice, a list of indices or a mask.
///
/// Whatever takes a selection takes an [`IntoSelection`](super::IntoSelection): text in numpy's notation, integers,
/// Rust ranges, tuples of these, `ndarray`'s [`s!`](ndarray::s), or a `Selection`.
///
/// | numpy, h5py | text | Rust | `ndarray` |
/// |---|---|---|---|
/// | `a[()]`, `a[...]` | `"..."` | `..` or `()` | `s![..]` |
/// | `a[0]` | `"0"` | `0` | `s![0, ..]` |
/// | `a[3:7]` | `"3:7"` | `3..7` | `s![3..7, ..]` |
/// | `a[:, -1]` | `":,-1"` | `(.., -1)` | `s![.., -1]` |
/// | `a[..., -1]` | `"...,-1"` | `(Ellipsis, -1)` | |
/// | `a[0, :, 10:20:2]` | `"0,:,10:20:2"` | | `s![0, .., 10..20;2]` |
/// | `a[::-1]` | `"::-1"` | | `s![..;-1, ..]` |
/// | `a[[0, 3, 5], :]` | `"[0,3,5],:"` | `([0, 3, 5], ..)` | |
/// | `a[:, mask]` | `":,[true,false]"` | `(.., &mask)` | |
///
/// An index drops its axis; a slice, a list and a mask keep it. Negative numbers count from the end. Slices are
/// clipped to the axis, an index that is not there is an error. Axes that are not named are whole. One axis may have
/// a list, whose indices come in its order and as often as they are named, or a mask, of the axis's length. As in
/// h5py, the axis of a list stays where it is, where numpy moves it first if an index stands apart from it.
///
/// A Rust range such as `2..-1` is a selection too, but clippy takes it for an empty range: text says it as well.
/// `ndarray` turns round what lies between the bounds of a negative step: `s![2..5;-1]` is numpy's `4:1:-1`.
///
/// ```
/// use calcstore::{IntoSelection, Selection};
/// use ndarray::s;
///
/// let rows: Selection = "3:7, 0".parse()?;
/// assert_eq!((3..7, 0).into_selection()?, rows);
/// assert_eq!(s![3..7, 0].into_selection()?, rows);
/// assert_eq!(rows.to_string(), "3:7,0");
/// # Ok::<(), calcstore::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection(Vec<Kind>);

impl Selection {
    /// Selects the whole of an array of any shape.
    ///
    /// ```
    /// assert_eq!(calcstore::Selection::all().to_string(), "...");
    /// ```
    pub fn all() -> Self {
        Self(Vec::new())
    }

    /// Selects only `what` along the axis number `axis`, in place of what was selected there.
    ///
    /// The parts of the selection are what is counted: an ellipsis is one of them.
    ///
    /// ```
    /// let mask = [true, false, true];
    /// let selection = calcstore::Selection::all().along(2, &mask).along(0, -1);
    /// assert_eq!(selection.to_string(), "-1,:,[true,false,true]");
    /// ```
    pub fn along(mut self, axis: usize, what: impl Into<Along>) -> Self {
        let axis = axis.min(MOST_AXES);
        while self.0.len() <= axis {
            self.0.push(Kind::Slice(Slice::WHOLE));
        }
        if let Some(part) = self.0.get_mut(axis) {
            *part = what.into().0;
        }
        self.0.into_iter().collect()
    }

    pub(super) fn parts(&self) -> &[Kind] {
        &self.0
    }

    /// The selection for an error: in quotes, and not much longer than a line.
    pub(super) fn quoted(&self) -> String {
        let mut quoted = Excerpt::default();
        // An excerpt ends the writing when it is full.
        let _ = write!(quoted, "{self}");
        quoted.finish()
    }
}

/// `text` in quotes, and not much longer than a line.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = Excerpt::default();
    let _ = quoted.write_str(text);
    quoted.finish()
}

#[derive(Default)]
struct Excerpt {
    text: String,
    full: bool,
}

impl Excerpt {
    const LENGTH: usize = 60;

    fn finish(self) -> String {
        format!("{:?}{}", self.text, if self.full { "…" } else { "" })
    }
}

impl Write for Excerpt {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = Self::LENGTH.saturating_sub(self.text.len());
        if text.len() <= room {
            self.text.push_str(text);
            return Ok(());
        }
        self.full = true;
        let end = (0..=room).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        self.text.push_str(&text[..end]);
        Err(fmt::Error)
    }
}

impl FromIterator<Kind> for Selection {
    fn from_iter<I: IntoIterator<Item = Kind>>(parts: I) -> Self {
        let mut parts: Vec<Kind> = parts.into_iter().collect();
        // What follows the last part is whole without being said. A second ellipsis stays, to be refused.
        if parts.iter().position(|part| *part == Kind::Ellipsis) == Some(parts.len().wrapping_sub(1)) {
            parts.pop();
        }
        Self(parts)
    }
}

impl FromIterator<Along> for Selection {
    fn from_iter<I: IntoIterator<Item = Along>>(parts: I) -> Self {
        parts.into_iter().map(|part| part.0).collect()
    }
}

/// The notation of numpy, which parses to the same selection; an empty mask prints as an empty list.
impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("...");
        }
        for (n, part) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str(",")?;
            }
            write!(f, "{part}")?;
        }
        Ok(())
    }
}
