//! Structures that lead to each other for ever, or stand for more than they are.

use super::Bytes;
use crate::error::ErrorKind;
use crate::hdf5::read::{File, Found, Link};

/// A file that is put together from pieces at their places, with a superblock of version 0.
struct Pieces(Vec<u8>);

/// Where the header of the root group is.
const ROOT: u64 = 0x100;

impl Pieces {
    fn new() -> Self {
        let mut pieces = Self(vec![0; 0x1000]);
        pieces.put(0, b"\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0\x04\0\x10\0\0\0\0\0");
        pieces.numbers(24, &[0, u64::MAX, 0x1000, u64::MAX, 0, ROOT]);
        pieces
    }

    fn put(&mut self, at: u64, bytes: &[u8]) {
        let at = usize::try_from(at).unwrap();
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn numbers(&mut self, at: u64, numbers: &[u64]) {
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.put(at, &bytes);
    }

    /// An object header of version 1 with one message of 16 bytes.
    fn header(&mut self, at: u64, kind: u8, message: [u64; 2]) {
        self.put(at, &[1, 0, 1, 0, 1, 0, 0, 0, 24, 0, 0, 0, 0, 0, 0, 0, kind, 0, 16, 0, 0, 0, 0, 0]);
        self.numbers(at + 24, &message);
    }

    /// A symbol table whose tree and heap are at these places.
    fn group(&mut self, tree: u64, heap: u64) {
        self.header(ROOT, 0x11, [tree, heap]);
    }

    /// A heap of `size` bytes, which are at 0x900.
    fn heap(&mut self, at: u64, size: u64) {
        self.put(at, b"HEAP\0\0\0\0");
        self.numbers(at + 8, &[size, 1, 0x900]);
    }

    /// A node of a tree of groups, whose children are at these places.
    fn tree(&mut self, at: u64, level: u8, children: &[u64]) {
        self.put(at, &[b"TREE\0", &[level, u8::try_from(children.len()).unwrap(), 0][..]].concat());
        let around: Vec<u64> = children.iter().flat_map(|child| [0, *child]).collect();
        self.numbers(at + 8, &[&[u64::MAX, u64::MAX], &around[..]].concat());
    }

    /// A symbol table node of entries: offsets of names, and addresses.
    fn symbols(&mut self, at: u64, entries: &[[u64; 2]]) {
        self.put(at, &[b"SNOD\x01\0", &u16::try_from(entries.len()).unwrap().to_le_bytes()[..]].concat());
        let entries: Vec<u64> =
            entries.iter().flat_map(|[name, address]| [*name, *address, 0, 0, 0]).collect();
        self.numbers(at + 8, &entries);
    }

    fn links(self) -> Found<Link> {
        File::open(Box::new(Bytes(self.0))).unwrap().root().unwrap().links()
    }
}

fn shown(found: &Found<Link>) -> (Vec<&str>, Vec<String>) {
    let names = found.items.iter().map(|link| link.name.as_str()).collect();
    (names, found.errors.iter().map(ToString::to_string).collect())
}

#[test]
fn a_tree_that_leads_back_to_itself_gives_its_links_once() {
    let mut pieces = Pieces::new();
    pieces.group(0x200, 0x300);
    pieces.heap(0x300, 16);
    pieces.put(0x900, b"\0a\0b\0");
    pieces.tree(0x200, 1, &[0x400, 0x200, 0x400]);
    pieces.tree(0x400, 0, &[0x500]);
    pieces.symbols(0x500, &[[1, 0x100], [3, 0x100]]);
    let found = pieces.links();
    let twice = |at| format!("the B-tree of a group is damaged: the node at byte {at} is in it twice");
    assert_eq!(shown(&found), (vec!["a", "b"], vec![twice(0x200), twice(0x400)]));
}

#[test]
fn a_damaged_node_or_entry_leaves_the_others() {
    let mut pieces = Pieces::new();
    pieces.group(0x200, 0x300);
    pieces.heap(0x300, 8);
    pieces.put(0x900, b"\0a\0b\0c\0d");
    pieces.tree(0x200, 0, &[0x500, 0x600, 0x700, 0xffff_ffff]);
    pieces.symbols(0x500, &[[3, 0x100], [1, 0x100], [7, 0x100]]);
    pieces.symbols(0x700, &[[5, 0x100], [u64::MAX, 0x100], [1, u64::MAX]]);
    let found = pieces.links();
    let (names, errors) = shown(&found);
    assert_eq!(names, ["a", "b", "c"]);
    let expected = [
        "the local heap is damaged: the name at 7 has no end",
        "the symbol table node is damaged: it does not begin with SNOD",
        "the local heap is damaged: the name at 18446744073709551615 would lie behind its 8 bytes",
        r#"the symbol table node is damaged: "a" has no address"#,
        "the symbol table node is damaged: it would lie at byte 4294967295, 8 bytes long, beyond the end of the file",
    ];
    assert_eq!(errors, expected);
}

#[test]
fn one_long_name_is_not_the_name_of_many() {
    let mut pieces = Pieces::new();
    pieces.group(0x200, 0x300);
    pieces.heap(0x300, 0x600);
    pieces.put(0x900, &[b'n'; 0x5ff]);
    pieces.tree(0x200, 0, &[0x500]);
    pieces.symbols(0x500, &[[0, 0x100]; 20]);
    let found = pieces.links();
    assert_eq!(found.items.len(), 2, "the file has {} bytes", 0x1000);
    assert_eq!(
        found.errors[0].to_string(),
        "the group is damaged: its parts would have more than 4096 bytes"
    );
}

#[test]
fn a_header_that_goes_on_in_itself_is_damage() {
    let mut pieces = Pieces::new();
    pieces.header(ROOT, 0x10, [ROOT + 16, 24]);
    let file = File::open(Box::new(Bytes(pieces.0))).unwrap();
    let error = file.root().unwrap_err();
    let expected = "the continuation of an object header is damaged: it goes on where it has been before";
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Corrupt, expected));
}

#[test]
fn only_messages_that_must_be_known_stand_in_the_way() {
    for (flags, opens) in [(0, true), (1 << 3, true), (1 << 7, false)] {
        let mut pieces = Pieces::new();
        pieces.header(ROOT, 0x77, [0, 0]);
        pieces.put(ROOT + 20, &[flags]);
        let file = File::open(Box::new(Bytes(pieces.0))).unwrap();
        assert_eq!(
            file.root().map_err(|error| error.kind()).err(),
            (!opens).then_some(ErrorKind::Unsupported)
        );
    }
}

#[test]
fn files_that_are_read_together_only_are_refused_by_name() {
    for (name, known) in [(b"NCSAmult", true), (b"NCSAfami", true), (b"damaged!", false)] {
        let mut pieces = Pieces::new();
        pieces.numbers(48, &[0x800]);
        pieces.header(ROOT, 0x11, [0x200, 0x300]);
        pieces.put(0x808, name);
        let opened = File::open(Box::new(Bytes(pieces.0))).map(|_| ()).map_err(|error| error.kind());
        assert_eq!(opened.err(), known.then_some(ErrorKind::Unsupported));
    }
}
