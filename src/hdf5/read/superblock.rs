//! The beginning of a file (II.A).

use super::checksum::verified;
use super::cursor::Cursor;
use super::input::{Input, Sizes, Source};
use crate::error::{Error, ErrorKind, Result};

const SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";

/// The most that a superblock takes: version 1 with addresses of eight bytes.
const LONGEST: u64 = 100;

/// Where everything else begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Superblock {
    pub sizes: Sizes,
    /// Where address zero lies.
    pub base: u64,
    /// The object header of the root group.
    pub root: u64,
    /// The object header of messages about the file.
    pub extension: Option<u64>,
    /// What a driver needs to know that spreads a file over several.
    pub driver: Option<u64>,
}

impl Superblock {
    /// Finds the superblock: at the beginning, or behind a user block of 512 bytes, or of twice that, and so on.
    ///
    /// The end of the file that it names is not looked at: a file cut short still has what lies before the cut.
    ///
    /// # Errors
    /// `InvalidInput` where there is none, `Unsupported` for versions above 3, `Corrupt`, `Io`.
    pub fn find(source: &dyn Source) -> Result<Self> {
        let mut at = 0_u64;
        while at.saturating_add(SIGNATURE.len() as u64) <= source.size() {
            let size = source.size().saturating_sub(at).min(LONGEST);
            let mut bytes = vec![0; usize::try_from(size).unwrap_or_default()];
            source.read_at(&mut bytes, at).map_err(|error| {
                Error::new(ErrorKind::Io, format!("cannot read the superblock at byte {at}: {error}"))
            })?;
            if let Some(rest) = bytes.strip_prefix(&SIGNATURE) {
                return Self::decode(rest, &bytes, at);
            }
            at = if at == 0 { 512 } else { at.saturating_mul(2) };
        }
        Err(Error::new(ErrorKind::InvalidInput, "this is no HDF5 file: it has no superblock"))
    }

    /// Decodes what follows the signature. `whole` begins with it, and `base` is where that was found: whoever puts a
    /// user block before a file leaves the address in it as it was.
    fn decode(rest: &[u8], whole: &[u8], base: u64) -> Result<Self> {
        let unknown = Sizes { offset: 8, length: 8 };
        let mut head = Cursor::new(rest, unknown, "superblock");
        let version = head.u8()?;
        if version > 3 {
            return Err(head.unsupported(format!("version {version}")));
        }
        if version < 2 {
            // The versions of the free-space storage, of the root entry, and a reserved byte.
            head.take(3)?;
            // The version of shared messages.
            head.take(1)?;
        }
        let sizes = Sizes { offset: head.u8()?, length: head.u8()? };
        for size in [sizes.offset, sizes.length] {
            match size {
                2 | 4 | 8 => {}
                16 | 32 => return Err(head.unsupported(format!("addresses or lengths of {size} bytes"))),
                _ => return Err(head.corrupt(format!("addresses or lengths of {size} bytes"))),
            }
        }
        let fields = Cursor::new(head.rest(), sizes, "superblock");
        if version < 2 {
            Self::decode_old(fields, version, base)
        } else {
            Self::decode_new(fields, whole, base)
        }
    }

    fn decode_old(mut fields: Cursor<'_>, version: u8, base: u64) -> Result<Self> {
        // A reserved byte, the two K of groups, flags; from version 1 on the K of chunks.
        fields.take(if version == 0 { 9 } else { 13 })?;
        let [_base, _free_space, _end, driver] =
            [fields.address()?, fields.address()?, fields.address()?, fields.address()?];
        let _name = fields.length()?;
        let Some(root) = fields.address()? else {
            return Err(fields.corrupt("it names no root group"));
        };
        Ok(Self { sizes: fields.sizes(), base, root, extension: None, driver })
    }

    fn decode_new(mut fields: Cursor<'_>, whole: &[u8], base: u64) -> Result<Self> {
        let _flags = fields.u8()?;
        let [_base, extension, _end, root] =
            [fields.address()?, fields.address()?, fields.address()?, fields.address()?];
        fields.take(4)?;
        let size = whole.len().saturating_sub(fields.rest().len());
        verified(whole.get(..size).unwrap_or_default(), "superblock")?;
        let Some(root) = root else { return Err(fields.corrupt("it names no root group")) };
        Ok(Self { sizes: fields.sizes(), base, root, extension, driver: None })
    }
}

/// Fails where a block for a driver says that the bytes lie in several files. A block that says nothing of the kind, as
/// one that is damaged, changes nothing: libhdf5 does not look at it, either.
pub(super) fn refuse_driver(input: &Input, address: u64) -> Result<()> {
    const WHAT: &str = "driver information block";
    let Ok(bytes) = input.structure(address, 16, WHAT) else { return Ok(()) };
    refuse_driver_named(bytes.get(8..).unwrap_or_default())
}

/// Fails where it is this driver that spreads a file over several.
pub(super) fn refuse_driver_named(name: &[u8]) -> Result<()> {
    let name = match name.get(..8) {
        Some(b"NCSAmult") => "multi or split",
        Some(b"NCSAfami") => "family",
        _ => return Ok(()),
    };
    let message =
        format!("the file is one of several that the driver “{name}” wrote; h5repack makes one of them");
    Err(Error::new(ErrorKind::Unsupported, message))
}

/// Fails where the newest metadata are in a cache image, and what is in their places is older.
pub(super) fn refuse_cache_image(bytes: &[u8], input: &Input) -> Result<()> {
    let mut fields = input.cursor(bytes, "metadata cache image message");
    let _version = fields.u8()?;
    if fields.address()?.is_none() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Unsupported,
        "the file keeps its metadata in a cache image; h5repack, or opening it for writing, puts them in their places",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hdf5::read::tests::Bytes;

    fn version_2(base: u64, root: u64) -> Vec<u8> {
        let mut bytes = [&SIGNATURE[..], &[2, 8, 8, 0]].concat();
        for field in [base, u64::MAX, 4096, root] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        bytes.extend_from_slice(&crate::hdf5::read::checksum::lookup3(&bytes).to_le_bytes());
        bytes
    }

    fn find(bytes: &[u8]) -> Result<Superblock> {
        Superblock::find(&Bytes(bytes.to_vec()))
    }

    #[test]
    fn addresses_count_from_behind_the_user_block() {
        let plain = find(&version_2(0, 48)).unwrap();
        assert_eq!((plain.base, plain.root, plain.extension), (0, 48, None));
        let block = [vec![0; 2048], version_2(0, 48)].concat();
        assert_eq!(find(&block).unwrap().base, 2048);
        let beside = [vec![0; 700], version_2(0, 48)].concat();
        assert_eq!(find(&beside).unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn every_damaged_byte_of_a_checked_superblock_is_refused() {
        let whole = version_2(0, 48);
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            assert!(find(&bytes).is_err(), "byte {at}");
            assert!(find(&whole[..at]).is_err(), "cut at {at}");
        }
    }
}
