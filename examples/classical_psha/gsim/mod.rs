//! Ground-motion models (GSIMs): the distribution of the ground motion that an earthquake causes at a site.
//!
//! The logarithm of the motion is taken as normally distributed; a model gives its mean and standard
//! deviation.

use std::fmt;

use crate::imt::Imt;

mod boore_atkinson_2008;
mod campbell_2003;
mod sadigh_1997;
mod toro_2002;
mod youngs_1997;

#[cfg(test)]
mod tests;

/// What a ground-motion model has to know of an earthquake.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// Moment magnitude.
    pub magnitude: f64,
    /// Direction of slip on the fault, in degrees from -180 to 180: 0 strike-slip, 90 reverse, -90 normal.
    pub rake: f64,
    /// Depth of the hypocentre, in km.
    pub depth: f64,
}

/// The normal distribution of the natural logarithm of the ground motion, in the unit of its [`Imt`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroundMotion {
    /// Mean of the logarithm.
    pub mean: f64,
    /// Total standard deviation of the logarithm.
    pub sigma: f64,
}

/// Which distance from a rupture a model goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DistanceMetric {
    /// To the nearest point of the rupture, *Rrup*.
    Rupture,
    /// To the nearest point of the projection of the rupture to the surface, *Rjb*.
    JoynerBoore,
}

/// How the ground motion of one event depends on the site: a model with all that does not depend on it worked
/// out.
pub trait Attenuation: Send + Sync {
    /// Gives the ground motion at `distance` km, where the shear-wave velocity of the upper 30 m is `vs30`
    /// m/s.
    fn ground_motion(&self, distance: f64, vs30: f64) -> GroundMotion;
}

/// A ground-motion model.
pub trait GroundMotionModel: Send + Sync {
    /// Gives its name in logic trees and keys.
    fn name(&self) -> &'static str;

    /// Says which distance [`Attenuation::ground_motion`] wants.
    fn metric(&self) -> DistanceMetric;

    /// Says whether it wants the `vs30` of sites.
    fn needs_vs30(&self) -> bool;

    /// Gives the magnitude above which its formula has no value.
    fn largest_magnitude(&self) -> f64 {
        f64::INFINITY
    }

    /// Works it out for one event, or says with `None` that it has no coefficients for `imt`.
    fn attenuation(&self, imt: Imt, event: Event) -> Option<Box<dyn Attenuation>>;
}

/// A ground-motion model, picked by name.
#[derive(Clone, Copy)]
pub struct Gsim(&'static dyn GroundMotionModel);

impl Gsim {
    /// All there are, by name.
    pub const ALL: [Self; 6] = [
        Self(&boore_atkinson_2008::BooreAtkinson2008),
        Self(&campbell_2003::Campbell2003),
        Self(&sadigh_1997::SadighEtAl1997),
        Self(&toro_2002::ToroEtAl2002),
        Self(&youngs_1997::YoungsEtAl1997SInter),
        Self(&youngs_1997::YoungsEtAl1997SInterNshmp2008),
    ];

    /// Finds the one of that name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|gsim| gsim.name() == name)
    }
}

impl std::ops::Deref for Gsim {
    type Target = dyn GroundMotionModel;

    fn deref(&self) -> &Self::Target {
        self.0
    }
}

impl fmt::Display for Gsim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Finds the coefficients for `imt`.
fn coefficients_for<C>(table: &'static [(Imt, C)], imt: Imt) -> Option<&'static C> {
    table.iter().find(|(row, _)| *row == imt).map(|(_, coefficients)| coefficients)
}
