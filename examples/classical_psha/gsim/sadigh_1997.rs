//! Sadigh, Chang, Egan, Makdisi & Youngs (1997), *Attenuation relationships for shallow crustal earthquakes
//! based on California strong motion data*, Seismological Research Letters 68(1), 180–189.
//!
//! The paper's table prints the magnitude term of rock wrongly; it is `c3 (8.5 - M)^2.5`, as for soil.

use super::{Attenuation, DistanceMetric, Event, GroundMotion, GroundMotionModel, coefficients_for};
use crate::imt::Imt::{self, Pga, Sa};

/// The model for active shallow crust; sites with `vs30` above 750 m/s are rock, the others deep soil.
pub struct SadighEtAl1997;

/// The velocity, in m/s, above which a site is rock.
const ROCK_VS30: f64 = 750.0;

/// The magnitude at which the near-source saturation changes.
const SATURATION_MAGNITUDE: f64 = 6.5;

impl GroundMotionModel for SadighEtAl1997 {
    fn name(&self) -> &'static str {
        "SadighEtAl1997"
    }

    fn metric(&self) -> DistanceMetric {
        DistanceMetric::Rupture
    }

    fn needs_vs30(&self) -> bool {
        true
    }

    /// The formula has the root of `(8.5 - M)^5`.
    fn largest_magnitude(&self) -> f64 {
        8.5
    }

    fn attenuation(&self, imt: Imt, event: Event) -> Option<Box<dyn Attenuation>> {
        let rock = coefficients_for(&ROCK, imt)?.curve(event);
        let soil = coefficients_for(&SOIL, imt)?.curve(event);
        Some(Box::new(Sadigh { rock, soil }))
    }
}

/// The model for one event.
struct Sadigh {
    rock: Curve,
    soil: Curve,
}

impl Attenuation for Sadigh {
    fn ground_motion(&self, distance: f64, vs30: f64) -> GroundMotion {
        if vs30 > ROCK_VS30 { self.rock.at(distance) } else { self.soil.at(distance) }
    }
}

/// `constant + slope ln(R + saturation) + near ln(R + 2)`.
struct Curve {
    constant: f64,
    slope: f64,
    saturation: f64,
    near: f64,
    sigma: f64,
}

impl Curve {
    fn at(&self, distance: f64) -> GroundMotion {
        let mean = self.constant
            + self.slope * libm::log(distance + self.saturation)
            + self.near * libm::log(distance + 2.0);
        GroundMotion { mean, sigma: self.sigma }
    }
}

fn is_reverse(event: Event) -> bool {
    (45.0..=135.0).contains(&event.rake)
}

/// Coefficients for rock; `c1` for magnitudes up to and above 6.5.
struct Rock {
    c1_small: f64,
    c1_large: f64,
    c3: f64,
    c4: f64,
    c7: f64,
    sigma0: f64,
    sigma_min: f64,
}

const fn rock([c1_small, c1_large, c3, c4, c7, sigma0, sigma_min]: [f64; 7]) -> Rock {
    Rock { c1_small, c1_large, c3, c4, c7, sigma0, sigma_min }
}

impl Rock {
    fn curve(&self, event: Event) -> Curve {
        let m = event.magnitude;
        let (c1, c2, c5, c6) = if m <= SATURATION_MAGNITUDE {
            (self.c1_small, 1.0, 1.29649, 0.250)
        } else {
            (self.c1_large, 1.1, -0.48451, 0.524)
        };
        let reverse = if is_reverse(event) { libm::log(1.2) } else { 0.0 };
        Curve {
            constant: c1 + c2 * m + self.c3 * libm::pow(8.5 - m, 2.5) + reverse,
            slope: self.c4,
            saturation: libm::exp(c5 + c6 * m),
            near: self.c7,
            sigma: if m > 7.21 { self.sigma_min } else { self.sigma0 - 0.14 * m },
        }
    }
}

/// Coefficients for deep soil; `c6` for strike-slip and for reverse mechanisms.
struct Soil {
    c6_strike_slip: f64,
    c6_reverse: f64,
    c7: f64,
    sigma0: f64,
}

const fn soil([c6_strike_slip, c6_reverse, c7, sigma0]: [f64; 4]) -> Soil {
    Soil { c6_strike_slip, c6_reverse, c7, sigma0 }
}

impl Soil {
    fn curve(&self, event: Event) -> Curve {
        let m = event.magnitude;
        let (c1, c6) =
            if is_reverse(event) { (-1.92, self.c6_reverse) } else { (-2.17, self.c6_strike_slip) };
        let (c4, c5) = if m <= SATURATION_MAGNITUDE { (2.1863, 0.32) } else { (0.3825, 0.5882) };
        Curve {
            constant: c1 + m + c6 + self.c7 * libm::pow(8.5 - m, 2.5),
            slope: -1.7,
            saturation: c4 * libm::exp(c5 * m),
            near: 0.0,
            sigma: self.sigma0 - 0.16 * m.min(7.0),
        }
    }
}

/// Columns: c1 up to M 6.5, c1 above, c3, c4, c7, sigma0, smallest sigma.
#[rustfmt::skip]
const ROCK: [(Imt, Rock); 12] = [
    (Pga,      rock([-0.624, -1.274,    0.0,   -2.1,    0.0, 1.39, 0.38])),
    (Sa(0.1),  rock([ 0.275, -0.375,  0.006, -2.148, -0.041, 1.41,  0.4])),
    (Sa(0.2),  rock([ 0.153, -0.497, -0.004,  -2.08,    0.0, 1.43, 0.42])),
    (Sa(0.3),  rock([-0.057, -0.707, -0.017, -2.028,    0.0, 1.45, 0.44])),
    (Sa(0.4),  rock([-0.298, -0.948, -0.028,  -1.99,    0.0, 1.48, 0.47])),
    (Sa(0.5),  rock([-0.588, -1.238,  -0.04, -1.945,    0.0,  1.5, 0.49])),
    (Sa(0.75), rock([-1.208, -1.858,  -0.05, -1.865,    0.0, 1.52, 0.51])),
    (Sa(1.0),  rock([-1.705, -2.355, -0.055,   -1.8,    0.0, 1.53, 0.52])),
    (Sa(1.5),  rock([-2.407, -3.057, -0.065, -1.725,    0.0, 1.53, 0.52])),
    (Sa(2.0),  rock([-2.945, -3.595,  -0.07,  -1.67,    0.0, 1.53, 0.52])),
    (Sa(3.0),  rock([  -3.7,  -4.35,  -0.08,  -1.61,    0.0, 1.53, 0.52])),
    (Sa(4.0),  rock([ -4.23,  -4.88,   -0.1,  -1.57,    0.0, 1.53, 0.52])),
];

/// Columns: c6 strike-slip, c6 reverse, c7, sigma0.
#[rustfmt::skip]
const SOIL: [(Imt, Soil); 12] = [
    (Pga,      soil([    0.0,     0.0,    0.0,  1.52])),
    (Sa(0.1),  soil([ 0.6395,  0.6395,  0.005,  1.54])),
    (Sa(0.2),  soil([ 0.9187,  0.9187, -0.004, 1.565])),
    (Sa(0.3),  soil([ 0.9547,  0.9547, -0.014,  1.58])),
    (Sa(0.4),  soil([ 0.9251,  0.9005, -0.024, 1.595])),
    (Sa(0.5),  soil([ 0.8494,  0.8285, -0.033,  1.61])),
    (Sa(0.75), soil([  0.701,  0.6802, -0.051, 1.635])),
    (Sa(1.0),  soil([ 0.5665,  0.5075, -0.065,  1.66])),
    (Sa(1.5),  soil([ 0.3235,  0.2215,  -0.09,  1.69])),
    (Sa(2.0),  soil([ 0.1001, -0.0526, -0.108,   1.7])),
    (Sa(3.0),  soil([-0.2801, -0.4905, -0.139,  1.71])),
    (Sa(4.0),  soil([-0.6274, -0.8907,  -0.16,  1.71])),
];
