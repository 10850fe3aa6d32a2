//! What no row of the table can say: stores that cannot be opened, files that cannot be read, stores in use, stores that
//! are whole.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use calcstore::{Continue, DataStore, ErrorKind, Finding, FindingKind, Remedy, Table};
use ndarray::Array1;

use super::store::{Site, directory};
use crate::child::{child, told};
use crate::scale::scaled;

#[test]
fn a_store_that_cannot_be_opened_says_which_file_is_to_blame() {
    type Row = (&'static str, fn(&Site), ErrorKind, &'static str, &'static str);
    let rows: [Row; 7] = [
        (
            "a later format",
            |s| s.write(".calcstore/format.json", r#"{"calcstore_format":99,"writer":"x 9"}"#),
            ErrorKind::Unsupported,
            "calc_2",
            "format 99",
        ),
        (
            "format 0",
            |s| s.write(".calcstore/format.json", r#"{"calcstore_format":0}"#),
            ErrorKind::Corrupt,
            ".calcstore/format.json",
            "no format 0",
        ),
        (
            "a damaged format",
            |s| s.flip(".calcstore/format.json", 1),
            ErrorKind::Corrupt,
            ".calcstore/format.json",
            "cannot be read",
        ),
        (
            "a format of another type",
            |s| s.write(".calcstore/format.json", r#"{"calcstore_format":"1"}"#),
            ErrorKind::Corrupt,
            ".calcstore/format.json",
            "cannot be read",
        ),
        (
            "a directory for the format",
            |s| s.instead(".calcstore/format.json", directory),
            ErrorKind::Corrupt,
            ".calcstore/format.json",
            "cannot read",
        ),
        ("no zarr.json of the root", |s| s.remove("zarr.json"), ErrorKind::NotFound, "", "no"),
        (
            "a file for the hierarchy",
            |s| {
                s.remove("");
                fs::write(s.path(""), "").unwrap();
            },
            ErrorKind::NotFound,
            "",
            "no",
        ),
    ];
    for (planted, plant, kind, file, what) in rows {
        let site = Site::new();
        plant(&site);
        for read_only in [true, false] {
            let options = DataStore::options().data_dir(site.data()).read_only(read_only);
            let error = options.open(2).unwrap_err();
            assert_eq!(error.kind(), kind, "{planted}: {error}");
            assert!(error.to_string().contains(what), "{planted}: {error}");
            assert!(
                file.is_empty() || error.file().is_some_and(|path| path.ends_with(file)),
                "{planted}: {error}"
            );
        }
    }
}

#[test]
fn no_example_of_the_format_has_a_fault() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("format-spec/examples");
    let mut checked = 0;
    for example in
        fs::read_dir(examples).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
    {
        for store in
            fs::read_dir(&example).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
        {
            let store = DataStore::options().read_only(true).at(&store).unwrap();
            let report = store.check("/", |_| Continue::Yes).unwrap();
            // One example is a store that dead writers have left.
            let is_left = example.ends_with("tolerance");
            let wrong = |fault: &&Finding| !is_left || fault.kind != FindingKind::Interrupted;
            assert_eq!(report.faults.iter().find(wrong), None, "{}", example.display());
            checked += report.checked;
        }
    }
    assert!(checked > 50, "{checked} nodes");
}

/// Ends the work of others, also when a test fails.
struct Sets<'a>(&'a AtomicBool);

impl Drop for Sets<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

#[test]
fn what_is_under_way_is_no_finding_and_a_repair_takes_nothing_away() {
    let site = Site::new();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let works: [fn(&DataStore, u64); 5] = [
            |store, n| store.insert("/w/replaced", Array1::from_elem(100, n as f64)).unwrap(),
            |store, n| {
                store.insert("/w/from/a", n).unwrap();
                let _ = store.remove("/w/to");
                store.rename("/w/from", "/w/to").unwrap();
            },
            |store, n| {
                let array = store.dataset("/w/array").unwrap();
                array.append([n, n, n]).unwrap();
                if n % 50 == 0 {
                    array.resize(&[2]).unwrap();
                }
            },
            |store, n| {
                let mut rows = Table::new();
                rows.push("n", [n, n]).unwrap();
                store.table("/w/table").unwrap().append(rows).unwrap();
            },
            |store, n| store.attributes("/g/one").unwrap().insert("n", n).unwrap(),
        ];
        let store = site.open();
        store.new_dataset("/w/array").chunks([2]).shards([]).insert([0u64, 0]).unwrap();
        let mut table = Table::new();
        table.push("n", [0u64]).unwrap();
        store.insert("/w/table", table).unwrap();
        let (site, done) = (&site, &done);
        let threads: Vec<_> = works
            .into_iter()
            .map(|work| {
                scope.spawn(move || {
                    let store = site.open();
                    let mut n = 0;
                    while !done.load(Relaxed) {
                        n += 1;
                        work(&store, n);
                    }
                })
            })
            .collect();
        let _end = Sets(done);
        let (reader, writer) = (site.open_read_only(), site.open());
        for _ in 0..scaled(500) {
            let report = reader.check("/", |_| Continue::Yes).unwrap();
            // What was replaced over a minute ago is left over indeed.
            let is_displaced = |found: &Finding| found.file.starts_with(".calcstore/trash");
            assert_eq!((report.faults, report.leftovers.iter().find(|it| !is_displaced(it))), (vec![], None));
            let report = writer.repair("/", |_| Continue::Yes).unwrap();
            let taken = report.repaired.iter().filter(|it| it.finding.kind != FindingKind::Leftover);
            assert_eq!(taken.count(), 0, "{report:?}");
        }
        done.store(true, Relaxed);
        for thread in threads {
            thread.join().unwrap();
        }
        assert!(!site.path(".calcstore/lost").exists());
        assert_eq!(store.check("/", |_| Continue::Yes).unwrap().faults, []);
    });
}

#[test]
fn a_store_with_an_empty_root_document_keeps_its_values_whoever_opens_it() {
    // Opening a store whose root `zarr.json` was empty made a new root, and removed the old one with all values in it.
    // Now only a root with nothing in it counts as one whose making the power cut.
    for damaged in [&b""[..], &[0; 200]] {
        let site = Site::new();
        site.write("zarr.json", damaged);
        let before = site.tree();
        let store = DataStore::at(site.calculation()).unwrap();
        assert_eq!(site.tree(), before);
        assert_eq!(store.get::<f64>("/g/scalar").unwrap(), 2.5);
        store.repair("/", |_| Continue::Yes).unwrap();
        assert!(store.keys("/").unwrap().any(|name| name == "g"));
    }
}

#[test]
fn a_check_and_a_repair_can_be_stopped() {
    let site = Site::new();
    site.flip("g/one/c.0", 3);
    let before = site.tree();
    let store = site.open();
    for stop in 0..30 {
        let mut calls = 0;
        let mut progress = |_| {
            calls += 1;
            if calls > stop { Continue::No } else { Continue::Yes }
        };
        assert_eq!(store.check("/", &mut progress).unwrap_err().kind(), ErrorKind::Cancelled);
        calls = 0;
        let mut progress = |_| {
            calls += 1;
            if calls > stop { Continue::No } else { Continue::Yes }
        };
        assert_eq!(store.repair("/", &mut progress).unwrap_err().kind(), ErrorKind::Cancelled);
    }
    assert_eq!(site.tree(), before);
}

#[test]
fn what_is_set_aside_comes_back_by_hand() {
    let site = Site::new();
    let whole = site.bytes("table/id/c.0");
    site.flip("table/id/c.0", 3);
    let before = site.tree();
    let store = site.open();
    let report = store.repair("/", |_| Continue::Yes).unwrap();
    let Remedy::SetAside(aside) = &report.repaired[0].remedy else { panic!("{report:?}") };
    assert!(!store.contains_key("/table").unwrap());
    fs::rename(site.calculation().join(aside), site.path("table")).unwrap();
    assert_eq!(site.tree(), before);
    site.write("table/id/c.0", whole);
    assert_eq!(store.get::<Vec<i32>>("/table/id").unwrap(), [1, 2, 3]);
    // The key is free for another value meanwhile, and one repair does not get into another one's way.
    for _ in 0..2 {
        site.flip("table/id/c.0", 3);
        store.repair("/", |_| Continue::Yes).unwrap();
        let mut table = Table::new();
        table.push("id", [1i32, 2, 3]).unwrap();
        store.insert("/table", table).unwrap();
    }
    assert_eq!(fs::read_dir(site.path(".calcstore/lost")).unwrap().count(), 3);
}

/// Whether this process may read everything.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

#[test]
fn a_device_in_place_of_a_chunk_is_found_and_set_aside() {
    if !is_root() {
        eprintln!("skipped: only root can make devices");
        return;
    }
    let site = Site::new();
    let null = rustix::fs::makedev(1, 3);
    let mut made = true;
    site.instead("g/one/c.0", |path| {
        let (kind, mode) = (rustix::fs::FileType::CharacterDevice, rustix::fs::Mode::RUSR);
        made = rustix::fs::mknodat(rustix::fs::CWD, path, kind, mode, null).is_ok();
    });
    if !made {
        eprintln!("skipped: devices cannot be made here");
        return;
    }
    let store = site.open();
    let faults = store.check("/", |_| Continue::Yes).unwrap().faults;
    assert_eq!((faults.len(), faults[0].kind, &*faults[0].key), (1, FindingKind::Value, "/g/one"));
    store.repair("/", |_| Continue::Yes).unwrap();
    assert_eq!(store.check("/", |_| Continue::Yes).unwrap().faults, []);
}

#[test]
fn child_checks_what_it_may_not_read() {
    let Some((directory, _)) = told() else { return };
    let store = DataStore::options().data_dir(&directory).read_only(true).open(2).unwrap();
    let report = store.check("/", |_| Continue::Yes).unwrap();
    let faults: Vec<_> =
        report.faults.iter().map(|fault| (fault.kind, &*fault.key, fault.file.to_str().unwrap())).collect();
    let unreadable = FindingKind::Unreadable;
    assert_eq!(
        faults,
        [
            (unreadable, "/g/many", "output.zarr/g/many/c.0.1"),
            (unreadable, "/g/one", "output.zarr/g/one/zarr.json"),
            (unreadable, "/h/deep", "output.zarr/h/deep"),
        ]
    );
    // What cannot be read may be whole.
    let store = DataStore::options().data_dir(&directory).open(2).unwrap();
    let report = store.repair("/", |_| Continue::Yes).unwrap();
    assert!(report.repaired.iter().all(|it| matches!(it.remedy, Remedy::LeftAlone(_))), "{report:?}");
    assert!(!store.calc_dir().join(".calcstore/lost").exists());
}

#[test]
fn what_may_not_be_read_is_named_and_left_alone() {
    let site = Site::new();
    let paths = ["g/many/c.0.1", "g/one/zarr.json", "h/deep"];
    let mode = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    let mut command = child("damaged::others::child_checks_what_it_may_not_read", site.data(), 0);
    if is_root() {
        // Root may read everything: somebody else looks.
        for entry in ["", "calc_1", "calc_2"] {
            mode(&site.data().join(entry), 0o755);
        }
        let given = std::process::Command::new("chown").args(["-R", "65534:65534"]).arg(site.data()).status();
        assert!(given.unwrap().success());
        command.uid(65534).gid(65534);
    }
    for path in paths {
        mode(&site.path(path), 0);
    }
    let ended = command.status();
    for path in paths {
        mode(&site.path(path), 0o755);
    }
    match ended {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            eprintln!("skipped: nobody else can run the tests here");
        }
        ended => assert!(ended.unwrap().success()),
    }
}
