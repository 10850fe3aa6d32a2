//! What is said to a selection that cannot be.

use std::fmt::Write;

use insta::assert_snapshot;
use ndarray::SliceInfoElem;

use crate::error::{Error, ErrorKind, Result};
use crate::selection::{IntoSelection, Resolved, Selection};

fn said<T>(result: Result<T>) -> String {
    let Err(error) = result else { panic!("succeeded") };
    format!("{}: {error}", error.kind().name())
}

fn resolve(selection: impl IntoSelection, shape: &[u64]) -> Result<Resolved> {
    selection.into_selection()?.resolve(shape)
}

#[test]
fn text_that_is_no_selection_is_refused_with_what_is_wrong() {
    let mut all = String::new();
    for text in [
        "",
        " ",
        "0,,1",
        ",",
        "a",
        "0,b",
        "1.5",
        "1:2:3:4",
        "1:x",
        "..",
        "[0,1",
        "[0]1",
        "[0,true]",
        "[true,0]",
        "[[0]]",
        "- 1",
        "--1",
        "9223372036854775808:",
        "18446744073709551616",
        "-9223372036854775809",
        "::9223372036854775808",
        "0,PGA",
        &"[0,1".repeat(50),
        &"é".repeat(50),
        "\n\u{7}",
    ] {
        match text.parse::<Selection>() {
            Ok(selection) => writeln!(all, "parsed: {selection}").unwrap(),
            Err(error) => writeln!(all, "{}", said::<()>(Err(error))).unwrap(),
        }
    }
    assert_snapshot!(all, @r#"
    invalid_input: the selection "": it is empty; "..." selects all
    invalid_input: the selection " ": it is empty; "..." selects all
    invalid_input: the selection "0,,1": there is nothing between two commas
    invalid_input: the selection ",": there is nothing between two commas
    invalid_input: the selection "a": "a" is not an index, a slice 0:10:2, an ellipsis ..., a list [0,3] or a mask [true,false]
    invalid_input: the selection "0,b": "b" is not an index, a slice 0:10:2, an ellipsis ..., a list [0,3] or a mask [true,false]
    invalid_input: the selection "1.5": "1.5" is not an index, a slice 0:10:2, an ellipsis ..., a list [0,3] or a mask [true,false]
    invalid_input: the selection "1:2:3:4": "1:2:3:4" has more parts than start:stop:step
    invalid_input: the selection "1:x": "x" is not an index, a slice 0:10:2, an ellipsis ..., a list [0,3] or a mask [true,false]
    invalid_input: the selection "..": ".." is not an index, a slice 0:10:2, an ellipsis ..., a list [0,3] or a mask [true,false]
    invalid_input: the selection "[0,1": a list has no closing bracket
    invalid_input: the selection "[0]1": "1" follows a list
    invalid_input: the selection "[0,true]": "true" is not an index, a slice 0:10:2, an ellipsis ..., a list [0,3] or a mask [true,false]
    invalid_input: the selection "[true,0]": "0" is neither true nor false, as in the rest of the mask
    invalid_input: the selection "[[0]]": "[0]" is not an index, a slice 0:10:2, an ellipsis ..., a list [0,3] or a mask [true,false]
    invalid_input: the selection "- 1": "- 1" is not an index, a slice 0:10:2, an ellipsis ..., a list [0,3] or a mask [true,false]
    invalid_input: the selection "--1": "--1" is not an index, a slice 0:10:2, an ellipsis ..., a list [0,3] or a mask [true,false]
    parsed: 9223372036854775808:
    invalid_input: the selection "18446744073709551616": the number "18446744073709551616" is beyond 64 bits
    invalid_input: the selection "-9223372036854775809": the number "-9223372036854775809" is beyond 64 bits
    invalid_input: the selection "::9223372036854775808": the step 9223372036854775808 is beyond 64 bits
    invalid_input: the selection "0,PGA": "PGA" is not an index, a slice 0:10:2, an ellipsis ..., a list [0,3] or a mask [true,false]
    invalid_input: the selection "[0,1[0,1[0,1[0,1[0,1[0,1[0,1[0,1[0,1[0,1[0,1[0,1[0,1[0,1[0,1"…: a list has no closing bracket
    invalid_input: the selection "éééééééééééééééééééééééééééééé"…: "éééééééééééééééééééééééééééééé"… is not an index, a slice 0:10:2, an ellipsis ..., a list [0,3] or a mask [true,false]
    invalid_input: the selection "\n\u{7}": "\u{7}" is not an index, a slice 0:10:2, an ellipsis ..., a list [0,3] or a mask [true,false]
    "#);
}

#[test]
fn a_selection_that_does_not_fit_is_refused_with_the_shape() {
    let mut all = String::new();
    let long: Vec<u64> = (0..1000).collect();
    let shape = [100, 10];
    for result in [
        resolve("0,12", &shape),
        resolve((.., -11), &shape),
        resolve(100, &shape),
        resolve(0, &[]),
        resolve("[3,100],0", &shape),
        resolve(&long, &shape),
        resolve((.., .., 0), &shape),
        resolve(Selection::all().along(usize::MAX, 0).along(5, 3), &shape),
        resolve("::0", &shape),
        resolve("...,0,...", &shape),
        resolve(([0, 1], [true]), &shape),
        resolve((.., [true, false]), &shape),
        resolve([SliceInfoElem::NewAxis, SliceInfoElem::Index(0)].as_slice(), &shape),
        resolve("0,None", &shape),
        resolve("...", &[1 << 32, 1 << 32]),
        "[7,3,1,7]".parse::<Selection>().and_then(|selection| selection.resolve_for_writing(&shape)),
    ] {
        writeln!(all, "{}", said(result)).unwrap();
    }
    assert_snapshot!(all, @r#"
    wrong_shape: the selection "0,12": index 12 of axis 1 is out of range for the shape [100, 10]
    wrong_shape: the selection ":,-11": index -11 of axis 1 is out of range for the shape [100, 10]
    wrong_shape: the selection "100": index 100 of axis 0 is out of range for the shape [100, 10]
    wrong_shape: the selection "0": () or ... selects a scalar; it names too many axes (1) for the shape []
    wrong_shape: the selection "[3,100],0": index 100 of axis 0 is out of range for the shape [100, 10]
    wrong_shape: the selection "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,"…: index 100 of axis 0 is out of range for the shape [100, 10]
    wrong_shape: the selection ":,:,0": it names too many axes (3) for the shape [100, 10]
    wrong_shape: the selection ":,:,:,:,:,3,:,:,:,:,:,:,:,:,:,:,:,:,:,:,:,:,:,:,:,:,:,:,:,:,"…: it names too many axes (1024) for the shape [100, 10]
    invalid_input: the selection "::0": the step along axis 0 must not be zero for the shape [100, 10]
    invalid_input: the selection "...,0,...": only one ellipsis can stand for the other axes of the shape [100, 10]
    invalid_input: the selection "[0,1],[true]": a list or a mask can be along only one axis of the shape [100, 10]
    wrong_shape: the selection ":,[true,false]": the mask along axis 1 has 2 elements and needs 10 for the shape [100, 10]
    invalid_input: the selection "newaxis,0": insert a new axis into what was read; newaxis is no axis of the shape [100, 10]
    invalid_input: the selection "0,newaxis": insert a new axis into what was read; newaxis is no axis of the shape [100, 10]
    invalid_input: the selection "...": it has more elements than 64 bits count, for the shape [4294967296, 4294967296]
    invalid_input: the selection "[7,3,1,7]": index 7 of axis 0 is named twice, so that it is open what to write there, for the shape [100, 10]
    "#);
}

#[test]
fn chunks_and_buffers_of_other_lengths_are_refused() {
    let resolved = resolve("1:3", &[4, 2]).unwrap();
    let mut all = String::new();
    for chunk in [&[4][..], &[0, 2], &[1 << 40, 1 << 40]] {
        writeln!(all, "{}", said(resolved.chunks(chunk))).unwrap();
    }
    let part = resolved.chunks(&[4, 2]).unwrap().next().unwrap();
    let results: [Result<(), Error>; 4] = [
        part.gather(&[0; 7], &mut [0; 4], 1),
        part.gather(&[0; 8], &mut [0; 5], 1),
        part.scatter(&[0; 4], &mut [0; 8], 0),
        part.scatter(&[0; 4], &mut [0; 8], usize::MAX),
    ];
    for result in results {
        assert_eq!(result.as_ref().map_err(Error::kind), Err(ErrorKind::Corrupt));
        writeln!(all, "{}", said(result)).unwrap();
    }
    assert_snapshot!(all, @r#"
    corrupt: chunks of shape [4] for an array of shape [4, 2]: the ranks differ
    corrupt: chunks of shape [0, 2] for an array of shape [4, 2]: a chunk has no elements
    unsupported: chunks of shape [1099511627776, 1099511627776] for an array of shape [4, 2]: more elements than this machine addresses
    corrupt: a chunk has the length 7, where 8 elements of 1 belong
    corrupt: the selected part has the length 5, where 4 elements of 1 belong
    corrupt: a chunk has the length 8, where 8 elements of 0 belong
    corrupt: a chunk has the length 8, where 8 elements of 18446744073709551615 belong
    "#);
}
