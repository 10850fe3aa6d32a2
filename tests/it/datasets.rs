//! Datasets read, written and made longer in parts.

use calcstore::{AnyArray, Compression, DataStore, Dataset, ErrorKind, Selection};
use ndarray::{Array1, Array2, Array3, ArrayD, Axis, array, s};

fn store() -> (tempfile::TempDir, DataStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = DataStore::at(directory.path().join("s")).unwrap();
    (directory, store)
}

fn numbers(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(row, column)| (row * 1000 + column) as f64)
}

/// One array in every way that it can be stored.
fn in_every_layout(store: &DataStore, array: &Array2<f64>) -> Vec<Dataset> {
    let plain = |key: &str| store.new_dataset(key);
    plain("/whole").insert(array).unwrap();
    plain("/chunks").chunks([7, 3]).shards([]).insert(array).unwrap();
    plain("/rows").chunks([4, array.ncols() as u64]).shards([]).insert(array).unwrap();
    plain("/shards").chunks([7, 3]).shards([14, 9]).insert(array).unwrap();
    plain("/automatic").chunks([5, 2]).insert(array).unwrap();
    let shuffled = Compression::blosc(5).unwrap();
    plain("/compressed").chunks([7, 3]).shards([]).compression(shuffled).insert(array).unwrap();
    plain("/both").chunks([7, 3]).compression(Compression::gzip(6).unwrap()).insert(array).unwrap();
    store.walk("/").unwrap().map(|key| store.dataset(&key).unwrap()).collect()
}

#[test]
fn parts_are_read_alike_from_every_layout() {
    let (_directory, store) = store();
    let array = numbers(31, 10);
    let datasets = in_every_layout(&store, &array);
    assert_eq!(datasets.len(), 7);
    for dataset in datasets {
        for verify in [true, false] {
            let dataset = store.dataset(&dataset.key()).unwrap().verify(verify);
            assert_eq!(dataset.read::<Array2<f64>>(..).unwrap(), array, "{dataset:?}");
            assert_eq!(dataset.read::<Array1<f64>>(s![-1, ..]).unwrap(), array.row(30));
            let strided: Array2<f64> = dataset.read("3:29:5, ::-2").unwrap();
            assert_eq!(strided, array.slice(s![3..29;5, ..]).slice(s![.., ..;-1]).slice(s![.., ..;2]));
            assert_eq!(dataset.read::<Array2<f64>>(s![8..23, ..]).unwrap(), array.slice(s![8..23, ..]));
            let listed: Array2<f64> = dataset.read(([30, 2, 2, 17], ..)).unwrap();
            assert_eq!(listed, array.select(Axis(0), &[30, 2, 2, 17]));
            let mask: Vec<bool> = (0..10).map(|column| column % 3 == 0).collect();
            let masked: Array2<f64> = dataset.read((.., &mask[..])).unwrap();
            assert_eq!(masked, array.select(Axis(1), &[0, 3, 6, 9]));
            assert_eq!(dataset.read::<f64>((4, 5)).unwrap(), 4005.0);
            assert_eq!(dataset.read::<Array2<f64>>("5:5").unwrap().shape(), [0, 10]);
            let mut buffer = Array2::<f64>::zeros((10, 4));
            let error = dataset.read_into(s![..;3, 2..6], buffer.view_mut()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WrongShape);
            let mut buffer = Array2::<f64>::zeros((11, 4));
            dataset.read_into(s![..;3, 2..6], buffer.view_mut()).unwrap();
            assert_eq!(buffer, array.slice(s![..;3, 2..6]));
            let mut turned = Array2::<f64>::zeros((4, 11));
            dataset.read_into(s![..;3, 2..6], turned.view_mut().reversed_axes()).unwrap();
            assert_eq!(turned.t(), array.slice(s![..;3, 2..6]));
        }
    }
}

#[test]
fn parts_are_written_alike_into_every_layout() {
    let (_directory, store) = store();
    let mut array = numbers(31, 10);
    let datasets = in_every_layout(&store, &array);
    array.slice_mut(s![3..29;5, ..]).fill(-1.0);
    array.slice_mut(s![6..8, 2..9]).assign(&Array2::from_elem((2, 7), 0.5));
    array.row_mut(30).assign(&Array1::from_elem(10, 7.0));
    array[[14, 3]] = f64::INFINITY;
    for dataset in datasets {
        dataset.write("3:29:5", -1.0).unwrap();
        dataset.write((6..8, 2..9), Array2::from_elem((2, 7), 0.5)).unwrap();
        dataset.write(-1, vec![7.0; 10]).unwrap();
        dataset.write((14, 3), f64::INFINITY).unwrap();
        dataset.write("5:5", 3.0).unwrap();
        assert_eq!(dataset.read::<Array2<f64>>(..).unwrap(), array, "{dataset:?}");
        assert_eq!(store.get::<Array2<f64>>(&dataset.key()).unwrap(), array);
    }
    assert!(store.check("/", |_| calcstore::Continue::Yes).unwrap().faults.is_empty());
}

#[test]
fn a_write_can_appear_as_a_whole() {
    let (_directory, store) = store();
    let array = numbers(31, 10);
    for dataset in in_every_layout(&store, &array) {
        let other = store.dataset(&dataset.key()).unwrap();
        let atomic = store.dataset(&dataset.key()).unwrap().atomic(true);
        atomic.write(s![5..20, ..], 0.5).unwrap();
        atomic.write((0, 0), 0.25).unwrap();
        let mut expected = array.clone();
        expected.slice_mut(s![5..20, ..]).fill(0.5);
        expected[[0, 0]] = 0.25;
        assert_eq!(atomic.read::<Array2<f64>>(..).unwrap(), expected, "{dataset:?}");
        assert_eq!(other.read::<f64>((0, 0)).unwrap_err().kind(), ErrorKind::Changed);
    }
    assert!(store.check("/", |_| calcstore::Continue::Yes).unwrap().faults.is_empty());
}

#[test]
fn what_was_never_written_is_the_fill_value() {
    let (_directory, store) = store();
    let maps =
        store.new_dataset("/maps").chunks([10, 2]).fill_value(f32::NAN).create::<f32>(&[25, 4]).unwrap();
    maps.write((3, 1), 1.5f32).unwrap();
    maps.write((20.., ..), 2.5f32).unwrap();
    let all: Array2<f32> = store.get("/maps").unwrap();
    assert_eq!((all[[3, 1]], all[[24, 3]]), (1.5, 2.5));
    assert!(all.slice(s![4..20, ..]).iter().all(|value| value.is_nan()));

    let names =
        store.new_dataset("/names").chunks([2]).shards([]).fill_value("?").create::<String>(&[5]).unwrap();
    names.write(1..3, ["b", "c"]).unwrap();
    assert_eq!(store.get::<Vec<String>>("/names").unwrap(), ["?", "b", "c", "?", "?"]);
    assert_eq!(names.read::<Vec<String>>("::-2").unwrap(), ["?", "c", "?"]);
}

#[test]
fn rows_are_appended_and_visible_at_once() {
    let (_directory, store) = store();
    let array = numbers(31, 10);
    for dataset in in_every_layout(&store, &array) {
        let other = store.dataset(&dataset.key()).unwrap();
        let mut expected = array.clone();
        for rows in [1, 3, 20] {
            let more = numbers(rows, 10) + 0.5;
            expected.append(Axis(0), more.view()).unwrap();
            assert_eq!(dataset.append(&more).unwrap(), expected.nrows() as u64);
        }
        dataset.append(expected.row(2).to_owned()).unwrap();
        let row = expected.row(2).to_owned();
        expected.push_row(row.view()).unwrap();
        dataset.append(Array2::<f64>::zeros((0, 10))).unwrap();
        assert_eq!(store.get::<Array2<f64>>(&dataset.key()).unwrap(), expected, "{dataset:?}");
        assert_eq!(other.read::<f64>((-1, 3)).unwrap(), 2003.0);
        assert_eq!(other.shape(), [56, 10]);
    }
}

#[test]
fn an_array_that_begins_empty_takes_its_first_rows_as_its_chunk() {
    let (_directory, store) = store();
    let log = store.new_dataset("/log").create::<f32>(&[0, 4]).unwrap();
    assert_eq!(store.get::<Array2<f32>>("/log").unwrap().shape(), [0, 4]);
    for step in 0..3 {
        log.append(Array2::from_elem((10_000, 4), step as f32)).unwrap();
    }
    assert_eq!((log.shape(), log.chunks()), (vec![30_000, 4], vec![10_000, 4]));
    let single = store.new_dataset("/single").create::<f64>(&[0]).unwrap();
    single.append([1.0]).unwrap();
    single.append(2.0).unwrap();
    assert_eq!((single.chunks(), store.get::<Vec<f64>>("/single").unwrap()), (vec![8192], vec![1.0, 2.0]));
    let asked = store.new_dataset("/asked").chunks([3]).create::<f64>(&[0]).unwrap();
    asked.append([1.0; 10]).unwrap();
    assert_eq!(asked.chunks(), [3]);
    let text = store.new_dataset("/text").create::<String>(&[0, 2]).unwrap();
    text.append(array![["a", "b"], ["c", "d"]]).unwrap();
    assert_eq!(store.get::<Array2<String>>("/text").unwrap(), array![["a", "b"], ["c", "d"]]);
}

#[test]
fn an_appender_gathers_rows_and_publishes_them_by_the_chunk() {
    let (_directory, store) = store();
    let dataset = store.new_dataset("/a").chunks([100, 2]).shards([]).create::<f64>(&[0, 2]).unwrap();
    let mut appender = dataset.appender();
    for step in 0..250 {
        appender.append([f64::from(step), 0.0]).unwrap();
    }
    assert_eq!(store.get::<Array2<f64>>("/a").unwrap().nrows() % 100, 0);
    appender.flush().unwrap();
    assert_eq!(store.get::<Array2<f64>>("/a").unwrap().nrows(), 250);
    appender.append([1.0, 2.0, 3.0]).unwrap_err();
    appender.append(numbers(5, 2)).unwrap();
    assert_eq!(appender.finish().unwrap(), 255);
    let all: Array2<f64> = store.get("/a").unwrap();
    assert!((0..250).all(|step| all[[step, 0]] == step as f64));
    assert_eq!(all.slice(s![250.., ..]), numbers(5, 2));
    drop({
        let mut dropped = dataset.appender();
        dropped.append([9.0, 9.0]).unwrap();
        dropped
    });
    assert_eq!(dataset.read::<f64>((-1, 0)).unwrap(), 9.0);
}

#[test]
fn an_appender_follows_a_resized_dataset_and_mixes_no_rows_of_two_shapes() {
    let (_directory, store) = store();
    let dataset = store.new_dataset("/a").create::<f64>(&[0, 2]).unwrap();
    let mut appender = dataset.appender();
    appender.append([1.0, 2.0]).unwrap();
    appender.flush().unwrap();
    dataset.resize(&[1, 3]).unwrap();
    appender.append([3.0, 4.0, 5.0]).unwrap();
    dataset.resize(&[1, 2]).unwrap();
    let error = appender.append([6.0, 7.0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongShape, "{error}");
    dataset.resize(&[1, 3]).unwrap();
    assert_eq!(appender.finish().unwrap(), 2);
    assert_eq!(store.get::<Array2<f64>>("/a").unwrap(), array![[1.0, 2.0, 0.0], [3.0, 4.0, 5.0]]);
}

#[test]
fn what_was_cut_off_does_not_come_back() {
    let (_directory, store) = store();
    let array = numbers(31, 10);
    for dataset in in_every_layout(&store, &array) {
        dataset.resize(&[20, 4]).unwrap();
        assert_eq!(
            store.get::<Array2<f64>>(&dataset.key()).unwrap(),
            array.slice(s![..20, ..4]),
            "{dataset:?}"
        );
        dataset.resize(&[40, 11]).unwrap();
        let mut expected = Array2::zeros((40, 11));
        expected.slice_mut(s![..20, ..4]).assign(&array.slice(s![..20, ..4]));
        assert_eq!(store.get::<Array2<f64>>(&dataset.key()).unwrap(), expected, "{dataset:?}");
        dataset.resize(&[0, 11]).unwrap();
        dataset.append(Array2::<f64>::ones((2, 11))).unwrap();
        assert_eq!(store.get::<Array2<f64>>(&dataset.key()).unwrap(), Array2::<f64>::ones((2, 11)));
    }
    assert!(store.check("/", |_| calcstore::Continue::Yes).unwrap().faults.is_empty());
}

#[test]
fn a_handle_of_what_was_replaced_says_so() {
    let (_directory, store) = store();
    store.insert("/a", [1.0, 2.0]).unwrap();
    let dataset = store.dataset("/a").unwrap();
    let mut appender = dataset.appender();
    store.insert("/a", [3.0, 4.0]).unwrap();
    assert_eq!(dataset.read::<Vec<f64>>(..).unwrap_err().kind(), ErrorKind::Changed);
    assert_eq!(dataset.write(0, 1.0).unwrap_err().kind(), ErrorKind::Changed);
    appender.append(5.0).unwrap();
    assert_eq!(appender.flush().unwrap_err().kind(), ErrorKind::Changed);
    drop(appender);
    store.remove("/a").unwrap();
    assert_eq!(dataset.refresh().unwrap_err().kind(), ErrorKind::Changed);
    assert_eq!(store.dataset("/a").unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn attributes_and_names_stay_while_an_array_grows() {
    let (_directory, store) = store();
    let dataset = store
        .new_dataset("/g/a")
        .dimension_names(["time", "site"])
        .units("g")
        .create::<f64>(&[0, 2])
        .unwrap();
    dataset.append([1.0, 2.0]).unwrap();
    dataset.attributes().unwrap().insert("note", "x").unwrap();
    dataset.append([3.0, 4.0]).unwrap();
    assert_eq!(dataset.attributes().unwrap().names().unwrap(), ["note", "units"]);
    assert_eq!(dataset.dimension_names(), [Some("time".to_owned()), Some("site".to_owned())]);
}

#[test]
fn every_rank_can_be_read_and_written_in_parts() {
    let (_directory, store) = store();
    store.insert("/scalar", 1.5).unwrap();
    let scalar = store.dataset("/scalar").unwrap();
    assert_eq!(scalar.read::<f64>(Selection::all()).unwrap(), 1.5);
    scalar.write(Selection::all(), 2.5).unwrap();
    assert_eq!(store.get::<f64>("/scalar").unwrap(), 2.5);
    assert_eq!(scalar.append(1.0).unwrap_err().kind(), ErrorKind::WrongShape);
    let cube = Array3::from_shape_fn((4, 5, 6), |(i, j, k)| (i * 100 + j * 10 + k) as i32);
    store.new_dataset("/cube").chunks([2, 2, 4]).insert(&cube).unwrap();
    let dataset = store.dataset("/cube").unwrap();
    assert_eq!(dataset.read::<ArrayD<i32>>("..., -1").unwrap(), cube.slice(s![.., .., -1]).into_dyn());
    assert_eq!(dataset.read::<Array1<i32>>((1, .., 2)).unwrap(), cube.slice(s![1, .., 2]));
    assert!(
        matches!(dataset.read::<AnyArray>(0).unwrap(), AnyArray::Int32(found) if found.shape() == [5, 6])
    );
}

#[test]
fn a_handle_of_what_was_removed_or_moved_says_so_whatever_is_asked_of_it() {
    // Writing and the attributes told `NotFound`, or took what stood in its place. They compare the directory too.
    let (_directory, store) = store();
    let changed = |error: calcstore::Error| assert_eq!(error.kind(), ErrorKind::Changed, "{error}");
    store.insert("/a", array![[1.0, 2.0]]).unwrap();
    let dataset = store.dataset("/a").unwrap();
    store.rename("/a", "/b").unwrap();
    changed(dataset.write(0, 1.0).unwrap_err());
    changed(dataset.append([1.0, 2.0]).unwrap_err());
    changed(dataset.resize(&[1, 1]).unwrap_err());
    changed(dataset.attributes().unwrap_err());
    store.insert("/a", array![[1.0, 2.0]]).unwrap();
    changed(dataset.attributes().unwrap_err());

    store.insert("/g/a", 1.0).unwrap();
    let below = store.dataset("/g/a").unwrap();
    store.remove("/g").unwrap();
    changed(below.write((), 1.0).unwrap_err());
}

#[test]
fn options_that_cannot_be_are_the_callers_mistake() {
    // They were blamed on `zarr.json` as damage, or passed over in silence. Options are checked before anything is made.
    let (_directory, store) = store();
    let array = array![[1.0, 2.0], [3.0, 4.0]];
    let new = || store.new_dataset("/a");
    let many = [u64::MAX, u64::MAX];
    let table = || {
        let mut table = calcstore::Table::new();
        table.push("x", [1.0]).unwrap();
        table
    };
    for (error, kind, reason) in [
        (
            new().chunks(many).insert(&array).unwrap_err(),
            ErrorKind::InvalidInput,
            "/a: chunks of shape [18446744073",
        ),
        (
            new().chunks(many).create::<f64>(&[2, 2]).unwrap_err(),
            ErrorKind::InvalidInput,
            "/a: chunks of shape [18446744073",
        ),
        (
            new().chunks([1, 1]).shards(many).insert(&array).unwrap_err(),
            ErrorKind::InvalidInput,
            "/a: shards of shape",
        ),
        (
            new().shards([1]).insert(table()).unwrap_err(),
            ErrorKind::InvalidInput,
            "shards cannot be given for what is no array",
        ),
        (new().keep_bits(7).insert(["text"]).unwrap_err(), ErrorKind::WrongType, "string has no mantissa"),
        (new().keep_bits(7).create::<f32>(&[2]).unwrap_err(), ErrorKind::InvalidInput, "keep_bits"),
    ] {
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(reason), "{error}");
    }
    assert!(!store.contains_key("/a").unwrap());

    let mut mixed = calcstore::Table::new();
    mixed.push("x", [1.2345]).unwrap();
    mixed.push("id", [12345]).unwrap();
    mixed.push("name", ["Zürich"]).unwrap();
    store.new_dataset("/t").keep_bits(2).insert(&mixed).unwrap();
    assert_eq!(store.get::<Vec<f64>>("/t/x").unwrap(), [1.25]);
    assert_eq!(store.get::<Vec<i32>>("/t/id").unwrap(), [12345]);
}

#[test]
fn errors_about_selections_and_rows_name_the_dataset() {
    // Text that is no selection, and rows given to an appender, were refused without the key.
    let (_directory, store) = store();
    store.insert("/g/a", 1.0).unwrap();
    let dataset = store.dataset("/g/a").unwrap();
    let mut buffer = array![0.0];
    for error in [
        dataset.read::<f64>("foo").unwrap_err(),
        dataset.read_into("foo", buffer.view_mut()).unwrap_err(),
        dataset.write("foo", 1.0).unwrap_err(),
        dataset.appender().append(1.0).unwrap_err(),
    ] {
        assert!(error.to_string().starts_with("/g/a: "), "{error}");
    }
    let error = dataset.read::<f64>(..).unwrap_err().to_string();
    assert!(error.contains("() or ... selects a scalar"), "{error}");
}

#[test]
fn an_array_with_millions_of_missing_chunks_is_checked_by_those_it_has() {
    // It was a fault, because no one could look for each chunk. What is there is listed instead.
    let (_directory, store) = store();
    let maps = store.new_dataset("/maps").create::<f64>(&[1_000_000, 1_000_000]).unwrap();
    maps.write((500_000, 3..7), 0.5).unwrap();
    let check = || store.check("/", |_| calcstore::Continue::Yes).unwrap().faults;
    assert!(check().is_empty(), "{:?}", check());
    let chunk = store.calc_dir().join("output.zarr/maps/c.500000.0");
    let mut bytes = std::fs::read(&chunk).unwrap();
    bytes[30] ^= 1;
    std::fs::write(&chunk, bytes).unwrap();
    assert!(check()[0].file.ends_with("maps/c.500000.0"), "{:?}", check());
}
