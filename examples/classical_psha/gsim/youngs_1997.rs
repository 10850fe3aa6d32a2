//! Youngs, Chiou, Silva & Humphrey (1997), *Strong ground motion attenuation relationships for subduction zone
//! earthquakes*, Seismological Research Letters 68(1), 58–73, for earthquakes at the interface.

use super::{Attenuation, DistanceMetric, Event, GroundMotion, GroundMotionModel, coefficients_for};
use crate::imt::Imt::{self, Pga, Sa};

/// The model for subduction interfaces; sites with a `vs30` of 760 m/s or more are rock, the others deep
/// soil.
pub struct YoungsEtAl1997SInter;

/// The same with a focal depth of 20 km for all earthquakes, as in Petersen et al. (2008), *Documentation for
/// the 2008 update of the United States National Seismic Hazard Maps*, USGS Open-File Report 2008-1128.
pub struct YoungsEtAl1997SInterNshmp2008;

/// The velocity, in m/s, from which on a site is rock.
const ROCK_VS30: f64 = 760.0;

/// The focal depth, in km, of the variant.
const NSHMP_DEPTH: f64 = 20.0;

/// The magnitude above which sigma no longer falls.
const LARGEST_FOR_SIGMA: f64 = 8.0;

impl GroundMotionModel for YoungsEtAl1997SInter {
    fn name(&self) -> &'static str {
        "YoungsEtAl1997SInter"
    }

    fn metric(&self) -> DistanceMetric {
        DistanceMetric::Rupture
    }

    fn needs_vs30(&self) -> bool {
        true
    }

    fn attenuation(&self, imt: Imt, event: Event) -> Option<Box<dyn Attenuation>> {
        let rock = coefficients_for(&ROCK, imt)?.curve(&ON_ROCK, event);
        let soil = coefficients_for(&SOIL, imt)?.curve(&ON_SOIL, event);
        Some(Box::new(Youngs { rock, soil }))
    }
}

impl GroundMotionModel for YoungsEtAl1997SInterNshmp2008 {
    fn name(&self) -> &'static str {
        "YoungsEtAl1997SInterNSHMP2008"
    }

    fn metric(&self) -> DistanceMetric {
        DistanceMetric::Rupture
    }

    fn needs_vs30(&self) -> bool {
        true
    }

    fn attenuation(&self, imt: Imt, event: Event) -> Option<Box<dyn Attenuation>> {
        YoungsEtAl1997SInter.attenuation(imt, Event { depth: NSHMP_DEPTH, ..event })
    }
}

/// The model for one event.
struct Youngs {
    rock: Curve,
    soil: Curve,
}

impl Attenuation for Youngs {
    fn ground_motion(&self, distance: f64, vs30: f64) -> GroundMotion {
        if vs30 >= ROCK_VS30 { self.rock.at(distance) } else { self.soil.at(distance) }
    }
}

/// `constant + slope ln(R + saturation)`.
struct Curve {
    constant: f64,
    slope: f64,
    saturation: f64,
    sigma: f64,
}

impl Curve {
    fn at(&self, distance: f64) -> GroundMotion {
        GroundMotion {
            mean: self.constant + self.slope * libm::log(distance + self.saturation),
            sigma: self.sigma,
        }
    }
}

/// What is the same for all measures: the constant, the factors of magnitude and depth, and the saturation
/// `near exp(growth M)`.
struct Ground {
    constant: f64,
    by_magnitude: f64,
    by_depth: f64,
    near: f64,
    growth: f64,
}

const ON_ROCK: Ground =
    Ground { constant: 0.2418, by_magnitude: 1.414, by_depth: 0.00607, near: 1.7818, growth: 0.554 };

const ON_SOIL: Ground =
    Ground { constant: -0.6687, by_magnitude: 1.438, by_depth: 0.00648, near: 1.097, growth: 0.617 };

/// Coefficients under their names in the paper; `C5`, the factor of magnitude in sigma, is -0.1 in all rows.
struct Coefficients {
    c1: f64,
    c2: f64,
    c3: f64,
    c4: f64,
}

const fn row([c1, c2, c3, c4]: [f64; 4]) -> Coefficients {
    Coefficients { c1, c2, c3, c4 }
}

impl Coefficients {
    fn curve(&self, ground: &Ground, event: Event) -> Curve {
        let m = event.magnitude;
        Curve {
            constant: ground.constant
                + ground.by_magnitude * m
                + self.c1
                + self.c2 * (10.0 - m).powi(3)
                + ground.by_depth * event.depth,
            slope: self.c3,
            saturation: ground.near * libm::exp(ground.growth * m),
            sigma: self.c4 - 0.1 * m.min(LARGEST_FOR_SIGMA),
        }
    }
}

/// Columns: C1 to C4.
#[rustfmt::skip]
const ROCK: [(Imt, Coefficients); 13] = [
    (Pga,       row([   0.0,     0.0, -2.552, 1.45])),
    (Sa(0.075), row([ 1.275,     0.0, -2.707, 1.45])),
    (Sa(0.1),   row([ 1.188, -0.0011, -2.655, 1.45])),
    (Sa(0.2),   row([ 0.722, -0.0027, -2.528, 1.45])),
    (Sa(0.3),   row([ 0.246, -0.0036, -2.454, 1.45])),
    (Sa(0.4),   row([-0.115, -0.0043, -2.401, 1.45])),
    (Sa(0.5),   row([  -0.4, -0.0048,  -2.36, 1.45])),
    (Sa(0.75),  row([-1.149, -0.0057, -2.286, 1.45])),
    (Sa(1.0),   row([-1.736, -0.0064, -2.234, 1.45])),
    (Sa(1.5),   row([-2.634, -0.0073,  -2.16,  1.5])),
    (Sa(2.0),   row([-3.328,  -0.008, -2.107, 1.55])),
    (Sa(3.0),   row([-4.511, -0.0089, -2.033, 1.65])),
    (Sa(4.0),   row([-4.511, -0.0089, -2.033, 1.65])),
];

/// Columns: C1 to C4.
#[rustfmt::skip]
const SOIL: [(Imt, Coefficients); 13] = [
    (Pga,       row([   0.0,     0.0, -2.329, 1.45])),
    (Sa(0.075), row([   2.4, -0.0019, -2.697, 1.45])),
    (Sa(0.1),   row([ 2.516, -0.0019, -2.697, 1.45])),
    (Sa(0.2),   row([ 1.549,  -0.002, -2.464, 1.45])),
    (Sa(0.3),   row([ 0.793,  -0.002, -2.327, 1.45])),
    (Sa(0.4),   row([ 0.144, -0.0035,  -2.23, 1.45])),
    (Sa(0.5),   row([-0.438, -0.0048,  -2.14, 1.45])),
    (Sa(0.75),  row([-1.704, -0.0066, -1.952, 1.45])),
    (Sa(1.0),   row([ -2.87, -0.0114, -1.785, 1.45])),
    (Sa(1.5),   row([-5.101, -0.0164,  -1.47,  1.5])),
    (Sa(2.0),   row([-6.433, -0.0221,  -1.29, 1.55])),
    (Sa(3.0),   row([-6.672, -0.0235, -1.347, 1.65])),
    (Sa(4.0),   row([-7.618, -0.0235, -1.272, 1.65])),
];
