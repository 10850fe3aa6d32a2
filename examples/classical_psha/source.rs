//! Sources of earthquakes, and the ruptures they may break in.

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

/// A point source, or an area source as points that are equal but for their places.
#[derive(Clone, Debug)]
pub struct Source {
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

/// An earthquake that may happen.
#[derive(Clone, Copy, Debug)]
pub struct Rupture {
    /// How often it happens in a year.
    pub rate: f64,
    /// What kind of earthquake it is: an index into [`Source::events`].
    pub event: usize,
    /// What breaks.
    pub rectangle: Rectangle,
}

impl Source {
    /// Gives the kinds of earthquakes that happen here, with the precision of magnitudes that models are
    /// given: 0.001.
    pub fn events(&self) -> impl Iterator<Item = Event> + '_ {
        self.rates.iter().flat_map(|bin| {
            let magnitude = (bin.magnitude * 1000.0).round() / 1000.0;
            self.planes.iter().map(move |plane| Event { magnitude, rake: plane.value.rake })
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
        let kinds = self.rates.iter().flat_map(|bin| self.planes.iter().map(move |plane| (bin, plane)));
        kinds.enumerate().flat_map(move |(event, (bin, plane))| {
            let area = self.scaling.area(bin.magnitude, plane.value.rake);
            self.depths.iter().map(move |depth| Rupture {
                rate: bin.rate * share * plane.probability * depth.probability,
                event,
                rectangle: Rectangle::around((place, depth.value), area, plane.value, self.layer),
            })
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
        self.sources.iter().map(|source| source.places.len() * source.ruptures_per_place()).sum()
    }
}
