//! Selections as files have them, as part of mappings and references (“Dataspace Selection”, VIII).

use std::collections::BTreeSet;

use crate::error::Result;
use crate::hdf5::read::cursor::Cursor;
use crate::hdf5::read::selection::{Axis, Regular, Selection, Spans};

/// A selection of more blocks is not taken apart.
const MOST_BLOCKS: u64 = 1 << 16;

/// Decodes a selection. The length that some versions name is not what they have.
pub fn decode(fields: &mut Cursor<'_>) -> Result<Selection> {
    const NONE: u32 = 0;
    const POINTS: u32 = 1;
    const HYPERSLAB: u32 = 2;
    const ALL: u32 = 3;
    let (kind, version) = (fields.u32()?, fields.u32()?);
    match (kind, version) {
        (NONE | ALL, 1) => {
            fields.take(8)?;
            Ok(if kind == ALL { Selection::All } else { Selection::Nothing })
        }
        (POINTS | HYPERSLAB, 1) => {
            fields.take(8)?;
            let (rank, count) = (fields.u32()?, u64::from(fields.u32()?));
            if kind == POINTS { points(fields, rank, count, 4) } else { blocks(fields, rank, count, 4) }
        }
        (POINTS, 2) => {
            let width = fields.u8()?;
            let rank = fields.u32()?;
            let count = fields.uint(width)?;
            points(fields, rank, count, width)
        }
        (HYPERSLAB, 2) => {
            fields.take(5)?;
            let rank = fields.u32()?;
            regular(fields, rank, 8)
        }
        (HYPERSLAB, 3) => {
            let [flags, width] = fields.array()?;
            let rank = fields.u32()?;
            if !matches!(width, 2 | 4 | 8) {
                return Err(fields.corrupt(format!("a selection with numbers of {width} bytes")));
            }
            if flags & 1 != 0 {
                return regular(fields, rank, width);
            }
            let count = fields.uint(width)?;
            blocks(fields, rank, count, width)
        }
        _ => Err(fields.unsupported(format!("a selection of type {kind} and version {version}"))),
    }
}

/// Start, stride, count and block of each axis, where all ones are no end.
fn regular(fields: &mut Cursor<'_>, rank: u32, width: u8) -> Result<Selection> {
    let most = u64::MAX.checked_shr(64_u32.saturating_sub(u32::from(width).saturating_mul(8))).unwrap_or(0);
    let mut axes = Vec::new();
    for _ in 0..rank {
        let (start, stride) = (fields.uint(width)?, fields.uint(width)?);
        let endless = |length: u64| if length == most { u64::MAX } else { length };
        let (count, block) = (endless(fields.uint(width)?), endless(fields.uint(width)?));
        let axis = Regular::new(start, stride, count, block);
        let axis = axis.ok_or_else(|| {
            fields.corrupt(format!(
                "a selection of {count} blocks of {block} from {start} on, {stride} apart, is none"
            ))
        })?;
        axes.push(Axis::Regular(axis));
    }
    Ok(Selection::Hyperslab(axes))
}

/// Blocks by their first and last elements. They are understood where they are all that some spans along each axis make.
fn blocks(fields: &mut Cursor<'_>, rank: u32, count: u64, width: u8) -> Result<Selection> {
    if rank == 0 || count > MOST_BLOCKS {
        return points(fields, rank, count.saturating_mul(2), width);
    }
    let mut corners = BTreeSet::new();
    let mut axes: Vec<BTreeSet<(u64, u64)>> = Vec::new();
    for _ in 0..count {
        let corner =
            |fields: &mut Cursor<'_>| (0..rank).map(|_| fields.uint(width)).collect::<Result<Vec<u64>>>();
        let (first, last) = (corner(fields)?, corner(fields)?);
        axes.resize(first.len(), BTreeSet::new());
        for ((axis, start), end) in axes.iter_mut().zip(&first).zip(last) {
            let length = end.checked_sub(*start).and_then(|length| length.checked_add(1));
            axis.insert((*start, length.ok_or_else(|| fields.corrupt("a block ends before it begins"))?));
        }
        corners.insert(first);
    }
    let product = axes.iter().try_fold(1_u64, |product, axis| product.checked_mul(axis.len() as u64));
    if corners.len() as u64 != count || product != Some(count) {
        return Ok(if count == 0 { Selection::Nothing } else { Selection::Irregular });
    }
    let spans = axes.into_iter().map(|axis| Spans::new(axis.into_iter().collect()).map(Axis::Spans));
    let spans: Option<Vec<Axis>> = spans.collect();
    Ok(spans.map_or(Selection::Irregular, Selection::Hyperslab))
}

/// Points, which are passed over.
fn points(fields: &mut Cursor<'_>, rank: u32, count: u64, width: u8) -> Result<Selection> {
    let size = u64::from(rank).saturating_mul(count).saturating_mul(u64::from(width));
    fields.take(usize::try_from(size).unwrap_or(usize::MAX))?;
    Ok(Selection::Irregular)
}
