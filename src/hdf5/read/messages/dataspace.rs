//! Dataspace messages (IV.A.2.b).

use crate::error::Result;
use crate::hdf5::read::cursor::Cursor;
use crate::hdf5::read::layout::Dataspace;

/// No dataset has more axes.
const MOST_AXES: u8 = 32;

pub fn decode(mut fields: Cursor<'_>) -> Result<Dataspace> {
    let [version, rank, flags, kind] = fields.array()?;
    match (version, kind) {
        // What is the type in version 2 is reserved, as are four bytes more.
        (1, _) => drop(fields.take(4)?),
        (2, 0 | 1) => {}
        (2, 2) => return Ok(Dataspace::Null),
        (2, _) => return Err(fields.corrupt(format!("its type is {kind}"))),
        _ => return Err(fields.unsupported(format!("version {version}"))),
    }
    if rank > MOST_AXES {
        return Err(fields.corrupt(format!("it has {rank} axes")));
    }
    if version == 2 && (rank == 0) != (kind == 0) {
        return Err(fields.corrupt(format!("it has {rank} axes and type {kind}")));
    }
    let shape = (0..rank).map(|_| fields.length()).collect::<Result<Vec<_>>>()?;
    let maximum = if flags & 1 == 0 {
        shape.iter().copied().map(Some).collect()
    } else {
        (0..rank).map(|_| fields.bounded_length()).collect::<Result<Vec<_>>>()?
    };
    if shape.iter().zip(&maximum).any(|(length, maximum)| maximum.is_some_and(|maximum| *length > maximum)) {
        return Err(fields.corrupt(format!("its shape {shape:?} is larger than its largest, {maximum:?}")));
    }
    Ok(Dataspace::Simple { shape, maximum })
}

/// How many elements there are; nothing where that is no number of 64 bits.
pub fn count(dataspace: &Dataspace) -> Option<u64> {
    match dataspace {
        Dataspace::Null => Some(0),
        // An empty axis makes the others harmless, however long they are.
        Dataspace::Simple { shape, .. } if shape.contains(&0) => Some(0),
        Dataspace::Simple { shape, .. } => {
            shape.iter().try_fold(1_u64, |count, length| count.checked_mul(*length))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hdf5::read::input::Sizes;

    fn decoded(bytes: &[u8]) -> Result<Dataspace> {
        decode(Cursor::new(bytes, Sizes { offset: 8, length: 2 }, "dataspace"))
    }

    fn simple(shape: &[u64], maximum: &[Option<u64>]) -> Dataspace {
        Dataspace::Simple { shape: shape.to_vec(), maximum: maximum.to_vec() }
    }

    #[test]
    fn both_versions_say_shape_and_largest_shape() {
        assert_eq!(decoded(b"\x01\x01\x00\0\0\0\0\0\x05\0").unwrap(), simple(&[5], &[Some(5)]));
        assert_eq!(decoded(b"\x02\x01\x01\x01\x05\0\xff\xff").unwrap(), simple(&[5], &[None]));
        assert_eq!(decoded(b"\x02\x00\x00\x00").unwrap(), simple(&[], &[]));
        assert_eq!(decoded(b"\x02\x00\x00\x02").unwrap(), Dataspace::Null);
    }

    #[test]
    fn a_shape_beyond_its_largest_or_beyond_the_message_is_damage() {
        for bytes in [&b"\x02\x01\x01\x01\x05\0\x04\0"[..], b"\x02\x02\0\x01\x05\0", b"\x02\x21\0\x01"] {
            assert_eq!(decoded(bytes).unwrap_err().kind(), crate::error::ErrorKind::Corrupt, "{bytes:?}");
        }
    }
}
