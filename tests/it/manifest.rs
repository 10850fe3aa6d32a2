//! What a store or an exported file must hold, said independently of the code that writes and reads it: in the
//! form that `tests/oracles/oracle.py` describes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use calcstore::OwnedElement;
use half::f16;
use ndarray::{ArrayBase, Data, Dimension};
use num_complex::Complex;
use serde_json::{Map, Value as Json, json};

/// An element that a manifest can describe bit by bit.
pub trait Described: OwnedElement + Send + Sync + 'static {
    /// Zarr's name of the data type.
    const NAME: &'static str;

    /// The bytes, little-endian; of text its letters.
    fn bytes(&self) -> Vec<u8>;

    /// The element as JSON.
    fn json(&self) -> Json;

    /// Values at the limits of the type and beyond the ordinary.
    fn samples() -> Vec<Self>;

    /// The element that is made of these bits, as many as it has: of random ones, what no codec makes smaller.
    fn of_bits(bits: u64) -> Self;
}

macro_rules! integers {
    ($($rust:ident)*) => { $(
        impl Described for $rust {
            const NAME: &'static str = match size_of::<$rust>() {
                1 => if $rust::MIN == 0 { "uint8" } else { "int8" },
                2 => if $rust::MIN == 0 { "uint16" } else { "int16" },
                4 => if $rust::MIN == 0 { "uint32" } else { "int32" },
                _ => if $rust::MIN == 0 { "uint64" } else { "int64" },
            };

            fn bytes(&self) -> Vec<u8> {
                self.to_le_bytes().to_vec()
            }

            fn json(&self) -> Json {
                json!(self)
            }

            fn samples() -> Vec<Self> {
                vec![0, 1, $rust::MAX, $rust::MIN, 42, $rust::MAX / 3]
            }

            fn of_bits(bits: u64) -> Self {
                bits as $rust
            }
        }
    )* };
}

integers!(i8 i16 i32 i64 u8 u16 u32 u64);

fn float_json(number: f64) -> Json {
    if number.is_nan() {
        json!("NaN")
    } else if number.is_infinite() {
        json!(if number > 0.0 { "Infinity" } else { "-Infinity" })
    } else {
        json!(number)
    }
}

macro_rules! floats {
    ($($rust:ident $name:literal [$quiet:literal $signalling:literal] $widen:expr;)*) => { $(
        impl Described for $rust {
            const NAME: &'static str = $name;

            fn bytes(&self) -> Vec<u8> {
                self.to_le_bytes().to_vec()
            }

            fn json(&self) -> Json {
                let widen: fn($rust) -> f64 = $widen;
                float_json(widen(*self))
            }

            fn samples() -> Vec<Self> {
                let bits = $rust::from_bits;
                let (subnormal, minus_zero) = (bits(1), bits(1 << (8 * size_of::<$rust>() - 1)));
                let special = [$rust::NAN, bits($quiet), bits($signalling), $rust::INFINITY, $rust::NEG_INFINITY];
                let ordinary = [bits(0), $rust::MAX, $rust::MIN_POSITIVE, subnormal, minus_zero];
                [ordinary, special].concat()
            }

            fn of_bits(bits: u64) -> Self {
                $rust::from_bits(bits as _)
            }
        }

        impl Described for Complex<$rust> where Complex<$rust>: OwnedElement {
            const NAME: &'static str = if size_of::<$rust>() == 4 { "complex64" } else { "complex128" };

            fn bytes(&self) -> Vec<u8> {
                [self.re.bytes(), self.im.bytes()].concat()
            }

            fn json(&self) -> Json {
                json!([self.re.json(), self.im.json()])
            }

            fn samples() -> Vec<Self> {
                let parts = $rust::samples();
                parts.iter().zip(parts.iter().rev()).map(|(re, im)| Complex::new(*re, *im)).collect()
            }

            fn of_bits(bits: u64) -> Self {
                Complex::new($rust::of_bits(bits), $rust::of_bits(bits.rotate_left(32).wrapping_mul(5)))
            }
        }
    )* };
}

floats! {
    f32 "float32" [0x7fc0_beef 0x7f80_0001] f64::from;
    f64 "float64" [0x7ff8_0000_0000_beef 0xfff0_0000_0000_0001] |number| number;
}

impl Described for f16 {
    const NAME: &'static str = "float16";

    fn bytes(&self) -> Vec<u8> {
        self.to_le_bytes().to_vec()
    }

    fn json(&self) -> Json {
        float_json(self.to_f64())
    }

    fn samples() -> Vec<Self> {
        [0x0000, 0x3c00, 0x7bff, 0x0001, 0x8000, 0x7e00, 0xfe0f, 0x7c00, 0xfc00].map(f16::from_bits).to_vec()
    }

    fn of_bits(bits: u64) -> Self {
        f16::from_bits(bits as u16)
    }
}

impl Described for bool {
    const NAME: &'static str = "bool";

    fn bytes(&self) -> Vec<u8> {
        vec![u8::from(*self)]
    }

    fn json(&self) -> Json {
        json!(self)
    }

    fn samples() -> Vec<Self> {
        vec![true, false, false]
    }

    fn of_bits(bits: u64) -> Self {
        bits % 2 == 1
    }
}

impl Described for String {
    const NAME: &'static str = "string";

    fn bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn json(&self) -> Json {
        json!(self)
    }

    fn samples() -> Vec<Self> {
        let long = "Zürich 東京 ".repeat(700);
        ["", "plain", "größe ≥ 3", "日本語", "🌋 e\u{301}", "two\nlines\tand \"quotes\" \\", &long]
            .map(str::to_owned)
            .to_vec()
    }

    fn of_bits(bits: u64) -> Self {
        let letters = (0..bits % 9).map(|at| char::from_u32((bits >> (7 * at)) as u32 % 0x3000));
        letters.map(Option::unwrap).collect()
    }
}

/// The manifest's `ARRAY`.
pub fn array<T: Described, S: Data<Elem = T>, D: Dimension>(values: &ArrayBase<S, D>) -> Json {
    let described = json!({"data_type": T::NAME, "shape": values.shape()});
    let body = if T::NAME == "string" {
        ("strings", values.iter().map(Described::json).collect())
    } else {
        ("hex", Json::from(hex(&values.iter().flat_map(Described::bytes).collect::<Vec<_>>())))
    };
    with(described, [body])
}

/// An array as nested JSON, which is how attributes are stored.
pub fn nested<T: Described>(values: ndarray::ArrayViewD<'_, T>) -> Json {
    match values.ndim() {
        0 => values.first().unwrap().json(),
        _ => values.outer_iter().map(nested).collect(),
    }
}

pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digits = |byte: &u8| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    bytes.iter().flat_map(digits).collect()
}

/// Adds fields to a JSON object.
pub fn with(mut object: Json, fields: impl IntoIterator<Item = (&'static str, Json)>) -> Json {
    let map = object.as_object_mut().unwrap();
    map.extend(fields.into_iter().map(|(name, value)| (name.to_owned(), value)));
    object
}

/// The nodes by their absolute keys.
#[derive(Clone, Debug, Default)]
pub struct Manifest(BTreeMap<String, Json>);

impl Manifest {
    /// Adds a node; `fields` are those of its kind.
    pub fn node(&mut self, key: &str, kind: &str, fields: impl IntoIterator<Item = (&'static str, Json)>) {
        let node = with(json!({"kind": kind, "attributes": {}}), fields);
        assert!(self.0.insert(key.to_owned(), node).is_none(), "{key} is there twice");
    }

    /// Adds a node that is described already.
    pub fn described(&mut self, key: &str, node: Json) {
        assert!(self.0.insert(key.to_owned(), node).is_none(), "{key} is there twice");
    }

    /// Adds an array under its key, with the dimension names that it must have.
    pub fn dataset<T: Described, S: Data<Elem = T>, D: Dimension>(
        &mut self,
        key: &str,
        values: &ArrayBase<S, D>,
    ) {
        let prefix = key.trim_start_matches('/').replace('/', ":");
        let names: Vec<String> = (0..values.ndim()).map(|axis| format!("{prefix}:{axis}")).collect();
        self.named_dataset(key, values, Some(&names));
    }

    /// Adds an array under its key; its dimension names are compared where some are given.
    pub fn named_dataset<T: Described, S: Data<Elem = T>, D: Dimension>(
        &mut self,
        key: &str,
        values: &ArrayBase<S, D>,
        names: Option<&[String]>,
    ) {
        let fields =
            [("kind", json!("dataset")), ("attributes", json!({})), ("dimension_names", json!(names))];
        assert!(self.0.insert(key.to_owned(), with(array(values), fields)).is_none(), "{key} is there twice");
    }

    /// The number of nodes, without the groups that are implied.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds an attribute to a node that is there.
    pub fn attribute(&mut self, key: &str, name: &str, value: Json) {
        self.attributes(key).insert(name.to_owned(), value);
    }

    /// The attributes of a node that is there.
    pub fn attributes(&mut self, key: &str) -> &mut Map<String, Json> {
        self.0.get_mut(key).unwrap()["attributes"].as_object_mut().unwrap()
    }

    /// Writes the manifest to a file in `directory`.
    pub fn write(&self, directory: &Path, name: &str) -> PathBuf {
        let path = directory.join(name);
        fs::write(&path, json!({"nodes": self.0}).to_string()).unwrap();
        path
    }
}
