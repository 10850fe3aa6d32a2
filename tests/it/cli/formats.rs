//! Values that go out in a format and come back.

use ndarray::arr2;

use super::Desk;

#[test]
fn text_is_one_row_a_line() {
    let desk = Desk::with_values();
    assert_eq!(desk.done(&["cat", "/0/curves"]), "0.25\t0.5\t1.5\n1e-7\t2.0\t123456789.0\n");
    assert_eq!(desk.done(&["cat", "/sites/lon"]), "12.5\n9.25\n");
    assert_eq!(desk.done(&["cat", "/0/name"]), "Größe\nof two lines");
    assert_eq!(desk.done(&["cat", "/0/Sadigh"]), "PGA[0]\tPGA[1]\tid\n0.5\t0.25\t7\n0.125\t0.0625\t8\n");
    desk.store().insert("/cube", ndarray::Array3::<i8>::zeros((2, 2, 2))).unwrap();
    assert_eq!(desk.done(&["cat", "/cube"]), "0\t0\n0\t0\n\n0\t0\n0\t0\n");
    desk.store().insert("/lines", ["a\nb\\", "c\td"]).unwrap();
    assert_eq!(desk.done(&["cat", "/lines"]), "a\\nb\\\\\nc\\td\n");
    desk.store().insert("/empty", ndarray::Array2::<f64>::zeros((3, 0))).unwrap();
    assert_eq!(desk.done(&["cat", "/empty"]), "");
}

#[test]
fn json_lines_are_rows() {
    let desk = Desk::with_values();
    let rows = "{\"PGA\":[0.5,0.25],\"id\":7}\n{\"PGA\":[0.125,0.0625],\"id\":8}\n";
    assert_eq!(desk.done(&["cat", "/0/Sadigh", "-f", "jsonl"]), rows);
    assert_eq!(desk.done(&["cat", "/sites/count", "-f", "jsonl"]), "1\n2\n");
    assert_eq!(desk.done(&["cat", "/job", "-f", "jsonl"]).lines().count(), 1);
}

#[test]
fn a_table_goes_through_csv() {
    let desk = Desk::with_values();
    let csv = "name,lon,depth,count\nRoma,12.5,NaN,1\nPavia,9.25,3.0,2\n";
    assert_eq!(desk.done(&["cat", "/sites", "-f", "csv"]), csv);
    desk.done(&["cat", "/sites", "-o", "out.csv"]);
    desk.done(&["put", "/again", "out.csv"]);
    let table: calcstore::Table = desk.store().get("/again").unwrap();
    let types: Vec<_> = table.columns().map(|(_, column)| column.data_type().name()).collect();
    assert_eq!(types, ["string", "float64", "float64", "int64"]);
    assert_eq!(desk.done(&["cat", "/again", "-f", "csv"]), csv);
    let quoted = "\u{feff}a,\"b \"\"c\"\"\"\n\"x,y\",\"1\n2\"\n";
    desk.write("quoted.csv", quoted);
    desk.done(&["put", "/quoted", "quoted.csv"]);
    assert_eq!(desk.done(&["cat", "/quoted", "-f", "csv"]), &quoted["\u{feff}".len()..]);
}

#[test]
fn csv_without_names_is_an_array() {
    let desk = Desk::with_values();
    assert_eq!(desk.run_with(&["put", "/m", "-", "-f", "csv", "--no-header"], b"1,2\n3,4\n").code, 0);
    assert_eq!(desk.store().get::<ndarray::Array2<i64>>("/m").unwrap(), arr2(&[[1, 2], [3, 4]]));
    assert_eq!(desk.done(&["cat", "/m", "-f", "csv"]), "1,2\n3,4\n");
    assert_eq!(desk.done(&["cat", "/0/curves", "-f", "csv"]), "0.25,0.5,1.5\n1e-7,2.0,123456789.0\n");
    assert_eq!(desk.done(&["cat", "/0/name", "-f", "csv"]), "\"Größe\nof two lines\"\n");
}

#[test]
fn json_becomes_an_array_or_an_object() {
    let desk = Desk::with_values();
    for (json, kind, data_type, shape) in [
        ("3", "dataset", "int64", "[]"),
        ("[1, -2]", "dataset", "int64", "[2]"),
        ("[18446744073709551615]", "dataset", "uint64", "[1]"),
        ("[[1, 2.5]]", "dataset", "float64", "[1,2]"),
        ("\"text\"", "dataset", "string", "[]"),
        ("[true]", "dataset", "bool", "[1]"),
        ("[]", "dataset", "float64", "[0]"),
        ("[1, \"a\"]", "object", "", ""),
        ("[[1], [2, 3]]", "object", "", ""),
        ("{\"a\": null}", "object", "", ""),
        ("null", "object", "", ""),
    ] {
        let ran = desk.run_with(&["put", "/j", "-", "-f", "json"], json.as_bytes());
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{json}");
        let node = &desk.json(&["ls", "/j"])[0];
        assert_eq!(node["kind"], kind, "{json}");
        assert_eq!(node["data_type"].as_str().unwrap_or_default(), data_type, "{json}");
        assert_eq!(node["shape"].as_array().map_or(String::new(), |_| node["shape"].to_string()), shape);
        let given: serde_json::Value = serde_json::from_str(json).unwrap();
        let found = desk.json(&["cat", "/j"]);
        // 1 among floats is stored as 1.0.
        assert!(found == given || json.contains("2.5"), "{json}: {found}");
    }
}

#[test]
fn raw_and_text_are_taken_as_they_are() {
    let desk = Desk::with_values();
    desk.done(&["cat", "/0/curves", "-o", "curves.raw"]);
    let bytes = std::fs::read(desk.path().join("curves.raw")).unwrap();
    assert_eq!(bytes[..8], 0.25f64.to_le_bytes());
    desk.done(&["put", "/raw", "curves.raw", "--dtype", "float64", "--shape", "[2, 3]"]);
    assert_eq!(desk.json(&["cat", "/raw"]), desk.json(&["cat", "/0/curves"]));
    desk.done(&["put", "/scalar", "curves.raw", "--dtype", "complex128", "--shape", "3"]);
    assert_eq!(desk.done(&["cat", "/scalar"]), "0.25+0.5i\n1.5+1e-7i\n2.0+123456789.0i\n");
    assert_eq!(desk.run(&["cat", "/blob"]).stdout, [0, 1, 2, 255]);

    desk.write("ünï.txt", "Größe\n");
    desk.done(&["put", "/text", "ünï.txt"]);
    assert_eq!(desk.done(&["cat", "/text"]), "Größe\n");
    desk.done(&["cat", "/text", "-o", "out.txt"]);
    assert_eq!(std::fs::read_to_string(desk.path().join("out.txt")).unwrap(), "Größe\n");
}

#[test]
fn a_file_is_replaced_only_by_force() {
    let desk = Desk::with_values();
    desk.write("out.json", "mine");
    let ran = desk.run(&["cat", "/job", "-o", "out.json"]);
    let expected = "calcstore: there is such a file already; --force replaces it (out.json)\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (2, expected));
    assert_eq!(std::fs::read_to_string(desk.path().join("out.json")).unwrap(), "mine");
    desk.done(&["cat", "/job", "-o", "out.json", "--force"]);
    assert!(std::fs::read_to_string(desk.path().join("out.json")).unwrap().contains("demo"));
    let left: Vec<_> =
        std::fs::read_dir(desk.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_str().unwrap().contains(".part")), "{left:?}");
}

#[test]
fn a_value_is_replaced_unless_that_is_refused() {
    let desk = Desk::with_values();
    desk.write("n.json", "1");
    desk.done(&["put", "/job", "n.json"]);
    assert_eq!(desk.done(&["cat", "/job"]), "1\n");
    desk.write("n.json", "2");
    let ran = desk.run(&["put", "-n", "/job", "n.json"]);
    let expected = "calcstore: /job: there is a value or a group here already\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (2, expected));
    assert_eq!(desk.done(&["cat", "/job"]), "1\n");
}

#[test]
fn csv_that_is_divided_by_something_else_than_commas_is_asked_about_and_read() {
    let desk = Desk::new();
    desk.done(&["new"]);
    desk.write("european.csv", "name;lon\nPavia;9.16\nZürich;8.54\n");
    desk.write("tabs.csv", "1\t2\n3\t4\n");
    let refused = desk.run(&["put", "/sites", "european.csv"]);
    let message = "calcstore: there are no commas: say --delimiter \";\" (european.csv)\n";
    assert_eq!((refused.code, refused.stderr.as_str()), (2, message));
    desk.done(&["put", "/sites", "european.csv", "--delimiter", ";"]);
    let sites = desk.done(&["cat", "/sites", "-f", "json"]);
    assert_eq!(sites, "{\"name\":[\"Pavia\",\"Zürich\"],\"lon\":[9.16,8.54]}\n");
    assert_eq!(desk.run(&["put", "/matrix", "tabs.csv", "--no-header"]).code, 2);
    desk.done(&["put", "/matrix", "tabs.csv", "--no-header", "--delimiter", "\\t"]);
    assert_eq!(desk.done(&["cat", "/matrix", "-f", "json"]), "[[1,2],[3,4]]\n");
}

#[test]
fn any_file_can_be_kept_as_bytes() {
    let desk = Desk::new();
    desk.done(&["new"]);
    desk.write("job.ini", "[general]\n");
    desk.done(&["put", "/input/job.ini", "job.ini", "-f", "bytes"]);
    assert_eq!(desk.done(&["cat", "/input/job.ini"]), "[general]\n");
    assert_eq!(desk.done(&["ls", "/input", "--json"]).matches("\"kind\":\"bytes\"").count(), 1);
}
