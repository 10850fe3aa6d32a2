//! Dimension scales: what says of axes how they are called.
//!
//! # Format
//! The HDF5 Dimension Scale Specification, and what netCDF-4 adds to it.

use super::reading::Reading;
use crate::hdf5::{StoredAttribute, Type, Values};

/// The value of `CLASS` of a scale.
const SCALE: &str = "DIMENSION_SCALE";

/// What the attribute `NAME` of a scale begins with that has no labels.
const NO_LABELS: &str = "This is a netCDF dimension but not a netCDF variable";

/// What the attributes of a dataset say of its axes.
#[derive(Debug, Default)]
pub(crate) struct Axes {
    is_scale: bool,
    name: Option<String>,
    labels: Vec<String>,
    /// The addresses of the first scale of each axis.
    scales: Vec<Option<u64>>,
}

impl Axes {
    /// Takes an attribute in that is about axes alone; tells whether it was one. Whether `CLASS` and `NAME` are is known
    /// once all are there.
    pub fn take(&mut self, reading: &Reading<'_>, attribute: &StoredAttribute) -> bool {
        match attribute.name.as_str() {
            "DIMENSION_LIST" => self.take_list(reading, attribute),
            "REFERENCE_LIST" => matches!(attribute.data_type, Type::Compound { .. } | Type::List(_)),
            "_Netcdf4Dimid" | "_Netcdf4Coordinates" => true,
            "DIMENSION_LABELS" => {
                self.labels = text(reading, attribute);
                !self.labels.is_empty()
            }
            "CLASS" => {
                self.is_scale = text(reading, attribute) == [SCALE];
                self.is_scale
            }
            "NAME" => {
                self.name = text(reading, attribute).pop();
                false
            }
            _ => false,
        }
    }

    fn take_list(&mut self, reading: &Reading<'_>, attribute: &StoredAttribute) -> bool {
        let Ok(Values::Lists { lengths, values }) = reading.values(&attribute.data_type, &attribute.value)
        else {
            return false;
        };
        let Values::References(addresses) = *values else { return false };
        let mut rest = addresses.as_slice();
        for length in lengths {
            let (list, after) = rest.split_at(usize::try_from(length).unwrap_or(usize::MAX).min(rest.len()));
            self.scales.push(list.first().copied().flatten());
            rest = after;
        }
        true
    }

    /// Whether the dataset is a scale, whose attribute `NAME` is none of the user's.
    pub fn is_scale(&self) -> bool {
        self.is_scale
    }

    /// Whether the dataset only names a dimension, and has no values.
    pub fn has_no_labels(&self) -> bool {
        self.is_scale && self.name.as_deref().is_some_and(|name| name.starts_with(NO_LABELS))
    }

    /// The names of so many axes: those of their scales, else their labels; a scale of one axis is its own.
    pub fn names(&self, reading: &Reading<'_>, own: &str, rank: usize) -> Vec<Option<String>> {
        let mut names = vec![None; rank];
        if self.is_scale && rank == 1 {
            return vec![fit(own)];
        }
        for (axis, name) in names.iter_mut().enumerate() {
            let scale = self.scales.get(axis).copied().flatten();
            let scale = scale.map(|address| reading.paths.of(reading.file, address));
            let scale = scale.and_then(|path| fit(path.rsplit('/').next().unwrap_or_default()));
            *name = scale.or_else(|| self.labels.get(axis).and_then(|label| fit(label)));
        }
        for axis in 0..rank {
            // A matrix may have one dimension twice, which xarray does not know.
            let (before, rest) = names.split_at_mut(axis);
            if let Some(name) = rest.first_mut().filter(|name| name.is_some() && before.contains(name)) {
                *name = None;
            }
        }
        names
    }
}

/// A name, if it can be that of a dimension.
fn fit(name: &str) -> Option<String> {
    let is_fit = !name.is_empty() && !name.contains([':', '/', '#']) && !name.chars().any(char::is_control);
    is_fit.then(|| name.to_owned())
}

fn text(reading: &Reading<'_>, attribute: &StoredAttribute) -> Vec<String> {
    match reading.values(&attribute.data_type, &attribute.value) {
        Ok(Values::Text(text)) => text,
        _ => Vec::new(),
    }
}
