use std::fmt::Debug;

use calcstore::{AnyArray, DataStore, DataType, Get, NodeKind, Put, Table, Value};
use ndarray::{Array, ArrayBase, ArrayD, Data, Dimension, IxDyn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};

use crate::manifest::{self, Described, Manifest, hex};

/// Reads a value back and compares it with what was stored.
type Check = Box<dyn Fn(&DataStore)>;

/// What was put into a store: for other programs as a manifest, for this crate as checks.
#[derive(Default)]
pub struct Samples {
    pub manifest: Manifest,
    pub checks: Vec<Check>,
}

impl Samples {
    /// Stores an array of any layout.
    pub fn array<T, S, D>(&mut self, store: &DataStore, key: &str, values: ArrayBase<S, D>)
    where
        T: Described + PartialEq + Debug,
        S: Data<Elem = T>,
        D: Dimension + 'static,
        AnyArray: From<ArrayD<T>>,
    {
        store.insert(key, &values).unwrap();
        self.manifest.dataset(key, &values);
        self.check_array(key, &values);
    }

    /// Has it checked that an array is read back as every type that can hold it.
    pub fn check_array<T, S, D>(&mut self, key: &str, values: &ArrayBase<S, D>)
    where
        T: Described + PartialEq + Debug,
        S: Data<Elem = T>,
        D: Dimension + 'static,
        AnyArray: From<ArrayD<T>>,
    {
        let (key, expected) = (key.to_owned(), manifest::array(values));
        self.checks.push(Box::new(move |store| {
            let typed: Array<T, D> = store.get(&key).unwrap();
            assert_eq!(manifest::array(&typed), expected, "{key}");
            assert!(typed.is_standard_layout());
            let found: ArrayD<T> = store.get(&key).unwrap();
            assert_eq!(manifest::array(&found), expected, "{key}");
            let Value::Array(any) = store.value(&key).unwrap() else { panic!("{key} is no array") };
            assert_eq!((any.data_type().name(), any.shape()), (T::NAME, typed.shape()));
            // Text is the same as text where NaN is not the same as NaN.
            assert_eq!(format!("{any:?}"), format!("{:?}", AnyArray::from(found)), "{key}");
            let node = store.node(&key).unwrap();
            let layout = node.layout.unwrap();
            assert_eq!((node.kind, layout.data_type), (NodeKind::Dataset, T::DATA_TYPE));
            assert_eq!(json!(layout.shape), expected["shape"]);
            assert_eq!(DataType::from_name(T::NAME), Some(T::DATA_TYPE));
        }));
    }

    /// Stores a table; each column as it is and as a manifest has it.
    pub fn table(&mut self, store: &DataStore, key: &str, table: &Table, columns: &[(&str, Json)]) {
        store.insert(key, table).unwrap();
        let rows = table.rows();
        let described: Map<String, Json> =
            columns.iter().map(|(name, array)| ((*name).to_owned(), array.clone())).collect();
        self.manifest.node(key, "table", [("rows", json!(rows)), ("columns", Json::from(described))]);
        let names: Vec<String> = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let (key, expected) = (key.to_owned(), format!("{table:?}"));
        self.checks.push(Box::new(move |store| {
            let found: Table = store.get(&key).unwrap();
            assert_eq!(format!("{found:?}"), expected, "{key}");
            assert!(matches!(store.value(&key).unwrap(), Value::Table(_)));
            let node = store.node(&key).unwrap();
            assert_eq!((node.kind, node.rows), (NodeKind::Table, Some(rows as u64)));
            assert_eq!(node.columns, names);
            for (name, column) in found.columns() {
                let alone: AnyArray = store.get(&format!("{key}/{name}")).unwrap();
                assert_eq!(format!("{alone:?}"), format!("{column:?}"));
            }
        }));
    }

    /// Stores a `serde` object that must look like `json` to those who do not know its type.
    pub fn object<T>(&mut self, store: &DataStore, key: &str, object: T, json: Json)
    where
        T: Serialize + DeserializeOwned + PartialEq + Debug + 'static,
    {
        store.insert_object(key, &object).unwrap();
        self.manifest.node(key, "object", [("json", json.clone())]);
        let key = key.to_owned();
        self.checks.push(Box::new(move |store| {
            assert_eq!(store.object::<T>(&key).unwrap(), object);
            let Value::Object(found) = store.value(&key).unwrap() else { panic!("{key} is no object") };
            assert_eq!(found.json, json);
            assert_eq!(found.type_name, std::any::type_name::<T>());
        }));
    }

    /// Stores bytes.
    pub fn bytes(&mut self, store: &DataStore, key: &str, bytes: &[u8]) {
        store.insert(key, calcstore::Bytes(bytes)).unwrap();
        self.manifest.node(key, "bytes", [("hex", json!(hex(bytes)))]);
        let (key, bytes) = (key.to_owned(), bytes.to_vec());
        self.checks.push(Box::new(move |store| {
            assert_eq!(store.value(&key).unwrap(), Value::Bytes(bytes.clone()));
            assert_eq!(store.get::<calcstore::Bytes<Vec<u8>>>(&key).unwrap().0, bytes);
        }));
    }

    /// Makes an empty group.
    pub fn group(&mut self, store: &DataStore, key: &str) {
        if key != "/" {
            store.create_group(key).unwrap();
        }
        self.manifest.node(key, "group", []);
        let key = key.to_owned();
        self.checks.push(Box::new(move |store| assert_eq!(store.value(&key).unwrap(), Value::Group)));
    }

    /// Sets an attribute to a scalar or an array.
    pub fn attribute<T, D>(&mut self, store: &DataStore, key: &str, name: &str, values: Array<T, D>)
    where
        T: Described,
        D: Dimension + 'static,
        Array<T, D>: Put + Get,
    {
        store.attributes(key).unwrap().insert(name, &values).unwrap();
        let json = manifest::nested(values.view().into_dyn());
        self.manifest.attribute(key, name, json.clone());
        let (key, name, shape) = (key.to_owned(), name.to_owned(), values.shape().to_vec());
        self.checks.push(Box::new(move |store| {
            let attributes = store.attributes(&key).unwrap();
            let found: Array<T, D> = attributes.get(&name).unwrap();
            assert_eq!(found.shape(), shape, "{key}@{name}");
            // As text, for which -0.0 is not 0.0.
            let found = manifest::nested(found.view().into_dyn());
            assert_eq!(found.to_string(), json.to_string(), "{key}@{name}");
        }));
    }

    /// Sets an attribute to any JSON.
    pub fn json_attribute(&mut self, store: &DataStore, key: &str, name: &str, json: Json) {
        store.attributes(key).unwrap().insert_json(name, json.clone()).unwrap();
        self.manifest.attribute(key, name, json.clone());
        let (key, name) = (key.to_owned(), name.to_owned());
        self.checks.push(Box::new(move |store| {
            assert_eq!(store.attributes(&key).unwrap().json().unwrap()[&name], json);
        }));
    }
}

/// An array of a shape that holds every sample of its type, again and again.
pub fn filled<T: Described>(shape: &[usize]) -> ArrayD<T> {
    let count = shape.iter().product();
    let elements = T::samples().into_iter().cycle().take(count).collect();
    ArrayD::from_shape_vec(IxDyn(shape), elements).unwrap()
}
