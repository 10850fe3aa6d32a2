//! Fault sources: ruptures that float, which means that they break with equal chances everywhere on a fault
//! where they fit.
//!
//! A rupture is a window over the nodes of the fault. What is nearest to a site within each position of a
//! window follows for all positions together from what is nearest within smaller windows.

use std::ops::Range;

use crate::fault::Mesh;
use crate::geometry::{EARTH_RADIUS, Vector, arc_over, dot, minus};
use crate::gsim::Event;
use crate::mfd::MagnitudeRate;
use crate::rupture::Outline;
use crate::scaling::MagnitudeScaling;
use crate::source::rounded;

/// From this distance on, in km, *Rjb* goes to the nearest node and not to the outline between nodes, as it
/// does in `OpenQuake`.
const OUTLINED: f64 = 40.0;

/// Within, ruptures are so much broader on all sides, in km, as in `OpenQuake`: sites on the edge are inside.
const MARGIN: f64 = 0.005;

/// A fault with the ruptures that float on it.
#[derive(Clone, Debug)]
pub struct FaultSource {
    mesh: Mesh,
    windows: Vec<Window>,
    rake: f64,
}

/// All ruptures of one magnitude.
#[derive(Clone, Debug)]
pub struct Window {
    magnitude: f64,
    /// How often each of them happens in a year.
    pub rate: f64,
    /// Nodes down dip.
    rows: usize,
    /// Nodes along strike.
    columns: usize,
    /// Positions down dip.
    pub down: usize,
    /// Positions along strike.
    pub along: usize,
    /// The first of the events, one for each position down dip, among those of the source.
    pub first_event: usize,
}

impl FaultSource {
    /// Lets ruptures of the given magnitudes float, `aspect_ratio` times as long as wide where that fits.
    ///
    /// # Errors
    /// When a rupture is smaller than the mesh.
    pub fn new(
        mesh: Mesh,
        rates: &[MagnitudeRate],
        (scaling, aspect_ratio): (MagnitudeScaling, f64),
        rake: f64,
    ) -> Result<Self, String> {
        let mut source = Self { mesh, windows: Vec::new(), rake };
        let mut first_event = 0;
        for bin in rates {
            let area = scaling.area(bin.magnitude, rake);
            let Some((rows, columns)) = source.fit(area, aspect_ratio) else {
                return Err(format!(
                    "a mesh with a spacing of {} km is too coarse for ruptures of magnitude {}",
                    source.mesh.spacing,
                    rounded(bin.magnitude)
                ));
            };
            let (down, along) = (source.mesh.rows - rows + 1, source.mesh.columns - columns + 1);
            let rate = bin.rate / as_f64(down * along);
            source.windows.push(Window {
                magnitude: bin.magnitude,
                rate,
                rows,
                columns,
                down,
                along,
                first_event,
            });
            first_event += down;
        }
        Ok(source)
    }

    /// Gives how many nodes down dip and along strike a rupture of `area` km² has, at least two of each.
    ///
    /// What is too wide becomes longer and what is too long becomes wider; what is larger than the fault is as
    /// large as the fault.
    fn fit(&self, area: f64, aspect_ratio: f64) -> Option<(usize, usize)> {
        let Mesh { rows, columns, spacing, .. } = self.mesh;
        let (most_wide, most_long) = (as_f64(rows - 1) * spacing, as_f64(columns - 1) * spacing);
        let mut long = (area * aspect_ratio).sqrt();
        let mut wide = area / long;
        let nodes = |extent: f64, most: usize| {
            let mut count = 1;
            while count < most && as_f64(count) <= extent / spacing + 0.5 {
                count += 1;
            }
            count
        };
        if nodes(wide, rows) < 2 || nodes(long, columns) < 2 {
            return None;
        }
        if area >= most_wide * most_long {
            (wide, long) = (most_wide, most_long);
        } else if wide > most_wide {
            (wide, long) = (most_wide, long * (wide / most_wide));
        } else if long > most_long {
            (wide, long) = (wide * (long / most_long), most_long);
        }
        Some((nodes(wide, rows), nodes(long, columns)))
    }

    /// Gives the ruptures by magnitude.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// Gives the kinds of earthquakes that happen here: one for each magnitude and position down dip.
    pub fn events(&self) -> impl Iterator<Item = Event> + '_ {
        self.windows.iter().flat_map(move |window| {
            (0..window.down).map(move |row| {
                // The middle node, or half way between the two in the middle.
                let last = row + window.rows - 1;
                let depths = &self.mesh.depths;
                let depth =
                    f64::midpoint(depths[usize::midpoint(row, last)], depths[(row + last).div_ceil(2)]);
                Event { magnitude: rounded(window.magnitude), rake: self.rake, depth }
            })
        })
    }

    /// Counts the ruptures.
    pub fn ruptures(&self) -> usize {
        self.windows.iter().map(|window| window.down * window.along).sum()
    }

    /// Appends the distances *Rrup* of the ruptures in some rows of positions: those to the nearest node.
    pub fn add_rupture_distances(
        &self,
        (window, positions): (&Window, &Range<usize>),
        site: Vector,
        distances: &mut Vec<f64>,
    ) {
        let nodes = &self.mesh.nodes[self.nodes(window, positions)];
        let mut squares: Vec<_> = nodes.iter().map(|node| square(*node, site)).collect();
        self.slide(&mut squares, window.rows, window.columns);
        distances.extend(self.positions(window, positions, &squares).map(f64::sqrt));
    }

    /// Appends the distances *Rjb*: those to the outline of the projection.
    pub fn add_joyner_boore_distances(
        &self,
        (window, positions): (&Window, &Range<usize>),
        site: Vector,
        distances: &mut Vec<f64>,
    ) {
        let nodes = self.nodes(window, positions);
        let mut to_nodes: Vec<_> =
            self.mesh.directions[nodes.clone()].iter().map(|node| square(*node, site)).collect();
        let mut to_cells = self.cells(nodes, &to_nodes, site);
        self.slide(&mut to_nodes, window.rows, window.columns);
        self.slide(&mut to_cells, window.rows - 1, window.columns - 1);
        let both =
            self.positions(window, positions, &to_nodes).zip(self.positions(window, positions, &to_cells));
        distances.extend(both.map(|(node, cell)| {
            let to_node = arc_over(node.sqrt());
            if to_node < OUTLINED { (arc_over(cell.sqrt()) - MARGIN).max(0.0) } else { to_node }
        }));
    }

    /// Gives for each cell, in the place of its first node, the square of the chord to its nearest point, and
    /// something larger for cells that are too far away to matter.
    fn cells(&self, nodes: Range<usize>, to_nodes: &[f64], site: Vector) -> Vec<f64> {
        let far = (OUTLINED + 2.0 * self.mesh.spacing) / EARTH_RADIUS;
        let columns = self.mesh.columns;
        let corners = &self.mesh.directions[nodes];
        let mut chords = vec![f64::INFINITY; corners.len()];
        for first in 0..corners.len() - columns - 1 {
            // The last node of a row has no cell.
            if (first + 1) % columns != 0 && to_nodes[first] < far * far {
                let below = first + columns;
                let cell = [first, first + 1, below + 1, below].map(|corner| corners[corner]);
                chords[first] = Outline::new(cell).squared_chord(site);
            }
        }
        chords
    }

    /// The nodes under some rows of positions.
    fn nodes(&self, window: &Window, positions: &Range<usize>) -> Range<usize> {
        let columns = self.mesh.columns;
        positions.start * columns..(positions.end + window.rows - 1) * columns
    }

    /// Gives the values at the first node of each position.
    fn positions<'a>(
        &self,
        window: &Window,
        positions: &Range<usize>,
        values: &'a [f64],
    ) -> impl Iterator<Item = f64> + use<'a> {
        let along = window.along;
        values.chunks(self.mesh.columns).take(positions.len()).flat_map(move |row| &row[..along]).copied()
    }

    /// Gives each node the least value within the window that begins there.
    fn slide(&self, values: &mut [f64], rows: usize, columns: usize) {
        least_within(values, columns, 1);
        least_within(values, rows, self.mesh.columns);
    }
}

/// Gives each value the least of itself and the following ones, `count` together and `stride` apart; where
/// fewer follow, the result means nothing.
fn least_within(values: &mut [f64], count: usize, stride: usize) {
    let mut covered = 1;
    while covered < count {
        let more = covered.min(count - covered);
        for index in 0..values.len().saturating_sub(more * stride) {
            let other = values[index + more * stride];
            if other < values[index] {
                values[index] = other;
            }
        }
        covered += more;
    }
}

fn square(a: Vector, b: Vector) -> f64 {
    let way = minus(a, b);
    dot(way, way)
}

#[expect(clippy::cast_precision_loss, reason = "there are at most ten million nodes")]
fn as_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::SimpleFault;
    use crate::geometry::{LonLat, arc, length, minus};

    const HERE: LonLat = LonLat { lon: 10.0, lat: 45.0 };

    /// A fault of 30 km by 12 km that dips to the east, and its ruptures.
    fn source(dip: f64, magnitudes: &[f64]) -> Result<FaultSource, String> {
        let height = 12.0 * libm::sin(dip.to_radians());
        let fault =
            SimpleFault { trace: vec![HERE, HERE.towards(0.0, 30.1)], dip, upper: 1.0, lower: 1.0 + height };
        let rates: Vec<_> =
            magnitudes.iter().map(|&magnitude| MagnitudeRate { magnitude, rate: 0.1 }).collect();
        FaultSource::new(fault.mesh(2.0)?, &rates, (MagnitudeScaling::Peer, 2.0), 90.0)
    }

    fn windows(source: &FaultSource) -> Vec<[usize; 4]> {
        source.windows.iter().map(|w| [w.rows, w.columns, w.down, w.along]).collect()
    }

    #[test]
    fn ruptures_have_the_nearest_size_that_fits_and_share_the_rate() {
        // 16 columns and 7 rows. 10, 100 and 251 km² are 4.5 by 2.2, 14.1 by 7.1 and 22.4 by 11.2 km; 316 km²
        // would be 12.6 km wide, 501 km² more than the whole.
        let source = source(60.0, &[5.0, 6.0, 6.4, 6.5, 6.7]).unwrap();
        assert_eq!(
            windows(&source),
            [[2, 3, 6, 14], [5, 8, 3, 9], [7, 12, 1, 5], [7, 14, 1, 3], [7, 16, 1, 1]]
        );
        assert_eq!(source.ruptures(), 84 + 27 + 5 + 3 + 1);
        assert!((source.windows[1].rate - 0.1 / 27.0).abs() < 1e-15);
        assert_eq!(source.events().count(), 6 + 3 + 1 + 1 + 1);
    }

    #[test]
    fn what_is_longer_than_the_fault_becomes_wider() {
        let trace = vec![HERE, HERE.towards(0.0, 10.0)];
        let fault = SimpleFault { trace, dip: 90.0, upper: 0.0, lower: 20.0 };
        let rates = [MagnitudeRate { magnitude: 6.1, rate: 0.1 }];
        let peer = MagnitudeScaling::Peer;
        let source = FaultSource::new(fault.mesh(1.0).unwrap(), &rates, (peer, 2.0), 0.0).unwrap();
        // 126 km² in 10 km of length.
        assert_eq!(windows(&source), [[14, 11, 8, 1]]);
    }

    #[test]
    fn a_mesh_too_coarse_for_the_smallest_rupture_is_refused() {
        assert_eq!(
            source(60.0, &[6.0, 4.2]).unwrap_err(),
            "a mesh with a spacing of 2 km is too coarse for ruptures of magnitude 4.2"
        );
    }

    #[test]
    fn hypocentres_are_in_the_middle() {
        let source = source(90.0, &[5.0, 6.0]).unwrap();
        let depths: Vec<_> = source.events().map(|event| event.depth).collect();
        let expected = [2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 5.0, 7.0, 9.0];
        assert!(depths.iter().zip(expected).all(|(ours, depth)| (ours - depth).abs() < 1e-9), "{depths:?}");
        assert_eq!(depths.len(), expected.len());
    }

    #[test]
    fn distances_are_those_to_the_nearest_node_and_to_the_outline() {
        for dip in [30.0, 60.0, 90.0] {
            let source = source(dip, &[5.0, 6.0, 6.7]).unwrap();
            for (azimuth, km) in
                [(0.0, 0.0), (45.0, 8.0), (90.0, 3.0), (180.0, 5.0), (270.0, 1.0), (300.0, 80.0)]
            {
                let site = HERE.towards(azimuth, km);
                for window in &source.windows {
                    // From the second row on, to see that blocks begin anywhere.
                    let rows = window.down / 2..window.down;
                    let (mut nearest, mut to_outline) = (Vec::new(), Vec::new());
                    source.add_rupture_distances((window, &rows), site.below(0.0), &mut nearest);
                    source.add_joyner_boore_distances((window, &rows), site.direction(), &mut to_outline);
                    assert_eq!((nearest.len(), to_outline.len()), (rows.len() * window.along, nearest.len()));
                    let positions = rows.flat_map(|row| (0..window.along).map(move |column| (row, column)));
                    for (index, position) in positions.enumerate() {
                        let expected = by_definition(&source.mesh, window, position, site);
                        assert!(
                            (nearest[index] - expected.0).abs() < 1e-9,
                            "{dip} {position:?} {expected:?}"
                        );
                        assert!(
                            (to_outline[index] - expected.1).abs() < 1e-4,
                            "{dip} {azimuth} {km} {position:?}: {} instead of {}",
                            to_outline[index],
                            expected.1
                        );
                    }
                }
            }
        }
    }

    /// The distances to one rupture, which has straight edges: to all its nodes, and to the outline of its corners.
    fn by_definition(
        mesh: &Mesh,
        window: &Window,
        (row, column): (usize, usize),
        site: LonLat,
    ) -> (f64, f64) {
        let node = |down: usize, along: usize| (row + down) * mesh.columns + column + along;
        let nodes: Vec<_> = (0..window.rows)
            .flat_map(|down| (0..window.columns).map(move |along| node(down, along)))
            .collect();
        let least = |distances: &mut dyn Iterator<Item = f64>| distances.fold(f64::INFINITY, f64::min);
        let nearest = least(&mut nodes.iter().map(|&node| length(minus(mesh.nodes[node], site.below(0.0)))));
        let above = least(&mut nodes.iter().map(|&node| arc(mesh.directions[node], site.direction())));
        let (last_row, last_column) = (window.rows - 1, window.columns - 1);
        let corners = [node(0, 0), node(0, last_column), node(last_row, last_column), node(last_row, 0)];
        let outline = Outline::new(corners.map(|corner| mesh.directions[corner]));
        let outlined = (outline.distance(site.direction()) - MARGIN).max(0.0);
        (nearest, if above < OUTLINED { outlined } else { above })
    }
}
