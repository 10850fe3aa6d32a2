#!/usr/bin/env python3
"""Times h5py at one case of `cargo bench --bench hdf5`, which starts this.

usage: hdf5_h5py.py write|copy|read CASE SCALE SOURCE TARGET

`write` makes the values of the case and writes them to TARGET; `copy` reads all datasets of SOURCE and writes them to TARGET, with
their chunks and compression; `read` reads all datasets of SOURCE. The seconds are printed; making the values is not timed.
"""

import sys
import time

import h5py
import numpy as np


def wave(numbers):
    return np.sin(numbers * 0.001)


def datasets(case, scale):
    """The names, the values and the settings of all datasets."""
    if case == "curves":
        curves = [wave(np.arange(2000.0).reshape(100, 20) + seed) for seed in range(16)]
        for n in range(int(10_000 * scale)):
            yield f"trt_{n // 100:03d}/gsim_{n % 100:02d}", curves[n % 16], {}
    elif case == "datasets":
        for n in range(int(100_000 * scale)):
            yield f"g{n // 1000:03d}/{n % 1000:03d}", float(n), {}
    elif case == "group":
        for n in range(int(50_000 * scale)):
            yield f"wide/{n:05d}", float(n), {}
    elif case == "chunks":
        yield "a", wave(np.arange(int(1_000_000 * scale) * 8.0)), {"chunks": (8,), "maxshape": (None,)}
    else:
        rows = int((32_768 if case == "gzip" else 131_072) * scale)
        packed = {"chunks": (512, 1024), "compression": "gzip", "compression_opts": 4} if case == "gzip" else {}
        yield "a", wave(np.arange(1024.0) + 1031.0 * np.arange(rows)[:, None]), packed


def write(case, scale, target):
    values = datasets(case, scale)
    if case not in ("datasets", "group"):
        values = list(values)
    start = time.perf_counter()
    with h5py.File(target, "w") as file:
        for name, value, settings in values:
            file.create_dataset(name, data=value, **settings)
    return time.perf_counter() - start


def each_dataset(group):
    for member in group.values():
        if isinstance(member, h5py.Dataset):
            yield member
        else:
            yield from each_dataset(member)


def copy(source, target):
    start = time.perf_counter()
    with h5py.File(source, "r") as old, h5py.File(target, "w") as new:
        for dataset in each_dataset(old):
            settings = {}
            if dataset.chunks:
                settings = {"chunks": dataset.chunks, "maxshape": dataset.maxshape}
            if dataset.compression:
                settings |= {"compression": dataset.compression, "compression_opts": dataset.compression_opts}
            new.create_dataset(dataset.name, data=dataset[()], **settings)
    return time.perf_counter() - start


def read(source):
    start = time.perf_counter()
    with h5py.File(source, "r") as file:
        for dataset in each_dataset(file):
            dataset[()]
    return time.perf_counter() - start


def main():
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    work, case, scale, source, target = sys.argv[1:]
    if work == "write":
        print(write(case, float(scale), target))
    elif work == "copy":
        print(copy(source, target))
    else:
        print(read(source))


main()
