//! What a selection is made from, and what it takes of chunks.

use std::ops::RangeInclusive;

use ndarray::{Array1, Axis, Ix2, Ix3, IxDyn, Slice as NdSlice, SliceInfo, SliceInfoElem, array};
use rayon::prelude::*;

use super::model::{Taken, chunk, gathered, numbered, selected};
use crate::selection::resolve::Pick;
use crate::selection::{Along, Ellipsis, IntoSelection, Resolved, Run, Selection};

fn resolve(selection: impl IntoSelection, shape: &[u64]) -> Resolved {
    selection.into_selection().unwrap().resolve(shape).unwrap()
}

fn runs(selection: &str, shape: &[u64], chunk: &[u64], size: usize) -> Vec<(usize, usize, usize)> {
    let parts = resolve(selection, shape).chunks(chunk).unwrap();
    parts.flat_map(|part| part.runs(size)).map(|Run { chunk, out, length }| (chunk, out, length)).collect()
}

#[test]
fn every_way_to_write_a_selection_is_the_same_selection() {
    let is = |selection: &dyn Fn() -> Selection, text: &str| assert_eq!(selection().to_string(), text);
    macro_rules! all {
        ($($written:expr => $text:literal)*) => {$(
            is(&|| $written.into_selection().unwrap(), $text);
        )*};
    }
    let mask = [true, false];
    let found: Array1<u64> = array![4, 2];
    let part = |start, end, step| SliceInfoElem::Slice { start, end, step };
    // As s![1..3, -2, ..;2] is; the macro itself cannot be where unsafe code is forbidden.
    let parts = [part(1, Some(3), 1), SliceInfoElem::Index(-2), part(0, None, 2)];
    let parts = SliceInfo::<_, Ix3, Ix2>::try_from(parts).unwrap();
    all! {
        () => "..."
        .. => ":"
        3 => "3"
        -1i8 => "-1"
        u64::MAX => "18446744073709551615"
        (3..7) => "3:7"
        (2usize..) => "2:"
        (..-2) => ":-2"
        (..=5) => ":6"
        RangeInclusive::new(2, -1) => "2:"
        (0..=u64::MAX) => "0:"
        (Ellipsis, -1) => "...,-1"
        (0, .., 3..7, [1, 2], 5u8, Ellipsis) => "0,:,3:7,[1,2],5"
        (.., &mask) => ":,[true,false]"
        &mask[..] => "[true,false]"
        vec![1u64, 2] => "[1,2]"
        &vec![1i32, -2] => "[1,-2]"
        &found => "[4,2]"
        &found.mapv(|number| number > 2) => "[true,false]"
        "0,:" => "0,:"
        String::from(" ..., -1 ") => "...,-1"
        &Selection::all() => "..."
        Selection::all().along(1, 2..5) => ":,2:5"
        parts => "1:3,-2,0::2"
        &parts => "1:3,-2,0::2"
        [SliceInfoElem::Index(3)].as_slice() => "3"
        NdSlice::new(2, Some(-1), -2) => "-2:1:-2"
    }
    let dynamic: SliceInfo<Vec<SliceInfoElem>, IxDyn, IxDyn> =
        vec![SliceInfoElem::Index(0), SliceInfoElem::from(1..)].try_into().unwrap();
    is(&|| dynamic.clone().into_selection().unwrap(), "0,1:");
    let collected: Selection = (0..8).map(|axis: u64| Along::from(axis)).collect();
    is(&|| collected.clone(), "0,1,2,3,4,5,6,7");
}

#[test]
fn slices_of_ndarray_select_what_they_select_in_ndarray() {
    let array = Array1::from_iter(0..6u64);
    let ends = (-6..=6).map(Some).chain([None]);
    for (start, end) in ends.flat_map(|end| (-6..=6).map(move |start| (start, end))) {
        for step in [1, 2, 3, 7, -1, -2, -3, -7] {
            let slice = NdSlice::new(start, end, step);
            let expected = array.slice_axis(Axis(0), slice).to_owned().into_dyn();
            let selected = gathered(&array.clone().into_dyn(), &resolve(slice, &[6]), &[4]);
            assert_eq!(selected, expected, "{slice:?}");
        }
    }
    let array = numbered(&[3, 4, 5]);
    let part = |start, end, step| SliceInfoElem::Slice { start, end, step };
    let parts = [SliceInfoElem::Index(1), part(1, Some(3), -1), part(-3, None, 2)];
    let expected = array.slice(parts.as_slice()).to_owned();
    assert_eq!(gathered(&array, &resolve(parts.as_slice(), &[3, 4, 5]), &[2, 2, 2]), expected);
}

#[test]
fn only_the_chunks_that_are_touched_cost_anything() {
    let chunks = |text: &str, shape: &[u64], chunk: &[u64]| -> Vec<Vec<u64>> {
        resolve(text, shape).chunks(chunk).unwrap().take(10).map(|part| part.index().to_vec()).collect()
    };
    let huge = u64::MAX;
    assert_eq!(
        chunks("::9223372036854775807", &[huge], &[10]),
        [[0], [922_337_203_685_477_580], [1_844_674_407_370_955_161]]
    );
    assert_eq!(chunks("::-9223372036854775808", &[huge], &[huge]), [[0]]);
    assert_eq!(chunks("-1, -1", &[huge, huge], &[7, 1]), [[huge / 7, huge - 1]]);
    assert_eq!(chunks("18446744073709551600:", &[huge], &[7]), [[huge / 7 - 2], [huge / 7 - 1], [huge / 7]]);
    assert_eq!(chunks("[950,3,955,4]", &[1000], &[10]), [[0], [95]]);
    assert_eq!(chunks("::1000", &[3000, 1], &[10, 10]), [[0, 0], [100, 0], [200, 0]]);
}

#[test]
fn an_index_drops_its_axis_and_a_list_of_neighbours_is_a_range() {
    let resolved = resolve("0, :, [1]", &[6, 4, 2]);
    assert_eq!((resolved.shape(), resolved.elements()), (vec![4, 1], 4));
    assert_eq!(resolved.picks()[2], Pick::Range { start: 1, step: 1, count: 1 });
}

#[test]
fn runs_are_as_long_as_they_can_be() {
    let (shape, chunk) = ([10, 4, 3], [5, 4, 3]);
    assert_eq!(runs("...", &shape, &chunk, 8), [(0, 0, 480), (0, 480, 480)]);
    assert_eq!(runs("1:3", &shape, &chunk, 8), [(96, 0, 192)]);
    assert_eq!(runs("1:3, 2:", &shape, &chunk, 1), [(18, 0, 6), (30, 6, 6)]);
    assert_eq!(
        runs("[1,2,4,0], :2", &shape, &[10, 4, 3], 1),
        [(12, 0, 6), (24, 6, 6), (48, 12, 6), (0, 18, 6)]
    );
    assert_eq!(runs("[1,2,4,0]", &shape, &chunk, 2), [(24, 0, 48), (96, 48, 24), (0, 72, 24)]);
    assert_eq!(runs("0, 0, ::-1", &shape, &chunk, 4), [(8, 0, 4), (4, 4, 4), (0, 8, 4)]);
    // The chunk is longer than the array, and its rows are not.
    assert_eq!(runs("...", &[2, 3], &[4, 3], 1), [(0, 0, 6)]);
    assert_eq!(runs("...", &[2, 3], &[2, 4], 1), [(0, 0, 3), (4, 3, 3)]);
    assert_eq!(runs("...", &[], &[], 8), [(0, 0, 8)]);
    assert_eq!(runs("::2", &[4], &[4], usize::MAX).len(), 2);
}

#[test]
fn the_result_is_split_where_each_row_of_chunks_fills_a_piece_of_its_own() {
    let pieces = |text: &str| -> Vec<_> {
        let chunks = resolve(text, &[10, 6]).chunks(&[4, 3]).unwrap();
        chunks.split().into_iter().map(|piece| (piece.output(), piece.count())).collect()
    };
    assert_eq!(pieces("..."), [(0..24, 2), (24..48, 2), (48..60, 2)]);
    assert_eq!(pieces("::-1, :3"), [(0..6, 1), (6..18, 1), (18..30, 1)]);
    assert_eq!(pieces("5"), [(0..3, 1), (3..6, 1)]);
    assert_eq!(pieces("[9,8,0,2,5]"), [(0..12, 2), (12..24, 2), (24..30, 2)]);
    assert_eq!(pieces("[0,9,1]"), [(0..18, 4)]);
    assert_eq!(pieces("3,3"), [(0..1, 1)]);
    assert_eq!(pieces("3:3"), []);
}

#[test]
fn elements_may_be_strings() {
    let chunk: Vec<String> = "abcdef".chars().map(String::from).collect();
    let part = resolve("::-1, [2,0]", &[2, 3]).chunks(&[2, 3]).unwrap().next().unwrap();
    let mut out = vec![String::new(); 4];
    part.gather(&chunk, &mut out, 1).unwrap();
    assert_eq!(out, ["f", "d", "c", "a"]);
}

#[test]
fn pieces_of_the_result_are_gathered_by_several_threads() {
    let (array, resolved) = (numbered(&[40, 6]), resolve("-2::-3, 1:", &[40, 6]));
    let mut out = vec![0; resolved.elements() as usize];
    let (mut rest, mut work) = (&mut out[..], Vec::new());
    for piece in resolved.chunks(&[7, 2]).unwrap().split() {
        let (slice, after) = rest.split_at_mut(piece.output().len());
        rest = after;
        work.push((piece, slice));
    }
    assert_eq!(work.len(), 6);
    work.into_par_iter().for_each(|(mut piece, slice)| {
        piece.try_for_each(|part| part.gather(&chunk(&array, &[7, 2], part.index()), slice, 1)).unwrap();
    });
    let taken = [Taken::Slice(Some(-2), None, -3), Taken::Slice(Some(1), None, 1)];
    assert_eq!(out, selected(&array, &taken).into_raw_vec_and_offset().0);
}
