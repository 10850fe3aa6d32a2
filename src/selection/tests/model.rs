//! Arrays whose elements are their own numbers, selected by ndarray, and cut into chunks one element at a time.

use ndarray::{ArrayD, ArrayViewD, Axis, IxDyn, Slice as NdSlice};

use crate::selection::Resolved;
use crate::selection::resolve::Pick;

/// An array of this shape, whose elements are numbered in C order.
pub fn numbered(shape: &[u64]) -> ArrayD<u64> {
    let shape: Vec<usize> = shape.iter().map(|length| *length as usize).collect();
    let count = shape.iter().product::<usize>() as u64;
    ArrayD::from_shape_vec(IxDyn(&shape), (0..count).collect()).unwrap()
}

/// What is taken along one axis, as ndarray says it.
#[derive(Clone, Debug)]
pub enum Taken {
    Index(i64),
    /// As Python means it.
    Slice(Option<i64>, Option<i64>, i64),
    List(Vec<i64>),
    Mask(Vec<bool>),
}

impl Taken {
    pub fn text(&self) -> String {
        let bound = |bound: &Option<i64>| bound.map(|at| at.to_string()).unwrap_or_default();
        match self {
            Self::Index(index) => index.to_string(),
            Self::Slice(start, stop, 1) => format!("{}:{}", bound(start), bound(stop)),
            Self::Slice(start, stop, step) => format!("{}:{}:{step}", bound(start), bound(stop)),
            Self::List(list) => format!("{list:?}"),
            Self::Mask(mask) => format!("{mask:?}"),
        }
    }

    /// Selects along one axis by ndarray.
    fn select(&self, array: &ArrayViewD<u64>, axis: usize) -> ArrayD<u64> {
        let length = array.len_of(Axis(axis)) as i64;
        let real = |index: &i64| (if *index < 0 { index + length } else { *index }) as usize;
        match self {
            Self::Index(index) => array.index_axis(Axis(axis), real(index)).to_owned(),
            Self::List(list) => array.select(Axis(axis), &list.iter().map(real).collect::<Vec<_>>()),
            Self::Mask(mask) => {
                let taken = (0..mask.len()).filter(|n| mask[*n]).collect::<Vec<_>>();
                array.select(Axis(axis), &taken)
            }
            Self::Slice(start, stop, step) => select_slice(array, axis, (*start, *stop, *step)),
        }
    }
}

/// Turns the axis round for a negative step, so that ndarray is asked for what it and Python mean alike.
fn select_slice(
    array: &ArrayViewD<u64>,
    axis: usize,
    (start, stop, step): (Option<i64>, Option<i64>, i64),
) -> ArrayD<u64> {
    let length = array.len_of(Axis(axis)) as i64;
    let mut view = array.view();
    let mirrored = |bound: Option<i64>| {
        let bound = bound.map(|bound| if bound < 0 { bound + length } else { bound });
        bound.map(|bound| if step < 0 { length - 1 - bound } else { bound }.clamp(0, length) as isize)
    };
    if step < 0 {
        view.invert_axis(Axis(axis));
    }
    let (start, stop) = (mirrored(start).unwrap_or(0), mirrored(stop).unwrap_or(length as isize));
    let slice = NdSlice::new(start, Some(stop.max(start)), step.saturating_abs() as isize);
    view.slice_axis(Axis(axis), slice).to_owned()
}

/// What ndarray selects.
pub fn selected(array: &ArrayD<u64>, taken: &[Taken]) -> ArrayD<u64> {
    // The last axis first, so that an index drops none that is still to come.
    let each = taken.iter().enumerate().rev();
    each.fold(array.clone(), |array, (axis, taken)| taken.select(&array.view(), axis))
}

/// The whole decoded chunk at `index`; what lies outside the array is `u64::MAX`.
pub fn chunk(array: &ArrayD<u64>, shape: &[u64], index: &[u64]) -> Vec<u64> {
    let within = numbered(shape);
    let element = |(place, _): (IxDyn, &u64)| {
        let place: Vec<usize> = (0..shape.len()).map(|n| (index[n] * shape[n]) as usize + place[n]).collect();
        array.get(IxDyn(&place)).copied().unwrap_or(u64::MAX)
    };
    within.indexed_iter().map(element).collect()
}

/// The indices along an axis, spelled out.
pub fn indices(pick: &Pick) -> Vec<u64> {
    match pick {
        Pick::List(list) => list.clone(),
        Pick::Range { start, step, count } => {
            (0..*count as i128).map(|n| (*start as i128 + n * *step as i128) as u64).collect()
        }
    }
}

/// Gathers chunk by chunk from an array that is cut into chunks.
pub fn gathered(array: &ArrayD<u64>, resolved: &Resolved, chunk_shape: &[u64]) -> ArrayD<u64> {
    let mut out = vec![u64::MAX; resolved.elements() as usize];
    for part in resolved.chunks(chunk_shape).unwrap() {
        part.gather(&chunk(array, chunk_shape, part.index()), &mut out, 1).unwrap();
    }
    let shape: Vec<usize> = resolved.shape().iter().map(|length| *length as usize).collect();
    ArrayD::from_shape_vec(IxDyn(&shape), out).unwrap()
}
