//! Comparing attributes.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::elements::{Pair, are_comparable};
use super::fields;
use super::report::Difference;
use super::rules::Rules;
use super::side::AttributeValue;
use super::tally::Tally;
use crate::error::Result;
use crate::values::AnyArray;

/// What the root says of the time and the program that made it: it differs between any two calculations.
const OF_MAKING: [&str; 2] = ["calcstore_version", "date"];

/// The attributes of a node, by their names.
type Attributes = Vec<(String, AttributeValue)>;

/// What an attribute is on either side.
type Values = (Option<AttributeValue>, Option<AttributeValue>);

/// Compares all attributes of two nodes.
pub(super) fn compare(
    (left, right): (Attributes, Attributes),
    are_roots: bool,
    rules: &Rules,
    found: &mut Vec<Difference>,
) -> Result<()> {
    let mut right: BTreeMap<String, AttributeValue> = right.into_iter().collect();
    let mut both: BTreeMap<String, Values> = BTreeMap::new();
    for (name, left) in left {
        let right = right.remove(&name);
        both.insert(name, (Some(left), right));
    }
    both.extend(right.into_iter().map(|(name, right)| (name, (None, Some(right)))));
    for (name, values) in both {
        if are_roots && OF_MAKING.contains(&name.as_str()) {
            continue;
        }
        if let (Some(AttributeValue::Array(left)), Some(AttributeValue::Array(right))) = &values {
            compare_arrays(name, (left, right), rules, found)?;
            continue;
        }
        let (left, right) = (values.0.map(json), values.1.map(json));
        let is_equal = match (&left, &right) {
            (Some(left), Some(right)) => fields::are_equal(left, right, &rules.tolerance),
            _ => false,
        };
        if !is_equal {
            found.push(Difference::Attribute { name, left, right });
        }
    }
    Ok(())
}

fn compare_arrays(
    name: String,
    (left, right): (&AnyArray, &AnyArray),
    rules: &Rules,
    found: &mut Vec<Difference>,
) -> Result<()> {
    let types = (left.data_type(), right.data_type());
    if left.shape() != right.shape() || !are_comparable(types.0, types.1) {
        let (left, right) = (left.to_json(), right.to_json());
        // Two that are empty look alike.
        if left != right {
            found.push(Difference::Attribute { name, left: Some(left), right: Some(right) });
            return Ok(());
        }
    } else if differ((left, right), rules)? {
        let (left, right) = (left.to_json(), right.to_json());
        found.push(Difference::Attribute { name: name.clone(), left: Some(left), right: Some(right) });
    }
    if left.shape() != right.shape() || (types.0 != types.1 && !rules.ignore_types) {
        let (left, right) = (described(left), described(right));
        found.push(Difference::AttributeType { name, left, right });
    }
    Ok(())
}

/// Whether elements differ; there are as many on both sides.
fn differ((left, right): (&AnyArray, &AnyArray), rules: &Rules) -> Result<bool> {
    let (left, right) = (left.stored()?, right.stored()?);
    let pair = Pair {
        left: (left.data_type, &left.elements),
        right: (right.data_type, &right.elements),
        start: &vec![0; left.shape.len()],
        shape: &left.shape,
    };
    let mut tally = Tally::new(0);
    pair.compare(&rules.tolerance, &mut tally);
    Ok(tally.report(0).is_some())
}

fn described(array: &AnyArray) -> String {
    match array.shape() {
        [] => array.data_type().to_string(),
        shape => format!("{} {shape:?}", array.data_type()),
    }
}

fn json(value: AttributeValue) -> Json {
    match value {
        AttributeValue::Array(array) => array.to_json(),
        AttributeValue::Json(json) => json,
    }
}
