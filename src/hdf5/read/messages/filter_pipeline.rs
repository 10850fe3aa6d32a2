//! Filter pipeline messages (IV.A.2.l).

use crate::error::Result;
use crate::hdf5::read::cursor::{Cursor, lossy};
use crate::hdf5::read::layout::Filter;

/// Filters from this number on are registered, and in version 2 they alone have names.
const FIRST_REGISTERED: u16 = 256;

/// No pipeline has more.
const MOST: u8 = 32;

pub fn decode(mut fields: Cursor<'_>) -> Result<Vec<Filter>> {
    let [version, count] = fields.array()?;
    if !(1..=2).contains(&version) {
        return Err(fields.unsupported(format!("version {version}")));
    }
    if count > MOST {
        return Err(fields.corrupt(format!("it has {count} filters")));
    }
    if version == 1 {
        fields.take(6)?;
    }
    (0..count).map(|_| filter(&mut fields, version)).collect()
}

fn filter(fields: &mut Cursor<'_>, version: u8) -> Result<Filter> {
    let id = fields.u16()?;
    let name_length = if version == 1 || id >= FIRST_REGISTERED { fields.u16()? } else { 0 };
    let (flags, count) = (fields.u16()?, fields.u16()?);
    let name_length = usize::from(name_length);
    let padded = if version == 1 { name_length.next_multiple_of(8) } else { name_length };
    let name = fields.take(padded)?;
    let parameters = (0..count).map(|_| fields.u32()).collect::<Result<Vec<_>>>()?;
    if version == 1 && count % 2 == 1 {
        fields.take(4)?;
    }
    let name = (!name.is_empty()).then(|| lossy(name));
    Ok(Filter { id, name, is_optional: flags & 1 != 0, parameters })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hdf5::read::input::Sizes;

    fn decoded(bytes: &[u8]) -> Result<Vec<Filter>> {
        decode(Cursor::new(bytes, Sizes { offset: 8, length: 8 }, "filter pipeline"))
    }

    #[test]
    fn both_versions_name_the_filters_in_order() {
        let deflate = |name: Option<&str>| Filter {
            id: 1,
            name: name.map(str::to_owned),
            is_optional: true,
            parameters: vec![6],
        };
        let old = b"\x01\x01\0\0\0\0\0\0\x01\0\x08\0\x01\0\x01\0deflate\0\x06\0\0\0\0\0\0\0";
        assert_eq!(decoded(old).unwrap(), [deflate(Some("deflate"))]);
        let new = b"\x02\x02\x01\0\x01\0\x01\0\x06\0\0\0\x00\x7d\x04\0\0\0\0\0lzf\0";
        let lzf = Filter { id: 32_000, name: Some("lzf".into()), is_optional: false, parameters: vec![] };
        assert_eq!(decoded(new).unwrap(), [deflate(None), lzf]);
        assert!(decoded(&new[..new.len() - 1]).is_err());
        assert!(decoded(b"\x02\xff").is_err());
    }
}
