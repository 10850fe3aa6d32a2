//! Bars of ratios.

use std::fmt::Write as _;

use crate::picture::{WIDTH, document, escaped};

/// One party of a panel.
pub struct Bar {
    pub name: String,
    /// Its time as a multiple of ours.
    pub ratio: f64,
    pub is_ours: bool,
    pub is_limit: bool,
}

/// Bars that belong together.
pub struct Panel {
    pub title: String,
    pub bars: Vec<Bar>,
}

/// Panels below each other, on one logarithmic axis: a bar to the right of 1 takes longer than ours, one to the left less.
pub struct Bars {
    pub title: String,
    pub panels: Vec<Panel>,
}

const LEFT: f64 = 250.0;
const RIGHT: f64 = WIDTH - 60.0;
const LINE: f64 = 15.0;

impl Bars {
    pub fn svg(&self) -> String {
        let ratios = self.panels.iter().flat_map(|panel| panel.bars.iter().map(|bar| bar.ratio.log10()));
        let (low, high) = ratios.fold((0.0_f64, 1.0_f64), |(low, high), x| (low.min(x), high.max(x)));
        let (low, high) = (low.floor().max(-2.0), high.ceil());
        let x = |ratio: f64| LEFT + (ratio.log10().clamp(low, high) - low) / (high - low) * (RIGHT - LEFT);
        let mut body = format!("<text class=\"title\" x=\"12\" y=\"24\">{}</text>\n", escaped(&self.title));
        let mut y = 66.0;
        let mut bars = String::new();
        for panel in &self.panels {
            let _ = writeln!(bars, "<text x=\"12\" y=\"{y}\">{}</text>", escaped(&panel.title));
            y += 5.0;
            for bar in &panel.bars {
                let class = if bar.is_ours {
                    "ours"
                } else if bar.is_limit {
                    "limit"
                } else {
                    "other"
                };
                let (from, to) = (x(bar.ratio.min(1.0)), x(bar.ratio.max(1.0)));
                let (width, middle, label) = ((to - from).max(2.0), y + 12.0, LEFT - 8.0);
                let name = escaped(&bar.name);
                let _ = writeln!(
                    bars,
                    "<text class=\"small\" text-anchor=\"end\" x=\"{label}\" y=\"{middle}\">{name}</text>"
                );
                let _ = writeln!(
                    bars,
                    "<rect class=\"{class}\" stroke=\"none\" x=\"{from:.1}\" y=\"{}\" width=\"{width:.1}\" height=\"12\"/>",
                    y + 2.0
                );
                let digits = if bar.ratio < 9.95 { 2 } else { 0 };
                let _ = writeln!(
                    bars,
                    "<text class=\"small\" x=\"{:.1}\" y=\"{middle}\">{:.digits$}×</text>",
                    to + 4.0,
                    bar.ratio
                );
                y += LINE;
            }
            y += 20.0;
        }
        let mut decade = low;
        while decade <= high {
            let (at, class) = (x(10_f64.powf(decade)), if decade == 0.0 { "one" } else { "grid" });
            let _ = writeln!(
                body,
                "<line class=\"{class}\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"50\" y2=\"{:.1}\"/>",
                y - 20.0
            );
            let _ = writeln!(
                body,
                "<text class=\"small\" text-anchor=\"middle\" x=\"{at:.1}\" y=\"44\">{}×</text>",
                10_f64.powf(decade)
            );
            decade += 1.0;
        }
        document(y, &(body + &bars))
    }
}
