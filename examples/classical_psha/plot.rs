//! Pictures of hazard curves: SVG, which is text, so that a picture takes no library.

use std::fmt::Write;

use calcstore::{DataStore, Result};
use ndarray::{Array2, Array3, s};

use crate::combine::HAZARD;
use crate::imt::Imt;
use crate::job::Job;
use crate::sites::Site;

/// The size of the picture, and where the axes are, in pixels.
const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 560.0;
const LEFT: f64 = 90.0;
const RIGHT: f64 = 600.0;
const TOP: f64 = 60.0;
const BOTTOM: f64 = 490.0;

/// More sites than these would not be told from each other.
const MOST_SITES: usize = 6;

/// Colours that people with any colour vision can tell apart: Okabe & Ito (2008).
const COLOURS: [&str; MOST_SITES] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"];

/// How quantiles are drawn, in turn; the mean is a full line.
const DASHES: [&str; 4] = ["2 3", "7 4", "9 3 2 3", "1 5"];

/// How many characters of a title there is room for.
const LONGEST_TITLE: usize = 80;

/// Smaller probabilities than this are not drawn.
const LOWEST: f64 = 1e-6;

/// An axis with a logarithmic scale.
struct Axis {
    /// The decades at its ends, as powers of ten.
    decades: (f64, f64),
    /// Their pixels.
    pixels: (f64, f64),
}

impl Axis {
    /// An axis of whole decades around the values, of one at least.
    fn around(values: impl Iterator<Item = f64>, pixels: (f64, f64)) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| *value > 0.0) {
            low = low.min(libm::log10(value));
            high = high.max(libm::log10(value));
        }
        let low = if low.is_finite() { (low + 1e-9).floor() } else { -1.0 };
        Self { decades: (low, (high - 1e-9).ceil().max(low + 1.0)), pixels }
    }

    fn pixel(&self, value: f64) -> f64 {
        let share = (libm::log10(value) - self.decades.0) / (self.decades.1 - self.decades.0);
        self.pixels.0 + share * (self.pixels.1 - self.pixels.0)
    }

    /// The values with a line: 1 to 9 times each power of ten, and whether it is the power itself.
    fn ticks(&self) -> Vec<(f64, bool)> {
        let mut ticks = Vec::new();
        let mut decade = self.decades.0;
        while decade < self.decades.1 {
            ticks.push((libm::pow(10.0, decade), true));
            ticks.extend((2..10_u8).map(|times| (f64::from(times) * libm::pow(10.0, decade), false)));
            decade += 1.0;
        }
        ticks.push((libm::pow(10.0, decade), true));
        ticks
    }
}

/// A curve, and how it is drawn.
struct Line {
    poes: Vec<f64>,
    colour: &'static str,
    /// The quantile it is of, by its place among them; none for the mean.
    quantile: Option<usize>,
}

/// Draws the mean curves of a measure at the first sites, with the quantiles.
///
/// # Errors
/// Those of the store.
pub fn draw(store: &DataStore, job: &Job, sites: &[Site], imt: Imt, levels: &[f64]) -> Result<String> {
    let shown = &sites[..sites.len().min(MOST_SITES)];
    let lines = read_lines(store, job, shown.len(), imt)?;
    let x = Axis::around(levels.iter().copied(), (LEFT, RIGHT));
    let drawn = lines.iter().flat_map(|line| line.poes.iter().copied()).filter(|poe| *poe >= LOWEST);
    let y = Axis::around(drawn, (BOTTOM, TOP));
    let years = job.parameters.investigation_time;
    let mut title = format!("Hazard curves of {imt}");
    if !job.parameters.description.is_empty() {
        title = format!("{title}: {}", job.parameters.description);
    }
    if let Some((end, _)) = title.char_indices().nth(LONGEST_TITLE) {
        title = format!("{}…", &title[..end]);
    }
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
         height=\"{HEIGHT}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <title>{title}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        title = escape(&title)
    );
    axes(&mut svg, &x, &y);
    let middle = f64::midpoint(LEFT, RIGHT);
    text(&mut svg, (middle, 34.0), "middle\" font-size=\"16", &title);
    text(&mut svg, (middle, BOTTOM + 48.0), "middle", &format!("{imt} ({})", imt.unit()));
    let turned = format!("middle\" transform=\"rotate(-90 24 {0})", f64::midpoint(TOP, BOTTOM));
    let meaning = format!("probability of exceedance in {years} years");
    text(&mut svg, (24.0, f64::midpoint(TOP, BOTTOM)), &turned, &meaning);
    for line in &lines {
        curve(&mut svg, line, levels, (&x, &y));
    }
    legend(&mut svg, job, shown, sites.len());
    svg.push_str("</svg>\n");
    Ok(svg)
}

/// Reads the curves of the first sites.
fn read_lines(store: &DataStore, job: &Job, sites: usize, imt: Imt) -> Result<Vec<Line>> {
    let dataset = |name: &str| store.dataset(&format!("{HAZARD}/curves/{imt}/{name}"));
    let first = ..sites as u64;
    let mut lines = Vec::new();
    let mut add = |curves: &Array2<f64>, quantile| {
        for (row, colour) in curves.rows().into_iter().zip(COLOURS) {
            lines.push(Line { poes: row.to_vec(), colour, quantile });
        }
    };
    if !job.outputs.quantiles.is_empty() {
        let curves: Array3<f64> = dataset("quantiles")?.read((.., first, ..))?;
        for place in 0..job.outputs.quantiles.len() {
            add(&curves.slice(s![place, .., ..]).to_owned(), Some(place));
        }
    }
    if job.outputs.mean {
        add(&dataset("mean")?.read((first, ..))?, None);
    }
    Ok(lines)
}

/// Draws the frame, the lines of the scales and their numbers.
fn axes(svg: &mut String, x: &Axis, y: &Axis) {
    for (value, is_power) in x.ticks() {
        let at = x.pixel(value);
        rule(svg, (at, TOP), (at, BOTTOM), is_power);
        if is_power {
            text(svg, (at, BOTTOM + 20.0), "middle", &power(value));
        }
    }
    for (value, is_power) in y.ticks() {
        let at = y.pixel(value);
        rule(svg, (LEFT, at), (RIGHT, at), is_power);
        if is_power {
            text(svg, (LEFT - 8.0, at + 4.0), "end", &power(value));
        }
    }
    let (width, height) = (RIGHT - LEFT, BOTTOM - TOP);
    // Writing to a string does not fail.
    let _ = writeln!(
        svg,
        "<rect x=\"{LEFT}\" y=\"{TOP}\" width=\"{width}\" height=\"{height}\" fill=\"none\" stroke=\"black\"/>"
    );
}

/// Writes a power of ten.
fn power(value: f64) -> String {
    if (1e-3..1e4).contains(&value) { format!("{value}") } else { format!("{value:e}") }
}

fn rule(svg: &mut String, from: (f64, f64), to: (f64, f64), strong: bool) {
    let colour = if strong { "#bbbbbb" } else { "#eeeeee" };
    let ((x1, y1), (x2, y2)) = (from, to);
    let _ = writeln!(
        svg,
        "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{colour}\"/>"
    );
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, text: &str) {
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>", escape(text));
}

fn curve(svg: &mut String, line: &Line, levels: &[f64], (x, y): (&Axis, &Axis)) {
    let points: Vec<_> = levels.iter().zip(&line.poes).filter(|(_, poe)| **poe >= LOWEST).collect();
    let mut path = String::new();
    for (level, poe) in points {
        let _ = write!(path, "{:.1},{:.1} ", x.pixel(*level), y.pixel(*poe));
    }
    let _ = writeln!(
        svg,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" {}/>",
        path.trim_end(),
        line.colour,
        stroke(line.quantile)
    );
}

/// How a line looks, apart from its colour.
fn stroke(quantile: Option<usize>) -> String {
    match quantile {
        None => "stroke-width=\"2.2\"".into(),
        Some(place) => format!("stroke-width=\"1.3\" stroke-dasharray=\"{}\"", DASHES[place % DASHES.len()]),
    }
}

/// Explains the colours, which are sites, and the dashes, which are quantiles.
fn legend(svg: &mut String, job: &Job, sites: &[Site], all: usize) {
    let mut y = TOP + 10.0;
    let mut entry = |colour: &str, stroke: &str, what: &str| {
        let (x1, x2) = (RIGHT + 20.0, RIGHT + 54.0);
        let _ = writeln!(
            svg,
            "<line x1=\"{x1}\" y1=\"{y}\" x2=\"{x2}\" y2=\"{y}\" stroke=\"{colour}\" {stroke}/>"
        );
        text(svg, (x2 + 8.0, y + 4.0), "start", what);
        y += 22.0;
    };
    for (number, (site, colour)) in sites.iter().zip(COLOURS).enumerate() {
        entry(colour, &stroke(None), &format!("site {number}: {}, {}", site.place.lon, site.place.lat));
    }
    if all > sites.len() {
        entry("none", "", &format!("… of {all} sites"));
    }
    if job.outputs.mean {
        entry("black", &stroke(None), "mean");
    }
    for (place, quantile) in job.outputs.quantiles.iter().enumerate() {
        entry("black", &stroke(Some(place)), &format!("quantile {quantile}"));
    }
}

/// Makes text harmless in XML.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
