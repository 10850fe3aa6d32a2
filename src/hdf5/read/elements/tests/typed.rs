//! Elements of all kinds of types as values.

use std::sync::Arc;

use super::oracle::input;
use crate::error::{ErrorKind, Result};
use crate::hdf5::read::elements::{DatasetReader, Stored, Values, is_bool, values};
use crate::hdf5::read::layout::{Dataspace, ExternalFile, Layout, Mapping};
use crate::hdf5::read::selection::Selection;
use crate::hdf5::read::{ByteOrder, Float, MemberType, Padding, ReferenceKind, Type};

fn convert(data_type: &Type, bytes: &[u8]) -> Result<Values> {
    values(&input(&Arc::new(Vec::new())), data_type, bytes)
}

fn short(order: ByteOrder) -> Type {
    Type::Integer { size: 2, is_signed: true, order, offset: 0, precision: 16 }
}

fn single() -> Type {
    Type::Float(Float {
        size: 4,
        order: ByteOrder::Big,
        offset: 0,
        precision: 32,
        sign: 31,
        exponent: (23, 8),
        mantissa: (0, 23),
        bias: 127,
        is_normalized: true,
    })
}

fn truth(codes: [&[u8]; 2]) -> Type {
    let base = Type::Integer { size: 1, is_signed: true, order: ByteOrder::Little, offset: 0, precision: 8 };
    let names = ["FALSE", "TRUE"].iter().zip(codes).map(|(name, code)| ((*name).to_owned(), code.to_vec()));
    Type::Enum { base: Box::new(base), names: names.collect() }
}

#[test]
fn compounds_arrays_enumerations_and_complex_numbers_come_member_by_member() {
    let member = |name: &str, offset, data_type| MemberType { name: name.to_owned(), offset, data_type };
    let compound = Type::Compound {
        size: 20,
        members: vec![
            member("n", 1, short(ByteOrder::Little)),
            member("pair", 4, Type::Array { shape: vec![2], base: Box::new(short(ByteOrder::Big)) }),
            member("z", 8, Type::Complex(Box::new(single()))),
            member("is_good", 16, truth([&[0], &[1]])),
            member("text", 17, Type::FixedString { size: 3, padding: Padding::Space, is_utf8: false }),
        ],
    };
    let element = |n: u8| {
        let mut bytes = vec![9, n, 0, 9, 0, n, 1, 0];
        bytes.extend([f32::from(n), -0.5].iter().flat_map(|part| part.to_be_bytes()));
        bytes.extend([n % 2, b'a', b'b', b' ']);
        bytes
    };
    let found = convert(&compound, &[element(3), element(4)].concat()).unwrap();
    let members = [
        ("n", Values::I16(vec![3, 4])),
        ("pair", Values::Arrays { shape: vec![2], values: Box::new(Values::I16(vec![3, 256, 4, 256])) }),
        ("z", Values::Complex(Box::new(Values::F32(vec![3.0, -0.5, 4.0, -0.5])))),
        (
            "is_good",
            Values::Enum {
                codes: Box::new(Values::I8(vec![1, 0])),
                names: vec!["FALSE".to_owned(), "TRUE".to_owned()],
                named: Box::new(Values::I8(vec![0, 1])),
            },
        ),
        ("text", Values::Text(vec!["ab".to_owned(), "ab".to_owned()])),
    ];
    assert_eq!(found, Values::Compound(members.map(|(name, values)| (name.to_owned(), values)).to_vec()));
    assert_eq!(found.len(), 2);
    assert_eq!(convert(&compound, &[]).unwrap().len(), 0);
    assert_eq!(convert(&compound, &[0; 19]).unwrap_err().kind(), ErrorKind::Corrupt);
    let outside = Type::Compound { size: 3, members: vec![member("n", 2, short(ByteOrder::Little))] };
    let error = convert(&outside, &[0; 3]).unwrap_err();
    assert_eq!(error.to_string(), "the datatype is damaged: its member `n` lies outside of it");
}

#[test]
fn truth_values_are_told_from_other_enumerations() {
    assert!(is_bool(&truth([&[0], &[1]])));
    assert!(is_bool(&truth([&[0, 0], &[0, 1]])));
    assert!(!is_bool(&truth([&[1], &[0]])));
    assert!(!is_bool(&truth([&[0], &[2]])));
    assert!(!is_bool(&short(ByteOrder::Little)));
}

#[test]
fn references_are_addresses_and_what_is_not_read_is_named() {
    let reference = |kind, size| Type::Reference { size, kind };
    let bytes = [[0xff; 8], 96_u64.to_le_bytes(), [0; 8]].concat();
    let found = convert(&reference(ReferenceKind::Object, 8), &bytes).unwrap();
    assert_eq!(found, Values::References(vec![None, Some(96), None]));
    let opaque = Type::Opaque { size: 3, tag: String::new() };
    assert_eq!(convert(&opaque, b"abcdef").unwrap(), Values::Opaque { size: 3, bytes: b"abcdef".to_vec() });
    for (data_type, named) in [
        (reference(ReferenceKind::Region, 12), "references to regions of datasets are not read here"),
        (reference(ReferenceKind::Standard, 16), "references of version 1.12 are not read here"),
        (Type::Time { size: 4 }, "times (datatype class 2) are not read here"),
    ] {
        let error = convert(&data_type, &[]).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Unsupported, named));
    }
}

#[test]
fn a_text_that_is_not_in_the_heap_is_damage_and_one_shared_by_many_is_bounded() {
    let text = Type::String { padding: Padding::NullTerminated, is_utf8: true };
    let content = vec![b'x'; 4000];
    let heap = [&b"GCOL\x01\0\0\0"[..], &4096_u64.to_le_bytes(), &[1, 0, 1, 0, 0, 0, 0, 0]];
    let mut heap = [&heap.concat()[..], &4000_u64.to_le_bytes(), &content].concat();
    heap.resize(4096 + 8, 0);
    // At address 8: zero would be no collection.
    heap.rotate_right(8);
    let file = input(&Arc::new(heap));
    let element = |length: u32, address: u64, index: u32| {
        [&length.to_le_bytes()[..], &address.to_le_bytes(), &index.to_le_bytes()].concat()
    };
    let found = values(&file, &text, &[element(2, 8, 1), element(0, 0, 0)].concat()).unwrap();
    assert_eq!(found, Values::Text(vec!["xx".to_owned(), String::new()]));
    for wrong in
        [element(2, 8, 2), element(4001, 8, 1), element(2, 0, 0), element(2, 16, 1), element(2, 1 << 60, 1)]
    {
        assert_eq!(values(&file, &text, &wrong).unwrap_err().kind(), ErrorKind::Corrupt, "{wrong:?}");
    }
    let many = element(4000, 8, 1).repeat(9000);
    assert_eq!(values(&file, &text, &many).unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn elements_of_other_files_are_refused_by_the_names_of_those() {
    let file = |name: &str| ExternalFile { name: name.to_owned(), offset: 0, size: None };
    let (source, target) = (Selection::All, Selection::All);
    let mapping = Mapping { file: "x.h5".into(), dataset: "d".into(), source, target };
    for (layout, message) in [
        (
            Layout::External(vec![file("a.raw"), file("b\n.raw")]),
            r"its elements are in other files, which are not read here: `a.raw`, `b\n.raw`",
        ),
        (
            Layout::Virtual { mappings: vec![mapping] },
            "its elements are in other datasets, which are not read here: `x.h5`",
        ),
    ] {
        let input = input(&Arc::new(Vec::new()));
        let dataspace = Dataspace::Simple { shape: vec![4], maximum: vec![Some(4)] };
        let data_type = short(ByteOrder::Little);
        let stored = Stored {
            data_type: &data_type,
            dataspace: &dataspace,
            layout: &layout,
            filters: &[],
            fill: &None,
        };
        let error = DatasetReader::new(&input, stored).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Unsupported, message));
    }
}
