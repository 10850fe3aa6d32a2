//! Random selections of random arrays in random chunks.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::model::{Taken, chunk, gathered, indices, numbered, selected};
use crate::selection::{Resolved, Selection};

/// An array's shape, what is taken along each axis, and the shape of the chunks.
#[derive(Clone, Debug)]
struct Case {
    shape: Vec<u64>,
    taken: Vec<Taken>,
    chunk: Vec<u64>,
}

impl Case {
    fn text(&self) -> String {
        let parts: Vec<String> = self.taken.iter().map(Taken::text).collect();
        if parts.is_empty() { "...".to_owned() } else { parts.join(", ") }
    }

    fn resolved(&self) -> Resolved {
        self.text().parse::<Selection>().unwrap().resolve(&self.shape).unwrap()
    }
}

fn slice(length: u64) -> impl Strategy<Value = Taken> {
    let bound = -(length as i64) - 3..=length as i64 + 3;
    let step = prop_oneof![Just(1i64), Just(-1), -4i64..=-1, 1i64..=4, Just(i64::MIN), Just(i64::MAX)];
    (option::of(bound.clone()), option::of(bound), step)
        .prop_map(|(start, stop, step)| Taken::Slice(start, stop, step))
}

/// A slice, or an index where there is one.
fn taken(length: u64) -> BoxedStrategy<Taken> {
    let whole = Just(Taken::Slice(None, None, 1));
    if length == 0 {
        return prop_oneof![whole, slice(length)].boxed();
    }
    let index = (-(length as i64)..length as i64).prop_map(Taken::Index);
    prop_oneof![2 => whole, 3 => slice(length), 1 => index].boxed()
}

fn listed(length: u64) -> BoxedStrategy<Taken> {
    let mask = vec(any::<bool>(), length as usize).prop_map(Taken::Mask);
    // An empty mask is an empty list as text.
    if length == 0 {
        return Just(Taken::List(Vec::new())).boxed();
    }
    prop_oneof![mask, vec(-(length as i64)..length as i64, 0..8).prop_map(Taken::List)].boxed()
}

fn case() -> impl Strategy<Value = Case> {
    let axis = (prop_oneof![1 => Just(0u64), 12 => 1u64..8], 1u64..6);
    vec(axis, 0..=5).prop_flat_map(|axes| {
        let (shape, chunk): (Vec<u64>, Vec<u64>) = axes.into_iter().unzip();
        let slices: Vec<_> = shape.iter().map(|length| taken(*length)).collect();
        let lists: Vec<_> = shape.iter().map(|length| listed(*length)).collect();
        let rank = shape.len();
        (slices, lists, 0..=rank * 2, 0..=rank).prop_map(move |(mut taken, mut lists, list, named)| {
            if list < rank {
                taken[list] = lists.swap_remove(list);
            }
            taken.truncate(named.max(rank.saturating_sub(1)));
            Case { shape: shape.clone(), taken, chunk: chunk.clone() }
        })
    })
}

proptest! {
    #[test]
    fn what_is_gathered_from_chunks_is_what_ndarray_selects(case in case()) {
        let (array, resolved) = (numbered(&case.shape), case.resolved());
        let expected = selected(&array, &case.taken);
        let expected_shape: Vec<u64> = expected.shape().iter().map(|length| *length as u64).collect();
        prop_assert_eq!(resolved.shape(), expected_shape);
        prop_assert_eq!(gathered(&array, &resolved, &case.chunk), expected);
    }

    #[test]
    fn only_touched_chunks_are_visited_and_each_once(case in case()) {
        let resolved = case.resolved();
        let parts: Vec<_> = resolved.chunks(&case.chunk).unwrap().collect();
        let visited: BTreeSet<Vec<u64>> = parts.iter().map(|part| part.index().to_vec()).collect();
        prop_assert_eq!(visited.len(), parts.len());
        let chosen = selected(&numbered(&case.shape), &case.taken);
        let chosen: BTreeSet<u64> = chosen.iter().copied().collect();
        let mut touched = 0;
        for part in &parts {
            let held = chunk(&numbered(&case.shape), &case.chunk, part.index());
            let held: BTreeSet<u64> = held.into_iter().filter(|number| *number != u64::MAX).collect();
            prop_assert!(!held.is_disjoint(&chosen), "{:?} is not touched", part.index());
            prop_assert_eq!(part.covers_chunk(), held.is_subset(&chosen));
            touched += held.intersection(&chosen).count();
        }
        prop_assert_eq!(touched, chosen.len());
    }

    #[test]
    fn what_is_scattered_is_gathered_again_and_nothing_else_changes(case in case()) {
        let text = case.text();
        let Ok(resolved) = text.parse::<Selection>().unwrap().resolve_for_writing(&case.shape) else {
            let twice = case.resolved().picks().iter().any(|pick| {
                let indices = indices(pick);
                indices.iter().collect::<BTreeSet<_>>().len() < indices.len()
            });
            prop_assert!(twice, "{} names nothing twice", text);
            return Ok(());
        };
        let array = numbered(&case.shape);
        let source: Vec<u64> = (0..resolved.elements()).map(|number| number + 1_000_000).collect();
        let mut out = vec![0; source.len()];
        let mut changed = 0;
        for part in resolved.chunks(&case.chunk).unwrap() {
            let before = chunk(&array, &case.chunk, part.index());
            let mut after = before.clone();
            part.scatter(&source, &mut after, 1).unwrap();
            changed += before.iter().zip(&after).filter(|(before, after)| before != after).count();
            let outside = before.iter().zip(&after).filter(|(before, _)| **before == u64::MAX);
            prop_assert!(outside.into_iter().all(|(_, after)| *after == u64::MAX));
            part.gather(&after, &mut out, 1).unwrap();
        }
        prop_assert_eq!(&out, &source);
        prop_assert_eq!(changed, source.len());
    }

    #[test]
    fn runs_and_pieces_give_what_gathering_gives(case in case(), size in 1usize..=17) {
        let (array, resolved) = (numbered(&case.shape), case.resolved());
        let elements = resolved.elements() as usize;
        let wide = |numbers: &[u64]| -> Vec<u8> {
            numbers.iter().flat_map(|number| (0..size).map(move |n| (*number as usize).wrapping_mul(31).wrapping_add(n) as u8)).collect()
        };
        let chunk_of = |index: &[u64]| wide(&chunk(&array, &case.chunk, index));
        let expected = wide(&selected(&array, &case.taken).iter().copied().collect::<Vec<_>>());

        let mut by_runs = vec![0; elements * size];
        let mut by_pieces = vec![0; elements * size];
        let mut scattered = vec![0; elements * size];
        for part in resolved.chunks(&case.chunk).unwrap() {
            let chunk = chunk_of(part.index());
            let mut last = None;
            for run in part.runs(size) {
                prop_assert!(last != Some((run.chunk, run.out)), "two runs are one");
                last = Some((run.chunk + run.length, run.out + run.length));
                by_runs[run.out..][..run.length].copy_from_slice(&chunk[run.chunk..][..run.length]);
            }
            let mut copy = vec![0; chunk.len()];
            part.scatter(&expected, &mut copy, size).unwrap();
            part.gather(&copy, &mut scattered, size).unwrap();
        }
        let (mut rest, mut end) = (&mut by_pieces[..], 0);
        for piece in resolved.chunks(&case.chunk).unwrap().split() {
            prop_assert_eq!(piece.output().start, end);
            end = piece.output().end;
            let (out, after) = rest.split_at_mut(piece.output().len() * size);
            rest = after;
            for part in piece {
                part.gather(&chunk_of(part.index()), out, size).unwrap();
            }
        }
        prop_assert_eq!(end, elements);
        prop_assert_eq!(&by_runs, &expected);
        prop_assert_eq!(&by_pieces, &expected);
        prop_assert_eq!(&scattered, &expected);
    }

    #[test]
    fn what_is_printed_parses_to_the_same(case in case()) {
        let selection: Selection = case.text().parse().unwrap();
        prop_assert_eq!(selection.to_string().parse::<Selection>().unwrap(), selection);
    }

    #[test]
    fn no_text_and_no_shape_makes_it_panic(
        text in r"[-+:,.\[\] 0-9truefalse\PC]{0,24}|(-?[0-9]{0,20}:?,? ?){0,6}",
        shape in vec(prop_oneof![0u64..4, Just(u64::MAX), Just(1 << 63), any::<u64>()], 0..5),
    ) {
        if let Ok(selection) = text.parse::<Selection>() {
            prop_assert_eq!(&selection.to_string().parse::<Selection>().unwrap(), &selection);
            if let Ok(resolved) = selection.resolve(&shape) {
                prop_assert!(resolved.shape().len() <= shape.len());
                let chunk = vec![3; shape.len()];
                if let Ok(chunks) = resolved.chunks(&chunk) {
                    for part in chunks.take(20) {
                        let inside = part.index().iter().zip(&shape).all(|(index, length)| *index <= length / 3);
                        prop_assert!(inside, "{:?} of {:?}", part.index(), shape);
                    }
                }
            }
        }
    }
}
