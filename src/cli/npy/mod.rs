//! `NumPy`'s file of one array.
//!
//! # Format
//! <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>, versions 1.0, 2.0 and 3.0: magic,
//! version, the length of the header, the header (the literal of a Python dictionary), the elements.

mod descr;
mod literal;

use calcstore::{AnyArray, DataType, ErrorKind};

use super::elements::{self, Order};
use super::failure::Failure;
use descr::{Descr, Text};

const MAGIC: &[u8] = b"\x93NUMPY";
/// The header of a file that holds plain elements is some hundred bytes; 64 axes make it 1.3 KiB.
const MAX_HEADER: usize = 64 << 10;
/// The elements begin at a multiple of this.
const ALIGNMENT: usize = 64;

/// Reads a whole file.
pub fn read(file: &[u8]) -> Result<AnyArray, Failure> {
    let (header, elements) = split(file)?;
    let header = literal::header(header).map_err(|why| invalid(&format!("its header is wrong: {why}")))?;
    let order = if header.fortran_order { Order::Fortran } else { Order::C };
    match descr::parse(&header.descr)? {
        Descr::Numbers { data_type, part, big_endian } => {
            if !big_endian || part == 1 {
                return elements::from_bytes(data_type, &header.shape, order, elements);
            }
            let mut swapped = elements.to_vec();
            swapped.chunks_exact_mut(part).for_each(<[u8]>::reverse);
            elements::from_bytes(data_type, &header.shape, order, &swapped)
        }
        Descr::Text(text) => elements::shaped(&header.shape, order, strings(text, &header.shape, elements)?),
    }
}

/// Cuts a file into header and elements.
fn split(file: &[u8]) -> Result<(&str, &[u8]), Failure> {
    let rest = file.strip_prefix(MAGIC).ok_or_else(|| invalid("it does not begin with \\x93NUMPY"))?;
    let truncated = || invalid("it ends in the middle of the header");
    let (version, rest) = rest.split_first_chunk::<2>().ok_or_else(truncated)?;
    let (length, rest) = match version {
        [1, 0] => {
            let (length, rest) = rest.split_first_chunk::<2>().ok_or_else(truncated)?;
            (usize::from(u16::from_le_bytes(*length)), rest)
        }
        [2 | 3, 0] => {
            let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(truncated)?;
            (usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX), rest)
        }
        [major, minor] => {
            let message = format!("npy version {major}.{minor} is not supported");
            return Err(Failure::new(ErrorKind::Unsupported, message));
        }
    };
    if length > MAX_HEADER {
        return Err(invalid(&format!("its header has {length} bytes, more than {MAX_HEADER}")));
    }
    let (header, elements) = rest.split_at_checked(length).ok_or_else(truncated)?;
    let header = std::str::from_utf8(header).map_err(|_| invalid("its header is not UTF-8"))?;
    Ok((header, elements))
}

/// Decodes text of fixed length, which is filled up with NUL.
fn strings(text: Text, shape: &[usize], elements: &[u8]) -> Result<Vec<String>, Failure> {
    let count = shape.iter().try_fold(1usize, |product, length| product.checked_mul(*length));
    if text.size == 0 || count.and_then(|count| count.checked_mul(text.size)) != Some(elements.len()) {
        let message =
            format!("text of {} bytes in shape {shape:?} does not fill {} bytes", text.size, elements.len());
        return Err(Failure::new(ErrorKind::WrongShape, message));
    }
    let decode = |cell: &[u8]| {
        let decoded =
            if text.is_unicode { text.decode_utf32(cell) } else { String::from_utf8(cell.to_vec()).ok() };
        let decoded = decoded.ok_or_else(|| invalid("it holds text that is not Unicode"))?;
        Ok(decoded.trim_end_matches('\0').to_owned())
    };
    elements.chunks_exact(text.size).map(decode).collect()
}

/// Writes a whole file.
pub fn write(array: &AnyArray, mut each: impl FnMut(&[u8]) -> Result<(), Failure>) -> Result<(), Failure> {
    let shape: Vec<u64> = array.shape().iter().map(|length| *length as u64).collect();
    let width = width(array);
    each(&header(array.data_type(), width, &shape)?)?;
    write_elements(array, width, each)
}

/// The characters of the longest text.
pub fn width(array: &AnyArray) -> usize {
    match array {
        AnyArray::String(texts) => texts.iter().map(|text| text.chars().count()).max().unwrap_or_default(),
        _ => 0,
    }
}

/// The bytes that a text takes where the longest has so many characters.
pub fn text_size(width: usize) -> usize {
    // There is no text of no characters, only an empty one.
    width.max(1).saturating_mul(4)
}

/// Makes the header of a file; `width` is that of text.
pub fn header(data_type: DataType, width: usize, shape: &[u64]) -> Result<Vec<u8>, Failure> {
    let descr = descr::of(data_type).unwrap_or_else(|| format!("<U{}", width.max(1)));
    let lengths: Vec<String> = shape.iter().map(|length| format!("{length},")).collect();
    let lengths = lengths.join(" ");
    // A tuple of one needs its comma; longer ones are written without a last one, as NumPy does.
    let lengths = if shape.len() > 1 { lengths.trim_end_matches(',') } else { &lengths };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({lengths}), }}");
    let before = MAGIC.len() + 4;
    let padding = ALIGNMENT - (before + header.len() + 1) % ALIGNMENT;
    header.push_str(&" ".repeat(padding % ALIGNMENT));
    header.push('\n');
    let length = u16::try_from(header.len()).map_err(|_| invalid("it would need too long a header"))?;
    Ok([MAGIC, &[1, 0], &length.to_le_bytes(), header.as_bytes()].concat())
}

/// Writes elements as they follow the header; text is filled up to its width with NUL.
pub fn write_elements(
    array: &AnyArray,
    width: usize,
    mut each: impl FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let AnyArray::String(texts) = array else { return elements::write_bytes(array, each) };
    let mut bytes = Vec::new();
    for text in texts {
        let end = bytes.len() + text_size(width);
        bytes.extend(text.chars().flat_map(|character| u32::from(character).to_le_bytes()));
        bytes.resize(end, 0);
        if bytes.len() >= 1 << 16 {
            each(&bytes)?;
            bytes.clear();
        }
    }
    each(&bytes)
}

fn invalid(why: &str) -> Failure {
    Failure::invalid(format!("not an npy file that can be read: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(version: u8, header: &str, elements: &[u8]) -> Vec<u8> {
        let mut file = [MAGIC, &[version, 0]].concat();
        let length = u32::try_from(header.len()).unwrap().to_le_bytes();
        file.extend(&length[..if version == 1 { 2 } else { 4 }]);
        file.extend(header.as_bytes());
        file.extend(elements);
        file
    }

    fn message(file: &[u8]) -> String {
        match read(file) {
            Err(Failure::Fault(fault)) => fault.message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn all_versions_orders_and_byte_orders_are_read() {
        let header = "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 2)}";
        for version in 1..=3 {
            let AnyArray::Int16(array) = read(&file(version, header, &[0, 1, 0, 2, 0, 3, 1, 4])).unwrap()
            else {
                panic!("int16")
            };
            assert_eq!(array, ndarray::arr2(&[[1, 3], [2, 260]]).into_dyn());
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for shape in [&[][..], &[0], &[3], &[2, 3], &[1, 2, 3, 1, 1, 2]] {
            let count: u8 = shape.iter().product::<usize>().try_into().unwrap();
            let array =
                elements::from_bytes(DataType::UInt8, shape, Order::C, &(0..count).collect::<Vec<_>>());
            let array = array.unwrap();
            let mut written = Vec::new();
            write(&array, |bytes| {
                written.extend(bytes);
                Ok(())
            })
            .unwrap();
            assert_eq!((written.len() - usize::from(count)) % ALIGNMENT, 0);
            assert_eq!(read(&written).unwrap(), array);
        }
    }

    #[test]
    fn damaged_files_are_refused() {
        let good = "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }";
        for (file, expected) in [
            (b"PK".to_vec(), "it does not begin with \\x93NUMPY"),
            (MAGIC.to_vec(), "it ends in the middle of the header"),
            (file(1, good, &[0; 8])[..20].to_vec(), "it ends in the middle of the header"),
            (
                [MAGIC, &[2, 0, 255, 255, 255, 255]].concat(),
                "its header has 4294967295 bytes, more than 65536",
            ),
            (file(1, "{'descr': '<f8'}", &[]), "its header is wrong: it has no fortran_order"),
            (file(1, "[1, 2]", &[]), "its header is wrong: { expected at \"[1, 2]\""),
        ] {
            assert_eq!(message(&file), format!("not an npy file that can be read: {expected}"));
        }
        for (file, expected) in [
            (file(9, good, &[]), "npy version 9.0 is not supported"),
            (file(1, good, &[0; 7]), "float64 of shape [1] needs 8 bytes, there are 7"),
        ] {
            assert_eq!(message(&file), expected);
        }
    }
}
