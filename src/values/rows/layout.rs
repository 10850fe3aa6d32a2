use super::fault::Fault;
use crate::error::ErrorKind;
use crate::values::data_type::DataType;

/// What is known of a column from the elements of its first row: arrays announce their lengths from the outside
/// in, then comes the first element, and all that follows must be the same.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub data_type: Option<DataType>,
    pub shape: Vec<usize>,
}

impl Layout {
    /// An array of this length begins, within `depth` others.
    pub(super) fn axis(&mut self, depth: usize, length: usize) -> Result<(), Fault> {
        match self.shape.get(depth) {
            Some(known) if *known == length => Ok(()),
            Some(known) => {
                let message = format!("an array of length {length}, where those before have {known}");
                Err(Fault::new(ErrorKind::WrongShape, message))
            }
            None if self.data_type.is_none() => {
                self.shape.push(length);
                Ok(())
            }
            None => Err(uneven()),
        }
    }

    /// An element comes, within `depth` arrays.
    pub(super) fn element(&mut self, depth: usize, data_type: DataType) -> Result<(), Fault> {
        if depth != self.shape.len() {
            return Err(uneven());
        }
        let known = *self.data_type.get_or_insert(data_type);
        if known == data_type {
            return Ok(());
        }
        let message = format!("{data_type}, where those before are {known}; a column has one type");
        Err(Fault::new(ErrorKind::WrongType, message))
    }

    /// The data type, which a column of empty arrays does not show.
    pub(super) fn known(&self) -> Result<DataType, Fault> {
        self.data_type
            .ok_or_else(|| Fault::new(ErrorKind::WrongShape, "arrays of length 0 have no data type"))
    }
}

fn uneven() -> Fault {
    Fault::new(ErrorKind::WrongShape, "elements and arrays are mixed; a column has one shape in all rows")
}
