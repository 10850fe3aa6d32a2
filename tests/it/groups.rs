//! Groups as a whole: drafts, moves and copies.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use calcstore::{Bytes, Continue, Copied, DataStore, Durability, Error, ErrorKind, Table};
use ndarray::{Array2, array};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::manifest::Manifest;
use crate::oracle::{Program, agree};

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

fn walk(store: &DataStore) -> Vec<String> {
    store.walk("/").unwrap().collect()
}

/// What is staged now, apart from the file that locks the stage.
fn staged(store: &DataStore) -> Vec<String> {
    let stage = fs::read_dir(store.calc_dir().join(".calcstore/stage")).unwrap().next().unwrap().unwrap();
    let names = fs::read_dir(stage.path()).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.into_string().unwrap()).filter(|name| name != "owner").collect()
}

fn faults(store: &DataStore) -> Vec<calcstore::Finding> {
    store.check("/", |_| Continue::Yes).unwrap().faults
}

fn names(store: &DataStore, key: &str) -> Vec<String> {
    store.node(key).unwrap().layout.unwrap().dimension_names.into_iter().map(Option::unwrap).collect()
}

fn table() -> Table {
    let mut table = Table::new();
    table.push("PGA", array![[0.9, 0.1], [0.8, 0.2]]).unwrap();
    table.push("id", [7i64, 8]).unwrap();
    table
}

/// Gives an array names as another program would.
fn give_names(store: &DataStore, key: &str, names: &Json) {
    let path = store.calc_dir().join(format!("output.zarr{key}/zarr.json"));
    let mut document: Json = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    document["dimension_names"] = names.clone();
    fs::write(path, document.to_string()).unwrap();
}

#[test]
fn nothing_of_a_draft_is_seen_before_its_commit_and_all_of_it_after() {
    let (_directory, store) = store();
    let draft = store.draft("/new/0").unwrap();
    assert_eq!(draft.key(), "/new/0");
    draft.insert("Sadigh", [0.5, 0.1]).unwrap();
    draft.insert("deep/er/table", table()).unwrap();
    draft.insert_object("job", &json!({"sites": 3})).unwrap();
    draft.insert("input", Bytes(b"[general]")).unwrap();
    draft.extend([("a", 1.0), ("b", 2.0)]).unwrap();
    draft.create_group("empty").unwrap();
    draft.attributes("Sadigh").unwrap().insert("units", "g").unwrap();
    draft.attributes("").unwrap().insert("branch", 0i64).unwrap();
    assert_eq!(walk(&store), [""; 0]);
    draft.commit().unwrap();
    let keys = ["Sadigh", "a", "b", "deep", "deep/er", "deep/er/table", "empty", "input", "job"];
    let keys = keys.iter().map(|key| format!("/new/0/{key}"));
    assert_eq!(
        walk(&store),
        ["/new".to_owned(), "/new/0".to_owned()].into_iter().chain(keys).collect::<Vec<_>>()
    );
    assert_eq!(store.get::<Vec<f64>>("/new/0/Sadigh").unwrap(), [0.5, 0.1]);
    assert_eq!(store.get::<Table>("/new/0/deep/er/table").unwrap(), table());
    assert_eq!(store.object::<Json>("/new/0/job").unwrap(), json!({"sites": 3}));
    assert_eq!(store.attributes("/new/0/Sadigh").unwrap().get::<String>("units").unwrap(), "g");
    assert_eq!(store.attributes("/new/0").unwrap().get::<i64>("branch").unwrap(), 0);
    assert_eq!(names(&store, "/new/0/Sadigh"), ["new:0:Sadigh:0"]);
    assert_eq!(
        names(&store, "/new/0/deep/er/table/PGA"),
        ["new:0:deep:er:table:row", "new:0:deep:er:table:PGA:1"]
    );
    assert_eq!((faults(&store), staged(&store)), (vec![], vec![]));
}

#[test]
fn a_draft_that_is_dropped_leaves_nothing() {
    let (_directory, store) = store();
    let draft = store.draft("/g").unwrap();
    draft.insert("a/b", [1.0; 1000]).unwrap();
    assert_eq!(staged(&store).len(), 1);
    drop(draft);
    assert_eq!((walk(&store), staged(&store)), (vec![], vec![]));
}

#[test]
fn eight_threads_fill_one_draft() {
    for durability in [Durability::Process, Durability::Power] {
        let directory = tempfile::tempdir().unwrap();
        let store = DataStore::options().durability(durability).at(directory.path()).unwrap();
        let draft = store.draft("/g").unwrap();
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let draft = &draft;
                scope.spawn(move || {
                    for n in 0..40 {
                        draft.insert(&format!("{}/{thread}_{n}", n % 5), [thread, n]).unwrap();
                        draft.insert("same", [thread; 10]).unwrap();
                    }
                });
            }
        });
        draft.commit().unwrap();
        for thread in 0..8 {
            for n in 0..40 {
                assert_eq!(
                    store.get::<Vec<i32>>(&format!("/g/{}/{thread}_{n}", n % 5)).unwrap(),
                    [thread, n]
                );
            }
        }
        let same: Vec<i32> = store.get("/g/same").unwrap();
        assert!(same.len() == 10 && same.iter().all(|thread| *thread == same[0]));
        assert_eq!((store.len("/g").unwrap(), faults(&store), staged(&store)), (6, vec![], vec![]));
    }
}

#[test]
fn the_rules_of_the_dictionary_hold_in_a_draft() {
    let (_directory, store) = store();
    let draft = store.draft("/g").unwrap();
    draft.insert("a", 1.0).unwrap();
    draft.insert("a", 2.0).unwrap();
    let text = assert_kind(draft.insert_new("a", 3.0), ErrorKind::AlreadyExists);
    assert_eq!(text, "/g/a: there is a value or a group here already");
    let text = assert_kind(draft.insert("a/b", 3.0), ErrorKind::Conflict);
    assert_eq!(text, "/g/a: holds a value; nothing can be stored below a value");
    draft.insert("h/b", 1.0).unwrap();
    let text = assert_kind(draft.insert("h", 3.0), ErrorKind::Conflict);
    assert_eq!(text, "/g/h: holds a group, which a value never replaces; remove the group first");
    assert_kind(draft.create_group("a"), ErrorKind::Conflict);
    assert_kind(draft.insert("", 3.0), ErrorKind::Conflict);
    assert_kind(draft.insert("nul", 3.0), ErrorKind::InvalidKey);
    assert_kind(draft.insert("x/../../y", 3.0), ErrorKind::InvalidKey);
    assert_kind(draft.insert(&"a/".repeat(64), 3.0), ErrorKind::InvalidKey);
    assert_kind(draft.attributes("none"), ErrorKind::NotFound);
    let text = assert_kind(draft.insert("/g/a", 3.0), ErrorKind::InvalidKey);
    assert_eq!(text, "/g/a: in a draft keys are relative to /g; leave out the leading `/`");
    draft.commit().unwrap();
    assert_eq!(store.get::<f64>("/g/a").unwrap(), 2.0);
    assert_eq!((walk(&store).len(), staged(&store)), (4, vec![]));
    assert_kind(store.draft("/"), ErrorKind::Conflict);
    assert_kind(store.draft("/com1"), ErrorKind::InvalidKey);
    let reader = DataStore::options().read_only(true).at(store.calc_dir()).unwrap();
    assert_kind(reader.draft("/x"), ErrorKind::ReadOnly);
    assert_kind(reader.copy("/g", "/x"), ErrorKind::ReadOnly);
}

#[test]
fn a_draft_replaces_a_group_or_a_value_only_when_asked() {
    let (_directory, store) = store();
    store.insert("/g/old", 1.0).unwrap();
    store.insert("/v", 1.0).unwrap();
    for key in ["/g", "/v"] {
        let draft = store.draft(key).unwrap();
        let text = assert_kind(draft.insert("new", 2.0), ErrorKind::AlreadyExists);
        assert_eq!(
            text,
            format!("{key}: there is a value or a group here already, and it was not asked to replace it")
        );
        assert_kind(draft.commit(), ErrorKind::AlreadyExists);
    }
    // It may also come to be there while the draft is being filled.
    let draft = store.draft("/late").unwrap();
    draft.insert("new", 2.0).unwrap();
    store.insert("/late", 1.0).unwrap();
    assert_kind(draft.commit(), ErrorKind::AlreadyExists);
    assert_kind(store.draft("/v/below").unwrap().commit(), ErrorKind::Conflict);
    assert_eq!((walk(&store).len(), staged(&store)), (4, vec![]));
    for key in ["/g", "/v"] {
        let draft = store.draft(key).unwrap().replace(true);
        draft.insert("new", 2.0).unwrap();
        assert_eq!(walk(&store).iter().filter(|key| key.ends_with("new")).count(), usize::from(key == "/v"));
        draft.commit().unwrap();
    }
    assert_eq!(walk(&store), ["/g", "/g/new", "/late", "/v", "/v/new"]);
    let trash = store.calc_dir().join(".calcstore/trash");
    let wrappers = fs::read_dir(trash).unwrap().map(|entry| entry.unwrap().path());
    assert_eq!(
        wrappers.filter(|wrapper| wrapper.join("g/old/c").is_file()).count(),
        1,
        "the old group is kept"
    );
    // A handle that has known the old group writes into the new one.
    store.insert("/g/more", 3.0).unwrap();
    assert_eq!((store.len("/g").unwrap(), faults(&store)), (2, vec![]));
}

#[test]
fn whoever_reads_in_a_group_that_is_replaced_sees_the_old_or_the_new_one() {
    let (_directory, store) = store();
    let fill = |n: i64| {
        let draft = store.draft("/g").unwrap().replace(true);
        draft.insert("value", vec![n; 1000]).unwrap();
        draft.insert(&format!("only_in_{}", n % 2), n).unwrap();
        draft.commit().unwrap();
    };
    fill(0);
    let stop = AtomicBool::new(false);
    let reads = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let reading = DataStore::options().read_only(true).at(store.calc_dir()).unwrap();
            let (mut reads, mut last) = (0, 0);
            while !stop.load(Relaxed) {
                let found: Vec<i64> = reading.get("/g/value").unwrap();
                assert!(found.len() == 1000 && found.iter().all(|n| *n == found[0]) && found[0] >= last);
                last = found[0];
                let names: Vec<String> = reading.keys("/g").unwrap().collect();
                assert!(names.len() == 2 && names[0].starts_with("only_in_"), "{names:?}");
                reads += 1;
            }
            reads
        });
        (1..300).for_each(&fill);
        stop.store(true, Relaxed);
        reader.join().unwrap()
    });
    assert!(reads > 20, "{reads} reads");
    assert_eq!(faults(&store), []);
}

#[test]
fn a_copy_keeps_everything_but_the_automatic_dimension_names() {
    let (_directory, store) = store();
    store.insert("/g/a", array![[1i64, 2]]).unwrap();
    store.insert("/g/h/t", table()).unwrap();
    store.insert("/g/text", ["a", "ü"]).unwrap();
    store.insert("/g/big", Array2::<f64>::from_elem((3, 400_000), 1.5)).unwrap();
    store.insert_object("/g/job", &json!({"sites": 3})).unwrap();
    store.attributes("/g/a").unwrap().insert("sigma", [0.5f32]).unwrap();
    store.attributes("/g").unwrap().insert("title", "größe").unwrap();
    give_names(&store, "/g/a", &json!(["site", "g:a:1"]));
    give_names(&store, "/g/text", &json!(null));
    let copied = store.copy_from(&store, "/g", "/new/copy").run().unwrap();
    assert_eq!((copied.nodes, copied.bytes > 3 * 400_000 * 8), (9, true));
    for key in ["/a", "/h/t", "/text", "/big", "/job"] {
        assert_eq!(
            store.value(&format!("/g{key}")).unwrap(),
            store.value(&format!("/new/copy{key}")).unwrap()
        );
    }
    assert_eq!(store.object::<Json>("/new/copy/job").unwrap(), json!({"sites": 3}));
    assert_eq!(store.attributes("/new/copy/a").unwrap().get::<Vec<f32>>("sigma").unwrap(), [0.5]);
    assert_eq!(store.attributes("/new/copy").unwrap().get::<String>("title").unwrap(), "größe");
    assert_eq!(names(&store, "/new/copy/a"), ["site", "new:copy:a:1"]);
    assert_eq!(names(&store, "/new/copy/text"), ["new:copy:text:0"]);
    assert_eq!(names(&store, "/new/copy/h/t/PGA"), ["new:copy:h:t:row", "new:copy:h:t:PGA:1"]);
    assert_eq!(names(&store, "/g/a"), ["site", "g:a:1"]);
    // A move is no different.
    store.rename("/g", "/moved").unwrap();
    assert_eq!(names(&store, "/moved/a"), ["site", "moved:a:1"]);
    assert_eq!(names(&store, "/moved/h/t/PGA"), ["moved:h:t:row", "moved:h:t:PGA:1"]);
    // One column becomes an array.
    store.copy("/moved/h/t/PGA", "/column").unwrap();
    assert_eq!(store.get::<Array2<f64>>("/column").unwrap(), array![[0.9, 0.1], [0.8, 0.2]]);
    assert_eq!(names(&store, "/column"), ["column:0", "column:1"]);
    assert_eq!((faults(&store), staged(&store)), (vec![], vec![]));
}

#[test]
fn a_whole_store_is_copied_into_a_group_of_another() {
    let (_one, last) = store();
    let (_other, store) = store();
    last.insert("/0/a", [1.0, 2.0]).unwrap();
    last.attributes("/").unwrap().insert("title", "last").unwrap();
    store.copy_from(&last, "/", "/before").run().unwrap();
    assert_eq!(walk(&store), ["/before", "/before/0", "/before/0/a"]);
    assert_eq!(store.attributes("/before").unwrap().get::<String>("title").unwrap(), "last");
    let document = fs::read_to_string(store.calc_dir().join("output.zarr/before/zarr.json")).unwrap();
    assert!(!document.contains("root"), "{document}");
    assert_kind(store.copy_from(&last, "/0", "/").run(), ErrorKind::Conflict);
    // The same keys in another store are no obstacle.
    store.copy_from(&last, "/0", "/0/below").run().unwrap();
    assert_eq!(store.get::<Vec<f64>>("/0/below/a").unwrap(), [1.0, 2.0]);
    assert_eq!(faults(&store), []);
}

#[test]
fn a_copy_never_lands_on_itself_nor_on_anything_unasked_nor_a_value_on_a_group() {
    let (_directory, store) = store();
    store.insert("/g/a", 1.0).unwrap();
    store.insert("/h/b", 2.0).unwrap();
    store.insert("/v", 3.0).unwrap();
    store.insert("/t", table()).unwrap();
    let before = walk(&store);
    let text = assert_kind(store.copy("/g", "/g/h"), ErrorKind::Conflict);
    assert_eq!(text, "/g: cannot be copied to /g/h, which is itself or below it");
    let beside = DataStore::options().read_only(true).at(store.calc_dir().join("output.zarr")).unwrap();
    assert_kind(store.copy_from(&beside, "/g", "/g").replace(true).run(), ErrorKind::Conflict);
    for (from, to) in [("/g", "/h"), ("/g", "/v"), ("/v", "/h"), ("/v", "/h/b")] {
        assert_kind(store.copy(from, to), ErrorKind::AlreadyExists);
    }
    let text = assert_kind(store.copy_from(&store, "/v", "/h").replace(true).run(), ErrorKind::Conflict);
    assert_eq!(text, "/h: holds a group, which a value never replaces; remove the group first");
    assert_kind(store.copy_from(&store, "/t", "/h").replace(true).run(), ErrorKind::Conflict);
    assert_kind(store.copy("/g", "/v/below"), ErrorKind::Conflict);
    assert_kind(store.copy("/v", "/t/column"), ErrorKind::Conflict);
    assert_kind(store.copy("/none", "/x"), ErrorKind::NotFound);
    assert_eq!(assert_kind(store.copy("/vv", "/x"), ErrorKind::NotFound), "/vv: not found; did you mean /v?");
    assert_kind(store.copy("/g", "/nul"), ErrorKind::InvalidKey);
    assert_kind(store.copy("/g", &"/x".repeat(64)), ErrorKind::InvalidKey);
    assert_eq!(staged(&store), Vec::<String>::new());
    assert_eq!(walk(&store).iter().filter(|key| !key.starts_with("/x")).cloned().collect::<Vec<_>>(), before);
    for (from, to) in [("/g", "/h"), ("/v", "/t"), ("/g", "/v")] {
        store.copy_from(&store, from, to).replace(true).run().unwrap();
    }
    assert_eq!((store.get::<f64>("/h/a").unwrap(), store.get::<f64>("/t").unwrap()), (1.0, 3.0));
    assert_eq!((store.get::<f64>("/v/a").unwrap(), store.contains_key("/h/b").unwrap()), (1.0, false));
    assert_eq!(faults(&store), []);
}

#[test]
fn a_copy_that_is_stopped_or_meets_damage_leaves_nothing() {
    let (_directory, store) = store();
    for n in 0..20 {
        store.insert(&format!("/g/{n}"), [n; 10]).unwrap();
    }
    let mut calls = 0;
    let stop = |copied: Copied| {
        calls += 1;
        assert!(copied.nodes <= 21 && copied.bytes <= 20 * 44);
        if calls < 10 { Continue::Yes } else { Continue::No }
    };
    assert_kind(store.copy_from(&store, "/g", "/copy").on_progress(stop).run(), ErrorKind::Cancelled);
    assert!(calls >= 10);
    let chunk = store.calc_dir().join("output.zarr/g/7/c.0");
    let whole = fs::read(&chunk).unwrap();
    let mut flipped = whole.clone();
    flipped[3] ^= 1;
    let longer = [whole.as_slice(), &[0]].concat();
    for (damaged, what) in [
        (Some(flipped), "checksum is wrong"),
        (Some(whole[..20].to_vec()), "20 bytes, where 44 belong"),
        (Some(longer), "45 bytes, where 44 belong"),
        (None, "a chunk is missing"),
    ] {
        fs::remove_file(&chunk).unwrap();
        if let Some(damaged) = damaged {
            fs::write(&chunk, damaged).unwrap();
        }
        let text = assert_kind(store.copy("/g", "/copy"), ErrorKind::Corrupt);
        assert!(text.starts_with("/g/7: ") && text.contains(what), "{text}");
        fs::write(&chunk, &whole).unwrap();
    }
    assert_eq!((store.contains_key("/copy").unwrap(), staged(&store)), (false, vec![]));
    store.copy("/g", "/copy").unwrap();
}

#[test]
fn a_copy_follows_no_links() {
    let (directory, store) = store();
    let outside = DataStore::at(directory.path().join("outside")).unwrap();
    outside.insert("/secret", [42i64; 3]).unwrap();
    let secret = outside.calc_dir().join("output.zarr/secret");
    store.insert("/g/a", [1i64; 3]).unwrap();
    symlink(&secret, store.calc_dir().join("output.zarr/g/link")).unwrap();
    store.copy("/g", "/copy").unwrap();
    assert_eq!(store.keys("/copy").unwrap().collect::<Vec<_>>(), ["a"]);
    assert!(store.copy("/g/link", "/x").is_err());
    let chunk = store.calc_dir().join("output.zarr/g/a/c.0");
    fs::remove_file(&chunk).unwrap();
    symlink(secret.join("c.0"), &chunk).unwrap();
    let text = assert_kind(store.copy("/g/a", "/x"), ErrorKind::Corrupt);
    assert!(text.contains("symbolic link"), "{text}");
    assert!(!store.contains_key("/x").unwrap());
}

#[test]
fn a_value_that_is_replaced_while_it_is_copied_is_copied_as_one_version() {
    let (_directory, store) = store();
    let version = |n: i64| vec![n; 1_100_000];
    store.insert("/g/value", version(0)).unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| (1..60).for_each(|n| store.insert("/g/value", version(n)).unwrap()));
        let mut copies = 0;
        while !writer.is_finished() {
            store.copy_from(&store, "/g", "/copy").replace(true).run().unwrap();
            let found: Vec<i64> = store.get("/copy/value").unwrap();
            assert!(found.len() == 1_100_000 && found.iter().all(|n| *n == found[0]));
            copies += 1;
        }
        assert!(copies > 2, "{copies} copies");
    });
    assert_eq!(staged(&store), Vec::<String>::new());
}

/// A store of which everything came to be by a draft, a move or a copy, and what it must hold.
fn moved_about(directory: &Path) -> (DataStore, Manifest) {
    let store = DataStore::at(directory.join("store")).unwrap();
    let (long, short) = (array![1.0, 2.0, 3.0], array![[1i64, 2]]);
    let draft = store.draft("/draft/0").unwrap();
    draft.insert("long", &long).unwrap();
    draft.insert("deep/short", &short).unwrap();
    draft.commit().unwrap();
    store.copy("/draft", "/copy").unwrap();
    store.copy("/draft/0", "/gone").unwrap();
    store.rename("/gone", "/copy/0/moved").unwrap();
    // The keys that were moved away are free: their dimension names with another length too.
    store.insert("/gone/long", &short).unwrap();
    store.copy("/gone/long", "/gone/deep/long").unwrap();
    let mut manifest = Manifest::default();
    for group in ["/draft/0", "/copy/0", "/copy/0/moved"] {
        manifest.dataset(&format!("{group}/long"), &long);
        manifest.dataset(&format!("{group}/deep/short"), &short);
    }
    manifest.dataset("/gone/long", &short);
    manifest.dataset("/gone/deep/long", &short);
    (store, manifest)
}

#[test]
fn drafts_moves_and_copies_are_plain_zarr_to_other_programs() {
    let directory = tempfile::tempdir().unwrap();
    let (store, manifest) = moved_about(directory.path());
    assert_eq!(faults(&store), []);
    let manifest = manifest.write(directory.path(), "manifest.json");
    let programs = ["zarr_python.py", "tensorstore_read.py", "xarray_tree.py"].map(Program::Python);
    agree(&programs, &store.calc_dir().join("output.zarr"), &manifest);
}

#[test]
fn what_changes_while_it_is_moved_to_another_store_is_not_removed() {
    let (_directory, source) = store();
    let (_other, target) = store();
    source.insert("/rows", [1.0, 2.0]).unwrap();
    source.insert("/g/h/a", 1).unwrap();
    source.insert("/t", table()).unwrap();
    let moved = |key: &str, nodes: u64, change: &(dyn Fn() + Sync)| {
        let once = std::sync::Once::new();
        let copy = target.copy_from(&source, key, key).replace(true).remove_source(true);
        let copy = copy.on_progress(|copied| {
            if copied.nodes == nodes {
                once.call_once(change);
            }
            calcstore::Continue::Yes
        });
        copy.run()
    };
    let append = || assert_eq!(source.dataset("/rows").unwrap().append(ndarray::arr1(&[3.0])).unwrap(), 3);
    let error = moved("/rows", 1, &append).unwrap_err();
    assert_eq!((error.kind(), error.key()), (ErrorKind::Changed, Some("/rows")), "{error}");
    assert_eq!(source.get::<Vec<f64>>("/rows").unwrap(), [1.0, 2.0, 3.0]);
    let error = moved("/g", 1, &|| source.insert("/g/new", 2).unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed);
    let error = moved("/g/h", 2, &|| source.insert("/g/h/a", 3).unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed);
    assert_eq!((source.get::<i32>("/g/new").unwrap(), source.get::<i32>("/g/h/a").unwrap()), (2, 3));
    // The attributes of a column change without the table.
    let units = || source.attributes("/t/PGA").unwrap().insert("units", "g").unwrap();
    let error = moved("/t", 3, &units).unwrap_err();
    assert_eq!((error.kind(), error.key()), (ErrorKind::Changed, Some("/t")), "{error}");
    for key in ["/rows", "/g", "/t"] {
        moved(key, 1, &|| ()).unwrap();
        assert!(!source.contains_key(key).unwrap() && target.contains_key(key).unwrap(), "{key}");
    }
    assert_eq!(target.get::<Vec<f64>>("/rows").unwrap(), [1.0, 2.0, 3.0]);
    assert_eq!((target.get::<i32>("/g/new").unwrap(), target.get::<i32>("/g/h/a").unwrap()), (2, 3));
    assert_eq!(target.attributes("/t/PGA").unwrap().get::<String>("units").unwrap(), "g");
}
