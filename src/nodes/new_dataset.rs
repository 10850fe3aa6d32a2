use std::sync::Arc;

use super::coordinate;
use super::dataset::Dataset;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::storage::{ArrayOptions, Existing, Shards, Store};
use crate::values::{AnyArray, ArrayContent, Content, DataType, Element, Put};
use crate::zarr::{Compression, FillValue};

/// A dataset that is about to be made: how it is to be stored, and what it is about.
///
/// Whatever is not said is chosen: one chunk up to 4 MiB, no compression, fill value zero, names of its own for the
/// axes.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
/// use calcstore::Compression;
/// use ndarray::{Array2, s};
///
/// // With its elements:
/// let curves = Array2::<f64>::zeros((1000, 20));
/// store.new_dataset("/curves").chunks([100, 20]).compression(Compression::zstd(3)?).insert(&curves)?;
///
/// // Before there are any:
/// let maps = store
///     .new_dataset("/maps")
///     .dimension_names(["site", "imt"])
///     .units("g")
///     .fill_value(f64::NAN)
///     .create::<f64>(&[100, 3])?;
/// maps.write(s![0..10, ..], 0.25)?;
/// assert_eq!(maps.read::<f64>((9, 2))?, 0.25);
/// assert!(maps.read::<f64>((10, 2))?.is_nan());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct NewDataset<'a> {
    store: &'a Arc<Store>,
    key: String,
    options: ArrayOptions,
    /// What was wrong with an option: said when the dataset is made.
    fault: Option<Error>,
    fill_value: Option<AnyArray>,
    /// Labels by dimension, in the order in which they were given.
    coordinates: Vec<(String, AnyArray)>,
    existing: Existing,
}

impl<'a> NewDataset<'a> {
    pub(crate) fn new(store: &'a Arc<Store>, key: &str) -> Self {
        let options = ArrayOptions { compression: store.compression(), ..ArrayOptions::default() };
        let existing = Existing::Replace;
        let coordinates = Vec::new();
        Self { store, key: key.to_owned(), options, fault: None, fill_value: None, coordinates, existing }
    }

    /// Sets the length of a chunk along each axis. Small chunks share files, unless [`shards`](Self::shards) says
    /// otherwise.
    pub fn chunks(mut self, shape: impl AsRef<[u64]>) -> Self {
        self.options.chunk_shape = Some(shape.as_ref().to_vec());
        self
    }

    /// Sets how many elements along each axis share a file: a multiple of the chunks. An empty shape makes each chunk
    /// a file.
    pub fn shards(mut self, shape: impl AsRef<[u64]>) -> Self {
        let shape = shape.as_ref();
        self.options.shards = if shape.is_empty() { Shards::None } else { Shards::Shape(shape.to_vec()) };
        self
    }

    /// Sets how the elements are compressed.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.options.compression = compression;
        self
    }

    /// Has so many bits of the mantissa of floating-point numbers kept and the others rounded to zero, which makes
    /// them compress better: 7 bits keep two decimal digits, 10 bits three. Of a table, the columns of such numbers
    /// are rounded. Elements that are written later are not, so that [`create`](Self::create) refuses it.
    pub fn keep_bits(mut self, bits: u32) -> Self {
        self.options.kept_bits = Some(bits);
        self
    }

    /// Sets what elements are that were never written: a scalar of the dataset's type.
    pub fn fill_value(mut self, value: impl Put) -> Self {
        match scalar(&value) {
            Ok(value) => self.fill_value = Some(value),
            Err(error) => self.fault = self.fault.or(Some(error)),
        }
        self
    }

    /// Names the axes. Arrays of one group whose axes have one name and one length are seen as one data set by
    /// xarray.
    pub fn dimension_names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.options.dimension_names = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Labels a dimension: text, integers, floats or `bool`, as many as its axis is long. [`Dataset::sel`] finds the
    /// elements by them, and so does xarray.
    ///
    /// The labels of the dimension `imt` of `/g/a` are the array `/g/imt`, which is stored before the dataset, and
    /// which all datasets of the group and below share. Labels that are there already must be the same. Without
    /// [`dimension_names`](Self::dimension_names) the coordinates name the axes in their order, and each axis needs
    /// one; with them they may come in any order, and some axes may have none.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
    /// use ndarray::Array2;
    ///
    /// let poes = Array2::<f64>::zeros((100, 2));
    /// store
    ///     .new_dataset("/stats/mean")
    ///     .dimension_names(["site", "imt"])
    ///     .coordinate("imt", ["PGA", "SA(0.2)"])
    ///     .insert(&poes)?;
    /// assert_eq!(store.get::<Vec<String>>("/stats/imt")?, ["PGA", "SA(0.2)"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the dataset is made: [`ErrorKind::Conflict`] where the dimension has other labels already;
    /// [`ErrorKind::WrongShape`] for more or fewer labels than the axis is long; [`ErrorKind::InvalidInput`] for a
    /// dimension that the dataset has not. Coordinates that were stored stay where the dataset then fails.
    pub fn coordinate(mut self, dimension: impl Into<String>, labels: impl Put) -> Self {
        let dimension = dimension.into();
        let labels = match labels.content() {
            Ok(Content::Array(content)) => AnyArray::from_content(&content),
            Ok(_) => Err(Error::new(ErrorKind::WrongType, "labels are an array of text, numbers or bool")),
            Err(error) => Err(error),
        };
        match labels.and_then(|labels| coordinate::checked_labels(&dimension, labels)) {
            Ok(labels) => self.coordinates.push((dimension, labels)),
            Err(error) => self.fault = self.fault.or(Some(error)),
        }
        self
    }

    /// Says in which units the elements are: the attribute `units`, such as `m s-2`.
    pub fn units(self, units: &str) -> Self {
        self.attribute("units", units)
    }

    /// Says in a few words what the elements are: the attribute `long_name`.
    pub fn long_name(self, name: &str) -> Self {
        self.attribute("long_name", name)
    }

    fn attribute(mut self, name: &str, text: &str) -> Self {
        self.options.attributes.insert(name.to_owned(), text.into());
        self
    }

    /// Refuses to replace a value that has the key already.
    pub fn only_if_new(mut self) -> Self {
        self.existing = Existing::Refuse;
        self
    }

    /// Makes the dataset with its elements; a table's columns are all stored like that.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for options that do not fit the array, and as
    /// [`DataStore::insert`](crate::DataStore::insert).
    pub fn insert(self, value: impl Put) -> Result<()> {
        let key = Key::new(&self.key)?;
        let made = value.content().and_then(|content| {
            let array = match &content {
                Content::Array(array) => Some(array),
                _ => None,
            };
            let mut options = self.options_for(array.map(|array| array.data_type))?;
            if let Some(array) = array {
                self.store_coordinates(&key, &array.shape, &mut options)?;
            }
            self.store.put_with(&key, &content, &options, self.existing)
        });
        made.map_err(|error| error.with_key(key.to_string()))
    }

    /// Makes the dataset before any elements are there; all are the fill value. A first axis of length zero is for
    /// [appending](Dataset::append): then the first rows decide on the chunks, where none were asked for.
    ///
    /// # Errors
    /// As [`NewDataset::insert`].
    pub fn create<T: Element>(self, shape: &[u64]) -> Result<Dataset> {
        self.create_typed(T::DATA_TYPE, shape)
    }

    /// Makes a dataset of a data type that is known only when the program runs.
    ///
    /// # Errors
    /// As [`NewDataset::insert`].
    pub fn create_typed(self, data_type: DataType, shape: &[u64]) -> Result<Dataset> {
        let key = Key::new(&self.key)?;
        let made = self.options_for(Some(data_type)).and_then(|mut options| {
            if options.kept_bits.is_some() {
                let message = "keep_bits rounds what insert is given, and create is given no elements";
                return Err(Error::new(ErrorKind::InvalidInput, message));
            }
            self.store_coordinates(&key, shape, &mut options)?;
            self.store.create_array(&key, data_type, shape, &options, self.existing)
        });
        made.map_err(|error| error.with_key(key.to_string()))?;
        Dataset::open(Arc::clone(self.store), key)
    }

    /// The options, once it is known what they are for: an array of a data type, or something else.
    fn options_for(&self, data_type: Option<DataType>) -> Result<ArrayOptions> {
        if let Some(fault) = &self.fault {
            return Err(Error::new(fault.kind(), fault.message()));
        }
        let mut options = self.options.clone();
        if data_type.is_none() {
            let named = [
                ("chunks", options.chunk_shape.is_some()),
                ("shards", !matches!(options.shards, Shards::Automatic)),
                ("a fill value", self.fill_value.is_some()),
                ("dimension names", options.dimension_names.is_some()),
                ("a coordinate", !self.coordinates.is_empty()),
                ("units or a long name", !options.attributes.is_empty()),
            ];
            if let Some((option, _)) = named.iter().find(|(_, given)| *given) {
                let message = format!("{option} cannot be given for what is no array");
                return Err(Error::new(ErrorKind::InvalidInput, message));
            }
        }
        if let (Some(value), Some(data_type)) = (&self.fill_value, data_type) {
            if value.data_type() != data_type {
                let message = format!("a fill value of type {} for {data_type} elements", value.data_type());
                return Err(Error::new(ErrorKind::WrongType, message));
            }
            options.fill_value = Some(FillValue::to_json(value));
        }
        Ok(options)
    }

    /// Names the axes, and stores their labels.
    fn store_coordinates(&self, key: &Key, shape: &[u64], options: &mut ArrayOptions) -> Result<()> {
        let Some(group) = key.parent().filter(|_| !self.coordinates.is_empty()) else { return Ok(()) };
        let refuse = |kind, why: String| Err(Error::new(kind, why));
        if options.dimension_names.is_none() {
            if self.coordinates.len() != shape.len() {
                let (count, rank) = (self.coordinates.len(), shape.len());
                let why = format!(
                    "{count} coordinates for {rank} axes; dimension_names() says which axes they are of"
                );
                return refuse(ErrorKind::InvalidInput, why);
            }
            options.dimension_names = Some(self.coordinates.iter().map(|(name, _)| name.clone()).collect());
        }
        let names = options.names(key, shape.len())?;
        for (at, (name, labels)) in self.coordinates.iter().enumerate() {
            let Some(axis) = names.iter().position(|there| there == name) else {
                let why = format!("a coordinate {name:?} for the dimensions {names:?}");
                return refuse(ErrorKind::InvalidInput, why);
            };
            if self.coordinates[..at].iter().any(|(other, _)| other == name) {
                return refuse(ErrorKind::InvalidInput, format!("the coordinate {name:?} is given twice"));
            }
            if labels.len() as u64 != shape[axis] {
                let (count, length) = (labels.len(), shape[axis]);
                let why = format!(
                    "the coordinate {name:?} has {count} labels, and axis {axis} the length {length}"
                );
                return refuse(ErrorKind::WrongShape, why);
            }
            if group.child(name)? == *key {
                let why = format!("would be its own coordinate; dimension_names([{name:?}]) makes it one");
                return refuse(ErrorKind::InvalidInput, why);
            }
        }
        let mut coordinates = self.coordinates.iter();
        coordinates.try_for_each(|(name, labels)| coordinate::share(self.store, &group, name, labels))
    }
}

fn scalar(value: &impl Put) -> Result<AnyArray> {
    match value.content()? {
        Content::Array(ArrayContent { shape, .. }) if !shape.is_empty() => Err(Error::new(
            ErrorKind::WrongShape,
            format!("a fill value is a scalar, not of shape {shape:?}"),
        )),
        Content::Array(content) => AnyArray::from_content(&content),
        _ => Err(Error::new(ErrorKind::WrongType, "a fill value is a number, a bool or text")),
    }
}
