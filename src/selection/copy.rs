//! Copying between a chunk and a result, in as few and as long runs as there are.

use std::ops::Range;
use std::sync::Arc;

/// Where an index of a list lies: along the axis of the chunk, and of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub within: usize,
    pub out: usize,
}

/// One of the nested loops that visit the elements; steps are in elements of the two buffers.
#[derive(Clone, Debug)]
pub(super) enum Loop {
    Even { count: usize, chunk: isize, out: isize },
    Listed { places: Arc<[Place]>, chunk: usize, out: usize },
}

impl Loop {
    fn count(&self) -> usize {
        match self {
            Self::Even { count, .. } => *count,
            Self::Listed { places, .. } => places.len(),
        }
    }

    /// How far the `n`th pass lies from the first element, in the chunk and in the result. Backwards it wraps round,
    /// and back when it is added.
    fn offset(&self, n: usize) -> (usize, usize) {
        match self {
            Self::Even { chunk, out, .. } => {
                (n.wrapping_mul(chunk.cast_unsigned()), n.wrapping_mul(out.cast_unsigned()))
            }
            Self::Listed { places, chunk, out } => {
                (places[n].within.wrapping_mul(*chunk), places[n].out.wrapping_mul(*out))
            }
        }
    }

    /// The loop over elements of `size` units.
    fn scaled(&self, size: usize) -> Self {
        let signed = size.cast_signed();
        match self {
            Self::Even { count, chunk, out } => {
                Self::Even { count: *count, chunk: chunk.wrapping_mul(signed), out: out.wrapping_mul(signed) }
            }
            Self::Listed { places, chunk, out } => Self::Listed {
                places: Arc::clone(places),
                chunk: chunk.wrapping_mul(size),
                out: out.wrapping_mul(size),
            },
        }
    }
}

/// A run of units that lie one after the other both in the chunk and in the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// Where it begins in the chunk.
    pub chunk: usize,
    /// Where it begins in the result.
    pub out: usize,
    /// Its length.
    pub length: usize,
}

impl Run {
    /// Where it lies in the result.
    pub(crate) fn in_result(&self) -> Range<usize> {
        self.out..self.out.saturating_add(self.length)
    }
}

/// Which way elements go.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    /// From the chunk to the result.
    Gather,
    /// From the result to the chunk.
    Scatter,
}

impl Way {
    /// Where from and where to.
    fn order<T>(self, chunk: T, out: T) -> (T, T) {
        match self {
            Self::Gather => (chunk, out),
            Self::Scatter => (out, chunk),
        }
    }
}

/// The elements that a chunk and a result share, as nested loops, the innermost last.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    chunk: usize,
    out: usize,
    loops: Vec<Loop>,
}

impl Plan {
    /// Begins with the first element's place in the chunk and the result; the loops follow from the outermost on.
    pub(super) fn new(chunk: usize, out: usize) -> Self {
        Self { chunk, out, loops: Vec::new() }
    }

    /// Adds a loop inside the others, or makes the innermost longer where the two are one walk.
    pub(super) fn push(&mut self, inner: Loop) {
        if let Loop::Even { count, chunk, out } = inner {
            if count == 1 {
                return;
            }
            if let Some(Loop::Even { count: outer, chunk: chunk_step, out: out_step }) = self.loops.last_mut()
            {
                let signed = count.cast_signed();
                if *chunk_step == chunk.wrapping_mul(signed) && *out_step == out.wrapping_mul(signed) {
                    (*outer, *chunk_step, *out_step) = (outer.wrapping_mul(count), chunk, out);
                    return;
                }
            }
        }
        self.loops.push(inner);
    }

    /// The same walk over buffers in which an element is `size` units.
    fn scaled(&self, size: usize) -> Self {
        let mut scaled = Self::new(self.chunk.wrapping_mul(size), self.out.wrapping_mul(size));
        scaled.loops = self.loops.iter().map(|each| each.scaled(size)).collect();
        scaled.push(Loop::Even { count: size, chunk: 1, out: 1 });
        scaled
    }

    /// The outer loops, and the length of the run that each of their passes is.
    fn runs_of_units(&self) -> (&[Loop], usize) {
        match self.loops.split_last() {
            Some((Loop::Even { count, chunk: 1, out: 1 }, outer)) => (outer, *count),
            _ => (&self.loops, 1),
        }
    }

    /// The runs of units, `size` to an element, each as long as it can be.
    pub(super) fn runs(&self, size: usize) -> impl Iterator<Item = Run> + use<> {
        let plan = self.scaled(size);
        let (outer, length) = plan.runs_of_units();
        let mut passes = Passes::new(plan.chunk, plan.out, outer.to_vec());
        let mut waiting = passes.next().map(|(chunk, out)| Run { chunk, out, length });
        std::iter::from_fn(move || {
            let mut run = waiting.take()?;
            for (chunk, out) in passes.by_ref() {
                let end = (run.chunk.wrapping_add(run.length), run.out.wrapping_add(run.length));
                if (chunk, out) != end {
                    waiting = Some(Run { chunk, out, length });
                    break;
                }
                run.length = run.length.wrapping_add(length);
            }
            Some(run)
        })
    }

    /// Copies the elements, each `size` units. The buffers are as long as the plan was made for.
    pub(super) fn copy<T: Clone>(&self, way: Way, from: &[T], to: &mut [T], size: usize) {
        match size {
            1 => self.copy_elements(way, from, to),
            2 => self.copy_elements(way, from.as_chunks::<2>().0, to.as_chunks_mut::<2>().0),
            4 => self.copy_elements(way, from.as_chunks::<4>().0, to.as_chunks_mut::<4>().0),
            8 => self.copy_elements(way, from.as_chunks::<8>().0, to.as_chunks_mut::<8>().0),
            16 => self.copy_elements(way, from.as_chunks::<16>().0, to.as_chunks_mut::<16>().0),
            _ => self.scaled(size).copy_elements(way, from, to),
        }
    }

    fn copy_elements<E: Clone>(&self, way: Way, from: &[E], to: &mut [E]) {
        let (outer, length) = self.runs_of_units();
        let Some((inner, outer)) = outer.split_last() else {
            let (start, target) = way.order(self.chunk, self.out);
            return copy_run(from, start, to, target, length);
        };
        for (chunk, out) in Passes::new(self.chunk, self.out, outer.to_vec()) {
            match inner {
                Loop::Even { count, chunk: chunk_step, out: out_step } => {
                    let (start, target) = way.order(chunk, out);
                    let (stride, spacing) = way.order(*chunk_step, *out_step);
                    copy_strided(from, (start, stride), to, (target, spacing), (*count, length));
                }
                Loop::Listed { places, chunk: chunk_step, out: out_step } => {
                    for place in &**places {
                        let chunk = chunk.wrapping_add(place.within.wrapping_mul(*chunk_step));
                        let out = out.wrapping_add(place.out.wrapping_mul(*out_step));
                        let (start, target) = way.order(chunk, out);
                        copy_run(from, start, to, target, length);
                    }
                }
            }
        }
    }
}

fn copy_run<E: Clone>(from: &[E], start: usize, to: &mut [E], target: usize, length: usize) {
    if length == 1 {
        // Much faster than a run of one.
        to[target].clone_from(&from[start]);
    } else {
        to[target..target + length].clone_from_slice(&from[start..start + length]);
    }
}

/// Copies `count` runs of a length between evenly spaced places, given as the first one and the step.
fn copy_strided<E: Clone>(
    from: &[E],
    (mut start, stride): (usize, isize),
    to: &mut [E],
    (mut target, spacing): (usize, isize),
    (count, length): (usize, usize),
) {
    // What lies side by side needs no look at its bounds.
    if length == 1 && spacing == 1 {
        for slot in &mut to[target..target + count] {
            slot.clone_from(&from[start]);
            start = start.wrapping_add_signed(stride);
        }
        return;
    }
    if length == 1 && stride == 1 {
        for element in &from[start..start + count] {
            to[target].clone_from(element);
            target = target.wrapping_add_signed(spacing);
        }
        return;
    }
    for _ in 0..count {
        copy_run(from, start, to, target, length);
        start = start.wrapping_add_signed(stride);
        target = target.wrapping_add_signed(spacing);
    }
}

/// The places in chunk and result at which each pass of nested loops begins.
struct Passes {
    loops: Vec<Loop>,
    at: Vec<usize>,
    place: Option<(usize, usize)>,
}

impl Passes {
    fn new(chunk: usize, out: usize, loops: Vec<Loop>) -> Self {
        let place = loops.iter().fold((chunk, out), |place, each| moved(place, (0, 0), each.offset(0)));
        Self { at: vec![0; loops.len()], loops, place: Some(place) }
    }
}

/// The place after going from one offset to another.
fn moved(place: (usize, usize), from: (usize, usize), to: (usize, usize)) -> (usize, usize) {
    (place.0.wrapping_sub(from.0).wrapping_add(to.0), place.1.wrapping_sub(from.1).wrapping_add(to.1))
}

impl Iterator for Passes {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<Self::Item> {
        let place = self.place?;
        let mut following = place;
        for (at, each) in self.at.iter_mut().zip(&self.loops).rev() {
            let from = each.offset(*at);
            *at = if *at + 1 < each.count() { *at + 1 } else { 0 };
            following = moved(following, from, each.offset(*at));
            if *at > 0 {
                self.place = Some(following);
                return Some(place);
            }
        }
        self.place = None;
        Some(place)
    }
}
