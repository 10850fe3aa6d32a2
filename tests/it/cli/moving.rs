//! Moving, copying, and writing parts.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use calcstore::DataStore;
use serde_json::json;

use super::Desk;

/// A desk whose calculation 2 is empty, beside 1 with a value of each kind.
fn two() -> Desk {
    let desk = Desk::with_values();
    desk.done(&["new"]);
    desk
}

fn refused(desk: &Desk, arguments: &[&str], code: i32, message: &str) {
    let ran = desk.run(arguments);
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (code, format!("calcstore: {message}\n").as_str()),
        "{arguments:?}"
    );
}

#[test]
fn a_value_is_moved_to_a_key_or_into_a_group() {
    let desk = Desk::with_values();
    desk.done(&["mv", "/0/curves", "/renamed"]);
    assert_eq!(desk.done(&["attrs", "/renamed", "units"]), "g\n");
    desk.done(&["mv", "/renamed", "sites", "/0"]);
    assert_eq!(desk.done(&["ls", "/0"]), "Sadigh\nname\nrenamed\nsites\n");
    let moved = desk.json(&["mv", "/0/[rs]*", "/new/group/"]);
    let expected = json!([{"from": "/0/renamed", "to": "/new/group/renamed"}, {"from": "/0/sites", "to": "/new/group/sites"}]);
    assert_eq!(moved["moved"], expected);
    desk.done(&["mv", "/new", "/0"]);
    assert_eq!(
        desk.done(&["ls", "-r", "/0/new"]),
        "/0/new/group/\n/0/new/group/renamed\n/0/new/group/sites\n"
    );
    assert_eq!(desk.json(&["check"])["ok"], true);
}

#[test]
fn what_is_below_something_that_goes_goes_with_it() {
    let desk = Desk::with_values();
    desk.done(&["cp", "-r", "/0", "/g/b/"]);
    desk.done(&["mv", "/g/**", "/z/"]);
    assert_eq!(desk.done(&["ls", "/g"]), "");
    assert_eq!(desk.done(&["ls", "-r", "/z"]).lines().next(), Some("/z/b/"));
    assert_eq!(desk.done(&["ls", "/z/b/0"]), desk.done(&["ls", "/0"]));
    desk.done(&["cp", "-r", "/z/**", "/again/"]);
    assert_eq!(desk.done(&["ls", "/again"]), "b/\n");
}

#[test]
fn values_are_replaced_unless_that_is_refused_and_groups_only_by_force() {
    let desk = Desk::with_values();
    refused(&desk, &["mv", "-n", "/job", "/blob"], 2, "/blob: there is a value or a group here already");
    desk.done(&["mv", "/job", "/blob"]);
    assert_eq!(desk.done(&["ls"]), "0/\nblob\nsites\n");
    assert_eq!(desk.json(&["cat", "/blob"])["description"], "demo");

    desk.done(&["cp", "-r", "/0", "/1"]);
    desk.done(&["cp", "-r", "/0", "/1"]);
    assert_eq!(desk.done(&["ls", "/1"]), "0/\nSadigh\ncurves\nname\n");
    let there = "/1/0: there is a value or a group here already; -f replaces it";
    refused(&desk, &["cp", "-r", "/0", "/1"], 2, there);
    desk.done(&["rm", "/0/name"]);
    desk.done(&["cp", "-rf", "/0", "/1"]);
    assert_eq!(desk.done(&["ls", "/1/0"]), "Sadigh\ncurves\n");
    desk.done(&["cp", "/sites", "/1/x/"]);
    assert_eq!(desk.done(&["ls", "/1/x"]), "sites\n");
}

#[test]
fn what_cannot_be_done_is_refused_before_anything_is() {
    let desk = Desk::with_values();
    let before = desk.done(&["ls", "-lr"]);
    refused(&desk, &["cp", "/0", "/2"], 2, "/0: is a group; -r takes it with everything in it");
    refused(&desk, &["mv", "/job", "/nope", "/0"], 3, "/nope: not found");
    refused(&desk, &["mv", "/0", "/0/in/"], 2, "/0: cannot be moved to /0/in/0, which is itself or below it");
    refused(
        &desk,
        &["cp", "/job", "/0/job/", "-c", "9"],
        3,
        "there is no calculation 9; there are 1 from 1 to 1 (DESK/data)",
    );
    let twice = "/2/Sadigh: both /0/Sadigh and /0/Sadigh would go here";
    refused(&desk, &["cp", "/0/Sadigh", "1:/0/Sadigh", "/2"], 2, twice);
    let many = "/2: is no group, and 3 things are to go there; end it with / to make one";
    refused(&desk, &["cp", "/0/*", "/2"], 2, many);
    refused(&desk, &["mv", "/", "/2"], 2, "/: is everything; '/*' is what is in it");
    assert_eq!(desk.done(&["ls", "-lr"]), before);
}

#[test]
fn things_go_from_one_calculation_to_another() {
    let desk = two();
    let plan = desk.done(&["cp", "-r", "1:/0", "-1:/", "--dry-run"]);
    assert_eq!((plan.as_str(), desk.done(&["ls"]).as_str()), ("/0 -> /0\n", ""));
    desk.done(&["cp", "-r", "1:/0", "-1:/"]);
    let ran = desk.run(&["diff", "1:/0", "2:/0"]);
    assert_eq!((ran.code, ran.stderr.contains("no differences")), (0, true), "{ran:?}");

    let ran = desk.run(&["mv", "-2:/sites", "2:/sites", "-v"]);
    assert_eq!((ran.code, ran.stderr.ends_with("moved /sites to /sites\n")), (0, true), "{ran:?}");
    assert_eq!(desk.run(&["-c", "1", "show", "/sites"]).code, 3);
    assert!(desk.done(&["cat", "/sites", "-f", "csv"]).starts_with("name,lon,depth,count\n"));
    desk.write("file.hdf5", "");
    desk.done(&["-c", "1", "export", "hdf5", "-o", "out.hdf5", "-q"]);
    let only_read =
        "this is an HDF5 file, which is only read; calcstore import FILE makes values of it (out.hdf5)";
    refused(&desk, &["cp", "out.hdf5:/0/curves", "/x"], 2, only_read);
}

#[test]
fn rows_that_are_appended_while_their_array_is_moved_are_not_lost() {
    for to in ["2:/rows", "/there"] {
        let desk = two();
        let store = |id| DataStore::options().data_dir(desk.path().join("data")).open(id).unwrap();
        store(1).insert("/there", 1).unwrap();
        let first = vec![0.5; 1_000_000];
        store(1).insert("/rows", &first).unwrap();
        let stop = AtomicBool::new(false);
        let appended = std::thread::scope(|scope| {
            let appending = scope.spawn(|| {
                let store = store(1);
                let rows = store.dataset("/rows").unwrap();
                let mut appended = 0;
                while !stop.load(Relaxed) && rows.append(ndarray::arr1(&[1.5])).is_ok() {
                    appended += 1;
                }
                appended
            });
            let ran = desk.run(&["-c", "1", "mv", "/rows", to]);
            stop.store(true, Relaxed);
            assert!(ran.code == 0 || ran.stderr.contains("changed while it was copied"), "{ran:?}");
            appending.join().unwrap()
        });
        let (left, gone_to) = (store(1), if to == "/there" { store(1) } else { store(2) });
        let there = if left.contains_key("/rows").unwrap() {
            left.get::<Vec<f64>>("/rows")
        } else {
            gone_to.get(to.trim_start_matches("2:"))
        };
        assert_eq!(there.unwrap().len(), first.len() + appended, "{to}");
    }
}

#[test]
fn parts_of_what_is_there_are_written() {
    let desk = Desk::with_values();
    desk.write("row.json", "[1, 2, 3]");
    desk.done(&["put", "/0/curves", "row.json", "-s", "-1"]);
    assert_eq!(desk.json(&["cat", "/0/curves"]), json!([[0.25, 0.5, 1.5], [1.0, 2.0, 3.0]]));
    desk.done(&["put", "/0/curves", "row.json", "--append"]);
    assert_eq!(desk.json(&["cat", "/0/curves", "-s", "2"]), json!([1.0, 2.0, 3.0]));

    desk.write("more.csv", "name,lon,depth,count\nAsti,8,0,7\n");
    let ran = desk.run(&["put", "/sites", "more.csv", "--append", "-v"]);
    assert!(ran.stderr.ends_with("/sites has now 3 rows\n"), "{ran:?}");
    assert_eq!(
        desk.done(&["cat", "/sites", "-f", "csv", "-s", "-1:"]),
        "name,lon,depth,count\nAsti,8.0,0.0,7\n"
    );

    desk.store().new_dataset("/small").create::<u8>(&[3]).unwrap();
    desk.done(&["put", "/small", "row.json", "-s", "::-1"]);
    assert_eq!(desk.json(&["cat", "/small"]), json!([3, 2, 1]));
    desk.write("large.json", "[256]");
    refused(&desk, &["put", "/small", "large.json", "-s", ":1"], 2, "/small: 256 is no uint8");
    refused(&desk, &["put", "/nope", "row.json", "--append"], 3, "/nope: not found");
    let rows = "/sites: is a table, to which rows of a table are appended, such as from csv";
    refused(&desk, &["put", "/sites", "row.json", "-a"], 2, rows);
    let rows = "/sites: is a table, of which -s writes no rows; --append adds some";
    refused(&desk, &["put", "/sites", "row.json", "-s", "0"], 2, rows);
}
