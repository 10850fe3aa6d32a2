//! What is said to labels and dimensions that are not there.

use super::*;

#[test]
fn labels_that_cannot_be_found_are_answered_with_those_that_can() {
    let (directory, store) = store();
    let at = directory.path();
    let made = store.new_dataset("/g/maps").dimension_names(["imt", "site", "poe", "level"]);
    let made = made.coordinate("poe", [0.1, 0.02]).coordinate("site", [1, 2, 3, 4, 5, 5]);
    made.coordinate("imt", ["PGA", "SA(0.2)"]).insert(ndarray::Array4::<f64>::zeros((2, 6, 2, 3))).unwrap();
    let maps = store.dataset("/g/maps").unwrap();
    let no = |selection: calcstore::LabelSelection<'_>, kind, text: &str| {
        says(at, selection.selection(), kind, &format!("/g/maps: {text}"));
    };
    let input = ErrorKind::InvalidInput;
    no(
        maps.sel("imt", "PGV"),
        input,
        r#"the dimension "imt" has no label "PGV"; the nearest is "PGA", all are "PGA", "SA(0.2)""#,
    );
    no(maps.sel("imt", -3), input, r#"the dimension "imt" has no label -3; all are "PGA", "SA(0.2)""#);
    no(
        maps.sel("site", [1, 9]),
        input,
        r#"the dimension "site" has no label 9; the nearest is 5, the first of 6 are 1, 2, 3, 4, 5"#,
    );
    no(
        maps.sel("site", 5),
        input,
        r#"the dimension "site" has the label 5 more than once, at 4 and 5; isel() selects by position"#,
    );
    no(
        maps.sel("poe", 0.03),
        input,
        r#"the dimension "poe" has no label 0.03; the nearest is 0.02, all are 0.1, 0.02"#,
    );
    no(maps.sel("poe", 0.02..=0.1), input, r#"along the dimension "poe", 0.02 comes after 0.1"#);
    no(maps.sel("level", 3), input, r#"the dimension "level" has no index 3: its length is 3"#);
    no(
        maps.sel("imts", "PGA"),
        input,
        r#"there is no dimension "imts"; the dimensions: "imt", "site", "poe", "level""#,
    );
    no(
        maps.sel("imt", 0).sel("imt", "PGA"),
        ErrorKind::WrongType,
        r#"the labels of the dimension "imt" are text such as "PGA", asked for 0; isel() selects by position"#,
    );
    no(maps.sel("imt", -1).sel("imt", "PGA"), input, r#"the dimension "imt" is selected twice"#);
    no(
        maps.sel("level", "low"),
        ErrorKind::WrongType,
        r#"the dimension "level" has no coordinate, and so positions from 0 to 3 and no label "low""#,
    );
    says(
        at,
        maps.coordinate("level"),
        ErrorKind::NotFound,
        r#"/g/maps: the dimension "level" has no coordinate: an array of this name, whose only dimension it is, in the group or above"#,
    );
    let none: [u64; 0] = [];
    let empty = store.new_dataset("/empty").coordinate("event", none).create::<f64>(&[0]).unwrap();
    for label in [empty.sel("event", "a"), empty.sel("event", -1), empty.sel("event", 1)] {
        assert!(label.selection().unwrap_err().message().ends_with("; it has none"));
    }
    store.dataset("/g/imt").unwrap().append(["PGV"]).unwrap();
    no(
        maps.sel("imt", "PGA"),
        ErrorKind::WrongShape,
        r#"the dimension "imt" has the length 2, and 3 labels in /g/imt; what is appended to the one is appended to the other too"#,
    );
}

#[test]
fn coordinates_that_do_not_fit_are_refused_before_anything_is_stored() {
    let (directory, store) = store();
    let at = directory.path();
    let values = array![[1.0, 2.0], [3.0, 4.0]];
    let plan = || store.new_dataset("/g/a");
    let input = ErrorKind::InvalidInput;
    says(
        at,
        plan().coordinate("x", [1, 2]).insert(&values),
        input,
        "/g/a: 1 coordinates for 2 axes; dimension_names() says which axes they are of",
    );
    let named = || plan().dimension_names(["x", "y"]);
    says(
        at,
        named().coordinate("z", [1, 2]).insert(&values),
        input,
        r#"/g/a: a coordinate "z" for the dimensions ["x", "y"]"#,
    );
    says(
        at,
        named().coordinate("y", [1, 2, 3]).insert(&values),
        ErrorKind::WrongShape,
        r#"/g/a: the coordinate "y" has 3 labels, and axis 1 the length 2"#,
    );
    says(
        at,
        named().coordinate("y", [1, 2]).coordinate("y", [1, 2]).insert(&values),
        input,
        r#"/g/a: the coordinate "y" is given twice"#,
    );
    says(
        at,
        named().coordinate("y", &values).insert(&values),
        ErrorKind::WrongShape,
        r#"/g/a: the coordinate "y": labels have one axis, and not the shape [2, 2]"#,
    );
    says(
        at,
        named().coordinate("y", [f64::NAN, 1.0]).insert(&values),
        input,
        r#"/g/a: the coordinate "y": labels cannot be NaN, which equals nothing"#,
    );
    says(
        at,
        store.new_dataset("/g/x").coordinate("x", [1, 2]).insert([1, 2]),
        input,
        r#"/g/x: would be its own coordinate; dimension_names(["x"]) makes it one"#,
    );
    assert!(store.is_empty("/").unwrap());
}

#[test]
fn other_labels_of_a_dimension_are_a_conflict_that_shows_both() {
    let (directory, store) = store();
    let at = directory.path();
    store.new_dataset("/g/a").coordinate("imt", ["PGA", "PGV"]).insert([1.0, 2.0]).unwrap();
    let conflict = |labels: &[&str], text: &str| {
        let values = vec![0.0; labels.len()];
        let made = store.new_dataset("/g/deep/b").coordinate("imt", labels).insert(values);
        let text = format!(
            r#"/g/deep/b: the dimension "imt" has other labels already, in /g/imt: {text}; give it another name, or replace them first"#
        );
        says(at, made, ErrorKind::Conflict, &text);
    };
    conflict(&["PGA"], r#"2 ("PGA", "PGV") there, 1 ("PGA") here"#);
    conflict(&["PGA", "SA(0.2)"], r#""PGV" there, "SA(0.2)" here, at 1"#);
    says(
        at,
        store.new_dataset("/g/b").coordinate("imt", [1, 2]).insert([1.0, 2.0]),
        ErrorKind::Conflict,
        r#"/g/b: the dimension "imt" has other labels already, in /g/imt: string there, int32 here; give it another name, or replace them first"#,
    );
    store.insert("/h/imt", 1.0).unwrap();
    says(
        at,
        store.new_dataset("/h/b").coordinate("imt", [1, 2]).insert([1.0, 2.0]),
        ErrorKind::Conflict,
        r#"/h/imt: is in the way of the labels of the dimension "imt": it is no array whose only dimension has that name"#,
    );
}
