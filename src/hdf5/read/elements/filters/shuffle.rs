//! Filter 2: the first bytes of all elements, then the second ones, and so on.

use super::{Result, damaged};

pub(super) fn undo(bytes: Vec<u8>, parameters: &[u32]) -> Result<Vec<u8>> {
    let Some(size) = parameters.first().and_then(|size| usize::try_from(*size).ok()) else {
        return damaged("its shuffle filter has no parameter");
    };
    let count = bytes.len().checked_div(size).unwrap_or_default();
    if size <= 1 || count <= 1 {
        return Ok(bytes);
    }
    let mut elements = vec![0; bytes.len()];
    match size {
        2 => interleave::<2>(&bytes, &mut elements, count),
        4 => interleave::<4>(&bytes, &mut elements, count),
        8 => interleave::<8>(&bytes, &mut elements, count),
        16 => interleave::<16>(&bytes, &mut elements, count),
        _ => {
            for (n, plane) in bytes.chunks_exact(count).take(size).enumerate() {
                let places = elements.iter_mut().skip(n).step_by(size);
                places.zip(plane).for_each(|(to, from)| *to = *from);
            }
        }
    }
    // What is less than an element was left as it is.
    let left = bytes.len().checked_rem(size).unwrap_or_default();
    let at = bytes.len().saturating_sub(left);
    if let (Some(to), Some(from)) = (elements.get_mut(at..), bytes.get(at..)) {
        to.copy_from_slice(from);
    }
    Ok(elements)
}

fn interleave<const N: usize>(bytes: &[u8], elements: &mut [u8], count: usize) {
    let mut planes = [bytes; N];
    for (plane, part) in planes.iter_mut().zip(bytes.chunks_exact(count)) {
        *plane = part;
    }
    for (n, element) in elements.as_chunks_mut::<N>().0.iter_mut().enumerate().take(count) {
        for (to, plane) in element.iter_mut().zip(planes) {
            *to = plane.get(n).copied().unwrap_or_default();
        }
    }
}
