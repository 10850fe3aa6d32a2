//! Random parts of arrays, as `ndarray` cuts them out.

use std::fmt::Debug;

use calcstore::{DataStore, Durability};
use ndarray::{ArrayD, Axis};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::Written;
use super::family::family;
use crate::manifest::{self, Described};

/// Reads the part of a text selection, and compares it with what is taken along each axis.
type Compare = Box<dyn Fn(&DataStore, bool, &[Taken])>;

/// An array with what parts of it must be.
pub struct Member {
    key: String,
    shape: Vec<usize>,
    compare: Compare,
}

/// What is taken along one axis.
#[derive(Clone, Debug)]
enum Taken {
    Index(usize),
    /// From here, so many, each so far from the one before.
    Slice(usize, usize, isize),
    List(Vec<usize>),
}

impl Taken {
    fn text(&self) -> String {
        match self {
            Self::Index(index) => index.to_string(),
            Self::List(list) => format!("{list:?}"),
            // Past the first element there is no index to stop at.
            Self::Slice(start, count, step) => match start.checked_add_signed(step * *count as isize) {
                Some(stop) => format!("{start}:{stop}:{step}"),
                None => format!("{start}::{step}"),
            },
        }
    }

    fn indices(&self) -> Vec<usize> {
        match self {
            Self::Index(index) => vec![*index],
            Self::List(list) => list.clone(),
            Self::Slice(start, count, step) => {
                (0..*count).map(|n| start.checked_add_signed(step * n as isize).unwrap()).collect()
            }
        }
    }
}

impl Member {
    pub fn new<T: Described + Debug>(key: &str, values: ArrayD<T>) -> Self {
        let (key, shape) = (key.to_owned(), values.shape().to_vec());
        let path = key.clone();
        let compare = move |store: &DataStore, verify: bool, taken: &[Taken]| {
            let text: Vec<String> = taken.iter().map(Taken::text).collect();
            let text = if text.is_empty() { "...".to_owned() } else { text.join(", ") };
            let dataset = store.dataset(&path).unwrap().verify(verify);
            let found: ArrayD<T> = dataset.read(&text).unwrap();
            let mut expected = values.clone();
            for (axis, taken) in taken.iter().enumerate().rev() {
                expected = expected.select(Axis(axis), &taken.indices());
                if matches!(taken, Taken::Index(_)) {
                    expected = expected.index_axis_move(Axis(axis), 0);
                }
            }
            assert_eq!(manifest::array(&found), manifest::array(&expected), "{path} [{text}]");
        };
        Self { key, shape, compare: Box::new(compare) }
    }

    fn parts(&self) -> impl Strategy<Value = Vec<Taken>> + use<> {
        let along: Vec<_> = self.shape.iter().map(|length| slice_or_index(*length)).collect();
        let lists: Vec<_> = self.shape.iter().map(|length| list(*length)).collect();
        (along, lists, 0..=2 * self.shape.len()).prop_map(|(mut along, mut lists, listed)| {
            if listed < lists.len() {
                along[listed] = lists.swap_remove(listed);
            }
            along
        })
    }
}

fn slice_or_index(length: usize) -> BoxedStrategy<Taken> {
    if length == 0 {
        return Just(Taken::Slice(0, 0, 1)).boxed();
    }
    let slice = (0..length, 1..=4isize, any::<bool>()).prop_flat_map(move |(start, step, is_back)| {
        let room = if is_back { start } else { length - 1 - start };
        let step = if is_back { -step } else { step };
        (0..=1 + room / step.unsigned_abs()).prop_map(move |count| Taken::Slice(start, count, step))
    });
    prop_oneof![2 => Just(Taken::Slice(0, length, 1)), 4 => slice, 1 => (0..length).prop_map(Taken::Index)]
        .boxed()
}

fn list(length: usize) -> BoxedStrategy<Taken> {
    let most = if length == 0 { 0 } else { 6 };
    proptest::collection::vec(0..length.max(1), 0..=most).prop_map(Taken::List).boxed()
}

#[test]
fn parts_of_arrays_of_every_layout_are_those_that_ndarray_cuts_out() {
    let mut members = Vec::new();
    let written = Written::new(Durability::Process, |samples, store| members = family(samples, store));
    let store = written.open();
    let config = Config { cases: 6, failure_persistence: None, ..Config::default() };
    assert!(members.len() > 700);
    for member in &members {
        let mut runner = TestRunner::new(config.clone());
        let compared = runner.run(&(member.parts(), any::<bool>()), |(parts, verify)| {
            (member.compare)(&store, verify, &parts);
            Ok(())
        });
        assert!(compared.is_ok(), "{}: {}", member.key, compared.unwrap_err());
    }
}
