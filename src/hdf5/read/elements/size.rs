//! How many bytes elements take in a file.

use crate::hdf5::read::datatype::Type;
use crate::hdf5::read::input::Sizes;

/// The size of one element, `None` beyond 64 bits. What is in the global heap takes a length and a reference.
pub(super) fn size_of(data_type: &Type, sizes: Sizes) -> Option<u64> {
    match data_type {
        Type::Integer { size, .. }
        | Type::FixedString { size, .. }
        | Type::Bits { size, .. }
        | Type::Opaque { size, .. }
        | Type::Compound { size, .. }
        | Type::Reference { size, .. }
        | Type::Time { size } => Some(u64::from(*size)),
        Type::Float(float) => Some(u64::from(float.size)),
        Type::String { .. } | Type::List(_) => Some(u64::from(sizes.offset).saturating_add(8)),
        Type::Enum { base, .. } => size_of(base, sizes),
        Type::Complex(base) => size_of(base, sizes)?.checked_mul(2),
        Type::Array { shape, base } => {
            shape.iter().try_fold(size_of(base, sizes)?, |size, length| size.checked_mul(*length))
        }
    }
}

/// Whether elements refer to the global heap, so that what they are is not bounded by their own size.
pub(super) fn is_in_heap(data_type: &Type) -> bool {
    match data_type {
        Type::String { .. } | Type::List(_) => true,
        Type::Array { base, .. } | Type::Enum { base, .. } | Type::Complex(base) => is_in_heap(base),
        Type::Compound { members, .. } => members.iter().any(|member| is_in_heap(&member.data_type)),
        _ => false,
    }
}

/// Whether elements refer to something in their own file.
pub(super) fn refers(data_type: &Type) -> bool {
    match data_type {
        Type::String { .. } | Type::List(_) | Type::Reference { .. } => true,
        Type::Array { base, .. } | Type::Enum { base, .. } | Type::Complex(base) => refers(base),
        Type::Compound { members, .. } => members.iter().any(|member| refers(&member.data_type)),
        _ => false,
    }
}
