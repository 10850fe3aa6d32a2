//! Geometry on a spherical earth. Angles of longitude, latitude and azimuth in degrees, lengths in km.

/// Radius of the earth.
pub const EARTH_RADIUS: f64 = 6371.0;

/// A vector from the centre of the earth.
pub type Vector = [f64; 3];

/// A point on the surface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LonLat {
    /// Longitude, from -180 to 180.
    pub lon: f64,
    /// Latitude, from -90 to 90.
    pub lat: f64,
}

impl LonLat {
    /// Gives the point in the direction of a vector of any length.
    pub fn of([x, y, z]: Vector) -> Self {
        Self { lon: libm::atan2(y, x).to_degrees(), lat: libm::atan2(z, libm::hypot(x, y)).to_degrees() }
    }

    /// Gives the point at `distance` along the great circle that leaves towards `azimuth`.
    pub fn towards(self, azimuth: f64, distance: f64) -> Self {
        let (sin_lon, cos_lon) = libm::sincos(self.lon.to_radians());
        let (sin_lat, cos_lat) = libm::sincos(self.lat.to_radians());
        let (sin_azimuth, cos_azimuth) = libm::sincos(azimuth.to_radians());
        let (sin_d, cos_d) = libm::sincos(distance / EARTH_RADIUS);
        // Vectors are as exact at the poles as elsewhere.
        let north = [-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat];
        let east = [-sin_lon, cos_lon, 0.0];
        let ahead = plus(scale(north, cos_azimuth), scale(east, sin_azimuth));
        Self::of(plus(scale(self.direction(), cos_d), scale(ahead, sin_d)))
    }

    /// Gives the direction in which the great circle to `end` leaves.
    pub fn azimuth(self, end: Self) -> f64 {
        let (sin_start, cos_start) = libm::sincos(self.lat.to_radians());
        let (sin_end, cos_end) = libm::sincos(end.lat.to_radians());
        let (sin_turn, cos_turn) = libm::sincos((end.lon - self.lon).to_radians());
        libm::atan2(sin_turn * cos_end, cos_start * sin_end - sin_start * cos_end * cos_turn).to_degrees()
    }

    /// Gives the vector to it, of length 1.
    pub fn direction(self) -> Vector {
        let (sin_lon, cos_lon) = libm::sincos(self.lon.to_radians());
        let (sin_lat, cos_lat) = libm::sincos(self.lat.to_radians());
        [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat]
    }

    /// Gives the vector to the point at `depth` below it.
    pub fn below(self, depth: f64) -> Vector {
        scale(self.direction(), EARTH_RADIUS - depth)
    }
}

/// Brings a longitude into -180 to 180.
pub fn wrap(lon: f64) -> f64 {
    if (-180.0..=180.0).contains(&lon) { lon } else { (lon + 180.0).rem_euclid(360.0) - 180.0 }
}

/// Gives `a - b`.
pub fn minus(a: Vector, b: Vector) -> Vector {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

/// Gives `a + b`.
pub fn plus(a: Vector, b: Vector) -> Vector {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

/// Gives `a` times `factor`.
pub fn scale(a: Vector, factor: f64) -> Vector {
    a.map(|x| x * factor)
}

/// Gives the scalar product.
pub fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// Gives the vector product.
pub fn cross(a: Vector, b: Vector) -> Vector {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// Gives the length.
pub fn length(a: Vector) -> f64 {
    dot(a, a).sqrt()
}

/// Gives the vector of length 1 in the direction of `a`.
pub fn unit(a: Vector) -> Vector {
    scale(a, 1.0 / length(a))
}

/// Gives the distance on the surface between two directions.
pub fn arc(a: Vector, b: Vector) -> f64 {
    arc_over(length(minus(a, b)))
}

/// Gives the distance on the surface between two directions that are `chord` apart.
pub fn arc_over(chord: f64) -> f64 {
    2.0 * EARTH_RADIUS * libm::asin((chord / 2.0).min(1.0))
}

/// The range of longitudes and latitudes that points lie in.
#[derive(Clone, Copy, Debug)]
pub struct BoundingBox {
    /// Its western edge.
    pub west: f64,
    /// Its width, in degrees of longitude.
    pub width: f64,
    /// Its southern edge.
    pub south: f64,
    /// Its northern edge.
    pub north: f64,
}

impl BoundingBox {
    /// Finds that of some points, across the date line if that is the shorter way.
    ///
    /// # Errors
    /// When it spans half the earth or more, as around a pole.
    pub fn of(points: &[LonLat]) -> Result<Self, String> {
        let origin = points.first().map_or(0.0, |point| point.lon);
        let offsets = || points.iter().map(|point| wrap(point.lon - origin));
        let (low, high) = (offsets().fold(0.0, f64::min), offsets().fold(0.0, f64::max));
        if high - low >= 180.0 {
            return Err("it spans 180 degrees of longitude or more".into());
        }
        let lats = || points.iter().map(|point| point.lat);
        Ok(Self {
            west: wrap(origin + low),
            width: high - low,
            south: lats().fold(f64::INFINITY, f64::min),
            north: lats().fold(f64::NEG_INFINITY, f64::max),
        })
    }

    /// Gives the plane that touches the sphere half way between two opposite corners.
    pub fn plane(&self) -> Orthographic {
        let north_west = LonLat { lon: self.west, lat: self.north };
        let south_east = LonLat { lon: wrap(self.west + self.width), lat: self.south };
        Orthographic::around(LonLat::of(plus(north_west.direction(), south_east.direction())))
    }
}

/// The orthographic projection: a plane that touches the sphere, looked at from far away.
#[derive(Debug)]
pub struct Orthographic {
    centre: Vector,
    east: Vector,
    north: Vector,
}

impl Orthographic {
    /// The plane that touches the sphere at `centre`.
    pub fn around(centre: LonLat) -> Self {
        let east = LonLat { lon: centre.lon + 90.0, lat: 0.0 }.direction();
        let centre = centre.direction();
        Self { centre, east, north: cross(centre, east) }
    }

    /// Gives the distances of the projected point from the centre, towards east and north.
    pub fn project(&self, point: LonLat) -> [f64; 2] {
        let direction = point.direction();
        [EARTH_RADIUS * dot(direction, self.east), EARTH_RADIUS * dot(direction, self.north)]
    }

    /// Gives the point that is projected there.
    pub fn unproject(&self, [x, y]: [f64; 2]) -> LonLat {
        let [x, y] = [x / EARTH_RADIUS, y / EARTH_RADIUS];
        let upwards = (1.0 - x * x - y * y).max(0.0).sqrt();
        let across = plus(scale(self.east, x), scale(self.north, y));
        LonLat::of(plus(scale(self.centre, upwards), across))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_the_equator_is_ten_thousand_and_seven_kilometres() {
        let start = LonLat { lon: 170.0, lat: 0.0 };
        let quarter = EARTH_RADIUS * std::f64::consts::FRAC_PI_2;
        assert!((quarter - 10_007.543).abs() < 1e-3);
        let end = start.towards(90.0, quarter);
        assert!((end.lon - -100.0).abs() < 1e-12 && end.lat.abs() < 1e-12, "{end:?}");
        let pole = start.towards(0.0, quarter);
        assert!((pole.lat - 90.0).abs() < 1e-12, "{pole:?}");
        assert!((arc(start.direction(), end.direction()) - quarter).abs() < 1e-9);
    }

    #[test]
    fn the_projection_keeps_small_distances() {
        let centre = LonLat { lon: 10.0, lat: 45.0 };
        let [x, y] = Orthographic::around(centre).project(centre.towards(30.0, 10.0));
        assert!((x - 5.0).abs() < 1e-5 && (y - 75.0_f64.sqrt()).abs() < 1e-5, "{x} {y}");
    }

    #[test]
    fn every_way_leaves_a_pole_and_comes_back() {
        for (lat, lon, azimuth) in [(90.0, 0.0, 30.0), (-90.0, 20.0, 250.0), (89.9999, 180.0, 12.0)] {
            let start = LonLat { lon, lat };
            let end = start.towards(azimuth, 25.0);
            assert!((arc(start.direction(), end.direction()) - 25.0).abs() < 1e-9, "{end:?}");
            let back = end.towards(end.azimuth(start), 25.0);
            assert!(arc(start.direction(), back.direction()) < 1e-9, "{back:?}");
            assert!((start.azimuth(end).rem_euclid(360.0) - azimuth).abs() < 1e-6, "{end:?}");
        }
    }

    #[test]
    fn points_are_projected_there_and_back() {
        let plane = Orthographic::around(LonLat { lon: 179.9, lat: -30.0 });
        let point = LonLat { lon: -179.5, lat: -30.7 };
        let back = plane.unproject(plane.project(point));
        assert!(arc(point.direction(), back.direction()) < 1e-9, "{back:?}");
    }
}
