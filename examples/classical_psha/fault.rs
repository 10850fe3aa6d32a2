//! Simple faults: a trace at the surface and a dip, as a mesh of nodes.

use crate::geometry::{BoundingBox, EARTH_RADIUS, LonLat, Vector, arc, scale};

/// More nodes than this are a slip of the pen in the mesh's spacing.
const MOST_NODES: f64 = 1e7;

/// Faults wider than this, in km, are a slip of the pen in the dip.
const WIDEST: f64 = 2000.0;

/// Nearer to the poles than this latitude, meridians converge too fast for an azimuth to be one direction.
const NORTHERNMOST: f64 = 85.0;

/// Where the trace comes as near to a corner as this, in parts of the spacing, it has arrived there.
const ARRIVED: f64 = 0.9999;

/// A fault, as it is given.
#[derive(Clone, Debug)]
pub struct SimpleFault {
    /// The line in which the fault, or its continuation, meets the surface; it dips to the right.
    pub trace: Vec<LonLat>,
    /// Angle against the horizontal, in degrees, above 0 and up to 90.
    pub dip: f64,
    /// Depth of the upper edge, in km.
    pub upper: f64,
    /// Depth of the lower edge.
    pub lower: f64,
}

/// The nodes of a fault: rows from the upper to the lower edge, columns along the trace.
#[derive(Clone, Debug)]
pub struct Mesh {
    /// How many rows there are, from 2 on.
    pub rows: usize,
    /// How many columns there are, from 2 on.
    pub columns: usize,
    /// The distance of neighbours, in km.
    pub spacing: f64,
    /// The depth of each row, in km.
    pub depths: Vec<f64>,
    /// For each node, row by row, the vector from the centre of the earth in km.
    pub nodes: Vec<Vector>,
    /// For each node the point of the surface above it, as a vector of length 1.
    pub directions: Vec<Vector>,
}

impl SimpleFault {
    /// Gives the mesh of nodes that are `spacing` km apart.
    ///
    /// Columns start in equal steps along the trace, all dip at right angles to the line between its ends, and
    /// have as many rows as fit best.
    ///
    /// # Errors
    /// What is wrong with the fault or the spacing.
    pub fn mesh(&self, spacing: f64) -> Result<Mesh, String> {
        self.check()?;
        let columns = resample(&self.trace, spacing)?;
        let azimuth = self.trace[0].azimuth(self.trace[self.trace.len() - 1]) + 90.0;
        let per_depth = 1.0 / libm::tan(self.dip.to_radians());
        let ends = |node: &LonLat| {
            let end = |depth: f64| node.towards(azimuth, depth * per_depth);
            Column { top: end(self.upper), bottom: end(self.lower) }
        };
        let columns: Vec<_> = columns.iter().map(ends).collect();
        // Lengths that are equal but for rounding make equally many rows.
        let width = (libm::hypot(columns[0].breadth(), self.lower - self.upper) * 1e7).round() / 1e7;
        let steps = (width / spacing).round_ties_even();
        if steps < 1.0 || columns.len() < 2 {
            return Err(format!("a mesh with a spacing of {spacing} km is too coarse for it"));
        }
        let nodes = steps * as_f64(columns.len());
        if nodes > MOST_NODES {
            return Err(format!(
                "a mesh of {spacing} km has {nodes:.1e} nodes; at most {MOST_NODES:.0e} are allowed"
            ));
        }
        Ok(self.rows(&columns, spacing, (steps, spacing / width)))
    }

    fn check(&self) -> Result<(), String> {
        if let Some(point) = self.trace.iter().find(|point| point.lat.abs() > NORTHERNMOST) {
            return Err(format!(
                "at the latitude {} a trace has no one direction to its right; up to {NORTHERNMOST} it may lie",
                point.lat
            ));
        }
        let width = (self.lower - self.upper) / libm::sin(self.dip.to_radians());
        if width > WIDEST {
            let dip = self.dip;
            return Err(format!("a dip of {dip} makes it {width:.0} km wide; at most {WIDEST} are allowed"));
        }
        Ok(())
    }

    /// Places rows of nodes down the columns, so many steps, each of which is such a part of the width.
    fn rows(&self, columns: &[Column], spacing: f64, (steps, part): (f64, f64)) -> Mesh {
        let mut mesh = Mesh {
            rows: 0,
            columns: columns.len(),
            spacing,
            depths: Vec::new(),
            nodes: Vec::new(),
            directions: Vec::new(),
        };
        while as_f64(mesh.rows) <= steps {
            let down = as_f64(mesh.rows) * part;
            let depth = self.upper + down * (self.lower - self.upper);
            for column in columns {
                let azimuth = column.top.azimuth(column.bottom);
                let direction = column.top.towards(azimuth, down * column.breadth()).direction();
                mesh.directions.push(direction);
                mesh.nodes.push(scale(direction, EARTH_RADIUS - depth));
            }
            mesh.depths.push(depth);
            mesh.rows += 1;
        }
        mesh
    }
}

/// The ends of a column of nodes.
struct Column {
    top: LonLat,
    bottom: LonLat,
}

impl Column {
    fn breadth(&self) -> f64 {
        arc(self.top.direction(), self.bottom.direction())
    }
}

/// Gives points along a line, each as far from the one before as `spacing` says, as the crow flies and in an
/// orthographic projection.
///
/// The first is the start of the line. What is left at its end makes one more step, straight on and beyond the
/// end, if it is longer than half a step.
fn resample(trace: &[LonLat], spacing: f64) -> Result<Vec<LonLat>, String> {
    let plane = BoundingBox::of(trace).map_err(|what| format!("a trace cannot be so wide: {what}"))?.plane();
    let corners: Vec<_> = trace.iter().map(|point| plane.project(*point)).collect();
    let length: f64 = corners.windows(2).map(|pair| distance(pair[0], pair[1])).sum();
    if length / spacing > MOST_NODES {
        return Err(format!("a mesh of {spacing} km has more than {MOST_NODES:.0e} nodes"));
    }
    let mut points = vec![trace[0]];
    let mut here = corners[0];
    let mut passed = 0;
    loop {
        while passed + 1 < corners.len() && distance(here, corners[passed + 1]) <= spacing {
            passed += 1;
        }
        let Some(&next) = corners.get(passed + 1) else { break };
        here = leave_circle(here, spacing, corners[passed], next);
        points.push(plane.unproject(here));
        while distance(here, next) > ARRIVED * spacing {
            here = step(here, spacing, here, next);
            points.push(plane.unproject(here));
        }
    }
    let [.., before, end] = corners[..] else { return Ok(points) };
    if distance(here, end) > spacing / 2.0 {
        points.push(plane.unproject(step(here, spacing, before, end)));
    }
    Ok(points)
}

type Point = [f64; 2];

fn distance(a: Point, b: Point) -> f64 {
    libm::hypot(a[0] - b[0], a[1] - b[1])
}

/// Goes on from `here` in the direction from `start` to `end`.
fn step(here: Point, length: f64, start: Point, end: Point) -> Point {
    let factor = length / distance(start, end);
    [here[0] + factor * (end[0] - start[0]), here[1] + factor * (end[1] - start[1])]
}

/// Gives the point where a segment, which starts inside of a circle and ends outside, leaves it.
fn leave_circle(centre: Point, radius: f64, start: Point, end: Point) -> Point {
    let [x, y] = [start[0] - centre[0], start[1] - centre[1]];
    let long = distance(start, end);
    let [along_x, along_y] = [(end[0] - start[0]) / long, (end[1] - start[1]) / long];
    let along = x * along_x + y * along_y;
    let way = -along + (along * along + radius * radius - x * x - y * y).max(0.0).sqrt();
    [start[0] + way * along_x, start[1] + way * along_y]
}

#[expect(clippy::cast_precision_loss, reason = "there are at most ten million nodes")]
fn as_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{length, minus};

    const HERE: LonLat = LonLat { lon: 10.0, lat: 45.0 };

    fn along(trace: &[LonLat], spacing: f64) -> Vec<f64> {
        let points = resample(trace, spacing).unwrap();
        points.windows(2).map(|pair| arc(pair[0].direction(), pair[1].direction())).collect()
    }

    #[test]
    fn what_is_left_of_a_trace_is_one_more_step_or_none() {
        for (km, steps) in [(10.0, 5), (10.9, 5), (11.1, 6), (1.9, 1), (0.9, 0)] {
            let lengths = along(&[HERE, HERE.towards(30.0, km)], 2.0);
            assert_eq!(lengths.len(), steps, "{km} km");
            assert!(lengths.iter().all(|length| (length - 2.0).abs() < 1e-5), "{lengths:?}");
        }
    }

    #[test]
    fn corners_are_cut_and_short_segments_skipped() {
        let corner = HERE.towards(90.0, 5.0);
        let trace =
            [HERE, corner, corner.towards(0.0, 0.3), corner.towards(0.0, 0.6), corner.towards(0.0, 6.0)];
        let points = resample(&trace, 2.0).unwrap();
        // 2 and 4 km to the east, then 5 km to the east and 1.73 km to the north, then on.
        let end = points[points.len() - 1];
        assert_eq!(points.len(), 6);
        assert!((arc(end.direction(), corner.direction()) - (3.0_f64.sqrt() + 4.0)).abs() < 1e-3, "{end:?}");
        assert!(along(&trace, 2.0).iter().all(|length| (length - 2.0).abs() < 1e-5));
    }

    #[test]
    fn nodes_lie_on_a_plane_that_dips_to_the_right_of_the_trace() {
        let fault =
            SimpleFault { trace: vec![HERE, HERE.towards(0.0, 10.0)], dip: 30.0, upper: 2.0, lower: 8.0 };
        let mesh = fault.mesh(1.0).unwrap();
        // 12 km down dip.
        assert_eq!((mesh.rows, mesh.columns, mesh.nodes.len()), (13, 11, 143));
        assert!((mesh.depths[0] - 2.0).abs() < 1e-12 && (mesh.depths[12] - 8.0).abs() < 1e-3);
        // The upper edge is as far to the east as it is deep over the tangent of the dip.
        let east = arc(HERE.direction(), mesh.directions[0]);
        assert!((east - 2.0 * 3.0_f64.sqrt()).abs() < 1e-6, "{east}");
        assert!(LonLat::of(mesh.directions[0]).lon > HERE.lon);
        for (first, second) in [(0, 1), (0, 11), (131, 142), (70, 81)] {
            let distance = length(minus(mesh.nodes[first], mesh.nodes[second]));
            assert!((distance - 1.0).abs() < 2e-3, "{first} to {second}: {distance}");
        }
    }

    #[test]
    fn meshes_that_make_no_sense_are_refused() {
        let fault = |km: f64, dip| SimpleFault {
            trace: vec![HERE, HERE.towards(0.0, km)],
            dip,
            upper: 0.0,
            lower: 10.0,
        };
        let refused = |km, dip, spacing| fault(km, dip).mesh(spacing).unwrap_err();
        assert_eq!(refused(20.0, 90.0, 25.0), "a mesh with a spacing of 25 km is too coarse for it");
        assert_eq!(refused(2.0, 90.0, 5.0), "a mesh with a spacing of 5 km is too coarse for it");
        assert_eq!(refused(20.0, 90.0, 1e-7), "a mesh of 0.0000001 km has more than 1e7 nodes");
        assert_eq!(refused(20.0, 90.0, 1e-3), "a mesh of 0.001 km has 2.0e8 nodes; at most 1e7 are allowed");
        assert_eq!(refused(20.0, 0.1, 5.0), "a dip of 0.1 makes it 5730 km wide; at most 2000 are allowed");
    }
}
