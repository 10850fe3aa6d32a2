//! Source models.

use crate::area;
use crate::error::{InputError, Result};
use crate::fault::SimpleFault;
use crate::files::FileReference;
use crate::floating::FaultSource;
use crate::geometry::LonLat;
use crate::job::{Job, checked_place};
use crate::mfd::{MagnitudeRate, TruncatedGutenbergRichter, incremental};
use crate::rupture::{NodalPlane, Seismogenic};
use crate::scaling::MagnitudeScaling;
use crate::source::{PointSource, Source, Weighted};
use crate::xml::{Element, NrmlFile, check_probabilities};

/// More points than this in all area sources are a slip of the pen.
const MOST_PLACES: usize = 10_000_000;

/// More ruptures than this in one place, and in all, are too.
const MOST_RUPTURES_IN_PLACE: usize = 1_000_000;
const MOST_RUPTURES: u64 = 10_000_000_000;

/// The largest earthquake known had magnitude 9.5; formulae that go much further give numbers without sense.
const LARGEST_MAGNITUDE: f64 = 11.0;

/// The deepest earthquake known was at about 700 km.
const DEEPEST: f64 = 1000.0;

/// How much longer than wide, or wider than long, ruptures can be.
const MOST_ELONGATED: f64 = 1000.0;

/// Gathers sources from the files of a source model.
pub struct SourceModelReader<'a> {
    job: &'a Job,
    places: usize,
    ruptures: u64,
    /// The sources by tectonic region type, in order of appearance.
    pub sources_by_region: Vec<(String, Vec<Source>)>,
}

impl<'a> SourceModelReader<'a> {
    /// Begins with none.
    pub fn new(job: &'a Job) -> Self {
        Self { job, places: 0, ruptures: 0, sources_by_region: Vec::new() }
    }

    /// Adds the sources of a file.
    ///
    /// # Errors
    /// When it is missing, malformed, or holds something that is not supported.
    pub fn read(&mut self, file: &FileReference) -> Result<()> {
        let text = file.read()?;
        let nrml = NrmlFile::parse(&file.path, &text)?;
        for group in nrml.root().child("sourceModel")?.all("sourceGroup")? {
            self.group(group)?;
        }
        Ok(())
    }

    fn group(&mut self, group: Element<'_>) -> Result<()> {
        for name in ["src_interdep", "rup_interdep", "grp_probability"] {
            if let Some(value) = group.optional(name).filter(|value| *value != "indep") {
                return Err(group.error(format!("{name} = '{value}' is not supported")));
            }
        }
        let region = group.attribute("tectonicRegion")?;
        let mut sources = Vec::new();
        for element in group.children() {
            if let Some(other) = element.optional("tectonicRegion").filter(|other| *other != region) {
                return Err(element.error(format!("tectonicRegion '{other}' in a group of '{region}'")));
            }
            let source = self.source(element)?;
            self.check_size(&source).map_err(|what| element.error(what))?;
            sources.push(source);
        }
        if sources.is_empty() {
            return Err(group.error("there is no source in it"));
        }
        match self.sources_by_region.iter_mut().find(|(name, _)| name == region) {
            Some((_, earlier)) => earlier.extend(sources),
            None => self.sources_by_region.push((region.into(), sources)),
        }
        Ok(())
    }

    fn check_size(&mut self, source: &Source) -> Result<(), String> {
        if let Source::Points(points) = source {
            let in_place = points.ruptures_per_place();
            if in_place > MOST_RUPTURES_IN_PLACE {
                return Err(format!(
                    "{in_place} ruptures in one place; at most {MOST_RUPTURES_IN_PLACE} are allowed"
                ));
            }
            self.places += points.places.len();
        }
        self.ruptures = self.ruptures.saturating_add(source.ruptures() as u64);
        if self.places > MOST_PLACES || self.ruptures > MOST_RUPTURES {
            let (places, ruptures) = (self.places, self.ruptures);
            return Err(format!(
                "the sources have {places} points with {ruptures} ruptures by now: too many"
            ));
        }
        Ok(())
    }

    fn source(&self, element: Element<'_>) -> Result<Source> {
        let (geometry, places) = match element.name() {
            "pointSource" => {
                let geometry = element.child("pointGeometry")?;
                (geometry, point(geometry)?)
            }
            "areaSource" => {
                let geometry = element.child("areaGeometry")?;
                (geometry, self.area(geometry)?)
            }
            "simpleFaultSource" => return self.fault(element).map(Source::Fault),
            _ => {
                return Err(element.error(
                    "unknown or unsupported source; there are pointSource, areaSource and simpleFaultSource",
                ));
            }
        };
        refuse_unknown_parts(element, &[geometry.name(), "nodalPlaneDist", "hypoDepthDist"])?;
        let layer = layer(geometry, element.child("ruptAspectRatio")?)?;
        Ok(Source::Points(PointSource {
            places,
            rates: self.rates(element)?,
            scaling: scaling(element.child("magScaleRel")?)?,
            layer,
            planes: planes(element.child("nodalPlaneDist")?)?,
            depths: depths(element.child("hypoDepthDist")?, layer)?,
        }))
    }

    fn fault(&self, element: Element<'_>) -> Result<FaultSource> {
        let geometry = element.child("simpleFaultGeometry")?;
        refuse_unknown_parts(element, &[geometry.name(), "rake"])?;
        let line = geometry.child("LineString")?.child("posList")?;
        let mut trace = places(line)?;
        trace.dedup();
        if trace.len() < 2 || trace.first() == trace.last() {
            return Err(line.error("a trace leads from one point to another"));
        }
        let Seismogenic { upper, lower, aspect_ratio } = layer(geometry, element.child("ruptAspectRatio")?)?;
        let (dip, rake) = (geometry.child("dip")?, element.child("rake")?);
        let dip = dip.single_number_where("above 0 and up to 90", is_dip)?;
        let rake = rake.single_number_where("within -180 and 180", is_rake)?;
        let Some(spacing) = self.job.parameters.rupture_mesh_spacing else {
            return Err(self.missing("rupture_mesh_spacing", geometry));
        };
        let mesh =
            SimpleFault { trace, dip, upper, lower }.mesh(spacing).map_err(|what| geometry.error(what))?;
        let shape = (scaling(element.child("magScaleRel")?)?, aspect_ratio);
        FaultSource::new(mesh, &self.rates(element)?, shape, rake).map_err(|what| element.error(what))
    }

    fn area(&self, geometry: Element<'_>) -> Result<Vec<LonLat>> {
        let ring = geometry.child("Polygon")?.all("exterior")?[0].child("LinearRing")?.child("posList")?;
        let mut polygon = places(ring)?;
        // Some close the ring by repeating the first point.
        if polygon.len() > 1 && polygon.first() == polygon.last() {
            polygon.pop();
        }
        if polygon.len() < 3 {
            return Err(ring.error(format!("a polygon has 3 points at least, not {}", polygon.len())));
        }
        let Some(spacing) = self.job.parameters.area_source_discretization else {
            return Err(self.missing("area_source_discretization", geometry));
        };
        area::discretize(&polygon, spacing).map_err(|what| ring.error(what))
    }

    fn missing(&self, parameter: &str, element: Element<'_>) -> InputError {
        let (name, file, line) = (element.name(), element.file().display(), element.line());
        let message = format!("the parameter '{parameter}' is missing, and {name} in {file}:{line} needs it");
        InputError::of(&self.job.file, message)
    }

    fn rates(&self, source: Element<'_>) -> Result<Vec<MagnitudeRate>> {
        let mut found = source.children().filter(|child| child.name().ends_with("MFD"));
        let (Some(mfd), None) = (found.next(), found.next()) else {
            return Err(source.error("there is not one magnitude-frequency distribution (…MFD) in it"));
        };
        let rates = match mfd.name() {
            "incrementalMFD" => listed_rates(mfd)?,
            "truncGutenbergRichterMFD" => {
                let Some(width) = self.job.parameters.width_of_mfd_bin else {
                    return Err(self.missing("width_of_mfd_bin", mfd));
                };
                gutenberg_richter(mfd)?.bins(width).map_err(|what| mfd.error(what))?
            }
            _ => {
                return Err(mfd.error("not supported; there are incrementalMFD and truncGutenbergRichterMFD"));
            }
        };
        match rates.iter().find(|bin| bin.magnitude > LARGEST_MAGNITUDE || !bin.rate.is_finite()) {
            Some(MagnitudeRate { magnitude, rate }) => {
                Err(mfd.error(format!("magnitude {magnitude} at a rate of {rate:?} does not happen")))
            }
            None => Ok(rates),
        }
    }
}

/// Refuses what would change the hazard if it were understood.
fn refuse_unknown_parts(source: Element<'_>, own: &[&str]) -> Result<()> {
    let known = |name: &str| {
        own.contains(&name) || ["magScaleRel", "ruptAspectRatio"].contains(&name) || name.ends_with("MFD")
    };
    match source.children().find(|part| !known(part.name())) {
        Some(part) => Err(part.error(format!("not supported in {}", source.name()))),
        None => Ok(()),
    }
}

fn listed_rates(mfd: Element<'_>) -> Result<Vec<MagnitudeRate>> {
    let first = mfd.number_where("minMag", "positive", |m| m > 0.0)?;
    let width = mfd.number_where("binWidth", "positive", |width| width > 0.0)?;
    let element = mfd.child("occurRates")?;
    let rates = element.numbers()?;
    match rates.iter().find(|rate| **rate < 0.0) {
        Some(rate) => Err(element.error(format!("the rate {rate} is negative"))),
        None if rates.is_empty() => Err(element.error("there is no rate in it")),
        None => Ok(incremental(first, width, &rates)),
    }
}

fn gutenberg_richter(mfd: Element<'_>) -> Result<TruncatedGutenbergRichter> {
    let smallest = mfd.number_where("minMag", "positive", |m| m > 0.0)?;
    Ok(TruncatedGutenbergRichter {
        a: mfd.number("aValue")?,
        b: mfd.number_where("bValue", "positive", |b| b > 0.0)?,
        smallest,
        largest: mfd.number_where("maxMag", "above minMag", |m| m > smallest)?,
    })
}

fn scaling(element: Element<'_>) -> Result<MagnitudeScaling> {
    MagnitudeScaling::by_name(element.text()).ok_or_else(|| {
        element
            .error(format!("'{}' is not supported; there are PointMSR, PeerMSR and WC1994", element.text()))
    })
}

fn layer(geometry: Element<'_>, aspect: Element<'_>) -> Result<Seismogenic> {
    let upper = geometry.child("upperSeismoDepth")?.single_number()?;
    let lower_element = geometry.child("lowerSeismoDepth")?;
    let lower = lower_element.single_number()?;
    if upper < 0.0 || lower <= upper || lower > DEEPEST {
        let what = format!(
            "upperSeismoDepth = {upper} to {lower} is not a range of depths within 0 and {DEEPEST} km"
        );
        return Err(lower_element.error(what));
    }
    let aspect_ratio = aspect.single_number()?;
    if !(1.0 / MOST_ELONGATED..=MOST_ELONGATED).contains(&aspect_ratio) {
        return Err(aspect.error(format!("{aspect_ratio:?} is not the length over the width of any rupture")));
    }
    Ok(Seismogenic { upper, lower, aspect_ratio })
}

fn point(geometry: Element<'_>) -> Result<Vec<LonLat>> {
    let position = geometry.child("Point")?.child("pos")?;
    let found = places(position)?;
    if found.len() == 1 { Ok(found) } else { Err(position.error("it is not one point")) }
}

/// Gives the points of alternating longitudes and latitudes.
fn places(list: Element<'_>) -> Result<Vec<LonLat>> {
    let numbers = list.numbers()?;
    if numbers.len() % 2 == 1 {
        return Err(list.error(format!("{} numbers are no pairs of longitude and latitude", numbers.len())));
    }
    let place = |pair: &[f64]| checked_place(pair[0], pair[1]).map_err(|what| list.error(what));
    numbers.chunks_exact(2).map(place).collect()
}

fn planes(distribution: Element<'_>) -> Result<Vec<Weighted<NodalPlane>>> {
    weighted(distribution, "nodalPlane", |plane| {
        Ok(NodalPlane {
            strike: plane
                .number_where("strike", "within 0 and 360", |strike| (0.0..=360.0).contains(&strike))?,
            dip: plane.number_where("dip", "above 0 and up to 90", is_dip)?,
            rake: plane.number_where("rake", "within -180 and 180", is_rake)?,
        })
    })
}

fn is_dip(dip: f64) -> bool {
    dip > 0.0 && dip <= 90.0
}

fn is_rake(rake: f64) -> bool {
    (-180.0..=180.0).contains(&rake)
}

fn depths(distribution: Element<'_>, layer: Seismogenic) -> Result<Vec<Weighted<f64>>> {
    let within = |depth: f64| (layer.upper..=layer.lower).contains(&depth);
    let meaning = format!("within the seismogenic depths {} and {}", layer.upper, layer.lower);
    weighted(distribution, "hypoDepth", |depth| depth.number_where("depth", &meaning, within))
}

/// Gives the items of a distribution, whose probabilities must add up to one.
fn weighted<T>(
    distribution: Element<'_>,
    name: &str,
    item: impl Fn(Element<'_>) -> Result<T>,
) -> Result<Vec<Weighted<T>>> {
    let mut items = Vec::new();
    for element in distribution.all(name)? {
        items.push(Weighted { probability: element.number("probability")?, value: item(element)? });
    }
    check_probabilities(distribution, items.iter().map(|item| item.probability))?;
    Ok(items)
}
