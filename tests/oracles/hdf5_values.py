"""Compares the values of all datasets of an exported HDF5 file, as h5py reads them, with a manifest (see oracle.py)."""

import h5py
import numpy as np

from oracle import Report, arguments, difference


def main():
    path, nodes = arguments(__doc__, "file")
    report = Report()
    with h5py.File(path, "r") as file:
        for key, node in nodes.items():
            if node["kind"] == "dataset":
                with report.node(key):
                    report.check(key, "values", difference(np.asarray(file[key][()]), node))
    report.finish()


main()
