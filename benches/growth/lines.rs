//! Lines on logarithmic axes, small ones side by side.

use std::fmt::Write as _;

use crate::picture::{WIDTH, document, escaped};

pub struct Line {
    pub name: String,
    pub points: Vec<(f64, f64)>,
    pub is_memory: bool,
}

pub struct Panel {
    pub title: String,
    pub unit: String,
    pub lines: Vec<Line>,
}

pub struct Lines {
    pub title: String,
    pub panels: Vec<Panel>,
}

/// Panels of this size stand in two columns.
const PANEL: (f64, f64) = (WIDTH / 2.0, 300.0);
const TOP: f64 = 60.0;

impl Lines {
    pub fn svg(&self) -> String {
        let mut body = format!("<text class=\"title\" x=\"12\" y=\"24\">{}</text>\n", escaped(&self.title));
        let mut y = 40.0;
        for row in self.panels.chunks(2) {
            for (panel, x) in row.iter().zip([0.0, PANEL.0]) {
                let _ = writeln!(body, "<g transform=\"translate({x} {y})\">\n{}</g>", panel.svg());
            }
            y += PANEL.1;
        }
        document(y, &body)
    }
}

impl Panel {
    fn svg(&self) -> String {
        let (left, right, bottom) = (56.0, PANEL.0 - 150.0, PANEL.1 - 40.0);
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let decades = |of: fn(&(f64, f64)) -> f64| {
            let (low, high) = points()
                .map(of)
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
            (low.log10().floor(), high.log10().ceil().max(low.log10().floor() + 1.0))
        };
        let ((x0, x1), (y0, y1)) = (decades(|point| point.0), decades(|point| point.1));
        let x = |work: f64| left + (work.log10() - x0) / (x1 - x0) * (right - left);
        let y = |figure: f64| bottom - (figure.log10() - y0) / (y1 - y0) * (bottom - TOP);
        let mut body = format!("<text x=\"12\" y=\"24\">{}</text>\n", escaped(&self.title));
        let _ = writeln!(body, "<text class=\"small\" x=\"12\" y=\"44\">seconds, MiB</text>");
        let _ = writeln!(
            body,
            "<text class=\"small\" x=\"{right}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            bottom + 34.0,
            escaped(&self.unit)
        );
        let mut decade = x0;
        while decade <= x1 {
            let at = x(10_f64.powf(decade));
            let _ = writeln!(
                body,
                "<line class=\"grid\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>"
            );
            let _ = writeln!(
                body,
                "<text class=\"small\" text-anchor=\"middle\" x=\"{at:.1}\" y=\"{}\">{}</text>",
                bottom + 16.0,
                power(decade)
            );
            decade += 1.0;
        }
        let mut decade = y0;
        while decade <= y1 {
            let at = y(10_f64.powf(decade));
            let _ = writeln!(
                body,
                "<line class=\"grid\" x1=\"{left}\" x2=\"{right}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>"
            );
            let _ = writeln!(
                body,
                "<text class=\"small\" text-anchor=\"end\" x=\"{}\" y=\"{:.1}\">{}</text>",
                left - 6.0,
                at + 4.0,
                power(decade)
            );
            decade += 1.0;
        }
        body + &self.drawn(x, y, right)
    }

    fn drawn(&self, x: impl Fn(f64) -> f64, y: impl Fn(f64) -> f64, right: f64) -> String {
        let mut body = String::new();
        let mut ends: Vec<(f64, &Line)> = Vec::new();
        for line in &self.lines {
            let class = if line.is_memory { "limit" } else { "ours" };
            let points: Vec<String> = line
                .points
                .iter()
                .map(|(work, figure)| format!("{:.1},{:.1}", x(*work), y(*figure)))
                .collect();
            let dashes = if line.is_memory { " stroke-dasharray=\"4 3\"" } else { "" };
            let _ =
                writeln!(body, "<polyline class=\"line {class}\"{dashes} points=\"{}\"/>", points.join(" "));
            ends.extend(line.points.last().map(|(_, figure)| (y(*figure), line)));
        }
        // The names stand at the ends of their lines, apart from each other.
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut free = f64::NEG_INFINITY;
        for (at, line) in ends {
            let at = at.max(free);
            free = at + 13.0;
            let _ = writeln!(
                body,
                "<text class=\"small\" x=\"{}\" y=\"{:.1}\">{}</text>",
                right + 6.0,
                at + 4.0,
                escaped(&line.name)
            );
        }
        body
    }
}

fn power(decade: f64) -> String {
    if decade.abs() < 3.5 { format!("{}", 10_f64.powf(decade)) } else { format!("1e{decade}") }
}
