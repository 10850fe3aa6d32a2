use std::ops::Deref;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::storage::Store;
use crate::values::{AnyArray, Content, DataType, Get, Put, Stored};
use crate::zarr::{MARKER, Marker, TypedAttribute};

/// The longest name of an attribute, in bytes.
const MAX_NAME: usize = 1024;

/// The attributes of one node: small values that say something about it, such as `units`.
///
/// They are JSON in the node's `zarr.json`, where every Zarr tool finds them. Data type and shape come back as
/// they were stored, also where JSON alone would not tell.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
/// store.insert("/levels", [0.01, 0.1, 1.0])?;
/// let attributes = store.attributes("/levels")?;
/// attributes.insert("units", "g")?;
/// attributes.insert("sigma", [0.5f32, f32::NAN])?;
///
/// assert_eq!(attributes.get::<String>("units")?, "g");
/// assert!(attributes.get::<Vec<f32>>("sigma")?[1].is_nan());
/// assert_eq!(attributes.names()?, ["sigma", "units"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Attributes<'a> {
    store: Holder<'a>,
    key: Key,
}

/// The store that has the node.
#[derive(Debug)]
enum Holder<'a> {
    Own(&'a Store),
    Parent(Arc<Store>),
}

impl Deref for Holder<'_> {
    type Target = Store;

    fn deref(&self) -> &Store {
        match self {
            Self::Own(store) => store,
            Self::Parent(store) => store,
        }
    }
}

impl<'a> Attributes<'a> {
    pub(crate) fn new(store: &'a Store, key: Key) -> Result<Self> {
        store.read(&key, |_| Ok(()))?;
        Ok(Self { store: Holder::Own(store), key })
    }

    /// The attributes of a node that only a parent has: they are read, but not changed.
    pub(crate) fn of_parent(store: Arc<Store>, key: Key) -> Self {
        Self { store: Holder::Parent(store), key }
    }

    fn fault(&self, kind: ErrorKind, name: &str, what: &str) -> Error {
        Error::new(kind, format!("attribute {name:?}: {what}")).with_key(self.key.to_string())
    }

    /// Lists the names, sorted.
    ///
    /// # Errors
    /// As those of [`DataStore::get`](crate::DataStore::get), here and below.
    pub fn names(&self) -> Result<Vec<String>> {
        let mut names: Vec<String> = self.json()?.into_iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// Gives all attributes as JSON.
    ///
    /// # Errors
    /// As [`Attributes::names`].
    pub fn json(&self) -> Result<serde_json::Map<String, Json>> {
        self.store.read(&self.key, |snapshot| Ok(snapshot.metadata.user_attributes()))
    }

    /// Tells whether there is an attribute of this name.
    ///
    /// # Errors
    /// As [`Attributes::names`].
    pub fn contains_key(&self, name: &str) -> Result<bool> {
        Ok(self.json()?.contains_key(name))
    }

    /// Gives an attribute as what it was stored as.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], and as [`DataStore::get`](crate::DataStore::get).
    pub fn get<T: Get>(&self, name: &str) -> Result<T> {
        let array = self.array(name)?;
        let found = T::get(&Stored::Array(&array.stored()?));
        found.map_err(|error| self.fault(error.kind(), name, error.message()))
    }

    /// Gives an attribute of whichever data type it has.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], and [`ErrorKind::WrongType`] for JSON that is no array, such as an object.
    pub fn array(&self, name: &str) -> Result<AnyArray> {
        self.store.read(&self.key, |snapshot| {
            let json = snapshot.metadata.attributes().get(name).filter(|_| name != MARKER);
            let json = json.ok_or_else(|| self.fault(ErrorKind::NotFound, name, "not found"))?;
            typed_attribute(json, snapshot.marker.attributes.get(name))
                .map_err(|error| self.fault(error.kind(), name, error.message()))
        })
    }

    /// Sets an attribute to a scalar, text or an array.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a reserved name, [`ErrorKind::WrongType`] for what is no array, and those of
    /// [`DataStore::insert`](crate::DataStore::insert).
    pub fn insert(&self, name: &str, value: impl Put) -> Result<()> {
        let Content::Array(content) = value.content()? else {
            return Err(self.fault(
                ErrorKind::WrongType,
                name,
                "only arrays, scalars and text can be attributes",
            ));
        };
        let (json, note) = noted_attribute(&AnyArray::from_content(&content)?);
        self.set(name, json, note)
    }

    /// Sets an attribute to any JSON.
    ///
    /// # Errors
    /// As [`Attributes::insert`].
    pub fn insert_json(&self, name: &str, value: Json) -> Result<()> {
        self.set(name, value, None)
    }

    fn set(&self, name: &str, json: Json, note: Option<TypedAttribute>) -> Result<()> {
        if let Some(what) = attribute_name_fault(name) {
            return Err(self.fault(ErrorKind::InvalidInput, name, what));
        }
        self.change(|attributes, marker| {
            attributes.insert(name.to_owned(), json);
            match note {
                Some(note) => marker.attributes.insert(name.to_owned(), note),
                None => marker.attributes.remove(name),
            };
            Ok(())
        })
    }

    /// Removes an attribute.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], and those of [`DataStore::insert`](crate::DataStore::insert).
    pub fn remove(&self, name: &str) -> Result<()> {
        self.change(|attributes, marker| {
            if name == MARKER || attributes.remove(name).is_none() {
                return Err(self.fault(ErrorKind::NotFound, name, "not found"));
            }
            marker.attributes.remove(name);
            Ok(())
        })
    }

    fn change(
        &self,
        change: impl FnOnce(&mut serde_json::Map<String, Json>, &mut Marker) -> Result<()>,
    ) -> Result<()> {
        if let Holder::Parent(store) = &self.store {
            let message =
                "only the parent has this, and a parent is never changed; insert the value here first";
            let error = Error::new(ErrorKind::ReadOnly, message).with_file(store.path());
            return Err(error.with_key(self.key.to_string()));
        }
        let changed = self.store.update_metadata(&self.key, |metadata| {
            let mut marker = Marker::read(metadata.attributes())?;
            change(metadata.attributes_mut(), &mut marker)?;
            marker.write(metadata.attributes_mut())
        });
        changed.map_err(|error| error.with_key(self.key.to_string()))
    }
}

/// What is wrong with the name of an attribute that is to be made, if anything is.
pub(crate) fn attribute_name_fault(name: &str) -> Option<&'static str> {
    if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
        return Some("a name is 1 to 1,024 bytes without control characters");
    }
    (name == MARKER).then_some("the name is reserved")
}

/// An array as an attribute is stored, with a note of its type and shape where JSON alone would not bring them back.
pub(crate) fn noted_attribute(array: &AnyArray) -> (Json, Option<TypedAttribute>) {
    let json = array.to_json();
    let natural = AnyArray::from_json(&json);
    let is_natural =
        natural.is_some_and(|n| n.data_type() == array.data_type() && n.shape() == array.shape());
    let note =
        TypedAttribute { data_type: array.data_type().name().to_owned(), shape: array.shape().to_vec() };
    (json, (!is_natural).then_some(note))
}

/// The array that an attribute is, by what was noted or else by what JSON tells.
pub(crate) fn typed_attribute(json: &Json, note: Option<&TypedAttribute>) -> Result<AnyArray> {
    let Some(note) = note else {
        return AnyArray::from_json(json)
            .ok_or_else(|| Error::new(ErrorKind::WrongType, "is JSON that is no array; json() gives it"));
    };
    let data_type = DataType::from_name(&note.data_type).ok_or_else(|| {
        Error::new(ErrorKind::Unsupported, format!("the data type {:?} is not supported", note.data_type))
    })?;
    AnyArray::from_typed_json(json, data_type, &note.shape)
}
