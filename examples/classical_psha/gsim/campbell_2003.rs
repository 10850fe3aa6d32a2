//! Campbell (2003), *Prediction of strong ground motion using the hybrid empirical method and its use in the
//! development of ground-motion (attenuation) relations in eastern North America*, Bulletin of the
//! Seismological Society of America 93(3), 1012–1033, with the erratum of 2004.

use super::{Attenuation, DistanceMetric, Event, GroundMotion, GroundMotionModel, coefficients_for};
use crate::imt::Imt::{self, Pga, Sa};

/// The model for stable continental crust, on hard rock.
pub struct Campbell2003;

impl GroundMotionModel for Campbell2003 {
    fn name(&self) -> &'static str {
        "Campbell2003"
    }

    fn metric(&self) -> DistanceMetric {
        DistanceMetric::Rupture
    }

    fn needs_vs30(&self) -> bool {
        false
    }

    fn attenuation(&self, imt: Imt, event: Event) -> Option<Box<dyn Attenuation>> {
        let sigma = coefficients_for(&SIGMA, imt)?.at(event.magnitude);
        Some(Box::new(coefficients_for(&MEDIAN, imt)?.attenuation(event.magnitude, sigma)))
    }
}

/// The model for one event.
struct Campbell {
    coefficients: &'static Median,
    magnitude_term: f64,
    anelastic: f64,
    saturation: f64,
    sigma: f64,
}

impl Attenuation for Campbell {
    fn ground_motion(&self, distance: f64, _vs30: f64) -> GroundMotion {
        let c = self.coefficients;
        let mut mean = self.magnitude_term
            + c.c4 * libm::log(libm::hypot(distance, self.saturation))
            + self.anelastic * distance;
        if distance > 70.0 {
            mean += c.c9 * libm::log(distance / 70.0);
        }
        if distance > 130.0 {
            mean += c.c10 * libm::log(distance / 130.0);
        }
        GroundMotion { mean, sigma: self.sigma }
    }
}

/// The coefficients of the median in table 6, under their names there.
struct Median {
    c1: f64,
    c2: f64,
    c3: f64,
    c4: f64,
    c5: f64,
    c6: f64,
    c7: f64,
    c8: f64,
    c9: f64,
    c10: f64,
}

const fn median([c1, c2, c3, c4, c5, c6, c7, c8, c9, c10]: [f64; 10]) -> Median {
    Median { c1, c2, c3, c4, c5, c6, c7, c8, c9, c10 }
}

impl Median {
    fn attenuation(&'static self, m: f64, sigma: f64) -> Campbell {
        Campbell {
            coefficients: self,
            magnitude_term: self.c1 + self.c2 * m + self.c3 * (8.5 - m).powi(2),
            anelastic: self.c5 + self.c6 * m,
            saturation: self.c7 * libm::exp(self.c8 * m),
            sigma,
        }
    }
}

/// The coefficients of the standard deviation.
struct Sigma {
    c11: f64,
    c12: f64,
    c13: f64,
}

const fn sigma([c11, c12, c13]: [f64; 3]) -> Sigma {
    Sigma { c11, c12, c13 }
}

impl Sigma {
    fn at(&self, m: f64) -> f64 {
        if m < 7.16 { self.c11 + self.c12 * m } else { self.c13 }
    }
}

/// Columns: c1 to c10.
#[expect(clippy::approx_constant, clippy::unreadable_literal, reason = "as the paper prints them")]
#[rustfmt::skip]
const MEDIAN: [(Imt, Median); 16] = [
    (Pga,       median([ 0.0305, 0.633, -0.0427, -1.591, -0.00428, 0.000483, 0.683, 0.416,  1.14, -0.873])),
    (Sa(0.02),  median([ 1.3535,  0.63, -0.0404, -1.787, -0.00388, 0.000497,  1.02, 0.363, 0.851, -0.715])),
    (Sa(0.03),  median([  1.186, 0.622, -0.0362, -1.691, -0.00367, 0.000501, 0.922, 0.376, 0.759, -0.922])),
    (Sa(0.05),  median([ 0.3736, 0.616, -0.0353, -1.469, -0.00378,   0.0005,  0.63, 0.423, 0.771, -1.239])),
    (Sa(0.075), median([-0.0395, 0.615, -0.0353, -1.383, -0.00421, 0.000486, 0.491, 0.463, 0.955, -1.349])),
    (Sa(0.1),   median([-0.1475, 0.613, -0.0353, -1.369, -0.00454,  0.00046, 0.484, 0.467, 1.096, -1.284])),
    (Sa(0.15),  median([-0.1901, 0.616, -0.0478, -1.368, -0.00473, 0.000393, 0.461, 0.478, 1.239, -1.079])),
    (Sa(0.2),   median([-0.4328, 0.617, -0.0586,  -1.32,  -0.0046, 0.000337, 0.399, 0.493,  1.25, -0.928])),
    (Sa(0.3),   median([-0.6906, 0.609, -0.0786,  -1.28, -0.00414, 0.000263, 0.349, 0.502, 1.241, -0.753])),
    (Sa(0.5),   median([-0.5907, 0.534, -0.1379, -1.216, -0.00341, 0.000194, 0.318, 0.503, 1.166, -0.606])),
    (Sa(0.75),  median([-0.5429,  0.48, -0.1806, -1.184, -0.00288,  0.00016, 0.304, 0.504,  1.11, -0.526])),
    (Sa(1.0),   median([-0.6104, 0.451,  -0.209, -1.158, -0.00255, 0.000141, 0.299, 0.503, 1.067, -0.482])),
    (Sa(1.5),   median([-0.9666, 0.441, -0.2405, -1.135, -0.00213, 0.000119, 0.304,   0.5, 1.029, -0.438])),
    (Sa(2.0),   median([-1.4306, 0.459, -0.2552, -1.124, -0.00187, 0.000103,  0.31, 0.499, 1.015, -0.417])),
    (Sa(3.0),   median([-2.2331, 0.492, -0.2646, -1.121, -0.00154, 0.000084,  0.31, 0.499, 1.014, -0.393])),
    (Sa(4.0),   median([-2.7975, 0.507, -0.2738, -1.119, -0.00135, 0.000074, 0.294, 0.506, 1.018, -0.386])),
];

/// Columns: c11, c12, c13.
#[rustfmt::skip]
const SIGMA: [(Imt, Sigma); 16] = [
    (Pga,       sigma([ 1.03,  -0.086, 0.414])),
    (Sa(0.02),  sigma([ 1.03,  -0.086, 0.414])),
    (Sa(0.03),  sigma([ 1.03,  -0.086, 0.414])),
    (Sa(0.05),  sigma([1.042, -0.0838, 0.443])),
    (Sa(0.075), sigma([1.052, -0.0838, 0.453])),
    (Sa(0.1),   sigma([1.059, -0.0838,  0.46])),
    (Sa(0.15),  sigma([1.068, -0.0838, 0.469])),
    (Sa(0.2),   sigma([1.077, -0.0838, 0.478])),
    (Sa(0.3),   sigma([1.081, -0.0838, 0.482])),
    (Sa(0.5),   sigma([1.098, -0.0824, 0.508])),
    (Sa(0.75),  sigma([1.105, -0.0806, 0.528])),
    (Sa(1.0),   sigma([ 1.11, -0.0793, 0.543])),
    (Sa(1.5),   sigma([1.099, -0.0771, 0.547])),
    (Sa(2.0),   sigma([1.093, -0.0758, 0.551])),
    (Sa(3.0),   sigma([ 1.09, -0.0737, 0.562])),
    (Sa(4.0),   sigma([1.092, -0.0722, 0.575])),
];
