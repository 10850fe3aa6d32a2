//! The chunks that a selection touches, and what it takes of each.

use std::ops::Range;
use std::sync::Arc;

use super::copy::{Loop, Place, Plan, Run, Way};
use super::resolve::{Pick, Resolved, product};
use crate::error::{Error, ErrorKind, Result};

impl Resolved {
    /// The chunks of this shape that hold selected elements, and no others.
    ///
    /// # Errors
    ///
    /// [`Corrupt`](ErrorKind::Corrupt) for chunks that cannot be those of the array, and
    /// [`Unsupported`](ErrorKind::Unsupported) for more than the memory can address.
    pub(crate) fn chunks(&self, chunk_shape: &[u64]) -> Result<Chunks> {
        let refuse = |kind, why: &str| {
            let array = self.array_shape();
            Error::new(
                kind,
                format!("chunks of shape {chunk_shape:?} for an array of shape {array:?}: {why}"),
            )
        };
        if chunk_shape.len() != self.picks().len() {
            return Err(refuse(ErrorKind::Corrupt, "the ranks differ"));
        }
        if chunk_shape.contains(&0) {
            return Err(refuse(ErrorKind::Corrupt, "a chunk has no elements"));
        }
        let in_memory = |elements: Option<u64>| {
            let too_many = || refuse(ErrorKind::Unsupported, "more elements than this machine addresses");
            elements.and_then(|elements| usize::try_from(elements).ok()).ok_or_else(too_many)
        };
        let chunk_elements = in_memory(product(chunk_shape.iter().copied()))?;
        let elements = in_memory(Some(self.elements()))?;
        let mut axes = Vec::with_capacity(chunk_shape.len());
        if elements > 0 {
            let (mut chunk_stride, mut out_stride) = (chunk_elements, elements);
            for ((pick, length), chunk) in self.picks().iter().zip(self.array_shape()).zip(chunk_shape) {
                // Each of them divides the number of elements, which fits.
                chunk_stride /= small(*chunk);
                out_stride /= small(pick.count());
                axes.push(Axis::new(pick, *length, *chunk, (chunk_stride, out_stride)));
            }
        }
        Ok(Chunks::new(axes, chunk_elements, 0..elements))
    }
}

/// A number that is known to fit.
fn small(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The touched chunks along one axis.
#[derive(Clone, Debug)]
struct Axis {
    touched: Touched,
    /// The spans that are visited, by number of their first index among those selected, or of their group.
    visited: Range<u64>,
    chunk_stride: usize,
    out_stride: usize,
}

#[derive(Clone, Debug)]
enum Touched {
    Range { start: u64, step: i64, count: u64, length: u64, chunk: u64 },
    List { groups: Arc<[Span]>, count: usize },
}

/// What is selected of one chunk along one axis.
#[derive(Clone, Debug)]
struct Span {
    chunk: u64,
    covers: bool,
    places: Places,
}

#[derive(Clone, Debug)]
enum Places {
    Even { first: Place, step: isize, count: usize },
    Listed(Arc<[Place]>),
}

impl Span {
    /// The places along the axis of the result from the first to the last; none where there are others between.
    fn output(&self) -> Option<Range<usize>> {
        match &self.places {
            Places::Even { first, count, .. } => Some(first.out..first.out + count),
            Places::Listed(places) => {
                let (first, last) = (places.first()?.out, places.last()?.out);
                (last - first + 1 == places.len()).then_some(first..last + 1)
            }
        }
    }
}

impl Axis {
    fn new(pick: &Pick, length: u64, chunk: u64, (chunk_stride, out_stride): (usize, usize)) -> Self {
        let (touched, end) = match pick {
            Pick::Range { start, step, count } => {
                (Touched::Range { start: *start, step: *step, count: *count, length, chunk }, *count)
            }
            Pick::List(list) => {
                let groups = groups(list, length, chunk);
                let end = groups.len() as u64;
                (Touched::List { groups, count: list.len() }, end)
            }
        };
        Self { touched, visited: 0..end, chunk_stride, out_stride }
    }

    /// The number of elements of the result along this axis.
    fn count(&self) -> usize {
        match &self.touched {
            Touched::Range { count, .. } => small(*count),
            Touched::List { count, .. } => *count,
        }
    }

    /// The span that begins at `number`, and the number of the next one.
    fn span(&self, number: u64) -> Option<(Span, u64)> {
        if !self.visited.contains(&number) {
            return None;
        }
        match &self.touched {
            Touched::List { groups, .. } => Some((groups.get(small(number))?.clone(), number + 1)),
            Touched::Range { start, step, count, length, chunk } => {
                // The walk lies within the axis, so that wrapping arithmetic comes out right.
                let index = start.wrapping_add(number.wrapping_mul(step.cast_unsigned()));
                let number_of_chunk = index / chunk;
                let low = number_of_chunk * chunk;
                let high = low.saturating_add(*chunk).min(*length) - 1;
                let room = if *step > 0 { high - index } else { index - low };
                let taken = (room / step.unsigned_abs() + 1).min(count - number);
                let first = Place { within: small(index - low), out: small(number) };
                // Where there is but one, the step may be longer than a chunk and is not taken.
                let step = if taken > 1 { isize::try_from(*step).unwrap_or(1) } else { 1 };
                let span = Span {
                    chunk: number_of_chunk,
                    covers: taken == high - low + 1,
                    places: Places::Even { first, step, count: small(taken) },
                };
                Some((span, number + taken))
            }
        }
    }

    fn plan(&self, span: &Span) -> (Place, Loop) {
        let (chunk, out) = (self.chunk_stride, self.out_stride);
        match &span.places {
            Places::Even { first, step, count } => {
                let start = Place { within: first.within * chunk, out: first.out * out };
                let chunk = chunk.cast_signed().wrapping_mul(*step);
                (start, Loop::Even { count: *count, chunk, out: out.cast_signed() })
            }
            Places::Listed(places) => {
                (Place { within: 0, out: 0 }, Loop::Listed { places: Arc::clone(places), chunk, out })
            }
        }
    }
}

/// The indices of a list by chunk, those of a chunk in the order of the list.
fn groups(list: &[u64], length: u64, chunk: u64) -> Arc<[Span]> {
    let mut sorted: Vec<(u64, Place)> = list
        .iter()
        .enumerate()
        .map(|(out, index)| (index / chunk, Place { within: small(index % chunk), out }))
        .collect();
    sorted.sort_by_key(|(number, _)| *number);
    let groups = sorted.chunk_by(|one, other| one.0 == other.0).map(|group| {
        let number = group[0].0;
        let places: Vec<Place> = group.iter().map(|(_, place)| *place).collect();
        let inside = chunk.min(length - number * chunk);
        Span { chunk: number, covers: names_all(&places, inside), places: Places::Listed(places.into()) }
    });
    groups.collect()
}

/// Whether the places are all of an axis of this length, some perhaps twice.
fn names_all(places: &[Place], length: u64) -> bool {
    if (places.len() as u64) < length {
        return false;
    }
    let mut within: Vec<usize> = places.iter().map(|place| place.within).collect();
    within.sort_unstable();
    within.dedup();
    within.len() as u64 == length
}

/// Visits the chunks that hold selected elements.
#[derive(Clone, Debug)]
pub(crate) struct Chunks {
    axes: Vec<Axis>,
    /// What is taken of the next chunk along each axis, and the number of the span after it.
    spans: Vec<(Span, u64)>,
    chunk_elements: usize,
    output: Range<usize>,
    done: bool,
}

impl Chunks {
    fn new(axes: Vec<Axis>, chunk_elements: usize, output: Range<usize>) -> Self {
        let spans = axes.iter().filter_map(|axis| axis.span(axis.visited.start)).collect();
        Self { axes, spans, chunk_elements, done: output.is_empty(), output }
    }

    /// The elements of the result that these chunks fill: all of them, before a split.
    pub(crate) fn output(&self) -> Range<usize> {
        self.output.clone()
    }

    /// Divides the work into as many pieces as there are rows of chunks, each with an [`output`](Self::output) of its
    /// own. The outputs follow each other and make up the result; the parts of a piece count from its beginning, so
    /// that they are gathered into a slice of the result that `split_at_mut` gave.
    ///
    /// A list that goes back and forth between chunks cannot be divided.
    pub(crate) fn split(self) -> Vec<Self> {
        if self.done {
            return Vec::new();
        }
        let Some(n) = self.axes.iter().position(|axis| axis.count() > 1) else { return vec![self] };
        let axis = &self.axes[n];
        let (mut pieces, mut number) = (Vec::new(), axis.visited.start);
        while let Some((span, next)) = axis.span(number) {
            let Some(output) = span.output() else { return vec![self] };
            let mut axes = self.axes.clone();
            axes[n].visited = number..next;
            let stride = axis.out_stride;
            pieces.push(Self::new(axes, self.chunk_elements, output.start * stride..output.end * stride));
            number = next;
        }
        pieces.sort_by_key(|piece| piece.output.start);
        pieces
    }

    /// Goes on to the next chunk, the last axis first.
    fn advance(&mut self) {
        for (axis, span) in self.axes.iter().zip(&mut self.spans).rev() {
            if let Some(next) = axis.span(span.1) {
                *span = next;
                return;
            }
            if let Some(first) = axis.span(axis.visited.start) {
                *span = first;
            }
        }
        self.done = true;
    }
}

impl Iterator for Chunks {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        if self.done {
            return None;
        }
        let (mut start, mut loops) = (Place { within: 0, out: 0 }, Vec::with_capacity(self.axes.len()));
        for (axis, (span, _)) in self.axes.iter().zip(&self.spans) {
            let (first, each) = axis.plan(span);
            start = Place { within: start.within + first.within, out: start.out + first.out };
            loops.push(each);
        }
        // A list has no first place of its own: wrapping, it is added with the list's.
        let mut plan = Plan::new(start.within, start.out.wrapping_sub(self.output.start));
        for each in loops {
            plan.push(each);
        }
        let part = Part {
            index: self.spans.iter().map(|(span, _)| span.chunk).collect(),
            covers: self.spans.iter().all(|(span, _)| span.covers),
            plan,
            chunk_elements: self.chunk_elements,
            out_elements: self.output.len(),
        };
        self.advance();
        Some(part)
    }
}

/// What a selection takes of one chunk.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    index: Vec<u64>,
    covers: bool,
    plan: Plan,
    chunk_elements: usize,
    out_elements: usize,
}

impl Part {
    /// The chunk's index in the grid.
    pub(crate) fn index(&self) -> &[u64] {
        &self.index
    }

    /// Whether all elements of the chunk that lie inside the array are selected.
    pub(crate) fn covers_chunk(&self) -> bool {
        self.covers
    }

    /// Copies from the whole decoded chunk to the result, both in C order; an element is `size` of `T`.
    ///
    /// # Errors
    ///
    /// [`Corrupt`](ErrorKind::Corrupt) for a chunk or a result of another length.
    pub(crate) fn gather<T: Clone>(&self, chunk: &[T], out: &mut [T], size: usize) -> Result<()> {
        self.check(chunk.len(), out.len(), size)?;
        self.plan.copy(Way::Gather, chunk, out, size);
        Ok(())
    }

    /// Copies from a source that is laid out as a result is to the whole decoded chunk.
    ///
    /// # Errors
    ///
    /// As for [`gather`](Self::gather).
    pub(crate) fn scatter<T: Clone>(&self, source: &[T], chunk: &mut [T], size: usize) -> Result<()> {
        self.check(chunk.len(), source.len(), size)?;
        self.plan.copy(Way::Scatter, source, chunk, size);
        Ok(())
    }

    /// The runs of units, `size` to an element, that lie one after the other in the chunk and in the result, each as
    /// long as it can be, in the order of the result except where a list is not. Offsets are meaningful where a chunk and
    /// the result of this size fit into memory.
    pub(crate) fn runs(&self, size: usize) -> impl Iterator<Item = Run> + use<> {
        self.plan.runs(size)
    }

    fn check(&self, chunk: usize, out: usize, size: usize) -> Result<()> {
        let wrong = |what: &str, there: usize, elements: usize| {
            let message =
                format!("{what} has the length {there}, where {elements} elements of {size} belong");
            Err(Error::new(ErrorKind::Corrupt, message))
        };
        if size == 0 || self.chunk_elements.checked_mul(size) != Some(chunk) {
            return wrong("a chunk", chunk, self.chunk_elements);
        }
        if self.out_elements.checked_mul(size) != Some(out) {
            return wrong("the selected part", out, self.out_elements);
        }
        Ok(())
    }
}
