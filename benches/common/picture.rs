//! Pictures of figures, as SVG that reads well on light and on dark ground.

/// Colours of text, grid, ours, others, limit.
const STYLE: &str = "<style>
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 15px; font-weight: 600 }
.small { font-size: 11px; fill: #59636e }
.grid { stroke: #d1d9e0 }
.one { stroke: #59636e }
.ours { fill: #0969da; stroke: #0969da }
.other { fill: #bf8700; stroke: #bf8700 }
.limit { fill: #818b98; stroke: #818b98 }
.line { fill: none !important; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .small { fill: #9198a1 }
  .grid { stroke: #3d444d }
  .one { stroke: #9198a1 }
  .ours { fill: #4493f8; stroke: #4493f8 }
  .other { fill: #d29922; stroke: #d29922 }
  .limit { fill: #656c76; stroke: #656c76 }
}
</style>
";

pub const WIDTH: f64 = 860.0;

pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

pub fn document(height: f64, body: &str) -> String {
    let head = "xmlns=\"http://www.w3.org/2000/svg\"";
    format!(
        "<svg {head} viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\">\n{STYLE}{body}</svg>\n"
    )
}
