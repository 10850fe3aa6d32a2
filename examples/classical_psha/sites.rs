//! The sites: where hazard is wanted, and what is known of the ground there.

use std::ops::RangeInclusive;

use crate::area;
use crate::error::{InputError, Result};
use crate::files::FileReference;
use crate::geometry::LonLat;
use crate::ini::Entry;
use crate::job::{Job, checked_place};
use crate::parameters::Reader;

/// Where the sites are given.
#[derive(Debug)]
pub enum SiteList {
    /// In the job.ini, in the given line.
    Inline(Vec<Site>, usize),
    /// In a list of comma-separated values.
    Csv(FileReference),
    /// On a grid of so many km within a polygon in the job.ini, in the given line.
    Region(Vec<LonLat>, f64, usize),
}

impl SiteList {
    /// Takes it out of a job.ini.
    ///
    /// # Errors
    /// When it is missing, is there twice or makes no sense.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let names = ["sites", "sites_csv", "site_model_file", "region"];
        let mut given = names.into_iter().filter_map(|name| Some((name, reader.optional(name)?)));
        let found = (given.next(), given.next());
        match found {
            (None, _) => Err(reader.error(
                "there are no sites: one of the parameters 'sites', 'sites_csv', 'site_model_file' and 'region' is \
                 needed",
            )),
            (Some((first, _)), Some((second, entry))) => {
                reader.wrong(second, entry.line, &format!("sites are already given by '{first}'"))
            }
            (Some(("sites", entry)), None) => Ok(Self::Inline(points(reader, "sites", &entry)?, entry.line)),
            (Some(("region", entry)), None) => region(reader, &entry),
            (Some((name, entry)), None) => reader.reference(name, &entry).map(Self::Csv),
        }
    }
}

/// Reads points with commas between.
fn points(reader: &Reader<'_>, name: &str, entry: &Entry) -> Result<Vec<Site>> {
    let point = |text: &str| Columns::of_point(&text.split_whitespace().collect::<Vec<_>>());
    entry
        .value
        .split(',')
        .map(|text| point(text).or_else(|what| reader.wrong(name, entry.line, &what)))
        .collect()
}

fn region(reader: &mut Reader<'_>, entry: &Entry) -> Result<SiteList> {
    let points = points(reader, "region", entry)?;
    let mut corners: Vec<_> = points.iter().map(|point| point.place).collect();
    if corners.len() > 1 && corners.first() == corners.last() {
        corners.pop();
    }
    if corners.len() < 3 {
        let what = format!("a polygon has 3 points at least, not {}", corners.len());
        return reader.wrong("region", entry.line, &what);
    }
    let Some(spacing) = reader.optional_positive("region_grid_spacing")? else {
        return Err(reader.error("the parameter 'region_grid_spacing' is missing, and region needs it"));
    };
    Ok(SiteList::Region(corners, spacing, entry.line))
}

/// A site.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Site {
    /// Where it is.
    pub place: LonLat,
    /// How deep it is, in km; negative above the sea.
    pub depth: f64,
    /// The time-averaged shear-wave velocity of the upper 30 m, in m/s, if known.
    pub vs30: Option<f64>,
}

impl Site {
    /// One at the surface, of which no more is known.
    fn at(place: LonLat) -> Self {
        Self { place, depth: 0.0, vs30: None }
    }
}

/// Columns of site lists that `OpenQuake` has and that no model here asks for.
const UNUSED_COLUMNS: [&str; 18] = [
    "ampcode",
    "backarc",
    "bas",
    "custom_site_id",
    "ec8",
    "f0",
    "geology",
    "h800",
    "kappa0",
    "region",
    "site_id",
    "siteclass",
    "slope",
    "soiltype",
    "vs30measured",
    "xvf",
    "z1pt0",
    "z2pt5",
];

/// Between these depths, in km, there are sites; what is beyond is more likely a `vs30`.
const DEPTHS: RangeInclusive<f64> = -10.0..=15.0;

/// Reads the sites of a job, sorted by longitude and latitude.
///
/// # Errors
/// When the file is missing or malformed, there is no site, or one is there twice.
pub fn read(job: &Job) -> Result<Vec<Site>> {
    let (file, mut sites) = match &job.sites {
        SiteList::Inline(sites, line) => (&job.file, sites.iter().map(|&site| (site, *line)).collect()),
        SiteList::Csv(reference) => (&reference.path, read_csv(reference)?),
        SiteList::Region(corners, spacing, line) => {
            let grid = area::discretize(corners, *spacing);
            let grid = grid.map_err(|what| InputError::at(&job.file, *line, format!("region: {what}")))?;
            (&job.file, grid.into_iter().map(|place| (Site::at(place), *line)).collect())
        }
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
    depth: Option<usize>,
    vs30: Option<usize>,
}

impl Columns {
    /// Without a header there are a longitude, a latitude and, if there is a third column, a depth.
    fn without_header(fields: &[&str]) -> Result<Self, String> {
        match fields.len() {
            count @ (2 | 3) => {
                Ok(Self { count, lon: 0, lat: 1, depth: (count == 3).then_some(2), vs30: None })
            }
            count => Err(format!(
                "{count} columns need a header such as lon,lat,vs30; without, there are lon,lat or lon,lat,depth"
            )),
        }
    }

    /// Reads a point of a job.ini.
    fn of_point(words: &[&str]) -> Result<Site, String> {
        match Self::without_header(words) {
            Ok(columns) => columns.site(words),
            Err(_) => {
                Err(format!("'{}' is not a longitude, a latitude and perhaps a depth", words.join(" ")))
            }
        }
    }

    fn from_header(names: &[&str]) -> Result<Self, String> {
        let find = |wanted: &str| names.iter().position(|name| *name == wanted);
        let known =
            |name: &str| ["lon", "lat", "depth", "vs30"].contains(&name) || UNUSED_COLUMNS.contains(&name);
        for (index, name) in names.iter().enumerate() {
            if !known(name) {
                return Err(format!("unknown column '{name}'"));
            }
            if find(name) != Some(index) {
                return Err(format!("the column '{name}' is there twice"));
            }
        }
        let required = |name: &str| find(name).ok_or_else(|| format!("the column '{name}' is missing"));
        let (lon, lat) = (required("lon")?, required("lat")?);
        Ok(Self { count: names.len(), lon, lat, depth: find("depth"), vs30: find("vs30") })
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
        let depth = self.depth.map(number).transpose()?.unwrap_or_default();
        if !DEPTHS.contains(&depth) {
            let (highest, deepest) = (DEPTHS.start(), DEPTHS.end());
            return Err(format!("the depth {depth} km is not within {highest} and {deepest}"));
        }
        let vs30 = self.vs30.map(number).transpose()?;
        match vs30 {
            Some(vs30) if vs30 <= 0.0 => Err(format!("the vs30 {vs30} is not positive")),
            _ => Ok(Site { place, depth, vs30 }),
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

    use super::*;
    use crate::files::InputFiles;
    use crate::test_data::package_file;

    fn read_list(list: &str) -> Result<Vec<Site>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sites.csv");
        fs::write(path, list).unwrap();
        let reference =
            FileReference::new("sites.csv", &folder.path().join("job.ini"), 1, &InputFiles::default());
        Ok(read_csv(&reference)?.into_iter().map(|(site, _)| site).collect())
    }

    fn sites(list: &str) -> Vec<(f64, f64, Option<f64>)> {
        let sites = read_list(list).unwrap();
        sites.into_iter().map(|site| (site.place.lon, site.place.lat, site.vs30)).collect()
    }

    #[test]
    fn sites_may_have_a_depth_and_a_velocity_is_not_taken_for_one() {
        let depths = |list| -> Vec<_> { read_list(list).unwrap().iter().map(|site| site.depth).collect() };
        assert_eq!(depths("1,2,0.5\n3,4,-1\n"), [0.5, -1.0]);
        assert_eq!(depths("depth,lon,lat\n2,3,4\n"), [2.0]);
        let told = read_list("1,2,760\n").unwrap_err().to_string();
        assert!(told.ends_with("sites.csv:1: the depth 760 km is not within -10 and 15"), "{told}");
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
