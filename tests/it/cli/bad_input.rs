//! Input that makes no sense: each with its whole message and exit code.

use super::Desk;

/// Arguments, exit code, what is said on standard error.
type Case = (&'static [&'static str], i32, &'static str);

#[track_caller]
fn refuse(desk: &Desk, cases: &[Case]) {
    for (arguments, code, message) in cases {
        let ran = desk.run(arguments);
        // What clap adds for people: tips, usage, where there is more.
        let said = ran.stderr.split("\n\n").next().unwrap().trim_end();
        assert_eq!((ran.code, said), (*code, *message), "{arguments:?}");
        assert!(ran.stdout.is_empty(), "{arguments:?}");
    }
}

fn npy(header: &str, elements: &[u8]) -> Vec<u8> {
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), elements].concat()
}

#[test]
fn wrong_usage_is_refused() {
    refuse(
        &Desk::with_values(),
        &[
            (&["frob"], 2, "calcstore: unrecognized subcommand 'frob'"),
            (&["cat"], 2, "calcstore: the following required arguments were not provided:\n  <KEY>"),
            (&["ls", "--frob"], 2, "calcstore: unexpected argument '--frob' found"),
            (&["-q", "-v", "ls"], 2, "calcstore: the argument '--quiet' cannot be used with '--verbose...'"),
            (
                &["cat", "/job", "-f", "xml"],
                2,
                "calcstore: invalid value 'xml' for '--format <FORMAT>'\n  [possible values: text, json, jsonl, csv, npy, raw]",
            ),
            (
                &["-c", "", "ls"],
                2,
                "calcstore: invalid value '' for '--calc <CALC>': neither an ID nor a path",
            ),
            (
                &["-c", "99999999999999999999", "ls"],
                2,
                "calcstore: invalid value '99999999999999999999' for '--calc <CALC>': no calculation has so large an ID",
            ),
            (
                &["put", "/a", "-", "-f", "raw", "--dtype", "f8", "--shape", "1"],
                2,
                "calcstore: invalid value 'f8' for '--dtype <TYPE>': one of bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float16, float32, float64, complex64, complex128",
            ),
            (
                &["put", "/a", "-", "--shape", "2,x"],
                2,
                "calcstore: invalid value '2,x' for '--shape <LENGTHS>': lengths with commas between them, please",
            ),
            (
                &["put", "/a", "-"],
                2,
                "calcstore: standard input has no suffix: say with -f npy, csv, json, raw, text or bytes what it is (-)",
            ),
            (
                &["put", "/a", "data.xyz"],
                2,
                "calcstore: the suffix does not tell the format: say it with -f npy, csv, json, raw, text or bytes (data.xyz)",
            ),
            (
                &["put", "/a", "-", "-f", "raw"],
                2,
                "calcstore: raw says nothing of type and shape: say them with --dtype and --shape (-)",
            ),
            (
                &["put", "/a", "curves.json", "--dtype", "int8"],
                2,
                "calcstore: --dtype and --shape are for raw alone (curves.json)",
            ),
            (
                &["put", "/a", "curves.json", "--no-header"],
                2,
                "calcstore: --no-header and --delimiter are for csv alone (curves.json)",
            ),
            (
                &["cat", "/job", "--force"],
                2,
                "calcstore: the following required arguments were not provided:\n  --output <FILE>",
            ),
            (
                &["--datadir", "", "calcs"],
                2,
                "calcstore: a value is required for '--datadir <DIR>' but none was supplied",
            ),
        ],
    );
}

#[test]
fn keys_and_calculations_that_are_not_there_are_not_found_and_files_are_trouble() {
    refuse(
        &Desk::with_values(),
        &[
            (
                &["-c", "7", "ls"],
                3,
                "calcstore: there is no calculation 7; there are 1 from 1 to 1 (DESK/data)",
            ),
            (&["-c", "-7", "ls"], 3, "calcstore: there is no calculation -7: there are 1 (DESK/data)"),
            (
                &["-c", "0", "ls"],
                2,
                "calcstore: 0 is no ID of a calculation: they are 1, 2, … and -1 for the last",
            ),
            (&["--datadir", "nowhere", "ls"], 3, "calcstore: there is no calculation yet (DESK/nowhere)"),
            (&["-c", "./7", "ls"], 3, "calcstore: there is no such calculation, directory or file (./7)"),
            (
                &["-c", "./7", "put", "/a", "curves.json"],
                3,
                "calcstore: there is no such calculation, directory or file (./7)",
            ),
            (
                &["-c", "data", "ls"],
                3,
                "calcstore: there is no store here: no output.zarr/zarr.json (DESK/data)",
            ),
            (&["cat", "/nope"], 3, "calcstore: /nope: not found"),
            (&["show", "/0/curvse"], 3, "calcstore: /0/curvse: not found; did you mean /0/curves?"),
            (&["ls", "/x*"], 3, "calcstore: /x*: nothing matches"),
            (&["tree", "/x*"], 3, "calcstore: /x*: nothing matches"),
            (&["rm", "/job", "/nope"], 3, "calcstore: /nope: not found"),
            (&["attrs", "/nope", "a=1"], 3, "calcstore: /nope: not found"),
            (&["attrs", "/0/curves", "nope"], 3, "calcstore: /0/curves: attribute \"nope\": not found"),
            (
                &["attrs", "/0/curves", "--remove", "nope"],
                3,
                "calcstore: /0/curves: attribute \"nope\": not found",
            ),
            (&["check", "/nope"], 3, "calcstore: /nope: not found"),
            (
                &["put", "/a", "nope.csv"],
                2,
                "calcstore: cannot read: No such file or directory (os error 2) (nope.csv)",
            ),
            (
                &["cat", "/0/curves", "-o", "curves.npz"],
                2,
                "calcstore: the suffix does not tell the format: say it with -f text, json, jsonl, csv, npy or raw (curves.npz)",
            ),
            (
                &["cat", "/job", "-o", "no/where.json"],
                2,
                "calcstore: cannot make the file: No such file or directory (os error 2) (no/where.json)",
            ),
        ],
    );
}

#[test]
fn keys_and_kinds_that_do_not_fit_are_refused() {
    let desk = Desk::with_values();
    refuse(
        &desk,
        &[
            (&["cat", "/0"], 2, "calcstore: /0: is a group; name a value in it (ls lists them)"),
            (&["cat", "/0/*"], 2, "calcstore: /0/*: 3 keys match; name one of them (ls lists them)"),
            (
                &["cat", "/0/Sadigh", "-f", "npy"],
                2,
                "calcstore: /0/Sadigh: npy holds one array: name a column, such as /0/Sadigh/PGA",
            ),
            (&["cat", "/0/name", "-f", "raw"], 2, "calcstore: /0/name: raw cannot hold text; json can"),
            (&["cat", "/job", "-f", "csv"], 2, "calcstore: /job: csv cannot hold an object; json can"),
            (&["cat", "/sites", "-f", "raw"], 2, "calcstore: /sites: raw cannot hold a table; json can"),
            (
                &["cat", "/blob", "-f", "text"],
                2,
                "calcstore: /blob: holds bytes that are no text; use -f raw",
            ),
            (&["rm", "/0"], 2, "calcstore: /0: is a group; -r removes it with everything in it"),
            (&["rm", "-r", "/"], 2, "calcstore: /: the root cannot be removed; '/*' is everything in it"),
            (
                &["attrs", "/job", "calcstore=1"],
                2,
                "calcstore: /job: attribute \"calcstore\": the name is reserved",
            ),
            (
                &["attrs", "/job", "=1"],
                2,
                "calcstore: /job: attribute \"\": a name is 1 to 1,024 bytes without control characters",
            ),
        ],
    );
    // The library's messages, not ours: the beginning will do.
    for (arguments, kind) in [
        (&["put", "/0", "curves.json"][..], "conflict"),
        (&["put", "/job/below", "curves.json"], "conflict"),
        (&["put", "/", "curves.json"], "conflict"),
        (&["put", "/a/../b", "curves.json"], "invalid_key"),
        (&["put", "/nul", "curves.json"], "invalid_key"),
        (&["put", "/a:b", "curves.json"], "invalid_key"),
        (&["rm", "/sites/lon"], "conflict"),
        (&["ls", "/a:b"], "invalid_key"),
    ] {
        let ran = desk.run(&[arguments, &["--json"]].concat());
        let error: serde_json::Value = serde_json::from_str(&ran.stderr).unwrap();
        assert_eq!((ran.code, error["error"]["kind"].as_str()), (2, Some(kind)), "{arguments:?}: {error}");
    }
    assert_eq!(desk.done(&["ls"]), "0/\nblob\njob\nsites\n");
}

#[test]
fn files_that_are_malformed_are_refused() {
    let desk = Desk::with_values();
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }";
    desk.write("short.npy", npy(header, &[0; 15]));
    desk.write("huge.npy", npy(&header.replace("2,", "99999999999999999,"), &[0; 16]));
    desk.write("object.npy", npy(&header.replace("<f8", "|O"), &[0; 16]));
    desk.write("bool.npy", npy(&header.replace("<f8", "|b1"), &[1, 2]));
    desk.write("surrogate.npy", npy(&header.replace("<f8", "<U1"), &[0, 0xd8, 0, 0, 1, 0, 0, 0]));
    desk.write("zip.npy", "PK\u{3}\u{4}");
    desk.write("empty.npy", "");
    desk.write("bad.json", "{\"a\": 1,\n \"b\": }");
    desk.write("nan.json", "[NaN]");
    desk.write("uneven.csv", "a,b\n1,2\n3\n");
    desk.write("empty.csv", "");
    desk.write("twice.csv", "a,a\n1,2\n");
    desk.write("slash.csv", "a/b\n1\n");
    desk.write("latin.csv", b"a\nGr\xf6\xdfe\n");
    desk.write("latin.txt", b"Gr\xf6\xdfe");
    desk.write("seven.raw", [0; 7]);
    refuse(
        &desk,
        &[
            (
                &["put", "/a", "short.npy"],
                2,
                "calcstore: float64 of shape [2] needs 16 bytes, there are 15 (short.npy)",
            ),
            (
                &["put", "/a", "huge.npy"],
                2,
                "calcstore: float64 of shape [99999999999999999] needs 799999999999999992 bytes, there are 16 (huge.npy)",
            ),
            (
                &["put", "/a", "object.npy"],
                2,
                "calcstore: elements of NumPy's type \"|O\" are not supported (pickled Python objects) (object.npy)",
            ),
            (&["put", "/a", "bool.npy"], 2, "calcstore: a bool is 0 or 1, not 2 (bool.npy)"),
            (
                &["put", "/a", "surrogate.npy"],
                2,
                "calcstore: not an npy file that can be read: it holds text that is not Unicode (surrogate.npy)",
            ),
            (
                &["put", "/a", "zip.npy"],
                2,
                "calcstore: not an npy file that can be read: it does not begin with \\x93NUMPY (zip.npy)",
            ),
            (
                &["put", "/a", "empty.npy"],
                2,
                "calcstore: not an npy file that can be read: it does not begin with \\x93NUMPY (empty.npy)",
            ),
            (
                &["put", "/a", "bad.json"],
                2,
                "calcstore: not JSON: expected value at line 2 column 7 (bad.json)",
            ),
            (
                &["put", "/a", "nan.json"],
                2,
                "calcstore: not JSON: expected value at line 1 column 2 (nan.json)",
            ),
            (
                &["put", "/a", "uneven.csv"],
                2,
                "calcstore: not CSV: line 3: has 1 cells, where those before have 2 (uneven.csv)",
            ),
            (&["put", "/a", "empty.csv"], 2, "calcstore: there is no line of names (empty.csv)"),
            (&["put", "/a", "twice.csv"], 2, "calcstore: a: there is a column of this name (twice.csv)"),
            (&["put", "/a", "latin.csv"], 2, "calcstore: not CSV: line 2: is not UTF-8 (latin.csv)"),
            (
                &["put", "/a", "latin.txt"],
                2,
                "calcstore: not text: byte 2 is no UTF-8; use -f bytes (latin.txt)",
            ),
            (
                &["put", "/a", "seven.raw", "--dtype", "int32", "--shape", "2"],
                2,
                "calcstore: int32 of shape [2] needs 8 bytes, there are 7 (seven.raw)",
            ),
            (
                &["put", "/a", "curves.json", "-f", "npy"],
                2,
                "calcstore: not an npy file that can be read: it does not begin with \\x93NUMPY (curves.json)",
            ),
            (
                &["put", "/a", ".", "-f", "text"],
                2,
                "calcstore: cannot read: Is a directory (os error 21) (.)",
            ),
        ],
    );
    let ran = desk.run(&["put", "/a", "slash.csv", "--json"]);
    assert!(ran.stderr.starts_with("{\"error\":{\"kind\":\"invalid_key\""), "{}", ran.stderr);
    assert_eq!(desk.run(&["cat", "/a"]).code, 3, "nothing of these was stored");
}

#[test]
fn errors_are_json_where_json_was_asked_for() {
    let desk = Desk::with_values();
    for (arguments, error) in [
        (
            &["cat", "/nope", "--json"][..],
            r#"{"error":{"kind":"not_found","message":"not found","key":"/nope","file":null}}"#,
        ),
        (
            &["--json", "put", "/a", "x.npy"],
            r#"{"error":{"kind":"not_found","message":"cannot read: No such file or directory (os error 2)","key":null,"file":"x.npy"}}"#,
        ),
        (
            &["--json", "ls", "--frob"],
            r#"{"error":{"kind":"invalid_input","message":"unexpected argument '--frob' found","key":null,"file":null}}"#,
        ),
    ] {
        assert_eq!(desk.run(arguments).stderr.trim_end(), error);
    }
}

#[test]
fn a_directory_that_may_not_be_written_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    let closed = desk.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o500)).unwrap();
    if std::fs::write(closed.join("probe"), "").is_ok() {
        eprintln!("skipped: this user may write everywhere");
        return;
    }
    let ran = desk.run(&["--datadir", "closed", "new"]);
    let expected =
        "calcstore: cannot make the calculation: Permission denied (os error 13) (DESK/closed/calc_1)\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (2, expected));
}
