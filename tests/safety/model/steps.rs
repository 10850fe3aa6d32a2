//! What may be done to a store.

use calcstore::{DataStore, ErrorKind, LockPolicy, Object, Result, Table, Value};
use ndarray::{Array1, Array2, arr0};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::map::{Pair, Thing, parents, rows};

/// One thing to do; datasets are picked among those that there are.
#[derive(Clone, Debug)]
pub enum Step {
    Edit(Edit),
    Grow(usize, Vec<i64>),
    Resize(usize, usize),
    /// From an index on, so many elements, at once or chunk by chunk.
    Write(usize, usize, usize, bool),
    Hold(usize),
    Flush,
    Gc,
    Check,
    Export,
    ReadOnly,
    Reopen(LockPolicy),
    /// A process does these, and is killed after so many microseconds.
    Crash(Vec<Edit>, u64),
}

/// What is there afterwards as a whole or not at all.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Edit {
    Insert(String, Thing),
    InsertNew(String, Thing),
    OrInsert(String, i64),
    CreateGroup(String),
    Remove(String),
    Take(String),
    Rename(String, String),
    Copy(String, String),
    Clear(String),
    SetAttribute(String, String, i64),
    RemoveAttribute(String, String),
    Draft { key: String, things: Vec<Thing>, replace: bool, commit: bool },
}

fn key(most: usize) -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "b", "ü x"]);
    let names = prop::collection::vec(name, 0..=most);
    names.prop_map(|names| names.iter().map(|name| format!("/{name}")).collect())
}

fn few() -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec(-9..9i64, 0..8)
}

fn thing() -> impl Strategy<Value = Thing> {
    prop_oneof![
        (-9..9i64).prop_map(Thing::Scalar),
        few().prop_map(Thing::Numbers),
        prop::collection::vec(-1e3..1e3, 3).prop_map(|half| Thing::Grid([half.clone(), half].concat())),
        "[a-zé]{0,12}".prop_map(Thing::Text),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Thing::Bytes),
        few().prop_map(|ids| Thing::Table(if ids.is_empty() { vec![1] } else { ids })),
        ("[a-z]{0,4}", few()).prop_map(|(name, numbers)| Thing::Object(Pair { name, numbers })),
    ]
}

fn edit() -> impl Strategy<Value = Edit> {
    let name = || prop::sample::select(vec!["x".to_owned(), "y".to_owned()]);
    let draft = (key(2), prop::collection::vec(thing(), 0..3), any::<bool>(), any::<bool>());
    prop_oneof![
        6 => (key(3), thing()).prop_map(|(key, thing)| Edit::Insert(key, thing)),
        2 => (key(3), thing()).prop_map(|(key, thing)| Edit::InsertNew(key, thing)),
        1 => (key(3), -9..9i64).prop_map(|(key, n)| Edit::OrInsert(key, n)),
        2 => key(3).prop_map(Edit::CreateGroup),
        2 => key(3).prop_map(Edit::Remove),
        1 => key(3).prop_map(Edit::Take),
        3 => (key(3), key(3)).prop_map(|(from, to)| Edit::Rename(from, to)),
        2 => (key(3), key(3)).prop_map(|(from, to)| Edit::Copy(from, to)),
        2 => (key(2), name(), -9..9i64).prop_map(|(key, name, n)| Edit::SetAttribute(key, name, n)),
        1 => (key(2), name()).prop_map(|(key, name)| Edit::RemoveAttribute(key, name)),
        2 => draft.prop_map(|(key, things, replace, commit)| Edit::Draft { key, things, replace, commit }),
    ]
    .prop_filter("the root has no attributes here", |edit| match edit {
        Edit::SetAttribute(key, ..) | Edit::RemoveAttribute(key, _) => !key.is_empty(),
        _ => true,
    })
}

pub fn steps() -> impl Strategy<Value = Step> {
    let policy = prop::sample::select(vec![LockPolicy::Require, LockPolicy::BestEffort, LockPolicy::Off]);
    let pick = || any::<usize>();
    prop_oneof![
        40 => edit().prop_map(Step::Edit),
        1 => key(3).prop_map(|key| Step::Edit(Edit::Clear(key))),
        5 => (pick(), few()).prop_map(|(pick, by)| Step::Grow(pick, by)),
        2 => (pick(), 0..12usize).prop_map(|(pick, length)| Step::Resize(pick, length)),
        4 => (pick(), 0..8usize, 0..8usize, any::<bool>())
            .prop_map(|(pick, start, count, atomic)| Step::Write(pick, start, count, atomic)),
        2 => pick().prop_map(Step::Hold),
        2 => Just(Step::Flush),
        1 => Just(Step::Gc),
        1 => Just(Step::Check),
        1 => Just(Step::Export),
        1 => Just(Step::ReadOnly),
        1 => policy.prop_map(Step::Reopen),
        1 => (prop::collection::vec(edit(), 1..8), 0..15_000u64)
            .prop_map(|(edits, microseconds)| Step::Crash(edits, microseconds)),
    ]
}

impl Edit {
    /// The groups that are made for it.
    pub fn parents(&self) -> Vec<String> {
        let (Self::Insert(key, _)
        | Self::InsertNew(key, _)
        | Self::OrInsert(key, _)
        | Self::CreateGroup(key)
        | Self::Rename(_, key)
        | Self::Copy(_, key)
        | Self::Draft { key, .. }) = self
        else {
            return Vec::new();
        };
        parents(key).map(str::to_owned).collect()
    }

    pub fn apply(&self, store: &DataStore) -> Result<()> {
        match self {
            Self::Insert(key, thing) => insert(store, key, thing, true),
            Self::InsertNew(key, thing) => insert(store, key, thing, false),
            Self::OrInsert(key, n) => match store.or_insert_with(key, || *n) {
                // A value of another type is there.
                Err(error) if matches!(error.kind(), ErrorKind::WrongType | ErrorKind::WrongShape) => {
                    match store.value(key)? {
                        Value::Group => Err(error),
                        _ => Ok(()),
                    }
                }
                result => result.map(|_| ()),
            },
            Self::CreateGroup(key) => store.create_group(key),
            Self::Remove(key) => store.remove(key),
            Self::Take(key) => match store.value(key)? {
                Value::Group => store.take::<i64>(key).map(|_| ()),
                value => {
                    assert_eq!(store.take::<Value>(key)?, value);
                    Ok(())
                }
            },
            Self::Rename(from, to) => store.rename(from, to),
            Self::Copy(from, to) => store.copy(from, to),
            Self::Clear(key) => store.clear(key),
            Self::SetAttribute(key, name, n) => store.attributes(key)?.insert(name, *n),
            Self::RemoveAttribute(key, name) => store.attributes(key)?.remove(name),
            Self::Draft { key, things, replace, commit } => {
                let filled = store.draft(key).and_then(|draft| {
                    let draft = draft.replace(*replace);
                    for (n, thing) in things.iter().enumerate() {
                        draft.insert(&n.to_string(), value(thing))?;
                    }
                    Ok(draft)
                });
                if *commit { filled?.commit() } else { Ok(()) }
            }
        }
    }
}

fn insert(store: &DataStore, key: &str, thing: &Thing, replace: bool) -> Result<()> {
    match thing {
        Thing::Numbers(values) => {
            let dataset = store.new_dataset(key).chunks([3]);
            if replace { dataset.insert(values) } else { dataset.only_if_new().insert(values) }
        }
        Thing::Object(pair) if replace => store.insert_object(key, pair),
        _ if replace => store.insert(key, value(thing)),
        _ => store.insert_new(key, value(thing)),
    }
}

fn value(thing: &Thing) -> Value {
    match thing {
        Thing::Scalar(number) => Value::Array(arr0(*number).into_dyn().into()),
        Thing::Numbers(numbers) => Value::Array(Array1::from(numbers.clone()).into_dyn().into()),
        Thing::Grid(numbers) => {
            let grid = Array2::from_shape_vec((2, numbers.len() / 2), numbers.clone());
            Value::Array(grid.unwrap().into_dyn().into())
        }
        Thing::Text(text) => Value::Array(arr0(text.clone()).into_dyn().into()),
        Thing::Bytes(bytes) => Value::Bytes(bytes.clone()),
        Thing::Table(ids) => Value::Table(Table::from_rows(&rows(ids)).unwrap()),
        Thing::Object(pair) => {
            let json = serde_json::to_value(pair).unwrap();
            Value::Object(Object { type_name: "Pair".to_owned(), json })
        }
    }
}
