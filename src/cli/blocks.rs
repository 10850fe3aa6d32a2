//! Values block by block, for files that are larger than the memory.

use calcstore::{
    AnyArray, Dataset, ErrorKind, Hdf5File, IntoSelection, Node, Selection, StoredTable, Table, Value,
};

use super::failure::Failure;
use super::source::Source;

/// About so many bytes make a block, unless a chunk has more.
const BLOCK: u64 = 4 << 20;
/// Where the chunks along the first axis have more than this, blocks are cut along a later one.
const MOST: u64 = 256 << 20;
/// What an element of text is counted as.
const TEXT: usize = 16;

/// A dataset that is open as long as its blocks are read: all of them are of one value.
pub struct Blocks<'a> {
    open: Open<'a>,
    key: &'a str,
    shape: Vec<u64>,
    chunks: Vec<u64>,
    size: u64,
}

enum Open<'a> {
    Dataset(Dataset),
    Hdf5(&'a Hdf5File),
}

impl<'a> Blocks<'a> {
    pub fn open(source: &'a Source, node: &'a Node) -> Result<Self, Failure> {
        let open = match source {
            Source::Store(store) => Open::Dataset(store.dataset(&node.key)?),
            Source::Hdf5(file) => Open::Hdf5(file),
        };
        let layout =
            node.layout.as_ref().ok_or_else(|| Failure::invalid("is no array").with_key(&node.key))?;
        // A header may have been written already.
        if let Open::Dataset(dataset) = &open
            && (dataset.shape() != layout.shape || dataset.data_type() != layout.data_type)
        {
            let message = "was replaced by a value of another type or shape meanwhile; try again";
            return Err(Failure::new(ErrorKind::Busy, message).with_key(&node.key));
        }
        Ok(Self {
            open,
            key: &node.key,
            shape: layout.shape.clone(),
            chunks: layout.chunks.clone(),
            size: layout.data_type.size().unwrap_or(TEXT) as u64,
        })
    }

    /// Shows all elements in C order to `each`: blocks of whatever shape, cut along one of the first `axes`.
    pub fn each(
        &self,
        axes: usize,
        each: &mut dyn FnMut(AnyArray) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        if self.shape.is_empty() || axes == 0 {
            return each(self.read(&Selection::all())?);
        }
        if self.shape.contains(&0) {
            return Ok(());
        }
        let axis = (0..axes).find(|axis| self.slab(*axis) <= MOST).unwrap_or(axes - 1);
        let chunk = self.chunks.get(axis).copied().unwrap_or(1).max(1);
        let fit = BLOCK / self.row(axis).max(1);
        let step = if fit >= chunk { fit / chunk * chunk } else { chunk };
        let mut before = vec![0; axis];
        loop {
            let mut start = 0;
            while start < self.shape[axis] {
                let end = self.shape[axis].min(start.saturating_add(step));
                let mut along: Vec<String> = before.iter().map(u64::to_string).collect();
                along.push(format!("{start}:{end}"));
                each(self.read(&along.join(",").parse()?)?)?;
                start = end;
            }
            if !next(&mut before, &self.shape) {
                return Ok(());
            }
        }
    }

    /// The bytes of one index along an axis.
    fn row(&self, axis: usize) -> u64 {
        self.shape.iter().skip(axis + 1).fold(self.size, |bytes, length| bytes.saturating_mul(*length))
    }

    /// The bytes of one chunk along an axis, and all that is behind it.
    fn slab(&self, axis: usize) -> u64 {
        self.row(axis).saturating_mul(self.chunks.get(axis).copied().unwrap_or(1))
    }

    fn read(&self, selection: &Selection) -> Result<AnyArray, Failure> {
        Ok(match &self.open {
            Open::Dataset(dataset) => dataset.read(selection)?,
            Open::Hdf5(file) => file.read(self.key, selection)?,
        })
    }
}

/// Goes on to the next index in C order; false behind the last one.
fn next(index: &mut [u64], shape: &[u64]) -> bool {
    for (at, length) in index.iter_mut().zip(shape).rev() {
        *at += 1;
        if *at < *length {
            return true;
        }
        *at = 0;
    }
    false
}

/// Shows the rows of a table to `each`, block by block; all of them are of one table.
pub fn rows(
    source: &Source,
    node: &Node,
    each: &mut dyn FnMut(&Table) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let open: Option<StoredTable> = match source {
        Source::Store(store) => Some(store.table(&node.key)?),
        Source::Hdf5(_) => None,
    };
    let all = node.rows.unwrap_or_default();
    let mut width = 0u64;
    let mut chunk = 1;
    for column in &node.columns {
        if let Some(layout) = source.node(&format!("{}/{column}", node.key))?.layout {
            let inner =
                layout.shape.iter().skip(1).fold(1u64, |product, length| product.saturating_mul(*length));
            width =
                width.saturating_add(inner.saturating_mul(layout.data_type.size().unwrap_or(TEXT) as u64));
            chunk = chunk.max(layout.chunks.first().copied().unwrap_or(1));
        }
    }
    let fit = BLOCK / width.max(1);
    let step = if fit >= chunk { fit / chunk * chunk } else { chunk };
    let mut start = 0;
    while start < all {
        let end = all.min(start.saturating_add(step));
        let rows = (start..end).into_selection()?;
        let table = match (&open, source) {
            (Some(table), _) => table.rows_at(&rows)?,
            (None, source) => match source.selected(node, &rows)? {
                Value::Table(table) => table,
                _ => return Err(Failure::invalid("is no table").with_key(&node.key)),
            },
        };
        each(&table)?;
        start = end;
    }
    Ok(())
}
