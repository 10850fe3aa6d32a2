//! A canvas of pixels, and its file.
//!
//! # Format
//! <https://www.w3.org/TR/png-3/>: signature, `IHDR`, one `IDAT`, `IEND`; colours of 8 bits, each line filtered by the one
//! above it.

use std::io::{self, Write};

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

use super::colours::{BLACK, Colour, WHITE};
use super::font;
use super::scene::{Anchor, Canvas, Point, Stroke};

/// How many pixels a unit of the scene has.
const SCALE: f64 = 2.0;
/// Each line of pixels is the difference to the one above.
const FILTER_UP: u8 = 2;

/// A picture that is being drawn.
#[derive(Debug)]
pub struct Raster {
    width: usize,
    height: usize,
    pixels: Vec<Colour>,
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "pixels of a picture of some thousand, clipped to it"
)]
impl Raster {
    pub fn new(width: f64, height: f64) -> Self {
        let (width, height) = ((width * SCALE) as usize, (height * SCALE) as usize);
        Self { width, height, pixels: vec![WHITE; width * height] }
    }

    /// Lets a colour cover a part of a pixel.
    fn blend(&mut self, (x, y): (usize, usize), colour: Colour, share: f64) {
        if x >= self.width || y >= self.height || share <= 0.0 {
            return;
        }
        let pixel = &mut self.pixels[y * self.width + x];
        for (old, new) in pixel.iter_mut().zip(colour) {
            *old = (f64::from(*old) + (f64::from(new) - f64::from(*old)) * share.min(1.0)).round() as u8;
        }
    }

    /// Draws a segment: what is nearer to it than half its width is covered, the edge in part.
    fn segment(&mut self, from: Point, to: Point, stroke: Stroke) {
        let ((x0, y0), (x1, y1)) = (from, to);
        let (dx, dy) = (x1 - x0, y1 - y0);
        let length = dx.hypot(dy);
        let reach = stroke.width / 2.0 + 1.0;
        let is_flat = dx.abs() >= dy.abs();
        // Along the longer direction; across it no more than the line may reach.
        let (start, end) = if is_flat { (x0.min(x1), x0.max(x1)) } else { (y0.min(y1), y0.max(y1)) };
        let most = if is_flat { self.width } else { self.height } as f64;
        let (first, last) = ((start - reach).floor().max(0.0), (end + reach).ceil().min(most));
        let mut along = first;
        while along < last {
            let share = if is_flat { (along + 0.5 - x0) / dx } else { (along + 0.5 - y0) / dy };
            let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
            let middle = if is_flat { y0 + share * dy } else { x0 + share * dx };
            let spread = reach * std::f64::consts::SQRT_2 + 1.0;
            let mut across = (middle - spread).floor().max(0.0);
            while across <= middle + spread {
                let (x, y) = if is_flat { (along, across) } else { (across, along) };
                let (px, py) = (x + 0.5 - x0, y + 0.5 - y0);
                let nearest = if length > 0.0 {
                    ((px * dx + py * dy) / (length * length)).clamp(0.0, 1.0)
                } else {
                    0.0
                };
                let distance = (px - nearest * dx).hypot(py - nearest * dy);
                self.blend((x as usize, y as usize), stroke.colour, stroke.width / 2.0 + 0.5 - distance);
                across += 1.0;
            }
            along += 1.0;
        }
    }

    /// Gives the file.
    pub fn finish(self) -> io::Result<Vec<u8>> {
        let mut lines = ZlibEncoder::new(Vec::new(), Compression::default());
        let mut above = vec![0; self.width * 3];
        for line in self.pixels.chunks_exact(self.width) {
            let line = line.as_flattened();
            let filtered: Vec<u8> =
                line.iter().zip(&above).map(|(byte, above)| byte.wrapping_sub(*above)).collect();
            lines.write_all(&[FILTER_UP])?;
            lines.write_all(&filtered)?;
            above.copy_from_slice(line);
        }
        let side = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
        // Eight bits of red, green and blue; the only methods there are; not interlaced.
        let header = [&side(self.width)[..], &side(self.height), &[8, 2, 0, 0, 0]].concat();
        let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
        chunk(&mut file, *b"IHDR", &header);
        chunk(&mut file, *b"IDAT", &lines.finish()?);
        chunk(&mut file, *b"IEND", &[]);
        Ok(file)
    }
}

fn chunk(file: &mut Vec<u8>, name: [u8; 4], bytes: &[u8]) {
    file.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    file.extend(name);
    file.extend(bytes);
    let mut checksum = Crc::new();
    checksum.update(&name);
    checksum.update(bytes);
    file.extend(checksum.sum().to_be_bytes());
}

impl Canvas for Raster {
    fn polyline(&mut self, points: &[Point], stroke: Stroke) {
        let stroke = Stroke { width: stroke.width * SCALE, ..stroke };
        for pair in points.windows(2) {
            if let [(x0, y0), (x1, y1)] = pair {
                self.segment((x0 * SCALE, y0 * SCALE), (x1 * SCALE, y1 * SCALE), stroke);
            }
        }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clipped to the picture")]
    fn rectangle(&mut self, (x, y): Point, (width, height): Point, fill: Colour) {
        let pixel = |at: f64| (at * SCALE).round().max(0.0) as usize;
        let (right, bottom) = (pixel(x + width).min(self.width), pixel(y + height).min(self.height));
        for line in pixel(y)..bottom {
            for column in pixel(x)..right {
                self.pixels[line * self.width + column] = fill;
            }
        }
    }

    fn text(&mut self, (x, y): Point, size: f64, (anchor, turned): (Anchor, bool), text: &str) {
        let (strokes, width) = font::strokes(text, size);
        let left = match anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => -width / 2.0,
            Anchor::End => -width,
        };
        let stroke = Stroke { colour: BLACK, width: size / 13.0 };
        for letter in strokes {
            let points = letter.into_iter().map(|(along, down)| {
                let along = along + left;
                if turned { (x + down, y - along) } else { (x + along, y + down) }
            });
            self.polyline(&points.collect::<Vec<_>>(), stroke);
        }
    }
}
