//! What an npy file says of its elements: `<f8`.

use calcstore::{DataType, ErrorKind};

use crate::cli::failure::Failure;

/// What the elements are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Descr {
    /// Numbers of `part` bytes each; complex ones have two of them.
    Numbers { data_type: DataType, part: usize, big_endian: bool },
    /// Text.
    Text(Text),
}

/// Text of a fixed length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    /// The bytes of an element.
    pub size: usize,
    /// UTF-32, else bytes.
    pub is_unicode: bool,
    big_endian: bool,
}

impl Text {
    /// Decodes an element of UTF-32.
    pub fn decode_utf32(self, element: &[u8]) -> Option<String> {
        let character = |unit: &[u8; 4]| {
            char::from_u32(if self.big_endian {
                u32::from_be_bytes(*unit)
            } else {
                u32::from_le_bytes(*unit)
            })
        };
        element.as_chunks::<4>().0.iter().map(character).collect()
    }
}

/// The plain numbers: code, data type, bytes of one part.
const NUMBERS: [(&str, DataType, usize); 14] = [
    ("b1", DataType::Bool, 1),
    ("i1", DataType::Int8, 1),
    ("i2", DataType::Int16, 2),
    ("i4", DataType::Int32, 4),
    ("i8", DataType::Int64, 8),
    ("u1", DataType::UInt8, 1),
    ("u2", DataType::UInt16, 2),
    ("u4", DataType::UInt32, 4),
    ("u8", DataType::UInt64, 8),
    ("f2", DataType::Float16, 2),
    ("f4", DataType::Float32, 4),
    ("f8", DataType::Float64, 8),
    ("c8", DataType::Complex64, 4),
    ("c16", DataType::Complex128, 8),
];

/// Understands a description.
pub fn parse(descr: &str) -> Result<Descr, Failure> {
    let refuse = || {
        let why = match descr.trim_start_matches(['<', '>', '=', '|']).chars().next() {
            Some('O') => " (pickled Python objects)",
            Some('M' | 'm') => " (dates and times; store them as int64 with an attribute for the unit)",
            Some('V') => " (structures)",
            _ => "",
        };
        Failure::new(
            ErrorKind::Unsupported,
            format!("elements of NumPy's type {descr:?} are not supported{why}"),
        )
    };
    let big_endian = descr.starts_with('>');
    let code = descr.strip_prefix(['<', '>', '=', '|']).ok_or_else(refuse)?;
    if let Some((_, data_type, part)) = NUMBERS.iter().find(|(own, ..)| *own == code) {
        return Ok(Descr::Numbers { data_type: *data_type, part: *part, big_endian });
    }
    let (is_unicode, length) = match code.split_at_checked(1) {
        Some(("U", length)) => (true, length),
        Some(("S", length)) => (false, length),
        _ => return Err(refuse()),
    };
    let length: usize = length.parse().map_err(|_| refuse())?;
    let size = length.checked_mul(if is_unicode { 4 } else { 1 }).ok_or_else(refuse)?;
    Ok(Descr::Text(Text { size, is_unicode, big_endian }))
}

/// Describes a data type; text of any length has no description.
pub fn of(data_type: DataType) -> Option<String> {
    let (code, _, part) = NUMBERS.iter().find(|(_, own, _)| *own == data_type)?;
    Some(format!("{}{code}", if *part == 1 { '|' } else { '<' }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_data_type_but_text_is_described_and_understood() {
        for data_type in DataType::ALL {
            let Some(descr) = of(data_type) else {
                assert_eq!(data_type, DataType::String);
                continue;
            };
            match parse(&descr).unwrap() {
                Descr::Numbers { data_type: found, big_endian: false, .. } => assert_eq!(found, data_type),
                other => panic!("{descr}: {other:?}"),
            }
        }
    }

    #[test]
    fn other_types_are_named_in_the_refusal() {
        for (descr, end) in [
            ("|O", "\"|O\" are not supported (pickled Python objects)"),
            ("<f16", "\"<f16\" are not supported"),
            ("|V8", "\"|V8\" are not supported (structures)"),
            ("<U99999999999999999999", "\"<U99999999999999999999\" are not supported"),
            ("f8", "\"f8\" are not supported"),
            ("", "\"\" are not supported"),
        ] {
            let Failure::Fault(fault) = parse(descr).unwrap_err() else { panic!("a fault") };
            assert_eq!(fault.message, format!("elements of NumPy's type {end}"));
        }
    }
}
