//! What differs, as JSON.

use calcstore::{ComparisonReport, Difference, Differing, Largest};
use serde_json::{Value as Json, json};

/// Writes a report. Every difference is an object with `key_a`, `key_b`, `what`, and what goes with that.
pub fn report(report: &ComparisonReport) -> Json {
    let differences = report
        .differing
        .iter()
        .flat_map(|differing| differing.differences.iter().map(|difference| to_json(differing, difference)));
    json!({
        "equal": report.is_equal(),
        "nodes": report.nodes,
        "bytes": report.bytes,
        "differences": differences.collect::<Json>(),
    })
}

fn to_json(differing: &Differing, difference: &Difference) -> Json {
    let mut json = json!({"key_a": differing.left, "key_b": differing.right});
    if let (Json::Object(json), Json::Object(more)) = (&mut json, detail(difference)) {
        json.extend(more);
    }
    json
}

fn detail(difference: &Difference) -> Json {
    match difference {
        Difference::OnlyLeft => json!({"what": "only_a"}),
        Difference::OnlyRight => json!({"what": "only_b"}),
        Difference::Kind { left, right } => json!({"what": "kind", "a": left.name(), "b": right.name()}),
        Difference::Type { left, right } => json!({"what": "type", "a": left, "b": right}),
        Difference::Shape { left, right } => json!({"what": "shape", "a": left, "b": right}),
        Difference::Rows { left, right } => json!({"what": "rows", "a": left, "b": right}),
        Difference::DimensionNames { left, right } => {
            json!({"what": "dimension_names", "a": left, "b": right})
        }
        Difference::Attribute { name, left, right } => {
            with_sides(json!({"what": "attribute", "name": name}), left.as_ref(), right.as_ref())
        }
        Difference::AttributeType { name, left, right } => {
            json!({"what": "attribute_type", "name": name, "a": left, "b": right})
        }
        Difference::Values(values) => {
            let first = values.first.iter();
            let first = first.map(|one| json!({"index": one.index, "a": one.left, "b": one.right}));
            json!({
                "what": "values", "differing": values.differing, "of": values.of,
                "largest_absolute": values.largest_absolute.as_ref().map(largest),
                "largest_relative": values.largest_relative.as_ref().map(largest),
                "first": first.collect::<Json>(),
            })
        }
        Difference::Fields(fields) => {
            let first = fields.first.iter();
            let first =
                first.map(|one| with_sides(json!({"path": one.path}), one.left.as_ref(), one.right.as_ref()));
            json!({"what": "fields", "differing": fields.differing, "first": first.collect::<Json>()})
        }
        Difference::NotCompared { why } => json!({"what": "not_compared", "why": why}),
        _ => json!({"what": "other"}),
    }
}

/// Adds `a` and `b`, where they are: what is not there is not null.
fn with_sides(mut json: Json, left: Option<&Json>, right: Option<&Json>) -> Json {
    for (name, value) in [("a", left), ("b", right)] {
        if let Some(value) = value {
            json[name] = value.clone();
        }
    }
    json
}

fn largest(largest: &Largest) -> Json {
    json!({"difference": largest.difference, "index": largest.index})
}
