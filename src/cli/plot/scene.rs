//! A figure on a canvas: frame, numbers, curves or cells, a key to the colours.

use super::axis::{Axis, Tick};
use super::colours::{BLACK, Colour, FAINT, LINES, NONE, RULE, of_place};
use super::figure::{Content, Curve, Figure, Grid};

/// The size of a picture.
pub const WIDTH: f64 = 860.0;
pub const HEIGHT: f64 = 560.0;

/// Where the axes are.
const LEFT: f64 = 96.0;
const TOP: f64 = 56.0;
const BOTTOM: f64 = 490.0;
/// The right end, beside a key and without one.
const RIGHT: f64 = 640.0;
const FAR_RIGHT: f64 = 820.0;

/// How many characters there is room for.
const LONGEST_TITLE: usize = 90;
const LONGEST_NAME: usize = 24;

/// About how many numbers an axis has.
const NUMBERS_BELOW: usize = 7;
const NUMBERS_BESIDE: usize = 8;

/// More points than these are hardly to be told from each other.
const MOST_POINTS: usize = 2000;

/// A place, from the left and from the top.
pub type Point = (f64, f64);

/// How a line is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Stroke {
    pub colour: Colour,
    pub width: f64,
}

/// Which end of a text stands at its place.
#[derive(Clone, Copy, Debug)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// What a picture is drawn on.
pub trait Canvas {
    fn polyline(&mut self, points: &[Point], stroke: Stroke);
    fn rectangle(&mut self, corner: Point, size: Point, fill: Colour);
    /// A turned text is read from below.
    fn text(&mut self, at: Point, size: f64, how: (Anchor, bool), text: &str);
}

/// Draws a figure.
pub fn draw(figure: &Figure, canvas: &mut dyn Canvas) {
    let has_key = match &figure.content {
        Content::Curves(curves) => curves.len() > 1,
        Content::Grid(_) => true,
    };
    let frame = Frame { figure, right: if has_key { RIGHT } else { FAR_RIGHT } };
    match &figure.content {
        Content::Curves(curves) => {
            frame.rules(canvas);
            for (curve, colour) in curves.iter().zip(LINES) {
                frame.curve(canvas, curve, colour);
            }
            if has_key {
                frame.names(canvas, curves);
            }
        }
        Content::Grid(grid) => {
            frame.cells(canvas, grid);
            frame.scale(canvas, grid);
        }
    }
    frame.numbers(canvas);
}

/// The place of a figure on its canvas.
struct Frame<'a> {
    figure: &'a Figure,
    right: f64,
}

impl Frame<'_> {
    fn x(&self, place: f64) -> f64 {
        LEFT + place * (self.right - LEFT)
    }

    fn y(place: f64) -> f64 {
        BOTTOM + place * (TOP - BOTTOM)
    }

    /// The lines behind curves.
    fn rules(&self, canvas: &mut dyn Canvas) {
        let stroke =
            |tick: &Tick| Stroke { colour: if tick.text.is_empty() { FAINT } else { RULE }, width: 1.0 };
        for tick in self.figure.x.ticks(NUMBERS_BELOW) {
            let x = self.x(tick.place);
            canvas.polyline(&[(x, TOP), (x, BOTTOM)], stroke(&tick));
        }
        for tick in self.figure.y.ticks(NUMBERS_BESIDE) {
            let y = Self::y(tick.place);
            canvas.polyline(&[(LEFT, y), (self.right, y)], stroke(&tick));
        }
    }

    /// The frame with its numbers and all that is written around it.
    fn numbers(&self, canvas: &mut dyn Canvas) {
        let Figure { title, x, y, note, .. } = self.figure;
        let black = Stroke { colour: BLACK, width: 1.0 };
        let corners = [(LEFT, TOP), (self.right, TOP), (self.right, BOTTOM), (LEFT, BOTTOM), (LEFT, TOP)];
        canvas.polyline(&corners, black);
        for tick in x.ticks(NUMBERS_BELOW).iter().filter(|tick| !tick.text.is_empty()) {
            let at = self.x(tick.place);
            canvas.polyline(&[(at, BOTTOM), (at, BOTTOM + 5.0)], black);
            canvas.text((at, BOTTOM + 20.0), 13.0, (Anchor::Middle, false), &tick.text);
        }
        for tick in y.ticks(NUMBERS_BESIDE).iter().filter(|tick| !tick.text.is_empty()) {
            let at = Self::y(tick.place);
            canvas.polyline(&[(LEFT - 5.0, at), (LEFT, at)], black);
            canvas.text((LEFT - 9.0, at + 4.5), 13.0, (Anchor::End, false), &tick.text);
        }
        let middle = f64::midpoint(LEFT, self.right);
        canvas.text((middle, 34.0), 17.0, (Anchor::Middle, false), &shortened(title, LONGEST_TITLE));
        canvas.text(
            (middle, BOTTOM + 44.0),
            14.0,
            (Anchor::Middle, false),
            &shortened(&x.label, LONGEST_TITLE),
        );
        let beside = (26.0, f64::midpoint(TOP, BOTTOM));
        canvas.text(beside, 14.0, (Anchor::Middle, true), &shortened(&y.label, LONGEST_TITLE));
        if let Some(note) = note {
            canvas.text((WIDTH - 10.0, HEIGHT - 8.0), 11.0, (Anchor::End, false), note);
        }
    }

    fn curve(&self, canvas: &mut dyn Canvas, curve: &Curve, colour: Colour) {
        let stroke = Stroke { colour, width: 2.0 };
        for run in runs(&curve.points, &self.figure.x, &self.figure.y) {
            let points: Vec<Point> = thinned(&run).iter().map(|(x, y)| (self.x(*x), Self::y(*y))).collect();
            match points[..] {
                // A point without neighbours would not be seen.
                [(x, y)] => canvas.polyline(&[(x - 2.0, y), (x + 2.0, y)], Stroke { width: 4.0, ..stroke }),
                _ => canvas.polyline(&points, stroke),
            }
        }
    }

    /// The names of curves beside their colours.
    fn names(&self, canvas: &mut dyn Canvas, curves: &[Curve]) {
        let mut y = TOP + 10.0;
        for (curve, colour) in curves.iter().zip(LINES) {
            let x = self.right + 16.0;
            canvas.polyline(&[(x, y), (x + 26.0, y)], Stroke { colour, width: 2.5 });
            canvas.text(
                (x + 34.0, y + 4.5),
                13.0,
                (Anchor::Start, false),
                &shortened(&curve.name, LONGEST_NAME),
            );
            y += 22.0;
        }
    }

    fn cells(&self, canvas: &mut dyn Canvas, grid: &Grid) {
        let edges = |edges: &[f64], axis: &Axis| -> Vec<f64> {
            edges.iter().map(|edge| axis.place(*edge).unwrap_or_default()).collect()
        };
        let (columns, rows) = (edges(&grid.x, &self.figure.x), edges(&grid.y, &self.figure.y));
        for (row, pair) in rows.windows(2).enumerate() {
            for (column, sides) in columns.windows(2).enumerate() {
                let ([below, above], [left, right]) = (pair, sides) else { continue };
                let number = grid.value(row, column);
                let fill = grid.scale.place(number).filter(|_| number.is_finite()).map_or(NONE, of_place);
                let (x0, x1) = (self.x(left.min(*right)), self.x(left.max(*right)));
                let (y0, y1) = (Self::y(above.max(*below)), Self::y(above.min(*below)));
                canvas.rectangle((x0, y0), (x1 - x0, y1 - y0), fill);
            }
        }
    }

    /// The bar of colours with its numbers.
    fn scale(&self, canvas: &mut dyn Canvas, grid: &Grid) {
        const STEPS: u8 = 64;
        let (x, width) = (self.right + 24.0, 20.0);
        let height = (BOTTOM - TOP) / f64::from(STEPS);
        for step in 0..STEPS {
            let place = f64::from(step) / f64::from(STEPS - 1);
            let y = BOTTOM - f64::from(step + 1) * height;
            canvas.rectangle((x, y), (width, height), of_place(place));
        }
        let black = Stroke { colour: BLACK, width: 1.0 };
        let right = x + width;
        canvas.polyline(&[(x, TOP), (right, TOP), (right, BOTTOM), (x, BOTTOM), (x, TOP)], black);
        for tick in grid.scale.ticks(NUMBERS_BESIDE).iter().filter(|tick| !tick.text.is_empty()) {
            let y = Self::y(tick.place);
            canvas.polyline(&[(right, y), (right + 5.0, y)], black);
            canvas.text((right + 9.0, y + 4.5), 13.0, (Anchor::Start, false), &tick.text);
        }
        let beside = (WIDTH - 30.0, f64::midpoint(TOP, BOTTOM));
        canvas.text(beside, 14.0, (Anchor::Middle, true), &shortened(&grid.scale.label, LONGEST_TITLE));
    }
}

/// The runs of points that can be shown: what cannot be breaks a curve.
pub fn runs(points: &[(f64, f64)], x: &Axis, y: &Axis) -> Vec<Vec<Point>> {
    let mut runs = vec![Vec::new()];
    for (at, number) in points {
        match (x.place(*at), y.place(*number), runs.last_mut()) {
            (Some(at), Some(number), Some(run)) => run.push((at, number)),
            _ => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// Of many points the lowest and the highest of each few, in their order.
fn thinned(points: &[Point]) -> Vec<Point> {
    if points.len() <= MOST_POINTS {
        return points.to_vec();
    }
    let few = points.len().div_ceil(MOST_POINTS / 2);
    let mut kept = Vec::with_capacity(MOST_POINTS);
    for some in points.chunks(few) {
        let by_height = |one: &(usize, &Point), other: &(usize, &Point)| one.1.1.total_cmp(&other.1.1);
        let lowest = some.iter().enumerate().min_by(by_height);
        let highest = some.iter().enumerate().max_by(by_height);
        if let (Some((one, low)), Some((other, high))) = (lowest, highest) {
            kept.extend(if one <= other { [*low, *high] } else { [*high, *low] });
        }
    }
    kept
}

/// The beginning of a text, with `…` where something was cut off.
fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
