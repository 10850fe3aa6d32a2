//! Makes the example stores of `format-spec/examples` anew, each as `NAME/calc_1` in a directory of their own:
//!
//! ```text
//! cargo run --example format_examples -- DIRECTORY
//! ```
//!
//! What is committed there is the truth, and this program is held to it by a test: what it writes must be what
//! was written when the example was made.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use calcstore::{Bytes, DataStore, Element, Status, Table};
use half::f16;
use ndarray::{Array1, Array2, Array3, ArrayD, IxDyn, array};
use num_complex::Complex;
use serde::{Serialize, Serializer};
use serde_json::json;

type Outcome = Result<(), Box<dyn Error>>;

/// What fills an example.
type Fill = fn(&DataStore) -> Outcome;

fn main() -> Outcome {
    let directory = std::env::args_os().nth(1).ok_or("usage: format_examples DIRECTORY")?;
    make(Path::new(&directory))
}

/// Makes all the stores that calcstore itself writes.
pub(crate) fn make(directory: &Path) -> Outcome {
    let examples: [(&str, Fill); 5] = [
        ("kinds", kinds),
        ("attributes", attributes),
        ("data-types", data_types),
        ("shapes", shapes),
        ("objects", objects),
    ];
    for (name, fill) in examples {
        let place = directory.join(name).join("calc_1");
        let store = DataStore::at(&place)?;
        fill(&store)?;
        store.set_status(Status::Complete)?;
        store.close()?;
        // Whoever opens the store for writing makes these again.
        for unused in ["locks", "stage", "trash"] {
            fs::remove_dir_all(place.join(".calcstore").join(unused))?;
        }
    }
    Ok(())
}

/// One node of every kind, in groups within groups.
fn kinds(store: &DataStore) -> Outcome {
    store.create_group("/empty group")?;
    store.insert("/some/deep/group/dataset", array![[1.5, 2.5], [3.5, 4.5], [5.5, 6.5]])?;
    store.insert("/some/Größe", 3_i64)?;
    store.insert("/some/[SadighEtAl1997]%0Ax", "an escaped name")?;
    store.insert("/bytes", Bytes(b"[general]\n\x00\xff"))?;
    store.insert("/no bytes", Bytes([]))?;
    let mut curves = Table::new();
    curves.push("PGA", array![[0.9, 0.5, 0.1], [0.8, 0.4, 0.0]])?;
    curves.push("SA(0.2)", array![[0.7_f32, 0.3], [0.6, f32::NAN]])?;
    curves.push("site", ["Pavia", "Zürich"])?;
    curves.push("reference", [true, false])?;
    store.insert("/0/SadighEtAl1997", &curves)?;
    let mut none = Table::new();
    none.push("lon", Array1::<f64>::zeros(0))?;
    none.push("curve", Array2::<f64>::zeros((0, 3)))?;
    store.insert("/0/no rows", &none)?;
    store.insert_object("/job", &Site { name: "Pavia".into(), lon: 9.16, lat: 45.19, vs30: None })?;
    store.insert_object("/settings", &json!({"imt": ["PGA"], "cutoff": null, "n": 2}))?;
    Ok(())
}

/// Attributes of every form, with the notes that bring back what JSON alone would not.
fn attributes(store: &DataStore) -> Outcome {
    store.insert("/levels", [0.01, 0.1, 1.0])?;
    let attributes = store.attributes("/levels")?;
    attributes.insert("units", "g")?;
    attributes.insert("long_name", "Beschleunigung in ½ g")?;
    attributes.insert("count", 3_i64)?;
    attributes.insert("largest", u64::MAX)?;
    attributes.insert("truncation", 2.5)?;
    attributes.insert("used", true)?;
    attributes.insert("grid", array![[1.5, 2.5], [3.5, 4.5]])?;
    attributes.insert("names", ["PGA", "", "SA"])?;
    attributes.insert("whole", 2.0)?;
    attributes.insert("single", [0.5_f32, f32::NAN])?;
    attributes.insert("limits", [f64::NEG_INFINITY, f64::INFINITY])?;
    attributes.insert("half", f16::from_f32(1.5))?;
    attributes.insert("small", 7_u8)?;
    attributes.insert("response", Complex::new(1.0_f64, -0.5))?;
    attributes.insert("nobody", Array2::<i32>::zeros((0, 2)))?;
    attributes.insert_json("free", json!({"any": ["JSON", 1, null]}))?;
    store.create_group("/group")?;
    store.attributes("/group")?.insert("note", "groups have them too")?;
    store.attributes("/")?.insert("description", "attributes of the calculation")?;
    Ok(())
}

/// An array and a scalar of every data type, with the values that are easily lost.
fn data_types(store: &DataStore) -> Outcome {
    both(store, "bool", [true, false, true])?;
    both(store, "int8", [i8::MIN, -1, i8::MAX])?;
    both(store, "int16", [i16::MIN, -1, i16::MAX])?;
    both(store, "int32", [i32::MIN, -1, i32::MAX])?;
    both(store, "int64", [i64::MIN, -1, i64::MAX])?;
    both(store, "uint8", [0_u8, 1, u8::MAX])?;
    both(store, "uint16", [0_u16, 1, u16::MAX])?;
    both(store, "uint32", [0_u32, 1, u32::MAX])?;
    both(store, "uint64", [0_u64, 1, u64::MAX])?;
    both(store, "float16", [0x8000, 0x7e01, 0xfc00].map(f16::from_bits))?;
    both(store, "float32", [0x8000_0000, 0x7fc0_beef, 0xff80_0000].map(f32::from_bits))?;
    let doubles = [0x8000_0000_0000_0000, 0x7ff8_0000_dead_beef, 0xfff0_0000_0000_0000].map(f64::from_bits);
    both(store, "float64", doubles)?;
    both(store, "complex64", [Complex::new(1.0_f32, -0.0), Complex::new(f32::NAN, f32::INFINITY)])?;
    both(store, "complex128", [Complex::new(1.0_f64, -0.0), Complex::new(f64::NAN, f64::NEG_INFINITY)])?;
    both(store, "string", ["", "PGA", "Größe 日本 🌍\n"])?;
    Ok(())
}

/// Stores some elements under `/array/NAME`, and the last of them under `/scalar/NAME`.
fn both<T: Element, const N: usize>(store: &DataStore, name: &str, elements: [T; N]) -> Outcome {
    store.insert(&format!("/scalar/{name}"), ndarray::arr0(elements[N - 1].clone()))?;
    store.insert(&format!("/array/{name}"), elements)?;
    Ok(())
}

/// Every rank from 0 to 6, and axes without elements.
fn shapes(store: &DataStore) -> Outcome {
    for rank in 0..=6 {
        let shape: Vec<usize> = (1..=rank).collect();
        let count: i32 = (1..=i32::try_from(rank)?).product();
        let elements = ArrayD::from_shape_vec(IxDyn(&shape), (0..count).collect())?;
        store.insert(&format!("/rank/{rank}"), elements)?;
    }
    store.insert("/empty/first", Array2::<f64>::zeros((0, 3)))?;
    store.insert("/empty/last", Array2::<f64>::zeros((3, 0)))?;
    store.insert("/empty/all", Array3::<u8>::zeros((0, 0, 0)))?;
    store.insert("/empty/text", Array1::<String>::default(0))?;
    store.insert("/text", array![["a", ""], ["ß", "日本"], ["\u{0}", " "]])?;
    Ok(())
}

#[derive(Serialize)]
struct Site {
    name: String,
    lon: f64,
    lat: f64,
    vs30: Option<f64>,
}

/// A value of each of serde's primitive types.
#[derive(Serialize)]
struct Primitives {
    a_bool: bool,
    signed: (i8, i16, i32, i64, i128),
    unsigned: (u8, u16, u32, u64, u128),
    single: f32,
    double: [f64; 3],
    a_char: char,
    text: String,
    bytes: Blob,
    unit: (),
    unit_struct: Nothing,
}

#[derive(Serialize)]
struct Nothing;

struct Blob(&'static [u8]);

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// Variants of every form; the second is not met, so that the schema lacks it.
#[derive(Serialize)]
#[expect(dead_code, reason = "that a variant is never made is what the example is about")]
enum Distance {
    Unlimited,
    NeverMet(u64),
    Radius(f32),
    Range(f32, f32),
    Box { width: f64, height: f64 },
}

#[derive(Serialize)]
struct Kilometres(f64);

#[derive(Serialize)]
struct Branch {
    id: u16,
    below: Vec<Branch>,
}

/// Objects of every structure that a schema can describe.
fn objects(store: &DataStore) -> Outcome {
    store.insert_object(
        "/primitives",
        &Primitives {
            a_bool: true,
            signed: (-1, -300, -70_000, i64::MIN, i128::MIN),
            unsigned: (1, 300, 70_000, u64::MAX, u128::MAX),
            single: 0.1,
            double: [0.5, f64::NAN, f64::NEG_INFINITY],
            a_char: '日',
            text: "Größe".into(),
            bytes: Blob(b"\x00\xff"),
            unit: (),
            unit_struct: Nothing,
        },
    )?;
    let site = |vs30| Site { name: "Pavia".into(), lon: 9.16, lat: 45.19, vs30 };
    store.insert_object("/sites", &[site(None), site(Some(760.0))])?;
    store.insert_object(
        "/distances",
        &[
            Distance::Unlimited,
            Distance::Radius(2.5),
            Distance::Range(1.0, 2.0),
            Distance::Box { width: 3.0, height: 4.0 },
        ],
    )?;
    store.insert_object("/newtype", &Kilometres(6371.0))?;
    store.insert_object("/map", &BTreeMap::from([(7_u32, "seven"), (300, "three hundred")]))?;
    store.insert_object("/never met", &Vec::<Site>::new())?;
    let leaf = |id| Branch { id, below: Vec::new() };
    store.insert_object("/tree", &Branch { id: 1, below: vec![leaf(2), leaf(300)] })?;
    store.insert_object("/json", &json!([{"two": "structures"}, {"in": ["one", 2, 3.5, true, null]}]))?;
    Ok(())
}
