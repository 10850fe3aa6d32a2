#!/usr/bin/env python3
"""Compares hazard curves in an exported HDF5 file with reference curves, through h5py.

usage: curves_read.py FILE CURVES.csv

CURVES.csv has a row for each trt_id, gsim, imt, site and level, with the probability in `poe_float64`. A value
is right within 1e-8 relative for models of rupture distance; those of Joyner-Boore distance are compared within
1e-2 relative or 2e-4 absolute, because the reference outlines ruptures roughly. Prints a summary as JSON.
"""

import csv
import itertools
import json
import math
import sys

import h5py

ROUGH = {"BooreAtkinson2008", "ToroEtAl2002"}


def is_close(found, row):
    expected = float(row["poe_float64"])
    if row["gsim"] in ROUGH:
        return math.isclose(found, expected, rel_tol=1e-2, abs_tol=2e-4)
    return math.isclose(found, expected, rel_tol=1e-8, abs_tol=3e-16)


def main():
    path, reference = sys.argv[1:]
    checked, faults = 0, []
    with h5py.File(path, "r") as file, open(reference, newline="") as rows:
        curve = lambda row: tuple(row[name] for name in ("trt_id", "gsim", "imt", "site"))
        for (trt_id, gsim, imt, site), levels in itertools.groupby(csv.DictReader(rows), curve):
            found = file[f"/{trt_id}/{gsim}"][imt][int(site)]
            imls = file[f"/imtls/{imt}"][()]
            for level, row in enumerate(levels):
                checked += 1
                if imls[level] != float(row["iml"]) or not is_close(found[level], row):
                    faults.append({"key": f"/{trt_id}/{gsim}", "what": f"{row}: found {found[level]!r}"})
    print(json.dumps({"checked": checked, "faults": faults}))
    sys.exit(1 if faults or not checked else 0)


main()
