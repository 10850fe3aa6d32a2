//! Fill value messages, the old one and versions 1 to 3 of the new (IV.A.2.e, IV.A.2.f).

use crate::error::Result;
use crate::hdf5::read::cursor::Cursor;
use crate::hdf5::read::layout::FillValue;

/// Decodes the old message, which has nothing but the value.
pub fn decode_old(mut fields: Cursor<'_>) -> Result<FillValue> {
    value(&mut fields)
}

pub fn decode(mut fields: Cursor<'_>) -> Result<FillValue> {
    let version = fields.u8()?;
    let is_defined = match version {
        1 | 2 => {
            let [_allocation_time, _write_time, is_defined] = fields.array()?;
            is_defined == 1
        }
        3 => fields.u8()? & 1 << 5 != 0,
        _ => return Err(fields.unsupported(format!("version {version}"))),
    };
    if is_defined { value(&mut fields) } else { Ok(None) }
}

/// A size and so many bytes; none of them, or a negative number, says that there is no value but zero.
fn value(fields: &mut Cursor<'_>) -> Result<FillValue> {
    let size = i32::from_le_bytes(fields.array()?);
    match usize::try_from(size) {
        Ok(0) | Err(_) => Ok(None),
        Ok(size) => Ok(Some(fields.take(size)?.to_vec())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hdf5::read::input::Sizes;

    fn cursor(bytes: &[u8]) -> Cursor<'_> {
        Cursor::new(bytes, Sizes { offset: 8, length: 8 }, "fill value")
    }

    #[test]
    fn every_version_says_its_value_or_that_there_is_none() {
        let value = Some(vec![7, 8]);
        assert_eq!(decode_old(cursor(b"\x02\0\0\0\x07\x08")).unwrap(), value);
        assert_eq!(decode(cursor(b"\x01\x02\x02\x01\x02\0\0\0\x07\x08")).unwrap(), value);
        assert_eq!(decode(cursor(b"\x02\x02\x02\x01\x02\0\0\0\x07\x08")).unwrap(), value);
        assert_eq!(decode(cursor(b"\x03\x2a\x02\0\0\0\x07\x08")).unwrap(), value);
        for none in [&b"\x02\x02\x02\x00"[..], b"\x02\x02\x02\x01\0\0\0\0", b"\x03\x0a", b"\x03\x1a"] {
            assert_eq!(decode(cursor(none)).unwrap(), None);
        }
        assert!(decode(cursor(b"\x03\x2a\xff\xff\xff\x7f\x07\x08")).is_err());
    }
}
