#!/usr/bin/env python3
"""Times h5py at the workload "curves": 10,000 datasets of 100 x 20 float64, written, listed and read back.

usage: curves_h5py.py DIRECTORY [--arrays N] [--rounds N] [--keep]

DIRECTORY lies in the file system to be measured. For each round one line of JSON: seconds of the phases
`write`, `list` and `read`, and the bytes of the file. Making the numbers is not timed; every file is closed,
none is forced to disk. The benchmark of this crate makes the same numbers under the same keys, so that
rounds of both can take turns.
Needs h5py: `target/oracles/venv/bin/python` has it once tests/run has been run.
"""

import argparse
import contextlib
import json
import math
import pathlib
import sys
import tempfile
import time

import h5py
import numpy as np

SITES, LEVELS, DISTINCT = 100, 20, 16
PER_GROUP = 100


def curves_like(sites, levels, seed):
    """Probabilities as of hazard curves: smooth, falling along each row, no two rows alike."""
    intensities = np.geomspace(0.005, 2.13, levels)
    row = np.arange(sites, dtype=np.float64) + seed * 7919
    rate = 1e-3 + (row * 0.6180339887498949 % 1.0) * 0.02
    slope = 1.0 + (row * 0.7548776662466927 % 1.0)
    return -np.expm1(-50.0 * rate[:, None] * np.power(intensities[None, :] / 0.1, -slope[:, None]))


def one_round(path, keys, data):
    """Writes, lists and reads all arrays; the seconds of each phase. Exits where what is read differs."""
    seconds = {}

    @contextlib.contextmanager
    def phase(name):
        start = time.perf_counter()
        yield
        seconds[name] = round(time.perf_counter() - start, 5)

    with phase("write"), h5py.File(path, "w") as file:
        for i, key in enumerate(keys):
            file[key] = data[i % DISTINCT]

    listed = []
    with phase("list"), h5py.File(path, "r") as file:
        file.visititems(lambda key, member: listed.append(key) if isinstance(member, h5py.Dataset) else None)

    with phase("read"), h5py.File(path, "r") as file:
        total = math.fsum(file[key][()].sum() for key in keys)

    written = math.fsum(data[i % DISTINCT].sum() for i in range(len(keys)))
    if sorted(listed) != sorted(keys) or not math.isclose(total, written, rel_tol=1e-9):
        sys.exit(f"read {len(listed)} arrays of sum {total!r}, wrote {len(keys)} of sum {written!r}")
    return seconds


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--arrays", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument(
        "--keep", action="store_true", help="leave the files: removing many slows the next round"
    )
    given = parser.parse_args()

    data = [curves_like(SITES, LEVELS, seed) for seed in range(DISTINCT)]
    keys = [f"trt_{i // PER_GROUP:03d}/gsim_{i % PER_GROUP:02d}" for i in range(given.arrays)]
    for _ in range(given.rounds):
        with tempfile.NamedTemporaryFile(dir=given.directory, suffix=".h5", delete=not given.keep) as handle:
            seconds = one_round(handle.name, keys, data)
            size = pathlib.Path(handle.name).stat().st_size
            line = {
                "workload": "curves",
                "peer": "h5py",
                "arrays": given.arrays,
                "seconds": seconds,
                "bytes": size,
            }
            print(json.dumps(line), flush=True)


main()
