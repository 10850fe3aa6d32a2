//! Pictures of values: curves and grids, as SVG, as PNG, and as text in a terminal.
//!
//! [`Figure`] is what there is to be seen. `scene` draws it on any [`Canvas`](scene::Canvas), `terminal` in characters.

mod axis;
mod colours;
mod figure;
mod font;
mod png;
mod scene;
mod svg;
mod terminal;

pub use axis::Scale;
pub use figure::{Content, Figure, Form, Wanted};

/// Draws a figure as SVG.
pub fn to_svg(figure: &Figure) -> Vec<u8> {
    let mut canvas = svg::Svg::new(scene::WIDTH, scene::HEIGHT, &figure.title);
    scene::draw(figure, &mut canvas);
    canvas.finish().into_bytes()
}

/// Draws a figure as PNG.
pub fn to_png(figure: &Figure) -> std::io::Result<Vec<u8>> {
    let mut canvas = png::Raster::new(scene::WIDTH, scene::HEIGHT);
    scene::draw(figure, &mut canvas);
    canvas.finish()
}

/// Draws a figure in lines of at most `width` columns; without colours the cells of a grid are shades.
pub fn to_text(figure: &Figure, width: usize, colours: bool) -> Vec<String> {
    terminal::draw(figure, width, colours)
}
