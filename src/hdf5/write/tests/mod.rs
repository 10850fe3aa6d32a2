//! Tests of the encoder: beside bytes of h5py, at its limits, and of whole files.

mod chunks;
mod file;
mod golden;
mod limits;

use super::{Compound, Datatype, Member};
use crate::error::Result;

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// Makes a compound of name, inner shape and datatype of each member.
fn compound<const N: usize>(members: [(&str, &[u64], Datatype); N]) -> Result<Datatype> {
    let members = members.into_iter().map(|(name, shape, datatype)| Member::new(name, shape, datatype));
    Ok(Datatype::Compound(Compound::new(members.collect::<Result<_>>()?)?))
}
