"""Reads a store's output.zarr with GDAL and compares every array with a manifest. Needs GDAL 3.13 with numpy."""

import contextlib
import json

import numpy as np
from osgeo import gdal

from oracle import Report, arguments, difference
from zarr_view import zarr_nodes

gdal.UseExceptions()
# Longer text is cut off, with a warning.
gdal.SetConfigOption("ZARR_VLEN_STRING_MAX_LENGTH", "100000")

# What GDAL has no type for, and gives as another one.
AS_BYTES = {"bool": "uint8"}


def obstacle(array, fill_value):
    """Why GDAL cannot read an array; None: it can."""
    if 0 in array["shape"]:
        return "an axis of length zero"
    if array["data_type"] == "float16" and str(fill_value).startswith("0x"):
        return "the bits of a float16 as fill value"
    if array["data_type"] == "uint64" and fill_value >= 2**63:
        return "a fill value that is no int64"
    return None


@contextlib.contextmanager
def warnings_are_faults(report, key):
    """What GDAL would print as warning is a fault of the node."""

    def heard(severity, _, message):
        if severity == gdal.CE_Warning:
            report.fault(key, f"warning: {message}")

    gdal.PushErrorHandler(heard)
    try:
        yield
    finally:
        gdal.PopErrorHandler()


def values_of(array, opened):
    """The elements as numpy array."""
    if array["data_type"] == "string":
        return np.array(opened.Read(), object).reshape(array["shape"])
    return np.asarray(opened.ReadAsArray()).reshape([d.GetSize() for d in opened.GetDimensions()])


def main():
    store, nodes = arguments(__doc__, "store")
    report = Report()
    root = gdal.OpenEx(str(store), gdal.OF_MULTIDIM_RASTER, allowed_drivers=["Zarr"]).GetRootGroup()
    for key, node in sorted(zarr_nodes(nodes).items()):
        if not node["array"]:
            continue
        array = dict(node["array"])
        fill_value = json.loads((store / key[1:] / "zarr.json").read_text("utf-8"))["fill_value"]
        if why := obstacle(array, fill_value):
            report.skip(key, why)
            continue
        array["data_type"] = AS_BYTES.get(array["data_type"], array["data_type"])
        with report.node(key), warnings_are_faults(report, key):
            opened = root.OpenMDArrayFromFullname(key)
            report.check(key, "values", difference(values_of(array, opened), array))
            names = node["dimension_names"]
            if names is not None and (seen := [d.GetName() for d in opened.GetDimensions()]) != names:
                report.fault(key, f"dimension names {seen}, expected {names}")
    report.finish()


main()
