//! Faults of the job.ini and of the list of sites.

use super::{AREA, CSV, DEMO, Fault, assert_complaints};

const JOB: &str = "job.ini";
const LIST: &str = "site_model.csv";

const IN_PARAMETERS: &[Fault] = &[
    (DEMO, JOB, "[general]", "[general", "job.ini:1: '[general' is not a section: it should read [name]"),
    (
        DEMO,
        JOB,
        "random_seed = 23",
        "random seed",
        "job.ini:4: 'random seed' is neither '[section]' nor 'name = value'",
    ),
    (DEMO, JOB, "random_seed", "random_sed", "job.ini:4: warning: unknown parameter 'random_sed' is ignored"),
    (
        DEMO,
        JOB,
        "mean = true",
        "Individual_rlzs = 1",
        "job.ini:35: 'individual_rlzs' is given twice, first in line 34",
    ),
    (
        DEMO,
        JOB,
        "= classical",
        "= event_based",
        "job.ini:3: calculation_mode: 'event_based' is not supported, only 'classical' is",
    ),
    (DEMO, JOB, "calculation_mode = classical", "", "job.ini: the parameter 'calculation_mode' is missing"),
    (
        DEMO,
        JOB,
        "samples = 0",
        "samples = 10",
        "job.ini:10: number_of_logic_tree_samples: '10' is not supported, only 0 is: every path of the logic trees is \
             followed",
    ),
    (DEMO, JOB, "investigation_time = 50.0", "", "job.ini: the parameter 'investigation_time' is missing"),
    (
        DEMO,
        JOB,
        "investigation_time = 50.0",
        "investigation_time = fifty",
        "job.ini:26: investigation_time: 'fifty' is not a number",
    ),
    (
        DEMO,
        JOB,
        "investigation_time = 50.0",
        "investigation_time = -1",
        "job.ini:26: investigation_time: -1 is not positive",
    ),
    (
        DEMO,
        JOB,
        "investigation_time = 50.0",
        "investigation_time = inf",
        "job.ini:26: investigation_time: 'inf' is not a number",
    ),
    (
        DEMO,
        JOB,
        "truncation_level = 3",
        "truncation_level = -3",
        "job.ini:28: truncation_level: -3 is negative",
    ),
    (
        DEMO,
        JOB,
        "maximum_distance = 1000",
        "maximum_distance = [(5, 50)]",
        "job.ini:29: maximum_distance: only one number, or one per tectonic region type, is supported",
    ),
    (
        DEMO,
        JOB,
        "maximum_distance = 1000",
        "maximum_distance = 0",
        "job.ini:29: maximum_distance: 0 is not positive",
    ),
    (
        DEMO,
        JOB,
        "maximum_distance = 1000",
        "maximum_distance = {'Active Shallow Crust': 300}",
        "job.ini: maximum_distance has nothing for the tectonic region type 'Stable Continental Crust'",
    ),
    (
        DEMO,
        JOB,
        "{\"PGA\"",
        "{\"PGX\"",
        "job.ini:27: intensity_measure_types_and_levels: unsupported intensity measure type 'PGX'",
    ),
    (
        DEMO,
        JOB,
        "0.016681",
        "0.001",
        "job.ini:27: intensity_measure_types_and_levels: the levels of PGA are not a list of rising \
             positive numbers",
    ),
    (DEMO, JOB, "1.0]}", "1.0}", "job.ini:27: intensity_measure_types_and_levels: expected ']', found '}'"),
    (
        DEMO,
        JOB,
        "1.0]}",
        "1.0],\n  'SA(.1)': [x]}",
        "job.ini:28: intensity_measure_types_and_levels: 'x' is not a number",
    ),
    (
        DEMO,
        JOB,
        "1.0]}",
        "1.0], 'SA(1)': [1], 'SA(1.0)': [1]}",
        "job.ini:27: intensity_measure_types_and_levels: SA(1.0) is given twice",
    ),
    (
        DEMO,
        JOB,
        "width_of_mfd_bin = 0.5",
        "",
        "job.ini: the parameter 'width_of_mfd_bin' is missing, and truncGutenbergRichterMFD in \
             source_model.xml:14 needs it",
    ),
    (
        AREA,
        JOB,
        "area_source_discretization = 2",
        "",
        "job.ini: the parameter 'area_source_discretization' is missing, and areaGeometry in \
             source_model.xml:7 needs it",
    ),
];

#[test]
fn faults_of_the_job_ini_are_told() {
    assert_complaints(IN_PARAMETERS);
}

const IN_SITES: &[Fault] = &[
    (
        DEMO,
        JOB,
        "sites = 10.1 45.05, 10.4 45.2",
        "",
        "job.ini: there are no sites: one of the parameters 'sites', 'sites_csv', 'site_model_file' \
             and 'region' is needed",
    ),
    (
        DEMO,
        JOB,
        "sites = 10.1",
        "sites_csv = a.csv\nsites = 10.1",
        "job.ini:7: sites_csv: sites are already given by 'sites'",
    ),
    (
        DEMO,
        JOB,
        "10.4 45.2",
        "10.4 45.2 0 0",
        "job.ini:7: sites: '10.4 45.2 0 0' is not a longitude, a latitude and perhaps a depth",
    ),
    (
        DEMO,
        JOB,
        "10.4 45.2",
        "190.4 45.2",
        "job.ini:7: sites: the longitude 190.4 is not within -180 and 180",
    ),
    (DEMO, JOB, "10.4 45.2", "10.4 -90.2", "job.ini:7: sites: the latitude -90.2 is not within -90 and 90"),
    (DEMO, JOB, "10.4 45.2", "10.1 45.05", "job.ini:7: the site 10.1 45.05 is given twice"),
    (
        CSV,
        JOB,
        "site_model.csv",
        "sites.csv",
        "job.ini:7: cannot read sites.csv: No such file or directory (os error 2)",
    ),
    (
        DEMO,
        JOB,
        "sites = 10.1 45.05, 10.4 45.2",
        "region = 10 45, 11 45, 10 46",
        "job.ini: the parameter 'region_grid_spacing' is missing, and region needs it",
    ),
    (
        DEMO,
        JOB,
        "sites = 10.1 45.05, 10.4 45.2",
        "region = 10 45, 11 45, 10 45",
        "job.ini:7: region: a polygon has 3 points at least, not 2",
    ),
    (
        DEMO,
        JOB,
        "sites = 10.1 45.05, 10.4 45.2",
        "region_grid_spacing = 900\nregion = 10 45, 11 45, 11 46",
        "job.ini:8: region: no point of the 900 km grid is inside the polygon",
    ),
    (CSV, LIST, "vs30,", "vs31,", "site_model.csv:1: unknown column 'vs31'"),
    (CSV, LIST, "vs30measured", "vs30", "site_model.csv:1: the column 'vs30' is there twice"),
    (
        CSV,
        LIST,
        "lon,lat,vs30,vs30measured\n",
        "",
        "site_model.csv:1: 4 columns need a header such as lon,lat,vs30; without, there are lon,lat or \
             lon,lat,depth",
    ),
    (CSV, LIST, "300.0,1", "300.0", "site_model.csv:3: 3 values, where 4 columns are"),
    (CSV, LIST, "300.0", "-300", "site_model.csv:3: the vs30 -300 is not positive"),
    (CSV, LIST, "45.30", "", "site_model.csv:3: '' is not a number"),
    (CSV, LIST, "10.35,45.30", "10.20,45.05", "site_model.csv:3: the site 10.2 45.05 is given twice"),
];

#[test]
fn faults_of_the_sites_are_told() {
    assert_complaints(IN_SITES);
}

const IN_OUTPUTS: &[Fault] = &[
    (
        DEMO,
        JOB,
        "mean = true",
        "minimum_magnitude = 5",
        "job.ini:35: minimum_magnitude: not supported, and the curves would not be the same without it",
    ),
    (
        DEMO,
        JOB,
        "quantiles = 0.15",
        "quantile_hazard_curves = 0.1\nquantiles = 0.15",
        "job.ini:36: quantile_hazard_curves: 'quantiles', its other name, is given too",
    ),
    (
        DEMO,
        JOB,
        "quantiles = 0.15",
        "quantiles = 1.5",
        "job.ini:36: quantiles: '1.5' is not a probability between 0 and 1",
    ),
    (DEMO, JOB, "quantiles = 0.15", "quantiles = 0.5", "job.ini:36: quantiles: 0.5 is given twice"),
    (DEMO, JOB, "mean = true", "mean = sure", "job.ini:35: mean: 'sure' is neither true nor false"),
    (DEMO, JOB, "poes = 0.1 0.02", "", "job.ini: the parameter 'poes' is missing, and hazard_maps needs it"),
    (
        DEMO,
        JOB,
        "mean = true\nquantiles = 0.15 0.5 0.85",
        "mean = false",
        "job.ini: hazard_maps are made of mean or quantile curves, and there are none",
    ),
    (
        DEMO,
        JOB,
        "hazard_maps = true",
        "hazard_maps = false\nfoo = 1",
        "job.ini:37: warning: poes is of no use without 'hazard_maps = true' or 'uniform_hazard_spectra = true'; \
             job.ini:39: warning: unknown parameter 'foo' is ignored",
    ),
];

#[test]
fn faults_of_the_wanted_outputs_are_told() {
    assert_complaints(IN_OUTPUTS);
}
