"""Compares the dimension names in an exported HDF5 file, as h5py, netCDF4 and xarray see them, with a manifest (see
oracle.py), and follows every reference of a scale both ways."""

import warnings

import h5py
import netCDF4
import xarray

from oracle import Report, arguments


def in_h5py(report, file, key, names):
    dataset = file[key]
    if dataset.is_scale:
        return
    for axis, (dimension, name) in enumerate(zip(dataset.dims, names, strict=True)):
        scales = list(dimension.values())
        found = [scale.name.rpartition("/")[2] for scale in scales]
        if found != [name] * (name is not None):
            report.fault(key, f"h5py sees the scales {found} on axis {axis}, expected {name}")
        for scale in scales:
            if not h5py.h5ds.is_attached(dataset.id, scale.id, axis):
                report.fault(key, f"libhdf5 does not find axis {axis} in its scale")
            if scale.shape[0] != dataset.shape[axis]:
                report.fault(key, f"axis {axis} is of another length than its scale")


def same(found, names):
    """Whether the names are there; netCDF makes some up for axes without, or takes such of the same length."""
    return len(found) == len(names) and all(b is None or a == b for a, b in zip(found, names, strict=True))


def in_netcdf4(report, file, key, names):
    *groups, name = key.strip("/").split("/")
    group = file
    for part in groups:
        group = group[part]
    found = group.variables[name].dimensions
    if not same(found, names):
        report.fault(key, f"netCDF4 sees the dimensions {found}, expected {names}")


def in_xarray(report, path, engine, key, names):
    group, _, name = key.rpartition("/")
    options = {"phony_dims": "sort"} if engine == "h5netcdf" else {}
    with xarray.open_dataset(path, engine=engine, group=group or "/", **options) as dataset:
        found = dataset[name].dims
        if not same(found, names):
            report.fault(key, f"xarray by {engine} sees the dimensions {found}, expected {names}")
        unlabelled = {"level", "quantile", "step"} & set(dataset.variables)
        if unlabelled:
            report.fault(key, f"xarray by {engine} takes {unlabelled} for labels")


def main():
    path, nodes = arguments(__doc__, "file")
    warnings.simplefilter("ignore")
    report = Report()
    nodes = {key: node for key, node in nodes.items() if node["kind"] == "dataset"}
    with h5py.File(path, "r") as file:
        for key, node in nodes.items():
            with report.node(key):
                in_h5py(report, file, key, node["dimension_names"])
    with netCDF4.Dataset(path) as file:
        for key, node in nodes.items():
            with report.node(key):
                report.checked -= 1
                in_netcdf4(report, file, key, node["dimension_names"])
        if "/log" in nodes and not file.dimensions["step"].isunlimited():
            report.fault("/log", "netCDF4 sees no unlimited dimension")
    for engine in ("h5netcdf", "netcdf4"):
        for key, node in nodes.items():
            with report.node(key):
                report.checked -= 1
                in_xarray(report, path, engine, key, node["dimension_names"])
    report.finish()


main()
