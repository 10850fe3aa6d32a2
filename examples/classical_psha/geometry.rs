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
    /// Gives the point at `distance` along the great circle that leaves towards `azimuth`.
    pub fn towards(self, azimuth: f64, distance: f64) -> Self {
        let (sin_lat, cos_lat) = self.lat.to_radians().sin_cos();
        let (sin_azimuth, cos_azimuth) = azimuth.to_radians().sin_cos();
        let (sin_d, cos_d) = (distance / EARTH_RADIUS).sin_cos();
        let sin_end = sin_lat * cos_d + cos_lat * sin_d * cos_azimuth;
        let turn = (sin_azimuth * sin_d * cos_lat).atan2(cos_d - sin_lat * sin_end);
        Self { lon: wrap(self.lon + turn.to_degrees()), lat: sin_end.clamp(-1.0, 1.0).asin().to_degrees() }
    }

    /// Gives the vector to it, of length 1.
    pub fn direction(self) -> Vector {
        let (sin_lon, cos_lon) = self.lon.to_radians().sin_cos();
        let (sin_lat, cos_lat) = self.lat.to_radians().sin_cos();
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
    2.0 * EARTH_RADIUS * (length(minus(a, b)) / 2.0).min(1.0).asin()
}

/// The orthographic projection: a plane that touches the sphere, looked at from far away.
#[derive(Debug)]
pub struct Orthographic {
    east: Vector,
    north: Vector,
}

impl Orthographic {
    /// The plane that touches the sphere at `centre`.
    pub fn around(centre: LonLat) -> Self {
        let east = LonLat { lon: centre.lon + 90.0, lat: 0.0 }.direction();
        Self { east, north: cross(centre.direction(), east) }
    }

    /// Gives the distances of the projected point from the centre, towards east and north.
    pub fn project(&self, point: LonLat) -> [f64; 2] {
        let direction = point.direction();
        [EARTH_RADIUS * dot(direction, self.east), EARTH_RADIUS * dot(direction, self.north)]
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
        assert!((pole.lat - 90.0).abs() < 1e-6, "{pole:?}");
        assert!((arc(start.direction(), end.direction()) - quarter).abs() < 1e-9);
    }

    #[test]
    fn the_projection_keeps_small_distances() {
        let centre = LonLat { lon: 10.0, lat: 45.0 };
        let [x, y] = Orthographic::around(centre).project(centre.towards(30.0, 10.0));
        assert!((x - 5.0).abs() < 1e-5 && (y - 75.0_f64.sqrt()).abs() < 1e-5, "{x} {y}");
    }
}
