//! What differs, for people.

use calcstore::{Difference, Differing, FieldDifferences, Largest, ValueDifferences};
use serde_json::Value as Json;

use crate::cli::elements::{few_digits, printable};
use crate::cli::output::{DETAIL, FAULT};
use crate::cli::units::counted;

/// The longest value that is shown whole.
const LONGEST: usize = 60;

/// Writes the lines of a pair that differs.
pub fn lines(differing: &Differing, with_elements: bool) -> Vec<String> {
    let key = match &differing.differences[..] {
        [Difference::OnlyRight] => differing.right.clone(),
        [Difference::OnlyLeft] => differing.left.clone(),
        _ if differing.left == differing.right => differing.left.clone(),
        _ => format!("{} and {}", differing.left, differing.right),
    };
    let key = format!("{FAULT}{}{FAULT:#}", printable(&key));
    let mut lines = Vec::new();
    for difference in &differing.differences {
        match difference {
            Difference::Fields(fields) => add_fields(&mut lines, &key, fields),
            Difference::Values(values) => {
                lines.push(format!("{key}: {}", summary(values)));
                if with_elements {
                    lines.extend(values.first.iter().map(|element| {
                        let (left, right) = (shown(Some(&element.left)), shown(Some(&element.right)));
                        format!("  {:?}  {left}  {right}", element.index)
                    }));
                    add_rest(&mut lines, values.differing, values.first.len(), "element");
                }
            }
            difference => lines.push(format!("{key}: {}", printable(&what(difference)))),
        }
    }
    lines
}

fn what(difference: &Difference) -> String {
    match difference {
        Difference::OnlyLeft => "only in A".to_owned(),
        Difference::OnlyRight => "only in B".to_owned(),
        Difference::Kind { left, right } => sides("", left, right),
        Difference::Type { left, right } => sides("", left, right),
        Difference::Shape { left, right } => sides("shape ", format!("{left:?}"), format!("{right:?}")),
        Difference::Rows { left, right } => sides("", counted(*left, "row"), counted(*right, "row")),
        Difference::DimensionNames { left, right } => sides("dimensions ", axes(left), axes(right)),
        Difference::Attribute { name, left, right } => {
            sides(&format!("attribute {name}: "), shown(left.as_ref()), shown(right.as_ref()))
        }
        Difference::AttributeType { name, left, right } => sides(&format!("attribute {name}: "), left, right),
        Difference::NotCompared { why } => format!("not compared: {why}"),
        _ => "differs".to_owned(),
    }
}

fn sides(of: &str, left: impl std::fmt::Display, right: impl std::fmt::Display) -> String {
    format!("{of}{left} in A, {right} in B")
}

fn axes(names: &[Option<String>]) -> String {
    let names: Vec<&str> = names.iter().map(|name| name.as_deref().unwrap_or("–")).collect();
    format!("({})", names.join(", "))
}

fn summary(values: &ValueDifferences) -> String {
    let verb = if values.differing == 1 { "differs" } else { "differ" };
    let mut said = vec![format!("{} of {} {verb}", values.differing, counted(values.of, "value"))];
    let largest = |largest: &Largest| {
        let at = if largest.index.is_empty() { String::new() } else { format!(" at {:?}", largest.index) };
        format!("{}{at}", few_digits(largest.difference))
    };
    let absolute = values.largest_absolute.as_ref().map(largest);
    said.extend(absolute.map(|largest| format!("by up to {largest}")));
    let relative = values.largest_relative.as_ref().map(largest);
    said.extend(relative.map(|largest| format!("relatively by up to {largest}")));
    said.join(", ")
}

fn add_fields(lines: &mut Vec<String>, key: &str, fields: &FieldDifferences) {
    lines.extend(fields.first.iter().map(|field| {
        let said = sides("", shown(field.left.as_ref()), shown(field.right.as_ref()));
        format!("{key}: {}", printable(&format!("{} {said}", field.path)))
    }));
    add_rest(lines, fields.differing, fields.first.len(), "field");
}

fn add_rest(lines: &mut Vec<String>, all: u64, listed: usize, thing: &str) {
    let rest = all.saturating_sub(listed as u64);
    if rest > 0 {
        lines.push(format!("  {DETAIL}and {} more; --list N lists N{DETAIL:#}", counted(rest, thing)));
    }
}

/// A value in a line; one that is not there is none.
fn shown(json: Option<&Json>) -> String {
    let Some(json) = json else { return "none".to_owned() };
    let text = json.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
