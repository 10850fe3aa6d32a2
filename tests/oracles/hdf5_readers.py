"""Reads every dataset of an exported HDF5 file with netCDF4, pyfive, and xarray by h5netcdf.

What a reader cannot read is in LIMITS, and then must be unreadable: when a new version reads more, this fails, and the
table becomes shorter. All else must be equal to the manifest (see oracle.py) bit by bit.
"""

import functools
import warnings

import netCDF4
import numpy as np
import pyfive
import xarray

from oracle import Report, arguments, as_array, difference

COMPLEX = ("complex64", "complex128")


def is_sparse(key):
    return "/sparse" in key


# Why a reader cannot read a dataset, which it is told by its key and manifest; None where it can.
LIMITS = {
    "netCDF4": lambda key, node: (
        "netCDF has no enumerations without a name" if node["data_type"] == "bool"
        else "netCDF has no compounds without a name" if node["data_type"] in COMPLEX
        else None
    ),
    "pyfive": lambda key, node: (
        "a chunk that was never written" if is_sparse(key)
        else "text in a chunk that reaches beyond the shape" if key == "/string/grown twice"
        else None
    ),
    "h5netcdf": lambda key, node: None,
}


def in_netcdf4(path):
    file = netCDF4.Dataset(path)
    file.set_auto_maskandscale(False)

    def read(key):
        *groups, name = key.strip("/").split("/")
        group = file
        for part in groups:
            group = group[part]
        return group.variables[name][...]

    return read


def in_pyfive(path):
    file = pyfive.File(path)

    def read(key):
        values = as_array(file[key][()])
        # It gives an enumeration as its integers.
        return values.astype(bool) if values.dtype == np.int8 and "bool" in key else values

    return read


def in_h5netcdf(path):
    opened = functools.cache(
        lambda group: xarray.open_dataset(
            path, engine="h5netcdf", group=group, phony_dims="sort", decode_cf=False
        )
    )

    def read(key):
        group, _, name = key.rpartition("/")
        return opened(group)[name].values

    return read


READERS = {"netCDF4": in_netcdf4, "pyfive": in_pyfive, "h5netcdf": in_h5netcdf}


def main():
    path, nodes = arguments(__doc__, "file")
    warnings.simplefilter("ignore")
    report = Report()
    for reader, open_file in READERS.items():
        read = open_file(path)
        for key, node in nodes.items():
            if node["kind"] != "dataset":
                continue
            report.checked += 1
            try:
                wrong = difference(as_array(read(key)), node, widen_half=True)
            except Exception as error:
                wrong = f"{type(error).__name__}: {error}"
            limit = LIMITS[reader](key, node)
            if limit is not None and wrong is not None:
                report.skip(key, f"{reader}: {limit}")
            elif limit is not None:
                report.fault(key, f"{reader} reads it now: {limit}")
            elif wrong is not None:
                report.fault(key, f"{reader}: {wrong}")
    report.finish()


main()
