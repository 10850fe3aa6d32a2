//! Chunks of a dataset, counted.

use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::read::input::corrupt;

/// The chunks that cover a shape, numbered in row-major order.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    pub shape: Vec<u64>,
    pub chunk: Vec<u64>,
    /// How many chunks there are along each axis.
    pub counts: Vec<u64>,
}

impl Grid {
    /// # Errors
    /// `Corrupt` where the chunk has another rank than the dataset or no element, `Unsupported` where there would be more
    /// than 2⁶⁴ chunks.
    pub fn new(shape: &[u64], chunk: &[u64]) -> Result<Self> {
        if shape.len() != chunk.len() || shape.is_empty() || chunk.contains(&0) {
            return Err(corrupt(
                "dataset",
                format!("chunks of shape {chunk:?} do not cover one of shape {shape:?}"),
            ));
        }
        let counts: Vec<u64> = shape.iter().zip(chunk).map(|(length, side)| length.div_ceil(*side)).collect();
        if product(&counts).is_none() {
            let why = format!(
                "a dataset of shape {shape:?} in chunks of {chunk:?} has more chunks than can be counted"
            );
            return Err(Error::new(ErrorKind::Unsupported, why));
        }
        Ok(Self { shape: shape.to_vec(), chunk: chunk.to_vec(), counts })
    }

    /// The number of the chunk at these places along the axes; `None` where it is outside of the shape.
    pub fn number(&self, places: &[u64]) -> Option<u64> {
        let mut number = 0_u64;
        for (place, count) in places.iter().zip(&self.counts) {
            if place >= count {
                return None;
            }
            number = number.wrapping_mul(*count).wrapping_add(*place);
        }
        Some(number)
    }

    /// Where the chunk of a number is along the axes.
    pub fn places(&self, mut number: u64) -> Vec<u64> {
        let mut places = vec![0; self.counts.len()];
        for (place, count) in places.iter_mut().zip(&self.counts).rev() {
            *place = number.checked_rem(*count).unwrap_or_default();
            number = number.checked_div(*count).unwrap_or_default();
        }
        places
    }

    /// Whether a part of the chunk lies outside of the shape.
    pub fn is_partial(&self, places: &[u64]) -> bool {
        let axes = places.iter().zip(&self.chunk).zip(&self.shape);
        axes.into_iter()
            .any(|((place, side), length)| place.saturating_add(1).saturating_mul(*side) > *length)
    }
}

/// The product of all lengths, `None` beyond 64 bits.
pub(super) fn product(lengths: &[u64]) -> Option<u64> {
    if lengths.contains(&0) {
        return Some(0);
    }
    lengths.iter().try_fold(1_u64, |product, length| product.checked_mul(*length))
}
