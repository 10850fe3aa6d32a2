//! What cannot be in such a file is an error, which says why.

use std::io::Cursor;

use super::compound;
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::write::{Attribute, Compound, Datatype, Group, MAX_MESSAGE, Member, Object, Writer};

fn writer() -> Result<Writer<Cursor<Vec<u8>>>> {
    Writer::new(Cursor::new(Vec::new()), "limits.h5")
}

fn scalar(writer: &mut Writer<Cursor<Vec<u8>>>) -> Result<Object> {
    let mut dataset = writer.dataset(&Datatype::Int8, &[], &[])?;
    dataset.write(&[7])?;
    dataset.finish()
}

#[track_caller]
fn assert_error<T>(result: Result<T>, kind: ErrorKind, message: &str) {
    let error: Option<Error> = result.err();
    let found = error.as_ref().map(|error| (error.kind(), error.message()));
    assert_eq!(found, Some((kind, message)));
}

#[test]
fn a_dataset_takes_exactly_the_bytes_of_its_shape() -> Result<()> {
    let mut writer = writer()?;
    let mut short = writer.dataset(&Datatype::Int16, &[2, 3], &[])?;
    short.write(&[0; 11])?;
    assert_error(short.finish(), ErrorKind::InvalidInput, "11 of the 12 bytes of the dataset were given");
    let mut long = writer.dataset(&Datatype::Int16, &[2, 3], &[])?;
    long.write(&[0; 11])?;
    let message = "more than the 12 bytes of the dataset were given";
    assert_error(long.write(&[0; 2]), ErrorKind::InvalidInput, message);
    long.write(&[0])?;
    long.finish()?;
    let mut empty = writer.dataset(&Datatype::Float64, &[u64::MAX - 1, 0, 1 << 40], &[])?;
    empty.write(&[])?;
    empty.finish()?;
    Ok(())
}

#[test]
fn shapes_that_no_file_can_hold_are_unsupported() -> Result<()> {
    let mut writer = writer()?;
    for shape in [vec![1 << 32, 1 << 29], vec![1; 33], vec![u64::MAX], vec![0, u64::MAX]] {
        let kind = writer.dataset(&Datatype::Float64, &shape, &[]).err().map(|error| error.kind());
        assert_eq!(kind, Some(ErrorKind::Unsupported), "{shape:?}");
    }
    assert!(writer.dataset(&Datatype::Int8, &[1; 32], &[]).is_ok());
    Ok(())
}

#[test]
fn a_file_never_ends_beyond_the_last_address() -> Result<()> {
    let mut writer = writer()?;
    let message = "the file would be longer than 2⁶⁴ bytes";
    assert_error(writer.dataset(&Datatype::Int8, &[u64::MAX - 50], &[]), ErrorKind::Unsupported, message);
    let object = scalar(&mut writer)?;
    let mut root = Group::new();
    root.insert("x", object)?;
    writer.finish(root, &[])?;
    Ok(())
}

#[test]
fn the_size_of_an_attribute_is_known_beforehand() -> Result<()> {
    let at_limit = vec![1; 65_472];
    assert_eq!(Attribute::message_size("big", &Datatype::Uint8, &[65_472])?, MAX_MESSAGE);
    let big = Attribute::new("big", &Datatype::Uint8, &[65_472], &at_limit)?;
    writer()?.group(Group::new(), &[big])?;
    assert_eq!(Attribute::message_size("big", &Datatype::Uint8, &[65_473])?, MAX_MESSAGE + 8);
    let message = "an attribute message of 65536 bytes is over the 65528 that HDF5 has room for";
    let over = Attribute::new("big", &Datatype::Uint8, &[65_473], &vec![1; 65_473]);
    assert_error(over, ErrorKind::Unsupported, message);
    let message = "attribute \"a\" was given 3 bytes for its 4";
    assert_error(Attribute::new("a", &Datatype::Int32, &[], &[0; 3]), ErrorKind::InvalidInput, message);
    Ok(())
}

#[test]
fn the_size_of_a_datatype_is_known_beforehand() -> Result<()> {
    let columns = |count: usize| -> Result<Datatype> {
        let members = (0..count).map(|i| Member::new(format!("c{i:04}"), &[], Datatype::Float64));
        Ok(Datatype::Compound(Compound::new(members.collect::<Result<_>>()?)?))
    };
    assert_eq!((columns(1092)?.message_size(), columns(1092)?.size()), (65_528, 8 * 1092));
    assert!(writer()?.dataset(&columns(1092)?, &[1], &[]).is_ok());
    assert!(columns(1093)?.message_size() > MAX_MESSAGE);
    let message = "a datatype message of 65588 bytes is over the 65528 that HDF5 has room for";
    assert_error(writer()?.dataset(&columns(1093)?, &[1], &[]), ErrorKind::Unsupported, message);
    Ok(())
}

#[test]
fn an_object_has_fewer_than_65_536_messages() -> Result<()> {
    let mut attributes = Vec::new();
    for i in 0..65_535 {
        attributes.push(Attribute::new(i.to_string(), &Datatype::Int8, &[], &[0])?);
    }
    // The symbol table is a message, too.
    let message = "an object has more than 65,535 attributes and other messages";
    assert_error(writer()?.group(Group::new(), &attributes), ErrorKind::Unsupported, message);
    writer()?.group(Group::new(), &attributes[1..])?;
    Ok(())
}

#[test]
fn names_are_refused_that_readers_would_not_find_again() -> Result<()> {
    let mut writer = writer()?;
    for (name, message) in [
        ("", "the name of a link is empty"),
        ("a\0b", r#"the name of a link, "a\0b", holds a NUL character"#),
        ("a/b", r#""a/b" cannot name a link: HDF5 would take it for a path"#),
        (".", r#""." cannot name a link: HDF5 would take it for a path"#),
    ] {
        let object = scalar(&mut writer)?;
        assert_error(Group::new().insert(name, object), ErrorKind::InvalidInput, message);
    }
    let attribute = |name| Attribute::new(name, &Datatype::Int8, &[], &[0]);
    assert_error(attribute(""), ErrorKind::InvalidInput, "the name of an attribute is empty");
    let message = r#"the name of an attribute, "\0", holds a NUL character"#;
    assert_error(attribute("\0"), ErrorKind::InvalidInput, message);
    let member = Member::new("", &[], Datatype::Int8);
    assert_error(member, ErrorKind::InvalidInput, "the name of a member is empty");
    Ok(())
}

#[test]
fn two_of_one_name_are_refused() -> Result<()> {
    let mut writer = writer()?;
    let mut group = Group::new();
    group.insert("x", scalar(&mut writer)?)?;
    let message = "the group has a link \"x\" already";
    assert_error(group.insert("x", scalar(&mut writer)?), ErrorKind::AlreadyExists, message);
    let twice = ["a", "b", "a"].map(|name| Attribute::new(name, &Datatype::Int8, &[], &[0]));
    let twice = twice.into_iter().collect::<Result<Vec<_>>>()?;
    let message = "there are two attributes named \"a\"";
    assert_error(writer.group(Group::new(), &twice), ErrorKind::InvalidInput, message);
    let twice = compound([("m", &[], Datatype::Int8), ("m", &[], Datatype::Int16)]);
    assert_error(twice, ErrorKind::InvalidInput, "there are two members named \"m\"");
    Ok(())
}

#[test]
fn compounds_that_hdf5_does_not_have_are_refused() {
    assert_error(compound([]), ErrorKind::InvalidInput, "a compound needs at least one member");
    let message = "HDF5 has no array of shape [2, 0] inside an element (member \"m\")";
    assert_error(Member::new("m", &[2, 0], Datatype::Int8), ErrorKind::Unsupported, message);
    let message = "member \"m\" takes 4 GiB or more";
    assert_error(Member::new("m", &[1 << 32], Datatype::Int8), ErrorKind::Unsupported, message);
    assert_error(Member::new("m", &[1 << 16, 1 << 13], Datatype::Int64), ErrorKind::Unsupported, message);
    let half = [("a", &[1 << 31][..], Datatype::Int8), ("b", &[1 << 31], Datatype::Int8)];
    assert_error(compound(half), ErrorKind::Unsupported, "an element of a compound takes 4 GiB or more");
}

#[test]
fn a_string_with_a_nul_is_refused_rather_than_cut() -> Result<()> {
    let message = "an HDF5 string cannot hold a NUL character";
    assert_error(writer()?.strings(&["a", "b\0c"]), ErrorKind::Unsupported, message);
    Ok(())
}
