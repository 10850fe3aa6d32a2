//! Faults of the logic trees and of the source model.

use super::{AREA, CSV, DEMO, FAULT, Fault, assert_complaints};

const SOURCE_TREE: &str = "ssmLT.xml";
const GSIM_TREE: &str = "gmmLT.xml";
const MODEL: &str = "source_model.xml";

const IN_LOGIC_TREES: &[Fault] = &[
    (
        DEMO,
        "job.ini",
        "ssmLT.xml",
        "ssm.xml",
        "job.ini:24: cannot read ssm.xml: No such file or directory (os error 2)",
    ),
    (
        DEMO,
        SOURCE_TREE,
        "source_model.xml",
        "model.xml",
        "ssmLT.xml:7: cannot read model.xml: No such file or directory (os error 2)",
    ),
    (
        DEMO,
        SOURCE_TREE,
        "</logicTree>",
        "",
        "ssmLT.xml:12: malformed XML: expected 'logicTree' tag, not 'nrml' at 12:1",
    ),
    (
        DEMO,
        SOURCE_TREE,
        "nrml/0.5",
        "nrml/0.4",
        "ssmLT.xml:2: {http://openquake.org/xmlns/nrml/0.4}nrml is not the root of NRML 0.5, \
             {http://openquake.org/xmlns/nrml/0.5}nrml",
    ),
    (
        DEMO,
        SOURCE_TREE,
        "\"sourceModel\"",
        "\"bGRRelative\"",
        "ssmLT.xml:5: logicTreeBranchSet: uncertaintyType 'bGRRelative' is not supported here, only \
             'sourceModel' is",
    ),
    (
        DEMO,
        SOURCE_TREE,
        "1.0<",
        "0.9<",
        "ssmLT.xml:5: logicTreeBranchSet: the probabilities add up to 0.9, not to 1",
    ),
    (
        DEMO,
        SOURCE_TREE,
        "</logicTree>",
        "<logicTreeBranchSet branchSetID='b' uncertaintyType='bGRRelative'/></logicTree>",
        "ssmLT.xml:11: logicTreeBranchSet: a second branch set, of 'bGRRelative', is not supported: there is one, of \
             'sourceModel'",
    ),
    (
        DEMO,
        SOURCE_TREE,
        "branchSetID",
        "applyToBranches='b1' branchSetID",
        "ssmLT.xml:5: logicTreeBranchSet: applyToBranches is not supported: branch sets apply to everything",
    ),
    (
        DEMO,
        SOURCE_TREE,
        "branchSetID",
        "applyToTectonicRegionType='Volcanic' branchSetID",
        "ssmLT.xml:5: logicTreeBranchSet: applyToTectonicRegionType is not supported for source models",
    ),
    (DEMO, GSIM_TREE, "\"b12\"", "\"b11\"", "gmmLT.xml:11: logicTreeBranch: branchID 'b11' is there twice"),
    (
        DEMO,
        GSIM_TREE,
        "<uncertaintyWeight>",
        "<uncertaintyWeight imt='PGA'>",
        "gmmLT.xml:9: uncertaintyWeight: a weight by intensity measure type is not supported",
    ),
    (
        DEMO,
        GSIM_TREE,
        "SadighEtAl1997",
        "SadighEtAl1998",
        "gmmLT.xml:8: uncertaintyModel: unknown ground-motion model 'SadighEtAl1998'; there are \
             BooreAtkinson2008, Campbell2003, SadighEtAl1997, ToroEtAl2002, YoungsEtAl1997SInter, \
             YoungsEtAl1997SInterNSHMP2008",
    ),
    (
        DEMO,
        GSIM_TREE,
        "SadighEtAl1997",
        "BooreAtkinson2008",
        "gmmLT.xml:12: uncertaintyModel: 'BooreAtkinson2008' is there twice for 'Active Shallow Crust'",
    ),
    (DEMO, GSIM_TREE, "0.5<", "-0.5<", "gmmLT.xml:5: logicTreeBranchSet: the probability -0.5 is negative"),
    (
        DEMO,
        GSIM_TREE,
        "\"Stable Continental Crust\"",
        "\"Volcanic\"",
        "gmmLT.xml: nothing for the tectonic region type 'Stable Continental Crust'",
    ),
    (DEMO, "job.ini", "\"PGA\"", "\"PGV\"", "gmmLT.xml:8: SadighEtAl1997 has no coefficients for PGV"),
    (
        DEMO,
        "job.ini",
        "reference_vs30_value = 800.0",
        "",
        "gmmLT.xml:8: SadighEtAl1997 needs vs30: give a column of the sites or reference_vs30_value",
    ),
    (
        DEMO,
        "source_model.xml",
        "maxMag=\"6.5\"",
        "maxMag=\"9.5\"",
        "gmmLT.xml:8: SadighEtAl1997 has no value for magnitude 9.25, only up to 8.5",
    ),
];

#[test]
fn faults_of_the_logic_trees_are_told() {
    assert_complaints(IN_LOGIC_TREES);
}

const IN_SOURCES: &[Fault] = &[
    (
        DEMO,
        MODEL,
        "<sourceModel",
        "<sourceModel <",
        "source_model.xml:4: malformed XML: invalid name token at 4:14",
    ),
    (
        DEMO,
        MODEL,
        "<pointSource id=\"p1\" name=\"p1\">",
        "<complexFaultSource/><pointSource>",
        "source_model.xml:6: complexFaultSource: unknown or unsupported source; there are pointSource, \
             areaSource and simpleFaultSource",
    ),
    (
        DEMO,
        MODEL,
        "tectonicRegion=\"Active Shallow Crust\"",
        "",
        "source_model.xml:5: sourceGroup: the attribute tectonicRegion is missing",
    ),
    (
        DEMO,
        MODEL,
        "<sourceGroup ",
        "<sourceGroup rup_interdep='mutex' ",
        "source_model.xml:5: sourceGroup: rup_interdep = 'mutex' is not supported",
    ),
    (
        DEMO,
        MODEL,
        "10.0 45.0",
        "10.0",
        "source_model.xml:8: pos: 1 numbers are no pairs of longitude and latitude",
    ),
    (
        DEMO,
        MODEL,
        "10.0 45.0",
        "10.0 95.0",
        "source_model.xml:8: pos: the latitude 95 is not within -90 and 90",
    ),
    (
        DEMO,
        MODEL,
        "<ruptAspectRatio>",
        "<hypoList/><ruptAspectRatio>",
        "source_model.xml:13: hypoList: not supported in pointSource",
    ),
    (
        DEMO,
        MODEL,
        "PointMSR",
        "Leonard2014",
        "source_model.xml:12: magScaleRel: 'Leonard2014' is not supported; there are PointMSR, PeerMSR \
             and WC1994",
    ),
    (
        DEMO,
        MODEL,
        "<ruptAspectRatio>1.0</ruptAspectRatio>",
        "",
        "source_model.xml:6: pointSource: there is no ruptAspectRatio in it",
    ),
    (
        DEMO,
        MODEL,
        "15<",
        "-15<",
        "source_model.xml:10: lowerSeismoDepth: upperSeismoDepth = 0 to -15 is not a range of depths \
             within 0 and 1000 km",
    ),
    (
        DEMO,
        MODEL,
        "aValue=\"3.0\"",
        "aValue=\"three\"",
        "source_model.xml:14: truncGutenbergRichterMFD: aValue: 'three' is not a number",
    ),
    (
        DEMO,
        MODEL,
        "maxMag=\"6.5\"",
        "maxMag=\"4.5\"",
        "source_model.xml:14: truncGutenbergRichterMFD: maxMag: 4.5 is not above minMag",
    ),
    (
        DEMO,
        MODEL,
        "<truncGutenbergRichterMFD",
        "<YoungsCoppersmithMFD",
        "source_model.xml:14: YoungsCoppersmithMFD: not supported; there are incrementalMFD and \
             truncGutenbergRichterMFD",
    ),
    (
        DEMO,
        MODEL,
        "<truncGutenbergRichterMFD aValue=\"3.0\" bValue=\"1.0\" minMag=\"5.0\" maxMag=\"6.5\"/>",
        "<incrementalMFD minMag=\"5.0\" binWidth=\"0.1\"><occurRates>0.1 \
             -0.1</occurRates></incrementalMFD>",
        "source_model.xml:14: occurRates: the rate -0.1 is negative",
    ),
    (
        DEMO,
        MODEL,
        "nodalPlane probability=\"1.0\"",
        "nodalPlane probability=\"0.7\"",
        "source_model.xml:15: nodalPlaneDist: the probabilities add up to 0.7, not to 1",
    ),
    (
        DEMO,
        MODEL,
        "dip=\"90\"",
        "dip=\"0\"",
        "source_model.xml:15: nodalPlane: dip: 0 is not above 0 and up to 90",
    ),
    (
        DEMO,
        MODEL,
        "depth=\"8.0\"",
        "depth=\"18.0\"",
        "source_model.xml:16: hypoDepth: depth: 18 is not within the seismogenic depths 0 and 15",
    ),
    (
        AREA,
        MODEL,
        "<gml:posList>",
        "<gml:posList>-122 38 -121 38</gml:posList><gml:posList>",
        "source_model.xml:8: posList: there is a second one in LinearRing",
    ),
    (
        AREA,
        "job.ini",
        "discretization = 2",
        "discretization = 0.02",
        "source_model.xml:8: posList: a grid of 0.02 km makes 1.0e8 points; at most 1e7 are allowed",
    ),
    (
        CSV,
        MODEL,
        "9.60 45.60 10.40 45.90 10.80 45.55 10.30 45.40",
        "9 45 10 46 9 45",
        "source_model.xml:8: posList: a polygon has 3 points at least, not 2",
    ),
    (
        DEMO,
        MODEL,
        "aValue=\"3.0\"",
        "aValue=\"400\"",
        "source_model.xml:14: truncGutenbergRichterMFD: magnitude 5.25 at a rate of NaN does not happen",
    ),
    (
        DEMO,
        MODEL,
        "minMag=\"5.0\" maxMag=\"6.5\"",
        "minMag=\"5.0\" maxMag=\"600\"",
        "source_model.xml:14: truncGutenbergRichterMFD: magnitude 11.25 at a rate of 6.837722339831621e-9 does \
             not happen",
    ),
    (
        DEMO,
        MODEL,
        ">1.0<",
        ">1e300<",
        "source_model.xml:13: ruptAspectRatio: 1e300 is not the length over the width of any rupture",
    ),
    (
        DEMO,
        "job.ini",
        "width_of_mfd_bin = 0.5",
        "width_of_mfd_bin = 1e-5",
        "source_model.xml:14: truncGutenbergRichterMFD: bins of width_of_mfd_bin = 1e-5 are 1.5e5; \
             at most 10000 are allowed",
    ),
];

#[test]
fn faults_of_the_source_model_are_told() {
    assert_complaints(IN_SOURCES);
}

const IN_FAULTS: &[Fault] = &[
    (
        FAULT,
        "job.ini",
        "rupture_mesh_spacing = 1.0",
        "",
        "job.ini: the parameter 'rupture_mesh_spacing' is missing, and simpleFaultGeometry in \
             source_model.xml:7 needs it",
    ),
    (
        FAULT,
        "job.ini",
        "rupture_mesh_spacing = 1.0",
        "rupture_mesh_spacing = 25.1",
        "source_model.xml:7: simpleFaultGeometry: a mesh with a spacing of 25.1 km is too coarse for it",
    ),
    (
        FAULT,
        "job.ini",
        "rupture_mesh_spacing = 1.0",
        "rupture_mesh_spacing = 0.0001",
        "source_model.xml:7: simpleFaultGeometry: a mesh of 0.0001 km has 3.0e10 nodes; at most 1e7 are allowed",
    ),
    (
        FAULT,
        MODEL,
        "minMag=\"6.5\"",
        "minMag=\"3.5\"",
        "source_model.xml:6: simpleFaultSource: a mesh with a spacing of 1 km is too coarse for ruptures of \
             magnitude 3.5",
    ),
    (
        FAULT,
        MODEL,
        "-122.0 38.0 -122.0 38.2248",
        "-122.0 38.0",
        "source_model.xml:8: posList: a trace leads from one point to another",
    ),
    (
        FAULT,
        MODEL,
        "-122.0 38.0 -122.0 38.2248",
        "-122.0 38.0 58.0 38.2248",
        "source_model.xml:7: simpleFaultGeometry: a trace cannot be so wide: it spans 180 degrees of longitude \
             or more",
    ),
    (FAULT, MODEL, "<dip>90</dip>", "<dip>0</dip>", "source_model.xml:9: dip: 0 is not above 0 and up to 90"),
    (
        FAULT,
        MODEL,
        "<rake>0</rake>",
        "<rake>190</rake>",
        "source_model.xml:16: rake: 190 is not within -180 and 180",
    ),
    (
        FAULT,
        MODEL,
        "<rake>0</rake>",
        "<rake>0</rake><hypoList/>",
        "source_model.xml:16: hypoList: not supported in simpleFaultSource",
    ),
];

#[test]
fn faults_of_faults_are_told() {
    assert_complaints(IN_FAULTS);
}
