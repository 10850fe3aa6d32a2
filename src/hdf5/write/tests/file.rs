//! Whole files, read by the few lines below; that other programs read them too is tested with the export.

use std::cell::RefCell;
use std::io::{self, Cursor, Seek, SeekFrom, Write};
use std::rc::Rc;

use super::compound;
use crate::error::Result;
use crate::hdf5::write::{Attribute, Datatype, Group, Writer};

/// A file in memory that can be looked at while it is written, and can be told to fail.
#[derive(Clone, Default)]
struct Disk(Rc<RefCell<State>>);

#[derive(Default)]
struct State {
    bytes: Cursor<Vec<u8>>,
    seeks: usize,
    broken: bool,
}

impl Disk {
    fn bytes(&self) -> Vec<u8> {
        self.0.borrow().bytes.get_ref().clone()
    }
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.0.borrow_mut();
        if state.broken && bytes.len() > 1 {
            // As a full disk does: the beginning gets there.
            state.bytes.write_all(&bytes[..bytes.len().min(5)])?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        state.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Disk {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let mut state = self.0.borrow_mut();
        state.seeks += 1;
        state.bytes.seek(to)
    }
}

/// Reads eight bytes as an address.
fn address(bytes: &[u8], at: usize) -> usize {
    bytes[at..at + 8].iter().rev().fold(0, |sum, &byte| sum << 8 | usize::from(byte))
}

/// Gives the names below a B-tree node and their object headers, in the order of the tree.
fn links(bytes: &[u8], node: usize, heap: usize) -> Vec<(String, usize)> {
    let count = usize::from(bytes[node + 6]) + 256 * usize::from(bytes[node + 7]);
    if &bytes[node..node + 4] == b"TREE" {
        return (0..count).flat_map(|i| links(bytes, address(bytes, node + 32 + 16 * i), heap)).collect();
    }
    let names = address(bytes, heap + 24);
    let entry = |i| {
        let at = node + 8 + 40 * i;
        let name =
            bytes[names + address(bytes, at)..].iter().take_while(|&&byte| byte != 0).copied().collect();
        (String::from_utf8(name).unwrap_or_default(), address(bytes, at + 8))
    };
    (0..count).map(entry).collect()
}

/// Gives the links of the root group.
fn root_links(bytes: &[u8]) -> Vec<(String, usize)> {
    links(bytes, address(bytes, 80), address(bytes, 88))
}

/// Gives address and size of the elements of a dataset, whose fourth message is the data layout.
fn data_layout(bytes: &[u8], header: usize) -> (usize, usize) {
    let mut at = header + 16;
    for _ in 0..3 {
        at += 8 + usize::from(bytes[at + 2]) + 256 * usize::from(bytes[at + 3]);
    }
    (address(bytes, at + 10), address(bytes, at + 18))
}

fn elements(bytes: &[u8], header: usize) -> &[u8] {
    let (address, size) = data_layout(bytes, header);
    &bytes[address..address + size]
}

#[test]
fn until_it_is_finished_a_file_has_no_superblock() -> Result<()> {
    let disk = Disk::default();
    let mut writer = Writer::new(disk.clone(), "x.h5")?;
    let mut dataset = writer.dataset(&Datatype::Int8, &[300], &[])?;
    dataset.write(&[1; 300])?;
    let mut root = Group::new();
    root.insert("x", dataset.finish()?)?;
    assert!(disk.bytes()[..96].iter().all(|&byte| byte == 0));
    writer.finish(root, &[])?;
    let bytes = disk.bytes();
    assert_eq!(&bytes[..8], b"\x89HDF\r\n\x1a\n");
    assert_eq!(address(&bytes, 40), bytes.len());
    Ok(())
}

#[test]
fn numeric_datasets_are_written_without_a_seek() -> Result<()> {
    let disk = Disk::default();
    let mut writer = Writer::new(disk.clone(), "x.h5")?;
    let seeks = disk.0.borrow().seeks;
    let mut root = Group::new();
    for length in 0..20 {
        let attribute = Attribute::new("a", &Datatype::Int8, &[1], &[1])?;
        let mut dataset = writer.dataset(&Datatype::Uint8, &[length], &[attribute])?;
        (0..length).try_for_each(|_| dataset.write(&[0xff]))?;
        root.insert(length.to_string(), dataset.finish()?)?;
    }
    let object = writer.group(root, &[])?;
    assert_eq!(disk.0.borrow().seeks, seeks);
    let mut root = Group::new();
    root.insert("g", object)?;
    writer.finish(root, &[])?;
    assert_eq!(disk.0.borrow().seeks, seeks + 1, "one more for the superblock");
    Ok(())
}

/// The padding before an aligned address is written as zeros.
/// When the collection before the dataset is written in the middle of an element, what follows is no padding.
#[test]
fn strings_stored_in_the_middle_of_an_element_leave_its_beginning_alone() -> Result<()> {
    let disk = Disk::default();
    let mut writer = Writer::new(disk.clone(), "x.h5")?;
    let datatype = compound([("id", &[], Datatype::Uint32), ("name", &[], Datatype::String)])?;
    writer.strings(&["this opens the first collection"])?;
    let mut dataset = writer.dataset(&datatype, &[], &[])?;
    dataset.write(&[1, 2, 3, 4])?;
    let references = dataset.strings(&["x".repeat(5000)])?;
    dataset.write(references.as_flattened())?;
    let mut root = Group::new();
    root.insert("x", dataset.finish()?)?;
    writer.finish(root, &[])?;
    let bytes = disk.bytes();
    let expected = [&[1, 2, 3, 4], references.as_flattened()].concat();
    assert_eq!(elements(&bytes, root_links(&bytes)[0].1), expected);
    Ok(())
}

#[test]
fn strings_of_every_size_are_where_their_references_say() -> Result<()> {
    let sizes = (0..2000).chain([4047, 4048, 4049, 32_767, 32_768, 32_769, 65_536, 1 << 20, 0, 1]);
    assert_found(&sizes.map(|size| "é".repeat(size / 2)).collect::<Vec<_>>())?;
    // The second string leaves 32, 24, … 0 bytes of the first collection, or goes to the next.
    (3992..4048).try_for_each(|size| assert_found(&["a".to_owned(), "x".repeat(size)]))
}

fn assert_found(strings: &[String]) -> Result<()> {
    let disk = Disk::default();
    let mut writer = Writer::new(disk.clone(), "x.h5")?;
    let references = writer.strings(strings)?;
    writer.finish(Group::new(), &[])?;
    let bytes = disk.bytes();
    for (string, reference) in strings.iter().zip(references) {
        let (collection, index) = (address(&reference, 4), reference[12..].to_vec());
        assert_eq!(&bytes[collection..collection + 5], b"GCOL\x01");
        let end = collection + address(&bytes, collection + 8);
        let mut at = collection + 16;
        while bytes[at..at + 2] != index[..2] {
            assert!(at < end && bytes[at..at + 2] != [0, 0], "no object {index:?}");
            at += 16 + address(&bytes, at + 8).next_multiple_of(8);
        }
        assert!(at + 16 + string.len() <= end);
        assert_eq!(&bytes[at + 16..at + 16 + string.len()], string.as_bytes());
        assert_eq!(
            (address(&bytes, at + 8), &reference[..4]),
            (string.len(), &string.len().to_le_bytes()[..4])
        );
        while bytes[at..at + 2] != [0, 0] {
            at += 16 + address(&bytes, at + 8).next_multiple_of(8);
        }
        assert_eq!(at + address(&bytes, at + 8), end, "the rest is free space");
    }
    Ok(())
}

/// 9,000 links need 1,125 symbol table nodes, 36 B-tree nodes over those, 2 over those and 1 over those.
#[test]
fn a_group_of_many_links_has_them_all_in_order() -> Result<()> {
    let disk = Disk::default();
    let mut writer = Writer::new(disk.clone(), "x.h5")?;
    let mut root = Group::new();
    for i in 0..9000 {
        root.insert(format!("d{i}"), writer.dataset(&Datatype::Int8, &[0], &[])?.finish()?)?;
    }
    writer.finish(root, &[])?;
    let bytes = disk.bytes();
    let names: Vec<String> = root_links(&bytes).into_iter().map(|link| link.0).collect();
    let mut expected: Vec<String> = (0..9000).map(|i| format!("d{i}")).collect();
    expected.sort();
    assert_eq!(names, expected);
    let tree = address(&bytes, 80);
    let first = address(&bytes, tree + 32);
    let second = address(&bytes, tree + 48);
    assert_eq!((bytes[tree + 5], bytes[first + 5]), (2, 1));
    assert_eq!((address(&bytes, first + 16), address(&bytes, second + 8)), (second, first), "siblings");
    assert_eq!(
        [tree, second].map(|node| address(&bytes, node + 16)),
        [usize::MAX; 2],
        "the last of their levels"
    );
    assert_eq!(address(&bytes, second + 24), address(&bytes, tree + 40), "keys meet");
    Ok(())
}

#[test]
fn a_large_string_takes_no_more_room_than_it_needs() -> Result<()> {
    let disk = Disk::default();
    let mut writer = Writer::new(disk.clone(), "x.h5")?;
    let references = writer.strings(&["before".to_owned(), "x".repeat(70_000), "after".to_owned()])?;
    writer.finish(Group::new(), &[])?;
    assert_eq!(address(&references[0], 4), address(&references[2], 4), "one collection holds the small ones");
    assert!(disk.bytes().len() < 70_000 + 4096 + 1000);
    Ok(())
}

#[test]
fn a_dataset_without_elements_has_no_address() -> Result<()> {
    let disk = Disk::default();
    let mut writer = Writer::new(disk.clone(), "x.h5")?;
    let mut root = Group::new();
    root.insert("x", writer.dataset(&Datatype::Float64, &[3, 0], &[])?.finish()?)?;
    writer.finish(root, &[])?;
    let bytes = disk.bytes();
    assert_eq!(data_layout(&bytes, root_links(&bytes)[0].1), (usize::MAX, 0));
    Ok(())
}

#[test]
fn a_failed_write_can_be_tried_again() -> Result<()> {
    let disk = Disk::default();
    let mut writer = Writer::new(disk.clone(), "x.h5")?;
    let mut dataset = writer.dataset(&Datatype::Uint8, &[22], &[])?;
    dataset.write(b"hello world")?;
    disk.0.borrow_mut().broken = true;
    assert!(dataset.write(b", and again").is_err());
    disk.0.borrow_mut().broken = false;
    dataset.write(b", and again")?;
    let mut root = Group::new();
    root.insert("x", dataset.finish()?)?;
    writer.finish(root, &[])?;
    let bytes = disk.bytes();
    assert_eq!(elements(&bytes, root_links(&bytes)[0].1), b"hello world, and again");
    Ok(())
}

#[test]
fn after_a_failed_write_everything_else_is_right() -> Result<()> {
    let disk = Disk::default();
    let mut writer = Writer::new(disk.clone(), "x.h5")?;
    let mut root = Group::new();
    for (name, broken) in [("a", false), ("b", true), ("c", false)] {
        let mut dataset = writer.dataset(&Datatype::Uint8, &[11], &[])?;
        disk.0.borrow_mut().broken = broken;
        let written = dataset.write(name.repeat(11).as_bytes());
        disk.0.borrow_mut().broken = false;
        assert_eq!(written.is_err(), broken);
        if written.is_ok() {
            root.insert(name, dataset.finish()?)?;
        }
    }
    writer.finish(root, &[])?;
    let bytes = disk.bytes();
    let found: Vec<_> =
        root_links(&bytes).into_iter().map(|(name, header)| (name, elements(&bytes, header))).collect();
    assert_eq!(found, [("a".to_owned(), &b"aaaaaaaaaaa"[..]), ("c".to_owned(), &b"ccccccccccc"[..])]);
    Ok(())
}

#[test]
fn a_failed_write_of_strings_is_made_good_by_the_next() -> Result<()> {
    let disk = Disk::default();
    let mut writer = Writer::new(disk.clone(), "x.h5")?;
    let reference = writer.strings(&["kept"])?[0];
    disk.0.borrow_mut().broken = true;
    assert!(writer.strings(&["x".repeat(5000)]).is_err());
    disk.0.borrow_mut().broken = false;
    writer.finish(Group::new(), &[])?;
    let at = address(&reference, 4) + 32;
    assert_eq!(&disk.bytes()[at..at + 4], b"kept");
    Ok(())
}

#[test]
fn a_failed_write_names_the_file() -> Result<()> {
    let disk = Disk::default();
    let mut writer = Writer::new(disk.clone(), "some/x.h5")?;
    disk.0.borrow_mut().broken = true;
    let error = writer.group(Group::new(), &[]).err().map(|error| error.to_string());
    assert_eq!(
        error.as_deref(),
        Some(
            "cannot write: no storage space; make room and try again, what was stored before is safe (some/x.h5)"
        )
    );
    Ok(())
}
