//! Parts of datasets: what was asked, and what is there.

use calcstore::{Compression, ErrorKind};
use ndarray::{Array2, s};

use super::{says, store};

#[test]
fn a_selection_that_does_not_fit_shows_itself_and_the_shape() {
    let (directory, store) = store();
    let at = directory.path();
    store.insert("/a", Array2::<f64>::zeros((100, 10))).unwrap();
    let dataset = store.dataset("/a").unwrap();
    let whole = |selection: &str| dataset.read::<Array2<f64>>(selection);
    says(
        at,
        whole("0, 12"),
        ErrorKind::WrongShape,
        r#"/a: the selection "0,12": index 12 of axis 1 is out of range for the shape [100, 10]"#,
    );
    says(
        at,
        whole("0:2, 1, 3"),
        ErrorKind::WrongShape,
        r#"/a: the selection "0:2,1,3": it names too many axes (3) for the shape [100, 10]"#,
    );
    says(
        at,
        whole("::0"),
        ErrorKind::InvalidInput,
        r#"/a: the selection "::0": the step along axis 0 must not be zero for the shape [100, 10]"#,
    );
    says(
        at,
        whole("a:b"),
        ErrorKind::InvalidInput,
        r#"/a: the selection "a:b": "a" is not an index, a slice 0:10:2, an ellipsis ..., a list [0,3] or a mask [true,false]"#,
    );
    says(
        at,
        whole("[1,2],[3,4]"),
        ErrorKind::InvalidInput,
        r#"/a: the selection "[1,2],[3,4]": a list or a mask can be along only one axis of the shape [100, 10]"#,
    );
    says(
        at,
        dataset.read::<Array2<f64>>(&[true, false][..]),
        ErrorKind::WrongShape,
        r#"/a: the selection "[true,false]": the mask along axis 0 has 2 elements and needs 100 for the shape [100, 10]"#,
    );
    says(
        at,
        dataset.read::<Array2<f32>>(..),
        ErrorKind::WrongType,
        "/a: holds float64 elements, asked for float32",
    );
    says(
        at,
        dataset.read::<Vec<f64>>(..),
        ErrorKind::WrongShape,
        "/a: holds an array of shape [100, 10], asked for rank 1",
    );
    says(
        at,
        dataset.write("[1,1]", 0.0),
        ErrorKind::InvalidInput,
        r#"/a: the selection "[1,1]": index 1 of axis 0 is named twice, so that it is open what to write there, for the shape [100, 10]"#,
    );
    assert_eq!(store.get::<Array2<f64>>("/a").unwrap(), Array2::<f64>::zeros((100, 10)));
}

#[test]
fn elements_that_do_not_fit_are_refused_with_both_shapes() {
    let (directory, store) = store();
    let at = directory.path();
    store.insert("/a", Array2::<f64>::zeros((100, 10))).unwrap();
    store.insert("/text", "x").unwrap();
    let dataset = store.dataset("/a").unwrap();
    says(
        at,
        dataset.write(s![0..5, ..], Array2::<f64>::zeros((5, 9))),
        ErrorKind::WrongShape,
        "/a: an array of shape [5, 9] for a selection of shape [5, 10]",
    );
    says(at, dataset.write(0, 1.0f32), ErrorKind::WrongType, "/a: holds float64 elements, not float32");
    says(
        at,
        dataset.append(Array2::<f64>::zeros((5, 9))),
        ErrorKind::WrongShape,
        "/a: an array of shape [5, 9] cannot be appended to one of shape [100, 10]: rows have the shape [10]",
    );
    says(at, dataset.append("text"), ErrorKind::WrongType, "/a: holds float64 elements, not string");
    says(
        at,
        dataset.resize(&[5]),
        ErrorKind::WrongShape,
        "/a: an array of shape [100, 10] cannot be resized to [5]: the ranks differ",
    );
    says(
        at,
        dataset.resize(&[u64::MAX, u64::MAX]),
        ErrorKind::InvalidInput,
        "/a: an array of shape [100, 10] cannot be resized to [18446744073709551615, 18446744073709551615]: the number of elements is beyond 64 bits",
    );
    says(
        at,
        store.dataset("/text").unwrap().append("y"),
        ErrorKind::WrongShape,
        "/text: a scalar has no axis that could grow",
    );
    says(
        at,
        dataset.write(0, calcstore::Bytes(b"x")),
        ErrorKind::WrongType,
        "/a: only the elements of an array can be put into a dataset",
    );
    let mut small = Array2::<f64>::zeros((2, 2));
    says(
        at,
        dataset.read_into(s![0..5, ..], small.view_mut()),
        ErrorKind::WrongShape,
        "/a: holds the shape [5, 10], to be read into [2, 2]",
    );
    assert_eq!(store.get::<Array2<f64>>("/a").unwrap(), Array2::<f64>::zeros((100, 10)));
    assert_eq!(small, Array2::<f64>::zeros((2, 2)));
}

#[test]
fn options_that_do_not_fit_are_named() {
    let (directory, store) = store();
    let at = directory.path();
    let zeros = Array2::<f64>::zeros((100, 10));
    let new = || store.new_dataset("/a");
    says(
        at,
        new().chunks([10]).insert(&zeros),
        ErrorKind::InvalidInput,
        "/a: chunks of shape [10] for an array of shape [100, 10]: the ranks differ",
    );
    says(
        at,
        new().chunks([10, 0]).insert(&zeros),
        ErrorKind::InvalidInput,
        "/a: chunks of shape [10, 0] for an array of shape [100, 10]: no length may be zero",
    );
    says(
        at,
        new().chunks([10, 4]).shards([15, 8]).insert(&zeros),
        ErrorKind::InvalidInput,
        "/a: shards of shape [15, 8] are no multiple of the chunks, [10, 4], along axis 0",
    );
    says(
        at,
        new().fill_value(1i32).insert(&zeros),
        ErrorKind::WrongType,
        "/a: a fill value of type int32 for float64 elements",
    );
    says(
        at,
        new().fill_value([1.0, 2.0]).insert(&zeros),
        ErrorKind::WrongShape,
        "/a: a fill value is a scalar, not of shape [2]",
    );
    says(
        at,
        new().dimension_names(["site"]).insert(&zeros),
        ErrorKind::InvalidInput,
        r#"/a: 1 dimension names ["site"] for an array of rank 2"#,
    );
    says(
        at,
        new().dimension_names(["a", "a"]).insert(&zeros),
        ErrorKind::InvalidInput,
        r#"/a: the dimension name "a" is given twice"#,
    );
    says(
        at,
        new().dimension_names(["a:0", "b"]).insert(&zeros),
        ErrorKind::InvalidInput,
        r#"/a: "a:0" cannot be a dimension name: it is empty or holds `:`, `/` or a control character"#,
    );
    says(
        at,
        new().keep_bits(60).insert(&zeros),
        ErrorKind::InvalidInput,
        "/a: the mantissa of float64 has 52 bits, asked for 60",
    );
    says(
        at,
        new().keep_bits(3).insert([1, 2]),
        ErrorKind::WrongType,
        "/a: int32 has no mantissa to be rounded: only floats have",
    );
    says(
        at,
        new().chunks([2]).insert(calcstore::Bytes(b"abc")),
        ErrorKind::InvalidInput,
        "/a: chunks cannot be given for what is no array",
    );
    says(at, Compression::zstd(23), ErrorKind::InvalidInput, "zstd has no level 23: levels are 1 to 22");
    says(
        at,
        "lzma:3".parse::<Compression>(),
        ErrorKind::InvalidInput,
        r#""lzma:3" is no compression: there are none, zstd, gzip and blosc, with a level as in zstd:3"#,
    );
    says(
        at,
        new().create::<f64>(&[u64::MAX, u64::MAX]),
        ErrorKind::InvalidInput,
        "/a: chunks of shape [1, 524288] for an array of shape [18446744073709551615, 18446744073709551615]: the number of elements is beyond 64 bits",
    );
    assert!(store.is_empty("/").unwrap(), "nothing was stored");
}

#[test]
fn what_is_no_array_is_no_dataset() {
    let (directory, store) = store();
    let at = directory.path();
    let mut table = calcstore::Table::new();
    table.push("mag", [5.5, 6.5]).unwrap();
    store.insert("/t", &table).unwrap();
    store.insert_object("/o", &vec![Some(1)]).unwrap();
    says(at, store.dataset("/"), ErrorKind::WrongType, "/: holds a group, asked for a dataset");
    says(
        at,
        store.dataset("/t"),
        ErrorKind::WrongType,
        "/t: holds a table, which table() opens, asked for a dataset",
    );
    says(at, store.dataset("/T"), ErrorKind::NotFound, "/T: not found");
    says(
        at,
        store.dataset("/t/mag").unwrap().write(0, 1.0),
        ErrorKind::Conflict,
        "/t/mag: is a column of the table /t, which is changed as a whole",
    );
    says(
        at,
        store.dataset("/o").unwrap().write(0, 1u8),
        ErrorKind::WrongType,
        "/o: is no plain array, of which parts can be changed, but an object",
    );
    assert_eq!(store.get::<calcstore::Table>("/t").unwrap(), table);
}

#[test]
fn a_handle_of_what_is_gone_says_so() {
    let (directory, store) = store();
    store.insert("/a", [1.0, 2.0]).unwrap();
    let dataset = store.dataset("/a").unwrap();
    store.insert("/a", [3.0]).unwrap();
    says(
        directory.path(),
        dataset.read::<Vec<f64>>(..),
        ErrorKind::Changed,
        "/a: was replaced or removed after this handle was opened; open it again",
    );
    assert_eq!(store.dataset("/a").unwrap().read::<Vec<f64>>(..).unwrap(), [3.0]);
}
