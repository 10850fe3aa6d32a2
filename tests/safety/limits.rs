//! Little of what a machine has: few open files, little memory, and nothing that may be written but the data directory.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use calcstore::{DataStore, Table};

use crate::child::{scratch, told};
use crate::mounts::{mount, mounting, remount};

/// Runs the program after `before`, which is for a shell, with nothing but a data directory in its environment.
fn after(before: &str, data: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{before} && exec \"$0\" \"$@\"")).arg(env!("CARGO_BIN_EXE_calcstore"));
    command.args(arguments).current_dir(data).env_clear().env("OQ_DATADIR", data).output().unwrap()
}

fn done(output: &Output) -> &[u8] {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    &output.stdout
}

/// A calculation that has more columns, chunks and values than a process may have open files.
fn with_much(data: &Path) {
    let store = DataStore::options().data_dir(data).create().unwrap();
    let mut table = Table::new();
    for n in 0..200 {
        table.push(&format!("column_{n}"), vec![f64::from(n); 10]).unwrap();
    }
    store.insert("/wide", &table).unwrap();
    store.new_dataset("/chunks").chunks([4]).insert(vec![1.5; 1000]).unwrap();
    store.extend((0..100).map(|n| (format!("/group/{n}"), n))).unwrap();
    store.close().unwrap();
}

#[test]
fn the_program_needs_no_more_than_64_open_files() {
    let directory = scratch();
    let data = directory.path();
    with_much(data);
    let limited = |arguments: &[&str]| after("ulimit -n 64", data, arguments);
    for arguments in
        [&["ls", "-rl"][..], &["show", "/wide"], &["export", "hdf5"], &["pack", "1", "-o", "packed.zip"]]
    {
        done(&limited(arguments));
    }
    fs::write(data.join("wide.csv"), done(&limited(&["cat", "/wide", "--format", "csv"]))).unwrap();
    fs::rename(data.join("calc_1/output.hdf5"), data.join("data.hdf5")).unwrap();
    for arguments in [
        &["unpack", "packed.zip"][..],
        &["diff", "1", "2"],
        &["import", "data.hdf5"],
        &["-c", "2", "put", "/wide", "wide.csv"],
        &["-c", "2", "rm", "-r", "/group"],
        &["check"],
    ] {
        done(&limited(arguments));
    }
    assert_eq!(done(&limited(&["-c", "1", "cat", "/wide"])), done(&limited(&["-c", "2", "cat", "/wide"])));
    // The limit is one.
    let refused = after("ulimit -n 4", data, &["cat", "/wide"]);
    assert!(
        !refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("open files"),
        "{refused:?}"
    );
}

#[test]
fn what_is_larger_than_the_memory_is_checked_exported_and_packed() {
    let directory = scratch();
    let data = directory.path();
    let store = DataStore::options().data_dir(data).create().unwrap();
    let large = store.new_dataset("/large").chunks([1 << 17]).create::<f64>(&[12 << 20]).unwrap();
    for part in 0..12_u64 {
        large.write(part << 20..(part + 1) << 20, vec![part as f64 + 0.5; 1 << 20]).unwrap();
    }
    store.close().unwrap();
    // 96 MiB, and half of them for the program, its stacks and all else that it maps.
    let limited = |arguments: &[&str]| after("ulimit -v 65536", data, arguments);
    for arguments in [
        &["check"][..],
        &["export", "hdf5"],
        &["export", "hdf5", "--force", "--chunked"],
        &["pack", "1", "-o", "packed.zip"],
    ] {
        done(&limited(arguments));
    }
    for written in ["calc_1/output.hdf5", "packed.zip"] {
        assert!(fs::metadata(data.join(written)).unwrap().len() > 96 << 20, "{written}");
    }
    // What must be in memory as a whole is refused.
    let refused = limited(&["cat", "/large", "--format", "npy", "-o", "large.npy"]);
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("no memory for 12582912 elements"),
        "{refused:?}"
    );
}

/// Makes all of the machine read-only but `data`, and works there.
#[test]
fn child_has_a_read_only_root() {
    let Some((data, _)) = told() else { return };
    assert!(mount("", "bind", data.to_str().unwrap(), &data).success());
    // What is a mount of its own is made so too; what is none is part of the root.
    for at in ["/tmp", "/dev/shm", "/var/tmp", "/home", "/root"] {
        mount("", "remount,bind,ro", "none", Path::new(at));
    }
    remount("bind,ro", Path::new("/"));
    assert!(fs::write("/written", "").is_err());
    let run = |arguments: &[&str]| after(":", &data, arguments);
    done(&run(&["new"]));
    fs::write(data.join("sites.csv"), "lon,lat\n9.16,45.19\n").unwrap();
    done(&run(&["put", "/sites", "sites.csv"]));
    done(&run(&["export", "hdf5"]));
    // And then a store that cannot be written to: it is read, and what would change it says why not.
    remount("bind,ro", &data);
    assert_eq!(done(&run(&["cat", "/sites"])), b"lon\tlat\n9.16\t45.19\n");
    done(&run(&["check"]));
    let refused = run(&["rm", "/sites"]);
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && told.contains("Read-only"), "{told}");
}

#[test]
fn nothing_but_the_data_directory_need_be_writable() {
    let directory = scratch();
    let Some(mut child) = mounting("limits::child_has_a_read_only_root", directory.path(), 0) else { return };
    assert!(child.status().unwrap().success());
}
