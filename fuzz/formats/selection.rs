//! Any selection of any shape in any chunks: what a naive model selects, or an error where the model has one too.

use super::inputs::Input;
use super::inputs::taken::{self, Taken};
use crate::selection::Selection;

/// The input is shape, chunks and what is taken along each axis, or text.
pub fn selection(input: &[u8]) {
    let mut input = Input::new(input);
    if input.byte() & 0x80 != 0 {
        return any_text(input);
    }
    let rank = input.below(5);
    let shape: Vec<i128> = (0..rank).map(|_| input.below(6) as i128).collect();
    let chunks: Vec<u64> = (0..rank).map(|_| 1 + input.below(4) as u64).collect();
    let taken: Vec<Taken> = (0..input.below(rank + 2))
        .map(|axis| taken::choose(&mut input, shape.get(axis).copied().unwrap_or(1)))
        .collect();
    check(&shape, &chunks, &taken);
}

/// Of shapes that no memory would hold.
fn any_text(mut input: Input<'_>) {
    let rank = input.below(4);
    let shape: Vec<u64> = (0..rank).map(|_| input.number().cast_unsigned()).collect();
    let chunks: Vec<u64> = (0..rank).map(|_| input.number().unsigned_abs().max(1)).collect();
    let Ok(text) = std::str::from_utf8(input.rest()) else { return };
    let Ok(selection) = text.parse::<Selection>() else { return };
    assert_eq!(selection.to_string().parse::<Selection>().unwrap(), selection);
    let Ok(resolved) = selection.resolve(&shape) else { return };
    assert!(resolved.shape().len() <= shape.len());
    let Ok(parts) = resolved.chunks(&chunks) else { return };
    for part in parts.take(20) {
        let mut places = part.index().iter().zip(&chunks).zip(&shape);
        assert!(places.all(|((index, chunk), length)| *index <= length / chunk), "{:?}", part.index());
    }
}

fn check(shape: &[i128], chunk: &[u64], taken: &[Taken]) {
    let text = taken::text(taken);
    let lengths: Vec<u64> = shape.iter().map(|length| *length as u64).collect();
    let resolved = text.parse::<Selection>().and_then(|selection| selection.resolve(&lengths));
    let Some(axes) = taken::model(taken, shape) else {
        assert!(resolved.is_err(), "{text} of {shape:?}: {resolved:?}, where numpy has an error");
        return;
    };
    let resolved = resolved.unwrap();
    let (places, result) = taken::places(&axes, shape);
    assert_eq!(resolved.shape(), result.iter().map(|length| *length as u64).collect::<Vec<_>>());
    assert_eq!(resolved.elements(), places.len() as u64);
    let mut gathered = vec![u64::MAX; places.len()];
    for part in resolved.chunks(chunk).unwrap() {
        part.gather(&numbered(&lengths, chunk, part.index()), &mut gathered, 1).unwrap();
    }
    let expected: Vec<u64> = places.iter().map(|place| *place as u64).collect();
    assert_eq!(gathered, expected, "{text} of {shape:?} in {chunk:?}");
    scatter(&text, &lengths, chunk, &axes, &expected);
}

fn scatter(text: &str, shape: &[u64], chunk: &[u64], axes: &taken::Axes, places: &[u64]) {
    let selection: Selection = text.parse().unwrap();
    let Ok(resolved) = selection.resolve_for_writing(shape) else {
        assert!(taken::names_twice(axes), "{text} of {shape:?} names nothing twice");
        return;
    };
    let written: Vec<u64> = (0..places.len() as u64).map(|n| 1_000_000 + n).collect();
    let mut changed = 0;
    for part in resolved.chunks(chunk).unwrap() {
        let before = numbered(shape, chunk, part.index());
        let mut after = before.clone();
        part.scatter(&written, &mut after, 1).unwrap();
        for (before, after) in before.iter().zip(&after).filter(|(before, after)| before != after) {
            assert_eq!(places[(after - 1_000_000) as usize], *before, "{text} of {shape:?} in {chunk:?}");
            changed += 1;
        }
    }
    assert_eq!(changed, places.len(), "{text} of {shape:?} in {chunk:?}");
}

/// A chunk of an array whose elements are their places; `u64::MAX` beyond it.
fn numbered(shape: &[u64], chunk: &[u64], index: &[u64]) -> Vec<u64> {
    let mut places = vec![0];
    for axis in 0..shape.len() {
        let along = |place: u64| {
            (0..chunk[axis]).map(move |n| {
                let at = index[axis] * chunk[axis] + n;
                if place == u64::MAX || at >= shape[axis] { u64::MAX } else { place * shape[axis] + at }
            })
        };
        places = places.iter().flat_map(|place| along(*place)).collect();
    }
    places
}
