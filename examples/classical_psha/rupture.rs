//! Planar ruptures: where they lie, and how far sites are from them.

use crate::geometry::{EARTH_RADIUS, LonLat, Vector, arc_over, cross, dot, length, minus, plus, scale, unit};

/// The plane a rupture lies in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NodalPlane {
    /// Azimuth of the upper edge, in degrees; the plane descends to its right.
    pub strike: f64,
    /// Angle against the horizontal, in degrees, above 0 and up to 90.
    pub dip: f64,
    /// Direction of slip, in degrees.
    pub rake: f64,
}

/// The depths in which a source breaks, and the form of what breaks.
#[derive(Clone, Copy, Debug)]
pub struct Seismogenic {
    /// The upper limit, in km below the surface.
    pub upper: f64,
    /// The lower limit.
    pub lower: f64,
    /// Length over width of a rupture that fits.
    pub aspect_ratio: f64,
}

/// A rectangular rupture.
#[derive(Clone, Copy, Debug)]
pub struct Rectangle {
    top_left: LonLat,
    top_right: LonLat,
    bottom_left: LonLat,
    bottom_right: LonLat,
    top: f64,
    bottom: f64,
}

impl Rectangle {
    /// Puts a rupture of `area` km² around a hypocentre, a place and a depth in km, moved as little as needed to
    /// stay within the limits.
    ///
    /// A rupture too wide for the seismogenic layer becomes longer instead.
    pub fn around(hypocentre: (LonLat, f64), area: f64, plane: NodalPlane, layer: Seismogenic) -> Self {
        let (epicentre, depth) = hypocentre;
        let (sin_dip, cos_dip) = libm::sincos(plane.dip.to_radians());
        let free_length = (area * layer.aspect_ratio).sqrt();
        let width = (area / free_length).min((layer.lower - layer.upper) / sin_dip);
        let length = area / width;
        let half_height = width * sin_dip / 2.0;

        let sink = (layer.upper - (depth - half_height)).max(0.0);
        let rise = (depth + half_height - layer.lower).max(0.0);
        let shift = if sink > 0.0 { sink } else { -rise };
        let centre = if shift == 0.0 {
            epicentre
        } else {
            let azimuth = plane.strike + if shift > 0.0 { 90.0 } else { 270.0 };
            epicentre.towards(azimuth, shift.abs() * cos_dip / sin_dip)
        };

        let half_breadth = width * cos_dip / 2.0;
        let diagonal = libm::hypot(length / 2.0, half_breadth);
        let angle = libm::atan2(half_breadth, length / 2.0).to_degrees();
        let corner = |azimuth: f64| centre.towards(plane.strike + azimuth, diagonal);
        Self {
            top_left: corner(180.0 + angle),
            top_right: corner(-angle),
            bottom_left: corner(180.0 - angle),
            bottom_right: corner(angle),
            top: depth + shift - half_height,
            bottom: depth + shift + half_height,
        }
    }

    /// Gives the projection to the surface.
    pub fn outline(&self) -> Outline {
        let corners = [self.top_left, self.top_right, self.bottom_right, self.bottom_left];
        Outline::new(corners.map(LonLat::direction))
    }
}

/// A rupture as a rectangle in space, for the distance *Rrup*.
#[derive(Clone, Copy, Debug)]
pub struct Plane {
    corner: Vector,
    along: Vector,
    down: Vector,
    normal: Vector,
    length: f64,
    width: f64,
}

impl Plane {
    /// Spans it between the corners.
    pub fn new(rectangle: &Rectangle) -> Self {
        let top_left = rectangle.top_left.below(rectangle.top);
        let top_right = rectangle.top_right.below(rectangle.top);
        let bottom_left = rectangle.bottom_left.below(rectangle.bottom);
        let bottom_right = rectangle.bottom_right.below(rectangle.bottom);
        let top = minus(top_right, top_left);
        let bottom = minus(bottom_right, bottom_left);
        let left = minus(bottom_left, top_left);
        let right = minus(bottom_right, top_right);
        let along = unit(top);
        let normal = unit(cross(top, left));
        let down = cross(normal, along);
        Self {
            corner: top_left,
            along,
            down,
            normal,
            // Corners on a sphere make no exact rectangle: opposite sides are averaged.
            length: dot(plus(top, bottom), along) / 2.0,
            width: dot(plus(left, right), down) / 2.0,
        }
    }

    /// Gives the distance in km of a `site`, a vector from the centre of the earth in km.
    pub fn distance(&self, site: Vector) -> f64 {
        let from_corner = minus(site, self.corner);
        let beyond = |position: f64, end: f64| position - position.clamp(0.0, end.max(0.0));
        let along = beyond(dot(from_corner, self.along), self.length);
        let down = beyond(dot(from_corner, self.down), self.width);
        length([along, down, dot(from_corner, self.normal)])
    }
}

/// The projection of a rupture, or of a part of it, to the surface, for the distance *Rjb*: four great-circle
/// arcs.
#[derive(Clone, Copy, Debug)]
pub struct Outline {
    sides: [Side; 4],
    /// Whether it has an inside: the projection of a vertical rupture is a line.
    encloses: bool,
}

/// Shorter sides, in km, are points; the projection of a vertical rupture is narrower by far.
const SHORTEST_SIDE: f64 = 1e-5;

impl Outline {
    /// Spans it between corners, vectors of length 1, in the order of a walk around.
    pub fn new(corners: [Vector; 4]) -> Self {
        let sides = [0, 1, 2, 3].map(|index| Side::new(corners[index], corners[(index + 1) % 4]));
        Self { sides, encloses: sides.iter().all(|side| side.normal.is_some()) }
    }

    /// Gives the distance in km of a site in the direction `site`, a vector of length 1; 0 inside.
    pub fn distance(&self, site: Vector) -> f64 {
        arc_over(self.squared_chord(site).sqrt())
    }

    /// Gives the square of the length of the chord to a site, on a sphere of radius 1.
    pub fn squared_chord(&self, site: Vector) -> f64 {
        // All sides have the inside to the right, or all to the left.
        let sides_with = |sign: f64| {
            let inside = |side: &Side| side.normal.is_some_and(|normal| sign * dot(normal, site) <= 0.0);
            self.sides.iter().all(inside)
        };
        if self.encloses && (sides_with(1.0) || sides_with(-1.0)) && dot(site, self.sides[0].start) > 0.0 {
            return 0.0;
        }
        self.sides.iter().map(|side| side.squared_chord(site)).fold(f64::INFINITY, f64::min)
    }
}

/// A great-circle arc.
#[derive(Clone, Copy, Debug)]
struct Side {
    start: Vector,
    end: Vector,
    /// The direction to the left of the arc, at right angles to its great circle; none where it is but a
    /// point.
    normal: Option<Vector>,
}

impl Side {
    fn new(start: Vector, end: Vector) -> Self {
        let is_arc = length(minus(end, start)) * EARTH_RADIUS > SHORTEST_SIDE;
        Self { start, end, normal: is_arc.then(|| unit(cross(start, end))) }
    }

    fn squared_chord(&self, site: Vector) -> f64 {
        if let Some(normal) = self.normal {
            let height = dot(site, normal);
            let foot = minus(site, scale(normal, height));
            let follows_start = dot(cross(self.start, foot), normal) >= 0.0;
            let precedes_end = dot(cross(foot, self.end), normal) >= 0.0;
            if follows_start && precedes_end {
                // The height is the sine of the angle, the chord twice that of its half.
                let square = height * height;
                return 2.0 * square / (1.0 + (1.0 - square).max(0.0).sqrt());
            }
        }
        let squared = |end: Vector| dot(minus(site, end), minus(site, end));
        squared(self.start).min(squared(self.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::arc;

    const HERE: LonLat = LonLat { lon: 10.0, lat: 45.0 };
    const LAYER: Seismogenic = Seismogenic { upper: 0.0, lower: 20.0, aspect_ratio: 2.0 };

    fn plane(strike: f64, dip: f64) -> NodalPlane {
        NodalPlane { strike, dip, rake: 0.0 }
    }

    fn distances(rectangle: &Rectangle, azimuth: f64, km: f64) -> (f64, f64) {
        let site = HERE.towards(azimuth, km);
        (Plane::new(rectangle).distance(site.below(0.0)), rectangle.outline().distance(site.direction()))
    }

    fn assert_near(ours: (f64, f64), expected: (f64, f64)) {
        assert!(
            (ours.0 - expected.0).abs() < 0.02 && (ours.1 - expected.1).abs() < 0.02,
            "{ours:?}, not {expected:?}"
        );
    }

    #[test]
    fn a_vertical_rupture_has_its_distances_along_and_across() {
        // 20 km by 10 km, from 5 to 15 km deep, towards north.
        let rectangle = Rectangle::around((HERE, 10.0), 200.0, plane(0.0, 90.0), LAYER);
        assert!((rectangle.top - 5.0).abs() < 1e-12 && (rectangle.bottom - 15.0).abs() < 1e-12);
        assert_near(distances(&rectangle, 0.0, 5.0), (5.0, 0.0));
        assert_near(distances(&rectangle, 90.0, 12.0), (13.0, 12.0));
        assert_near(distances(&rectangle, 0.0, 22.0), (13.0, 12.0));
        assert_near(distances(&rectangle, 180.0, 22.0), (13.0, 12.0));
        assert_near(distances(&rectangle, 180.0, 50.0), (40.31, 40.0));
    }

    #[test]
    fn sites_above_a_dipping_rupture_are_at_no_distance_from_its_projection() {
        // 45 degrees to the east: 10 km wide, 7.07 km high and broad.
        let rectangle = Rectangle::around((HERE, 10.0), 200.0, plane(0.0, 45.0), LAYER);
        assert_near(distances(&rectangle, 90.0, 3.0), (9.19, 0.0));
        assert_near(distances(&rectangle, 270.0, 3.0), (6.49, 0.0));
        assert_near(distances(&rectangle, 90.0, 3.54 + 5.0), (13.10, 5.0));
        assert_near(distances(&rectangle, 270.0, 3.54 + 5.0), (8.16, 5.0));
        assert_near(distances(&rectangle, 270.0, 15.0), (13.15, 11.46));
    }

    #[test]
    fn a_rupture_that_sticks_out_of_the_layer_is_pushed_back_down_dip() {
        let rectangle = Rectangle::around((HERE, 2.0), 200.0, plane(90.0, 45.0), LAYER);
        assert!(rectangle.top.abs() < 1e-12 && (rectangle.bottom - 50.0_f64.sqrt()).abs() < 1e-12);
        // Its centre sank by 1.54 km, so it went as far to the south.
        let middle = f64::midpoint(rectangle.top_left.lat, rectangle.bottom_left.lat);
        let south = (HERE.lat - middle).to_radians() * EARTH_RADIUS;
        assert!((south - (50.0_f64.sqrt() / 2.0 - 2.0)).abs() < 0.01, "{south}");
        let rectangle = Rectangle::around((HERE, 19.0), 200.0, plane(90.0, 90.0), LAYER);
        assert!((rectangle.bottom - 20.0).abs() < 1e-12 && (rectangle.top - 10.0).abs() < 1e-12);
    }

    #[test]
    fn a_rupture_too_wide_for_the_layer_is_longer() {
        let rectangle = Rectangle::around((HERE, 10.0), 3200.0, plane(0.0, 90.0), LAYER);
        assert!(rectangle.top.abs() < 1e-12 && (rectangle.bottom - 20.0).abs() < 1e-12);
        let length = arc(rectangle.top_left.direction(), rectangle.top_right.direction());
        assert!((length - 160.0).abs() < 1e-3, "{length}");
        // At 30 degrees the layer is twice as wide.
        let rectangle = Rectangle::around((HERE, 10.0), 3200.0, plane(0.0, 30.0), LAYER);
        let length = arc(rectangle.top_left.direction(), rectangle.top_right.direction());
        assert!((length - 80.0).abs() < 1e-2, "{length}");
    }
}
