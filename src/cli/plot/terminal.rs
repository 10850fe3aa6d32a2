//! A figure in characters: curves in dots of Braille, grids in coloured or shaded blocks.

use clap::builder::styling::{RgbColor, Style};

use super::axis::Axis;
use super::colours::{Colour, LINES, of_place};
use super::figure::{Content, Curve, Figure, Grid};
use super::scene::{Point, runs};
use crate::cli::elements::shortened;
use crate::cli::output::DETAIL;

/// The lines that a plot has between its axes.
const HEIGHT: usize = 18;
/// The columns of the numbers at the left.
const MARGIN: usize = 10;
/// Dots of a character.
const DOTS: (usize, usize) = (2, 4);
/// From the lowest to the highest.
const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];

/// Characters, each with its colour.
type Cells = Vec<Vec<(char, Option<Style>)>>;

/// Draws a figure in lines of at most `width` columns.
pub fn draw(figure: &Figure, width: usize, colours: bool) -> Vec<String> {
    let columns = width.saturating_sub(MARGIN + 2).clamp(10, 200);
    let cells = match &figure.content {
        Content::Curves(curves) => dots(figure, curves, columns),
        Content::Grid(grid) => blocks(grid, (&figure.x, &figure.y), columns, colours),
    };
    let mut lines = vec![centred(&figure.title, MARGIN + 1 + columns)];
    let label = shortened(&figure.y.label, width);
    if !label.is_empty() {
        lines.push(format!("{DETAIL}{label}{DETAIL:#}"));
    }
    lines.extend(framed(&cells, &figure.y));
    lines.extend(below(&figure.x, columns));
    match &figure.content {
        Content::Curves(curves) if curves.len() > 1 => lines.extend(key(curves, width)),
        Content::Curves(_) => {}
        Content::Grid(grid) => lines.push(shades(grid, colours, width)),
    }
    lines.extend(figure.note.as_ref().map(|note| format!("{DETAIL}{}{DETAIL:#}", shortened(note, width))));
    lines
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "clipped"
)]
fn nth(place: f64, count: usize) -> usize {
    ((place * count as f64) as usize).min(count.saturating_sub(1))
}

#[expect(clippy::cast_precision_loss, reason = "columns of a terminal")]
fn middle(index: usize, count: usize) -> f64 {
    (index as f64 + 0.5) / count as f64
}

/// Curves as dots, two by four in a character; the last curve that comes by gives the colour.
fn dots(figure: &Figure, curves: &[Curve], columns: usize) -> Cells {
    const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
    let mut bits = vec![vec![(0u8, None); columns]; HEIGHT];
    for (curve, colour) in curves.iter().zip(LINES) {
        let mut set = |x: f64, y: f64| {
            let (x, y) = (nth(x, columns * DOTS.0), nth(1.0 - y, HEIGHT * DOTS.1));
            let cell = &mut bits[y / DOTS.1][x / DOTS.0];
            *cell = (cell.0 | BITS[x % DOTS.0][y % DOTS.1], Some(style(colour)));
        };
        for run in runs(&curve.points, &figure.x, &figure.y) {
            if let [(x, y)] = run[..] {
                set(x, y);
            }
            for pair in run.windows(2) {
                if let [from, to] = pair {
                    segment(*from, *to, columns, &mut set);
                }
            }
        }
    }
    let character = |bits: u8| char::from_u32(0x2800 + u32::from(bits)).unwrap_or(' ');
    let cell =
        |(bits, style): (u8, Option<Style>)| if bits == 0 { (' ', None) } else { (character(bits), style) };
    bits.into_iter().map(|line| line.into_iter().map(cell).collect()).collect()
}

fn segment((x0, y0): Point, (x1, y1): Point, columns: usize, set: &mut impl FnMut(f64, f64)) {
    let steps = 1 + nth((x1 - x0).abs(), columns * DOTS.0 + 1).max(nth((y1 - y0).abs(), HEIGHT * DOTS.1 + 1));
    for step in 0..=steps {
        #[expect(clippy::cast_precision_loss, reason = "some hundred dots")]
        let share = step as f64 / steps as f64;
        set(x0 + (x1 - x0) * share, y0 + (y1 - y0) * share);
    }
}

/// The dark colours of paper would not be seen on a dark terminal.
fn style(colour: Colour) -> Style {
    let [red, green, blue] = if colour == [0, 0, 0] { [0xc0; 3] } else { colour };
    Style::new().fg_color(Some(RgbColor(red, green, blue).into()))
}

/// A grid as blocks; with colours, each character holds two cells one above the other.
fn blocks(grid: &Grid, axes: (&Axis, &Axis), columns: usize, colours: bool) -> Cells {
    let number = |x: f64, y: f64| {
        let column = cell_at(&grid.x, axes.0, x)?;
        let row = cell_at(&grid.y, axes.1, y)?;
        let number = grid.value(row, column);
        grid.scale.place(number).filter(|_| number.is_finite())
    };
    let line = |line: usize| {
        let cell = |column: usize| {
            let x = middle(column, columns);
            if !colours {
                let place = number(x, 1.0 - middle(line, HEIGHT));
                return (place.map_or('·', |place| SHADES[nth(place.clamp(0.0, 1.0), SHADES.len())]), None);
            }
            let place = |half: usize| number(x, 1.0 - middle(2 * line + half, 2 * HEIGHT));
            let colour = |place: f64| {
                let [red, green, blue] = of_place(place);
                Some(RgbColor(red, green, blue).into())
            };
            let style = Style::new().fg_color(place(0).and_then(colour)).bg_color(place(1).and_then(colour));
            match (place(0), place(1)) {
                (None, None) => (' ', None),
                (None, Some(low)) => ('▄', Some(Style::new().fg_color(colour(low)))),
                _ => ('▀', Some(style)),
            }
        };
        (0..columns).map(cell).collect()
    };
    (0..HEIGHT).map(line).collect()
}

/// The cell that a place of the axis lies in.
fn cell_at(edges: &[f64], axis: &Axis, place: f64) -> Option<usize> {
    let places: Vec<f64> = edges.iter().filter_map(|edge| axis.place(*edge)).collect();
    places.windows(2).position(|pair| (pair[0].min(pair[1])..=pair[0].max(pair[1])).contains(&place))
}

/// Numbers, a line, and the cells.
fn framed(cells: &Cells, y: &Axis) -> Vec<String> {
    let mut numbers = vec![String::new(); cells.len()];
    for tick in y.ticks(6).into_iter().filter(|tick| !tick.text.is_empty()) {
        numbers[nth(1.0 - tick.place, cells.len())] = tick.text;
    }
    let mut lines = Vec::new();
    for (cells, number) in cells.iter().zip(numbers) {
        let mark = if number.is_empty() { '│' } else { '┤' };
        let number = shortened(&number, MARGIN - 1);
        let mut line = format!("{DETAIL}{number:>width$} {mark}{DETAIL:#}", width = MARGIN - 1);
        let end = cells.iter().rposition(|cell| *cell != (' ', None)).map_or(0, |last| last + 1);
        let mut at = 0;
        // Characters of one colour are styled together.
        while at < end {
            let style = cells[at].1;
            let length = cells[at..end].iter().take_while(|cell| cell.1 == style).count();
            let text: String = cells[at..at + length].iter().map(|cell| cell.0).collect();
            line.push_str(&style.map_or(text.clone(), |style| format!("{style}{text}{style:#}")));
            at += length;
        }
        lines.push(line);
    }
    lines
}

/// The axis below with its numbers and its label.
fn below(x: &Axis, columns: usize) -> Vec<String> {
    let mut rule = vec!['─'; columns];
    let mut numbers = vec![' '; columns + MARGIN];
    let mut free = 0;
    for tick in x.ticks((columns / 12).max(2)).into_iter().filter(|tick| !tick.text.is_empty()) {
        let at = nth(tick.place, columns);
        let length = tick.text.chars().count();
        let start = (at + MARGIN / 2).saturating_sub(length / 2);
        if start >= free && start + length <= numbers.len() {
            rule[at] = '┬';
            numbers.splice(start..start + length, tick.text.chars());
            free = start + length + 1;
        }
    }
    let margin = " ".repeat(MARGIN);
    let half = " ".repeat(MARGIN + 1 - MARGIN / 2);
    let text = |characters: Vec<char>| characters.into_iter().collect::<String>();
    let mut lines = vec![
        format!("{DETAIL}{margin}└{}{DETAIL:#}", text(rule)),
        format!("{DETAIL}{half}{}{DETAIL:#}", text(numbers).trim_end()),
    ];
    if !x.label.is_empty() {
        lines.push(format!("{DETAIL}{}{DETAIL:#}", centred(&x.label, MARGIN + 1 + columns)));
    }
    lines
}

/// The names of curves in their colours, as many on a line as fit.
fn key(curves: &[Curve], width: usize) -> Vec<String> {
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
    for (curve, colour) in curves.iter().zip(LINES) {
        let name = shortened(&curve.name, width.saturating_sub(4));
        let length = name.chars().count() + 5;
        if used > 0 && used + length > width + 2 {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        let style = style(colour);
        line.push_str(if used > 0 { "  " } else { "" });
        line = format!("{line}{style}⠒⠒{style:#} {name}");
        used += length;
    }
    lines.push(line);
    lines
}

/// What the colours or shades of a grid stand for.
fn shades(grid: &Grid, colours: bool, width: usize) -> String {
    let (low, high) = grid.ends();
    let bar: String = if colours {
        let block = |step: u8| {
            let style = style(of_place(f64::from(step) / 15.0));
            format!("{style}█{style:#}")
        };
        (0..16).map(block).collect()
    } else {
        SHADES.iter().flat_map(|shade| [*shade; 3]).collect()
    };
    let room = width.saturating_sub(low.len() + high.len() + 22);
    format!("{low} {bar} {high}  {}", shortened(&grid.scale.label, room)).trim_end().to_owned()
}

fn centred(text: &str, width: usize) -> String {
    let text = shortened(text, width);
    format!("{}{text}", " ".repeat((width - text.chars().count()) / 2))
}
