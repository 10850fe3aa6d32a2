//! In which chunks an array is stored, and in which blocks it is read.

/// Chunks of the file from this size on are kept.
const LEAST_CHUNK: u64 = 16 << 10;
/// Smaller ones are joined to about so many bytes.
const USUAL_CHUNK: u64 = 1 << 20;
/// Larger ones are not kept.
const MOST_CHUNK: u64 = 16 << 20;

/// About so many bytes are read at once.
pub(super) const BLOCK: u64 = 8 << 20;

/// The shape of the chunks that an array gets which has chunks of such a shape in its file; none where they are too large.
pub(super) fn kept_chunk(
    shape: &[u64],
    maximum: &[Option<u64>],
    chunk: &[u64],
    weight: u64,
) -> Option<Vec<u64>> {
    // Along an axis that is not to grow, a chunk need not reach beyond the end.
    let clip = |sides: &[u64]| -> Vec<u64> {
        let axes = sides.iter().zip(shape).zip(maximum);
        axes.map(|((side, length), most)| most.map_or(*side, |_| (*side).min((*length).max(1)))).collect()
    };
    let clipped = clip(chunk);
    let bytes = bytes_of(&clipped, weight);
    if bytes > MOST_CHUNK {
        return None;
    }
    Some(if bytes >= LEAST_CHUNK { clipped } else { clip(&grown(&clipped, shape, weight, USUAL_CHUNK)) })
}

/// Makes a box as large as the limit allows, by multiples: the last axis whole first, then the one before.
fn grown(unit: &[u64], whole: &[u64], weight: u64, limit: u64) -> Vec<u64> {
    let mut sides = unit.to_vec();
    for (axis, length) in whole.iter().enumerate().rev() {
        let Some(side) = sides.get(axis).copied() else { break };
        let bytes = bytes_of(&sides, weight).max(1);
        let times = limit.checked_div(bytes).unwrap_or(1).clamp(1, length.div_ceil(side.max(1)).max(1));
        let side = side.saturating_mul(times);
        sides.iter_mut().skip(axis).take(1).for_each(|to| *to = side);
        if side < *length {
            break;
        }
    }
    sides
}

fn bytes_of(sides: &[u64], weight: u64) -> u64 {
    sides.iter().fold(weight, |bytes, side| bytes.saturating_mul(*side))
}

/// The boxes that cover an array, each of whole chunks and about [`BLOCK`] large.
#[derive(Debug)]
pub(super) struct Blocks<'a> {
    shape: &'a [u64],
    side: Vec<u64>,
    next: Option<Vec<u64>>,
}

impl<'a> Blocks<'a> {
    pub fn new(shape: &'a [u64], chunk: &[u64], weight: u64) -> Self {
        let next = (!shape.contains(&0)).then(|| vec![0; shape.len()]);
        Self { side: grown(chunk, shape, weight, BLOCK), shape, next }
    }
}

/// Where a box begins, and its shape.
impl Iterator for Blocks<'_> {
    type Item = (Vec<u64>, Vec<u64>);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.next.take()?;
        let mut next = start.clone();
        let mut carries = true;
        for ((at, side), length) in next.iter_mut().zip(&self.side).zip(self.shape).rev() {
            if carries {
                *at = at.saturating_add((*side).max(1));
                carries = *at >= *length;
                if carries {
                    *at = 0;
                }
            }
        }
        self.next = (!carries).then_some(next);
        let rest = start.iter().zip(self.shape).map(|(at, length)| length.saturating_sub(*at));
        let shape = rest.zip(&self.side).map(|(rest, side)| rest.min(*side)).collect();
        Some((start, shape))
    }
}

/// Gives a box in parts of at most so many elements, in row-major order: each begins where the one before ends.
pub(super) fn parts(
    start: &[u64],
    shape: &[u64],
    most: u64,
    each: &mut Each<'_>,
) -> crate::error::Result<()> {
    let axis = shape.iter().position(|length| *length > 1);
    let count = shape.iter().fold(1, |count: u64, length| count.saturating_mul(*length));
    let (Some(axis), true) = (axis, count > most) else { return each(start, shape) };
    let (mut at, mut rest) = (start.to_vec(), shape.to_vec());
    let length = shape.get(axis).copied().unwrap_or(1);
    let row = count.checked_div(length).unwrap_or(1).max(1);
    let step = most.checked_div(row).unwrap_or(1).clamp(1, length);
    let mut done = 0;
    while done < length {
        let now = step.min(length.saturating_sub(done));
        let first = start.get(axis).copied().unwrap_or_default().saturating_add(done);
        at.iter_mut().skip(axis).take(1).for_each(|to| *to = first);
        rest.iter_mut().skip(axis).take(1).for_each(|to| *to = now);
        parts(&at, &rest, most, each)?;
        done = done.saturating_add(now);
    }
    Ok(())
}

/// Takes a box: where it begins, and its shape.
pub(super) type Each<'a> = dyn FnMut(&[u64], &[u64]) -> crate::error::Result<()> + 'a;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_whole_chunks_cover_an_array_once() {
        for (shape, chunk, weight) in [
            (vec![10, 8], vec![3, 2], 1 << 20),
            (vec![1000], vec![7], 1 << 16),
            (vec![5, 0], vec![1, 1], 8),
            (vec![], vec![], 8),
            (vec![3, 100, 100], vec![1, 10, 100], 1 << 10),
        ] {
            let mut count = 0;
            for (start, block) in Blocks::new(&shape, &chunk, weight) {
                assert!(start.iter().zip(&chunk).all(|(at, side)| at % side == 0), "{start:?} {chunk:?}");
                assert!(
                    start.iter().zip(&block).zip(&shape).all(|((at, count), length)| at + count <= *length)
                );
                let elements: u64 = block.iter().product();
                assert!(elements * weight <= BLOCK.max(weight * chunk.iter().product::<u64>()));
                count += elements;
            }
            assert_eq!(count, shape.iter().product::<u64>(), "{shape:?}");
        }
    }

    #[test]
    fn parts_follow_one_another_in_row_major_order() {
        let (shape, mut next) = ([3, 4, 5], 0);
        parts(&[0, 0, 0], &shape, 7, &mut |start, part| {
            assert_eq!(start[0] * 20 + start[1] * 5 + start[2], next);
            let count: u64 = part.iter().product();
            assert!(count <= 7);
            next += count;
            Ok(())
        })
        .unwrap();
        assert_eq!(next, 60);
    }

    #[test]
    fn chunks_of_a_sensible_size_are_kept_and_small_ones_joined() {
        let bounded = [Some(1000), Some(1000)];
        assert_eq!(kept_chunk(&[1000, 1000], &bounded, &[100, 100], 8), Some(vec![100, 100]));
        assert_eq!(kept_chunk(&[1000, 1000], &bounded, &[1, 10], 8), Some(vec![131, 1000]));
        assert_eq!(kept_chunk(&[5, 5], &[None, Some(5)], &[1024, 64], 8), Some(vec![1024, 5]));
        assert_eq!(kept_chunk(&[1 << 20, 1000], &bounded, &[1 << 20, 1000], 8), None);
    }
}
