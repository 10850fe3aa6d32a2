//! Toro, Abrahamson & Schneider (1997), *Model of strong ground motions from earthquakes in central and
//! eastern North America*, Seismological Research Letters 68(1), 41–57, for the midcontinent and moment
//! magnitude, with the saturation for large magnitudes of Toro (2002), *Modification of the Toro et al.
//! (1997) attenuation equations for large magnitudes and short distances*.

use super::{Attenuation, DistanceMetric, Event, GroundMotion, GroundMotionModel, coefficients_for};
use crate::imt::Imt::{self, Pga, Sa};

/// The model for stable continental crust, on hard rock.
pub struct ToroEtAl2002;

impl GroundMotionModel for ToroEtAl2002 {
    fn name(&self) -> &'static str {
        "ToroEtAl2002"
    }

    fn metric(&self) -> DistanceMetric {
        DistanceMetric::JoynerBoore
    }

    fn needs_vs30(&self) -> bool {
        false
    }

    fn attenuation(&self, imt: Imt, event: Event) -> Option<Box<dyn Attenuation>> {
        let coefficients = coefficients_for(&COEFFICIENTS, imt)?;
        let long_period = matches!(imt, Sa(period) if period >= 1.0);
        Some(Box::new(coefficients.attenuation(event.magnitude, long_period)))
    }
}

/// The model for one event.
struct Toro {
    coefficients: &'static Coefficients,
    magnitude_term: f64,
    saturation: f64,
    /// The square of the part of sigma that depends on the magnitude alone.
    variance: f64,
}

impl Attenuation for Toro {
    fn ground_motion(&self, distance: f64, _vs30: f64) -> GroundMotion {
        let c = self.coefficients;
        let r = libm::hypot(distance, self.saturation);
        let mean = self.magnitude_term
            - c.c4 * libm::log(r)
            - (c.c5 - c.c4) * libm::log(r / 100.0).max(0.0)
            - c.c6 * r;
        let by_distance = interpolate(distance, &[(5.0, c.r5), (20.0, c.r20)]);
        GroundMotion { mean, sigma: (self.variance + by_distance.powi(2)).sqrt() }
    }
}

/// Coefficients of the median (`c`) and of sigma at given magnitudes (`m`) and distances (`r`).
struct Coefficients {
    c1: f64,
    c2: f64,
    c3: f64,
    c4: f64,
    c5: f64,
    c6: f64,
    c7: f64,
    m50: f64,
    m55: f64,
    m80: f64,
    r5: f64,
    r20: f64,
}

const fn row([c1, c2, c3, c4, c5, c6, c7, m50, m55, m80, r5, r20]: [f64; 12]) -> Coefficients {
    Coefficients { c1, c2, c3, c4, c5, c6, c7, m50, m55, m80, r5, r20 }
}

impl Coefficients {
    fn attenuation(&'static self, m: f64, long_period: bool) -> Toro {
        let x = m - 6.0;
        let epistemic = if long_period { 0.34 + 0.06 * x } else { 0.36 + 0.07 * x };
        let by_magnitude = interpolate(m, &[(5.0, self.m50), (5.5, self.m55), (8.0, self.m80)]);
        Toro {
            coefficients: self,
            magnitude_term: self.c1 + self.c2 * x + self.c3 * x.powi(2),
            saturation: self.c7 * libm::exp(-1.25 + 0.227 * m),
            variance: by_magnitude.powi(2) + epistemic.powi(2),
        }
    }
}

/// Interpolates between points of rising `x`; beyond the ends it gives the value at the end.
fn interpolate(x: f64, points: &[(f64, f64)]) -> f64 {
    for pair in points.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        if x <= x1 {
            return y0 + (y1 - y0) * ((x - x0) / (x1 - x0)).max(0.0);
        }
    }
    points[points.len() - 1].1
}

/// Columns: c1 to c7, sigma at M 5.0, 5.5 and 8.0, sigma at 5 and 20 km.
#[rustfmt::skip]
const COEFFICIENTS: [(Imt, Coefficients); 8] = [
    (Pga,      row([  2.2, 0.81,   0.0, 1.27, 1.16, 0.0021,  9.3, 0.55, 0.59,  0.5, 0.54,  0.2])),
    (Sa(0.03), row([  4.0, 0.79,   0.0, 1.57, 1.83, 0.0008, 11.1, 0.62, 0.63,  0.5, 0.62, 0.35])),
    (Sa(0.04), row([ 3.68,  0.8,   0.0, 1.46, 1.77, 0.0013, 10.5, 0.62, 0.63,  0.5, 0.57, 0.29])),
    (Sa(0.1),  row([ 2.37, 0.81,   0.0,  1.1, 1.02,  0.004,  8.3, 0.59, 0.61,  0.5,  0.5, 0.17])),
    (Sa(0.2),  row([ 1.73, 0.84,   0.0, 0.98, 0.66, 0.0042,  7.5,  0.6, 0.64, 0.56, 0.45, 0.12])),
    (Sa(0.4),  row([ 1.07, 1.05,  -0.1, 0.93, 0.56, 0.0033,  7.1, 0.63, 0.68, 0.64, 0.45, 0.12])),
    (Sa(1.0),  row([ 0.09, 1.42,  -0.2,  0.9, 0.49, 0.0023,  6.8, 0.63, 0.64, 0.67, 0.45, 0.12])),
    (Sa(2.0),  row([-0.74, 1.86, -0.31, 0.92, 0.46, 0.0017,  6.9, 0.61, 0.62, 0.66, 0.45, 0.12])),
];
