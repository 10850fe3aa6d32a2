//! What calculations there are, what they take, and how they go.

use std::fs;
use std::process::Stdio;

use serde_json::{Value as Json, json};

use super::Desk;

/// Calculations 1 to 4: 2 is the child of 1, 3 has failed, 4 is complete.
fn four() -> Desk {
    let desk = Desk::with_values();
    desk.done(&["new", "--parent", "1", "-d", "the second"]);
    desk.done(&["new"]);
    desk.done(&["status", "failed"]);
    desk.done(&["new", "--description", "a long story ".repeat(20).trim()]);
    desk.done(&["status", "complete"]);
    desk
}

fn ids(desk: &Desk) -> Vec<Json> {
    let calculations = desk.json(&["calcs"]);
    calculations.as_array().unwrap().iter().map(|entry| entry["calc_id"].clone()).collect()
}

#[test]
fn calculations_are_listed_with_what_is_known_of_them() {
    let desk = four();
    let listed = desk.json(&["calcs", "-l"]);
    let of = |field: &str| -> Vec<Json> {
        listed.as_array().unwrap().iter().map(|entry| entry[field].clone()).collect()
    };
    assert_eq!(of("status"), ["created", "created", "failed", "complete"]);
    assert_eq!(of("parent")[..2], [Json::Null, json!("DESK/data/calc_1")]);
    assert_eq!(of("description")[1], "the second");
    let times = of("duration");
    assert!(times[0].is_null() && times[3].as_u64().unwrap() < 600, "{times:?}");
    let stored: Vec<u64> = of("stored_bytes").iter().map(|bytes| bytes.as_u64().unwrap()).collect();
    assert!(stored[0] > 2000 && stored[2] < 400, "{stored:?}");
    for width in ["40", "80", "200"] {
        let output = desk.command(&["calcs", "-l"]).env("COLUMNS", width).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let longest = text.lines().map(|line| line.chars().count()).max().unwrap();
        // Of the description some characters are shown in any case.
        assert!(longest <= width.parse::<usize>().unwrap().max(70), "{width}: {text}");
        assert!(text.starts_with("ID  STATUS    DATE") && text.contains('…'), "{text}");
    }
}

#[test]
fn a_status_is_noted_with_its_time_and_taken_back() {
    let desk = Desk::with_values();
    assert_eq!((desk.done(&["status"]), desk.done(&["id"])), ("created\n".to_owned(), "1\n".to_owned()));
    desk.done(&["status", "complete"]);
    let noted = desk.json(&["status"]);
    assert!(noted["ended"].as_str().unwrap().ends_with('Z') && noted["status"] == "complete", "{noted}");
    desk.done(&["status", "created"]);
    assert_eq!(desk.json(&["status"]), json!({"status": "created", "ended": null}));
    assert_eq!(desk.run(&["status", "done"]).code, 2);
    let ran = desk.run(&["-c", "data/calc_1", "id"]);
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (3, "calcstore: has no ID: it was named by its path (DESK/data/calc_1)\n")
    );
}

#[test]
fn nothing_is_purged_without_force_and_no_parent_of_what_stays() {
    let desk = four();
    let ran = desk.run(&["purge", "1", "3"]);
    let left = "left alone: 1: is the parent of calculation 2, which stays\nwould delete 1 calculation, ";
    assert!(ran.code == 1 && ran.stderr.starts_with(left), "{ran:?}");
    assert_eq!(ids(&desk), [1, 2, 3, 4]);

    let purged = desk.json(&["purge", "--status", "failed", "--force"]);
    assert_eq!((&purged["deleted"], &purged["calculations"][0]["calc_id"]), (&json!(true), &json!(3)));
    assert_eq!(ids(&desk), [1, 2, 4]);
    let purged = desk.json(&["purge", "--keep", "1", "--force"]);
    assert_eq!(purged["left_alone"], json!([]));
    assert_eq!(ids(&desk), [4], "a child goes before its parent");
    let ran = desk.run(&["purge", "--older-than", "1d", "--force"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, "nothing to delete\n"));
    let ran = desk.run(&["purge", "7"]);
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (3, "calcstore: there is no calculation 7 (calcs lists them) (DESK/data)\n")
    );
    assert_eq!(desk.run(&["purge"]).code, 2);
    assert_eq!(desk.run(&["purge", "-1"]).code, 2);
}

#[test]
fn what_may_be_the_parent_of_a_calculation_that_cannot_be_read_is_not_purged() {
    let desk = four();
    fs::write(desk.path().join("data/calc_2/output.zarr/zarr.json"), "{damaged").unwrap();
    for ids in [&["1"][..], &["1", "3"]] {
        let ran = desk.run(&[&["purge", "--force"], ids].concat());
        let why = "left alone: 1: may be the parent of calculation 2, which stays and cannot be read (";
        assert!(ran.code == 1 && ran.stderr.starts_with(why), "{ran:?}");
    }
    assert_eq!(ids(&desk), [1, 2, 3, 4]);
    desk.run(&["purge", "1", "2", "--force"]);
    assert_eq!(ids(&desk), [3, 4], "it goes before what may be its parent");
}

#[test]
fn what_is_in_use_or_not_ours_is_not_purged() {
    let desk = four();
    let store = desk.store();
    fs::write(desk.path().join("data/calc_3/notes.txt"), "mine").unwrap();
    let ran = desk.run(&["purge", "3", "4", "--force", "--json"]);
    let printed: Json = serde_json::from_slice(&ran.stdout).unwrap();
    let kinds: Vec<&Json> =
        printed["left_alone"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
    assert_eq!((ran.code, kinds), (1, vec![&json!("conflict"), &json!("locked")]), "{printed}");
    assert_eq!(ids(&desk), [1, 2, 3, 4]);
    store.insert("/still", 1).unwrap();
    store.close().unwrap();
    fs::remove_dir_all(desk.path().join("data/calc_4/.calcstore/locks")).unwrap();
    let ran = desk.run(&["purge", "3", "4", "--force", "--all-files"]);
    let why = "left alone: 4: has no locks, so that nobody can tell whether it is open for writing";
    assert!(ran.code == 1 && ran.stderr.starts_with(why), "{ran:?}");
    assert_eq!(ids(&desk), [1, 2, 4]);
    assert_eq!(desk.run(&["purge", "4", "--force", "--unlocked"]).code, 0);
    assert_eq!(desk.run(&["purge", "1", "--force", "--all-files"]).code, 1);
    assert_eq!(desk.run(&["purge", "1", "--force", "--parents"]).code, 0);
    assert_eq!(ids(&desk), [2]);
}

#[test]
fn what_got_another_status_before_its_turn_is_not_purged() {
    let desk = Desk::new();
    for _ in 0..4 {
        desk.done(&["new"]);
        desk.done(&["status", "failed"]);
    }
    let calc = |id: u32| desk.path().join(format!("data/calc_{id}"));
    let tree = fs::File::open(calc(2).join(".calcstore/locks/tree")).unwrap();
    tree.lock().unwrap();
    let mut purge = desk.command(&["purge", "--status", "failed", "--force", "--quiet"]);
    let mut purge = purge.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // It has begun, and waits for 2.
    while calc(1).exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    desk.done(&["-c", "3", "status", "complete"]);
    drop(tree);
    assert_eq!(purge.wait().unwrap().code(), Some(1));
    assert_eq!(ids(&desk), [3]);
}

#[test]
fn what_was_removed_is_counted_and_freed() {
    let desk = Desk::with_values();
    desk.done(&["rm", "/0/curves"]);
    assert_eq!(desk.done(&["gc"]), "nothing to remove\n");
    let counted = desk.json(&["gc", "--older-than", "0s"]);
    assert!(counted["removed"] == false && counted["files"].as_u64().unwrap() >= 2, "{counted}");
    let freed = desk.json(&["gc", "--older-than", "0s", "--force"]);
    assert_eq!((&freed["bytes"], &freed["removed"]), (&counted["bytes"], &json!(true)));
    assert_eq!(desk.done(&["gc", "--older-than", "0s"]), "nothing to remove\n");
}

#[test]
fn what_is_younger_than_asked_for_is_not_removed() {
    let desk = Desk::with_values();
    desk.done(&["rm", "/0/curves"]);
    let trash = desk.path().join("data/calc_1/.calcstore/trash");
    let count = || fs::read_dir(&trash).unwrap().count();
    for wrapper in fs::read_dir(&trash).unwrap() {
        let ago = std::time::SystemTime::now() - std::time::Duration::from_mins(2);
        fs::File::open(wrapper.unwrap().path()).unwrap().set_modified(ago).unwrap();
    }
    let before = count();
    assert_eq!(desk.done(&["gc", "--force", "--older-than", "1h"]), "nothing to remove\n");
    assert_eq!(count(), before);
    let counted = desk.json(&["gc"]);
    let freed = desk.json(&["gc", "--force"]);
    assert_eq!((&freed["leftovers"], count()), (&counted["leftovers"], 0));
}

#[test]
fn each_group_takes_what_is_in_it() {
    let desk = Desk::with_values();
    let sizes = desk.json(&["du", "-d", "9", "--sort", "name"]);
    let sizes = sizes.as_array().unwrap();
    let keys: Vec<&str> = sizes.iter().map(|size| size["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["/", "/0", "/0/Sadigh", "/0/curves", "/0/name", "/blob", "/job", "/sites"]);
    for size in sizes {
        let measured = desk.json(&["stat", size["key"].as_str().unwrap()]);
        for field in ["bytes", "stored_bytes", "files", "ratio"] {
            assert_eq!(size[field], measured[field], "{field} of {}", size["key"]);
        }
    }
    let shallow = desk.json(&["du", "--top", "2"]);
    let keys: Vec<&Json> = shallow.as_array().unwrap().iter().map(|size| &size["key"]).collect();
    assert_eq!(keys, ["/", "/0"]);
    desk.done(&["export", "hdf5", "-o", "out.hdf5", "-q"]);
    let of_file = desk.json(&["-c", "out.hdf5", "du", "--sort", "name"]);
    assert_eq!(of_file[1]["key"], "/0");
}

#[test]
fn values_are_stored_anew_and_stay_what_they_are() {
    let desk = Desk::with_values();
    let all: Vec<f64> = (0..50_000).map(|n| f64::from(n % 100)).collect();
    desk.store().insert("/0/large", ndarray::Array2::from_shape_vec((500, 100), all).unwrap()).unwrap();
    desk.done(&["cp", "-r", "/0", "/old"]);
    let planned = desk.done(&["repack", "-n", "/0", "/sites", "--codec", "zstd"]);
    assert_eq!(planned, "/0/Sadigh\n/0/curves\n/0/large\n/sites\n");
    let report = desk.json(&["repack", "/0/large", "--chunks", "100,50", "--codec", "zstd:9"]);
    let repacked = &report["repacked"][0];
    assert!(
        repacked["stored_bytes"].as_u64().unwrap() * 10 < repacked["stored_bytes_before"].as_u64().unwrap()
    );
    assert_eq!(desk.json(&["show", "/0/large"])["chunks"], json!([100, 50]));
    desk.done(&["repack", "/0/large", "--shards", "0", "-q"]);
    desk.done(&["repack", "/0/Sadigh", "--chunks", "1", "-q"]);
    assert_eq!(desk.json(&["show", "/0/Sadigh/PGA"])["chunks"], json!([1, 2]));
    assert_eq!(desk.run(&["diff", "/0", "/old"]).code, 0);
    assert_eq!(desk.json(&["check"])["ok"], true);
    let ran = desk.run(&["repack", "/0"]);
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (2, "calcstore: nothing is to change; --chunks, --shards and --codec say what\n")
    );
    let ran = desk.run(&["repack", "/0/large", "--chunks", "0,1"]);
    assert!(ran.code == 2 && ran.stderr.contains("no length may be zero"), "{ran:?}");
}

#[test]
fn input_files_are_kept_and_come_out_again() {
    let desk = Desk::with_values();
    desk.write("job.ini", "[general]\n");
    fs::create_dir(desk.path().join("models")).unwrap();
    desk.write("models/sources.xml", "<nrml/>".repeat(100));
    assert_eq!(desk.run(&["files"]).stderr, "0 files\n");
    let added = desk.json(&["files", "/input", "--add", "job.ini", "models/sources.xml"]);
    assert_eq!((&added[0]["name"], &added[1]["bytes"]), (&json!("job.ini"), &json!(700)));
    assert_eq!(desk.json(&["files"]), added);
    let ran = desk.run(&["files", "/input", "-x", "again"]);
    assert_eq!(ran.text(), "again/job.ini\nagain/models/sources.xml\n");
    assert_eq!(fs::read(desk.path().join("again/models/sources.xml")).unwrap().len(), 700);
    assert_eq!(desk.run(&["files", "/input", "-x", "again"]).code, 2);
    assert_eq!(desk.run(&["files", "/input", "-x", "again", "--force"]).code, 0);
    assert_eq!(desk.run(&["files", "/nope"]).code, 3);
}
