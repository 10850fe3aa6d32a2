//! Parts of datasets, selected by the labels of their dimensions.

use std::sync::{Arc, PoisonError};

use super::coordinate::{self, Coordinate, position, read_labels};
use super::dataset::Dataset;
use super::labels::{Asked, Label, Labels};
use crate::error::{Error, ErrorKind, Result};
use crate::selection::{Along, IntoSelection, Selection};
use crate::values::AnyArray;

/// A part of a dataset, selected by the names of its dimensions: as xarray's `sel` by labels, as its `isel` by
/// positions. [`Dataset::sel`] begins one; whatever takes a selection takes it.
///
/// Labels are looked up when the dataset is read or written.
#[derive(Clone, Debug)]
#[must_use]
pub struct LabelSelection<'a> {
    dataset: &'a Dataset,
    parts: Vec<(String, Part)>,
}

#[derive(Clone, Debug)]
enum Part {
    Labels(Labels),
    Positions(Along),
}

impl Dataset {
    /// Begins to select by labels: those of `dimension` that are given, and of all other dimensions everything.
    ///
    /// - A label drops the dimension, a list keeps it, in the list's order. A range `"a"..="c"` takes what is
    ///   stored from the one label to the other, with both.
    /// - Labels are found exactly, and numbers compared as numbers: 3 is also the label `3.0`. Before that a number
    ///   is rounded to the coordinate's type: `0.1` is found among labels of type `float32`.
    /// - A negative integer that is no label counts from the end, unless there are negative labels.
    /// - A dimension without a coordinate has positions for labels.
    ///
    /// # Coordinates
    /// The coordinate of the dimension `imt` is an array whose only dimension is `imt` and whose name is `imt`, in
    /// the group of the dataset or, where there is none, in the nearest group above.
    /// [`NewDataset::coordinate`](super::NewDataset::coordinate) stores one. It is read once by each handle of a
    /// dataset, and again when it has changed. Where a dataset is moved or copied its coordinates are not.
    ///
    /// # Errors
    /// They are those of what takes the selection: [`ErrorKind::InvalidInput`] for a dimension or a label that is
    /// not there, and for a label that is there twice; [`ErrorKind::WrongType`] for text where the labels are
    /// numbers, and the like; [`ErrorKind::WrongShape`] where the coordinate is longer or shorter than the
    /// dimension.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
    /// use ndarray::{Array1, Array2, array};
    ///
    /// let maps = array![[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]];
    /// store.new_dataset("/hmaps").coordinate("imt", ["PGA", "SA(0.2)"]).coordinate("site", [10, 20, 30]).insert(&maps)?;
    ///
    /// let maps = store.dataset("/hmaps")?;
    /// let pga: Array1<f64> = maps.read(maps.sel("imt", "PGA"))?;
    /// assert_eq!(pga, array![0.1, 0.2, 0.3]);
    /// assert_eq!(maps.read::<f64>(maps.sel("imt", "PGA").sel("site", 20))?, 0.2);
    /// assert_eq!(maps.read::<f64>(maps.sel("imt", "SA(0.2)").sel("site", -1))?, 0.6);
    /// let turned: Array2<f64> = maps.read(maps.sel("site", [30, 10]).isel("imt", ..1))?;
    /// assert_eq!(turned, array![[0.3, 0.1]]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sel(&self, dimension: &str, labels: impl Into<Labels>) -> LabelSelection<'_> {
        LabelSelection { dataset: self, parts: Vec::new() }.sel(dimension, labels)
    }

    /// Begins to select by positions along named dimensions: indices, ranges, lists, masks.
    ///
    /// # Errors
    /// As [`Dataset::sel`].
    pub fn isel(&self, dimension: &str, positions: impl Into<Along>) -> LabelSelection<'_> {
        LabelSelection { dataset: self, parts: Vec::new() }.isel(dimension, positions)
    }

    /// Reads the labels of a dimension.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] where there is no such dimension, [`ErrorKind::NotFound`] where it has no
    /// coordinate, and as [`DataStore::get`](crate::DataStore::get).
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
    /// store.new_dataset("/hcurve").coordinate("iml", [0.01, 0.1]).insert(&[0.9, 0.5])?;
    /// let levels = store.dataset("/hcurve")?.coordinate("iml")?;
    /// assert_eq!(levels.to_json(), serde_json::json!([0.01, 0.1]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn coordinate(&self, dimension: &str) -> Result<AnyArray> {
        self.axis(dimension)?;
        self.labels_of(dimension)?.ok_or_else(|| {
            let message = format!(
                "the dimension {dimension:?} has no coordinate: an array of this name, whose only dimension it is, in the group or above"
            );
            Error::new(ErrorKind::NotFound, message).with_key(self.key())
        })
    }

    /// Reads the labels of all dimensions that have some, in the order of the axes.
    ///
    /// # Errors
    /// As [`DataStore::get`](crate::DataStore::get).
    pub fn coordinates(&self) -> Result<Vec<(String, AnyArray)>> {
        let names = self.dimension_names().into_iter().flatten();
        let labelled = names.map(|name| Ok(self.labels_of(&name)?.map(|labels| (name, labels))));
        labelled.filter_map(Result::transpose).collect()
    }

    fn labels_of(&self, dimension: &str) -> Result<Option<AnyArray>> {
        let store = self.node.store();
        let found = coordinate::find(store, self.node.key().parent(), dimension, |_, snapshot, _| {
            read_labels(store, snapshot)
        })?;
        Ok(found.map(|(_, labels, _)| labels))
    }

    /// The axis of a dimension.
    fn axis(&self, dimension: &str) -> Result<usize> {
        let names = self.dimension_names();
        let refuse = |why: String| Err(Error::new(ErrorKind::InvalidInput, why).with_key(self.key()));
        let named: Vec<usize> =
            (0..names.len()).filter(|axis| names[*axis].as_deref() == Some(dimension)).collect();
        match named[..] {
            [axis] => Ok(axis),
            [] => {
                let there: Vec<_> = names.iter().flatten().map(|name| format!("{name:?}")).collect();
                let there = if there.is_empty() { "none has a name".to_owned() } else { there.join(", ") };
                refuse(format!("there is no dimension {dimension:?}; the dimensions: {there}"))
            }
            _ => refuse(format!("several dimensions are named {dimension:?}; select by their order")),
        }
    }

    /// The coordinate of an axis, as it is now: from memory where it has not changed.
    fn labelled(&self, axis: usize, dimension: &str) -> Result<Option<Arc<Coordinate>>> {
        let store = self.node.store();
        let known = self.coordinates.lock().unwrap_or_else(PoisonError::into_inner).get(dimension).cloned();
        let found = coordinate::find(store, self.node.key().parent(), dimension, |key, snapshot, labels| {
            self.refresh()?;
            let length = self.shape().get(axis).copied().unwrap_or_default();
            if labels != length {
                let message = format!(
                    "the dimension {dimension:?} has the length {length}, and {labels} labels in {key}; what is appended to the one is appended to the other too"
                );
                return Err(Error::new(ErrorKind::WrongShape, message).with_key(self.key()));
            }
            match &known {
                Some(known) if known.snapshot.is_same_version(snapshot) => Ok(None),
                _ => read_labels(store, snapshot).map(Some),
            }
        })?;
        let Some((_, labels, snapshot)) = found else { return Ok(None) };
        let Some(labels) = labels else { return Ok(known) };
        let coordinate = Arc::new(Coordinate::new(dimension, snapshot, labels)?);
        let mut known = self.coordinates.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(dimension.to_owned(), Arc::clone(&coordinate));
        Ok(Some(coordinate))
    }
}

impl LabelSelection<'_> {
    /// Selects along one more dimension, by labels.
    pub fn sel(mut self, dimension: &str, labels: impl Into<Labels>) -> Self {
        self.parts.push((dimension.to_owned(), Part::Labels(labels.into())));
        self
    }

    /// Selects along one more dimension, by positions.
    pub fn isel(mut self, dimension: &str, positions: impl Into<Along>) -> Self {
        self.parts.push((dimension.to_owned(), Part::Positions(positions.into())));
        self
    }

    /// Looks the labels up.
    ///
    /// # Errors
    /// As [`Dataset::sel`].
    pub fn selection(&self) -> Result<Selection> {
        let rank = self.dataset.dimension_names().len();
        let mut axes: Vec<Option<Along>> = vec![None; rank];
        for (dimension, part) in &self.parts {
            let axis = self.dataset.axis(dimension)?;
            let along = match part {
                Part::Positions(along) => along.clone(),
                Part::Labels(Labels(asked)) => self.look_up(axis, dimension, asked)?,
            };
            if axes[axis].replace(along).is_some() {
                return Err(self.refuse(format!("the dimension {dimension:?} is selected twice")));
            }
        }
        Ok(axes.into_iter().map(|along| along.unwrap_or_else(|| (..).into())).collect())
    }

    fn look_up(&self, axis: usize, dimension: &str, asked: &Asked) -> Result<Along> {
        let coordinate = self.dataset.labelled(axis, dimension)?;
        let place = |label: &Label| match &coordinate {
            Some(coordinate) => coordinate.place(label).map_err(|error| error.with_key(self.dataset.key())),
            None => self.position(axis, dimension, label),
        };
        Ok(match asked {
            Asked::One(label) => place(label)?.into(),
            Asked::List(labels) => labels.iter().map(place).collect::<Result<Vec<_>>>()?.into(),
            Asked::Range(first, last) => {
                let (start, end) = (place(first)?, place(last)?);
                if start > end {
                    let why = format!("along the dimension {dimension:?}, {first} comes after {last}");
                    return Err(self.refuse(why));
                }
                (start..=end).into()
            }
        })
    }

    /// The position that a label is where there are no labels.
    fn position(&self, axis: usize, dimension: &str, label: &Label) -> Result<u64> {
        let length = self.dataset.shape().get(axis).copied().unwrap_or_default();
        let Label::Integer(index) = label else {
            let message = format!(
                "the dimension {dimension:?} has no coordinate, and so positions from 0 to {length} and no label {label}"
            );
            return Err(Error::new(ErrorKind::WrongType, message).with_key(self.dataset.key()));
        };
        position(*index, length).ok_or_else(|| {
            self.refuse(format!("the dimension {dimension:?} has no index {index}: its length is {length}"))
        })
    }

    fn refuse(&self, why: String) -> Error {
        Error::new(ErrorKind::InvalidInput, why).with_key(self.dataset.key())
    }
}

impl IntoSelection for LabelSelection<'_> {
    fn into_selection(self) -> Result<Selection> {
        self.selection()
    }
}

impl IntoSelection for &LabelSelection<'_> {
    fn into_selection(self) -> Result<Selection> {
        self.selection()
    }
}
