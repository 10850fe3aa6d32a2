//! The sites: where hazard is wanted, and what is known of the ground there.

use crate::error::{FileReference, InputError, Result};
use crate::geometry::LonLat;
use crate::job::{Job, SiteList, checked_place};

/// A site.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Site {
    /// Where it is.
    pub place: LonLat,
    /// The time-averaged shear-wave velocity of the upper 30 m, in m/s, if known.
    pub vs30: Option<f64>,
}

/// Columns of site lists that `OpenQuake` has and that no model here asks for.
const UNUSED_COLUMNS: [&str; 8] =
    ["backarc", "custom_site_id", "site_id", "siteclass", "vs30measured", "xvf", "z1pt0", "z2pt5"];

/// Reads the sites of a job, sorted by longitude and latitude.
///
/// # Errors
/// When the file is missing or malformed, there is no site, or one is there twice.
pub fn read(job: &Job) -> Result<Vec<Site>> {
    let (file, mut sites) = match &job.sites {
        SiteList::Inline(places, line) => {
            (&job.file, places.iter().map(|&place| (Site { place, vs30: None }, *line)).collect())
        }
        SiteList::Csv(reference) => (&reference.path, read_csv(reference)?),
    };
    for (site, _) in &mut sites {
        site.vs30 = site.vs30.or(job.parameters.reference_vs30);
    }
    // The line comes last, so that of two equal places the later one is named.
    sites.sort_by(|(a, a_line), (b, b_line)| {
        let places = a.place.lon.total_cmp(&b.place.lon).then(a.place.lat.total_cmp(&b.place.lat));
        places.then(a_line.cmp(b_line))
    });
    for pair in sites.windows(2) {
        let [(a, _), (b, line)] = pair else { continue };
        if a.place == b.place {
            let message = format!("the site {} {} is given twice", b.place.lon, b.place.lat);
            return Err(InputError::at(file, *line, message));
        }
    }
    Ok(sites.into_iter().map(|(site, _)| site).collect())
}

/// Which columns of a list hold what.
struct Columns {
    count: usize,
    lon: usize,
    lat: usize,
    vs30: Option<usize>,
}

impl Columns {
    /// Without a header a list has two columns: a third would be the depth in `OpenQuake`, and is not guessed
    /// at.
    fn without_header(fields: &[&str]) -> Result<Self, String> {
        if fields.len() == 2 {
            return Ok(Self { count: 2, lon: 0, lat: 1, vs30: None });
        }
        Err(format!(
            "{} columns need a header such as lon,lat,vs30; without, there are two: lon,lat",
            fields.len()
        ))
    }

    fn from_header(names: &[&str]) -> Result<Self, String> {
        let find = |wanted: &str| names.iter().position(|name| *name == wanted);
        let known = |name: &str| ["lon", "lat", "vs30"].contains(&name) || UNUSED_COLUMNS.contains(&name);
        for (index, name) in names.iter().enumerate() {
            if !known(name) {
                return Err(format!("unknown column '{name}'"));
            }
            if find(name) != Some(index) {
                return Err(format!("the column '{name}' is there twice"));
            }
        }
        let required = |name: &str| find(name).ok_or_else(|| format!("the column '{name}' is missing"));
        Ok(Self { count: names.len(), lon: required("lon")?, lat: required("lat")?, vs30: find("vs30") })
    }

    fn site(&self, fields: &[&str]) -> Result<Site, String> {
        if fields.len() != self.count {
            return Err(format!("{} values, where {} columns are", fields.len(), self.count));
        }
        let number = |index: usize| match fields[index].parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => Err(format!("'{}' is not a number", fields[index])),
        };
        let place = checked_place(number(self.lon)?, number(self.lat)?)?;
        let vs30 = self.vs30.map(number).transpose()?;
        match vs30 {
            Some(vs30) if vs30 <= 0.0 => Err(format!("the vs30 {vs30} is not positive")),
            _ => Ok(Site { place, vs30 }),
        }
    }
}

/// Reads comma-separated values, with or without a header; lines that begin with `#` are comments.
fn read_csv(reference: &FileReference) -> Result<Vec<(Site, usize)>> {
    let text = reference.read()?;
    let mut columns = None;
    let mut sites = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |what: String| InputError::at(&reference.path, index + 1, what);
        let fields: Vec<_> = line.split(',').map(str::trim).collect();
        if columns.is_none() && fields[0].parse::<f64>().is_err() {
            columns = Some(Columns::from_header(&fields).map_err(wrong)?);
            continue;
        }
        if columns.is_none() {
            columns = Some(Columns::without_header(&fields).map_err(wrong)?);
        }
        if let Some(columns) = &columns {
            sites.push((columns.site(&fields).map_err(wrong)?, index + 1));
        }
    }
    if sites.is_empty() {
        return Err(InputError::of(&reference.path, "there is no site"));
    }
    Ok(sites)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::test_data::package_file;

    fn sites(list: &str) -> Vec<(f64, f64, Option<f64>)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sites.csv");
        fs::write(&path, list).unwrap();
        let reference = FileReference { path, named_in: Path::new("job.ini").into(), line: 1 };
        let sites = read_csv(&reference).unwrap();
        sites.into_iter().map(|(site, _)| (site.place.lon, site.place.lat, site.vs30)).collect()
    }

    #[test]
    fn lists_are_read_with_and_without_a_header() {
        assert_eq!(sites("1,2\n\n# x\n 3 , -4.5 \n"), [(1.0, 2.0, None), (3.0, -4.5, None)]);
        assert_eq!(sites("\u{feff}lat,z1pt0,lon\r\n2,9,1\r\n"), [(1.0, 2.0, None)]);
        assert_eq!(sites("custom_site_id,lon,lat,vs30\na1,1,2,800\n"), [(1.0, 2.0, Some(800.0))]);
    }

    #[test]
    fn sites_are_sorted_and_bring_their_vs30_or_get_the_reference() {
        let read = |job_ini| read(&Job::read(&package_file(job_ini)).unwrap()).unwrap();
        let of_list = read("tests/data/psha/inputs/stable_continental/job.ini");
        assert!(of_list.is_sorted_by(|a, b| (a.place.lon, a.place.lat) < (b.place.lon, b.place.lat)));
        let vs30: Vec<_> = of_list.iter().map(|site| site.vs30).collect();
        assert_eq!(vs30, [1000.0, 800.0, 300.0, 760.0, 450.0].map(Some));
        let of_demo = read("examples/classical_psha/demo/job.ini");
        assert!(of_demo.iter().all(|site| site.vs30 == Some(800.0)));
    }
}
