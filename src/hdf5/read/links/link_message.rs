//! Link messages (IV.A.2.g).

use super::{Link, Target};
use crate::error::Result;
use crate::hdf5::read::cursor::{Cursor, lossy};

/// Decodes a link, wherever it lies.
pub(super) fn decode(mut fields: Cursor<'_>) -> Result<Link> {
    let [version, flags] = fields.array()?;
    if version != 1 {
        return Err(fields.unsupported(format!("version {version}")));
    }
    let kind = if flags & 1 << 3 == 0 { 0 } else { fields.u8()? };
    if flags & 1 << 2 != 0 {
        let _creation_order = fields.u64()?;
    }
    if flags & 1 << 4 != 0 {
        let _character_set = fields.u8()?;
    }
    let length = fields.uint_of_power(flags & 3)?;
    let name = fields.take(usize::try_from(length).unwrap_or(usize::MAX))?;
    if name.is_empty() {
        return Err(fields.corrupt("it has no name"));
    }
    let name = lossy(name);
    let target = match kind {
        0 => match fields.address()? {
            Some(address) => Target::Hard(address),
            None => return Err(fields.corrupt(format!("{name:?} has no address"))),
        },
        1 => {
            let length = fields.u16()?;
            Target::Soft(lossy(fields.take(usize::from(length))?))
        }
        64 => {
            let length = fields.u16()?;
            let mut value = fields.part(usize::from(length), "external link")?;
            let version = value.u8()? >> 4;
            if version != 0 {
                return Err(value.unsupported(format!("version {version} of {name:?}")));
            }
            Target::External { file: value.text()?, object: value.text()? }
        }
        65.. => Target::UserDefined(kind),
        _ => return Err(fields.unsupported(format!("{name:?} is of type {kind}"))),
    };
    Ok(Link { name, target })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hdf5::read::input::Sizes;

    fn decoded(bytes: &[u8]) -> Result<Link> {
        decode(Cursor::new(bytes, Sizes { offset: 8, length: 8 }, "link message"))
    }

    #[test]
    fn every_kind_of_link_says_where_it_leads() {
        let hard = decoded(b"\x01\x00\x01x\x30\0\0\0\0\0\0\0").unwrap();
        assert_eq!(hard, Link { name: "x".into(), target: Target::Hard(48) });
        let soft = decoded(b"\x01\x1c\x01\0\0\0\0\0\0\0\0\x01\x02\xc3\xa9\x02\0/y").unwrap();
        assert_eq!(soft, Link { name: "é".into(), target: Target::Soft("/y".into()) });
        let external = decoded(b"\x01\x08\x40\x01x\x06\0\0f\0/y\0").unwrap();
        let target = Target::External { file: "f".into(), object: "/y".into() };
        assert_eq!(external, Link { name: "x".into(), target });
        assert_eq!(decoded(b"\x01\x08\x50\x01x\0\0").unwrap().target, Target::UserDefined(80));
    }

    #[test]
    fn a_name_that_is_no_utf_8_is_shown_as_far_as_it_is() {
        assert_eq!(decoded(b"\x01\x00\x02a\xff\x30\0\0\0\0\0\0\0").unwrap().name, "a\u{fffd}");
    }

    #[test]
    fn a_name_longer_than_the_message_is_damage() {
        let error = decoded(b"\x01\x03\xff\xff\xff\xff\xff\xff\xff\xffx").unwrap_err();
        assert_eq!(error.to_string(), "the link message is damaged: it ends too early");
    }
}
