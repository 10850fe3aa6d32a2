//! Types as HDF5 calls them, in the form in which h5grove tells them.

use calcstore::{AnyArray, DataType, Layout, Node};
use serde_json::{Value as Json, json};

use crate::cli::failure::Failure;
use crate::cli::source::Source;

/// The most members of a compound that are shown.
const MOST_MEMBERS: usize = 512;
/// A chunk of more bytes is large.
const LARGE_CHUNK: u64 = 64 << 20;
/// What a number takes as JSON, about.
pub const NUMBER_AS_JSON: u64 = 32;
/// What a text may take.
const TEXT: u64 = 256;

/// The type of elements. There is none for 16-bit floats in a browser, which gets them as 32-bit ones.
pub fn of_elements(data_type: DataType) -> Json {
    let integer = |bits: u64, sign: u64| json!({"class": 0, "size": bits / 8, "order": 0, "sign": sign});
    let float = |bits: u64| json!({"class": 1, "size": bits / 8, "order": 0});
    let complex = |bits: u64| {
        let part = |name: &str| json!({"name": name, "class": 1, "size": bits / 8, "order": 0});
        json!({"class": 6, "size": bits / 4, "members": [part("r"), part("i")]})
    };
    match data_type {
        DataType::Bool => {
            json!({"class": 8, "size": 1, "members": {"FALSE": 0, "TRUE": 1}, "base": integer(8, 1)})
        }
        DataType::Int8 => integer(8, 1),
        DataType::Int16 => integer(16, 1),
        DataType::Int32 => integer(32, 1),
        DataType::Int64 => integer(64, 1),
        DataType::UInt8 => integer(8, 0),
        DataType::UInt16 => integer(16, 0),
        DataType::UInt32 => integer(32, 0),
        DataType::UInt64 => integer(64, 0),
        DataType::Float16 => float(16),
        DataType::Float32 => float(32),
        DataType::Float64 => float(64),
        DataType::Complex64 => complex(32),
        DataType::Complex128 => complex(64),
        DataType::String => text(),
        _ => unknown(),
    }
}

/// Text of any length.
pub fn text() -> Json {
    json!({"class": 3, "size": 8, "cset": 1, "strPad": 0, "vlen": true})
}

/// What cannot be read.
pub fn unknown() -> Json {
    json!({"class": -1, "size": 0})
}

/// Whether elements are sent as their bytes, and not as JSON.
pub fn is_sent_as_bytes(data_type: DataType) -> bool {
    !matches!(data_type, DataType::String | DataType::Complex64 | DataType::Complex128)
}

/// The bytes that an element takes when it is sent, about.
pub fn weight(data_type: DataType) -> u64 {
    match data_type {
        DataType::String => TEXT,
        DataType::Complex64 | DataType::Complex128 => 2 * NUMBER_AS_JSON,
        DataType::Float16 => 4,
        other => other.size().unwrap_or_default().max(1) as u64,
    }
}

/// Whether a chunk takes much memory; how long texts are, their metadata does not say.
pub fn has_large_chunks(layout: &Layout) -> bool {
    let Some(size) = layout.data_type.size() else { return true };
    layout.chunks.iter().fold(size as u64, |bytes, length| bytes.saturating_mul(*length)) > LARGE_CHUNK
}

/// The shape and the type of an attribute: that of its JSON, else its text.
pub fn of_attribute(value: &Json) -> (Vec<usize>, Json) {
    match AnyArray::from_json(value) {
        Some(array) => (array.shape().to_vec(), of_elements(array.data_type())),
        None => (Vec::new(), text()),
    }
}

/// The columns of a table as members of a compound.
#[derive(Debug)]
pub struct Members {
    pub columns: Vec<(String, Layout)>,
    /// What is left out.
    pub more: usize,
}

impl Members {
    /// Finds the columns of a table; those whose elements have a shape become several members.
    pub fn of(source: &Source, table: &Node) -> Result<Self, Failure> {
        let mut members = Self { columns: Vec::new(), more: 0 };
        let mut count = 0usize;
        for name in &table.columns {
            let Some(layout) = source.node(&format!("{}/{name}", table.key))?.layout else { continue };
            count = count.saturating_add(width(&layout));
            if count <= MOST_MEMBERS {
                members.columns.push((name.clone(), layout));
            } else {
                members.more += 1;
            }
        }
        Ok(members)
    }

    /// The bytes that a row takes when it is sent, about.
    pub fn weight(&self) -> u64 {
        let weight = |layout: &Layout| weight(layout.data_type).max(NUMBER_AS_JSON);
        self.columns.iter().map(|(_, layout)| weight(layout) * width(layout) as u64).sum()
    }

    /// The columns that can be plotted.
    pub fn of_numbers(&self) -> impl Iterator<Item = &str> {
        let numbers = self.columns.iter().filter(|(_, layout)| layout.data_type != DataType::String);
        numbers.map(|(name, _)| name.as_str())
    }

    pub fn to_type(&self) -> Json {
        let members = self.columns.iter().flat_map(|(name, layout)| {
            names(name, layout).into_iter().map(|name| {
                let mut member = of_elements(layout.data_type);
                member["name"] = json!(name);
                member
            })
        });
        let members: Vec<Json> = members.collect();
        json!({"class": 6, "size": members.len(), "members": members})
    }
}

/// How many elements of a column are in a row.
fn width(layout: &Layout) -> usize {
    let inner = layout.shape.iter().skip(1).fold(1u64, |product, length| product.saturating_mul(*length));
    usize::try_from(inner).unwrap_or(usize::MAX)
}

/// The names of the members that a column becomes: `PGA`, or `PGA[0]`, `PGA[1]`, `m[0,1]`.
fn names(column: &str, layout: &Layout) -> Vec<String> {
    let inner = layout.shape.get(1..).unwrap_or_default();
    let index = |mut place: usize| {
        let mut index = Vec::new();
        for length in inner.iter().rev() {
            let length = usize::try_from(*length).unwrap_or(usize::MAX).max(1);
            index.push((place % length).to_string());
            place /= length;
        }
        index.reverse();
        index.join(",")
    };
    if inner.is_empty() {
        return vec![column.to_owned()];
    }
    (0..width(layout)).map(|place| format!("{column}[{}]", index(place))).collect()
}
