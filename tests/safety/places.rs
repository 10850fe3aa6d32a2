//! Stores in strange places: names that are no text, paths that are too long, links, mounts, and what is no directory.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use calcstore::{Continue, DataStore, Error, ErrorKind};

use crate::child::{child, told};
use crate::mounts::{mount, mounting};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_calcstore"));
    command.env_remove("OQ_DATADIR");
    command
}

/// Everything that a store does, in one that is there and has `/a` and `/group/grown`.
fn work(store: &DataStore) {
    let value = store.get::<Vec<f64>>("/a").unwrap()[0] + 1.0;
    store.insert("/a", vec![value; 1_000]).unwrap();
    let grown = store.dataset("/group/grown").unwrap();
    grown.append(vec![value; 10]).unwrap();
    grown.atomic(true).write(0..5, vec![value; 5]).unwrap();
    store.attributes("/a").unwrap().insert("units", "g").unwrap();
    store.insert("/moved", value).unwrap();
    store.rename("/moved", "/elsewhere").unwrap();
    store.remove("/elsewhere").unwrap();
    let draft = store.draft("/draft").unwrap().replace(true);
    draft.insert("a", value).unwrap();
    draft.commit().unwrap();
    store.flush().unwrap();
    assert_eq!(store.get::<Vec<f64>>("/a").unwrap(), vec![value; 1_000]);
    let rows: Vec<f64> = store.get("/group/grown").unwrap();
    assert_eq!((&rows[..5], &rows[rows.len() - 10..]), (&[value; 5][..], &[value; 10][..]));
    assert_eq!(store.get::<f64>("/draft/a").unwrap(), value);
    assert_eq!(store.check("/", |_| Continue::Yes).unwrap().faults, []);
    assert!(store.hdf5_export().force(true).run().unwrap().bytes > 8_000);
}

fn begin(store: &DataStore) {
    store.insert("/a", vec![1.0; 1_000]).unwrap();
    store.new_dataset("/group/grown").chunks([8]).insert(vec![1.0; 10]).unwrap();
}

/// An error that a person can read: of this kind, on one line.
fn assert_told(error: &Error, kind: ErrorKind) {
    assert_eq!(error.kind(), kind, "{error}");
    assert!(!error.to_string().contains('\n') && !error.to_string().ends_with('.'), "{error}");
}

/// What the program said, which was one line.
fn refusal(output: &Output) -> String {
    assert!(!output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(text.starts_with("calcstore: ") && text.lines().count() == 1, "{text:?}");
    text
}

fn odd_names() -> Vec<OsString> {
    let text = ["with space", "'\"`", "new\nline\ttab", "-dash", "$HOME*?[a]", "größe日本", "%41", "…"];
    let bytes = [&b"\xff\xfe no text"[..], b"half \xe6\x97"];
    let text = text.into_iter().map(OsString::from);
    text.chain(bytes.into_iter().map(|name| OsString::from_vec(name.to_vec()))).collect()
}

#[test]
fn a_store_lives_below_a_directory_of_any_name() {
    let directory = tempfile::tempdir().unwrap();
    for name in odd_names() {
        let data = directory.path().join(&name);
        let options = DataStore::options().data_dir(&data);
        let store = options.create().unwrap();
        assert_eq!(store.calc_dir(), data.join("calc_1"));
        begin(&store);
        work(&store);
        let error = store.get::<f64>("/none").unwrap_err();
        assert_told(&error, ErrorKind::NotFound);
        assert_told(&options.open(7).unwrap_err(), ErrorKind::NotFound);
        assert_told(
            &DataStore::options().read_only(true).at(data.join("no")).unwrap_err(),
            ErrorKind::NotFound,
        );
        let next = options.clone().parent(1).create().unwrap();
        assert_eq!(next.get::<f64>("/draft/a").unwrap(), 2.0, "through its parent");
        drop(store);
        work(&DataStore::at(data.join("calc_1")).unwrap());
        drop(next);
        options.delete(2).run().unwrap();
        assert_eq!(options.calculations().unwrap().len(), 1);
    }
}

#[test]
fn the_program_works_below_a_directory_of_any_name_and_prints_paths_that_lead_there() {
    let directory = tempfile::tempdir().unwrap();
    for name in odd_names() {
        let data = directory.path().join(&name);
        let by_option = |arguments: &[&str]| {
            let mut datadir = OsString::from("--datadir=");
            datadir.push(&data);
            program().arg(datadir).args(arguments).output().unwrap()
        };
        let made = by_option(&["new"]);
        assert!(made.status.success(), "{made:?}");
        let calculation = data.join("calc_1");
        assert_eq!(made.stdout, [calculation.as_os_str().as_bytes(), b"\n"].concat());
        begin(&DataStore::at(&calculation).unwrap());
        let by_path = program().args(["ls", "-c"]).arg(&calculation).output().unwrap();
        let by_variable = program().arg("ls").env("OQ_DATADIR", &data).output().unwrap();
        for listed in [by_option(&["ls"]), by_path, by_variable] {
            assert_eq!(String::from_utf8(listed.stdout).unwrap(), "a\ngroup/\n");
        }
        assert!(by_option(&["export", "hdf5"]).status.success());
        assert_eq!(&fs::read(calculation.join("output.hdf5")).unwrap()[1..4], b"HDF");
        refusal(&by_option(&["show", "/none"]));
        refusal(&by_option(&["-c", "9", "ls"]));
        refusal(&program().args(["ls", "-c"]).arg(data.join("none")).output().unwrap());
        let failed = by_option(&["--json", "-c", "9", "ls"]);
        let told: serde_json::Value = serde_json::from_slice(&failed.stderr).unwrap();
        assert_eq!(told["error"]["kind"], "not_found");
        let calculations = by_option(&["--json", "calcs"]);
        let told: serde_json::Value = serde_json::from_slice(&calculations.stdout).unwrap();
        assert!(told.to_string().contains("calc_1"), "{told}");
    }
}

/// A directory whose path is so long; made step by step, since no call takes the whole path of some.
fn deep(at: &Path, length: usize) -> PathBuf {
    let mut path = at.to_path_buf();
    while path.as_os_str().len() + 1 < length {
        path.push("d".repeat((length - path.as_os_str().len() - 1).min(200)));
    }
    path
}

#[test]
fn a_path_may_be_as_long_as_the_system_takes_it_and_no_longer() {
    let directory = tempfile::tempdir().unwrap();
    // The longest name that is put together with that of a store is that of an export which is not finished.
    let store = DataStore::at(deep(directory.path(), 4_000)).unwrap();
    begin(&store);
    work(&store);
    work(&DataStore::at(store.calc_dir()).unwrap());
    for length in [4_097, 9_000] {
        let path = deep(directory.path(), length);
        assert_told(&DataStore::at(&path).unwrap_err(), ErrorKind::Io);
        assert_told(&DataStore::options().data_dir(&path).create().unwrap_err(), ErrorKind::Io);
        assert_told(&DataStore::options().data_dir(&path).calculations().unwrap_err(), ErrorKind::Io);
        refusal(&program().arg("ls").arg("--datadir").arg(&path).output().unwrap());
    }
}

#[test]
fn child_goes_elsewhere() {
    let Some((directory, _)) = told() else { return };
    let go = |to: &str| std::env::set_current_dir(directory.join(to)).unwrap();
    fs::create_dir_all(directory.join("first")).unwrap();
    fs::create_dir_all(directory.join("second")).unwrap();
    go("first");
    let store = DataStore::at("below/store").unwrap();
    let calculation = DataStore::options().data_dir("data").create().unwrap();
    begin(&store);
    begin(&calculation);
    go("second");
    work(&store);
    work(&calculation);
    assert_eq!(store.calc_dir(), directory.join("first/below/store"));
    let child = calculation.parent().unwrap();
    assert!(child.is_none());
    drop((store, calculation));
    assert!(directory.join("first/below/store/output.hdf5").exists());
    assert_eq!(
        fs::read_dir(directory.join("second")).unwrap().count(),
        0,
        "nothing is left where we are now"
    );
    assert_told(&DataStore::options().read_only(true).at("below/store").unwrap_err(), ErrorKind::NotFound);
    assert_told(&DataStore::at("").unwrap_err(), ErrorKind::InvalidInput);
}

#[test]
fn a_store_that_was_opened_by_a_relative_path_stays_where_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let real = fs::canonicalize(directory.path()).unwrap();
    assert!(child("places::child_goes_elsewhere", &real, 0).status().unwrap().success());
}

#[test]
fn child_has_no_home() {
    if told().is_none() {
        return;
    }
    let error = DataStore::create().unwrap_err();
    assert_told(&error, ErrorKind::NotFound);
    assert!(error.to_string().contains("OQ_DATADIR"), "{error}");
    assert_told(&DataStore::open(1).unwrap_err(), ErrorKind::NotFound);
}

#[test]
fn without_a_home_a_data_directory_must_be_named() {
    let directory = tempfile::tempdir().unwrap();
    let mut without = child("places::child_has_no_home", directory.path(), 0);
    assert!(without.env_remove("HOME").env_remove("OQ_DATADIR").status().unwrap().success());
    for verb in ["ls", "new", "calcs"] {
        let told = refusal(&program().arg(verb).env_remove("HOME").output().unwrap());
        assert!(told.contains("OQ_DATADIR"), "{told}");
    }
    let named =
        program().arg("new").arg("--datadir").arg(directory.path()).env_remove("HOME").output().unwrap();
    assert!(named.status.success(), "{named:?}");
}

#[test]
fn a_data_directory_may_be_a_link() {
    let directory = tempfile::tempdir().unwrap();
    let (real, link) = (directory.path().join("real"), directory.path().join("link"));
    fs::create_dir(&real).unwrap();
    symlink(&real, &link).unwrap();
    let options = DataStore::options().data_dir(&link);
    let store = options.create().unwrap();
    begin(&store);
    work(&store);
    assert_eq!(store.calc_dir(), link.join("calc_1"));
    assert_eq!(DataStore::options().data_dir(&real).create().unwrap().calc_id(), Some(2));
    options.delete(2).run().unwrap();
    assert!(!real.join("calc_2").exists() && real.join("calc_1").exists());
    let dangling = directory.path().join("dangling");
    symlink(directory.path().join("nowhere"), &dangling).unwrap();
    let error = DataStore::options().data_dir(&dangling).create().unwrap_err();
    assert!(!error.to_string().contains('\n') && error.file() == Some(&*dangling), "{error}");
}

#[test]
fn what_is_no_directory_is_said_and_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "mine").unwrap();
    for path in [&*file, Path::new("/dev/null"), Path::new("/dev/full"), Path::new("/proc/version")] {
        for place in [path.to_path_buf(), path.join("below")] {
            let errors = [
                DataStore::at(&place).unwrap_err(),
                DataStore::options().read_only(true).at(&place).unwrap_err(),
                DataStore::options().data_dir(&place).create().unwrap_err(),
                DataStore::options().data_dir(&place).open(-1).unwrap_err(),
            ];
            for (n, error) in errors.iter().enumerate() {
                // What is read may be a zip file, and this is none.
                let is_read = n == 1 && place.is_file();
                assert_told(error, if is_read { ErrorKind::InvalidInput } else { ErrorKind::Io });
                assert!(error.file().unwrap().starts_with(path), "{error}");
            }
            refusal(&program().arg("ls").arg("-c").arg(&place).output().unwrap());
            refusal(&program().arg("new").arg("--datadir").arg(&place).output().unwrap());
        }
    }
    assert_eq!(fs::read(&file).unwrap(), b"mine");
    let reading = DataStore::options().read_only(true).at("/proc").unwrap_err();
    assert_told(&reading, ErrorKind::NotFound);
    // What the system says of a directory that cannot be made there differs.
    for error in [DataStore::at("/proc").unwrap_err(), DataStore::at("/proc/none").unwrap_err()] {
        assert!(error.file().is_some() && !error.to_string().contains('\n'), "{error}");
    }
}

#[test]
fn child_works_on_mounts() {
    let Some((at, _)) = told() else { return };
    assert!(mount("tmpfs", "size=64m", "none", &at).success());
    let made = |name: &str| {
        fs::create_dir(at.join(name)).unwrap();
        at.join(name)
    };
    let [real, bound] = ["real", "bound"].map(made);
    let store = DataStore::at(&real).unwrap();
    begin(&store);
    store.insert("/kept", 5.0).unwrap();
    assert!(mount("", "bind", real.to_str().unwrap(), &bound).success());
    let through = DataStore::at(&bound).unwrap();
    for each in [&store, &through, &store] {
        work(each);
    }
    // A group that is a mount of its own: nothing is renamed across, and what was there is there.
    let group = real.join("output.zarr/group");
    assert!(mount("", "bind", group.to_str().unwrap(), &group).success());
    let refused = [store.insert("/group/new", 1.0), store.remove("/group"), store.rename("/group", "/other")];
    for error in refused.map(Result::unwrap_err) {
        assert_told(&error, ErrorKind::Io);
    }
    assert!(!store.contains_key("/group/new").unwrap() && store.contains_key("/group/grown").unwrap());
    drop((store, through));
    let is_done = [true, false].map(|redirects| {
        let layer = |name: &str| made(&format!("{name}_{redirects}")).into_os_string().into_string().unwrap();
        let [upper, scratch, merged] = ["upper", "scratch", "merged"].map(layer);
        let redirect = if redirects { "on" } else { "off" };
        let lower = real.display();
        let layers = format!("lowerdir={lower},upperdir={upper},workdir={scratch},redirect_dir={redirect}");
        let is_mounted = mount("overlay", &layers, "none", Path::new(&merged)).success();
        if is_mounted {
            work_on_overlay(&real, Path::new(&merged), redirects);
        }
        is_mounted
    });
    eprintln!("bind mounts: done, overlay mounts with and without redirect_dir: {is_done:?}");
}

/// What lies in the lower layer is read and changed in place, and moves where the overlay can note that it did.
fn work_on_overlay(lower: &Path, merged: &Path, redirects: bool) {
    let lower = DataStore::options().read_only(true).at(lower).unwrap();
    let before = lower.get::<Vec<f64>>("/a").unwrap();
    let over = DataStore::at(merged).unwrap();
    let grown: Vec<f64> = over.get("/group/grown").unwrap();
    over.dataset("/group/grown").unwrap().append(vec![9.0; 10]).unwrap();
    over.attributes("/kept").unwrap().insert("units", "g").unwrap();
    over.insert("/new", 8.0).unwrap();
    over.insert("/new", 9.0).unwrap();
    if redirects {
        work(&over);
        work(&over);
        over.insert("/kept", 6.0).unwrap();
        over.rename("/kept", "/moved").unwrap();
        assert_eq!(over.get::<f64>("/moved").unwrap(), 6.0);
        over.remove("/moved").unwrap();
    } else {
        let refused = [over.insert("/kept", 6.0), over.rename("/kept", "/moved"), over.remove("/kept")];
        for error in refused.map(Result::unwrap_err) {
            assert_told(&error, ErrorKind::Io);
            assert!(error.to_string().contains("redirect_dir"), "{error}");
        }
        assert_eq!(over.get::<f64>("/kept").unwrap(), 5.0);
    }
    drop(over);
    let again = DataStore::at(merged).unwrap();
    assert_eq!(again.get::<f64>("/new").unwrap(), 9.0);
    assert!(again.get::<Vec<f64>>("/group/grown").unwrap().len() >= grown.len() + 10);
    assert_eq!(again.check("/", |_| Continue::Yes).unwrap().faults, []);
    assert_eq!((lower.get::<f64>("/kept").unwrap(), lower.get::<Vec<f64>>("/a").unwrap()), (5.0, before));
    assert_eq!(lower.get::<Vec<f64>>("/group/grown").unwrap(), grown);
}

#[test]
fn bind_and_overlay_mounts_are_places_like_others() {
    let directory = tempfile::tempdir().unwrap();
    let Some(mut command) = mounting("places::child_works_on_mounts", directory.path(), 0) else { return };
    assert!(command.status().unwrap().success(), "the child says why");
    let left = fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(left, 0, "the mounts went with the child");
}
