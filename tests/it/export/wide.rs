//! Groups of more members than are read at a time, while others change or damage them.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use calcstore::{DataStore, ErrorKind};

use super::Scene;
use super::scale::assert_in_h5py;

const MEMBERS: i64 = 300;

fn key(n: i64) -> String {
    format!("/wide/{n:03}")
}

fn fill(store: &DataStore, offset: i64) {
    store.extend((0..MEMBERS).map(|n| (key(n), vec![n + offset; 500]))).unwrap();
}

#[test]
fn arrays_that_are_replaced_meanwhile_are_exported_whole() {
    let scene = Scene::new();
    fill(&scene.store, 0);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 1.. {
                if is_over.load(Relaxed) {
                    return;
                }
                (0..MEMBERS).for_each(|n| scene.store.insert(&key(n), vec![n + round * 1000; 500]).unwrap());
            }
        });
        for round in 0..5 {
            let file = scene.export(|export| export);
            let copy = DataStore::at(scene.path().join(format!("copy{round}"))).unwrap();
            assert!(copy.hdf5_import(file).run().is_ok());
            for n in 0..MEMBERS {
                let values: Vec<i64> = copy.get(&key(n)).unwrap();
                let is_whole = values.len() == 500 && values.iter().all(|value| *value == values[0]);
                assert!(is_whole && values[0] % 1000 == n, "{n}: {values:?}");
            }
        }
        is_over.store(true, Relaxed);
    });
}

#[test]
fn a_damaged_array_ends_the_export_wherever_it_lies() {
    for damaged in [0, 127, 128, MEMBERS - 1] {
        let scene = Scene::new();
        fill(&scene.store, 0);
        let chunk = scene.store.calc_dir().join(format!("output.zarr/wide/{damaged:03}/c.0"));
        let mut bytes = std::fs::read(&chunk).unwrap();
        bytes[77] ^= 1;
        std::fs::write(&chunk, bytes).unwrap();
        let error = scene.store.hdf5_export().file(scene.file()).run().unwrap_err();
        assert_eq!((error.kind(), error.key()), (ErrorKind::Corrupt, Some(&*key(damaged))));
        assert!(!scene.file().exists());
    }
}

#[test]
fn axes_of_a_wide_group_have_their_labels() {
    let scene = Scene::new();
    for n in 0..200 {
        let new = scene.store.new_dataset(&key(n)).dimension_names(["site"]);
        new.insert(vec![n; 4]).unwrap();
    }
    scene.store.insert("/wide/site", [5.0, 6.0, 7.0, 8.0]).unwrap();
    let file = scene.export(|export| export);
    assert_in_h5py(
        &file,
        "for n in range(200):\n\
         \x20   axis = file[f'wide/{n:03}'].dims[0]\n\
         \x20   assert axis[0].name == '/wide/site' and list(axis[0]) == [5, 6, 7, 8]",
    );
}
