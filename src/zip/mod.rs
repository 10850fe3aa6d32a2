//! Zip files: one file that holds many, as a packed calculation does, and `NumPy`'s `npz`.
//!
//! What is written is *stored*, not compressed once more, at any size and number of entries, and the same input gives the
//! same bytes. What is read may come from anybody: it is checked before it is believed.
//!
//! # Format
//! [APPNOTE.TXT 6.3.10](https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT): local headers (4.3.7), the central
//! directory (4.3.12), Zip64 (4.3.14, 4.3.15, 4.5.3), its end (4.3.16).

mod archive;
mod directory;
mod fields;
#[cfg(test)]
mod tests;
mod writer;

pub use archive::Archive;
pub use directory::Entry;
pub use writer::Writer;

/// What begins each of the parts.
const LOCAL_HEADER: u32 = 0x0403_4b50;
const CENTRAL_HEADER: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const END_64: u32 = 0x0606_4b50;
const LOCATOR_64: u32 = 0x0706_4b50;

/// How long they are, without names and what else has no fixed length.
const LOCAL_LENGTH: u64 = 30;
const CENTRAL_LENGTH: u64 = 46;
const END_LENGTH: u64 = 22;
const END_64_LENGTH: u64 = 56;
const LOCATOR_64_LENGTH: u64 = 20;

/// The extra field with what 32 bits do not hold.
const EXTRA_64: u16 = 1;
/// What stands where that is to be looked for.
const MORE: u32 = u32::MAX;
const MANY: u16 = u16::MAX;

/// Names are UTF-8.
const UTF8: u16 = 1 << 11;
/// Bits that say that an entry is encrypted, or its header is.
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
