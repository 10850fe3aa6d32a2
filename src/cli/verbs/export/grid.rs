//! A value as named columns, for formats that know nothing else.
//!
//! The columns of a table are that already, those with an inner shape spread out: `PGA[0]`, `PGA[1]`. Of an array the last
//! axis is spread out, but the only one; the axes before it are columns of indices, or of labels where they have some.

use calcstore::{AnyArray, DataType, ErrorKind, Node, NodeKind};
use ndarray::Array1;

use crate::cli::blocks::{self, Blocks};
use crate::cli::elements::{Digits, text_at};
use crate::cli::failure::Failure;
use crate::cli::source::Source;

/// More columns than this are no table for anybody.
const MOST_COLUMNS: u64 = 65_536;

/// A value that is seen as columns.
pub struct Grid<'a> {
    source: &'a Source,
    node: &'a Node,
    pub columns: Vec<Head>,
    pub rows: u64,
    /// Of an array: the axes that are columns.
    axes: Vec<Axis>,
}

/// What a column is called.
#[derive(Clone, Debug)]
pub struct Head {
    pub name: String,
    pub units: Option<String>,
    pub data_type: DataType,
}

/// An axis of an array whose indices or labels are a column.
struct Axis {
    length: u64,
    /// The number of rows that one index stands for.
    repeat: u64,
    labels: Option<AnyArray>,
}

/// The columns of some rows. Each part holds one column or several of one type, side by side.
pub struct Block {
    pub rows: usize,
    pub parts: Vec<(AnyArray, usize)>,
}

impl<'a> Grid<'a> {
    pub fn new(source: &'a Source, node: &'a Node) -> Result<Self, Failure> {
        let grid = Self { source, node, columns: Vec::new(), rows: 0, axes: Vec::new() };
        match node.kind {
            NodeKind::Table => grid.of_table(),
            NodeKind::Dataset => grid.of_array(),
            _ => {
                let message =
                    format!("is {} {}, neither an array nor a table", article(node.kind), node.kind);
                Err(Failure::new(ErrorKind::WrongType, message).with_key(&node.key))
            }
        }
    }

    fn of_table(mut self) -> Result<Self, Failure> {
        for column in &self.node.columns {
            let node = self.source.node(&format!("{}/{column}", self.node.key))?;
            let Some(layout) = &node.layout else { continue };
            let head = Head { name: column.clone(), units: units(&node), data_type: layout.data_type };
            let inner = layout.shape.get(1..).unwrap_or_default();
            if inner.is_empty() {
                self.columns.push(head);
                continue;
            }
            let count = self.spread(inner)?;
            let names = (0..count).map(|place| format!("{column}[{}]", index(place, inner)));
            self.columns.extend(names.map(|name| Head { name, ..head.clone() }));
        }
        self.rows = self.node.rows.unwrap_or_default();
        Ok(self)
    }

    fn of_array(mut self) -> Result<Self, Failure> {
        let Some(layout) = &self.node.layout else { return Ok(self) };
        let shape = &layout.shape;
        let spread = if shape.len() < 2 { &[] } else { &shape[shape.len() - 1..] };
        let before = &shape[..shape.len() - spread.len()];
        let mut repeat = 1u64;
        for (axis, length) in before.iter().enumerate().rev() {
            let labels = self.labels(axis, *length)?;
            if labels.is_some() || before.len() > 1 {
                self.axes.insert(0, Axis { length: *length, repeat, labels });
                let name = layout.dimension_names.get(axis).and_then(Option::as_deref);
                // The names that are given where nobody gave one hold colons, and say nothing.
                let name =
                    name.filter(|name| !name.contains(':')).map_or(format!("axis{axis}"), str::to_owned);
                let labels = self.axes[0].labels.as_ref().map(AnyArray::data_type);
                let data_type = labels.unwrap_or(DataType::Int64);
                self.columns.insert(0, Head { name, units: None, data_type });
            }
            repeat = repeat.saturating_mul(*length);
        }
        self.rows = repeat;
        let name = self.node.key.rsplit('/').next().unwrap_or_default().to_owned();
        let head = Head { name, units: units(self.node), data_type: layout.data_type };
        if spread.is_empty() {
            self.columns.push(head);
            return Ok(self);
        }
        let count = self.spread(spread)?;
        let labels = self.labels(shape.len() - 1, count)?;
        let name = |place: u64| match (&labels, usize::try_from(place)) {
            (Some(labels), Ok(place)) => text_at(labels, place, Digits::All),
            _ => format!("{}[{place}]", head.name),
        };
        let heads: Vec<Head> = (0..count).map(|place| Head { name: name(place), ..head.clone() }).collect();
        self.columns.extend(heads);
        Ok(self)
    }

    /// The number of columns that axes become.
    fn spread(&self, shape: &[u64]) -> Result<u64, Failure> {
        let count = shape.iter().fold(1u64, |product, length| product.saturating_mul(*length));
        if count <= MOST_COLUMNS {
            return Ok(count);
        }
        let message =
            format!("has {count} columns, where {MOST_COLUMNS} make sense; npy and npz hold any shape");
        Err(Failure::new(ErrorKind::WrongShape, message).with_key(&self.node.key))
    }

    /// The labels of an axis: a dataset of its length beside the array that has its name.
    fn labels(&self, axis: usize, length: u64) -> Result<Option<AnyArray>, Failure> {
        let names = self.node.layout.as_ref().map(|layout| &layout.dimension_names);
        let name =
            names.and_then(|names| names.get(axis)?.as_deref()).filter(|name| !name.contains(['/', ':']));
        let (Some(name), Some((group, own))) = (name, self.node.key.rsplit_once('/')) else {
            return Ok(None);
        };
        if name == own {
            return Ok(None);
        }
        let key = format!("{group}/{name}");
        let is_label = |node: &Node| {
            let shape = node.layout.as_ref().map(|layout| layout.shape.as_slice());
            node.kind == NodeKind::Dataset && shape == Some(&[length])
        };
        match self.source.node(&key) {
            Ok(node) if is_label(&node) => Ok(Some(self.source.get(&key)?)),
            _ => Ok(None),
        }
    }

    /// Shows the rows to `each`, block by block.
    pub fn each(&self, each: &mut dyn FnMut(&Block) -> Result<(), Failure>) -> Result<(), Failure> {
        if self.node.kind == NodeKind::Table {
            return blocks::rows(self.source, self.node, &mut |table| {
                let part = |array: &AnyArray| (array.clone(), array.shape().iter().skip(1).product());
                let parts = table.columns().map(|(_, column)| part(column)).collect();
                each(&Block { rows: table.rows(), parts })
            });
        }
        let rank = self.node.layout.as_ref().map_or(0, |layout| layout.shape.len());
        let width = self.columns.len() - self.axes.len();
        let mut first = 0u64;
        Blocks::open(self.source, self.node)?.each(if rank < 2 { rank } else { rank - 1 }, &mut |array| {
            let rows = array.len().checked_div(width).unwrap_or_default();
            let mut parts: Vec<(AnyArray, usize)> =
                self.axes.iter().map(|axis| (axis.column(first, rows), 1)).collect();
            parts.push((array, width));
            first += rows as u64;
            each(&Block { rows, parts })
        })
    }
}

impl Axis {
    /// The indices or labels of some rows.
    fn column(&self, first: u64, rows: usize) -> AnyArray {
        let indices = (first..).take(rows).map(|row| row / self.repeat % self.length);
        match &self.labels {
            None => AnyArray::Int64(indices.map(u64::cast_signed).collect::<Array1<i64>>().into_dyn()),
            Some(labels) => picked(labels, indices),
        }
    }
}

/// Elements of an array of one axis, by their places.
fn picked(labels: &AnyArray, places: impl Iterator<Item = u64>) -> AnyArray {
    let places: Vec<usize> = places.map(|place| usize::try_from(place).unwrap_or(usize::MAX)).collect();
    macro_rules! pick {
        ($($variant:ident)*) => {
            match labels {
                $(AnyArray::$variant(labels) => {
                    let picked = places.iter().filter_map(|place| labels.get(*place).cloned());
                    AnyArray::$variant(picked.collect::<Array1<_>>().into_dyn())
                })*
                other => other.clone(),
            }
        };
    }
    pick!(Bool Int8 Int16 Int32 Int64 UInt8 UInt16 UInt32 UInt64 Float16 Float32 Float64 Complex64 Complex128 String)
}

/// The index of a place in C order.
fn index(mut place: u64, shape: &[u64]) -> String {
    let mut index = Vec::new();
    for length in shape.iter().rev() {
        index.push((place % length).to_string());
        place /= length;
    }
    index.reverse();
    index.join(",")
}

fn units(node: &Node) -> Option<String> {
    let units = node.attributes.get("units")?.as_str()?;
    (!units.is_empty()).then(|| units.to_owned())
}

fn article(kind: NodeKind) -> &'static str {
    if kind == NodeKind::Object || kind == NodeKind::Unreadable { "an" } else { "a" }
}
