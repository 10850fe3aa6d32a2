//! Random operations on two open stores in one directory, compared with a `BTreeMap` after each step.

use std::collections::BTreeMap;

use calcstore::{Continue, DataStore, ErrorKind, NodeKind, Result};
use proptest::prelude::*;
use proptest::test_runner::Config;

/// What must be under each key; the root is always there.
type Model = BTreeMap<String, Option<i64>>;

#[derive(Clone, Debug)]
enum Step {
    Insert(String, i64),
    InsertNew(String, i64),
    OrInsert(String, i64),
    CreateGroup(String),
    Remove(String),
    Take(String),
    Rename(String, String),
    Clear(String),
    Reopen,
}

fn keys() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "b", "B", "ü x"]);
    prop::collection::vec(name, 0..4).prop_map(|names| names.iter().map(|name| format!("/{name}")).collect())
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (keys(), any::<i64>()).prop_map(|(key, n)| Step::Insert(key, n)),
        2 => (keys(), any::<i64>()).prop_map(|(key, n)| Step::InsertNew(key, n)),
        1 => (keys(), any::<i64>()).prop_map(|(key, n)| Step::OrInsert(key, n)),
        2 => keys().prop_map(Step::CreateGroup),
        2 => keys().prop_map(Step::Remove),
        2 => keys().prop_map(Step::Take),
        3 => (keys(), keys()).prop_map(|(from, to)| Step::Rename(from, to)),
        1 => keys().prop_map(Step::Clear),
        1 => Just(Step::Reopen),
    ]
}

fn is_below(key: &str, group: &str) -> bool {
    key.strip_prefix(group).is_some_and(|rest| rest.starts_with('/'))
}

fn parents(key: &str) -> impl Iterator<Item = &str> {
    key.match_indices('/').map(|(at, _)| &key[..at]).filter(|parent| !parent.is_empty())
}

/// Makes the groups above a key, as far as no value is in the way.
fn make_parents(model: &mut Model, key: &str) -> Result<(), ErrorKind> {
    for parent in parents(key) {
        if model.entry(parent.to_owned()).or_insert(None).is_some() {
            return Err(ErrorKind::Conflict);
        }
    }
    Ok(())
}

fn insert(model: &mut Model, key: &str, value: Option<i64>, replace: bool) -> Result<(), ErrorKind> {
    if key.is_empty() {
        return if value.is_some() { Err(ErrorKind::Conflict) } else { Ok(()) };
    }
    make_parents(model, key)?;
    match (model.get(key), value) {
        (Some(None), None) => return Ok(()),
        (Some(_), Some(_)) if !replace => return Err(ErrorKind::AlreadyExists),
        (Some(None), Some(_)) | (Some(Some(_)), None) => return Err(ErrorKind::Conflict),
        (None, _) | (Some(Some(_)), Some(_)) => {}
    }
    model.insert(key.to_owned(), value);
    Ok(())
}

fn remove(model: &mut Model, key: &str) -> Result<(), ErrorKind> {
    if key.is_empty() {
        return Err(ErrorKind::Conflict);
    }
    model.remove(key).ok_or(ErrorKind::NotFound)?;
    model.retain(|other, _| !is_below(other, key));
    Ok(())
}

fn find(model: &Model, key: &str) -> Result<i64, ErrorKind> {
    match model.get(key) {
        _ if key.is_empty() => Err(ErrorKind::WrongType),
        None => Err(ErrorKind::NotFound),
        Some(None) => Err(ErrorKind::WrongType),
        Some(Some(value)) => Ok(*value),
    }
}

fn rename(model: &mut Model, from: &str, to: &str) -> Result<(), ErrorKind> {
    if from.is_empty() || to.is_empty() || from == to || is_below(to, from) {
        return Err(ErrorKind::Conflict);
    }
    if !model.contains_key(from) {
        return Err(ErrorKind::NotFound);
    }
    make_parents(model, to)?;
    if model.contains_key(to) {
        return Err(ErrorKind::AlreadyExists);
    }
    let moves = |key: &str| key == from || is_below(key, from);
    let moved: Vec<_> = model.iter().filter(|(key, _)| moves(key)).map(|(k, v)| (k.clone(), *v)).collect();
    model.retain(|key, _| !moves(key));
    model.extend(moved.into_iter().map(|(key, value)| (format!("{to}{}", &key[from.len()..]), value)));
    Ok(())
}

fn clear(model: &mut Model, group: &str) -> Result<(), ErrorKind> {
    match model.get(group) {
        None if !group.is_empty() => Err(ErrorKind::NotFound),
        Some(Some(_)) => Err(ErrorKind::Conflict),
        _ => {
            model.retain(|key, _| !is_below(key, group));
            Ok(())
        }
    }
}

/// Does one step to the store and to the model; both must say the same.
fn apply(step: &Step, store: &DataStore, model: &mut Model) {
    let kind = |result: Result<()>| result.map_err(|error| error.kind());
    let value = |result: Result<i64>| result.map_err(|error| error.kind());
    match step {
        Step::Insert(key, n) => assert_eq!(kind(store.insert(key, n)), insert(model, key, Some(*n), true)),
        Step::InsertNew(key, n) => {
            assert_eq!(kind(store.insert_new(key, n)), insert(model, key, Some(*n), false));
        }
        Step::OrInsert(key, n) => {
            let expected = match find(model, key) {
                Err(ErrorKind::NotFound) => insert(model, key, Some(*n), false).map(|()| *n),
                found => found,
            };
            assert_eq!(value(store.or_insert_with(key, || *n)), expected);
        }
        Step::CreateGroup(key) => assert_eq!(kind(store.create_group(key)), insert(model, key, None, false)),
        Step::Remove(key) => assert_eq!(kind(store.remove(key)), remove(model, key)),
        Step::Take(key) => {
            let expected = find(model, key).inspect(|_| remove(model, key).unwrap());
            assert_eq!(value(store.take(key)), expected);
        }
        Step::Rename(from, to) => assert_eq!(kind(store.rename(from, to)), rename(model, from, to)),
        Step::Clear(key) => assert_eq!(kind(store.clear(key)), clear(model, key)),
        Step::Reopen => {}
    }
}

fn assert_equal(store: &DataStore, model: &Model) {
    let found: Model = store
        .walk_nodes("/")
        .unwrap()
        .into_iter()
        .map(|node| {
            let value = (node.kind != NodeKind::Group).then(|| store.get(&node.key).unwrap());
            (node.key, value)
        })
        .collect();
    assert_eq!(&found, model);
}

proptest! {
    #![proptest_config(Config { cases: 64, failure_persistence: None, ..Config::default() })]

    #[test]
    fn two_handles_and_a_map_agree_after_every_step(steps in prop::collection::vec((0..2usize, steps()), 1..30)) {
        let directory = tempfile::tempdir().unwrap();
        let open = || DataStore::at(directory.path()).unwrap();
        let mut handles = [open(), open()];
        let mut model = Model::new();
        for (handle, step) in &steps {
            if matches!(step, Step::Reopen) {
                handles[*handle] = open();
            }
            apply(step, &handles[*handle], &mut model);
            assert_equal(&handles[1 - *handle], &model);
        }
        prop_assert_eq!(handles[0].check("/", |_| Continue::Yes).unwrap().faults.iter()
            .filter(|fault| !fault.what.contains("differ only by case")).count(), 0);
    }
}
