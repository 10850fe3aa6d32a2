//! Structures beside those of h5py 3.16 (HDF5 2.0.0), byte for byte.
//!
//! The texts are the bytes of files that `h5py.File(…, "w", libver="earliest")` wrote, in hexadecimal:
//! message bodies with their padding, other structures up to their last byte in use. Each test says in Python
//! what was written. Where h5py leaves what it no longer needs (the free space of local heaps, unused keys),
//! only the rest is compared.

use std::io::Cursor;

use super::{compound, hex};
use crate::error::Result;
use crate::hdf5::write::address::pad;
use crate::hdf5::write::attribute::{self, Attribute};
use crate::hdf5::write::datatype::Datatype;
use crate::hdf5::write::global_heap::GlobalHeap;
use crate::hdf5::write::group::{Object, SymbolTable};
use crate::hdf5::write::layout::Allocation;
use crate::hdf5::write::object_header::{MessageKind, ObjectHeader};
use crate::hdf5::write::sink::Sink;
use crate::hdf5::write::symbol_table::{Child, LocalHeap, TreeNode, encode_node};
use crate::hdf5::write::{dataspace, layout, superblock};

fn padded_hex(mut message: Vec<u8>) -> String {
    pad(&mut message);
    hex(&message)
}

fn assert_message(datatype: &Datatype, expected: &str) {
    assert_eq!(padded_hex(datatype.encode()), expected, "{datatype:?}");
    assert_eq!(datatype.message_size(), expected.len() as u64 / 2, "{datatype:?}");
}

/// `f.create_dataset(t, shape=(3,), dtype=t)` for t in i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 ? c8 c16, and
/// `h5py.string_dtype()`.
#[test]
fn simple_datatypes_are_those_of_h5py() {
    assert_message(&Datatype::Int8, "10080000010000000000080000000000");
    assert_message(&Datatype::Int16, "10080000020000000000100000000000");
    assert_message(&Datatype::Int32, "10080000040000000000200000000000");
    assert_message(&Datatype::Int64, "10080000080000000000400000000000");
    assert_message(&Datatype::Uint8, "10000000010000000000080000000000");
    assert_message(&Datatype::Uint16, "10000000020000000000100000000000");
    assert_message(&Datatype::Uint32, "10000000040000000000200000000000");
    assert_message(&Datatype::Uint64, "10000000080000000000400000000000");
    assert_message(&Datatype::Float16, "11200f0002000000000010000a05000a0f00000000000000");
    assert_message(&Datatype::Float32, "11201f000400000000002000170800177f00000000000000");
    assert_message(&Datatype::Float64, "11203f000800000000004000340b0034ff03000000000000");
    assert_message(
        &Datatype::Bool,
        "180200000100000010080000010000000000080046414c5345000000545255450000000000010000",
    );
    assert_message(&Datatype::String, "190101001000000010000000010000000000080000000000");
    assert_message(&Datatype::Complex64, COMPLEX64);
    assert_message(&Datatype::Complex128, COMPLEX128);
}

/// `[("a", "f8"), ("name", S), ("b", "?")]` with `S = h5py.string_dtype()`.
#[test]
fn a_compound_of_single_values_is_that_of_h5py() -> Result<()> {
    let members =
        [("a", &[][..], Datatype::Float64), ("name", &[], Datatype::String), ("b", &[], Datatype::Bool)];
    assert_message(&compound(members)?, COMPOUND);
    Ok(())
}

/// `[("PGA", "f8", (3,)), ("n", S), ("b", "?"), ("z", "c16", (2, 2)), ("i", "i2")]`,
/// `[("z", "c8"), ("b", "?"), ("n", S), ("zz", "c8", (2,)), ("z2", "c8"), ("x8chars_", "i4")]` and
/// `[("s", S, (2,)), ("é", "u1")]`: which members are of version 2 depends on where the first array is.
#[test]
fn compounds_with_arrays_are_those_of_h5py() -> Result<()> {
    let first = [
        ("PGA", &[3][..], Datatype::Float64),
        ("n", &[], Datatype::String),
        ("b", &[], Datatype::Bool),
        ("z", &[2, 2], Datatype::Complex128),
        ("i", &[], Datatype::Int16),
    ];
    assert_message(&compound(first)?, ARRAY_FIRST);
    let later = [
        ("z", &[][..], Datatype::Complex64),
        ("b", &[], Datatype::Bool),
        ("n", &[], Datatype::String),
        ("zz", &[2], Datatype::Complex64),
        ("z2", &[], Datatype::Complex64),
        ("x8chars_", &[], Datatype::Int32),
    ];
    assert_message(&compound(later)?, ARRAY_LATER);
    let strings = compound([("s", &[2][..], Datatype::String), ("é", &[], Datatype::Uint8)])?;
    assert_message(&strings, ARRAY_OF_STRINGS);
    assert!(strings.holds_strings());
    Ok(())
}

/// `[("in", [("x", "f4"), ("b", "?")]), ("in2", [("x", "f4", (2,)), ("c", "c8")]), ("t", "c8")]`.
#[test]
fn a_compound_of_compounds_is_that_of_h5py() -> Result<()> {
    let plain = compound([("x", &[][..], Datatype::Float32), ("b", &[], Datatype::Bool)])?;
    let array = compound([("x", &[2][..], Datatype::Float32), ("c", &[], Datatype::Complex64)])?;
    let nested = compound([("in", &[][..], plain), ("in2", &[], array), ("t", &[], Datatype::Complex64)])?;
    assert_message(&nested, NESTED);
    Ok(())
}

/// `f.create_dataset("f8", shape=(3,), dtype="f8")` and `f.create_dataset("s", shape=(2, 3), dtype=S)`, never
/// written.
#[test]
fn the_other_messages_of_datasets_are_those_of_h5py() -> Result<()> {
    assert_eq!(hex(&dataspace::encode(&[])?), "0100000000000000");
    assert_eq!(hex(&dataspace::encode(&[3])?), "010101000000000003000000000000000300000000000000");
    assert_eq!(
        hex(&dataspace::encode(&[2, 3])?),
        "01020100000000000200000000000000030000000000000002000000000000000300000000000000"
    );
    assert_eq!(hex(&layout::fill_value(&Datatype::Float64, Allocation::Late, None)), "0202020100000000");
    assert_eq!(hex(&layout::fill_value(&Datatype::String, Allocation::Late, None)), "0202000100000000");
    assert_eq!(
        padded_hex(layout::contiguous(u64::MAX, 24)),
        "0301ffffffffffffffff1800000000000000000000000000"
    );
    Ok(())
}

/// `attrs["é"] = np.arange(3.)`, `attrs["flag"] = np.bool_(True)`, `attrs["z"] = np.array([1 + 2j], "c8")`,
/// `attrs["none"] = np.zeros(0)`; h5py, too, gives a scalar `flag` and lists otherwise.
#[test]
fn attributes_are_those_of_h5py() -> Result<()> {
    let list: Vec<u8> = [0.0_f64, 1.0, 2.0].iter().flat_map(|value| value.to_le_bytes()).collect();
    let complex = [1.0_f32.to_le_bytes(), 2.0_f32.to_le_bytes()].concat();
    let cases = [
        (Attribute::new("é", &Datatype::Float64, &[3], &list)?, LIST_ATTRIBUTE),
        (Attribute::new("flag", &Datatype::Bool, &[], &[1])?, FLAG_ATTRIBUTE),
        (Attribute::new("z", &Datatype::Complex64, &[1], &complex)?, COMPLEX_ATTRIBUTE),
        (Attribute::new("none", &Datatype::Float64, &[0], &[])?, EMPTY_ATTRIBUTE),
    ];
    for (attribute, expected) in cases {
        let mut header = ObjectHeader::default();
        attribute::push_all(&[attribute], &mut header)?;
        let size = u16::try_from(expected.len() / 2).map_or(0, u16::swap_bytes);
        // The head of the object header ends with its size; then come kind, size and flags of its one
        // message.
        let found = hex(&header.encode()?);
        assert_eq!(found.get(32..), Some(format!("0c00{size:04x}00000000{expected}").as_str()));
    }
    Ok(())
}

/// `f["s"] = np.array(["hé", "", "calcstore"], object)`; h5py stores the last one first.
#[test]
fn strings_and_their_references_are_those_of_h5py() -> Result<()> {
    let mut sink = Sink::new(Cursor::new(Vec::new()), "strings.h5".into());
    sink.reserve(0x830)?;
    let mut heap = GlobalHeap::default();
    let mut references = Vec::new();
    for string in ["calcstore", "", "hé"] {
        references.push(heap.insert(&mut sink, string)?);
    }
    heap.flush(&mut sink)?;
    references.reverse();
    assert_eq!(hex(references.as_flattened()), REFERENCES);
    let bytes = sink.into_inner().into_inner();
    let (used, free) = bytes[0x830..].split_at(COLLECTION.len() / 2);
    assert_eq!(hex(used), COLLECTION);
    assert!(used.len() + free.len() == 4096 && free.iter().all(|&byte| byte == 0));
    Ok(())
}

/// `g = f.create_group("g")`, then `g["c0"]` to `g["c8"]` as `np.int8`, then `g.create_group("sub")`.
#[test]
fn the_links_of_a_group_are_those_of_h5py() -> Result<()> {
    let dataset = |header| Object { header, links: None };
    let mut names = LocalHeap::new();
    let headers = [0x0728, 0x1180, 0x1290, 0x13a0, 0x14b0, 0x15c0, 0x16d0, 0x17e0, 0x18f0];
    let mut entries: Vec<(u64, Object)> = headers
        .into_iter()
        .enumerate()
        .map(|(i, header)| (names.insert(&format!("c{i}")), dataset(header)))
        .collect();
    let links = Some(SymbolTable { tree: 0x1bf8, heap: 0x1e18 });
    entries.push((names.insert("sub"), Object { header: 0x0588, links }));
    assert_eq!(hex(&names.encode(0)[32..]), NAMES);
    assert_eq!(hex(&encode_node(&entries[..4])[..FIRST_NODE.len() / 2]), FIRST_NODE);
    assert_eq!(hex(&encode_node(&entries[4..])[..LAST_NODE.len() / 2]), LAST_NODE);
    let children = [Child { address: 0x1038, last_name: 0x20 }, Child { address: 0x1ab0, last_name: 0x50 }];
    let root = TreeNode { level: 0, left: None, right: None, first_key: 0, children: &children }.encode();
    assert_eq!(hex(&root[..TREE.len() / 2]), TREE);
    assert_eq!((encode_node(&entries[..4]).len(), root.len()), (328, 544));
    let mut header = ObjectHeader::default();
    header.push(MessageKind::SymbolTable, &[0x0348_u64.to_le_bytes(), 0x0568_u64.to_le_bytes()].concat())?;
    assert_eq!(hex(&header.encode()?), GROUP_HEADER);
    Ok(())
}

/// The first 96 bytes of the same file.
#[test]
fn the_superblock_is_that_of_h5py() {
    let root = Object { header: 0x60, links: Some(SymbolTable { tree: 0x88, heap: 0x02a8 }) };
    assert_eq!(hex(&superblock::encode(&root, 0x1e90)), SUPERBLOCK);
}

const COMPOUND: &str = "\
    160300001900000061000000000000000000000000000000000000000000000000000000000000000000000000000000\
    11203f000800000000004000340b0034ff0300006e616d65000000000800000000000000000000000000000000000000\
    000000000000000000000000190101001000000010000000010000000000080062000000000000001800000000000000\
    000000000000000000000000000000000000000000000000180200000100000010080000010000000000080046414c53\
    45000000545255450000000000010000";
const ARRAY_FIRST: &str = "\
    260500006b0000005047410000000000000000002a0000001800000001000000030000000000000011203f0008000000\
    00004000340b0034ff0300006e0000000000000018000000190101001000000010000000010000000000080062000000\
    0000000028000000180200000100000010080000010000000000080046414c5345000000545255450000000000017a00\
    000000000000290000002a00000040000000020000000200000002000000000000000100000016020000100000007200\
    000000000000000000000000000000000000000000000000000000000000000000000000000011203f00080000000000\
    4000340b0034ff0300006900000000000000080000000000000000000000000000000000000000000000000000000000\
    000011203f000800000000004000340b0034ff0300006900000000000000690000001008000002000000000010000000";
const ARRAY_LATER: &str = "\
    26060000350000007a0000000000000000000000260200000800000072000000000000000000000011201f0004000000\
    00002000170800177f00000069000000000000000400000011201f000400000000002000170800177f00000062000000\
    0000000008000000280200000100000010080000010000000000080046414c5345000000545255450000000000016e00\
    0000000000000900000019010100100000001000000001000000000008007a7a000000000000190000002a0000001000\
    0000010000000200000000000000260200000800000072000000000000000000000011201f0004000000000020001708\
    00177f00000069000000000000000400000011201f000400000000002000170800177f0000007a320000000000002900\
    000016020000080000007200000000000000000000000000000000000000000000000000000000000000000000000000\
    000011201f000400000000002000170800177f0000006900000000000000040000000000000000000000000000000000\
    000000000000000000000000000011201f000400000000002000170800177f000000783863686172735f000000000000\
    000031000000100800000400000000002000000000000000";
const ARRAY_OF_STRINGS: &str = "\
    26020000210000007300000000000000000000002a000000200000000100000002000000000000001901010010000000\
    100000000100000000000800c3a90000000000002000000010000000010000000000080000000000";
const NESTED: &str = "\
    260300001d000000696e00000000000000000000260200000500000078000000000000000000000011201f0004000000\
    00002000170800177f000000620000000000000004000000280200000100000010080000010000000000080046414c53\
    4500000054525545000000000001696e3200000000000500000026020000100000007800000000000000000000002a00\
    00000800000001000000020000000000000011201f000400000000002000170800177f00000063000000000000000800\
    0000260200000800000072000000000000000000000011201f000400000000002000170800177f000000690000000000\
    00000400000011201f000400000000002000170800177f00000074000000000000001500000016020000080000007200\
    000000000000000000000000000000000000000000000000000000000000000000000000000011201f00040000000000\
    2000170800177f0000006900000000000000040000000000000000000000000000000000000000000000000000000000\
    000011201f000400000000002000170800177f0000000000";
const COMPLEX64: &str = "\
    160200000800000072000000000000000000000000000000000000000000000000000000000000000000000000000000\
    11201f000400000000002000170800177f00000069000000000000000400000000000000000000000000000000000000\
    00000000000000000000000011201f000400000000002000170800177f000000";
const COMPLEX128: &str = "\
    160200001000000072000000000000000000000000000000000000000000000000000000000000000000000000000000\
    11203f000800000000004000340b0034ff03000069000000000000000800000000000000000000000000000000000000\
    00000000000000000000000011203f000800000000004000340b0034ff030000";
const LIST_ATTRIBUTE: &str = "\
    0100030014001800c3a900000000000011203f000800000000004000340b0034ff030000000000000101010000000000\
    030000000000000003000000000000000000000000000000000000000000f03f0000000000000040";
const FLAG_ATTRIBUTE: &str = "\
    0100050026000800666c616700000000180200000100000010080000010000000000080046414c534500000054525545\
    000000000001000001000000000000000100000000000000";
const COMPLEX_ATTRIBUTE: &str = "\
    01000200800018007a000000000000001602000008000000720000000000000000000000000000000000000000000000\
    0000000000000000000000000000000011201f000400000000002000170800177f000000690000000000000004000000\
    0000000000000000000000000000000000000000000000000000000011201f000400000000002000170800177f000000\
    0101010000000000010000000000000001000000000000000000803f00000040";
const EMPTY_ATTRIBUTE: &str = "\
    01000500140018006e6f6e650000000011203f000800000000004000340b0034ff030000000000000101010000000000\
    00000000000000000000000000000000";
const COLLECTION: &str = "\
    47434f4c0100000000100000000000000100000000000000090000000000000063616c6373746f726500000000000000\
    020000000000000000000000000000000300000000000000030000000000000068c3a900000000000000000000000000\
    a80f";
const REFERENCES: &str =
    "030000003008000000000000030000000000000030080000000000000200000009000000300800000000000001000000";
const SUPERBLOCK: &str = "\
    894844460d0a1a0a000000000008080004001000000000000000000000000000ffffffffffffffff901e000000000000\
    ffffffffffffffff0000000000000000600000000000000001000000000000008800000000000000a802000000000000";
const GROUP_HEADER: &str = "01000100010000001800000000000000110010000000000048030000000000006805000000000000";
const NAMES: &str = "\
    000000000000000063300000000000006331000000000000633200000000000063330000000000006334000000000000\
    63350000000000006336000000000000633700000000000063380000000000007375620000000000";
const TREE: &str = "\
    5452454500000200ffffffffffffffffffffffffffffffff000000000000000038100000000000002000000000000000\
    b01a0000000000005000000000000000";
const FIRST_NODE: &str = "\
    534e4f440100040008000000000000002807000000000000000000000000000000000000000000000000000000000000\
    100000000000000080110000000000000000000000000000000000000000000000000000000000001800000000000000\
    90120000000000000000000000000000000000000000000000000000000000002000000000000000a013000000000000\
    000000000000000000000000000000000000000000000000";
const LAST_NODE: &str = "\
    534e4f44010006002800000000000000b014000000000000000000000000000000000000000000000000000000000000\
    3000000000000000c0150000000000000000000000000000000000000000000000000000000000003800000000000000\
    d0160000000000000000000000000000000000000000000000000000000000004000000000000000e017000000000000\
    0000000000000000000000000000000000000000000000004800000000000000f0180000000000000000000000000000\
    00000000000000000000000000000000500000000000000088050000000000000100000000000000f81b000000000000\
    181e000000000000";
