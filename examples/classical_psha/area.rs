//! Area sources: a polygon that is filled with a grid of point sources.

use crate::geometry::{BoundingBox, EARTH_RADIUS, LonLat, arc};

/// Edges longer than this, in km, are split, so that they are great circles and not straight in the
/// projection.
const LONGEST_EDGE: f64 = 100.0;

/// More points than this are a slip of the pen in the grid's spacing.
const MOST_POINTS: f64 = 1e7;

/// A coarser grid, in km, than this is one as well, and would step around the earth.
const COARSEST: f64 = 1000.0;

/// Gives the points of a grid with `spacing` km that lie strictly inside of `polygon`.
///
/// Rows go from the northern edge of the bounding box to the south, points in a row from its western edge to
/// the east; the spacing is the same everywhere, whatever the latitude.
///
/// # Errors
/// What is wrong with the polygon or the spacing.
pub fn discretize(polygon: &[LonLat], spacing: f64) -> Result<Vec<LonLat>, String> {
    let vertices = split_edges(polygon);
    let bounds = BoundingBox::of(&vertices).map_err(|what| format!("a polygon cannot be so wide: {what}"))?;
    check_size(bounds, spacing)?;
    let BoundingBox { west, width, south, north } = bounds;
    let plane = bounds.plane();
    let outline: Vec<_> = vertices.iter().map(|vertex| plane.project(*vertex)).collect();

    let mut points = Vec::new();
    let mut lat = north;
    while lat > south {
        let mut lon = west;
        while (lon - west).rem_euclid(360.0) < width {
            let point = LonLat { lon, lat };
            if contains(&outline, plane.project(point)) {
                points.push(point);
            }
            let next = point.towards(90.0, spacing).lon;
            if (next - west).rem_euclid(360.0) <= (lon - west).rem_euclid(360.0) {
                break; // around the pole
            }
            lon = next;
        }
        let next = LonLat { lon: west, lat }.towards(180.0, spacing).lat;
        if next >= lat {
            break; // across the pole
        }
        lat = next;
    }
    if points.is_empty() {
        Err(format!("no point of the {spacing} km grid is inside the polygon"))
    } else {
        Ok(points)
    }
}

/// Splits long edges into equal parts along their great circles.
fn split_edges(polygon: &[LonLat]) -> Vec<LonLat> {
    let mut vertices = Vec::new();
    for (index, &start) in polygon.iter().enumerate() {
        let end = polygon[(index + 1) % polygon.len()];
        vertices.push(start);
        let distance = arc(start.direction(), end.direction());
        let azimuth = start.azimuth(end);
        let parts = (distance / LONGEST_EDGE).ceil();
        let mut part = 1.0;
        while part < parts {
            vertices.push(start.towards(azimuth, distance * part / parts));
            part += 1.0;
        }
    }
    vertices
}

fn check_size(bounds: BoundingBox, spacing: f64) -> Result<(), String> {
    let BoundingBox { width, south, north, .. } = bounds;
    let degree = EARTH_RADIUS.to_radians();
    let widest_latitude = if south <= 0.0 && north >= 0.0 { 0.0 } else { f64::min(south.abs(), north.abs()) };
    let widest_parallel = libm::cos(widest_latitude.to_radians());
    let columns = width * degree * widest_parallel / spacing + 1.0;
    let rows = (north - south) * degree / spacing + 1.0;
    if columns * rows > MOST_POINTS {
        let points = columns * rows;
        return Err(format!(
            "a grid of {spacing} km makes {points:.1e} points; at most {MOST_POINTS:.0e} are allowed"
        ));
    }
    if spacing > COARSEST {
        return Err(format!("a grid of {spacing} km is coarser than {COARSEST} km"));
    }
    Ok(())
}

/// Says whether `point` is strictly inside the closed outline: an odd number of edges is crossed on the way
/// out.
fn contains(outline: &[[f64; 2]], [x, y]: [f64; 2]) -> bool {
    let mut inside = false;
    for (index, &[x0, y0]) in outline.iter().enumerate() {
        let [x1, y1] = outline[(index + 1) % outline.len()];
        let side = (x1 - x0) * (y - y0) - (x - x0) * (y1 - y0);
        let within = |a: f64, b: f64, value: f64| a.min(b) <= value && value <= a.max(b);
        // Compared exactly: only a point on the very edge is meant.
        if side == 0.0 && within(x0, x1, x) && within(y0, y1, y) {
            return false;
        }
        if (y0 > y) != (y1 > y) && (side > 0.0) == (y1 > y0) {
            inside = !inside;
        }
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polygon(corners: &[(f64, f64)]) -> Vec<LonLat> {
        corners.iter().map(|&(lon, lat)| LonLat { lon, lat }).collect()
    }

    #[test]
    fn a_square_across_the_date_line_is_filled_as_one_elsewhere() {
        let here = discretize(&polygon(&[(9.0, 1.0), (11.0, 1.0), (11.0, -1.0), (9.0, -1.0)]), 20.0).unwrap();
        let there = discretize(&polygon(&[(179.0, 1.0), (-179.0, 1.0), (-179.0, -1.0), (179.0, -1.0)]), 20.0)
            .unwrap();
        assert_eq!(here.len(), there.len());
        assert!(here.len() > 100 && there.iter().all(|point| point.lon.abs() > 178.9), "{there:?}");
    }

    #[test]
    fn points_on_the_edge_are_outside() {
        let outline = [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [2.0, 1.0], [0.0, 4.0]];
        for (point, inside) in [
            ([1.0, 1.0], true),
            ([2.0, 0.5], true),
            ([2.0, 1.0], false),
            ([2.0, 3.0], false),
            ([2.0, 0.0], false),
            ([0.0, 2.0], false),
            ([-1.0, 0.0], false),
            ([5.0, 0.0], false),
        ] {
            assert_eq!(contains(&outline, point), inside, "{point:?}");
        }
    }

    #[test]
    fn a_grid_too_fine_or_too_coarse_is_refused() {
        let square = polygon(&[(9.0, 1.0), (11.0, 1.0), (11.0, -1.0), (9.0, -1.0)]);
        assert_eq!(
            discretize(&square, 0.01).unwrap_err(),
            "a grid of 0.01 km makes 4.9e8 points; at most 1e7 are allowed"
        );
        assert_eq!(
            discretize(&square, 1e3).unwrap_err(),
            "no point of the 1000 km grid is inside the polygon"
        );
        let belt = polygon(&[(-170.0, 1.0), (0.0, 2.0), (170.0, 1.0)]);
        assert_eq!(
            discretize(&belt, 50.0).unwrap_err(),
            "a polygon cannot be so wide: it spans 180 degrees of longitude or more"
        );
    }
}
