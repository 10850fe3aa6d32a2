#!/usr/bin/env python3
"""Does the work of one party of `cargo bench --bench peers`, which starts this.

usage: peers.py WORKLOAD PARTY PLACE GIVEN COUNT

GIVEN is a directory with the elements that everyone gets, PLACE one for the files of this party, which is not there yet, or
that of the round before: then what it holds is only read. One line of JSON is printed: the seconds of each phase, and the sum
of what was read. Imports, loading the elements and summing them are not timed; every file is closed, none is forced to disk,
but by parties that say so.
"""

import contextlib
import json
import pathlib
import pickle
import sys
import time

import numpy as np

import large


class Seconds(dict):
    @contextlib.contextmanager
    def phase(self, name):
        start, cpu = time.perf_counter(), time.process_time()
        yield
        self[name] = time.perf_counter() - start
        self[f"{name}, CPU"] = time.process_time() - cpu


def key(n):
    return f"trt_{n // 100:03d}/gsim_{n % 100:02d}"


def elements(given, *shape):
    return np.fromfile(given / "elements").reshape(-1, *shape)


# ------------------------------------------------------------------------------------- many small arrays


def curves(party, place, given, count, seconds):
    data, keys = elements(given, 100, 20), [key(n) for n in range(count)]
    work = {"h5py": curves_h5py, "zarr-python": curves_zarr, "netCDF4": curves_netcdf, "numpy files": curves_numpy}
    names, shapes, total = work[party](place, data, keys, seconds)
    assert len(names) in (count, count + (count + 99) // 100), len(names)
    assert len(shapes) == count and all(shape == (100, 20) for shape, _ in shapes), len(shapes)
    return total


def curves_h5py(place, data, keys, seconds):
    import h5py

    file, names, shapes = place / "a.h5", [], []

    def look(_, node):
        if isinstance(node, h5py.Dataset):
            shapes.append((node.shape, node.dtype))

    with seconds.phase("write"), h5py.File(file, "w") as f:
        for n, name in enumerate(keys):
            f[name] = data[n % len(data)]
    with seconds.phase("names"), h5py.File(file, "r") as f:
        f.visit(names.append)
    with seconds.phase("shapes"), h5py.File(file, "r") as f:
        f.visititems(look)
    with seconds.phase("read"), h5py.File(file, "r") as f:
        total = sum(f[name][()].sum() for name in keys)
    return names, shapes, total


def curves_zarr(place, data, keys, seconds):
    import zarr

    with seconds.phase("write"):
        group = zarr.open_group(place / "a", mode="w", zarr_format=3)
        for n, name in enumerate(keys):
            group.create_array(name, data=data[n % len(data)], compressors=None)
    # The members of a group are opened, all of them: there is no list of the names alone.
    with seconds.phase("names"):
        members = zarr.open_group(place / "a", mode="r").members(max_depth=None)
        names = [name for name, _ in members]
    with seconds.phase("shapes"):
        members = zarr.open_group(place / "a", mode="r").members(max_depth=None)
        shapes = [(member.shape, member.dtype) for _, member in members if isinstance(member, zarr.Array)]
    with seconds.phase("read"):
        group = zarr.open_group(place / "a", mode="r")
        total = sum(group[name][:].sum() for name in keys)
    return names, shapes, total


def curves_netcdf(place, data, keys, seconds):
    import netCDF4

    with seconds.phase("write"), netCDF4.Dataset(place / "a.nc", "w") as f:
        f.createDimension("site", 100)
        f.createDimension("level", 20)
        for n, name in enumerate(keys):
            f.createVariable("/" + name, "f8", ("site", "level"))[:] = data[n % len(data)]
    with seconds.phase("names"), netCDF4.Dataset(place / "a.nc") as f:
        names = [f"{group.name}/{name}" for group in f.groups.values() for name in group.variables]
    with seconds.phase("shapes"), netCDF4.Dataset(place / "a.nc") as f:
        shapes = [(variable.shape, variable.dtype) for group in f.groups.values() for variable in group.variables.values()]
    with seconds.phase("read"), netCDF4.Dataset(place / "a.nc") as f:
        total = sum(f["/" + name][:].sum() for name in keys)
    return names, shapes, total


def curves_numpy(place, data, keys, seconds):
    with seconds.phase("write"):
        for n, name in enumerate(keys):
            file = place / f"{name}.npy"
            file.parent.mkdir(parents=True, exist_ok=True)
            np.save(file, data[n % len(data)])
    with seconds.phase("names"):
        names = list(place.rglob("*.npy"))
    with seconds.phase("shapes"):
        arrays = [np.load(file, mmap_mode="r") for file in place.rglob("*.npy")]
        shapes = [(array.shape, array.dtype) for array in arrays]
    with seconds.phase("read"):
        total = sum(np.load(place / f"{name}.npy").sum() for name in keys)
    return names, shapes, total


def wide_table(_, place, given, count, seconds):
    import h5py

    columns = elements(given, count)
    table = np.empty(count, np.dtype([(f"c{n:02d}", "f8") for n in range(len(columns))]))
    for n, column in enumerate(columns):
        table[f"c{n:02d}"] = column
    with seconds.phase("write"), h5py.File(place / "a.h5", "w") as f:
        f["a"] = table
    with seconds.phase("read"), h5py.File(place / "a.h5", "r") as f:
        table = f["a"][()]
    return sum(table[name].sum() for name in table.dtype.names)


def tables(_, place, given, count, seconds):
    import h5py

    data, keys = elements(given, 100, 20), [key(n) for n in range(count)]
    columns = ["PGA", "SA(0.2)", "SA(1.0)"]
    row = np.dtype([(name, "f8", (20,)) for name in columns])
    made = []
    for n in range(len(data)):
        table = np.empty(100, row)
        for at, name in enumerate(columns):
            table[name] = data[(n + at) % len(data)]
        made.append(table)
    with seconds.phase("write"), h5py.File(place / "a.h5", "w") as f:
        for n, name in enumerate(keys):
            f[name] = made[n % len(made)]
    total = 0.0
    with seconds.phase("read"), h5py.File(place / "a.h5", "r") as f:
        for name in keys:
            table = f[name][()]
            total += sum(table[column].sum() for column in columns)
    return total


def rupture(n):
    return {
        "id": n,
        "source": f"source_{n:05}",
        "trt": "Active Shallow Crust",
        "magnitude": 5.0 + n * 1e-4,
        "rake": -90.0,
        "occurrence_rate": 1e-3 / (1.0 + n),
        "time_span": 50.0,
        "events": 7,
        "serial": 42 + n,
        "multiplicity": 3,
        "is_characteristic": False,
        "hypocenter": {"lon": 9.0 + n * 1e-4, "lat": 45.0, "depth": 10.0},
        "rates": [(n + level) * 1e-3 for level in range(20)],
    }


def objects(party, place, _, count, seconds):
    ruptures, keys = [rupture(n) for n in range(count)], [key(n) for n in range(count)]
    if party == "pickle files":
        with seconds.phase("write"):
            for name, it in zip(keys, ruptures):
                file = place / name
                file.parent.mkdir(exist_ok=True)
                file.write_bytes(pickle.dumps(it))
        with seconds.phase("read"):
            return sum(pickle.loads((place / name).read_bytes())["magnitude"] for name in keys)
    if party == "h5py, opaque":
        import h5py

        with seconds.phase("write"), h5py.File(place / "a.h5", "w") as f:
            for name, it in zip(keys, ruptures):
                f[name] = np.void(pickle.dumps(it))
        with seconds.phase("read"), h5py.File(place / "a.h5", "r") as f:
            return sum(pickle.loads(f[name][()].tobytes())["magnitude"] for name in keys)
    import sqlite3

    with seconds.phase("write"):
        db = sqlite3.connect(place / "a.sqlite")
        db.execute("create table objects (key text primary key, value blob)")
        db.executemany("insert into objects values (?, ?)", ((name, pickle.dumps(it)) for name, it in zip(keys, ruptures)))
        db.commit()
        db.close()
    with seconds.phase("read"):
        db = sqlite3.connect(place / "a.sqlite")
        one = "select value from objects where key = ?"
        total = sum(pickle.loads(db.execute(one, (name,)).fetchone()[0])["magnitude"] for name in keys)
        db.close()
    return total


def durable_values(_, place, given, count, seconds):
    import h5py

    data = elements(given, 100, 20)
    with seconds.phase("write"):
        with h5py.File(place / "a.h5", "w") as f:
            for n in range(count):
                f[key(n)] = data[n % len(data)]
        large.flush(place / "a.h5")


# -------------------------------------------------------------------------------------------- HDF5 files


def each_dataset(group):
    for member in group.values():
        if hasattr(member, "dtype"):
            yield member
        else:
            yield from each_dataset(member)


def hdf5(party, place, given, seconds):
    """Reads the given file, copies it, or writes what is in it."""
    import h5py

    source = given / "a.h5"

    def settings(dataset):
        made = {"chunks": dataset.chunks, "maxshape": dataset.maxshape} if dataset.chunks else {}
        if dataset.compression:
            made |= {"compression": dataset.compression, "compression_opts": dataset.compression_opts}
        return made

    if party == "h5py, write the same":
        with h5py.File(source, "r") as old:
            values = [(dataset.name, dataset[()], settings(dataset)) for dataset in each_dataset(old)]
        with seconds.phase("run"), h5py.File(place / "a.h5", "w") as new:
            for name, value, made in values:
                new.create_dataset(name, data=value, **made)
    elif party == "h5py, copy":
        with seconds.phase("run"), h5py.File(source, "r") as old, h5py.File(place / "a.h5", "w") as new:
            for dataset in each_dataset(old):
                new.create_dataset(dataset.name, data=dataset[()], **settings(dataset))
    else:
        with seconds.phase("run"), h5py.File(source, "r") as old:
            for dataset in each_dataset(old):
                dataset[()]


def main():
    workload, party, place, given, count = sys.argv[1:]
    place, given, count, seconds = pathlib.Path(place), pathlib.Path(given), int(count), Seconds()
    place.mkdir(exist_ok=True)
    if workload.startswith(("export", "import")):
        total = hdf5(party, place, given, seconds)
    elif workload in ("slices", "blocks", "rows"):
        total = large.slices(workload, party, place, given, seconds)
    elif workload in large.CHUNKS:
        total = large.whole(workload, party, place, given, seconds)
    else:
        work = {"curves": curves, "tables": tables, "wide-table": wide_table, "objects": objects, "append": large.append, "durable-values": durable_values}
        total = work[workload](party, place, given, count, seconds)
    status = pathlib.Path("/proc/self/status").read_text()
    mib = int(status.split("VmHWM:")[1].split()[0]) / 1024
    print(json.dumps({"seconds": seconds, "sum": None if total is None else float(total), "mib": mib}))


main()
