//! Stores whose reads fall through to a parent.

use std::fs;

use calcstore::{DataStore, Error, ErrorKind, Options, Table, Value};
use tempfile::TempDir;

/// Calculation 1 with values, and calculation 2, whose parent it is.
fn family() -> (TempDir, Options, DataStore, DataStore) {
    let directory = tempfile::tempdir().unwrap();
    let options = DataStore::options().data_dir(directory.path());
    let parent = options.create().unwrap();
    parent.insert("/g/curves", [1.0, 2.0]).unwrap();
    parent.insert("/both", "of the parent").unwrap();
    parent.insert_object("/job", &("demo", 3u8)).unwrap();
    parent.attributes("/g/curves").unwrap().insert("units", "g").unwrap();
    let child = options.clone().parent(1).create().unwrap();
    child.insert("/both", "of the child").unwrap();
    child.insert("/own", 1.5).unwrap();
    (directory, options, parent, child)
}

fn open_again(store: &DataStore) -> DataStore {
    DataStore::options().read_only(true).at(store.calc_dir()).unwrap()
}

#[track_caller]
fn says<T>(directory: &TempDir, result: Result<T, Error>, kind: ErrorKind, text: &str) {
    let Err(error) = result else { panic!("succeeded, where {kind:?} was expected") };
    assert_eq!(error.kind(), kind, "{error}");
    assert_eq!(error.to_string().replace(directory.path().to_str().unwrap(), "…"), text);
}

#[test]
fn every_read_falls_through_to_the_parent() {
    let (_directory, _, parent, child) = family();
    for child in [&child, &open_again(&child)] {
        assert_eq!(child.get::<Vec<f64>>("/g/curves").unwrap(), [1.0, 2.0]);
        assert_eq!(child.get_or("/g/curves", vec![0.0]).unwrap(), [1.0, 2.0]);
        assert_eq!(child.get_or("/nowhere", 7.0).unwrap(), 7.0);
        assert_eq!(child.object::<(String, u8)>("/job").unwrap(), ("demo".to_owned(), 3));
        assert!(matches!(child.value("/g").unwrap(), Value::Group));
        assert!(child.contains_key("/g").unwrap() && !child.contains_key("/nowhere").unwrap());
        assert_eq!(child.node("/g/curves").unwrap(), parent.node("/g/curves").unwrap());
        assert_eq!(child.attributes("/g/curves").unwrap().get::<String>("units").unwrap(), "g");
        assert_eq!(child.get::<String>("/both").unwrap(), "of the child");
        let found = child.parent().unwrap().unwrap();
        assert_eq!((found.calc_id(), found.calc_dir()), (Some(1), parent.calc_dir()));
        assert!(found.is_read_only());
    }
    assert_eq!(child.or_insert_with("/g/curves", || vec![0.0]).unwrap(), [1.0, 2.0]);
    assert_eq!(child.len("/").unwrap(), 2);
    assert!(parent.parent().unwrap().is_none());
}

#[test]
fn what_lists_and_writes_is_about_the_store_alone() {
    let (directory, _, parent, child) = family();
    assert_eq!(child.keys("/").unwrap().collect::<Vec<_>>(), ["both", "own"]);
    assert_eq!(child.walk("/").unwrap().collect::<Vec<_>>(), ["/both", "/own"]);
    for pattern in ["/*", "/both", "/g/curves", "**"] {
        assert!(child.glob(pattern).unwrap().all(|key| key == "/both" || key == "/own"), "{pattern}");
    }
    assert_eq!(child.check("/", |_| calcstore::Continue::Yes).unwrap().checked, 3);
    says(&directory, child.keys("/g"), ErrorKind::NotFound, "/g: not found");
    says(&directory, child.remove("/job"), ErrorKind::NotFound, "/job: not found");
    says(&directory, child.take::<Vec<f64>>("/g/curves"), ErrorKind::NotFound, "/g/curves: not found");
    child.insert("/g/curves", [3.0]).unwrap();
    child.remove("/g/curves").unwrap();
    assert_eq!(child.get::<Vec<f64>>("/g/curves").unwrap(), [1.0, 2.0]);
    assert_eq!(parent.walk("/").unwrap().collect::<Vec<_>>(), ["/both", "/g", "/g/curves", "/job"]);
}

#[test]
fn attributes_of_the_parent_are_not_changed() {
    let (directory, _, parent, child) = family();
    let attributes = child.attributes("/g/curves").unwrap();
    let text = "/g/curves: only the parent has this, and a parent is never changed; insert the value here first \
                (…/calc_1)";
    says(&directory, attributes.insert("units", "m"), ErrorKind::ReadOnly, text);
    says(&directory, attributes.remove("units"), ErrorKind::ReadOnly, text);
    assert_eq!(parent.attributes("/g/curves").unwrap().get::<String>("units").unwrap(), "g");
    // The calculation's own are the child's.
    child.attributes("/").unwrap().insert("kind", "risk").unwrap();
    assert!(!parent.attributes("/").unwrap().contains_key("kind").unwrap());
}

#[test]
fn a_value_hides_what_the_parent_has_below_its_key() {
    let (_directory, _, parent, child) = family();
    let table = |columns: &[&str]| {
        let mut table = Table::new();
        for column in columns {
            table.push(column, [1.0]).unwrap();
        }
        table
    };
    parent.insert("/t", table(&["PGA", "PGV"])).unwrap();
    child.insert("/t", table(&["PGA"])).unwrap();
    assert_eq!(child.get::<Vec<f64>>("/t/PGV").unwrap_err().kind(), ErrorKind::NotFound);
    child.insert("/g", 1.0).unwrap();
    assert!(!child.contains_key("/g/curves").unwrap());
    child.remove("/g").unwrap();
    child.create_group("/g").unwrap();
    assert!(child.contains_key("/g/curves").unwrap());
}

#[test]
fn damage_does_not_fall_through() {
    let (directory, _, parent, child) = family();
    parent.insert("/own", 2.5).unwrap();
    fs::write(child.calc_dir().join("output.zarr/own/c"), [0; 12]).unwrap();
    let text = "/own: a chunk is damaged: its checksum is wrong (…/calc_2/output.zarr/own/c)";
    says(&directory, child.get_or("/own", 0.0), ErrorKind::Corrupt, text);
    fs::write(parent.calc_dir().join("output.zarr/g/curves/c.0"), [0; 20]).unwrap();
    let text = "/g/curves: a chunk is damaged: its checksum is wrong (…/calc_1/output.zarr/g/curves/c.0)";
    says(&directory, child.get::<Vec<f64>>("/g/curves"), ErrorKind::Corrupt, text);
}

#[test]
fn a_key_that_nobody_has_is_said_to_be_in_no_parent() {
    let (directory, options, _, child) = family();
    let says = |result, text| says(&directory, result, ErrorKind::NotFound, text);
    says(child.get::<f64>("/g/curve"), "/g/curve: not found, nor in its parents; did you mean /g/curves?");
    says(child.get::<f64>("/zzz"), "/zzz: not found, nor in its parents");
    says(child.node("/owm").map(|_| 0.0), "/owm: not found, nor in its parents; did you mean /own?");
    says(child.attributes("/jobs").map(|_| 0.0), "/jobs: not found, nor in its parents; did you mean /job?");
    says(options.open(1).unwrap().get::<f64>("/zzz"), "/zzz: not found");
}

#[test]
fn parents_have_parents_and_all_of_them_move_with_their_directory() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let options = DataStore::options().data_dir(&data);
    options.create().unwrap().insert("/first", 1.0).unwrap();
    for id in 1..10 {
        let link = options.clone().parent(id).create().unwrap();
        link.insert(&format!("/link{id}"), id).unwrap();
    }
    fs::rename(&data, directory.path().join("moved")).unwrap();
    let last = DataStore::options().data_dir(directory.path().join("moved")).open(-1).unwrap();
    assert_eq!(last.get::<f64>("/first").unwrap(), 1.0);
    assert_eq!(last.get::<i32>("/link5").unwrap(), 5);
    assert_eq!(last.parent_dir().unwrap().unwrap(), directory.path().join("moved/calc_9"));
    // Elsewhere it is named by its whole path.
    let child = DataStore::options().parent(&last).at(directory.path().join("elsewhere/child")).unwrap();
    assert_eq!(child.get::<f64>("/first").unwrap(), 1.0);
    let marker = fs::read_to_string(child.calc_dir().join("output.zarr/zarr.json")).unwrap();
    let noted = format!(r#""parent":"{}""#, directory.path().join("moved/calc_10").display());
    assert!(marker.contains(&noted), "{marker}");
}

#[test]
fn a_store_reached_through_a_link_finds_its_parent() {
    let (directory, ..) = family();
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("current");
    std::os::unix::fs::symlink(directory.path().join("calc_2"), &link).unwrap();
    assert_eq!(DataStore::at(&link).unwrap().get::<Vec<f64>>("/g/curves").unwrap(), [1.0, 2.0]);
}

#[test]
fn a_parent_that_is_gone_is_missed_when_it_is_needed() {
    let (directory, options, _, _) = family();
    fs::rename(directory.path().join("calc_1"), directory.path().join("away")).unwrap();
    let child = options.open(2).unwrap();
    assert_eq!(child.get::<f64>("/own").unwrap(), 1.5);
    let text = "the parent of …/calc_2 is not to be had: cannot open: No such file or directory (os error 2); put it \
                back, name another one by set_parent, or do without by remove_parent (…/calc_1)";
    let of_key = format!("/job: {text}");
    says(&directory, child.get_or("/job", 1.0), ErrorKind::Io, &of_key);
    says(&directory, child.contains_key("/job"), ErrorKind::Io, &of_key);
    says(&directory, child.attributes("/job"), ErrorKind::Io, &of_key);
    says(&directory, child.parent(), ErrorKind::Io, text);
    assert_eq!(child.parent_dir().unwrap().unwrap(), directory.path().join("calc_1"));

    let other = DataStore::options().read_only(true).at(child.calc_dir()).unwrap();
    child.set_parent(directory.path().join("away").as_path()).unwrap();
    // Another handle, opened before, sees it too.
    assert_eq!(other.get::<Vec<f64>>("/g/curves").unwrap(), [1.0, 2.0]);
    child.remove_parent().unwrap();
    assert!(!other.contains_key("/job").unwrap());
    assert_eq!(child.status().unwrap(), calcstore::Status::Created);
}

#[test]
fn a_parent_must_be_there_and_no_descendant() {
    let (directory, options, parent, child) = family();
    let says = |result, kind, text| says(&directory, result, kind, text);
    let missing = options.clone().parent(9).create().map(|_| ());
    says(missing, ErrorKind::NotFound, "there is no calculation 9; there are 2 from 1 to 2 (…)");
    assert_eq!(options.calculations().unwrap().len(), 2);
    says(
        child.set_parent(directory.path().join("none")),
        ErrorKind::NotFound,
        "cannot open: No such file or directory (os error 2) (…/none)",
    );
    says(
        child.set_parent(2),
        ErrorKind::InvalidInput,
        "the parents go round in a circle: …/calc_2 → …/calc_2; name another one by set_parent",
    );
    says(
        parent.set_parent(&child),
        ErrorKind::InvalidInput,
        "the parents go round in a circle: …/calc_1 → …/calc_2 → …/calc_1; name another one by set_parent",
    );
    let reader = options.read_only(true).parent(1).open(2).map(|_| ());
    says(reader, ErrorKind::ReadOnly, "the store was opened for reading only (…/calc_2)");
}

#[test]
fn a_circle_that_somebody_made_by_hand_ends() {
    let (directory, _, parent, child) = family();
    let root = parent.calc_dir().join("output.zarr/zarr.json");
    let text = fs::read_to_string(&root).unwrap();
    fs::write(&root, text.replace(r#""status":"created""#, r#""status":"created","parent":"../calc_2""#))
        .unwrap();
    let text = "/zzz: the parents go round in a circle: …/calc_2 → …/calc_1 → …/calc_2; name another one by set_parent";
    says(&directory, child.get_or("/zzz", 1.0), ErrorKind::Corrupt, text);
    assert_eq!(child.get::<Vec<f64>>("/g/curves").unwrap(), [1.0, 2.0]);
}
