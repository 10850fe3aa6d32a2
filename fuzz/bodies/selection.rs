//! Any selection of any array: what a naive model selects, or an error where the model has one too.

use std::cell::RefCell;

use calcstore::{DataStore, Dataset, Selection};
use ndarray::{ArrayD, IxDyn};

use super::inputs::Input;
use super::inputs::taken::{self, Taken};
use super::scratch::Scratch;

/// A shape, its chunks, and the shards where there are some.
type Layout = (&'static [u64], &'static [u64], Option<&'static [u64]>);

const ARRAYS: [Layout; 7] = [
    (&[], &[], None),
    (&[7], &[3], None),
    (&[3, 4], &[3, 4], None),
    (&[2, 3, 5], &[1, 2, 2], None),
    (&[0, 3], &[1, 2], None),
    (&[6, 5], &[1, 2], Some(&[4, 4])),
    (&[2, 1, 2, 3], &[2, 1, 1, 3], None),
];

/// A dataset, and what its elements are.
struct Modelled {
    dataset: Dataset,
    shape: Vec<i128>,
    elements: Vec<u64>,
}

thread_local! {
    static DATASETS: RefCell<Scratch<Vec<Modelled>>> = const { RefCell::new(Scratch::new()) };
}

/// The input is text after a byte that chooses an array, or chooses what is taken along each axis too.
pub fn run(input: &[u8]) {
    let mut input = Input::new(input);
    let which = input.byte();
    Scratch::with(&DATASETS, make, |datasets, _| {
        let modelled = &mut datasets[usize::from(which) % ARRAYS.len()];
        if which & 0x80 != 0 {
            return any_text(modelled, input.rest());
        }
        let taken: Vec<Taken> = (0..input.below(modelled.shape.len() + 2))
            .map(|axis| taken::choose(&mut input, modelled.shape.get(axis).copied().unwrap_or(1)))
            .collect();
        check(modelled, &taken);
    });
}

fn make(directory: &tempfile::TempDir) -> Vec<Modelled> {
    let store = DataStore::at(directory.path().join("s")).unwrap();
    let mut datasets = Vec::new();
    for (n, (shape, chunks, shards)) in ARRAYS.iter().enumerate() {
        let plan = store.new_dataset(&format!("/{n}")).chunks(chunks);
        let plan = if let Some(shards) = shards { plan.shards(shards) } else { plan };
        let dataset = plan.create::<u64>(shape).unwrap();
        let elements: Vec<u64> = (100..100 + shape.iter().product::<u64>()).collect();
        let lengths: Vec<usize> = shape.iter().map(|length| usize::try_from(*length).unwrap()).collect();
        dataset.write("...", ArrayD::from_shape_vec(IxDyn(&lengths), elements.clone()).unwrap()).unwrap();
        datasets.push(Modelled {
            dataset,
            shape: shape.iter().map(|length| (*length).into()).collect(),
            elements,
        });
    }
    datasets
}

fn any_text(modelled: &Modelled, text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    let Ok(selection) = text.parse::<Selection>() else { return };
    assert_eq!(selection.to_string().parse::<Selection>().unwrap(), selection);
    let by_text = modelled.dataset.read::<ArrayD<u64>>(text);
    let by_selection = modelled.dataset.read::<ArrayD<u64>>(&selection);
    assert_eq!(by_text.ok(), by_selection.ok());
}

fn check(modelled: &mut Modelled, taken: &[Taken]) {
    let Modelled { dataset, shape, elements } = modelled;
    let text = taken::text(taken);
    let read = dataset.read::<ArrayD<u64>>(text.as_str());
    let Some(axes) = taken::model(taken, shape) else {
        assert!(read.is_err(), "{text} of {shape:?}: {read:?}, where numpy has an error");
        return;
    };
    let (places, result) = taken::places(&axes, shape);
    let expected = places.iter().map(|place| elements[*place]).collect();
    let expected = ArrayD::from_shape_vec(IxDyn(&result), expected).unwrap();
    assert_eq!(read.unwrap(), expected, "{text} of {shape:?}");

    let written = expected.mapv(|element| element.wrapping_mul(3) % 1_000_003);
    let is_twice = (0..places.len()).any(|n| places[..n].contains(&places[n]));
    match dataset.write(text.as_str(), &written) {
        Ok(()) => places.iter().zip(&written).for_each(|(place, element)| elements[*place] = *element),
        Err(error) => assert!(is_twice || taken::names_twice(&axes), "{text} of {shape:?}: {error}"),
    }
    let whole: Vec<u64> = dataset.read::<ArrayD<u64>>("...").unwrap().into_iter().collect();
    assert_eq!(whole, *elements, "after writing {text} of {shape:?}");
}
