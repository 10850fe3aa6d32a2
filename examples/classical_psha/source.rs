//! Sources of earthquakes, and the ruptures they may break in.

use crate::floating::FaultSource;
use crate::geometry::LonLat;
use crate::gsim::{Event, Gsim};
use crate::mfd::MagnitudeRate;
use crate::rupture::{NodalPlane, Rectangle, Seismogenic};
use crate::scaling::MagnitudeScaling;

/// Something with a share in the whole.
#[derive(Clone, Copy, Debug)]
pub struct Weighted<T> {
    /// The share; those of one distribution add up to one.
    pub probability: f64,
    /// What has it.
    pub value: T,
}

/// A source of earthquakes.
#[derive(Clone, Debug)]
pub enum Source {
    /// A point, or an area as many points.
    Points(PointSource),
    /// A fault on which ruptures float.
    Fault(FaultSource),
}

impl Source {
    /// Gives the kinds of earthquakes that happen here.
    pub fn events(&self) -> Box<dyn Iterator<Item = Event> + '_> {
        match self {
            Self::Points(points) => Box::new(points.events()),
            Self::Fault(fault) => Box::new(fault.events()),
        }
    }

    /// Counts the ruptures.
    pub fn ruptures(&self) -> usize {
        match self {
            Self::Points(points) => points.places.len() * points.ruptures_per_place(),
            Self::Fault(fault) => fault.ruptures(),
        }
    }
}

/// Gives a magnitude the precision in which ground-motion models get it: 0.001.
pub fn rounded(magnitude: f64) -> f64 {
    (magnitude * 1000.0).round() / 1000.0
}

/// A point source, or an area source as points that are equal but for their places.
#[derive(Clone, Debug)]
pub struct PointSource {
    /// Where earthquakes happen, all places equally often.
    pub places: Vec<LonLat>,
    /// How often they happen, in all places together.
    pub rates: Vec<MagnitudeRate>,
    /// How large they are.
    pub scaling: MagnitudeScaling,
    /// Between which depths they break.
    pub layer: Seismogenic,
    /// How the plane lies that breaks.
    pub planes: Vec<Weighted<NodalPlane>>,
    /// How deep the hypocentre is, in km.
    pub depths: Vec<Weighted<f64>>,
}

/// An earthquake that may happen in a place.
#[derive(Clone, Copy, Debug)]
pub struct Rupture {
    /// How often it happens in a year.
    pub rate: f64,
    /// What breaks.
    pub rectangle: Rectangle,
}

impl PointSource {
    fn kinds(&self) -> impl Iterator<Item = (&MagnitudeRate, &Weighted<NodalPlane>, &Weighted<f64>)> {
        self.rates.iter().flat_map(move |bin| {
            self.planes.iter().flat_map(move |plane| self.depths.iter().map(move |depth| (bin, plane, depth)))
        })
    }

    /// Gives the kinds of earthquakes that happen here, one for each rupture in a place.
    pub fn events(&self) -> impl Iterator<Item = Event> + '_ {
        self.kinds().map(|(bin, plane, depth)| Event {
            magnitude: rounded(bin.magnitude),
            rake: plane.value.rake,
            depth: depth.value,
        })
    }

    /// Tells how many ruptures there are in each place.
    pub fn ruptures_per_place(&self) -> usize {
        self.rates.len() * self.planes.len() * self.depths.len()
    }

    /// Gives the ruptures in one of the places.
    pub fn ruptures_at(&self, place: LonLat) -> impl Iterator<Item = Rupture> + '_ {
        #[expect(clippy::cast_precision_loss, reason = "there are at most ten million places")]
        let share = 1.0 / self.places.len() as f64;
        self.kinds().map(move |(bin, plane, depth)| {
            let area = self.scaling.area(bin.magnitude, plane.value.rake);
            Rupture {
                rate: bin.rate * share * plane.probability * depth.probability,
                rectangle: Rectangle::around((place, depth.value), area, plane.value, self.layer),
            }
        })
    }
}

/// All sources of one tectonic region type, and the models for its ground motion.
#[derive(Clone)]
pub struct TectonicRegion {
    /// The type of the region, such as `Active Shallow Crust`.
    pub name: String,
    /// Ruptures farther from a site than this, in km, are left out.
    pub maximum_distance: f64,
    /// Its sources.
    pub sources: Vec<Source>,
    /// Its models, by name.
    pub gsims: Vec<Gsim>,
}

impl TectonicRegion {
    /// Counts the ruptures of all sources.
    pub fn ruptures(&self) -> usize {
        self.sources.iter().map(Source::ruptures).sum()
    }
}
