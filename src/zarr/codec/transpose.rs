//! The codec `transpose`: the axes in another order.

/// Puts axis `order[i]` of an array of `shape` at place `i`; an item is what stands for one element.
#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "there are as many items as the shape says, and all places are among them"
)]
pub(super) fn transpose<T: Clone>(items: &[T], shape: &[usize], order: &[usize]) -> Vec<T> {
    let mut stride = 1;
    let mut axes = Vec::with_capacity(shape.len());
    for length in shape.iter().rev() {
        axes.insert(0, (*length, stride));
        stride *= length;
    }
    let axes = reordered(&axes, order);
    let Some(((length, stride), outer)) = axes.split_last().filter(|_| !items.is_empty()) else {
        return items.to_vec();
    };
    let mut out = Vec::with_capacity(items.len());
    let mut index = vec![0; outer.len()];
    let rows: usize = outer.iter().map(|(length, _)| length).product();
    let mut start = 0;
    for _ in 0..rows {
        out.extend(items[start..].iter().step_by(*stride).take(*length).cloned());
        for (at, (length, stride)) in index.iter_mut().zip(outer).rev() {
            *at += 1;
            start += stride;
            if *at < *length {
                break;
            }
            start -= stride * length;
            *at = 0;
        }
    }
    out
}

/// As [`transpose`], for elements of `size` bytes.
pub(super) fn transpose_bytes(bytes: &[u8], size: usize, shape: &[usize], order: &[usize]) -> Vec<u8> {
    fn sized<const N: usize>(bytes: &[u8], shape: &[usize], order: &[usize]) -> Vec<u8> {
        transpose(bytes.as_chunks::<N>().0, shape, order).into_flattened()
    }
    match size {
        2 => sized::<2>(bytes, shape, order),
        4 => sized::<4>(bytes, shape, order),
        8 => sized::<8>(bytes, shape, order),
        16 => sized::<16>(bytes, shape, order),
        _ => sized::<1>(bytes, shape, order),
    }
}

/// The order that undoes `order`.
pub(super) fn inverse(order: &[usize]) -> Vec<usize> {
    let mut places: Vec<(usize, usize)> = order.iter().copied().zip(0..).collect();
    places.sort_unstable();
    places.into_iter().map(|(_, place)| place).collect()
}

/// What there is for each axis in another order, which was checked to be one of all the axes.
#[expect(clippy::indexing_slicing, reason = "an order names no axis that is not there")]
pub(super) fn reordered<T: Copy>(axes: &[T], order: &[usize]) -> Vec<T> {
    order.iter().map(|axis| axes[*axis]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_change_places_as_in_numpy() {
        // np.arange(24).reshape(2, 3, 4).transpose(2, 0, 1).ravel()
        let items: Vec<u8> = (0..24).collect();
        let expected = [0, 4, 8, 12, 16, 20, 1, 5, 9, 13, 17, 21, 2, 6, 10, 14, 18, 22, 3, 7, 11, 15, 19, 23];
        assert_eq!(transpose(&items, &[2, 3, 4], &[2, 0, 1]), expected);
        assert_eq!(transpose(&expected, &[4, 2, 3], &inverse(&[2, 0, 1])), items);
        assert_eq!(transpose(&[5], &[], &[]), [5]);
        let wide: Vec<u8> = (0..12).flat_map(u16::to_le_bytes).collect();
        let turned = transpose_bytes(&wide, 2, &[3, 4], &[1, 0]);
        assert_eq!(turned[..6], [0, 0, 4, 0, 8, 0]);
    }
}
