//! Which types of elements can be imported, and how.

use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::{MemberType, ReferenceKind, Type};

/// Which lists have no place in a store.
const NO_LISTS: &str =
    "lists of lists, of compounds and within arrays (variable-length datatypes) are not imported";

/// Gives a type without the members that cannot be imported; those are named, with their reasons.
///
/// # Errors
/// `Unsupported` where nothing would be left.
pub(crate) fn importable(data_type: &Type, name: &str, left_out: &mut Vec<(String, Error)>) -> Result<Type> {
    match data_type {
        Type::Compound { size, members } => {
            let mut kept = Vec::new();
            for member in members {
                let name =
                    if name.is_empty() { member.name.clone() } else { format!("{name}.{}", member.name) };
                match importable(&member.data_type, &name, left_out) {
                    Ok(data_type) => {
                        kept.push(MemberType { name: member.name.clone(), offset: member.offset, data_type });
                    }
                    Err(error) => left_out.push((name, error)),
                }
            }
            if kept.is_empty() {
                return Err(unsupported("none of its members can be imported"));
            }
            Ok(Type::Compound { size: *size, members: kept })
        }
        Type::Array { shape, base } => {
            let base = Box::new(importable(base, name, left_out)?);
            Ok(Type::Array { shape: shape.clone(), base })
        }
        Type::List(_) => Err(unsupported(NO_LISTS)),
        Type::Time { .. } => Err(unsupported("times (datatype class 2) are not imported")),
        Type::Reference { kind: ReferenceKind::Region, .. } => {
            Err(unsupported("references to regions of datasets are not imported"))
        }
        Type::Reference { kind: ReferenceKind::Standard, .. } => {
            Err(unsupported("references of version 1.12 are not imported"))
        }
        other => Ok(other.clone()),
    }
}

fn unsupported(why: &str) -> Error {
    Error::new(ErrorKind::Unsupported, why)
}

/// Whether it is text of a fixed length, which may be bytes that are no text.
pub(crate) fn has_fixed_text(data_type: &Type) -> bool {
    match data_type {
        Type::FixedString { .. } => true,
        Type::Array { base, .. } | Type::List(base) => has_fixed_text(base),
        Type::Compound { members, .. } => members.iter().any(|member| has_fixed_text(&member.data_type)),
        _ => false,
    }
}

/// The same type with bytes for text of a fixed length.
pub(crate) fn as_bytes(data_type: &Type) -> Type {
    match data_type {
        Type::FixedString { size, .. } => Type::Opaque { size: *size, tag: String::new() },
        Type::Array { shape, base } => Type::Array { shape: shape.clone(), base: Box::new(as_bytes(base)) },
        Type::List(base) => Type::List(Box::new(as_bytes(base))),
        Type::Compound { size, members } => {
            let members = members.iter().map(|member| MemberType {
                data_type: as_bytes(&member.data_type),
                name: member.name.clone(),
                offset: member.offset,
            });
            Type::Compound { size: *size, members: members.collect() }
        }
        other => other.clone(),
    }
}

/// What explains bytes: each tag, with the member that has it.
pub(crate) fn tags(data_type: &Type, name: &str, found: &mut Vec<(String, String)>) {
    match data_type {
        Type::Opaque { tag, .. } if !tag.is_empty() => found.push((name.to_owned(), tag.clone())),
        Type::Array { base, .. } => tags(base, name, found),
        Type::Compound { members, .. } => {
            for member in members {
                let name =
                    if name.is_empty() { member.name.clone() } else { format!("{name}.{}", member.name) };
                tags(&member.data_type, &name, found);
            }
        }
        _ => {}
    }
}

/// The type of the elements of lists, where these make one array.
pub(super) fn of_arrays(base: &Type) -> Result<Type> {
    if holds_lists(base) {
        return Err(unsupported(NO_LISTS));
    }
    importable(base, "", &mut Vec::new())
}

fn holds_lists(data_type: &Type) -> bool {
    match data_type {
        Type::List(_) => true,
        // As h5py has complex numbers.
        Type::Compound { members, .. } => !members.iter().map(|member| &*member.name).eq(["r", "i"]),
        Type::Array { base, .. } | Type::Enum { base, .. } => holds_lists(base),
        _ => false,
    }
}
