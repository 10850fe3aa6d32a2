//! Comparing objects field by field.

use serde_json::{Map, Value as Json};

use super::report::{FieldDifference, FieldDifferences};
use super::tolerance::{Number, Tolerance};

/// Finds the fields in which two objects differ; `most` of them are kept.
pub(super) fn compare(
    left: &Json,
    right: &Json,
    tolerance: &Tolerance,
    most: usize,
) -> Option<FieldDifferences> {
    let mut walk = Walk { tolerance, most: most.max(1), found: FieldDifferences::default() };
    walk.values(&mut String::new(), Some(left), Some(right));
    (walk.found.differing > 0).then_some(walk.found)
}

/// Whether two values are equal, numbers within the tolerance.
pub(super) fn are_equal(left: &Json, right: &Json, tolerance: &Tolerance) -> bool {
    compare(left, right, tolerance, 0).is_none()
}

struct Walk<'a> {
    tolerance: &'a Tolerance,
    most: usize,
    found: FieldDifferences,
}

impl Walk<'_> {
    fn values(&mut self, path: &mut String, left: Option<&Json>, right: Option<&Json>) {
        match (left, right) {
            (Some(Json::Object(left)), Some(Json::Object(right))) => self.objects(path, left, right),
            (Some(Json::Array(left)), Some(Json::Array(right))) => {
                for at in 0..left.len().max(right.len()) {
                    let step = if path.is_empty() { format!(".[{at}]") } else { format!("[{at}]") };
                    self.step(path, &step, left.get(at), right.get(at));
                }
            }
            (Some(left), Some(right)) if self.is_same(left, right) => {}
            _ => {
                self.found.differing += 1;
                if self.found.first.len() < self.most {
                    let path = if path.is_empty() { ".".to_owned() } else { path.clone() };
                    let (left, right) = (left.cloned(), right.cloned());
                    self.found.first.push(FieldDifference { path, left, right });
                }
            }
        }
    }

    fn objects(&mut self, path: &mut String, left: &Map<String, Json>, right: &Map<String, Json>) {
        let new = right.iter().filter(|(name, _)| !left.contains_key(*name));
        for (name, value) in left {
            self.step(path, &field(name, path), Some(value), right.get(name));
        }
        for (name, value) in new {
            self.step(path, &field(name, path), None, Some(value));
        }
    }

    fn step(&mut self, path: &mut String, step: &str, left: Option<&Json>, right: Option<&Json>) {
        let length = path.len();
        path.push_str(step);
        self.values(path, left, right);
        path.truncate(length);
    }

    fn is_same(&self, left: &Json, right: &Json) -> bool {
        match (number(left), number(right)) {
            (Some(left), Some(right)) => self.tolerance.gap(left, right).is_none(),
            _ => left == right,
        }
    }
}

fn number(json: &Json) -> Option<Number> {
    let json = json.as_number()?;
    let integer = json.as_i64().map(i128::from).or(json.as_u64().map(i128::from));
    integer.map(Number::Integer).or(json.as_f64().map(Number::Real))
}

/// The step to a field, as `jq` writes it.
fn field(name: &str, path: &str) -> String {
    let is_first = |c: char| c.is_ascii_alphabetic() || c == '_';
    if name.starts_with(is_first) && name.chars().all(|c| is_first(c) || c.is_ascii_digit()) {
        return format!(".{name}");
    }
    let dot = if path.is_empty() { "." } else { "" };
    format!("{dot}[{}]", Json::from(name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_field_that_differs_is_named_as_jq_names_it() {
        let left = json!({"a": 1, "list": [1, {"b c": 2}, 3], "gone": null, "same": "x"});
        let right = json!({"a": 2, "list": [1, {"b c": "2"}], "same": "x", "new": [1]});
        let found = compare(&left, &right, &Tolerance::default(), 10).unwrap();
        let paths: Vec<&str> = found.first.iter().map(|field| field.path.as_str()).collect();
        assert_eq!(paths, [".a", r#".list[1]["b c"]"#, ".list[2]", ".gone", ".new"]);
        assert_eq!(found.differing, 5);
        assert_eq!((&found.first[3].left, &found.first[3].right), (&Some(Json::Null), &None));
        assert_eq!(compare(&json!(1), &json!(2), &Tolerance::default(), 0).unwrap().first[0].path, ".");
        assert_eq!(
            compare(&json!([1]), &json!([2]), &Tolerance::default(), 0).unwrap().first[0].path,
            ".[0]"
        );
    }

    #[test]
    fn numbers_in_objects_have_the_tolerance_and_the_order_of_fields_is_free() {
        let tolerance = Tolerance { absolute: 0.5, ..Tolerance::default() };
        assert!(are_equal(&json!({"a": 1, "b": 2.5}), &json!({"b": 2.0, "a": 1.0}), &tolerance));
        assert!(!are_equal(&json!([1]), &json!([1.75]), &tolerance));
        assert!(!are_equal(&json!(u64::MAX), &json!(u64::MAX - 1), &Tolerance::default()));
    }
}
