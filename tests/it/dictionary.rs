//! What the store does as a dictionary.

use calcstore::{AnyArray, Bytes, DataStore, Error, ErrorKind, Status, Table, Value};
use ndarray::{Array2, array};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

fn store() -> (TempDir, DataStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = DataStore::at(directory.path().join("store")).unwrap();
    (directory, store)
}

#[track_caller]
fn assert_kind<T>(result: Result<T, Error>, kind: ErrorKind) -> String {
    match result {
        Ok(_) => panic!("succeeded, where {kind:?} was expected"),
        Err(error) => {
            assert_eq!(error.kind(), kind, "{error}");
            error.to_string()
        }
    }
}

fn list(keys: calcstore::Keys) -> Vec<String> {
    keys.collect()
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Site {
    lon: f64,
    lat: f64,
}
calcstore::object!(Site);

#[test]
fn whatever_insert_takes_get_gives() {
    let (_directory, store) = store();
    store.insert("/f", 3.5).unwrap();
    store.insert("/text", "größe").unwrap();
    store.insert("/owned", String::new()).unwrap();
    store.insert("/list", vec![1i64, 2]).unwrap();
    store.insert("/slice", [1u8, 2].as_slice()).unwrap();
    store.insert("/names", ["a", "b"]).unwrap();
    store.insert("/view", array![[1.0f32, 2.0], [3.0, 4.0]].t()).unwrap();
    let referenced = vec![7u16];
    store.insert("/reference", &referenced).unwrap();
    store.insert("/any", AnyArray::from(array![true].into_dyn())).unwrap();
    store.insert("/site", Site { lon: 1.0, lat: 2.0 }).unwrap();
    assert_eq!(store.get::<f64>("/f").unwrap(), 3.5);
    assert_eq!(store.get::<String>("/text").unwrap(), "größe");
    assert_eq!(store.get::<String>("/owned").unwrap(), "");
    assert_eq!(store.get::<Vec<i64>>("/list").unwrap(), [1, 2]);
    assert_eq!(store.get::<Vec<u8>>("/slice").unwrap(), [1, 2]);
    assert_eq!(store.get::<Vec<String>>("/names").unwrap(), ["a", "b"]);
    assert_eq!(store.get::<Array2<f32>>("/view").unwrap(), array![[1.0, 3.0], [2.0, 4.0]]);
    assert_eq!(store.get::<Vec<u16>>("/reference").unwrap(), referenced);
    assert_eq!(store.get::<Vec<bool>>("/any").unwrap(), [true]);
    assert_eq!(store.get::<Site>("/site").unwrap(), Site { lon: 1.0, lat: 2.0 });
    assert_eq!(store.object::<Site>("/site").unwrap(), Site { lon: 1.0, lat: 2.0 });
}

#[test]
fn keys_are_the_same_however_they_are_written() {
    let (_directory, store) = store();
    store.insert("a//b/", 1i64).unwrap();
    for key in ["/a/b", "a/b", "//a/b//"] {
        assert_eq!(store.get::<i64>(key).unwrap(), 1);
    }
    assert_eq!(list(store.walk("").unwrap()), ["/a", "/a/b"]);
}

#[test]
fn insert_replaces_a_value_of_any_kind_by_one_of_any_other() {
    let (_directory, store) = store();
    let mut table = Table::new();
    table.push("id", [1i64, 2]).unwrap();
    store.insert("/a", 1.0).unwrap();
    store.insert("/a", &table).unwrap();
    assert_eq!(store.get::<Table>("/a").unwrap(), table);
    store.insert("/a", Bytes("raw")).unwrap();
    store.insert("/a", Site { lon: 0.0, lat: 0.0 }).unwrap();
    store.insert("/a", "text").unwrap();
    assert_eq!(store.get::<String>("/a").unwrap(), "text");
    assert_eq!(list(store.keys("/").unwrap()), ["a"]);
}

#[test]
fn insert_new_leaves_what_is_there() {
    let (_directory, store) = store();
    store.insert_new("/a", 1i64).unwrap();
    assert_kind(store.insert_new("/a", 2i64), ErrorKind::AlreadyExists);
    store.create_group("/g").unwrap();
    assert_kind(store.insert_new("/g", 2i64), ErrorKind::AlreadyExists);
    assert_eq!(store.get::<i64>("/a").unwrap(), 1);
}

#[test]
fn a_value_is_never_above_another_and_never_replaces_a_group() {
    let (_directory, store) = store();
    let mut table = Table::new();
    table.push("id", [1i64]).unwrap();
    store.insert("/value", 1i64).unwrap();
    store.insert("/table", &table).unwrap();
    store.create_group("/group").unwrap();
    for below in ["/value/x", "/value/x/y", "/table/new", "/table/id", "/table/id/x"] {
        assert_kind(store.insert(below, 2i64), ErrorKind::Conflict);
        assert_kind(store.insert_new(below, 2i64), ErrorKind::Conflict);
        assert_kind(store.create_group(below), ErrorKind::Conflict);
        assert_kind(store.rename("/group", below), ErrorKind::Conflict);
    }
    for (group, value) in [("/group", 1i64), ("/", 1)] {
        assert_kind(store.insert(group, value), ErrorKind::Conflict);
    }
    assert_kind(store.create_group("/value"), ErrorKind::Conflict);
    assert_kind(store.create_group("/table"), ErrorKind::Conflict);
    store.create_group("/").unwrap();
    store.create_group("/group").unwrap();
    assert_eq!(list(store.walk("/").unwrap()), ["/group", "/table", "/value"]);
    assert_eq!(store.get::<Table>("/table").unwrap(), table);
}

#[test]
fn columns_are_read_by_key_and_otherwise_belong_to_their_table() {
    let (_directory, store) = store();
    let mut table = Table::new();
    table.push("b", [1.5, 2.5]).unwrap();
    table.push("a", ["x", "y"]).unwrap();
    store.insert("/t", &table).unwrap();
    assert_eq!(store.get::<Vec<f64>>("/t/b").unwrap(), [1.5, 2.5]);
    assert!(store.contains_key("/t/a").unwrap());
    assert_eq!(store.node("/t").unwrap().columns, ["b", "a"]);
    assert_kind(store.remove("/t/a"), ErrorKind::Conflict);
    assert_kind(store.rename("/t/a", "/free"), ErrorKind::Conflict);
    assert_kind(store.take::<Vec<f64>>("/t/b"), ErrorKind::Conflict);
    assert_kind(store.keys("/t"), ErrorKind::Conflict);
    assert_kind(store.clear("/t"), ErrorKind::Conflict);
    assert_eq!((store.len("/").unwrap(), list(store.walk("/").unwrap())), (1, vec!["/t".to_owned()]));
    let names = |key| store.node(key).unwrap().layout.unwrap().dimension_names;
    assert_eq!((names("/t/a"), names("/t/b")), (vec![Some("t:row".into())], vec![Some("t:row".into())]));
}

#[test]
fn remove_takes_a_value_or_a_whole_group_away() {
    let (_directory, store) = store();
    store.extend([("/g/a", 1i64), ("/g/h/b", 2), ("/c", 3)]).unwrap();
    store.remove("/c").unwrap();
    assert_kind(store.remove("/c"), ErrorKind::NotFound);
    store.remove("/g").unwrap();
    assert!(!store.contains_key("/g/h/b").unwrap());
    assert!(store.is_empty("/").unwrap());
    assert_kind(store.remove("/"), ErrorKind::Conflict);
    store.insert("/g/a", 4i64).unwrap();
    assert_eq!(store.get::<i64>("/g/a").unwrap(), 4);
}

#[test]
fn take_removes_and_gives_but_only_what_has_the_type() {
    let (_directory, store) = store();
    store.insert("/a", [1.0, 2.0]).unwrap();
    assert_kind(store.take::<f64>("/a"), ErrorKind::WrongShape);
    assert_kind(store.take::<Vec<i64>>("/a"), ErrorKind::WrongType);
    assert_eq!(store.take::<Vec<f64>>("/a").unwrap(), [1.0, 2.0]);
    assert_kind(store.take::<Vec<f64>>("/a"), ErrorKind::NotFound);
}

#[test]
fn of_many_threads_that_take_one_value_one_gets_it() {
    let (_directory, store) = store();
    for round in 0..20i64 {
        store.insert("/job", round).unwrap();
        let taken = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| store.take::<i64>("/job"))).collect();
            threads.into_iter().filter_map(|thread| thread.join().unwrap().ok()).collect::<Vec<_>>()
        });
        assert_eq!(taken, [round]);
    }
}

#[test]
fn get_or_and_or_insert_with_stand_in_for_what_is_missing_alone() {
    let (_directory, store) = store();
    assert_eq!(store.get_or("/a", 5i64).unwrap(), 5);
    assert!(!store.contains_key("/a").unwrap());
    assert_eq!(store.or_insert_with("/a", || 6i64).unwrap(), 6);
    assert_eq!(store.or_insert_with("/a", || -> i64 { panic!("it is there") }).unwrap(), 6);
    assert_eq!(store.get_or("/a", 7i64).unwrap(), 6);
    assert_kind(store.get_or("/a", 1.5), ErrorKind::WrongType);
    assert_kind(store.or_insert_with("/a", || 1.5), ErrorKind::WrongType);
    assert_kind(store.get_or("/__a", 1.5), ErrorKind::InvalidKey);
}

#[test]
fn all_threads_that_insert_at_once_get_the_value_of_the_first() {
    let (_directory, store) = store();
    let found: Vec<i64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|n| {
                scope.spawn({
                    let store = &store;
                    move || store.or_insert_with("/g/a", || n).unwrap()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let winner: i64 = store.get("/g/a").unwrap();
    assert_eq!(found, [winner; 8]);
}

#[test]
fn names_are_listed_sorted_by_bytes() {
    let (_directory, store) = store();
    let names = ["b", "a", "B", "10", "9", "a.b", "a b", "ä", "a-b", "ab"];
    for name in names {
        store.insert(&format!("/g/{name}"), 1i64).unwrap();
    }
    store.insert("/g/a b/x", 1i64).unwrap_err();
    store.insert("/g/sub/x", 1i64).unwrap();
    let mut sorted = [&names[..], &["sub"]].concat();
    sorted.sort_unstable_by_key(|name| name.as_bytes());
    assert_eq!(list(store.keys("/g").unwrap()), sorted);
    assert_eq!(store.keys("/g").unwrap().next_back().unwrap(), "ä");
    assert_eq!((store.len("/g").unwrap(), store.keys("/g").unwrap().len()), (11, 11));
    assert_kind(store.keys("/g/a"), ErrorKind::Conflict);
    assert_kind(store.keys("/none"), ErrorKind::NotFound);
    assert_kind(store.len("/none"), ErrorKind::NotFound);
}

#[test]
fn iter_and_values_give_what_stands_on_one_level() {
    let (directory, store) = store();
    store.insert("/g/a", 1i64).unwrap();
    store.insert("/g/h/x", 2i64).unwrap();
    store.insert("/g/raw", Bytes([1u8])).unwrap();
    let entries: Vec<(String, Value)> = store.iter("/g").unwrap().map(Result::unwrap).collect();
    let one = Value::Array(AnyArray::from(ndarray::arr0(1i64).into_dyn()));
    let expected = [("a", one), ("h", Value::Group), ("raw", Value::Bytes(vec![1]))];
    assert_eq!(entries, expected.clone().map(|(name, value)| (name.to_owned(), value)));
    let values: Vec<Value> = store.values("/g").unwrap().map(Result::unwrap).collect();
    assert_eq!(values, expected.map(|(_, value)| value));
    let copy = DataStore::at(directory.path().join("copy")).unwrap();
    let plain = entries.into_iter().filter(|(_, value)| *value != Value::Group);
    copy.extend(plain).unwrap();
    assert_eq!(list(copy.keys("/").unwrap()), ["a", "raw"]);
}

#[test]
fn walk_gives_groups_before_what_is_in_them() {
    let (_directory, store) = store();
    store.extend([("/b/x", 1i64), ("/b-c", 2), ("/a/z/y", 3)]).unwrap();
    assert_eq!(list(store.walk("/").unwrap()), ["/a", "/a/z", "/a/z/y", "/b", "/b/x", "/b-c"]);
    assert_eq!(list(store.walk("/a").unwrap()), ["/a/z", "/a/z/y"]);
    assert_kind(store.walk("/b-c"), ErrorKind::Conflict);
}

#[test]
fn glob_matches_within_and_across_components() {
    let (_directory, store) = store();
    store
        .extend([("/0/Sadigh", 1i64), ("/0/Toro", 2), ("/1/Sadigh", 3), ("/1/x/Sadigh", 4), ("/[a]", 5)])
        .unwrap();
    for (pattern, keys) in [
        ("/*", &["/0", "/1", "/[a]"][..]),
        ("*/Sadigh", &["/0/Sadigh", "/1/Sadigh"]),
        ("/**/Sadigh", &["/0/Sadigh", "/1/Sadigh", "/1/x/Sadigh"]),
        ("/0/{Toro,Sadigh}", &["/0/Sadigh", "/0/Toro"]),
        ("/[01]/S?digh", &["/0/Sadigh", "/1/Sadigh"]),
        ("/[a]", &["/[a]"]),
        ("/0", &["/0"]),
        ("/2*", &[]),
    ] {
        assert_eq!(list(store.glob(pattern).unwrap()), keys, "{pattern}");
    }
}

#[test]
fn a_pattern_below_a_group_or_value_that_is_not_there_matches_nothing() {
    let (_directory, store) = store();
    store.insert("/value", 1i64).unwrap();
    for pattern in ["/none/*", "/value/*", "/none", "/none/**/x"] {
        assert_eq!(list(store.glob(pattern).unwrap()), Vec::<String>::new(), "{pattern}");
    }
}

#[test]
fn clear_empties_a_group_and_keeps_it_with_its_attributes() {
    let (_directory, store) = store();
    store.extend([("/g/a", 1i64), ("/g/h/b", 2), ("/c", 3)]).unwrap();
    store.attributes("/g").unwrap().insert("note", "stays").unwrap();
    store.clear("/g").unwrap();
    assert!(store.is_empty("/g").unwrap());
    assert_eq!(store.attributes("/g").unwrap().get::<String>("note").unwrap(), "stays");
    store.clear("/").unwrap();
    assert_eq!(store.len("/").unwrap(), 0);
    assert_kind(store.clear("/g"), ErrorKind::NotFound);
}

#[test]
fn rename_moves_values_and_groups_with_their_dimension_names() {
    let (_directory, store) = store();
    let mut table = Table::new();
    table.push("PGA", array![[1.0, 2.0]]).unwrap();
    store.insert("/g/a", [1i64, 2]).unwrap();
    store.insert("/g/h/t", &table).unwrap();
    store.rename("/g", "/new/place").unwrap();
    assert!(!store.contains_key("/g").unwrap());
    assert_eq!(store.get::<Vec<i64>>("/new/place/a").unwrap(), [1, 2]);
    assert_eq!(store.get::<Table>("/new/place/h/t").unwrap(), table);
    let names = |key: &str| -> Vec<String> {
        store.node(key).unwrap().layout.unwrap().dimension_names.into_iter().map(Option::unwrap).collect()
    };
    assert_eq!(names("/new/place/a"), ["new:place:a:0"]);
    assert_eq!(names("/new/place/h/t/PGA"), ["new:place:h:t:row", "new:place:h:t:PGA:1"]);
    store.insert("/other", 1i64).unwrap();
    assert_kind(store.rename("/other", "/new/place/a"), ErrorKind::AlreadyExists);
    assert_kind(store.rename("/other", "/new"), ErrorKind::AlreadyExists);
    assert_kind(store.rename("/new", "/new/place/x"), ErrorKind::Conflict);
    assert_kind(store.rename("/", "/x"), ErrorKind::Conflict);
    assert_kind(store.rename("/none", "/x"), ErrorKind::NotFound);
    assert_eq!(store.check("/", |_| calcstore::Continue::Yes).unwrap().faults, []);
}

#[test]
fn a_misspelt_key_is_answered_with_the_nearest_one() {
    let (_directory, store) = store();
    store.extend([("/0/SadighEtAl1997", 1i64), ("/0/ToroEtAl2002", 2)]).unwrap();
    let text = assert_kind(store.get::<i64>("/0/SadighEtAl1979"), ErrorKind::NotFound);
    assert_eq!(text, "/0/SadighEtAl1979: not found; did you mean /0/SadighEtAl1997?");
    assert_eq!(assert_kind(store.remove("/0/xyz"), ErrorKind::NotFound), "/0/xyz: not found");
}

#[test]
fn attributes_are_set_read_replaced_and_removed_on_every_node() {
    let (_directory, store) = store();
    store.insert("/a", 1i64).unwrap();
    store.create_group("/g").unwrap();
    for key in ["/a", "/g", "/"] {
        let attributes = store.attributes(key).unwrap();
        let before = attributes.names().unwrap();
        attributes.insert("units", "g").unwrap();
        attributes.insert("units", [1.5f32, 2.5]).unwrap();
        assert_eq!(attributes.get::<Vec<f32>>("units").unwrap(), [1.5, 2.5]);
        attributes.insert_json("units", serde_json::json!({"a": 1})).unwrap();
        assert_kind(attributes.get::<Vec<f32>>("units"), ErrorKind::WrongType);
        assert!(attributes.contains_key("units").unwrap());
        attributes.remove("units").unwrap();
        assert_kind(attributes.remove("units"), ErrorKind::NotFound);
        assert_kind(attributes.get::<f64>("units"), ErrorKind::NotFound);
        for name in ["calcstore", "", "tab\t", &"x".repeat(1025)] {
            assert_kind(attributes.insert(name, 1i64), ErrorKind::InvalidInput);
        }
        assert_eq!(attributes.names().unwrap(), before);
    }
    assert_kind(store.attributes("/none"), ErrorKind::NotFound);
    assert_eq!(store.attributes("/").unwrap().names().unwrap(), ["calcstore_version", "date"]);
}

#[test]
fn a_value_that_is_replaced_starts_without_attributes() {
    let (_directory, store) = store();
    store.insert("/a", 1i64).unwrap();
    store.attributes("/a").unwrap().insert("units", "g").unwrap();
    store.insert("/a", 2i64).unwrap();
    assert!(store.attributes("/a").unwrap().names().unwrap().is_empty());
}

#[test]
fn the_status_lasts() {
    let (directory, store) = store();
    assert_eq!(store.status().unwrap(), Status::Created);
    store.set_status(Status::Complete).unwrap();
    let again = DataStore::at(directory.path().join("store")).unwrap();
    assert_eq!(again.status().unwrap(), Status::Complete);
    again.set_status(Status::Failed).unwrap();
    assert_eq!(store.status().unwrap(), Status::Failed);
    assert!(store.attributes("/").unwrap().contains_key("date").unwrap());
}

#[test]
fn a_clone_and_another_handle_see_the_same_store() {
    let (directory, store) = store();
    let clone = store.clone();
    clone.insert("/a", 1i64).unwrap();
    drop(clone);
    let reader = DataStore::options().read_only(true).at(directory.path().join("store")).unwrap();
    store.insert("/a", 2i64).unwrap();
    assert_eq!(reader.get::<i64>("/a").unwrap(), 2);
    assert!(reader.is_read_only() && !store.is_read_only());
    for refused in [
        reader.insert("/b", 1i64),
        reader.create_group("/b"),
        reader.remove("/a"),
        reader.rename("/a", "/b"),
        reader.clear("/"),
        reader.set_status(Status::Failed),
        reader.attributes("/a").unwrap().insert("x", 1i64),
        reader.take::<i64>("/a").map(drop),
        reader.flush(),
    ] {
        assert_kind(refused, ErrorKind::ReadOnly);
    }
    assert_eq!(store.get::<i64>("/a").unwrap(), 2);
    reader.close().unwrap();
}
