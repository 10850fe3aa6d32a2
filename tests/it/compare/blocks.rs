//! Arrays that are larger than what is looked at at a time.

use std::time::{Duration, Instant};

use calcstore::Difference;
use ndarray::Array2;

use super::{Two, differences, keys, said};

const SHAPE: (usize, usize) = (1200, 1000);

fn numbered() -> Array2<f64> {
    Array2::from_shape_fn(SHAPE, |(row, column)| (row * SHAPE.1 + column) as f64 + 1.0)
}

#[test]
fn blocks_of_two_chunk_grids_say_what_the_whole_arrays_would() {
    let two = Two::new();
    let mut other = numbered();
    // Of two that are equally large the first is named, whichever block is done first.
    for (index, by) in
        [([1199, 999], 4.0), ([3, 998], 4.0), ([0, 0], 1.0), ([600, 7], -2.0), ([599, 500], 0.5)]
    {
        other[index] += by;
    }
    for chunks in [[1200, 7], [11, 1000], [100, 100], [1, 1000]] {
        two.a.new_dataset("/x").chunks(chunks).insert(numbered()).unwrap();
        two.b.new_dataset("/x").chunks([chunks[1].min(300), chunks[0].min(90)]).insert(&other).unwrap();
        let report = two.compare().list(3).run().unwrap();
        let expected = "/x 5/1200000 abs 4.0 [3, 998] rel 0.5 [0, 0]: [0, 0] 1.0 2.0, [3, 998] 3999.0 4003.0, \
                        [599, 500] 599501.0 599501.5";
        assert_eq!(differences(&report).iter().map(said).collect::<Vec<_>>(), [expected], "{chunks:?}");
        assert_eq!(report.bytes, 1_200_000 * 8);
    }
    let brief = two.compare().brief(true).run().unwrap();
    assert_eq!(keys(&brief), ["/x"]);
}

#[test]
fn arrays_of_which_little_is_stored_are_compared_by_that_alone() {
    let two = Two::new();
    let shape = [1 << 40, 1 << 16];
    for (store, chunks) in [(&two.a, [1 << 10, 1 << 6]), (&two.b, [1 << 9, 1 << 7])] {
        let dataset = store.new_dataset("/sparse").chunks(chunks).create::<f64>(&shape).unwrap();
        dataset.write((1u64 << 39, 0..3), [1.0, 2.0, 3.0]).unwrap();
    }
    two.b.dataset("/sparse").unwrap().write(((1u64 << 40) - 1, 65535), 0.5).unwrap();
    let start = Instant::now();
    let report = two.compare().run().unwrap();
    assert!(start.elapsed() < Duration::from_secs(20), "it reads what is not there");
    let [(_, Difference::Values(values))] = &differences(&report)[..] else { panic!("{report:?}") };
    assert_eq!((values.differing, values.of), (1, 1 << 56));
    assert_eq!(values.first[0].index, [(1 << 40) - 1, 65535]);
}

#[test]
fn two_fill_values_differ_wherever_nothing_is_stored() {
    let two = Two::new();
    for (store, fill) in [(&two.a, 0.0), (&two.b, f64::NAN)] {
        store.new_dataset("/x").chunks([1000]).fill_value(fill).create::<f64>(&[1_000_000]).unwrap();
    }
    let [(_, Difference::Values(values))] = &two.differences()[..] else { panic!("they differ") };
    assert_eq!((values.differing, values.of), (1_000_000, 1_000_000));
}
