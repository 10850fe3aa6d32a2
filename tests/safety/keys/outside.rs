//! No file outside the store is ever touched: strace shows every path that the system is asked for.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use calcstore::{DataStore, Options, Overwrite, Table};

use super::table::{components, keys};
use crate::child::{child, told};
use crate::strace;

/// What a program may read besides its store.
const READABLE: [&str; 8] = [
    "/proc/",
    "/sys/",
    "/etc/machine-id",
    "/var/lib/dbus/machine-id",
    "/dev/null",
    "/etc/ld.so.cache",
    "/lib/",
    "/usr/lib/",
];

/// Names that files can have and keys cannot, or that lead elsewhere where they are believed.
const NAMES: [&str; 12] = [
    "job.ini",
    "nul",
    "a:b",
    "a\\b",
    "..\\x",
    "line\nbreak",
    "trailing.",
    "trailing ",
    "%2e%2e",
    "__x",
    "...",
    "e\u{301}",
];

#[test]
fn child_uses_hostile_names() {
    let Some((directory, _)) = told() else { return };
    let store = Options::default().data_dir(directory.join("data")).open(1).unwrap();
    for (n, (text, ..)) in keys().into_iter().enumerate().filter(|(n, _)| n % 40 == 0) {
        let _ = store.insert(&text, [n as f64]);
        let _ = store.value(&text);
        if n % 120 == 0 {
            let _ = store.copy(&text, &format!("/copies/{text}"));
            let _ = store.rename(&text, &format!("/moved/{text}"));
            let _ = store.glob(&text);
            let _ = store.keys(&text);
            let _ = store.remove(&text);
        }
    }
    for (name, _) in components().into_iter().step_by(60) {
        let draft = store.draft("/draft").unwrap().replace(true);
        let _ = draft.insert(&name, 1.0);
        let _ = draft.insert(&format!("{name}/../../x"), 1.0);
        draft.commit().unwrap();
        let mut table = Table::new();
        let _ = table.push(&name, vec![1.0]);
        let _ = store.insert("/t", table);
        let _ = store.new_dataset("/labelled").coordinate(name.clone(), vec![1.0]).insert([1.0]);
    }
    let files = NAMES.map(|name| directory.join("data/files").join(name));
    store.store_files("/input", &files).unwrap();
    store.extract_files("/input", directory.join("data/again"), Overwrite::No).unwrap();
    for name in ["../up", "/etc/absolute", "a/../../up", "", ".", "..", "a//b", "down/..", "nul\u{0}x"] {
        store.attributes("/input/job.ini").unwrap().insert("original_name", name).unwrap();
        assert!(
            store.extract_files("/input", directory.join("data/astray"), Overwrite::Yes).is_err(),
            "{name:?}"
        );
    }
    let _ = store.export_hdf5();
    let _ = store.gc().older_than(Duration::ZERO).run();
    store.close().unwrap();
    std::process::exit(0);
}

/// The text between quotes that strace wrote, all in hexadecimal.
fn unquoted(text: &str) -> String {
    let bytes: Vec<u8> =
        text.split("\\x").skip(1).map(|digits| u8::from_str_radix(&digits[..2], 16).unwrap()).collect();
    String::from_utf8(bytes).unwrap()
}

/// The paths in a line: each relative to the open directory that is named before it.
fn paths(line: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find('"') {
        let before = &rest[..at];
        let end = at + 1 + rest[at + 1..].find('"').unwrap();
        let name = unquoted(&rest[at + 1..end]);
        let base = before
            .strip_suffix(">, ")
            .and_then(|before| before.rsplit_once('<'))
            .map_or("", |(_, base)| base);
        let base = if base.contains("\\x") { unquoted(base) } else { base.to_owned() };
        found.push(Path::new(&base).join(name));
        rest = &rest[end + 1..];
    }
    found
}

#[test]
fn no_path_outside_of_the_store_is_opened_made_renamed_or_removed_whatever_the_names() {
    let Some(strace) = strace::find() else { return };
    let directory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let base = directory.path().canonicalize().unwrap();
    fs::create_dir_all(base.join("data/files")).unwrap();
    for name in NAMES {
        fs::write(base.join("data/files").join(name), name).unwrap();
    }
    drop(Options::default().data_dir(base.join("data")).create().unwrap().close());
    let log = base.join("log");
    let command = child("keys::outside::child_uses_hostile_names", &base, 0);
    let status = strace::run(&strace, &["-y", "-xx", "-s", "5000", "-e", "trace=%file"], &log, &command);
    assert!(status.success(), "{}", strace::printed(&log, "stderr"));
    let text = fs::read_to_string(&log).unwrap();
    let inside = base.join("data");
    let calls: Vec<_> = strace::calls(&text)
        .map(|(_, name, line)| (name, paths(line)))
        .skip_while(|(_, paths)| !paths.iter().any(|path| path.starts_with(&inside)))
        .collect();
    let astray = |(name, paths): &&(&str, Vec<PathBuf>)| {
        paths.iter().any(|path| {
            let is_inside =
                path.starts_with(&inside) && !path.components().any(|part| part == Component::ParentDir);
            let is_read =
                matches!(*name, "openat" | "openat2" | "newfstatat" | "statx" | "readlink" | "access");
            let is_readable = is_read && READABLE.iter().any(|readable| path.starts_with(readable));
            !is_inside && !is_readable
        })
    };
    let bad: Vec<_> = calls.iter().filter(astray).take(10).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    assert!(calls.len() > 2000, "{} calls", calls.len());
    eprintln!("outside: {} calls name a path", calls.len());
    let again = fs::read_dir(inside.join("again")).unwrap().count();
    assert_eq!(again, NAMES.len());
    let store = DataStore::options().data_dir(&inside).read_only(true).open(1).unwrap();
    assert!(store.walk("/").unwrap().count() > 50);
    assert!(!base.join("up").exists() && !inside.join("up").exists());
}
