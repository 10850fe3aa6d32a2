//! Blocks of ruptures that are worked through together.
//!
//! Ruptures are made when their block is, and forgotten with it: a million of them take no more memory than a
//! thousand.

use std::ops::Range;

use crate::floating::{FaultSource, Window};
use crate::geometry::Vector;
use crate::gsim::DistanceMetric;
use crate::rupture::{Outline, Plane};
use crate::source::{PointSource, Source};

/// A block has about so many ruptures, or more if a place or a row of positions has.
const RUPTURES: usize = 1024;

/// Some of the ruptures of a source.
pub struct Piece {
    source: usize,
    part: Part,
}

enum Part {
    /// Those in some of the places of a point source.
    Places(Range<usize>),
    /// Those of one magnitude in some rows of positions on a fault.
    Positions(usize, Range<usize>),
}

/// Distributes the ruptures of all sources over blocks, always in the same way.
pub fn cut_into_blocks(sources: &[Source]) -> Vec<Vec<Piece>> {
    let mut blocks = Vec::new();
    let (mut block, mut filled) = (Vec::new(), 0);
    for (source, index) in sources.iter().zip(0..) {
        for (part, ruptures) in parts(source) {
            block.push(Piece { source: index, part });
            filled += ruptures;
            if filled >= RUPTURES {
                blocks.push(std::mem::take(&mut block));
                filled = 0;
            }
        }
    }
    if !block.is_empty() {
        blocks.push(block);
    }
    blocks
}

/// Cuts a source into parts, with the number of ruptures in each.
fn parts(source: &Source) -> Vec<(Part, usize)> {
    match source {
        Source::Points(points) => cut(points.places.len(), points.ruptures_per_place())
            .map(|(places, ruptures)| (Part::Places(places), ruptures))
            .collect(),
        Source::Fault(fault) => (0..)
            .zip(fault.windows())
            .flat_map(|(index, window)| {
                cut(window.down, window.along)
                    .map(move |(rows, ruptures)| (Part::Positions(index, rows), ruptures))
            })
            .collect(),
    }
}

/// Cuts `count` things with so many ruptures each.
fn cut(count: usize, ruptures_each: usize) -> impl Iterator<Item = (Range<usize>, usize)> {
    let step = (RUPTURES / ruptures_each.max(1)).max(1);
    (0..count).step_by(step).map(move |start| {
        let part = start..count.min(start + step);
        let ruptures = part.len() * ruptures_each;
        (part, ruptures)
    })
}

/// How far ruptures are from a site, in km.
#[derive(Default)]
pub struct Distances {
    /// The distances *Rrup*.
    pub rupture: Vec<f64>,
    /// The distances *Rjb*; none if no model goes by them.
    pub joyner_boore: Vec<f64>,
}

impl Distances {
    /// Gives those of a metric.
    pub fn by(&self, metric: DistanceMetric) -> &[f64] {
        match metric {
            DistanceMetric::Rupture => &self.rupture,
            DistanceMetric::JoynerBoore => &self.joyner_boore,
        }
    }
}

/// A rupture as the innermost loop wants it.
pub struct Rupture {
    /// How often it happens in a year.
    pub rate: f64,
    /// The event that it is, among all those of the task.
    pub event: usize,
}

/// Ruptures, and what distances are measured to.
pub struct Block<'a> {
    /// The ruptures, in the order of the distances.
    pub ruptures: Vec<Rupture>,
    planes: Vec<Plane>,
    /// None if no model goes by them.
    outlines: Vec<Outline>,
    floating: Vec<(&'a FaultSource, &'a Window, Range<usize>)>,
    metric: DistanceMetric,
}

impl<'a> Block<'a> {
    /// Makes the ruptures of the pieces; `events` gives the events of each source their numbers.
    pub fn new(
        sources: &'a [Source],
        events: &[Vec<usize>],
        pieces: &[Piece],
        metric: DistanceMetric,
    ) -> Self {
        let mut block = Self {
            ruptures: Vec::new(),
            planes: Vec::new(),
            outlines: Vec::new(),
            floating: Vec::new(),
            metric,
        };
        for Piece { source, part } in pieces {
            if let (Source::Points(points), Part::Places(places)) = (&sources[*source], part) {
                block.add_places(points, places.clone(), &events[*source]);
            }
        }
        // All planes come first in the list of distances.
        for Piece { source, part } in pieces {
            if let (Source::Fault(fault), Part::Positions(window, rows)) = (&sources[*source], part) {
                block.add_positions(fault, &fault.windows()[*window], rows.clone(), &events[*source]);
            }
        }
        block
    }

    fn add_places(&mut self, points: &PointSource, places: Range<usize>, events: &[usize]) {
        for place in &points.places[places] {
            for (rupture, &event) in points.ruptures_at(*place).zip(events) {
                self.ruptures.push(Rupture { rate: rupture.rate, event });
                self.planes.push(Plane::new(&rupture.rectangle));
                if self.metric == DistanceMetric::JoynerBoore {
                    self.outlines.push(rupture.rectangle.outline());
                }
            }
        }
    }

    fn add_positions(
        &mut self,
        fault: &'a FaultSource,
        window: &'a Window,
        rows: Range<usize>,
        events: &[usize],
    ) {
        for event in &events[window.first_event..][rows.clone()] {
            self.ruptures.extend((0..window.along).map(|_| Rupture { rate: window.rate, event: *event }));
        }
        self.floating.push((fault, window, rows));
    }

    /// Measures how far the ruptures are from a site, given by its vector from the centre of the earth in km and
    /// its direction.
    pub fn measure(&self, (site, direction): (Vector, Vector), distances: &mut Distances) {
        let Distances { rupture, joyner_boore } = distances;
        rupture.clear();
        rupture.extend(self.planes.iter().map(|plane| plane.distance(site)));
        joyner_boore.clear();
        joyner_boore.extend(self.outlines.iter().map(|outline| outline.distance(direction)));
        for (fault, window, rows) in &self.floating {
            fault.add_rupture_distances((window, rows), site, rupture);
            if self.metric == DistanceMetric::JoynerBoore {
                fault.add_joyner_boore_distances((window, rows), direction, joyner_boore);
            }
        }
    }
}
