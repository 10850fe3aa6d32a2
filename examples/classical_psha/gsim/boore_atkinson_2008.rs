//! Boore & Atkinson (2008), *Ground-motion prediction equations for the average horizontal component of PGA,
//! PGV, and 5%-damped PSA at spectral periods between 0.01 s and 10.0 s*, Earthquake Spectra 24(1), 99–138.

use super::{Attenuation, DistanceMetric, Event, GroundMotion, GroundMotionModel, coefficients_for};
use crate::imt::Imt::{self, Pga, Pgv, Sa};

/// The model for active shallow crust.
pub struct BooreAtkinson2008;

impl GroundMotionModel for BooreAtkinson2008 {
    fn name(&self) -> &'static str {
        "BooreAtkinson2008"
    }

    fn metric(&self) -> DistanceMetric {
        DistanceMetric::JoynerBoore
    }

    fn needs_vs30(&self) -> bool {
        true
    }

    fn attenuation(&self, imt: Imt, event: Event) -> Option<Box<dyn Attenuation>> {
        let motion = ReferenceRock::new(imt, event)?;
        let pga = ReferenceRock::new(Pga, event)?;
        Some(Box::new(BooreAtkinson { motion, pga }))
    }
}

/// The model for one event.
struct BooreAtkinson {
    motion: ReferenceRock,
    pga: ReferenceRock,
}

impl Attenuation for BooreAtkinson {
    fn ground_motion(&self, distance: f64, vs30: f64) -> GroundMotion {
        let pga_on_rock = libm::exp(self.pga.at(distance));
        let amplification = self.motion.path_and_site.site_amplification(pga_on_rock, vs30);
        GroundMotion { mean: self.motion.at(distance) + amplification, sigma: self.motion.sigma }
    }
}

/// Equations 2 to 5 for one event: the motion on rock with a `vs30` of 760 m/s.
struct ReferenceRock {
    path_and_site: &'static PathAndSite,
    magnitude_term: f64,
    slope: f64,
    sigma: f64,
}

impl ReferenceRock {
    fn new(imt: Imt, event: Event) -> Option<Self> {
        let source = coefficients_for(&SOURCE, imt)?;
        let path_and_site = coefficients_for(&PATH_AND_SITE, imt)?;
        Some(Self {
            path_and_site,
            magnitude_term: source.magnitude_term(event),
            slope: path_and_site.c1 + path_and_site.c2 * (event.magnitude - 4.5),
            sigma: source.sigma,
        })
    }

    /// The logarithm of the motion.
    fn at(&self, distance: f64) -> f64 {
        let r = libm::hypot(distance, self.path_and_site.h);
        self.magnitude_term + self.slope * libm::log(r) + self.path_and_site.c3 * (r - 1.0)
    }
}

/// Coefficients of the magnitude term, and the standard deviation.
struct Source {
    e2: f64,
    e3: f64,
    e4: f64,
    e5: f64,
    e6: f64,
    e7: f64,
    mh: f64,
    sigma: f64,
}

const fn source([e2, e3, e4, e5, e6, e7, mh, sigma]: [f64; 8]) -> Source {
    Source { e2, e3, e4, e5, e6, e7, mh, sigma }
}

impl Source {
    /// Equation 5.
    fn magnitude_term(&self, event: Event) -> f64 {
        let mechanism = match event.rake {
            rake if rake.abs() <= 30.0 || rake.abs() >= 150.0 => self.e2,
            rake if rake > 0.0 => self.e4,
            _ => self.e3,
        };
        let above_hinge = event.magnitude - self.mh;
        let scaling = if above_hinge <= 0.0 {
            self.e5 * above_hinge + self.e6 * above_hinge.powi(2)
        } else {
            self.e7 * above_hinge
        };
        mechanism + scaling
    }
}

/// Coefficients of the distance term (`c`, `h`) and of the site amplification (`b`).
struct PathAndSite {
    c1: f64,
    c2: f64,
    c3: f64,
    h: f64,
    blin: f64,
    b1: f64,
    b2: f64,
}

const fn path_and_site([c1, c2, c3, h, blin, b1, b2]: [f64; 7]) -> PathAndSite {
    PathAndSite { c1, c2, c3, h, blin, b1, b2 }
}

impl PathAndSite {
    /// Equations 6 to 13: the logarithm of the amplification against reference rock.
    fn site_amplification(&self, pga_on_rock: f64, vs30: f64) -> f64 {
        let linear = self.blin * libm::log(vs30 / 760.0);
        let bnl = self.nonlinear_slope(vs30);
        let dx = libm::log(0.09 / 0.03);
        let dy = bnl * libm::log(0.09 / 0.06);
        let nonlinear = if pga_on_rock <= 0.03 {
            bnl * libm::log(0.06 / 0.1)
        } else if pga_on_rock <= 0.09 {
            let c = (3.0 * dy - bnl * dx) / dx.powi(2);
            let d = -(2.0 * dy - bnl * dx) / dx.powi(3);
            let q = libm::log(pga_on_rock / 0.03);
            bnl * libm::log(0.06 / 0.1) + c * q.powi(2) + d * q.powi(3)
        } else {
            bnl * libm::log(pga_on_rock / 0.1)
        };
        linear + nonlinear
    }

    /// Equation 13: the slope of the nonlinear amplification.
    fn nonlinear_slope(&self, vs30: f64) -> f64 {
        if vs30 <= 180.0 {
            self.b1
        } else if vs30 <= 300.0 {
            (self.b1 - self.b2) * libm::log(vs30 / 300.0) / libm::log(180.0 / 300.0) + self.b2
        } else if vs30 < 760.0 {
            self.b2 * libm::log(vs30 / 760.0) / libm::log(300.0 / 760.0)
        } else {
            0.0
        }
    }
}

/// Columns: e2 strike-slip, e3 normal, e4 reverse, e5, e6, e7, mh, sigma (total, mechanism known).
#[rustfmt::skip]
const SOURCE: [(Imt, Source); 23] = [
    (Pgv,       source([ 5.04727,  4.63188,   5.0821, 0.18322, -0.12736,     0.0,  8.5,  0.56])),
    (Pga,       source([ -0.5035, -0.75472,  -0.5097, 0.28805, -0.10164,     0.0, 6.75, 0.564])),
    (Sa(0.01),  source([-0.49429, -0.74551, -0.49966, 0.28897, -0.10019,     0.0, 6.75, 0.566])),
    (Sa(0.02),  source([-0.48508, -0.73906, -0.48895, 0.25144, -0.11006,     0.0, 6.75, 0.566])),
    (Sa(0.03),  source([-0.41831, -0.66722, -0.42229, 0.17976, -0.12858,     0.0, 6.75, 0.576])),
    (Sa(0.05),  source([-0.25022, -0.48462, -0.26092, 0.06369, -0.15752,     0.0, 6.75, 0.589])),
    (Sa(0.075), source([ 0.04912, -0.20578,  0.02706,  0.0117, -0.17051,     0.0, 6.75, 0.606])),
    (Sa(0.1),   source([ 0.23102,  0.03058,  0.22193, 0.04697, -0.15948,     0.0, 6.75, 0.608])),
    (Sa(0.15),  source([ 0.48661,  0.30185,  0.49328,  0.1799, -0.14539,     0.0, 6.75, 0.594])),
    (Sa(0.2),   source([ 0.59253,   0.4086,  0.61472, 0.52729, -0.12964, 0.00102, 6.75, 0.596])),
    (Sa(0.25),  source([ 0.53496,   0.3388,  0.57747,  0.6088, -0.13843, 0.08607, 6.75, 0.592])),
    (Sa(0.3),   source([ 0.44516,  0.25356,   0.5199, 0.64472, -0.15694, 0.10601, 6.75, 0.608])),
    (Sa(0.4),   source([ 0.40602,  0.21398,   0.4608,  0.7861, -0.07843, 0.02262, 6.75, 0.603])),
    (Sa(0.5),   source([ 0.19878,  0.00967,  0.26337, 0.76837, -0.09054,     0.0, 6.75, 0.615])),
    (Sa(0.75),  source([-0.19496, -0.49176, -0.10813, 0.75179, -0.14053, 0.10302, 6.75, 0.645])),
    (Sa(1.0),   source([-0.43443, -0.78465,  -0.3933,  0.6788, -0.18257, 0.05393, 6.75, 0.647])),
    (Sa(1.5),   source([-0.79593, -1.20902, -0.88085, 0.70689,  -0.2595, 0.19082, 6.75, 0.679])),
    (Sa(2.0),   source([-1.15514, -1.57697, -1.27669, 0.77989, -0.29657, 0.29888, 6.75,   0.7])),
    (Sa(3.0),   source([ -1.7469, -2.22584, -1.91814, 0.77966, -0.45384, 0.67466, 6.75, 0.695])),
    (Sa(4.0),   source([-2.15906, -2.58228, -2.38168, 1.24961, -0.35874, 0.79508, 6.75, 0.698])),
    (Sa(5.0),   source([ -1.2127, -1.50904, -1.41093, 0.14271, -0.39006,     0.0,  8.5, 0.744])),
    (Sa(7.5),   source([-1.31632, -1.81022, -1.59217, 0.52407, -0.37578,     0.0,  8.5, 0.787])),
    (Sa(10.0),  source([-2.16137, -2.53323, -2.14635, 0.40387, -0.48492,     0.0,  8.5, 0.801])),
];

/// Columns: c1, c2, c3, h, blin, b1, b2.
#[rustfmt::skip]
const PATH_AND_SITE: [(Imt, PathAndSite); 23] = [
    (Pgv,       path_and_site([ -0.8737,   0.1006, -0.00334, 2.54,   -0.6,   -0.5, -0.06])),
    (Pga,       path_and_site([ -0.6605,   0.1197, -0.01151, 1.35,  -0.36,  -0.64, -0.14])),
    (Sa(0.01),  path_and_site([ -0.6622,     0.12, -0.01151, 1.35,  -0.36,  -0.64, -0.14])),
    (Sa(0.02),  path_and_site([  -0.666,   0.1228, -0.01151, 1.35,  -0.34,  -0.63, -0.12])),
    (Sa(0.03),  path_and_site([ -0.6901,   0.1283, -0.01151, 1.35,  -0.33,  -0.62, -0.11])),
    (Sa(0.05),  path_and_site([  -0.717,   0.1317, -0.01151, 1.35,  -0.29,  -0.64, -0.11])),
    (Sa(0.075), path_and_site([ -0.7205,   0.1237, -0.01151, 1.55,  -0.23,  -0.64, -0.11])),
    (Sa(0.1),   path_and_site([ -0.7081,   0.1117, -0.01151, 1.68,  -0.25,   -0.6, -0.13])),
    (Sa(0.15),  path_and_site([ -0.6961,  0.09884, -0.01113, 1.86,  -0.28,  -0.53, -0.18])),
    (Sa(0.2),   path_and_site([  -0.583,  0.04273, -0.00952, 1.98,  -0.31,  -0.52, -0.19])),
    (Sa(0.25),  path_and_site([ -0.5726,  0.02977, -0.00837, 2.07,  -0.39,  -0.52, -0.16])),
    (Sa(0.3),   path_and_site([ -0.5543,  0.01955,  -0.0075, 2.14,  -0.44,  -0.52, -0.14])),
    (Sa(0.4),   path_and_site([ -0.6443,  0.04394, -0.00626, 2.24,   -0.5,  -0.51,  -0.1])),
    (Sa(0.5),   path_and_site([ -0.6914,   0.0608,  -0.0054, 2.32,   -0.6,   -0.5, -0.06])),
    (Sa(0.75),  path_and_site([ -0.7408,  0.07518, -0.00409, 2.46,  -0.69,  -0.47,   0.0])),
    (Sa(1.0),   path_and_site([ -0.8183,   0.1027, -0.00334, 2.54,   -0.7,  -0.44,   0.0])),
    (Sa(1.5),   path_and_site([ -0.8303,  0.09793, -0.00255, 2.66,  -0.72,   -0.4,   0.0])),
    (Sa(2.0),   path_and_site([ -0.8285,  0.09432, -0.00217, 2.73,  -0.73,  -0.38,   0.0])),
    (Sa(3.0),   path_and_site([ -0.7844,  0.07282, -0.00191, 2.83,  -0.74,  -0.34,   0.0])),
    (Sa(4.0),   path_and_site([ -0.6854,  0.03758, -0.00191, 2.89,  -0.75,  -0.31,   0.0])),
    (Sa(5.0),   path_and_site([ -0.5096, -0.02391, -0.00191, 2.93,  -0.75, -0.291,   0.0])),
    (Sa(7.5),   path_and_site([ -0.3724, -0.06568, -0.00191,  3.0, -0.692, -0.247,   0.0])),
    (Sa(10.0),  path_and_site([-0.09824,   -0.138, -0.00191, 3.04,  -0.65, -0.215,   0.0])),
];
