//! Random arrays, compared with what numpy makes of them.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use calcstore::{AnyArray, DataStore, Difference, Largest};
use half::f16;
use ndarray::{ArrayD, IxDyn};
use num_complex::Complex;
use serde_json::{Value as Json, json};

use super::Two;
use crate::oracle;

/// Numbers that are far from and close to one another, and those that are special.
const POOL: [f64; 18] = [
    0.0,
    -0.0,
    1.0,
    1.0 + 1e-9,
    1.001,
    1.25,
    -1.25,
    2.0,
    100.0,
    100.5,
    101.0,
    -3.0,
    1e-300,
    5e-324,
    1e300,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
];

/// Steele, Lea and Flood's `SplitMix64`.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }

    fn number(&mut self) -> f64 {
        POOL[self.below(POOL.len())]
    }

    fn array<T>(&mut self, shape: &[usize], element: impl Fn(&mut Self) -> T) -> AnyArray
    where
        AnyArray: From<ArrayD<T>>,
    {
        ArrayD::from_shape_simple_fn(IxDyn(shape), || element(self)).into()
    }

    fn any(&mut self, shape: &[usize], kind: usize) -> AnyArray {
        match kind {
            0 => self.array(shape, Self::number),
            1 => self.array(shape, |random| random.number() as f32),
            2 => self.array(shape, |random| f16::from_f64(random.number())),
            3 => self.array(shape, |random| Complex::new(random.number(), random.number())),
            4 => self.array(shape, |random| Complex::new(random.number() as f32, 1.0)),
            5 => self.array(shape, |random| random.below(200) as u8),
            6 => self.array(shape, |random| random.below(5) as i8 - 2),
            7 => self.array(shape, |random| random.below(1 << 40) as i64 - (1 << 39)),
            8 => self.array(shape, |random| random.below(3) as u32 * 1_000_000_000),
            _ => self.array(shape, |random| random.below(2) == 1),
        }
    }
}

fn described(array: &AnyArray) -> Json {
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    };
    let bytes: Vec<u8> = match array {
        AnyArray::Float64(x) => x.iter().flat_map(|x| x.to_le_bytes()).collect(),
        AnyArray::Float32(x) => x.iter().flat_map(|x| x.to_le_bytes()).collect(),
        AnyArray::Float16(x) => x.iter().flat_map(|x| x.to_le_bytes()).collect(),
        AnyArray::Complex128(x) => {
            x.iter().flat_map(|x| [x.re.to_le_bytes(), x.im.to_le_bytes()].concat()).collect()
        }
        AnyArray::Complex64(x) => {
            x.iter().flat_map(|x| [x.re.to_le_bytes(), x.im.to_le_bytes()].concat()).collect()
        }
        AnyArray::UInt8(x) => x.iter().copied().collect(),
        AnyArray::Int8(x) => x.iter().flat_map(|x| x.to_le_bytes()).collect(),
        AnyArray::Int64(x) => x.iter().flat_map(|x| x.to_le_bytes()).collect(),
        AnyArray::UInt32(x) => x.iter().flat_map(|x| x.to_le_bytes()).collect(),
        AnyArray::Bool(x) => x.iter().map(|x| u8::from(*x)).collect(),
        other => panic!("{other:?}"),
    };
    json!({"data_type": array.data_type().name(), "shape": array.shape(), "hex": hex(&bytes)})
}

fn stored(store: &DataStore, key: &str, array: &AnyArray, chunk: usize) {
    let chunks: Vec<u64> = array.shape().iter().map(|_| chunk as u64).collect();
    store.new_dataset(key).chunks(chunks).insert(array).unwrap();
}

#[test]
fn random_arrays_differ_where_numpy_says_that_they_are_not_close() {
    let Some(python) = oracle::python() else {
        assert_eq!(oracle::skip("numpy"), Vec::<String>::new());
        return;
    };
    let (two, mut random) = (Two::new(), Random(7));
    let mut asked = Vec::new();
    let shapes: [&[usize]; 6] = [&[], &[1], &[17], &[4, 5], &[3, 2, 4], &[0, 3]];
    for n in 0..400 {
        let shape = shapes[random.below(shapes.len())];
        let kind = random.below(10);
        // Mostly of one type, sometimes of two; a bool has no tolerance, and goes with its like.
        let other = if kind < 9 && random.below(3) == 0 { random.below(9) } else { kind };
        let (a, b) = (random.any(shape, kind), random.any(shape, other));
        stored(&two.a, &format!("/{n}"), &a, 1 + random.below(6));
        stored(&two.b, &format!("/{n}"), &b, 1 + random.below(6));
        asked.push((described(&a), described(&b)));
    }
    let mut different = 0;
    for (absolute, relative, equal_nan) in
        [(0.0, 0.0, true), (0.3, 0.0, true), (0.0, 1e-2, true), (1e-9, 1e-3, false)]
    {
        let cases: Vec<Json> = asked
            .iter()
            .map(|(a, b)| {
                // No tolerance makes sense of two values.
                let is_bool = a["data_type"] == "bool";
                let (absolute, relative) = if is_bool { (0.0, 0.0) } else { (absolute, relative) };
                json!({"a": a, "b": b, "absolute": absolute, "relative": relative, "equal_nan": equal_nan})
            })
            .collect();
        let comparison = two.compare().absolute(absolute).relative(relative).nan_differs(!equal_nan);
        let report = comparison.ignore_types(true).list(1000).run().unwrap();
        for (n, expected) in numpy(&python, &cases).into_iter().enumerate() {
            let key = format!("/{n}");
            let found = report.differing.iter().find(|differing| differing.left == key);
            let found =
                found.map_or(json!({"differing": [], "absolute": null, "relative": null}), |differing| {
                    let [Difference::Values(values)] = &differing.differences[..] else {
                        panic!("{differing:?}")
                    };
                    let largest = |largest: &Option<Largest>| {
                        largest.as_ref().map(|one| json!({"difference": one.difference, "index": one.index}))
                    };
                    let listed: Vec<&Vec<u64>> = values.first.iter().map(|one| &one.index).collect();
                    assert_eq!(listed.len() as u64, values.differing);
                    different += 1;
                    let (absolute, relative) =
                        (largest(&values.largest_absolute), largest(&values.largest_relative));
                    json!({"differing": listed, "absolute": absolute, "relative": relative})
                });
            assert_eq!(found, expected, "{}", cases[n]);
        }
    }
    assert!(different > 500, "only {different} differed");
}

fn numpy(python: &Path, cases: &[Json]) -> Vec<Json> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/numpy_isclose.py");
    let mut command = Command::new(python);
    let mut child = command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&serde_json::to_vec(&cases).unwrap()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}
