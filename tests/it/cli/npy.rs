//! npy files, against `NumPy` itself in both directions.

use std::process::Command;

use super::Desk;
use crate::oracle;

/// Makes a file of each type, shape and order, and text; checks those that come back from the program.
const NUMPY: &str = r#"
import os, sys
import numpy as np

def arrays():
    rng = np.random.default_rng(1)
    for code in "|b1 |i1 <i2 >i2 <i4 >i4 <i8 >i8 |u1 <u2 >u2 <u4 >u4 <u8 >u8 <f2 >f2 <f4 >f4 <f8 >f8 <c8 >c8 <c16 >c16".split():
        for shape in (), (0,), (5,), (3, 4), (2, 0, 3), (2, 3, 1, 2):
            dtype = np.dtype(code)
            native = dtype.newbyteorder("=")
            if native.kind in "fc":
                a = (rng.normal(size=shape) * 100).astype(native)
                a = np.array(a)
                if a.size > 2:
                    a.flat[0], a.flat[1] = np.nan, -np.inf
            elif native.kind == "b":
                a = rng.integers(0, 2, shape).astype(bool)
            else:
                info = np.iinfo(native)
                a = rng.integers(info.min, info.max, shape, dtype=native, endpoint=True)
            yield np.asarray(a).astype(dtype)
    yield np.array(["Größe", "", "日本"])
    yield np.array([["a", "bcd"], ["", "x"]], dtype=">U5")
    yield np.array([b"abc", b"", b"x y"])

mode, directory = sys.argv[1:]
for n, a in enumerate(arrays()):
    for order in "CF":
        name = os.path.join(directory, f"{n}{order}")
        if mode == "make":
            version = [(1, 0), (2, 0), (3, 0)][n % 3]
            with open(name + ".npy", "wb") as file:
                np.lib.format.write_array(file, np.asarray(a, order=order), version=version)
            continue
        if a.dtype.kind in "US":
            import json
            expected = [t.decode() if isinstance(t, bytes) else t for t in a.ravel().tolist()]
            found = np.array(json.load(open(name + ".json"))).ravel().tolist()
            assert found == expected, (n, found, expected)
            continue
        b = np.load(name + ".out.npy")
        assert b.dtype == a.dtype.newbyteorder("<") and b.shape == a.shape, (n, a.dtype, b.dtype, a.shape, b.shape)
        assert b.tobytes() == a.astype(a.dtype.newbyteorder("<")).tobytes(), (n, a, b)
print(n + 1)
"#;

#[test]
fn numpy_reads_what_we_write_and_the_other_way_round() {
    let Some(python) = oracle::python() else {
        eprintln!("skipped: no Python with NumPy");
        return;
    };
    let desk = Desk::new();
    desk.done(&["new"]);
    let numpy = |mode: &str| {
        let output = Command::new(&python).args(["-c", NUMPY, mode]).arg(desk.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().parse::<usize>().unwrap()
    };
    let count = numpy("make");
    assert!(count > 150);
    for name in (0..count).flat_map(|n| [format!("{n}C"), format!("{n}F")]) {
        let key = format!("/{name}");
        desk.done(&["put", &key, &format!("{name}.npy")]);
        let is_text =
            desk.store().node(&key).unwrap().layout.unwrap().data_type == calcstore::DataType::String;
        let out = if is_text { format!("{name}.json") } else { format!("{name}.out.npy") };
        desk.done(&["cat", &key, "-o", &out]);
    }
    assert_eq!(numpy("check"), count);
}
