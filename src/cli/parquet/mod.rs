//! Parquet files of flat columns that lack no values.
//!
//! # Format
//! <https://parquet.apache.org/docs/file-format/>: pages of plain values (version 1), compressed with Snappy, in row groups;
//! the footer says where.

mod plain;
mod thrift;

use calcstore::{AnyArray, DataType};

use super::failure::Failure;
use plain::{Kind, encode, kinds};
use thrift::Struct;

const MAGIC: &[u8] = b"PAR1";
/// About so many bytes, compressed, make a row group.
const GROUP: usize = 64 << 20;
const DATA_PAGE: i32 = 0;
const PLAIN: i32 = 0;
const RLE: i32 = 3;
const SNAPPY: i32 = 1;
const REQUIRED: i32 = 0;

/// Writes a file column by column, page by page. `Put` is where the bytes go.
pub struct Writer<Put> {
    put: Put,
    at: u64,
    columns: Vec<Column>,
    /// The rows that are gathered, and the bytes.
    gathered: (u64, usize),
    groups: Vec<Struct>,
    rows: u64,
}

/// A column and its pages of the row group that is being gathered.
struct Column {
    name: String,
    kind: Kind,
    pages: Vec<u8>,
    /// With the headers of pages, before they were compressed.
    plain: u64,
}

impl<Put: FnMut(&[u8]) -> Result<(), Failure>> Writer<Put> {
    /// Begins a file of these columns. A complex one becomes two, `name.re` and `name.im`.
    pub fn new(mut put: Put, columns: impl IntoIterator<Item = (String, DataType)>) -> Result<Self, Failure> {
        put(MAGIC)?;
        let columns = columns.into_iter().flat_map(|(name, data_type)| kinds(&name, data_type));
        let columns: Vec<Column> =
            columns.map(|(name, kind)| Column { name, kind, pages: Vec::new(), plain: 0 }).collect();
        Ok(Self { put, at: MAGIC.len() as u64, columns, gathered: (0, 0), groups: Vec::new(), rows: 0 })
    }

    /// Adds rows: parts of one column or several side by side, in the order of the columns.
    pub fn add(&mut self, rows: usize, parts: &[(AnyArray, usize)]) -> Result<(), Failure> {
        let mut columns = self.columns.iter_mut();
        for (array, width) in parts {
            for first in 0..*width {
                for values in encode(array, first, *width)? {
                    let Some(column) = columns.next() else { break };
                    self.gathered.1 += column.add_page(rows, &values)?;
                }
            }
        }
        self.gathered.0 += rows as u64;
        if self.gathered.1 >= GROUP { self.end_group() } else { Ok(()) }
    }

    /// Ends the file. The pairs are kept beside the columns, for those who look.
    pub fn finish(mut self, notes: &[(&str, String)]) -> Result<(), Failure> {
        self.end_group()?;
        let too_many = |_| Failure::invalid("has too many columns for Parquet");
        let count = i32::try_from(self.columns.len()).map_err(too_many)?;
        let mut schema = vec![Struct::new().text(4, "schema").i32(5, count)];
        schema.extend(self.columns.iter().map(Column::schema));
        let notes = notes.iter().map(|(key, value)| Struct::new().text(1, key).text(2, value)).collect();
        let footer = Struct::new()
            .i32(1, 1)
            .structs(2, schema)
            .i64(3, self.rows)
            .structs(4, std::mem::take(&mut self.groups))
            .structs(5, notes)
            .text(6, concat!("calcstore version ", env!("CARGO_PKG_VERSION")))
            .end();
        let length =
            u32::try_from(footer.len()).map_err(|_| Failure::invalid("has too many columns for Parquet"))?;
        (self.put)(&footer)?;
        (self.put)(&[&length.to_le_bytes(), MAGIC].concat())
    }

    /// Writes what is gathered.
    fn end_group(&mut self) -> Result<(), Failure> {
        let (rows, _) = std::mem::take(&mut self.gathered);
        if rows == 0 {
            return Ok(());
        }
        let (mut chunks, mut total) = (Vec::new(), 0);
        for column in &mut self.columns {
            let pages = std::mem::take(&mut column.pages);
            (self.put)(&pages)?;
            let plain = std::mem::take(&mut column.plain);
            total += plain;
            let metadata = Struct::new()
                .i32(1, column.kind.physical())
                .i32s(2, vec![PLAIN, RLE])
                .texts(3, vec![&column.name])
                .i32(4, SNAPPY)
                .i64(5, rows)
                .i64(6, plain)
                .i64(7, pages.len() as u64)
                .i64(9, self.at);
            chunks.push(Struct::new().i64(2, self.at).inner(3, metadata));
            self.at += pages.len() as u64;
        }
        self.groups.push(Struct::new().structs(1, chunks).i64(2, total).i64(3, rows));
        self.rows += rows;
        Ok(())
    }
}

impl Column {
    /// Adds a page of values; gives its size.
    fn add_page(&mut self, rows: usize, values: &[u8]) -> Result<usize, Failure> {
        let too_large =
            || Failure::invalid("a page of Parquet holds at most 2 GiB; store it in smaller chunks");
        let compressed = snap::raw::Encoder::new().compress_vec(values).map_err(|_| too_large())?;
        let length = |length: usize| i32::try_from(length).map_err(|_| too_large());
        let data = Struct::new().i32(1, length(rows)?).i32(2, PLAIN).i32(3, RLE).i32(4, RLE);
        let header = Struct::new()
            .i32(1, DATA_PAGE)
            .i32(2, length(values.len())?)
            .i32(3, length(compressed.len())?)
            .inner(5, data)
            .end();
        self.plain += (header.len() + values.len()) as u64;
        let before = self.pages.len();
        self.pages.extend(header);
        self.pages.extend(compressed);
        Ok(self.pages.len() - before)
    }

    fn schema(&self) -> Struct {
        let mut element = Struct::new().i32(1, self.kind.physical());
        if let Some(length) = self.kind.length() {
            element = element.i32(2, length);
        }
        element = element.i32(3, REQUIRED).text(4, &self.name);
        if let Some(converted) = self.kind.converted() {
            element = element.i32(6, converted);
        }
        match self.kind.logical() {
            Some(logical) => element.inner(10, logical),
            None => element,
        }
    }
}
