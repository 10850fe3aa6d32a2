//! The elements that everyone gets, in files.

use std::path::Path;

use ndarray::Array2;
use rayon::prelude::*;

use crate::Outcome;

pub const ROWS: usize = 100;
pub const LEVELS: usize = 20;

/// So many arrays of curves differ; then they are the same again.
pub const DISTINCT: usize = 16;

/// Smooth, decreasing along a row, different in every row: the numbers that hazard curves are made of.
pub fn curves_like(first_row: usize, rows: usize, levels: usize) -> Outcome<Array2<f64>> {
    let (low, high) = (0.005_f64.ln(), 2.13_f64.ln());
    let imls: Vec<f64> =
        (0..levels).map(|n| (low + (high - low) * of(n) / of(levels - 1)).exp() / 0.1).collect();
    let mut values = vec![0.0; rows * levels];
    values.par_chunks_mut(levels).enumerate().for_each(|(row, values)| {
        let row = of(first_row + row);
        let rate = 1e-3 + (row * 0.618_033_988_749_894_9).fract() * 0.02;
        let slope = 1.0 + (row * 0.754_877_666_246_692_7).fract();
        for (value, iml) in values.iter_mut().zip(&imls) {
            *value = -(-50.0 * rate * iml.powf(-slope)).exp_m1();
        }
    });
    Ok(Array2::from_shape_vec((rows, levels), values)?)
}

pub fn key(n: usize) -> String {
    format!("trt_{:03}/gsim_{:02}", n / 100, n % 100)
}

/// The sum of so many arrays of the distinct ones, from the `first` on.
pub fn sum_of(arrays: &[Array2<f64>], first: usize, count: usize) -> f64 {
    let sums: Vec<f64> = arrays.iter().map(|array| array.sum()).collect();
    (first..first + count).map(|n| sums[n % sums.len()]).sum()
}

pub fn write(directory: &Path, elements: &[f64]) -> Outcome<()> {
    Ok(std::fs::write(directory.join("elements"), bytemuck::cast_slice(elements))?)
}

/// Reads them into memory that is filled, so that nobody measures the first touch of it.
pub fn read(directory: &Path) -> Outcome<Vec<f64>> {
    let file = directory.join("elements");
    let mut elements = vec![0.0; usize::try_from(file.metadata()?.len())? / 8];
    std::io::Read::read_exact(&mut std::fs::File::open(file)?, bytemuck::cast_slice_mut(&mut elements))?;
    Ok(elements)
}

pub fn read_curves(directory: &Path) -> Outcome<Vec<Array2<f64>>> {
    let curves = read(directory)?;
    let arrays = curves.chunks_exact(ROWS * LEVELS);
    Ok(arrays
        .map(|array| Array2::from_shape_vec((ROWS, LEVELS), array.to_vec()))
        .collect::<Result<_, _>>()?)
}

pub fn read_rows(directory: &Path, levels: usize) -> Outcome<Array2<f64>> {
    let elements = read(directory)?;
    Ok(Array2::from_shape_vec((elements.len() / levels, levels), elements)?)
}

#[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
pub fn of(number: usize) -> f64 {
    number as f64
}
