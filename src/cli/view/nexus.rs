//! What makes H5Web open a group on a labelled plot: attributes that stand beside those of the user.
//!
//! They follow from the names of dimensions. An array whose only dimension is its own name labels that dimension for the
//! arrays beside it; an array whose last dimension is labelled is plotted.
//!
//! # Format
//! <https://manual.nexusformat.org>: `NXdata` with `signal`, `auxiliary_signals` and `axes`; `SILX_style` is of silx.

use std::collections::BTreeMap;

use calcstore::{AnyArray, DataType, Layout, Node, NodeKind, Selection};
use serde_json::{Map, Value as Json, json};

use super::part::Part;
use super::types;
use crate::cli::source::Source;

/// The most labels, and elements of a curve, that are read to choose scales.
const MOST_LABELS: u64 = 10_000;
/// The most curves that are drawn together.
const MOST_CURVES: usize = 50;
/// How many nodes are looked at for a group that has something to plot.
const MOST_SEEN: usize = 2000;
/// A scale is logarithmic where the largest label is so many times the smallest.
const WIDE_LABELS: f64 = 20.0;
const WIDE_CURVE: f64 = 100.0;

/// Who has attributes that make a plot of their own decides alone.
const OF_USERS: [&str; 4] = ["NX_class", "signal", "default", "interpretation"];

/// Says of a group what there is to plot, in it or below it.
pub fn of_group(source: &Source, group: &Node, members: &[Node]) -> Map<String, Json> {
    let mut said = Map::new();
    if OF_USERS.iter().any(|name| group.attributes.contains_key(*name)) {
        return said;
    }
    let Some(plot) = Plot::of(members) else {
        if let Some(below) = first_below(source, members) {
            said.insert("default".to_owned(), json!(below));
        }
        return said;
    };
    said.insert("NX_class".to_owned(), json!("NXdata"));
    said.insert("signal".to_owned(), json!(name(plot.signal)));
    let axes = plot.axes.iter().map(|axis| axis.map_or(".", |axis| name(axis)));
    said.insert("axes".to_owned(), axes.collect());
    if !plot.others.is_empty() {
        let others = plot.others.iter().map(|other| name(other));
        said.insert("auxiliary_signals".to_owned(), others.collect());
    }
    if let Some(style) = plot.style(source) {
        said.insert("SILX_style".to_owned(), json!(style.to_string()));
    }
    said
}

/// Says of an array whether it is to be drawn as curves, and not as a map.
pub fn of_dataset(source: &Source, node: &Node) -> Map<String, Json> {
    let mut said = Map::new();
    if OF_USERS.iter().any(|name| node.attributes.contains_key(*name)) || !is_plotted(node) {
        return said;
    }
    let Some((parent, _)) = node.key.rsplit_once('/') else { return said };
    let find = |name: &str| source.node(&format!("{parent}/{name}")).ok();
    let axes: Vec<Option<Node>> =
        dimensions(node).map(|(name, length)| find(name?).filter(|node| labels(node, length))).collect();
    let axes: Vec<Option<&Node>> = axes.iter().map(Option::as_ref).collect();
    if is_of_curves(&axes) {
        said.insert("interpretation".to_owned(), json!("spectrum"));
    }
    said
}

/// What of a group is plotted.
struct Plot<'a> {
    signal: &'a Node,
    /// What has the same axes.
    others: Vec<&'a Node>,
    axes: Vec<Option<&'a Node>>,
}

impl<'a> Plot<'a> {
    /// The first array with labels along its last axis, and what goes with it.
    fn of(members: &'a [Node]) -> Option<Self> {
        let by_name: BTreeMap<&str, &Node> = members.iter().map(|node| (name(node), node)).collect();
        let axes = |node: &Node| -> Vec<Option<&'a Node>> {
            let axis = |(name, length): (Option<&str>, u64)| {
                by_name.get(name?).copied().filter(|node| labels(node, length))
            };
            dimensions(node).map(axis).collect()
        };
        let mut signals = members.iter().filter(|node| is_plotted(node));
        let signal = signals.find(|node| axes(node).last().is_some_and(Option::is_some))?;
        let layout = signal.layout.as_ref()?;
        let same = |other: &&Node| {
            other.layout.as_ref().is_some_and(|other| {
                other.shape == layout.shape && other.dimension_names == layout.dimension_names
            })
        };
        let others = signals.filter(same).filter(|other| !is_complex(other)).take(MOST_CURVES).collect();
        let mut axes = axes(signal);
        // Of what is shown in part the labels would be those of the whole.
        if let Some(first) = axes.first_mut().filter(|_| layout.shape.len() == 2)
            && Part::new(&layout.shape, types::weight(layout.data_type), 0).is_some()
        {
            *first = None;
        }
        let others = if is_complex(signal) { Vec::new() } else { others };
        Some(Self { signal, others, axes })
    }

    /// Logarithmic scales for curves over levels that span orders of magnitude.
    fn style(&self, source: &Source) -> Option<Json> {
        let levels = self.axes.last().copied().flatten().filter(|_| is_of_curves(&self.axes))?;
        let is_wide = |node: &Node, line: &str, factor: f64| {
            let length = node.layout.as_ref().and_then(|layout| layout.shape.last().copied());
            let line = line.parse::<Selection>().ok().filter(|_| length.is_some_and(|l| l <= MOST_LABELS))?;
            spans(&source.part::<AnyArray>(&node.key, &line).ok()?, factor)
        };
        if !is_wide(levels, "...", WIDE_LABELS)? {
            return None;
        }
        let rank = self.axes.len();
        let first = format!("{}:", "0,".repeat(rank - 1));
        let is_signal_wide = !is_complex(self.signal) && is_wide(self.signal, &first, WIDE_CURVE)?;
        let scale = |is_wide: bool| if is_wide { "log" } else { "linear" };
        let axes = (0..rank).map(|axis| scale(axis + 1 == rank));
        Some(json!({"axes_scale_type": axes.collect::<Json>(), "signal_scale_type": scale(is_signal_wide)}))
    }
}

/// Whether positive numbers differ by so large a factor, and none is negative.
fn spans(array: &AnyArray, factor: f64) -> Option<bool> {
    let json = array.to_json();
    let numbers: Vec<f64> = json.as_array()?.iter().filter_map(Json::as_f64).collect();
    let positive = || numbers.iter().copied().filter(|number| *number > 0.0);
    let (least, most) = (positive().fold(f64::INFINITY, f64::min), positive().fold(0.0, f64::max));
    Some(numbers.iter().all(|number| *number >= 0.0) && most >= least * factor)
}

/// Whether lines say more than a map: unless the last two axes are both labelled with fractions, as a grid is.
fn is_of_curves(axes: &[Option<&Node>]) -> bool {
    let is_fraction = |node: &Node| {
        let data_type = node.layout.as_ref().map(|layout| layout.data_type);
        matches!(data_type, Some(DataType::Float16 | DataType::Float32 | DataType::Float64))
    };
    match axes {
        [.., Some(before), Some(last)] => is_fraction(last) && !is_fraction(before),
        [.., Some(last)] => is_fraction(last),
        _ => false,
    }
}

/// The first group below that has a plot, nearest first.
fn first_below(source: &Source, members: &[Node]) -> Option<String> {
    let groups = |nodes: &[Node]| -> Vec<String> {
        nodes.iter().filter(|node| node.kind == NodeKind::Group).map(|node| node.key.clone()).collect()
    };
    let (mut waiting, mut seen) = (groups(members), 0);
    let mut next = 0;
    while let Some(key) = waiting.get(next).cloned() {
        next += 1;
        let Ok(members) = source.nodes(&key) else { continue };
        if Plot::of(&members).is_some() {
            return Some(key);
        }
        seen += members.len() + 1;
        if seen > MOST_SEEN {
            break;
        }
        waiting.extend(groups(&members));
    }
    None
}

/// Whether an array can be drawn, and does not only label a dimension.
fn is_plotted(node: &Node) -> bool {
    let Some(layout) = layout(node) else { return false };
    let labels_itself =
        matches!(layout.dimension_names.as_slice(), [Some(dimension)] if dimension == name(node));
    !layout.shape.is_empty()
        && !layout.shape.contains(&0)
        && !matches!(layout.data_type, DataType::String | DataType::Bool)
        && !labels_itself
}

/// Whether an array labels a dimension of this length with real numbers.
fn labels(node: &Node, length: u64) -> bool {
    layout(node).is_some_and(|layout| {
        layout.shape == [length]
            && matches!(layout.dimension_names.as_slice(), [Some(dimension)] if dimension == name(node))
            && !matches!(layout.data_type, DataType::String | DataType::Bool)
            && !is_complex(node)
    })
}

fn is_complex(node: &Node) -> bool {
    layout(node).is_some_and(|layout| matches!(layout.data_type, DataType::Complex64 | DataType::Complex128))
}

fn layout(node: &Node) -> Option<&Layout> {
    node.layout.as_ref().filter(|_| node.kind == NodeKind::Dataset)
}

/// The names of the axes that are keys, and their lengths.
fn dimensions(node: &Node) -> impl Iterator<Item = (Option<&str>, u64)> {
    layout(node).into_iter().flat_map(|layout| {
        let names = layout.dimension_names.iter().map(Option::as_deref);
        names.map(|name| name.filter(|name| !name.contains(['/', ':']))).zip(layout.shape.iter().copied())
    })
}

fn name(node: &Node) -> &str {
    node.key.rsplit('/').next().unwrap_or_default()
}
