//! Objects by their paths, and groups with a child that is damaged.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use super::Bytes;
use crate::error::{ErrorKind, Result};
use crate::hdf5::read::{File, ObjectKind, Target};
use crate::hdf5::{Attribute, Datatype, Group, Writer};

fn open(bytes: Vec<u8>) -> Result<File> {
    File::open(Box::new(Bytes(bytes)))
}

fn generated(name: &str) -> Vec<u8> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/corpus/hdf5/generated");
    fs::read(corpus.join(name)).unwrap()
}

/// A file with the datasets `/g/a`, `/g/b` and `/g/c`.
fn written() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = Writer::new(&mut bytes, "x.h5").unwrap();
    let mut group = Group::new();
    for name in ["a", "b", "c"] {
        let attribute = Attribute::new(format!("of {name}"), &Datatype::Int8, &[2], &[1, 2]).unwrap();
        let mut dataset = writer.dataset(&Datatype::Float64, &[1], &[attribute]).unwrap();
        dataset.write(&[0; 8]).unwrap();
        group.insert(name, dataset.finish().unwrap()).unwrap();
    }
    let group = writer.group(group, &[]).unwrap();
    let mut root = Group::new();
    root.insert("g", group).unwrap();
    writer.finish(root, &[]).unwrap();
    bytes.into_inner()
}

/// The addresses of the children of `/g`.
fn children(file: &File) -> Vec<(String, u64)> {
    let links = file.find("/g").unwrap().links();
    assert!(links.errors.is_empty(), "{:?}", links.errors);
    let address = |target| match target {
        Target::Hard(address) => address,
        other => panic!("{other:?}"),
    };
    links.items.into_iter().map(|link| (link.name, address(link.target))).collect()
}

#[test]
fn objects_are_found_by_their_paths() {
    let file = open(written()).unwrap();
    assert_eq!(file.find("/").unwrap().kind(), ObjectKind::Group);
    let dataset = file.find("/g//./b").unwrap();
    assert_eq!(dataset.kind(), ObjectKind::Dataset);
    assert_eq!(dataset.address(), children(&file)[1].1);
    assert_eq!(dataset.attributes().items[0].name, "of b");
    let error = file.find("/g/x").unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::NotFound, r#"cannot follow "/g/x": there is no "x""#)
    );
}

#[test]
fn a_damaged_child_is_an_error_of_its_own() {
    let mut bytes = written();
    let (_, damaged) = children(&open(bytes.clone()).unwrap())[1].clone();
    bytes[usize::try_from(damaged).unwrap()] = 9;
    let file = open(bytes).unwrap();
    let opened: Vec<_> =
        children(&file).into_iter().map(|(name, address)| (name, file.object(address).is_ok())).collect();
    assert_eq!(opened, [("a".to_owned(), true), ("b".to_owned(), false), ("c".to_owned(), true)]);
}

#[test]
fn a_damaged_attribute_hides_no_other() {
    let mut bytes = generated("old_links.h5");
    let at = bytes.windows(4).position(|window| window == b"a11\0").unwrap();
    // The version of the datatype, behind the name.
    bytes[at + 8] = 0xf0;
    let file = open(bytes).unwrap();
    let attributes = file.find("/few").unwrap().attributes();
    let errors: Vec<String> = attributes.errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors, [r#"attribute "a11": the datatype message is not known here: version 15"#]);
    assert!(attributes.items.len() > 10 && attributes.items.iter().all(|attribute| attribute.name != "a11"));
}

#[test]
fn soft_links_are_followed_from_their_group_and_not_for_ever() {
    let links = open(generated("links.h5")).unwrap();
    assert_eq!(links.find("/few/loop/type").unwrap().kind(), ObjectKind::Datatype);
    let error = links.find("/few/external/x").unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"cannot follow "/few/external/x": "external" leads to the file "other.h5""#
    );
    let error = links.find("/few/around").unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::Unsupported, r#"cannot follow "/few/around": it goes through too many soft links"#)
    );
}
