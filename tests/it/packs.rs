//! Packing a store into a zip file while others use it, and being told to stop.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use calcstore::zip::Writer;
use calcstore::{Continue, DataStore, ErrorKind};

#[test]
fn a_value_that_is_replaced_meanwhile_is_packed_as_one_version() {
    let directory = tempfile::tempdir().unwrap();
    let store = DataStore::at(directory.path().join("s")).unwrap();
    let value = |version: usize| {
        vec![version; 1000 + version % 7 * 400].into_iter().map(|version| version as u64).collect::<Vec<_>>()
    };
    let chunked = |version: usize| {
        let draft = store.draft("/many").unwrap().replace(true);
        draft.new_dataset("d").unwrap().chunks([100]).insert(ndarray::Array1::from(value(version))).unwrap();
        draft.commit().unwrap();
    };
    chunked(0);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for version in 1.. {
                chunked(version);
                if is_over.load(Relaxed) {
                    return;
                }
            }
        });
        for n in 0..30 {
            let file = directory.path().join(format!("{n}.zip"));
            match store.pack(&file).run() {
                Ok(report) => assert_eq!(report.bytes, fs::metadata(&file).unwrap().len()),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
                    continue;
                }
            }
            let packed = DataStore::options().read_only(true).at(&file).unwrap();
            let found: Vec<u64> = packed.get("/many/d").unwrap();
            assert!(
                found == value(usize::try_from(found[0]).unwrap()),
                "a mixture: {:?}",
                (found.len(), found[0])
            );
            assert!(packed.check("/", |_| Continue::Yes).unwrap().faults.is_empty());
        }
        is_over.store(true, Relaxed);
    });
}

#[test]
fn a_value_that_is_replaced_by_a_shorter_one_leaves_nothing_of_the_first_in_the_zip_file() {
    let directory = tempfile::tempdir().unwrap();
    let store = DataStore::at(directory.path().join("s")).unwrap();
    store.new_dataset("/a").chunks([100_000]).insert(ndarray::Array1::from(vec![1u64; 3_000_000])).unwrap();
    let once = directory.path().join("once.zip");
    let mut is_replaced = false;
    let packing = store.pack(&once).on_progress(|done| {
        if done.bytes > 8_000_000 && !is_replaced {
            is_replaced = true;
            store.insert("/a", [2u64, 3]).unwrap();
        }
        Continue::Yes
    });
    let report = packing.run().unwrap();
    assert!(is_replaced);
    let packed = DataStore::options().read_only(true).at(&once).unwrap();
    assert_eq!(packed.get::<Vec<u64>>("/a").unwrap(), [2, 3]);
    // As if there had never been another value.
    let again = directory.path().join("again.zip");
    assert_eq!(store.pack(&again).run().unwrap().packed, report.packed);
    assert!(fs::read(once).unwrap() == fs::read(again).unwrap());
}

#[test]
fn packing_and_unpacking_that_are_stopped_leave_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let options = DataStore::options().data_dir(directory.path().join("data"));
    let store = options.create().unwrap();
    for n in 0..20 {
        store.insert(&format!("/{n}"), vec![0.5; 1000]).unwrap();
    }
    let file = directory.path().join("packed.zip");
    let names = || {
        let below = |path| fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        let mut names: Vec<_> =
            below(directory.path().to_owned()).chain(below(directory.path().join("data"))).collect();
        names.sort();
        names
    };
    let before = names();
    for limit in [0, 5, 15] {
        let stop = |nodes: u64| if nodes > limit { Continue::No } else { Continue::Yes };
        let error = store.pack(&file).on_progress(|done| stop(done.nodes)).run().unwrap_err();
        assert_eq!((error.kind(), names()), (ErrorKind::Cancelled, before.clone()));
    }
    store.pack(&file).run().unwrap();
    let before = names();
    for limit in [0, 5, 15] {
        for into in [None, Some(directory.path().join("into"))] {
            let mut plan = options.unpack(&file);
            if let Some(into) = &into {
                plan = plan.into(into);
            }
            let plan = plan.on_progress(|done| if done.nodes > limit { Continue::No } else { Continue::Yes });
            let error = plan.run().unwrap_err();
            assert_eq!((error.kind(), names()), (ErrorKind::Cancelled, before.clone()));
        }
    }
    assert_eq!(options.unpack(&file).run().unwrap().calc_id(), Some(2));
}

#[test]
fn a_zip_file_that_is_replaced_while_it_is_open_is_read_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let store = DataStore::at(directory.path().join("s")).unwrap();
    let file = directory.path().join("packed.zip");
    store.insert("/a", [1.0, 2.0]).unwrap();
    store.pack(&file).run().unwrap();
    let packed = DataStore::options().read_only(true).at(&file).unwrap();
    let dataset = packed.dataset("/a").unwrap();
    store.insert("/a", [3.0, 4.0, 5.0]).unwrap();
    store.pack(&file).force(true).run().unwrap();
    assert_eq!(dataset.read::<Vec<f64>>(..).unwrap(), [1.0, 2.0]);
    assert_eq!(packed.get::<Vec<f64>>("/a").unwrap(), [1.0, 2.0]);
    let again = DataStore::options().read_only(true).at(&file).unwrap();
    assert_eq!(again.get::<Vec<f64>>("/a").unwrap(), [3.0, 4.0, 5.0]);
    let error = DataStore::at(&file).unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::ReadOnly, "a zip file is only read; unpack it to write")
    );
}

#[test]
fn a_value_that_is_removed_meanwhile_leaves_nothing_in_the_zip_file() {
    let directory = tempfile::tempdir().unwrap();
    let store = DataStore::at(directory.path().join("s")).unwrap();
    store.insert("/g/b", [1u64, 2]).unwrap();
    store.new_dataset("/g/a").chunks([100_000]).insert(ndarray::Array1::from(vec![1u64; 3_000_000])).unwrap();
    let once = directory.path().join("once.zip");
    let mut is_removed = false;
    let packing = store.pack(&once).on_progress(|done| {
        if done.bytes > 8_000_000 && !is_removed {
            is_removed = true;
            store.remove("/g/a").unwrap();
        }
        Continue::Yes
    });
    let report = packing.run().unwrap();
    assert!(is_removed);
    let again = directory.path().join("again.zip");
    assert_eq!(store.pack(&again).run().unwrap().packed, report.packed);
    assert!(fs::read(once).unwrap() == fs::read(again).unwrap());
}

/// A data directory whose calculation 1 has ten values, and a zip file of that.
fn packed() -> (tempfile::TempDir, calcstore::Options, std::path::PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let options = DataStore::options().data_dir(directory.path().join("data"));
    let store = options.create().unwrap();
    for n in 0..10 {
        store.insert(&format!("/{n}"), [0.5, 0.25]).unwrap();
    }
    let file = directory.path().join("packed.zip");
    store.pack(&file).run().unwrap();
    (directory, options, file)
}

#[test]
fn unpacking_takes_the_id_of_nobody_else() {
    let (directory, options, file) = packed();
    let taken = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for is_unpacking in [true, false, false] {
            let (options, file, taken) = (&options, &file, &taken);
            scope.spawn(move || {
                for _ in 0..40 {
                    let store = if is_unpacking { options.unpack(file).run() } else { options.create() };
                    let store = store.unwrap();
                    assert_eq!(store.contains_key("/9").unwrap(), is_unpacking);
                    taken.lock().unwrap().push(store.calc_id().unwrap());
                }
            });
        }
    });
    let mut taken = taken.into_inner().unwrap();
    taken.sort_unstable();
    assert_eq!(taken, (2..=121).collect::<Vec<_>>());
    assert_eq!(fs::read_dir(directory.path().join("data")).unwrap().count(), 121);
}

#[test]
fn unpacking_that_fails_removes_the_directory_of_nobody_else() {
    let (directory, options, file) = packed();
    let others = directory.path().join("data/calc_2");
    let unpacking = options.unpack(&file).on_progress(|_| {
        // Somebody else has taken the ID, and is about to make the calculation.
        let _ = fs::remove_dir(&others);
        fs::create_dir(&others).unwrap();
        Continue::No
    });
    assert_eq!(unpacking.run().unwrap_err().kind(), ErrorKind::Cancelled);
    assert!(others.exists());
}

#[test]
fn what_a_killed_unpacking_leaves_is_collected_and_what_another_one_makes_is_not() {
    let (directory, options, file) = packed();
    let store = options.open(1).unwrap();
    let hidden = |of: &std::path::Path| {
        let names = fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path());
        names.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with('.')).collect::<Vec<_>>()
    };
    let data = directory.path().join("data");
    let dead = |of: &std::path::Path| {
        let dead = of.join(".unpack.0123456789abcdef0123456789abcdef");
        fs::create_dir_all(dead.join("store/output.zarr")).unwrap();
        fs::write(dead.join("owner"), "").unwrap();
        fs::write(dead.join("store/output.zarr/zarr.json"), "{}").unwrap();
        dead
    };
    // One that runs.
    let mut seen = 0;
    let unpacking = options.unpack(&file).on_progress(|_| {
        let made = hidden(&data);
        assert_eq!(made.len(), 1, "{made:?}");
        let left = dead(&data);
        for dry_run in [true, false] {
            let report = store.gc().dry_run(dry_run).run().unwrap();
            let found: Vec<_> =
                report.leftovers.iter().map(|leftover| (&leftover.path, leftover.bytes)).collect();
            assert_eq!((found, report.failed.len()), (vec![(&left, 2)], 0));
        }
        assert_eq!(hidden(&data), made);
        seen += 1;
        Continue::Yes
    });
    assert_eq!(unpacking.run().unwrap().calc_id(), Some(2));
    assert!(seen > 0);
    // The next one in the same directory removes it as well.
    for (into, around) in [(None, data.as_path()), (Some("alone"), directory.path())] {
        dead(around);
        let mut plan = options.unpack(&file);
        if let Some(into) = into {
            plan = plan.into(directory.path().join(into));
        }
        plan.run().unwrap();
        assert!(hidden(around).is_empty(), "{:?}", hidden(around));
    }
}

#[test]
fn directories_that_a_zip_file_implies_are_paid_for_by_its_names() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("many.zip");
    let open = |names: &mut dyn Iterator<Item = String>| {
        let mut zip = Writer::new(fs::File::create(&file).unwrap());
        zip.add("zarr.json", br#"{"zarr_format":3,"node_type":"group"}"#).unwrap();
        names.for_each(|name| zip.add(&name, b"").unwrap());
        zip.finish().unwrap();
        DataStore::options().read_only(true).at(&file)
    };
    let error = open(&mut (0..4000).map(|n| format!("{n}/{}x", "a/".repeat(250)))).unwrap_err();
    let message = "the zip file has too many directories for its size";
    assert_eq!((error.kind(), error.message()), (ErrorKind::Unsupported, message));
    // As many as the chunks of an array of five axes need.
    open(&mut (0..4000).map(|n| format!("a/c/{n}/0/0/0/0"))).unwrap();
    open(&mut (0..3).map(|n| format!("{n}/{}x", "a/".repeat(250)))).unwrap();
}

#[test]
fn a_large_deflated_chunk_is_not_inflated_in_place() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("bomb.zip");
    let array = br#"{"zarr_format":3,"node_type":"array","shape":[314572800],"data_type":"uint8","chunk_grid":{"name":
        "regular","configuration":{"chunk_shape":[314572800]}},"chunk_key_encoding":{"name":"default"},"fill_value":0,
        "codecs":[{"name":"bytes"}]}"#;
    let mut zip = Writer::new(fs::File::create(&file).unwrap());
    zip.add("zarr.json", br#"{"zarr_format":3,"node_type":"group"}"#).unwrap();
    zip.add("a/zarr.json", array).unwrap();
    zip.add("a/c/0", &vec![0; 310_000]).unwrap();
    zip.finish().unwrap();
    // Its header says that it is deflated, and what it holds.
    let mut bytes = fs::read(&file).unwrap();
    let header = bytes.windows(46).rposition(|bytes| bytes.starts_with(b"PK\x01\x02")).unwrap();
    bytes[header + 10] = 8;
    bytes[header + 24..header + 28].copy_from_slice(&314_572_800u32.to_le_bytes());
    fs::write(&file, bytes).unwrap();
    let packed = DataStore::options().read_only(true).at(&file).unwrap();
    let error = packed.dataset("/a").unwrap().read::<Vec<u8>>(..3).unwrap_err();
    let message = "cannot read: an entry of 314572800 bytes is deflated, and more than 256 MiB are not inflated in \
                   place; unpack the zip file to read it";
    assert_eq!((error.kind(), error.message()), (ErrorKind::Unsupported, message));
}
