//! Lists of any length as elements: how many elements each has, and these one list after the other.

use super::arrays::{Made, arrays};
use super::reading::Reading;
use super::types::of_arrays;
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::{MemberType, Type, Values};

/// A list that each element of a dataset has.
#[derive(Clone, Debug)]
pub(crate) struct List {
    /// The member that it is; empty where it is the whole element.
    pub name: String,
    /// The elements of the dataset with nothing but the list, and with nothing but how long it is.
    elements: Type,
    count: Type,
}

impl List {
    /// Takes the size of an element and where in it the list is.
    fn new(name: &str, size: u32, offset: u32, base: Type) -> Self {
        let of = |data_type| {
            let member = MemberType { name: name.to_owned(), offset, data_type };
            Type::Compound { size, members: vec![member] }
        };
        Self { name: name.to_owned(), elements: of(Type::List(Box::new(base))), count: of(Type::COUNT) }
    }
    /// How many elements the list of each element of a dataset has.
    ///
    /// # Errors
    /// `Corrupt` where it has none.
    pub fn counts(&self, reading: &Reading<'_>, bytes: &[u8]) -> Result<Vec<u32>> {
        match only(reading.values(&self.count, bytes)?) {
            Some(Values::U32(counts)) => Ok(counts),
            _ => Err(no_lists()),
        }
    }

    /// The elements of the lists of some elements, one after the other.
    ///
    /// # Errors
    /// `Corrupt` where they cannot be found, `Unsupported` where they make no array.
    pub fn made(&self, reading: &Reading<'_>, bytes: &[u8]) -> Result<Made> {
        let Some(Values::Lists { values, .. }) = only(reading.values(&self.elements, bytes)?) else {
            return Err(no_lists());
        };
        let count = values.len();
        let mut made = arrays(*values, &[count], &mut |address| reading.paths.of(reading.file, address))?;
        made.pop().filter(|made| made.name.is_empty()).ok_or_else(no_lists)
    }
}

/// The values of the one member that there is.
fn only(values: Values) -> Option<Values> {
    match values {
        Values::Compound(mut columns) => columns.pop().map(|(_, values)| values),
        _ => None,
    }
}

fn no_lists() -> Error {
    Error::new(ErrorKind::Corrupt, "lists that are none")
}

/// Takes the list that elements of so many bytes are, or those among their members, in whose places are their lengths then.
pub(super) fn counted(data_type: &Type, size: u32) -> (Type, Vec<List>) {
    let mut lists = Vec::new();
    if let Type::List(base) = data_type
        && let Ok(base) = of_arrays(base)
    {
        let list = List::new("", size, 0, base);
        return (list.count.clone(), vec![list]);
    }
    let Type::Compound { size, members } = data_type else { return (data_type.clone(), lists) };
    let members = members.iter().map(|member| {
        let Type::List(base) = &member.data_type else { return member.clone() };
        let Ok(base) = of_arrays(base) else { return member.clone() };
        lists.push(List::new(&member.name, *size, member.offset, base));
        MemberType { data_type: Type::COUNT, ..member.clone() }
    });
    let members = members.collect();
    (Type::Compound { size: *size, members }, lists)
}
