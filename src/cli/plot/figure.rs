//! From a value to what there is to be seen of it.

use calcstore::{AnyArray, DataType, ErrorKind, Node, NodeKind, Selection, Value};
use serde_json::Value as Json;

use super::axis::{Axis, Scale};
use super::colours::LINES;
use crate::cli::elements::{Digits, escaped, few_digits, text_at};
use crate::cli::failure::Failure;
use crate::cli::source::Source;

/// The most elements that are read for a picture.
const MOST_ELEMENTS: u64 = 1 << 26;
/// The most cells along an axis of a grid.
const MOST_CELLS: usize = 256;
/// How much smaller many numbers are than the greatest where an axis is logarithmic by itself.
const SPREAD: f64 = 100.0;

/// How rows are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// Each row is a curve
    Curves,
    /// Each element is a cell
    Grid,
}

/// What was asked for beyond the value.
#[derive(Debug, Default)]
pub struct Wanted<'a> {
    pub selection: Option<&'a Selection>,
    pub form: Option<Form>,
    /// The key of the array that the curves are drawn against.
    pub x: Option<&'a str>,
    pub x_scale: Option<Scale>,
    pub y_scale: Option<Scale>,
}

/// A picture without a size.
#[derive(Debug)]
pub struct Figure {
    pub title: String,
    pub x: Axis,
    pub y: Axis,
    pub content: Content,
    /// What is not shown.
    pub note: Option<String>,
}

#[derive(Debug)]
pub enum Content {
    Curves(Vec<Curve>),
    Grid(Grid),
}

#[derive(Debug)]
pub struct Curve {
    pub name: String,
    pub points: Vec<(f64, f64)>,
}

/// Cells between edges.
#[derive(Debug)]
pub struct Grid {
    /// The edges along the last axis, and along the first.
    pub x: Vec<f64>,
    pub y: Vec<f64>,
    values: Vec<f64>,
    /// What the colours stand for.
    pub scale: Axis,
}

/// One axis of what is shown: its numbers or texts, one for each element along it.
struct Labels {
    title: String,
    numbers: Vec<f64>,
    texts: Vec<String>,
    /// Whether a coordinate says so, and these are not only positions.
    are_known: bool,
}

impl Figure {
    /// Reads a value, or what is selected of it.
    pub fn read(source: &Source, node: &Node, wanted: &Wanted<'_>) -> Result<Self, Failure> {
        let refuse = |message: String| Err(Failure::new(ErrorKind::WrongType, message).with_key(&node.key));
        let Some(layout) = node.layout.as_ref().filter(|_| node.kind == NodeKind::Dataset) else {
            let example = numeric_column(source, node).map(|key| format!("; name a column, such as {key}"));
            return refuse(format!(
                "is {}, and arrays can be drawn{}",
                described(node.kind),
                example.unwrap_or_default()
            ));
        };
        let all = Selection::all();
        let selection = wanted.selection.unwrap_or(&all);
        let axes = selection.axes(&layout.shape)?;
        if axes.is_empty() || axes.len() > 2 {
            return refuse(match (layout.shape.len(), axes.len()) {
                (0, _) => format!("is a single {}, and axes can be drawn", layout.data_type.name()),
                (_, 0) => "one element cannot be drawn; -s selects one axis or two".to_owned(),
                (all, some) => {
                    let example = format!("{}:,:", "0,".repeat(all - 2));
                    format!("{some} axes cannot be drawn; -s selects one or two, such as -s '{example}'")
                }
            });
        }
        let count = axes.iter().try_fold(1u64, |count, (axis, along)| {
            let picked = along.indices(layout.shape[*axis]).ok()?.len() as u64;
            count.checked_mul(picked)
        });
        if count.is_none_or(|count| count > MOST_ELEMENTS) {
            return refuse(format!(
                "has more elements than {MOST_ELEMENTS}; -s selects fewer, such as -s '::100'"
            ));
        }
        let Value::Array(array) = source.selected(node, selection)? else {
            return refuse("is no array".to_owned());
        };
        let values = numbers(&array).ok_or_else(|| {
            let message = format!("holds {}, and numbers can be drawn", array.data_type());
            Failure::new(ErrorKind::WrongType, message).with_key(&node.key)
        })?;
        if values.is_empty() {
            return refuse("has no elements".to_owned());
        }
        let mut labels = Vec::new();
        for (axis, along) in &axes {
            let name = layout.dimension_names.get(*axis).and_then(Option::as_deref);
            labels.push(Labels::read(source, node, (name, along), layout.shape[*axis])?);
        }
        if let (Some(key), Some(last)) = (wanted.x, labels.last_mut()) {
            *last = Labels::of_key(source, key, last.numbers.len())?;
        }
        let shown = Shown { node, values, silx: silx(source, node), wanted };
        let rows = if labels.len() == 2 { Some(labels.remove(0)) } else { None };
        let Some(columns) = labels.pop() else { return refuse("has no axis".to_owned()) };
        match rows {
            Some(rows) if shown.is_grid(&rows, &columns) => Ok(shown.grid(&rows, &columns)),
            rows => Ok(shown.curves(rows.as_ref(), &columns)),
        }
    }

    /// The numbers that are drawn.
    pub fn to_json(&self) -> Json {
        let number = |number: f64| serde_json::Number::from_f64(number).map_or(Json::Null, Json::Number);
        let axis = |axis: &Axis| {
            let scale = if axis.scale == Scale::Log { "log" } else { "linear" };
            serde_json::json!({"label": axis.label, "scale": scale})
        };
        let (form, content): (&str, Json) = match &self.content {
            Content::Curves(curves) => {
                let curve = |curve: &Curve| {
                    let point = |(x, y): &(f64, f64)| Json::from(vec![number(*x), number(*y)]);
                    serde_json::json!({"name": curve.name, "points": curve.points.iter().map(point).collect::<Json>()})
                };
                ("curves", curves.iter().map(curve).collect())
            }
            Content::Grid(grid) => {
                let columns = grid.x.len().saturating_sub(1).max(1);
                let rows = grid.values.chunks(columns);
                ("grid", rows.map(|row| row.iter().map(|value| number(*value)).collect::<Json>()).collect())
            }
        };
        serde_json::json!({
            "title": self.title, "form": form, "x": axis(&self.x), "y": axis(&self.y), form: content, "note": self.note,
        })
    }
}

/// A value on its way to a figure.
struct Shown<'a> {
    node: &'a Node,
    values: Vec<f64>,
    silx: Json,
    wanted: &'a Wanted<'a>,
}

impl Shown<'_> {
    fn is_grid(&self, rows: &Labels, columns: &Labels) -> bool {
        match self.wanted.form {
            Some(form) => form == Form::Grid,
            // Curves that have something to be drawn against, and few of them, are curves.
            None => {
                rows.numbers.len() > LINES.len()
                    && (rows.are_known || !columns.are_known)
                    && self.wanted.x.is_none()
            }
        }
    }

    /// What the numbers are: name and units.
    fn meaning(&self) -> String {
        title_of(&self.node.attributes, self.node.key.rsplit('/').next().unwrap_or_default())
    }

    fn curves(&self, rows: Option<&Labels>, columns: &Labels) -> Figure {
        let length = columns.numbers.len().max(1);
        let all = self.values.len() / length;
        let curves = self.values.chunks(length).take(LINES.len()).enumerate().map(|(row, values)| Curve {
            name: rows.map(|rows| rows.name(row)).unwrap_or_default(),
            points: columns.numbers.iter().copied().zip(values.iter().copied()).collect(),
        });
        let curves: Vec<Curve> = curves.collect();
        let drawn = || curves.iter().flat_map(|curve| curve.points.iter());
        let x_scale =
            self.wanted.x_scale.or_else(|| scale_of(self.silx["axes_scale_type"].as_array()?.last()?));
        let x_scale = x_scale
            .unwrap_or_else(|| if is_geometric(&columns.numbers) { Scale::Log } else { Scale::Linear });
        let y_scale = self.wanted.y_scale.or_else(|| scale_of(&self.silx["signal_scale_type"]));
        let y_scale = y_scale.unwrap_or_else(|| spread(drawn().map(|(_, y)| *y)));
        let x = Axis::around(columns.title.clone(), x_scale, drawn().map(|(x, _)| *x), 0.0);
        let y = Axis::around(self.meaning(), y_scale, drawn().map(|(_, y)| *y), 0.03);
        let note =
            (all > curves.len()).then(|| format!("{} of {all} curves; -s selects others", curves.len()));
        Figure { title: self.node.key.clone(), x, y, content: Content::Curves(curves), note }
    }

    fn grid(&self, rows: &Labels, columns: &Labels) -> Figure {
        let length = columns.numbers.len();
        let (down, across) = (rows.numbers.len().div_ceil(MOST_CELLS), length.div_ceil(MOST_CELLS));
        let every =
            |numbers: &[f64], step: usize| numbers.iter().copied().step_by(step).collect::<Vec<f64>>();
        let lines = self.values.chunks(length).step_by(down);
        let values: Vec<f64> = lines.flat_map(|line| line.iter().copied().step_by(across)).collect();
        let scale = self.wanted.y_scale.or_else(|| scale_of(&self.silx["signal_scale_type"]));
        let scale = scale.unwrap_or_else(|| spread(values.iter().copied()));
        let scale = Axis::around(self.meaning(), scale, values.iter().copied(), 0.0);
        let (x, y) = (edges(&every(&columns.numbers, across)), edges(&every(&rows.numbers, down)));
        let axis = |labels: &Labels, edges: &[f64]| {
            Axis::around(labels.title.clone(), Scale::Linear, edges.iter().copied(), 0.0)
        };
        let note = (down > 1 || across > 1)
            .then(|| format!("every {down}th row and {across}th column; -s selects others"));
        Figure {
            title: self.node.key.clone(),
            x: axis(columns, &x),
            y: axis(rows, &y),
            content: Content::Grid(Grid { x, y, values, scale }),
            note,
        }
    }
}

impl Grid {
    pub fn value(&self, row: usize, column: usize) -> f64 {
        let columns = self.x.len().saturating_sub(1);
        self.values.get(row * columns + column).copied().unwrap_or(f64::NAN)
    }

    /// The least and the greatest number, as they are written.
    pub fn ends(&self) -> (String, String) {
        let shown = || {
            self.values
                .iter()
                .copied()
                .filter(|value| value.is_finite() && self.scale.place(*value).is_some())
        };
        let (low, high) = (shown().fold(f64::INFINITY, f64::min), shown().fold(f64::NEG_INFINITY, f64::max));
        if low > high { ("?".to_owned(), "?".to_owned()) } else { (few_digits(low), few_digits(high)) }
    }
}

impl Labels {
    /// Of an axis with a name, or its positions.
    fn read(
        source: &Source,
        node: &Node,
        (name, along): (Option<&str>, &Selection),
        length: u64,
    ) -> Result<Self, Failure> {
        // Automatic names hold a colon, and say nothing.
        let name = name.filter(|name| !name.contains(':'));
        let mut group = node.key.rsplit_once('/').map(|(group, _)| group);
        while let (Some(above), Some(name)) = (group, name) {
            let key = format!("{above}/{name}");
            if let Ok(found) = source.node(&key)
                && found.key != node.key
                && found.layout.as_ref().is_some_and(|layout| layout.shape == [length])
            {
                let Value::Array(array) = source.selected(&found, along)? else { break };
                return Ok(Self::of_array(title_of(&found.attributes, name), &array));
            }
            group = above.rsplit_once('/').map(|(group, _)| group);
        }
        let indices = along.indices(length)?;
        let texts = indices.iter().map(u64::to_string).collect();
        #[expect(clippy::cast_precision_loss, reason = "positions on a picture")]
        let numbers = indices.iter().map(|index| *index as f64).collect();
        Ok(Self { title: name.unwrap_or("index").to_owned(), numbers, texts, are_known: false })
    }

    /// Those that another array holds.
    fn of_key(source: &Source, key: &str, length: usize) -> Result<Self, Failure> {
        let node = source.node(key)?;
        let array: AnyArray = source.get(key)?;
        let refuse = |kind, message: String| Err(Failure::new(kind, message).with_key(&node.key));
        if array.shape() != [length] {
            let message =
                format!("has the shape {:?}, and there are {length} elements to a curve", array.shape());
            return refuse(ErrorKind::WrongShape, message);
        }
        if numbers(&array).is_none() {
            return refuse(
                ErrorKind::WrongType,
                format!("holds {}, and numbers are needed for --x", array.data_type()),
            );
        }
        Ok(Self::of_array(
            title_of(&node.attributes, node.key.rsplit('/').next().unwrap_or_default()),
            &array,
        ))
    }

    fn of_array(title: String, array: &AnyArray) -> Self {
        let texts: Vec<String> = match array {
            AnyArray::String(texts) => texts.iter().map(|text| escaped(text)).collect(),
            _ => (0..array.len()).map(|place| text_at(array, place, Digits::Few)).collect(),
        };
        match numbers(array) {
            Some(numbers) => Self { title, numbers, texts, are_known: true },
            // What has no numbers is drawn by its position.
            None => Self {
                title,
                numbers: (0u32..).map(f64::from).take(texts.len()).collect(),
                texts,
                are_known: false,
            },
        }
    }

    fn name(&self, row: usize) -> String {
        let text = self.texts.get(row).map(String::as_str).unwrap_or_default();
        if self.numbers.len() == self.texts.len() && text.parse::<f64>().is_err() {
            return text.to_owned();
        }
        format!("{} {text}", self.title)
    }
}

/// The key of the first column of a table that can be drawn.
fn numeric_column(source: &Source, table: &Node) -> Option<String> {
    let mut keys = table.columns.iter().map(|column| format!("{}/{column}", table.key));
    keys.find(|key| {
        let layout = source.node(key).ok().and_then(|column| column.layout);
        layout.is_some_and(|layout| {
            !matches!(layout.data_type, DataType::String | DataType::Complex64 | DataType::Complex128)
        })
    })
}

/// The elements as numbers; `bool` is 0 or 1.
fn numbers(array: &AnyArray) -> Option<Vec<f64>> {
    #[expect(clippy::cast_precision_loss, reason = "a picture has fewer digits")]
    Some(match array {
        AnyArray::Bool(elements) => elements.iter().map(|element| f64::from(u8::from(*element))).collect(),
        AnyArray::Int8(elements) => elements.iter().copied().map(f64::from).collect(),
        AnyArray::Int16(elements) => elements.iter().copied().map(f64::from).collect(),
        AnyArray::Int32(elements) => elements.iter().copied().map(f64::from).collect(),
        AnyArray::Int64(elements) => elements.iter().map(|element| *element as f64).collect(),
        AnyArray::UInt8(elements) => elements.iter().copied().map(f64::from).collect(),
        AnyArray::UInt16(elements) => elements.iter().copied().map(f64::from).collect(),
        AnyArray::UInt32(elements) => elements.iter().copied().map(f64::from).collect(),
        AnyArray::UInt64(elements) => elements.iter().map(|element| *element as f64).collect(),
        AnyArray::Float16(elements) => elements.iter().map(|element| element.to_f64()).collect(),
        AnyArray::Float32(elements) => elements.iter().copied().map(f64::from).collect(),
        AnyArray::Float64(elements) => elements.iter().copied().collect(),
        _ => return None,
    })
}

/// What something is called, and its units: `long_name` or the name, and `units`.
fn title_of(attributes: &serde_json::Map<String, Json>, name: &str) -> String {
    let text = |name: &str| attributes.get(name).and_then(Json::as_str).filter(|text| !text.is_empty());
    let name = text("long_name").unwrap_or(name);
    match text("units") {
        Some(units) => format!("{name} ({units})"),
        None => name.to_owned(),
    }
}

/// What NeXus viewers are told of scales, on the array or on its group.
fn silx(source: &Source, node: &Node) -> Json {
    let style = |node: &Node| serde_json::from_str(node.attributes.get("SILX_style")?.as_str()?).ok();
    let group =
        node.key.rsplit_once('/').map_or("/", |(group, _)| if group.is_empty() { "/" } else { group });
    style(node).or_else(|| style(&source.node(group).ok()?)).unwrap_or_default()
}

fn scale_of(name: &Json) -> Option<Scale> {
    match name.as_str()? {
        "log" => Some(Scale::Log),
        "linear" => Some(Scale::Linear),
        _ => None,
    }
}

/// Whether numbers grow by factors and not by steps: at least a hundredfold, and in larger steps at the end.
fn is_geometric(numbers: &[f64]) -> bool {
    let [first, second, .., before, last] = numbers else { return false };
    let grows = numbers.windows(2).all(|pair| pair[0] < pair[1]);
    *first > 0.0 && grows && last / first >= 100.0 && last - before > 5.0 * (second - first)
}

/// A logarithmic scale for numbers of which none is negative, and which differ by orders of magnitude: a quarter of them
/// is less than a hundredth of the greatest.
fn spread(numbers: impl Iterator<Item = f64>) -> Scale {
    let mut numbers: Vec<f64> = numbers.filter(|number| number.is_finite() && *number != 0.0).collect();
    numbers.sort_by(f64::total_cmp);
    let (least, quarter) = (numbers.first().copied(), numbers.get(numbers.len() / 4).copied());
    match (least, quarter, numbers.last()) {
        (Some(least), Some(quarter), Some(greatest)) if least > 0.0 && quarter * SPREAD < *greatest => {
            Scale::Log
        }
        _ => Scale::Linear,
    }
}

/// The edges of cells around numbers: half-way between two.
fn edges(middles: &[f64]) -> Vec<f64> {
    let half = |pair: &[f64]| f64::midpoint(pair[0], pair[1]);
    let mut edges: Vec<f64> = middles.windows(2).map(half).collect();
    let (first, last) = (middles.first().copied().unwrap_or(0.0), middles.last().copied().unwrap_or(0.0));
    let (low, high) = match (edges.first(), edges.last()) {
        (Some(low), Some(high)) => (2.0 * first - low, 2.0 * last - high),
        _ => (first - 0.5, last + 0.5),
    };
    edges.insert(0, low);
    edges.push(high);
    edges
}

fn described(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Group => "a group",
        NodeKind::Table => "a table",
        NodeKind::Object => "an object",
        NodeKind::Bytes => "bytes",
        _ => "unreadable",
    }
}
