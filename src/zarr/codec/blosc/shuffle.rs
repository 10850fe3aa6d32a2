//! The first bytes of all numbers together, then the second ones, and so on; or the same with bits.

/// Numbers that are handled in one go: their bytes stay in the cache while each is looked at.
const RUN: usize = 256;

/// Appends `bytes` with byte `i` of all numbers before byte `i + 1`; what is no whole number stays at the end.
pub(super) fn shuffle(bytes: &[u8], size: usize, out: &mut Vec<u8>) {
    match size {
        2 => shuffle_sized::<2>(bytes, out),
        4 => shuffle_sized::<4>(bytes, out),
        8 => shuffle_sized::<8>(bytes, out),
        16 => shuffle_sized::<16>(bytes, out),
        _ => {
            let numbers = bytes.chunks_exact(size);
            for at in 0..size {
                out.extend(bytes.iter().skip(at).step_by(size).take(numbers.len()));
            }
            out.extend(numbers.remainder());
        }
    }
}

/// With the size known the inner loop is a handful of vector instructions.
#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a plane has a byte of each number"
)]
fn shuffle_sized<const N: usize>(bytes: &[u8], out: &mut Vec<u8>) {
    let (numbers, rest) = bytes.as_chunks::<N>();
    let start = out.len();
    out.resize(start + N * numbers.len(), 0);
    let planes = &mut out[start..];
    for (run, numbers_of_run) in numbers.chunks(RUN).enumerate() {
        for at in 0..N {
            let plane = &mut planes[at * numbers.len() + run * RUN..][..numbers_of_run.len()];
            for (byte, number) in plane.iter_mut().zip(numbers_of_run) {
                *byte = number[at];
            }
        }
    }
    out.extend_from_slice(rest);
}

/// Undoes [`shuffle`].
pub(super) fn unshuffle(bytes: &[u8], size: usize, out: &mut Vec<u8>) {
    match size {
        2 => unshuffle_sized::<2>(bytes, out),
        4 => unshuffle_sized::<4>(bytes, out),
        8 => unshuffle_sized::<8>(bytes, out),
        16 => unshuffle_sized::<16>(bytes, out),
        _ => {
            let numbers = bytes.chunks_exact(size);
            for n in 0..numbers.len() {
                out.extend(bytes.iter().skip(n).step_by(numbers.len()).take(size));
            }
            out.extend(numbers.remainder());
        }
    }
}

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a plane has a byte of each number"
)]
fn unshuffle_sized<const N: usize>(bytes: &[u8], out: &mut Vec<u8>) {
    let count = bytes.len() / N;
    let start = out.len();
    out.resize(start + N * count, 0);
    let numbers = out[start..].as_chunks_mut::<N>().0;
    for (run, numbers) in numbers.chunks_mut(RUN).enumerate() {
        let planes: [&[u8]; N] = std::array::from_fn(|at| &bytes[at * count + run * RUN..][..numbers.len()]);
        for (n, number) in numbers.iter_mut().enumerate() {
            *number = std::array::from_fn(|at| planes[at][n]);
        }
    }
    out.extend_from_slice(&bytes[count * N..]);
}

/// Undoes the shuffling of bits: bit `k` of byte `j` of all numbers stands before that of bit `k + 1`. Only blocks of
/// eight numbers, or of a multiple of eight, are shuffled.
#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a row has a bit of each number"
)]
pub(super) fn unshuffle_bits(bytes: &[u8], size: usize, out: &mut Vec<u8>) {
    let count = bytes.len() / size;
    if !count.is_multiple_of(8) {
        return out.extend_from_slice(bytes);
    }
    let row = count / 8;
    let start = out.len();
    out.resize(start + count * size, 0);
    let numbers = &mut out[start..];
    for at in 0..size {
        for group in 0..row {
            // Eight rows of bits hold one byte each of these eight numbers.
            let bits = u64::from_le_bytes(std::array::from_fn(|bit| bytes[(at * 8 + bit) * row + group]));
            for (n, byte) in transposed(bits).to_le_bytes().into_iter().enumerate() {
                numbers[(group * 8 + n) * size + at] = byte;
            }
        }
    }
    out.extend_from_slice(&bytes[count * size..]);
}

/// Eight bytes as a square of bits with rows and columns exchanged (Hacker's Delight, section 7–3).
fn transposed(mut square: u64) -> u64 {
    for (distance, mask) in
        [(7, 0x00aa_00aa_00aa_00aa), (14, 0x0000_cccc_0000_cccc), (28, 0x0000_0000_f0f0_f0f0)]
    {
        let swapped = (square ^ (square >> distance)) & mask;
        square ^= swapped ^ (swapped << distance);
    }
    square
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shuffled_numbers_come_back() {
        let bytes: Vec<u8> = (0..5000u32).map(|n| (n * n / 7).to_le_bytes()[0]).collect();
        for size in [1, 2, 3, 4, 7, 8, 12, 16, 255] {
            for length in [0, 1, size, size * 5 + 1, 4999, 5000] {
                let (mut shuffled, mut back) = (vec![9], vec![8]);
                shuffle(&bytes[..length], size, &mut shuffled);
                unshuffle(&shuffled[1..], size, &mut back);
                assert_eq!(back[1..], bytes[..length], "{length} bytes of numbers of {size}");
            }
        }
        let mut shuffled = Vec::new();
        shuffle(&[1, 2, 3, 4, 5, 6, 7], 2, &mut shuffled);
        assert_eq!(shuffled, [1, 3, 5, 2, 4, 6, 7]);
    }

    #[test]
    fn a_square_of_bits_is_transposed() {
        assert_eq!(transposed(0xff), 0x0101_0101_0101_0101);
        assert_eq!(transposed(0x8040_2010_0804_0201), 0x8040_2010_0804_0201);
        assert_eq!(transposed(transposed(0x0123_4567_89ab_cdef)), 0x0123_4567_89ab_cdef);
    }
}
