//! Bytes of elements as values.

use super::floats::floats;
use super::numbers::{Integer, integers};
use super::size::size_of;
use super::strings::text;
use super::values::Values;
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::read::datatype::{MemberType, Padding, ReferenceKind, Type};
use crate::hdf5::read::global_heap::GlobalHeap;
use crate::hdf5::read::input::{Input, corrupt};

/// Gives elements as values; `bytes` are those of whole elements, as the file has them. None at all gives none of the right
/// type.
///
/// # Errors
/// `Corrupt` where the type contradicts itself, or what elements refer to is not there. `Unsupported` where a number does
/// not fit any of Rust's, a text is not UTF-8, or the type is of a kind that is not read: a time, or a reference to a
/// region or of version 1.12.
pub fn values(input: &Input, data_type: &Type, bytes: &[u8]) -> Result<Values> {
    Conversion { heap: GlobalHeap::new(input), input }.values(data_type, bytes)
}

struct Conversion<'a> {
    heap: GlobalHeap<'a>,
    input: &'a Input,
}

impl Conversion<'_> {
    fn values(&mut self, data_type: &Type, bytes: &[u8]) -> Result<Values> {
        let size = self.size(data_type)?;
        if bytes.len().checked_rem(size) != Some(0) {
            return Err(corrupt("dataset", format!("{} bytes are no whole elements of {size}", bytes.len())));
        }
        match data_type {
            Type::Integer { is_signed, order, offset, precision, .. } => {
                let (order, offset, precision) = (*order, *offset, *precision);
                integers(bytes, Integer { size, is_signed: *is_signed, order, offset, precision })
            }
            Type::Bits { order, offset, precision, .. } => {
                let (order, offset, precision) = (*order, *offset, *precision);
                integers(bytes, Integer { size, is_signed: false, order, offset, precision })
            }
            Type::Float(float) => floats(bytes, float),
            Type::FixedString { padding, .. } => {
                let texts = bytes.chunks_exact(size).map(|element| text(element.to_vec(), *padding));
                Ok(Values::Text(texts.collect::<Result<_>>()?))
            }
            Type::String { padding, .. } => self.strings(*padding, bytes),
            Type::Opaque { .. } => Ok(Values::Opaque { size, bytes: bytes.to_vec() }),
            Type::Compound { members, .. } => self.members(members, size, bytes),
            Type::Reference { kind, .. } => self.references(*kind, size, bytes),
            Type::Enum { base, names } => {
                let (names, codes): (Vec<String>, Vec<&[u8]>) =
                    names.iter().map(|(name, code)| (name.clone(), code.as_slice())).unzip();
                let named = Box::new(self.values(base, &codes.concat())?);
                if named.len() != names.len() {
                    return Err(corrupt("datatype", "the values of an enumeration are not of its size"));
                }
                Ok(Values::Enum { codes: Box::new(self.values(base, bytes)?), names, named })
            }
            Type::List(base) => self.lists(base, bytes),
            Type::Array { shape, base } => {
                Ok(Values::Arrays { shape: shape.clone(), values: Box::new(self.values(base, bytes)?) })
            }
            Type::Complex(base) => Ok(Values::Complex(Box::new(self.values(base, bytes)?))),
            Type::Time { .. } => Err(unsupported("times (datatype class 2)")),
        }
    }

    /// The size of an element, which is not zero.
    fn size(&self, data_type: &Type) -> Result<usize> {
        let size = size_of(data_type, self.input.sizes()).and_then(|size| usize::try_from(size).ok());
        size.filter(|size| *size > 0).ok_or_else(|| corrupt("datatype", "its elements have no size"))
    }

    /// Each member of all elements, one after the other.
    fn members(&mut self, members: &[MemberType], size: usize, bytes: &[u8]) -> Result<Values> {
        if members.is_empty() {
            return Err(unsupported("compounds without members"));
        }
        let mut columns = Vec::with_capacity(members.len());
        for MemberType { name, offset, data_type } in members {
            let start = usize::try_from(*offset).unwrap_or(usize::MAX);
            let end = start.saturating_add(self.size(data_type)?);
            if end > size {
                return Err(corrupt(
                    "datatype",
                    format!("its member `{}` lies outside of it", name.escape_default()),
                ));
            }
            let count = bytes.len().checked_div(size).unwrap_or_default();
            let mut column = Vec::with_capacity(count.saturating_mul(end.saturating_sub(start)));
            for element in bytes.chunks_exact(size) {
                column.extend_from_slice(element.get(start..end).unwrap_or_default());
            }
            columns.push((name.clone(), self.values(data_type, &column)?));
        }
        Ok(Values::Compound(columns))
    }

    fn strings(&mut self, padding: Padding, bytes: &[u8]) -> Result<Values> {
        let mut fields = self.heap.cursor(bytes);
        let mut texts = Vec::new();
        while !fields.is_empty() {
            let length = fields.u32()?;
            let object = match GlobalHeap::reference(&mut fields)? {
                Some(object) if length > 0 => self.heap.object(object, u64::from(length))?,
                None if length > 0 => return Err(fields.corrupt("a text that has bytes is nowhere")),
                _ => Vec::new(),
            };
            texts.push(text(object, padding)?);
        }
        Ok(Values::Text(texts))
    }

    fn lists(&mut self, base: &Type, bytes: &[u8]) -> Result<Values> {
        let size = self.size(base)?;
        let mut fields = self.heap.cursor(bytes);
        let (mut lengths, mut elements) = (Vec::new(), Vec::new());
        while !fields.is_empty() {
            let length = u64::from(fields.u32()?);
            match GlobalHeap::reference(&mut fields)? {
                Some(object) if length > 0 => {
                    elements.extend(self.heap.object(object, length.saturating_mul(size as u64))?);
                }
                None if length > 0 => return Err(fields.corrupt("a list that has elements is nowhere")),
                _ => {}
            }
            lengths.push(length);
        }
        Ok(Values::Lists { lengths, values: Box::new(self.values(base, &elements)?) })
    }

    fn references(&self, kind: ReferenceKind, size: usize, bytes: &[u8]) -> Result<Values> {
        match kind {
            ReferenceKind::Object => {}
            ReferenceKind::Region => return Err(unsupported("references to regions of datasets")),
            ReferenceKind::Standard => return Err(unsupported("references of version 1.12")),
        }
        let mut addresses = Vec::new();
        for element in bytes.chunks_exact(size) {
            let address = self.input.cursor(element, "reference").address()?;
            addresses.push(address.filter(|address| *address != 0));
        }
        Ok(Values::References(addresses))
    }
}

fn unsupported(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("{what} are not read here"))
}
