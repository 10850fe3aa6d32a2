use std::borrow::Cow;
use std::mem;

use super::dataset::Dataset;
use crate::error::{Error, ErrorKind, Result};
use crate::storage::rows_of;
use crate::system::process_id;
use crate::values::{ArrayContent, Elements, Put};

/// About so many bytes are gathered first: where nobody asked for chunks, they will be a chunk.
const FIRST_BYTES: u64 = 1 << 20;

/// About so many bytes are gathered after that, where chunks are smaller.
const GATHERED_BYTES: u64 = 4 << 20;

/// Gathers rows in memory, and appends them to a dataset by the chunk, or some MiB of small chunks at a time.
///
/// What was gathered is visible, to all and at once, when it is appended: that is also after [`flush`](Self::flush) and
/// [`finish`](Self::finish). Dropping the appender appends the rest too, but cannot say if that fails. In a forked
/// child it does not: what was gathered before is the parent's.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
/// let log = store.new_dataset("/residuals").create::<f64>(&[0, 2])?;
/// let mut appender = log.appender();
/// for step in 0..1000 {
///     appender.append(&[f64::from(step), 0.5])?;
/// }
/// assert_eq!(appender.finish()?, 1000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct Appender<'a> {
    dataset: &'a Dataset,
    gathered: Option<ArrayContent<'static>>,
    /// What was gathered in before, to be used again.
    memory: Vec<u8>,
    /// The process that it was made in.
    pid: u32,
}

impl Dataset {
    /// Gathers rows, and appends many at a time.
    pub fn appender(&self) -> Appender<'_> {
        Appender { dataset: self, gathered: None, memory: Vec::new(), pid: process_id() }
    }
}

impl Appender<'_> {
    /// Adds rows, or one row of a rank less.
    ///
    /// # Errors
    /// As [`Dataset::append`]. Rows that were refused are not kept, those gathered before are.
    pub fn append(&mut self, rows: impl Put) -> Result<()> {
        let dataset = self.dataset;
        dataset.with_elements(&rows, |content| {
            let rows = rows_of(content, dataset.data_type(), &dataset.shape());
            self.gather(content, rows.map_err(|error| error.with_key(dataset.key()))?)
        })?;
        if self.rows() >= self.enough() { self.flush() } else { Ok(()) }
    }

    /// Appends what was gathered.
    ///
    /// # Errors
    /// As [`Dataset::append`]; then the rows are still gathered.
    pub fn flush(&mut self) -> Result<()> {
        if let Some(content) = &self.gathered {
            self.dataset.append_content(content)?;
        }
        if let Some(ArrayContent { elements: Elements::Bytes(Cow::Owned(mut bytes)), .. }) =
            self.gathered.take()
            && bytes.capacity() as u64 <= 2 * GATHERED_BYTES
        {
            bytes.clear();
            self.memory = bytes;
        }
        Ok(())
    }

    /// Appends what was gathered; gives the length of the dataset.
    ///
    /// # Errors
    /// As [`Appender::flush`].
    pub fn finish(mut self) -> Result<u64> {
        self.flush()?;
        Ok(self.dataset.shape().first().copied().unwrap_or_default())
    }

    fn rows(&self) -> u64 {
        self.gathered.as_ref().and_then(|content| content.shape.first().copied()).unwrap_or_default()
    }

    /// So many rows fill the last chunk, and some more chunks where those are small.
    fn enough(&self) -> u64 {
        let (shape, chunks) = (self.dataset.shape(), self.dataset.chunks());
        let (Some(length), Some(chunk)) = (shape.first(), chunks.first()) else { return 1 };
        let element = self.dataset.data_type().expected_size();
        let row = shape[1..].iter().fold(element, |bytes, length| bytes.saturating_mul(*length)).max(1);
        let missing = chunk - length % chunk;
        let bytes = if *length == 0 { FIRST_BYTES } else { GATHERED_BYTES };
        let more = (bytes / row).saturating_sub(missing) / chunk * chunk;
        missing.saturating_add(more)
    }

    fn gather(&mut self, content: &ArrayContent<'_>, rows: u64) -> Result<()> {
        let shape = self.dataset.shape();
        let memory = &mut self.memory;
        let gathered = self.gathered.get_or_insert_with(|| {
            let elements = match content.elements {
                Elements::Bytes(_) => Elements::Bytes(Cow::Owned(mem::take(memory))),
                Elements::Strings(_) => Elements::Strings(Vec::new()),
            };
            let shape = std::iter::once(0).chain(shape.iter().copied().skip(1)).collect();
            ArrayContent { data_type: content.data_type, shape, elements }
        });
        if gathered.shape.get(1..) != shape.get(1..) {
            let message = "rows of another shape were gathered before the dataset was resized";
            return Err(Error::new(ErrorKind::WrongShape, message));
        }
        match (&mut gathered.elements, &content.elements) {
            (Elements::Bytes(all), Elements::Bytes(more)) => all.to_mut().extend_from_slice(more),
            (Elements::Strings(all), Elements::Strings(more)) => {
                all.extend(more.iter().map(|text| Cow::Owned(text.clone().into_owned())));
            }
            _ => return Err(Error::new(ErrorKind::WrongType, "text and numbers do not go together")),
        }
        gathered.shape[0] += rows;
        Ok(())
    }
}

impl Drop for Appender<'_> {
    fn drop(&mut self) {
        if self.pid != process_id() {
            return;
        }
        if let Err(error) = self.flush() {
            tracing::error!(%error, "rows that were gathered could not be appended");
        }
    }
}
