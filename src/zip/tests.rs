use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::{Archive, Writer};
use crate::error::{ErrorKind, Result};

/// A zip file of these entries, with Zip64 from a size on.
fn zip(entries: &[(&str, &[u8])], large: u64) -> Vec<u8> {
    let mut zip = Writer::with_large(Cursor::new(Vec::new()), large);
    for (name, bytes) in entries {
        zip.add(name, bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn open(bytes: &[u8]) -> Result<Archive> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    Archive::open(file.path())
}

/// All that is in a zip file, by name.
fn all(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>> {
    let archive = open(bytes)?;
    archive.entries().iter().map(|entry| Ok((entry.name().to_owned(), archive.read(entry)?))).collect()
}

const TWO: [(&str, &[u8]); 2] = [("a/größe", b"0123456789"), ("b", b"")];

/// A zip file of one entry `x`, deflated, that claims to hold `size` bytes.
fn deflated(content: &[u8], size: u32) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    let stored = encoder.finish().unwrap();
    let mut bytes = zip(&[("x", &stored)], u64::MAX);
    let mut crc = flate2::Crc::new();
    crc.update(content);
    let central = place(&bytes, b"PK\x01\x02");
    for (header, method) in [(0, 8), (central, 10)] {
        bytes[header + method] = 8;
        bytes[header + method + 6..][..4].copy_from_slice(&crc.sum().to_le_bytes());
        bytes[header + method + 14..][..4].copy_from_slice(&size.to_le_bytes());
    }
    bytes
}

fn place(bytes: &[u8], signature: &[u8]) -> usize {
    bytes.windows(signature.len()).position(|window| window == signature).unwrap()
}

#[test]
fn what_is_written_is_read_with_zip64_and_without() {
    for large in [0, 1, 10, 11, 50, u64::MAX] {
        let bytes = zip(&TWO, large);
        let read = all(&bytes).unwrap();
        let expected: Vec<_> = TWO.map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).into();
        assert_eq!(read, expected, "{large}");
        assert_eq!(bytes, zip(&TWO, large));
    }
    assert_eq!(all(&zip(&[], u64::MAX)).unwrap(), []);
}

#[test]
fn more_entries_than_sixteen_bits_count_are_read() {
    let names: Vec<String> = (0..70_000).map(|n| n.to_string()).collect();
    let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (&**name, name.as_bytes())).collect();
    let archive = open(&zip(&entries, u64::MAX)).unwrap();
    assert_eq!(archive.entries().len(), 70_000);
    let last = archive.entries().last().unwrap();
    assert_eq!(archive.read(last).unwrap(), b"69999");
}

#[test]
fn what_is_filled_piece_by_piece_is_the_same_and_must_be_as_much_as_was_announced() {
    let mut pieces = Writer::new(Cursor::new(Vec::new()));
    let fill = |write: &mut dyn FnMut(&[u8]) -> std::io::Result<()>| {
        write(b"01234")?;
        write(b"56789")
    };
    pieces.add_with("a/größe", 10, fill).unwrap();
    pieces.add("b", b"").unwrap();
    assert_eq!(pieces.finish().unwrap().into_inner(), zip(&TWO, u64::MAX));
    let mut short = Writer::new(Cursor::new(Vec::new()));
    let error = short.add_with("a", 11, fill).unwrap_err();
    assert_eq!(error.to_string(), "10 bytes were written where 11 were announced");
}

#[test]
fn going_back_forgets_what_was_written_since() {
    let mut twice = Writer::new(Cursor::new(Vec::new()));
    let mark = twice.mark();
    twice.add("other", b"something longer than what follows, by far").unwrap();
    twice.rewind(mark).unwrap();
    for (name, bytes) in TWO {
        twice.add(name, bytes).unwrap();
    }
    let once = zip(&TWO, u64::MAX);
    assert_eq!(twice.finish().unwrap().into_inner()[..once.len()], once);
}

#[test]
fn a_part_of_an_entry_is_read_and_the_whole_is_compared_with_its_checksum() {
    let mut bytes = zip(&TWO, u64::MAX);
    let archive = open(&bytes).unwrap();
    let (mut one, mut two) = ([0; 3], [9; 9]);
    let count = archive.read_stored(0, 4, &mut [&mut one, &mut two]).unwrap();
    assert_eq!((count, &one, &two[..4]), (Some(6), b"456", &b"789\x09"[..]));
    let at = place(&bytes, b"0123");
    bytes[at] ^= 1;
    let archive = open(&bytes).unwrap();
    archive.read_stored(0, 4, &mut [&mut one]).unwrap();
    let mut whole = [0; 11];
    let error = archive.read_stored(0, 0, &mut [&mut whole]).unwrap_err();
    assert_eq!(error.message(), "the zip file is damaged: the checksum of the entry \"a/größe\" is wrong");
    assert_eq!(archive.read(&archive.entries()[0]).unwrap_err().message(), error.message());
}

#[test]
fn deflated_entries_are_read_and_hold_no_more_than_they_say() {
    let content = b"abc".repeat(5000);
    assert_eq!(all(&deflated(&content, 15_000)).unwrap(), [("x".to_owned(), content.clone())]);
    for wrong in [14_999, 15_001] {
        let error = all(&deflated(&content, wrong)).unwrap_err();
        let expected = format!(
            "the zip file is damaged: the entry \"x\" does not hold the {wrong} bytes that it should"
        );
        assert_eq!((error.kind(), error.message()), (ErrorKind::Corrupt, &*expected));
    }
    let bomb = open(&deflated(&content, u32::MAX - 1)).unwrap_err();
    assert!(bomb.message().contains("cannot hold 4294967294 bytes in "), "{bomb}");
    let mut garbage = deflated(&content, 15_000);
    garbage[31] = 0xff;
    let error = all(&garbage).unwrap_err();
    assert!(error.kind() == ErrorKind::Corrupt && error.message().contains("inflated"), "{error}");
}

#[test]
fn a_zip_file_that_means_harm_is_refused() {
    let of = |name: &str| zip(&[(name, b"x")], u64::MAX);
    let twice = |one: &str, other: &str| zip(&[(one, b"x"), (other, b"y")], u64::MAX);
    let changed = |at: usize, to: u8| {
        let mut bytes = of("x");
        let central = place(&bytes, b"PK\x01\x02");
        bytes[central + at] = to;
        bytes
    };
    // Both entries have the header of the first.
    let mut shared = twice("x", "y");
    let central = place(&shared, b"PK\x01\x02");
    shared[central + 47 + 42] = 0;
    let name = "the entry \"../x\" leads out of the archive";
    for (bytes, why) in [
        (of("../x"), name),
        (of("/x"), "the entry \"/x\" leads out of the archive"),
        (of("a//x"), "the entry \"a//x\" leads out of the archive"),
        (of("a/./x"), "the entry \"a/./x\" leads out of the archive"),
        (of("a/.."), "the entry \"a/..\" leads out of the archive"),
        (of("a\\x"), "the entry \"a\\\\x\" has no name that can be trusted"),
        (of("a\0x"), "the entry \"a\\0x\" has no name that can be trusted"),
        (of(&"a/".repeat(300)), "an entry has a name longer than any path"),
        (twice("x", "x"), "two entries are called \"x\""),
        (twice("a/x", "a"), "\"a\" is both a file and a directory"),
        (twice("a", "a/b/c"), "\"a\" is both a file and a directory"),
        (shared, "the entry \"x\" shares its bytes with another one"),
        (changed(41, 0o120 << 1), "the entry \"x\" is a link or a device, and no file"),
        (changed(8, 1), "the entry \"x\" is encrypted"),
        (changed(10, 93), "the entry \"x\" is compressed by method 93, not stored or deflated"),
        (changed(20, 2), "the entry \"x\" cannot hold 1 bytes in 2"),
        (changed(43, 9), "the entry \"x\" lies outside of the file"),
        (changed(0, 0), "its directory is damaged"),
    ] {
        let error = open(&bytes).unwrap_err();
        let message = error.message().strip_prefix("the zip file is damaged: ").unwrap_or(error.message());
        assert_eq!(message, why);
    }
    // The header of an entry may say something else than the directory.
    let mut other = of("x");
    other[30] = b'y';
    assert!(all(&other).unwrap_err().message().ends_with("has another header than the directory says"));
}

#[test]
fn a_file_that_is_cut_off_or_damaged_anywhere_is_an_error_or_what_it_was() {
    for large in [0, u64::MAX] {
        let bytes = zip(&TWO, large);
        let whole = all(&bytes).unwrap();
        for length in 0..bytes.len() {
            let error = all(&bytes[..length]).unwrap_err();
            assert!(
                matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Corrupt),
                "{length}: {error:?}"
            );
        }
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << bit;
                // Names may become others, dates and attributes mean nothing; contents never differ.
                if let Ok(read) = all(&damaged) {
                    assert!(read.iter().all(|(_, bytes)| whole.iter().any(|(_, own)| own == bytes)), "{at}");
                }
            }
        }
    }
}

#[test]
fn what_is_no_zip_file_is_named_so() {
    for bytes in [&b""[..], b"PK", &[0; 100], &b"PK\x03\x04".repeat(30)] {
        let error = open(bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(error.message(), "not a zip file: it has no central directory at its end");
    }
    assert_eq!(Archive::open("/no/such.zip").unwrap_err().kind(), ErrorKind::NotFound);
}
