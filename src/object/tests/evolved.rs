//! Values read by other types than those they were written from.

use super::*;

fn read<T: DeserializeOwned>(stored: &impl Serialize) -> Result<T, String> {
    let encoded = encode(stored).unwrap();
    assert_eq!(encoded.encoding, Encoding::Postcard);
    decode(encoded.encoding, encoded.schema.as_deref(), &encoded.bytes).map_err(|error| {
        assert_eq!(error.kind(), ErrorKind::WrongType, "{error}");
        error.to_string()
    })
}

fn refused<T: DeserializeOwned + Debug>(stored: &impl Serialize) -> String {
    read::<T>(stored).unwrap_err()
}

#[derive(Serialize)]
#[allow(dead_code, reason = "the variants are there to be counted")]
enum OldMode {
    A,
    B { x: u8 },
    C(u8, u8),
}

#[derive(Serialize)]
struct Old {
    a: u8,
    b: String,
    mode: OldMode,
    gone: Vec<Option<(u8, f64)>>,
}

fn old() -> Old {
    Old { a: 1, b: "x".into(), mode: OldMode::B { x: 9 }, gone: vec![None, Some((1, 2.0))] }
}

#[derive(Deserialize, PartialEq, Debug)]
enum NewMode {
    Added,
    B {
        #[serde(default)]
        y: u64,
        x: u8,
    },
    A,
}

#[test]
fn fields_and_variants_are_found_by_name() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct New {
        mode: NewMode,
        b: String,
        #[serde(default)]
        added: u32,
        optional: Option<f64>,
        a: Option<u8>,
    }
    let expected =
        New { mode: NewMode::B { y: 0, x: 9 }, b: "x".into(), added: 0, optional: None, a: Some(1) };
    assert_eq!(read::<New>(&old()), Ok(expected));
}

#[test]
fn what_does_not_fit_is_named_with_its_place() {
    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "never made")]
    struct Job<T> {
        job: T,
    }
    #[derive(Serialize, Deserialize, Debug)]
    struct Level<T> {
        level: T,
    }
    #[derive(Serialize)]
    struct Stored<T> {
        job: Level<T>,
    }
    let stored = |level| Stored { job: Level { level } };
    assert_eq!(refused::<Job<Level<u16>>>(&stored(1_u8)), "stored u8, asked for u16 at .job.level");
    assert_eq!(refused::<Job<String>>(&stored(1_u8)), "stored struct Level {level}, asked for str at .job");
    assert_eq!(
        refused::<Job<Tree>>(&stored(1_u8)),
        "no field value was stored (`#[serde(default)]` makes it optional) at .job"
    );
    assert_eq!(
        refused::<Vec<(u8, char)>>(&vec![(1_u8, 'c'), (2, 'd')].map_second()),
        "stored str, asked for char at [0][1]"
    );
    let map: BTreeMap<String, Option<f32>> = [("PGA".into(), Some(1.0))].into();
    assert_eq!(refused::<BTreeMap<String, f32>>(&map), "stored option, asked for f32 at [\"PGA\"]");
    let map: BTreeMap<u8, f32> = [(1, 1.0)].into();
    assert_eq!(refused::<BTreeMap<u8, f64>>(&map), "stored f32, asked for f64 at [entry 0]");
    assert_eq!(refused::<BTreeMap<i8, f32>>(&map), "stored u8, asked for i8 at [key 0]");
}

/// Turns the second part of each pair into text.
trait MapSecond {
    fn map_second(self) -> Vec<(u8, String)>;
}

impl MapSecond for Vec<(u8, char)> {
    fn map_second(self) -> Vec<(u8, String)> {
        self.into_iter().map(|(number, letter)| (number, letter.to_string())).collect()
    }
}

#[test]
fn other_kinds_of_values_are_refused() {
    assert_eq!(refused::<Tree>(&vec![1_u8]), "stored sequence, asked for struct Tree {value, kids}");
    assert_eq!(refused::<Vec<u8>>(&Seed(1)), "stored u64, asked for sequence");
    assert_eq!(refused::<(u8, u8)>(&(1_u8, 2_u8, 3_u8)), "stored tuple of 3, asked for tuple of 2");
    assert_eq!(refused::<[u8; 2]>(&vec![1_u8, 2, 3]), "stored 3 elements, asked for 2");
    assert_eq!(refused::<[u8; 4]>(&vec![1_u8, 2, 3]), "stored 3 elements, asked for an array of length 4");
    assert_eq!(refused::<()>(&Some(1_u8)), "stored option, asked for unit");
    assert_eq!(refused::<Mode>(&"Classical"), "stored str, asked for enum Mode");
    assert_eq!(refused::<String>(&Mode::Classical), "stored enum Mode {Classical}, asked for str");
    let message = "stored variant C, asked for one of Added, B, A";
    assert_eq!(refused::<NewMode>(&OldMode::C(1, 2)), message);
    assert_eq!(refused::<std::num::NonZeroU8>(&0_u8), "stored integer `0`, asked for a nonzero u8");
}

#[test]
fn variants_with_other_data_are_refused() {
    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "never made")]
    enum Other {
        A(u8),
        B,
        C(u8, u16),
    }
    assert_eq!(refused::<Other>(&OldMode::A), "stored variant A without data, asked for one with a value");
    assert_eq!(refused::<Other>(&OldMode::B { x: 1 }), "stored variant B with data, asked for one without");
    assert_eq!(refused::<Other>(&OldMode::C(1, 2)), "stored u8, asked for u16 at .C[1]");
}

#[test]
fn close_relatives_can_stand_for_each_other() {
    assert_eq!(read::<Option<u8>>(&1_u8), Ok(Some(1)));
    assert_eq!(read::<u64>(&Seed(7)), Ok(7));
    assert_eq!(read::<Seed>(&7_u64), Ok(Seed(7)));
    assert_eq!(read::<Vec<u8>>(&[1_u8, 2]), Ok(vec![1, 2]));
    assert_eq!(read::<[u8; 2]>(&vec![1_u8, 2]), Ok([1, 2]));
    let map: BTreeMap<String, u8> = [("x".into(), 1), ("y".into(), 2)].into();
    assert_eq!(read::<Inner<u8>>(&map), Ok(Inner { x: 1, y: 2 }));
    assert_eq!(read::<BTreeMap<String, u8>>(&Inner { x: 1, y: 2_u8 }), Ok(map));
    let numbered: BTreeMap<u8, u8> = [(0, 1), (1, 2)].into();
    assert_eq!(refused::<Inner<u8>>(&numbered), "stored map, asked for struct Inner {x, y}");
}

#[test]
fn a_type_that_hides_a_misfit_is_refused() {
    // What a lenient type reads after the misfit would begin in the wrong place.
    #[allow(clippy::unnecessary_wraps, reason = "serde calls it")]
    fn lenient<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        Ok(String::deserialize(deserializer).unwrap_or_default())
    }
    #[derive(Deserialize, Debug)]
    #[allow(dead_code, reason = "never made")]
    struct Lenient {
        #[serde(deserialize_with = "lenient")]
        a: String,
        b: u8,
    }
    #[derive(Serialize)]
    struct Stored {
        a: u8,
        b: u8,
        #[serde(skip)]
        _rest: (),
    }
    let message = refused::<Lenient>(&Stored { a: 1, b: 2, _rest: () });
    assert!(message.contains("passes over what does not fit"), "{message}");
}

#[test]
fn json_objects_say_what_does_not_fit() {
    let encoded = encode(&json!({"x": 1, "y": "text"})).unwrap();
    let error = decode::<Inner<u8>>(encoded.encoding, None, &encoded.bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongType);
    assert!(error.message().contains("expected u8"), "{error}");
    let error = decode::<Inner<u8>>(encoded.encoding, None, &encoded.bytes[..9]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
}
