//! What the four addresses answer.

use serde_json::{Value as Json, json};

use super::{Viewer, damage, desk_with_everything};
use crate::cli::Desk;

fn attribute<'a>(meta: &'a Json, name: &str) -> Option<&'a Json> {
    meta["attributes"].as_array().unwrap().iter().find(|attribute| attribute["name"] == name)
}

#[test]
fn everything_has_a_type_of_hdf5_and_comes_as_bytes_or_as_json() {
    let desk = desk_with_everything();
    let viewer = Viewer::start(&desk, &[]);
    let bytes = |path: &str| {
        let answer = viewer.get(&format!("api/data?file=calc_1&path={path}&format=bin&dtype=safe"));
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.body
    };
    let listed = |path: &str| viewer.json("data", &format!("{path}&flatten=true"));
    let int = |size: u64, sign: u64| json!({"class": 0, "size": size, "order": 0, "sign": sign});
    for (name, data_type, expected) in [
        (
            "bool",
            json!({"class": 8, "size": 1, "members": {"FALSE": 0, "TRUE": 1}, "base": int(1, 1)}),
            vec![1, 0, 1],
        ),
        ("int8", int(1, 1), vec![128, 0, 127]),
        ("int16", int(2, 1), [i16::MIN, 0, i16::MAX].iter().flat_map(|x| x.to_le_bytes()).collect()),
        ("int64", int(8, 1), [i64::MIN, 0, i64::MAX].iter().flat_map(|x| x.to_le_bytes()).collect()),
        ("uint64", int(8, 0), [0, 1, u64::MAX].iter().flat_map(|x| x.to_le_bytes()).collect()),
        (
            "float16",
            json!({"class": 1, "size": 2, "order": 0}),
            [0.5f32, f32::NAN, 65504.0].iter().flat_map(|x| x.to_le_bytes()).collect(),
        ),
        (
            "float64",
            json!({"class": 1, "size": 8, "order": 0}),
            [0.1, f64::NAN, f64::NEG_INFINITY].iter().flat_map(|x| x.to_le_bytes()).collect(),
        ),
    ] {
        let path = format!("/types/{name}");
        let meta = viewer.json("meta", &path);
        assert_eq!(
            (&meta["kind"], &meta["type"], &meta["shape"]),
            (&json!("dataset"), &data_type, &json!([3])),
            "{name}"
        );
        assert_eq!(bytes(&path), expected, "{name}");
    }
    let meta = viewer.json("meta", "/types/complex128");
    let names: Vec<&Json> =
        meta["type"]["members"].as_array().unwrap().iter().map(|member| &member["name"]).collect();
    assert_eq!(names, ["r", "i"]);
    assert_eq!(listed("/types/complex128"), json!([[3.0, 4.0], [0.0, -1.5]]));
    assert_eq!(listed("/types/complex64"), json!([[3.0, 4.0], ["\0NaN", 0.0]]));
    assert_eq!(listed("/types/complex"), json!([1.0, -2.0]));
    assert_eq!(listed("/types/string"), json!(["αβγ", "", "\"two\"\nlines"]));
    assert_eq!(listed("/types/text"), json!("Größe"));
    assert_eq!(bytes("/types/scalar"), 2.5f64.to_le_bytes());
    assert_eq!(viewer.json("meta", "/types/scalar")["shape"], json!([]));
    assert!(bytes("/types/empty").is_empty());
    assert_eq!(viewer.json("meta", "/types/empty")["shape"], json!([0, 3]));
    let npy = viewer.get("api/data?file=calc_1&path=/types/float64&format=npy");
    assert!(npy.body.starts_with(b"\x93NUMPY") && npy.head.contains("filename=\"types_float64.npy\""));
}

#[test]
fn tables_are_compounds_objects_are_notes_and_text_is_text() {
    let desk = desk_with_everything();
    let viewer = Viewer::start(&desk, &[]);
    let meta = viewer.json("meta", "/sites");
    assert_eq!(meta["shape"], json!([2]));
    let members = meta["type"]["members"].as_array().unwrap();
    let names: Vec<&str> = members.iter().map(|member| member["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["name", "depth", "id", "is_rock", "PGA[0]", "PGA[1]"]);
    assert_eq!(meta["columns"], json!(["depth", "id", "is_rock", "PGA"]));
    assert_eq!(viewer.json("meta", "/sites/PGA")["shape"], json!([2, 2]));
    let rows = json!([
        ["Pavia", "\0NaN", "\09007199254740993", true, 0.5, 0.25],
        ["Zürich", 3.5, -1, false, "\0Infinity", 0.125],
    ]);
    assert_eq!(viewer.json("data", "/sites"), rows);
    assert_eq!(viewer.json("data", "/sites&selection=1:2"), json!([rows[1]]));

    let meta = viewer.json("meta", "/job");
    assert_eq!(
        (&meta["kind"], viewer.json("attr", "/job")["NX_class"].clone()),
        (&json!("group"), json!("NXnote"))
    );
    assert_eq!(viewer.json("meta", "/job/data"), meta["children"][0]);
    assert_eq!(viewer.json("data", "/job/type"), "application/json");
    let data = viewer.json("data", "/job/data");
    let job: Json = serde_json::from_str(data.as_str().unwrap()).unwrap();
    assert_eq!(job, json!({"description": "demo <b>", "levels": [1, 2.5], "n": 3}));

    assert_eq!(viewer.json("data", "/job.ini"), "[general]\ndescription = größer\n");
    let blob = viewer.get("api/data?file=calc_1&path=/blob&format=bin");
    assert_eq!(blob.body, [0, 1, 2, 255]);
}

#[test]
fn a_table_with_very_many_columns_says_that_some_are_not_shown() {
    let desk = Desk::with_values();
    let mut wide = calcstore::Table::new();
    wide.push("few", [1.0, 2.0]).unwrap();
    wide.push("many", ndarray::Array2::<f64>::zeros((2, 600))).unwrap();
    desk.store().insert("/wide", &wide).unwrap();
    let viewer = Viewer::start(&desk, &[]);
    let meta = viewer.json("meta", "/wide");
    assert_eq!(meta["type"]["members"].as_array().unwrap().len(), 1);
    assert_eq!(viewer.json("data", "/wide"), json!([[1.0], [2.0]]));
    assert_eq!(viewer.json("attr", "/wide")["not_shown"], "1 more column; calcstore show has them all");
}

#[test]
fn what_cannot_be_read_is_there_and_says_why() {
    let desk = desk_with_everything();
    damage(&desk);
    let viewer = Viewer::start(&desk, &[]);
    let meta = viewer.json("meta", "/odd");
    assert_eq!((&meta["kind"], &meta["shape"]), (&json!("dataset"), &Json::Null));
    let problem = viewer.json("attr", "/odd")["problem"].clone();
    assert!(problem.as_str().unwrap().contains("makes no sense"), "{problem}");
    assert_eq!(viewer.get("api/data?file=calc_1&path=/odd").status, 422);
}

#[test]
fn a_group_of_curves_is_said_to_be_a_plot_with_two_logarithmic_scales() {
    let desk = desk_with_everything();
    let viewer = Viewer::start(&desk, &[]);
    let attributes = viewer.json("attr", "/curves");
    assert_eq!(attributes["NX_class"], "NXdata");
    assert_eq!((&attributes["signal"], &attributes["axes"]), (&json!("mean"), &json!(["site", "level"])));
    let style: Json = serde_json::from_str(attributes["SILX_style"].as_str().unwrap()).unwrap();
    assert_eq!(style, json!({"axes_scale_type": ["linear", "log"], "signal_scale_type": "log"}));
    assert_eq!(viewer.json("attr", "/curves/mean")["interpretation"], "spectrum");
    assert_eq!(viewer.json("attr", "/curves/mean")["units"], "1");
    // The first page leads there.
    assert_eq!(viewer.json("attr", "/")["default"], "/curves");
    let meta = viewer.json("meta", "/curves");
    for name in ["NX_class", "signal", "axes", "SILX_style"] {
        assert!(attribute(&meta, name).is_some(), "{name}");
    }
    // Maps are none, and what the user says counts.
    assert!(viewer.json("attr", "/maps").get("NX_class").is_none());
    desk.store().attributes("/curves").unwrap().insert("signal", "level").unwrap();
    let attributes = viewer.json("attr", "/curves");
    assert_eq!((&attributes["signal"], attributes.get("NX_class")), (&json!("level"), None));
}

#[test]
fn slices_are_read_alone_and_what_is_too_large_comes_in_parts() {
    let desk = desk_with_everything();
    let viewer = Viewer::start(&desk, &[]);
    let data = |path: &str| viewer.get(&format!("api/data?file=calc_1&path={path}&format=bin"));
    let slice = data("/large/cube&selection=1023,:,:");
    assert_eq!((slice.status, slice.body.len()), (200, 512 * 512 * 4));
    assert_eq!(slice.body[..8], [0.0f32.to_le_bytes(), 1.0f32.to_le_bytes()].concat());
    assert!(slice.body.ends_with(&1022.0f32.to_le_bytes()));
    let row = data("/maps/cube&selection=2,3,0:40:20");
    assert_eq!(row.body, [20300.0f64.to_le_bytes(), 20320.0f64.to_le_bytes()].concat());

    let whole = data("/large/cube");
    assert_eq!(whole.status, 422);
    assert!(whole.text().contains("too large to be drawn at once"), "{whole:?}");

    let meta = viewer.json("meta", "/large/line");
    let rows = meta["part"]["rows"].as_u64().unwrap();
    assert_eq!(meta["part"], json!({"from": 0, "rows": rows, "of": 1 << 27}));
    assert_eq!(meta["shape"], json!([rows]));
    assert!(attribute(&meta, "shown").is_some());
    let end = viewer.json("meta", &format!("/large/line&from={}", u64::MAX));
    assert_eq!((&end["part"]["from"], &end["shape"]), (&json!((1 << 27) - rows), &json!([rows])));
    let last = data(&format!("/large/line&from={}&selection={}:{rows}", 1 << 27, rows - 2));
    assert_eq!(last.body, [3.0f64.to_le_bytes(), 4.0f64.to_le_bytes()].concat());
    for wrong in ["selection=1,2", "selection=a", "selection=-1", "selection=9999999", "format=tiff"] {
        assert_eq!(data(&format!("/large/line&{wrong}")).status, 422, "{wrong}");
    }
}

#[test]
fn the_search_knows_all_paths_and_the_list_all_calculations() {
    let desk = desk_with_everything();
    desk.done(&["new"]);
    let viewer = Viewer::start(&desk, &["-c", "1"]);
    assert!(viewer.address.ends_with("/view?file=calc_1"), "{}", viewer.address);
    let paths = viewer.json("paths", "/");
    let paths: Vec<&str> = paths.as_array().unwrap().iter().map(|path| path.as_str().unwrap()).collect();
    assert_eq!(paths[0], "/");
    assert!(["/curves/mean", "/sites", "/large"].iter().all(|path| paths.contains(path)), "{paths:?}");
    let list = viewer.get("");
    let (first, second) =
        (list.text().find("view?file=calc_1\"").unwrap(), list.text().find("view?file=calc_2\"").unwrap());
    assert!(second < first, "{list:?}");
    assert!(list.text().contains("<td class=\"created\">created<td>20"), "{list:?}");
    let size = viewer.json("size", "/");
    assert!(
        size["bytes"].as_u64().unwrap() > 1000 && size["text"].as_str().unwrap().ends_with("iB"),
        "{size}"
    );
}

#[test]
fn an_hdf5_file_is_served_as_its_store_is() {
    let desk = desk_with_everything();
    desk.done(&[
        "-q",
        "export",
        "hdf5",
        "-o",
        "all & more.h5",
        "--only",
        "/curves",
        "--only",
        "/types",
        "--only",
        "/sites",
    ]);
    let viewer = Viewer::start(&desk, &["-c", "all & more.h5"]);
    assert!(viewer.address.ends_with("view?file=path/all%20%26%20more.h5"), "{}", viewer.address);
    let of_file = |what: &str, path: &str| {
        let answer = viewer.get(&format!("api/{what}?file=path/all%20%26%20more.h5&path={path}"));
        assert_eq!(answer.status, 200, "{what} {path}: {answer:?}");
        serde_json::from_slice::<Json>(&answer.body).unwrap()
    };
    assert_eq!(of_file("attr", "/curves"), viewer.json("attr", "/curves"));
    assert_eq!(of_file("data", "/sites"), viewer.json("data", "/sites"));
    for name in ["bool", "int16", "string", "float64", "complex128", "text"] {
        let path = format!("/types/{name}");
        assert_eq!(of_file("meta", &path)["type"], viewer.json("meta", &path)["type"], "{name}");
    }
}

#[test]
fn a_zip_file_is_served_as_its_store_is() {
    let desk = desk_with_everything();
    desk.done(&["-q", "pack", "-o", "packed.zip"]);
    let viewer = Viewer::start(&desk, &["-c", "packed.zip"]);
    assert!(viewer.address.ends_with("view?file=path/packed.zip"), "{}", viewer.address);
    for (what, path) in [
        ("meta", "/"),
        ("attr", "/curves"),
        ("data", "/curves/mean"),
        ("data", "/sites"),
        ("data", "/job/data"),
        ("data", "/large/line"),
        ("paths", "/"),
    ] {
        let answer = viewer.get(&format!("api/{what}?file=path/packed.zip&path={path}"));
        assert_eq!(answer.status, 200, "{what} {path}: {answer:?}");
        let packed: Json = serde_json::from_slice(&answer.body).unwrap();
        assert!(packed == viewer.json(what, path), "{what} {path} differs");
    }
}

#[test]
fn a_calculation_that_is_named_as_its_directory_is_listed_once() {
    let desk = desk_with_everything();
    let viewer = Viewer::start(&desk, &["-c", "calc_1"]);
    assert!(viewer.address.ends_with("view?file=calc_1"), "{}", viewer.address);
    assert_eq!(viewer.get("").text().matches("view?file=").count(), 1);
}
