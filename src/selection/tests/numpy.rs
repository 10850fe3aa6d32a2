//! Selections as text, compared with what numpy selects by the same text.

use std::env;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value as Json, json};

use super::model::{gathered, numbered};
use crate::selection::Selection;

/// For an axis of length 4; most are for any.
const PARTS: [&str; 26] = [
    "0",
    "-1",
    "+2",
    "-5",
    "4",
    ":",
    "::",
    "::-1",
    "1:",
    ":-1",
    "1:3",
    "3:1",
    "3:1:-1",
    "-1:0:-2",
    "::3",
    " 1 : 9 : 2 ",
    "-9:9",
    "9:-9:-3",
    "0:0",
    "::0",
    "...",
    "[0,3,1]",
    "[ -1, 2, 2, ]",
    "[]",
    "[true,false,true,true]",
    "[true,false]",
];

fn cases() -> Vec<(String, Vec<u64>)> {
    let mut cases: Vec<(String, Vec<u64>)> = Vec::new();
    let mut add = |text: String, shapes: &[&[u64]]| {
        // Two lists are more than one selection can be here, where numpy pairs their indices.
        if text.matches('[').count() < 2 {
            cases.extend(shapes.iter().map(|shape| (text.clone(), shape.to_vec())));
        }
    };
    for one in PARTS {
        add(one.to_owned(), &[&[], &[4], &[4, 3], &[0, 2]]);
        add(format!("{one},"), &[&[4]]);
        for other in PARTS {
            add(format!("{one}, {other}"), &[&[4], &[4, 4], &[2, 4, 3]]);
            add(format!("1,{one} ,...,{other}"), &[&[2, 4, 4], &[2, 4, 2, 4]]);
        }
    }
    cases
}

/// What numpy selects; none where there is no numpy.
fn numpy(cases: &[(String, Vec<u64>)]) -> Option<Vec<Json>> {
    let python = env::var_os("CALCSTORE_ORACLE_PYTHON").filter(|python| !python.is_empty());
    let Some(python) = python else {
        assert!(env::var_os("CALCSTORE_ORACLES").is_none_or(|value| value != "require"), "numpy is missing");
        // Past the test harness, which would keep it to itself.
        let _ = writeln!(io::stderr(), "skipped: numpy is missing");
        return None;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/numpy_selections.py");
    let mut command = Command::new(python);
    let mut child = command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let asked: Vec<Json> =
        cases.iter().map(|(text, shape)| json!({ "text": text, "shape": shape })).collect();
    child.stdin.take().unwrap().write_all(&serde_json::to_vec(&asked).unwrap()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn text_selects_what_numpy_selects_by_it_and_fails_where_numpy_fails() {
    let cases = cases();
    let Some(expected) = numpy(&cases) else { return };
    assert_eq!(cases.len(), expected.len());
    let mut refused = 0;
    for ((text, shape), expected) in cases.iter().zip(expected) {
        let resolved = text.parse::<Selection>().unwrap().resolve(shape);
        let selected = resolved.map(|resolved| gathered(&numbered(shape), &resolved, &vec![3; shape.len()]));
        let selected = selected.map_or(
            Json::Null,
            |array| json!({ "shape": array.shape(), "values": array.iter().collect::<Vec<_>>() }),
        );
        assert_eq!(selected, expected, "{text:?} of {shape:?}");
        refused += usize::from(expected.is_null());
    }
    assert!(refused > 500 && cases.len() - refused > 500, "{refused} of {} were refused", cases.len());
}
